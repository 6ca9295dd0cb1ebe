import { writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { shared, sharedFile } from "../test/shared.ts";
import { OUT_OF_SCOPE } from "../test/vectors/out-of-scope.ts";
import { faultsOf, type Outcome, runSet } from "../test/vectors/set.ts";
import { AREAS, SETS } from "../test/vectors/sets.ts";
import { type AreaOutcome, COLUMNS, type Counts, countsOf, documentOf, MEANING, reasonsOf, totalOf } from "../test/vectors/table.ts";

// Usage: npm run vectors [-- WORD] [--json FILE] [--refusals] [-u]
// Runs every published set, or those whose file or area contains WORD, and prints what became of their rows. --json writes the
// same as JSON, --refusals lists why valid rows are refused, -u writes docs/vectors.md. Exits with 1 if a row was wrong, accepted
// or crashed, if a set has fewer matches than its minimum, or if a published set is neither run nor listed as not in scope.

const terminal = process.stdout.isTTY === true && (process.env.NO_COLOR ?? "") === "";
const coloured = (code: number) => (text: string) => (terminal ? `\u001b[${code}m${text}\u001b[0m` : text);
const [bold, red, green, dim] = [coloured(1), coloured(31), coloured(32), coloured(2)];

interface Options {
  readonly word: string;
  readonly json: string | undefined;
  readonly refusals: boolean;
  readonly update: boolean;
}

// Widths of the first column and of those with numbers.
const FILE = Math.max(...SETS.map(({ file }) => file.length));
const WIDTHS = COLUMNS.map((column) => Math.max(column.length, 6));

process.exitCode = await main();

async function main(): Promise<number> {
  const options = read(process.argv.slice(2));
  if (options === undefined) return usage();
  if (!shared) {
    console.error(
      `vectors: nothing was run. The published vectors are expected beside the project, in ${fileURLToPath(new URL("../../shared/vectors", import.meta.url))}`,
    );
    return 2;
  }
  const chosen = AREAS.map(({ name, sets }) => ({
    name,
    sets: sets.filter(({ file }) => `${name} ${file}`.includes(options.word)),
  })).filter(({ sets }) => sets.length > 0);
  if (chosen.length === 0) return nothing(options.word);
  stopOnInterrupt();
  const areas: AreaOutcome[] = [];
  for (const { name, sets } of chosen) {
    console.log(areas.length === 0 ? heading() : "");
    console.log(bold(name));
    const outcomes: Outcome[] = [];
    for (const set of sets) {
      progress(`${set.file} …`);
      // Most sets never wait for anything: between two of them Ctrl-C is heard.
      await setImmediate();
      const outcome = await runSet(set);
      outcomes.push(outcome);
      progress("");
      print(outcome);
    }
    areas.push({ name, outcomes });
  }
  return report(areas, options);
}

function report(areas: readonly AreaOutcome[], { word, json, refusals, update }: Options): number {
  const outcomes = areas.flatMap((area) => area.outcomes);
  const failed = outcomes.filter((outcome) => faultsOf(outcome).length > 0);
  const unknown = word === "" ? overlooked() : [];
  console.log(`\n${line(bold("all"), totalOf(outcomes), "", `${outcomes.length} sets`, 3)}`);
  if (word === "") console.log(dim(`${OUT_OF_SCOPE.length} sets are not in scope: docs/vectors.md says why`));
  if (refusals) printRefusals(outcomes);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(jsonOf(areas), undefined, 2)}\n`);
  if (update && word === "") writeFileSync(new URL("../docs/vectors.md", import.meta.url), documentOf(areas, OUT_OF_SCOPE));
  for (const file of unknown) console.log(red(`${file}: published, and neither run nor listed as not in scope`));
  console.log(failed.length + unknown.length === 0 ? green("every row ends where it should") : red(`${failed.length} sets have faults`));
  return failed.length + unknown.length === 0 ? 0 : 1;
}

function overlooked(): readonly string[] {
  const known = new Set([...SETS, ...OUT_OF_SCOPE].map(({ file }) => file));
  return sharedFile<{ file: string }[]>("vectors/INDEX.json").flatMap(({ file }) => (known.has(file) ? [] : [file]));
}

function heading(): string {
  const columns = COLUMNS.map((column, at) => column.padStart(WIDTHS[at] ?? 0)).join(" ");
  return dim(`${"".padEnd(FILE)} ${columns} ${"minimum".padStart(7)}  what it is`);
}

/** @param unseen - characters of the first cell that a terminal does not show. */
function line(first: string, counts: Counts, minimum: string, what: string, unseen?: number): string {
  const bad = ["wrong", "accepted", "crashed"];
  const numbers = COLUMNS.map((column, at) => {
    const text = String(counts[column]).padStart(WIDTHS[at] ?? 0);
    if (counts[column] === 0) return dim(text);
    return bad.includes(column) ? red(text) : text;
  });
  const padding = " ".repeat(Math.max(FILE - (unseen ?? first.length), 0));
  return `${first}${padding} ${numbers.join(" ")} ${minimum.padStart(7)}  ${what}`;
}

function print(outcome: Outcome): void {
  const { set, ms } = outcome;
  const took = ms > 2000 ? dim(` (${(ms / 1000).toFixed(1)} s)`) : "";
  console.log(line(set.file, countsOf(outcome), String(set.minimum), set.what + took));
  for (const fault of faultsOf(outcome)) console.log(red(`    ${fault}`));
}

function printRefusals(outcomes: readonly Outcome[]): void {
  const { declined, unsupported } = reasonsOf(outcomes);
  for (const [title, reasons] of [
    [MEANING.declined, declined],
    [MEANING.unsupported, unsupported],
  ] as const) {
    console.log(`\n${bold(title.replace(/: .*/, ""))}`);
    for (const [reason, why, count] of reasons) if (count > 0) console.log(`${String(count).padStart(6)}  ${reason.padEnd(26)} ${why}`);
  }
  console.log("");
}

function jsonOf(areas: readonly AreaOutcome[]): object {
  const outcomes = areas.flatMap((area) => area.outcomes);
  const { declined, unsupported } = reasonsOf(outcomes);
  const reason = ([name, why, rows, files]: (typeof declined)[number]) => ({ name, why, rows, files });
  return {
    areas: areas.map(({ name, outcomes }) => ({
      name,
      sets: outcomes.map((outcome) => ({
        file: outcome.set.file,
        what: outcome.set.what,
        ...countsOf(outcome),
        minimum: outcome.set.minimum,
        ms: Math.round(outcome.ms),
        faults: faultsOf(outcome),
      })),
    })),
    total: totalOf(outcomes),
    declined: declined.map(reason),
    unsupported: unsupported.map(reason),
    outOfScope: OUT_OF_SCOPE,
  };
}

/** On a terminal the line below is what is running; a file gets finished lines alone. */
function progress(text: string): void {
  if (terminal) process.stdout.write(`\r\u001b[2K${dim(text)}`);
}

function stopOnInterrupt(): void {
  process.once("SIGINT", () => {
    progress("");
    console.error("vectors: stopped before the end; what is above is not the whole");
    process.exit(130);
  });
}

function nothing(word: string): number {
  const aside = OUT_OF_SCOPE.filter(({ file }) => file.includes(word));
  for (const { file, why } of aside) console.error(`${file}: not in scope (${why})`);
  if (aside.length === 0) console.error(`vectors: no set has ${JSON.stringify(word)} in its name`);
  return 2;
}

function usage(): number {
  console.error("usage: npm run vectors [-- WORD] [--json FILE] [--refusals] [-u]");
  return 2;
}

function read(args: readonly string[]): Options | undefined {
  let options: Options = { word: "", json: undefined, refusals: false, update: false };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--refusals") options = { ...options, refusals: true };
    else if (arg === "-u") options = { ...options, update: true };
    else if (arg === "--json" && args[at + 1] !== undefined) options = { ...options, json: args[++at] };
    else if (arg.startsWith("-") || options.word !== "") return undefined;
    else options = { ...options, word: arg };
  }
  return options;
}
