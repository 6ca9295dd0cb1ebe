import { UNLIMITED } from "../../intent/effect.ts";
import type { Draw } from "./draws.ts";
import type { Goal } from "./goal.ts";
import type { Lot } from "./merge.ts";
import { momentsOf, type Span, uniteSpans } from "./moments.ts";

/** No more than this within any stretch of so long: what a counter lets through, in terms of what is asked about. */
export interface Cap {
  readonly most: bigint;
  /** Infinite for a lifetime total. */
  readonly windowMs: number;
}

/** A cell, and where it is open in the attack that is looked at. */
export interface Opening {
  readonly lot: Lot;
  readonly spans: readonly Span[];
}

/**
 * The most that some cells can take together: no smaller than the truth, and the truth itself where they share all their counters
 * and effects can be of any size.
 *
 * Cells that draw on one counter together are bounded by the counters that they all share; all others each for itself.
 */
export function bound(openings: readonly Opening[], goal: Goal): bigint {
  const each = openings.map((opening) => {
    const alone = together([opening], goal);
    if (alone === undefined) throw new TypeError("bound: expected cells that some counter bounds");
    return alone;
  });
  const sum = (of: readonly bigint[]) => of.reduce((total, one) => total + one, 0n);
  let least = sum(each);
  const counters = new Set(openings.flatMap(({ lot }) => lot.draws.map(({ key }) => key)));
  for (const counter of counters) {
    const drawing = openings.filter(({ lot }) => lot.draws.some(({ key }) => key === counter));
    if (drawing.length < 2) continue;
    const shared = together(drawing, goal);
    if (shared === undefined) continue;
    const bounded = shared + sum(each.filter((_, index) => !drawing.includes(openings[index] as Opening)));
    if (bounded < least) least = bounded;
  }
  return least;
}

/** By the counters that all of them draw on; nothing where none of those bounds them. */
function together(openings: readonly Opening[], goal: Goal): bigint | undefined {
  const [first, ...others] = openings.map(({ lot }) => lot);
  const caps = (first?.draws ?? []).flatMap((draw): Cap[] => {
    const shared = others.map((lot) => lot.draws.find(({ key }) => key === draw.key));
    if (!shared.every((one) => one !== undefined)) return [];
    const most = [draw, ...shared].map((one, index) => capOf(one, openings[index]?.lot as Lot, goal));
    if (!most.every((one) => one !== undefined)) return [];
    const { windowMs } = draw.limit;
    return [{ most: most.reduce((a, b) => (a > b ? a : b)), windowMs: windowMs === "ever" ? Number.POSITIVE_INFINITY : windowMs }];
  });
  return caps.length === 0 ? undefined : covering(uniteSpans(openings.flatMap(({ spans }) => spans)), caps);
}

/** What a counter lets a cell take within one window. */
export function capOf({ capacity, weight }: Draw, { asset, most }: Lot, goal: Goal): bigint | undefined {
  if (capacity === undefined) return undefined;
  const worth = goal.worth(asset);
  // Effects round up what they weigh, so together they move no more than this.
  if (weight !== undefined) return (capacity * worth * weight.denominator) / weight.numerator;
  return most >= UNLIMITED ? undefined : capacity * most * worth;
}

/**
 * The most that can leave in these stretches of time under caps of sliding windows that all count everything: by each moment that
 * matters, the least of what had left a window before and what the window lets through. (The dual of covering the time by windows
 * at the lowest price.)
 */
export function covering(spans: readonly Span[], caps: readonly Cap[]): bigint {
  if (spans.length === 0) return 0n;
  const windows = caps.map(({ windowMs }) => windowMs).filter(Number.isFinite);
  const moments = momentsOf([spans], windows);
  if (moments === undefined) return least(caps.map((cap) => coarse(spans, cap)));
  const sums: bigint[] = [];
  const starts = caps.map(() => 0);
  for (const moment of moments) {
    const reached = caps.map(({ most, windowMs }, index) => {
      let before = starts[index] ?? 0;
      while ((moments[before] ?? Number.POSITIVE_INFINITY) <= moment - windowMs) before++;
      starts[index] = before;
      return (sums[before - 1] ?? 0n) + most;
    });
    sums.push(least(reached));
  }
  return sums.at(-1) ?? 0n;
}

function coarse(spans: readonly Span[], { most, windowMs }: Cap): bigint {
  const length = (spans.at(-1)?.[1] ?? 0) - (spans[0]?.[0] ?? 0);
  return Number.isFinite(windowMs) ? most * BigInt(Math.ceil(length / windowMs)) : most;
}

function least(of: readonly bigint[]): bigint {
  return of.reduce((a, b) => (a < b ? a : b));
}
