import type { StolenSet } from "../analyze/attack.ts";
import type { Audit } from "../analyze/audit.ts";
import type { Authority, Escalation, LockOut } from "../analyze/authority.ts";
import type { Channel } from "../analyze/channel.ts";
import type { Suggestion } from "../analyze/finding.ts";
import type { Loss } from "../analyze/loss.ts";
import { stolenName } from "./losses.ts";
import { listed } from "./names.ts";

/** What an audit says of many stolen sets and modes alike, told once. */
export interface Group<T> {
  /** As it is for a smallest of the sets. */
  readonly first: T;
  /** The sets that no other of the group is part of, by name. */
  readonly by: readonly string[];
  /** How many larger sets there are beside them. */
  readonly larger: number;
  readonly modes: readonly string[];
}

export function channelGroups({ channels, stolen }: Pick<Audit, "channels" | "stolen">): readonly Group<Channel>[] {
  return groupsOf(channels, stolen, ({ kind, rule, text, approvers, delayMs, undecided = false }) => [
    kind,
    rule ?? null,
    text,
    approvers,
    delayMs,
    undecided,
  ]);
}

/** Acts decide: who it is that robs cannot be told apart by them, so of the sets the smallest is told. */
export function escalationGroups({ escalations, stolen }: Pick<Audit, "escalations" | "stolen">): readonly Group<Escalation>[] {
  return groupsOf(escalations, stolen, ({ acts, afterMs, undecided = false }) => [
    acts.map(({ rule, text }) => [rule, text]),
    afterMs,
    undecided,
  ]);
}

/** What is blocked, and without whom: `cyd, or dee, or ana and ben`. */
export function lockOutGroups({ lockOuts }: Pick<Audit, "lockOuts">): readonly { readonly first: LockOut; readonly without: string }[] {
  const groups = new Map<string, LockOut[]>();
  for (const row of lockOuts) {
    const key = JSON.stringify([row.mode, row.what, row.status]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((rows) => {
    const [first] = rows;
    const sets = rows.map(({ absent }) => listed(absent));
    return first === undefined ? [] : [{ first, without: sets.includes("") ? "" : sets.join(", or ") }];
  });
}

/** What a change does to losses, one row for all sets to which it does the same. */
export function effectGroups(
  { effect }: Suggestion,
  stolen: readonly StolenSet[],
): readonly { readonly sets: readonly string[]; readonly before: Loss; readonly after: Loss }[] {
  const groups = new Map<string, { sets: string[]; before: Loss; after: Loss }>();
  for (const { before, after } of effect) {
    const key = JSON.stringify([
      before.what,
      before.mode,
      before.horizonMs,
      ...[before, after].map(({ amount, status }) => [`${amount}`, status]),
    ]);
    const group = groups.get(key) ?? { sets: [], before, after };
    group.sets.push(stolenName(before.stolen, stolen));
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** What nobody can do, by mode: `export; import; transfer of any other asset`. */
export function closedTexts(rows: readonly Authority[]): readonly (readonly [mode: string, texts: string])[] {
  const modes = [...new Set(rows.map(({ mode }) => mode))];
  return modes.map((mode) => [mode, rows.flatMap((row) => (row.mode === mode ? [row.text] : [])).join("; ")]);
}

/** `role:ops, and 3 larger sets`. */
export function byText({ by, larger }: Pick<Group<unknown>, "by" | "larger">): string {
  const sets = larger === 0 ? "" : larger === 1 ? ", and a larger set" : `, and ${larger} larger sets`;
  return `${by.join(" or ")}${sets}`;
}

function groupsOf<T extends { readonly stolen: readonly string[]; readonly mode?: string }>(
  rows: readonly T[],
  stolen: readonly StolenSet[],
  keyOf: (row: T) => unknown,
): readonly Group<T>[] {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = JSON.stringify(keyOf(row));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((same) => {
    const sets = new Map(same.map((row) => [stolenName(row.stolen, stolen), row]));
    const smallest = [...sets].filter(([, row]) => !same.some((other) => isPart(other.stolen, row.stolen)));
    const first = smallest.reduce((least, [, row]) => (row.stolen.length < least.stolen.length ? row : least), same[0] as T);
    const modes = [...new Set(same.map(({ mode = "normal" }) => mode))];
    return { first, by: smallest.map(([name]) => name), larger: sets.size - smallest.length, modes };
  });
}

/** A part that is not the whole. */
function isPart(part: readonly string[], whole: readonly string[]): boolean {
  return part.length < whole.length && part.every((person) => whole.includes(person));
}
