import { DECLINED, UNSUPPORTED } from "./refusals.ts";
import type { Outcome, OutOfScope } from "./set.ts";

/** Outcomes of the sets of an area. */
export interface AreaOutcome {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
}

/** Columns of numbers, in the order of the table. */
export const COLUMNS = ["match", "refused", "declined", "unsupported", "wrong", "accepted", "crashed"] as const;
export type Counts = { readonly [column in (typeof COLUMNS)[number]]: number };

export const MEANING: { readonly [column in (typeof COLUMNS)[number]]: string } = {
  match: "comes out as published",
  refused: "invalid, and refused",
  declined: "valid, and refused on purpose: for a reason on the list below",
  unsupported: "asks for what this package does not do: for a reason on the list below",
  wrong: "another result than published",
  accepted: "invalid, and taken",
  crashed: "an exception that is no `CustodyError`",
};

export function countsOf({ rows }: Pick<Outcome, "rows">): Counts {
  return {
    match: rows.match,
    refused: rows.refused,
    declined: [...rows.declined.values()].reduce((sum, count) => sum + count, 0),
    unsupported: rows.unsupported,
    wrong: rows.wrong.length,
    accepted: rows.accepted.length,
    crashed: rows.crashed.length,
  };
}

export function totalOf(outcomes: readonly Outcome[]): Counts {
  const counts = outcomes.map(countsOf);
  const sum = (column: keyof Counts) => counts.reduce((sum, each) => sum + each[column], 0);
  return Object.fromEntries(COLUMNS.map((column) => [column, sum(column)])) as unknown as Counts;
}

/** How often each reason was the one, over all sets: every reason of the list, those that never were with 0. */
export function reasonsOf(outcomes: readonly Outcome[]): {
  readonly declined: readonly (readonly [reason: string, why: string, count: number, files: readonly string[]])[];
  readonly unsupported: readonly (readonly [reason: string, why: string, count: number, files: readonly string[]])[];
} {
  const over = (reasons: { readonly [reason: string]: string }, of: (outcome: Outcome) => ReadonlyMap<string, number>) =>
    Object.entries(reasons).map(([reason, why]) => {
      const where = outcomes.filter((outcome) => of(outcome).has(reason));
      const count = where.reduce((sum, outcome) => sum + (of(outcome).get(reason) ?? 0), 0);
      return [reason, why, count, where.map(({ set }) => set.file)] as const;
    });
  return { declined: over(DECLINED, ({ rows }) => rows.declined), unsupported: over(UNSUPPORTED, ({ rows }) => rows.lacks) };
}

/** `docs/vectors.md`: what a complete run found, to the number. */
export function documentOf(areas: readonly AreaOutcome[], outOfScope: readonly OutOfScope[]): string {
  const outcomes = areas.flatMap((area) => area.outcomes);
  const { declined, unsupported } = reasonsOf(outcomes);
  const numbers = (counts: Counts) => COLUMNS.map((column) => counts[column]).join(" | ");
  const reasons = (rows: typeof declined) => [
    "| reason | rows | |",
    "|---|--:|---|",
    ...rows.map(([reason, why, count]) => `| \`${reason}\` | ${count} | ${why} |`),
  ];
  return [
    "# Published vectors",
    "",
    `${outcomes.length} published sets are run, ${outOfScope.length} are not. \`npm run vectors\` prints this as a table while it runs, \`npm test\` runs the same`,
    "sets, in Node and in Chromium, and fails if a number here is not the one that it finds. This page is written by",
    "`npm run vectors -- -u`; it is not edited by hand.",
    "",
    ...COLUMNS.map((column) => `- *${column}*: ${MEANING[column]}`),
    "",
    "A row may be put in several ways; each is counted. A set fails below its minimum of matches, and with any row that is wrong,",
    "accepted or crashed.",
    "",
    `| set | ${COLUMNS.join(" | ")} | minimum | what it is |`,
    `|---|${"--:|".repeat(COLUMNS.length + 1)}---|`,
    ...areas.flatMap(({ name, outcomes }) => [
      `| **${name}** |${" |".repeat(COLUMNS.length + 2)}`,
      ...outcomes.map(
        (outcome) => `| ${outcome.set.file} | ${numbers(countsOf(outcome))} | ${outcome.set.minimum} | ${cell(outcome.set.what)} |`,
      ),
    ]),
    `| **all** | ${numbers(totalOf(outcomes))} | | |`,
    "",
    "## Refused on purpose",
    "",
    ...reasons(declined),
    "",
    "## Not supported",
    "",
    ...reasons(unsupported),
    "",
    "## Not in scope",
    "",
    "| set | why |",
    "|---|---|",
    ...outOfScope.map(({ file, why }) => `| ${file} | ${why} |`),
    "",
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
