import { UNLIMITED } from "../../intent/effect.ts";
import type { Draw } from "./draws.ts";
import type { Goal } from "./goal.ts";
import type { Lot } from "./merge.ts";
import { isOpen, momentsOf, type Span, uniteSpans } from "./moments.ts";

/** No more than this within any stretch of so long: what a counter lets through, in terms of what is asked about. */
export interface Cap {
  readonly most: bigint;
  /** Infinite for a lifetime total. */
  readonly windowMs: number;
  /** Where cells are open that it does not bound: it says nothing of those moments. Nowhere where it is absent. */
  readonly beside?: readonly (readonly Span[])[];
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
 * Cells that draw on one counter together are bounded, at each moment, by the counters that all share that are open then; all
 * others each for itself.
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

/** At each moment by the counters that all that are open then draw on; nothing where there is none at some moment. */
function together(openings: readonly Opening[], goal: Goal): bigint | undefined {
  const counters = new Map(openings.flatMap(({ lot }) => lot.draws.map((draw) => [draw.key, draw.limit.windowMs] as const)));
  const caps = [...counters].flatMap(([key, windowMs]): Cap[] => {
    const each = openings.map(({ lot }) => {
      const draw = lot.draws.find((one) => one.key === key);
      return draw && capOf(draw, lot, goal);
    });
    const [first, ...others] = each.filter((one) => one !== undefined);
    if (first === undefined) return [];
    const beside = openings.filter((_, index) => each[index] === undefined).map(({ spans }) => spans);
    const most = others.reduce((a, b) => (a > b ? a : b), first);
    return [{ most, windowMs: windowMs === "ever" ? Number.POSITIVE_INFINITY : windowMs, beside }];
  });
  return covering(
    openings.map(({ spans }) => spans),
    caps,
  );
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
 * The most that cells can take while they are open under caps of sliding windows, each of which counts everything but where cells
 * beside it are open: by each moment that matters, the least of what had left a window before and what the window lets through.
 * (The dual of covering the time by windows at the lowest price.)
 *
 * @param each - spans of each of the cells.
 * @returns nothing where some moment is under no cap.
 */
export function covering(each: readonly (readonly Span[])[], caps: readonly Cap[]): bigint | undefined {
  const windows = caps.map(({ windowMs }) => windowMs).filter(Number.isFinite);
  const moments = momentsOf(each, windows);
  if (moments === undefined) {
    const always = caps.filter(({ beside = [] }) => beside.length === 0);
    return least(always.map((cap) => coarse(uniteSpans(each.flat()), cap)));
  }
  const sums: bigint[] = [];
  const starts = caps.map(() => 0);
  for (const [at, moment] of moments.entries()) {
    const reached = caps.flatMap(({ most, windowMs, beside = [] }, index) => {
      let first = starts[index] ?? 0;
      while ((moments[first] ?? Number.POSITIVE_INFINITY) <= moment - windowMs) first++;
      const isBounded = !beside.some((spans) => isOpen(spans, moment));
      starts[index] = isBounded ? first : at + 1;
      return isBounded ? [(sums[first - 1] ?? 0n) + most] : [];
    });
    const sum = least(reached);
    if (sum === undefined) return undefined;
    sums.push(sum);
  }
  return sums.at(-1) ?? 0n;
}

function coarse(spans: readonly Span[], { most, windowMs }: Cap): bigint {
  const length = (spans.at(-1)?.[1] ?? 0) - (spans[0]?.[0] ?? 0);
  return Number.isFinite(windowMs) ? most * BigInt(Math.ceil(length / windowMs)) : most;
}

function least([first, ...others]: readonly bigint[]): bigint | undefined {
  return others.reduce((a, b) => (a === undefined || b < a ? b : a), first);
}
