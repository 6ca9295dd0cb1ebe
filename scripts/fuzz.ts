import { type ChildProcess, fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  acceptedShare,
  type Finding,
  fuzz,
  LEAST_SHARE,
  MOST_FINDINGS,
  merged,
  noise,
  type Report,
  type Target,
  targetOf,
} from "../test/fuzz/engine.ts";
import { TARGETS } from "../test/fuzz/targets.ts";

// Usage: npm run fuzz -- --count N --seed S [--target WORD] [--only INDEX] [--json FILE] [--workers 2]
//
// Makes N inputs, hands each to the decoder that it is for, and compares what that made of it with other implementations. Fails if
// anything was found, or if of a kind of input nearly none was accepted. A worker is a process of its own: what ends it or never
// ends is a finding as well.

const CHUNK = 100;
/** For one input, or a start. What is slow but ends is found by the engine, in the worker. */
const MOST_SILENCE_MS = 300_000;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    target: { type: "string", default: "" },
    only: { type: "string" },
    json: { type: "string" },
    workers: { type: "string", default: "2" },
  },
});
const seed = natural("seed", values.seed);
const count = natural("count", values.count);
const workers = Math.max(1, natural("workers", values.workers));
const only = values.only === undefined ? undefined : natural("only", values.only);
const targets = chosen(values.target);

/** What a worker is asked for, and what it says: where it is, then what came out. */
interface Job {
  readonly from: number;
  readonly count: number;
}
type Word = { readonly at: number } | { readonly report: Report };

if (process.send !== undefined) work();
else process.exitCode = await main();

async function main(): Promise<number> {
  const began = performance.now();
  const report = only === undefined ? await inWorkers() : await fuzz({ targets, seed, from: only, count: 1 });
  const seconds = (performance.now() - began) / 1000;
  // Of a handful of inputs none need be accepted.
  const silent = only === undefined && report.count >= Math.min(count, 1_000) ? noise(report) : [];
  print(report, silent, seconds);
  if (values.json !== undefined) writeFileSync(values.json, `${json(report)}\n`);
  return report.findings.length === 0 && silent.length === 0 ? 0 : 1;
}

/** Hands out indexes piece by piece until all are done, something must be looked at, or somebody stops it. */
async function inWorkers(): Promise<Report> {
  const reports: Report[] = [];
  const children = new Set<ChildProcess>();
  let next = 0;
  let stopped = false;
  const stop = () => {
    stopped = true;
    for (const child of children) child.kill("SIGKILL");
  };
  // Not once: a terminal and what starts this both send it.
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const found = () => reports.reduce((sum, { findings }) => sum + findings.length, 0);
  const loop = async () => {
    let child: ChildProcess | undefined;
    while (next < count && !stopped && found() < MOST_FINDINGS) {
      const job: Job = { from: next, count: Math.min(CHUNK, count - next) };
      next += job.count;
      child = child?.connected && !child.killed ? child : start(children);
      const report = await ask(child, job);
      if (stopped) break;
      reports.push(report);
      for (const { target, index, what } of report.findings) console.log(`\nfound at ${index}, ${target}: ${what.split("\n")[0]}`);
      progress(reports, found());
    }
    if (child?.connected) child.disconnect();
  };
  await Promise.all(Array.from({ length: workers }, loop));
  process.off("SIGINT", stop).off("SIGTERM", stop);
  return merged(reports.length === 0 ? [{ seed, count: 0, scores: new Map(), findings: [] }] : reports);
}

function start(children: Set<ChildProcess>): ChildProcess {
  const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), { serialization: "advanced" });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** One piece by one worker. One that ends, or is silent for too long, has found something at the input that it spoke of last. */
function ask(child: ChildProcess, job: Job): Promise<Report> {
  return new Promise((resolve) => {
    let at = job.from;
    let timer = setTimeout(() => undefined, 0);
    const end = (report: Report) => {
      clearTimeout(timer);
      child.removeAllListeners("message").off("exit", onExit);
      resolve(report);
    };
    const lost = (what: string) =>
      end({
        seed,
        count: at - job.from + 1,
        scores: new Map(),
        findings: [{ target: targetOf(targets, seed, at).name, seed, index: at, what }],
      });
    const onExit = (code: number | null, signal: string | null) => lost(`its process ended: ${signal ?? code}`);
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        child.off("exit", onExit).kill("SIGKILL");
        lost(`no end after ${MOST_SILENCE_MS / 1000} s`);
      }, MOST_SILENCE_MS);
    };
    child.on("message", (word: Word) => {
      if ("report" in word) return end(word.report);
      at = word.at;
      wait();
    });
    child.once("exit", onExit);
    wait();
    child.send(job);
  });
}

/** In a worker. */
function work(): void {
  const send = (word: Word) => process.send?.(word);
  // Ctrl-C reaches all processes of a terminal; the first one ends the others.
  process.on("SIGINT", () => undefined);
  process.on("disconnect", () => process.exit());
  process.on("message", (job: Job) => {
    void fuzz({ targets, seed, ...job, onInput: (at) => send({ at }) }).then((report) => send({ report }));
  });
}

function progress(reports: readonly Report[], findings: number): void {
  const done = reports.reduce((sum, report) => sum + report.count, 0);
  const line = `${done} of ${count} inputs, ${findings} findings`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}  `);
  else if (Math.floor(done / 10_000) > Math.floor((done - (reports.at(-1)?.count ?? 0)) / 10_000)) console.log(line);
}

function print({ count: done, scores, findings }: Report, silent: readonly string[], seconds: number): void {
  if (process.stdout.isTTY) process.stdout.write("\r");
  const rows = [...scores].map(([name, score]) => [
    name,
    String(score.accepted + score.refused),
    `${(100 * acceptedShare(score)).toFixed(1)} %`,
    `${(score.totalMs / Math.max(1, score.accepted + score.refused)).toFixed(1)} ms`,
    `${score.slowestMs.toFixed(0)} ms (${score.slowestIndex})`,
    [...score.codes]
      .sort(([, a], [, b]) => b - a)
      .map(([code, times]) => `${code} ${times}`)
      .join(", "),
  ]);
  const table = [["target", "inputs", "accepted", "mean", "slowest (index)", "refused"], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table)
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : column < 5 ? cell.padStart(widths[column] ?? 0) : cell))
        .join("  "),
    );
  const rate = done === 0 ? "" : `, ${((1000 * seconds) / done).toFixed(2)} ms each`;
  console.log(`\n${done} of ${only === undefined ? count : 1} inputs of seed ${seed} in ${seconds.toFixed(0)} s${rate}`);
  for (const name of silent) console.log(`\nNOISE  ${name}: expected more than ${100 * LEAST_SHARE} % accepted`);
  for (const finding of findings) console.log(`\nFOUND  ${finding.target}: ${finding.what}\n       again: ${command(finding)}`);
  console.log(
    `\n${findings.length === 0 ? `nothing was found${done < count && only === undefined ? " so far" : ""}` : `${findings.length} findings`}`,
  );
}

/** Makes one input again, alone. */
function command({ target, index }: Finding): string {
  return `npm run fuzz -- --seed ${seed} --target ${JSON.stringify(target)} --only ${index}`;
}

function json({ scores, ...report }: Report): string {
  const rows = Object.fromEntries(
    [...scores].map(([name, score]) => [name, { ...score, codes: Object.fromEntries(score.codes), acceptedShare: acceptedShare(score) }]),
  );
  return JSON.stringify({ ...report, scores: rows }, null, 2);
}

/** The one of this name, or all whose names have the word in them. */
function chosen(word: string): readonly Target[] {
  const named = TARGETS.filter(({ name }) => name === word);
  const found = named.length > 0 ? named : TARGETS.filter(({ name }) => name.includes(word));
  if (found.length === 0) throw new Error(`--target: expected one of ${TARGETS.map(({ name }) => name).join(", ")}`);
  return found;
}

function natural(name: string, text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new Error(`--${name}: expected a whole number, got ${text}`);
  return Number(text);
}
