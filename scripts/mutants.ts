import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MUTANTS, type Mutant } from "../test/mutants.ts";

// Usage: npm run mutants [-- WORD]. WORD chooses the mutants whose name or file contains it.

const WORKERS = 2;
const TIMEOUT_MS = 60_000;

const project = fileURLToPath(new URL("../", import.meta.url));
const shared = join(project, "../shared");
const word = process.argv[2] ?? "";
const chosen = MUTANTS.filter(({ name, file }) => `${file} ${name}`.includes(word));

type Verdict = "killed" | "SURVIVED" | "left out";
type Result = { readonly mutant: Mutant; readonly verdict: Verdict; readonly what: string; readonly ms: number };
type Run =
  | { readonly kind: "ran"; readonly passed: string[]; readonly failed: string[]; readonly skipped: string[] }
  | { readonly kind: "broken"; readonly why: string };

const home = mkdtempSync(join(tmpdir(), "keyward-mutants-"));
try {
  process.exitCode = await main();
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const copies = Array.from({ length: WORKERS }, (_, worker) => copyTree(worker));
  const untouched = await cleanRuns(copies);
  const results = await inParallel(copies, chosen, (copy, mutant) => attempt(copy, mutant, untouched));
  // Whatever survived stands last, where it is looked for.
  const last = results.filter(({ verdict }) => verdict === "SURVIVED");
  for (const { mutant, verdict, what, ms } of [...results.filter((result) => !last.includes(result)), ...last]) {
    console.log(`${verdict.padEnd(8)}  ${(ms / 1000).toFixed(1).padStart(5)} s  ${mutant.file}: ${mutant.name}`);
    if (what !== "") console.log(`${" ".repeat(19)}${what}`);
  }
  const count = (wanted: Verdict) => results.filter(({ verdict }) => verdict === wanted).length;
  console.log(`\nmutants: ${count("killed")} killed, ${count("SURVIVED")} survived, ${count("left out")} left out`);
  return count("SURVIVED") === 0 ? 0 : 1;
}

/** A tree that a worker may break: sources and tests are copied, packages and published vectors are linked. */
function copyTree(worker: number): string {
  const copy = join(home, `worker-${worker}`);
  mkdirSync(copy);
  for (const name of ["src", "test", "docs", "examples", "scripts", "package.json", "tsconfig.json", "vitest.config.ts"]) {
    cpSync(join(project, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(project, "node_modules"), join(copy, "node_modules"));
  if (worker === 0 && existsSync(shared)) symlinkSync(shared, join(home, "shared"));
  return copy;
}

/** Runs the named tests of each test file once without any break. What fails here could not prove anything. */
async function cleanRuns(copies: readonly string[]): Promise<ReadonlyMap<string, Run>> {
  const files = [...new Set(chosen.map(({ test }) => test.file))];
  const runs = await inParallel(copies, files, async (copy, file) => {
    const names = chosen.filter(({ test }) => test.file === file).map(({ test }) => test.name);
    return [file, await runTests(copy, file, names)] as const;
  });
  return new Map(runs);
}

async function attempt(copy: string, mutant: Mutant, untouched: ReadonlyMap<string, Run>): Promise<Result> {
  const start = performance.now();
  const outcome = (verdict: Verdict, what: string): Result => ({ mutant, verdict, what, ms: performance.now() - start });

  const clean = untouched.get(mutant.test.file);
  if (clean?.kind !== "ran") return outcome("SURVIVED", `${mutant.test.file} does not run: ${clean?.why}`);
  if (clean.failed.some((name) => name.includes(mutant.test.name))) return outcome("SURVIVED", "the test fails without any break");
  if (!existsSync(shared) && clean.skipped.some((name) => name.includes(mutant.test.name))) {
    return outcome("left out", "its test needs ../shared, which is not here");
  }
  if (!clean.passed.some((name) => name.includes(mutant.test.name))) return outcome("SURVIVED", `no test is called “${mutant.test.name}”`);

  const path = join(copy, "src", mutant.file);
  if (!existsSync(path)) return outcome("SURVIVED", `src/${mutant.file} is not there`);
  const text = readFileSync(path, "utf8");
  const parts = text.split(mutant.find);
  if (parts.length !== 2) return outcome("SURVIVED", `the text to break occurs ${parts.length - 1} times, expected once`);
  writeFileSync(path, parts.join(mutant.replace));
  try {
    const run = await runTests(copy, mutant.test.file, [mutant.test.name]);
    if (run.kind === "broken") return outcome("SURVIVED", `proves nothing: ${run.why}`);
    return run.failed.length > 0 ? outcome("killed", "") : outcome("SURVIVED", `still passes: ${run.passed.join("; ")}`);
  } finally {
    writeFileSync(path, text);
  }
}

/** One vitest process. A test that fails is a result; a file that does not load, or a process that hangs, is not. */
async function runTests(copy: string, file: string, names: readonly string[]): Promise<Run> {
  const output = join(copy, "report.json");
  rmSync(output, { force: true });
  const pattern = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const vitest = join(project, "node_modules/vitest/vitest.mjs");
  const args = ["run", "--project", "node", `test/${file}`, "-t", pattern, "--reporter", "json", "--outputFile", output];
  // A process group of its own: a break that never ends hangs vitest's worker, which must go with it.
  const child = spawn(process.execPath, [vitest, ...args], { cwd: copy, stdio: "ignore", detached: true });
  const ended = await new Promise<boolean>((resolve, reject) => {
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      resolve(false);
    }, TIMEOUT_MS);
    child.on("error", reject);
    child.on("exit", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
  if (!ended) return { kind: "broken", why: `no end after ${TIMEOUT_MS / 1000} s` };
  if (!existsSync(output)) return { kind: "broken", why: "vitest wrote no report" };

  const report = JSON.parse(readFileSync(output, "utf8")) as Report;
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const named = (status: string) => tests.flatMap((test) => (test.status === status ? [test.fullName] : []));
  const unloaded = report.testResults.find(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0);
  if (unloaded !== undefined) return { kind: "broken", why: unloaded.message?.split("\n")[0] ?? "the test file does not load" };
  return { kind: "ran", passed: named("passed"), failed: named("failed"), skipped: named("skipped") };
}

interface Report {
  readonly testResults: readonly {
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Hands the items to the workers, each of which does one at a time; results in the order of the items. */
async function inParallel<W, T, R>(workers: readonly W[], items: readonly T[], work: (worker: W, item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const loop = async (worker: W) => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(worker, items[index] as T);
  };
  await Promise.all(workers.map(loop));
  return results;
}
