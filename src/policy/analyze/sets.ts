import { UNLIMITED } from "../../intent/effect.ts";
import type { Interval } from "../core.ts";

/**
 * Some of the values that a field can have. A field is of one type, but an argument of the same name can be a text in one
 * function and an integer in another, so a set has a part for each. Immutable; equal sets may be different objects.
 */
export interface ValueSet {
  readonly names: Names;
  /** Sorted, disjoint, not adjacent; both ends included. */
  readonly integers: readonly Interval[];
  readonly flags: readonly boolean[];
  /** The value that is not known. */
  readonly unknown: boolean;
}

/** Those listed, or every name but those listed. */
export interface Names {
  readonly not: boolean;
  readonly values: ReadonlySet<string>;
}

export const NO_NAMES: Names = { not: false, values: new Set() };
export const ALL_NAMES: Names = { not: true, values: NO_NAMES.values };
export const NOTHING: ValueSet = { names: NO_NAMES, integers: [], flags: [], unknown: false };
export const ONLY_UNKNOWN: ValueSet = { ...NOTHING, unknown: true };

/** Those listed. */
export function named(values: ReadonlySet<string>): ValueSet {
  return { ...NOTHING, names: { not: false, values } };
}

export function isEmpty({ names, integers, flags, unknown }: ValueSet): boolean {
  return !unknown && integers.length === 0 && flags.length === 0 && !names.not && names.values.size === 0;
}

export function intersect(a: ValueSet, b: ValueSet): ValueSet {
  if (a === b) return a;
  return {
    names: intersectNames(a.names, b.names),
    integers: intersectIntervals(a.integers, b.integers),
    flags: a.flags.length === 0 ? a.flags : a.flags.filter((flag) => b.flags.includes(flag)),
    unknown: a.unknown && b.unknown,
  };
}

/** Whether some value is in both. */
export function overlap(a: ValueSet, b: ValueSet): boolean {
  return (
    a === b ||
    (a.unknown && b.unknown) ||
    namesOverlap(a.names, b.names) ||
    a.flags.some((flag) => b.flags.includes(flag)) ||
    a.integers.some(([low, high]) => b.integers.some(([start, end]) => low <= end && start <= high))
  );
}

function namesOverlap(a: Names, b: Names): boolean {
  if (a.not && b.not) return true;
  const [listed, other] = a.not || (!b.not && b.values.size < a.values.size) ? [b, a] : [a, b];
  for (const name of listed.values) if (hasName(other, name)) return true;
  return false;
}

export function unite(a: ValueSet, b: ValueSet): ValueSet {
  if (a === b || isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  return {
    names: isNoName(b.names) ? a.names : complementNames(intersectNames(complementNames(a.names), complementNames(b.names))),
    integers: b.integers.length === 0 ? a.integers : uniteIntervals([...a.integers, ...b.integers]),
    flags: [false, true].filter((flag) => a.flags.includes(flag) || b.flags.includes(flag)),
    unknown: a.unknown || b.unknown,
  };
}

/** What of `whole` is not in `part`. */
export function subtract(whole: ValueSet, part: ValueSet): ValueSet {
  return {
    names: isNoName(part.names) ? whole.names : intersectNames(whole.names, complementNames(part.names)),
    integers: subtractIntervals(whole.integers, part.integers),
    flags: part.flags.length === 0 ? whole.flags : whole.flags.filter((flag) => !part.flags.includes(flag)),
    unknown: whole.unknown && !part.unknown,
  };
}

export function hasName({ not, values }: Names, name: string): boolean {
  return values.has(name) !== not;
}

export function hasInteger(intervals: readonly Interval[], value: bigint): boolean {
  return intervals.some(([low, high]) => low <= value && value <= high);
}

function isNoName({ not, values }: Names): boolean {
  return !not && values.size === 0;
}

function complementNames({ not, values }: Names): Names {
  return { not: !not, values };
}

// Sets of ten thousand addresses are shared by many rules: where nothing is left out the same set is kept.
function intersectNames(a: Names, b: Names): Names {
  if (a.not && b.not) {
    if (a.values.size === 0 || a.values === b.values) return b;
    if (b.values.size === 0) return a;
    return { not: true, values: new Set([...a.values, ...b.values]) };
  }
  const [listed, other] = a.not ? [b, a] : [a, b];
  if (other.not && other.values.size === 0) return listed;
  const kept = [...listed.values].filter((name) => hasName(other, name));
  return kept.length === listed.values.size ? listed : { not: false, values: new Set(kept) };
}

function intersectIntervals(a: readonly Interval[], b: readonly Interval[]): readonly Interval[] {
  if (a.length === 0) return a;
  if (b.length === 0) return b;
  const out: Interval[] = [];
  let i = 0;
  let j = 0;
  while (true) {
    const x = a[i];
    const y = b[j];
    if (x === undefined || y === undefined) return out;
    const low = x[0] > y[0] ? x[0] : y[0];
    const high = x[1] < y[1] ? x[1] : y[1];
    if (low <= high) out.push([low, high]);
    if (x[1] < y[1]) i++;
    else j++;
  }
}

/** Sorts and joins what overlaps or touches. */
export function uniteIntervals(intervals: readonly Interval[]): readonly Interval[] {
  if (intervals.length < 2) return intervals;
  const sorted = [...intervals].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const out: [bigint, bigint][] = [];
  for (const [low, high] of sorted) {
    const last = out.at(-1);
    if (last === undefined || low > last[1] + 1n) out.push([low, high]);
    else if (high > last[1]) last[1] = high;
  }
  return out;
}

function subtractIntervals(whole: readonly Interval[], part: readonly Interval[]): readonly Interval[] {
  if (part.length === 0) return whole;
  const out: Interval[] = [];
  for (const [low, high] of whole) {
    let from = low;
    for (const [start, end] of part) {
      if (end < from || start > high) continue;
      if (start > from) out.push([from, start - 1n]);
      from = end + 1n;
    }
    if (from <= high) out.push([from, high]);
  }
  return out;
}

// A list of ten thousand addresses is written once, however many rules and questions look at it.
const keys = new WeakMap<ValueSet, string>();

/** One text for equal sets. */
export function keyOf(values: ValueSet): string {
  const known = keys.get(values);
  if (known !== undefined) return known;
  const key = keyWith(values, textOf(values.names.values));
  keys.set(values, key);
  return key;
}

/** The same with another text for its names. */
export function keyWith({ names, integers, flags, unknown }: ValueSet, named: string): string {
  const numbers = integers.length === 0 ? "" : integers.map(([low, high]) => `${digits(low)}:${digits(high)}`).join(",");
  return `${names.not ? "!" : ""}${named} ${numbers} ${flags.length === 0 ? "" : flags.join(",")} ${unknown}`;
}

/** Numbers of 256 bits are written fastest by their bits, and the one that most intervals end with by a word. */
function digits(value: bigint): string {
  return value === UNLIMITED ? "max" : value.toString(16);
}

/** Names with their lengths, so that no two sets are written alike. */
export function textOf(names: ReadonlySet<string>): string {
  if (names.size === 1) for (const name of names) return `${name.length}:${name}`;
  return [...names]
    .sort()
    .map((name) => `${name.length}:${name}`)
    .join(",");
}
