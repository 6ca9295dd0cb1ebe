import type { StolenSet } from "../analyze/attack.ts";
import type { Audit } from "../analyze/audit.ts";
import type { Loss } from "../analyze/loss.ts";
import { rows as rowsOf } from "./names.ts";

/** What stolen sets can take in one mode: a row for each set, a column for each asset and horizon. */
export interface LossTable {
  readonly mode: string;
  /** How long the mode lasts, as the policy says it: no loss in it takes longer. */
  readonly lasts?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Sets by whom nothing leaves, proven in every column. They have no row. */
  readonly powerless: readonly StolenSet[];
}

export interface Column {
  readonly what: Loss["what"];
  readonly horizonMs: number;
}

export interface Row {
  readonly stolen: StolenSet;
  /** One for each column; nothing where it was not asked. */
  readonly cells: readonly (Loss | undefined)[];
}

/** The losses of an audit as tables, one for each mode. */
export function lossTables({ losses, stolen, policy }: Pick<Audit, "losses" | "stolen" | "policy">): readonly LossTable[] {
  const written = new Map(rowsOf(policy.document.modes).map(([mode, { lasts }]) => [mode, lasts]));
  const modes = [...new Set(losses.map(({ mode }) => mode))];
  return modes.map((mode) => {
    const inMode = losses.filter((loss) => loss.mode === mode);
    const columns = columnsOf(inMode);
    const cells = new Map(inMode.map((loss) => [cellKey(loss.stolen, loss), loss]));
    const rows = stolen.map((set) => ({ stolen: set, cells: columns.map((column) => cells.get(cellKey(set.people, column))) }));
    const idle = (row: Row) => row.cells.every((loss) => loss !== undefined && isNothing(loss));
    const lasts = written.get(mode);
    return {
      mode,
      ...(typeof lasts === "string" && { lasts }),
      columns,
      rows: rows.filter((row) => !idle(row)),
      powerless: rows.filter(idle).map((row) => row.stolen),
    };
  });
}

/** For a heading; nothing for a mode that stays. */
export function whileItLasts({ lasts }: LossTable): string {
  return lasts === undefined ? "" : `, while it lasts (${lasts})`;
}

/** The audit with what all live copies of the vault let leave together: each has counters of its own. */
export function ofAllCopies(audit: Audit): Audit {
  const copies = BigInt(copiesOf(audit));
  if (copies === 1n) return audit;
  return {
    ...audit,
    losses: audit.losses.map((loss) => ({ ...loss, amount: loss.amount === undefined ? undefined : loss.amount * copies })),
  };
}

export function copiesOf({ options: { copies } }: Pick<Audit, "options">): number {
  return typeof copies === "number" ? copies : 1;
}

/** The assets and units of the columns, each once. */
export function whatsOf(columns: readonly Column[]): readonly Loss["what"][] {
  return [...new Map(columns.map(({ what }) => [whatKey(what), what])).values()];
}

export function whatKey(what: Loss["what"]): string {
  return "asset" in what ? `asset ${what.asset}` : `unit ${what.unit}`;
}

/** How the audit calls the people of a set. */
export function stolenName(people: readonly string[], stolen: readonly StolenSet[]): string {
  const key = peopleKey(people);
  return stolen.find((set) => peopleKey(set.people) === key)?.name ?? (people.length === 0 ? "nobody" : people.join(" + "));
}

/** The larger of two losses: what has no bound before what could not be decided, and that before every amount. */
export function larger(a: Loss, b: Loss): Loss {
  const [left, right] = [rank(a), rank(b)];
  if (left !== right) return left > right ? a : b;
  return (b.amount ?? 0n) > (a.amount ?? 0n) ? b : a;
}

export function isUnbounded({ amount, status }: Loss): boolean {
  return amount === undefined && status !== "inconclusive";
}

function rank(loss: Loss): number {
  return isUnbounded(loss) ? 2 : loss.status === "inconclusive" ? 1 : 0;
}

/** Proven: nothing leaves. */
export function isNothing({ amount, status }: Loss): boolean {
  return amount === 0n && status !== "inconclusive";
}

function columnsOf(losses: readonly Loss[]): readonly Column[] {
  const whats = whatsOf(losses).map(whatKey);
  const columns = [...new Map(losses.map(({ what, horizonMs }) => [`${whatKey(what)} ${horizonMs}`, { what, horizonMs }])).values()];
  return columns.sort((a, b) => whats.indexOf(whatKey(a.what)) - whats.indexOf(whatKey(b.what)) || a.horizonMs - b.horizonMs);
}

function cellKey(people: readonly string[], { what, horizonMs }: Column): string {
  return `${peopleKey(people)} ${whatKey(what)} ${horizonMs}`;
}

function peopleKey(people: readonly string[]): string {
  return JSON.stringify([...people].sort());
}
