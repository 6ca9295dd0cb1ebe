import type { Time } from "../../base/time.ts";
import { UNLIMITED } from "../../intent/effect.ts";
import type { Interval } from "../core.ts";

/** A stretch of time; half-open. */
export type Span = readonly [from: number, to: number];

/** Moments of intervals of `date`, from a first one on. */
export function spansOf(dates: readonly Interval[], first: Time): readonly Span[] {
  return dates.flatMap(([low, high]): Span[] => {
    const to = high >= UNLIMITED ? Number.POSITIVE_INFINITY : Number(high) + 1;
    const from = Math.max(Number(low), first);
    return from < to ? [[from, to]] : [];
  });
}

/** What of sorted spans lies within one. */
export function within(spans: readonly Span[], [from, to]: Span): readonly Span[] {
  const out: Span[] = [];
  for (let index = firstEndingAfter(spans, from); index < spans.length; index++) {
    const [opens, closes] = spans[index] as Span;
    if (opens >= to) break;
    out.push([Math.max(opens, from), Math.min(closes, to)]);
  }
  return out;
}

export function isOpen(spans: readonly Span[], moment: number): boolean {
  const span = spans[firstEndingAfter(spans, moment)];
  return span !== undefined && span[0] <= moment;
}

/** Whether every moment of `part` is one of `spans`, both sorted and joined. */
export function covers(spans: readonly Span[], part: readonly Span[]): boolean {
  return (
    spans === part ||
    part.every(([from, to]) => {
      const [opens, closes] = spans[firstEndingAfter(spans, from)] ?? [Number.POSITIVE_INFINITY, 0];
      return opens <= from && to <= closes;
    })
  );
}

/** Sorted, and what overlaps or touches joined. */
export function uniteSpans(spans: readonly Span[]): readonly Span[] {
  const out: [number, number][] = [];
  for (const [from, to] of [...spans].sort(([a], [b]) => a - b)) {
    const last = out.at(-1);
    if (last === undefined || from > last[1]) out.push([from, to]);
    else if (to > last[1]) last[1] = to;
  }
  return out;
}

function firstEndingAfter(spans: readonly Span[], moment: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as Span)[1] > moment) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Longer sequences are not looked for. */
const MOST_MOMENTS = 20_000;

/**
 * Moments at which a worst sequence can have all its requests. Moved to an earlier moment, a request is in the way of none that
 * follow it; so each can be moved until it stands at the opening of a span, or just as long after another as a window is.
 *
 * @param spans - of each of the cells.
 * @returns sorted; nothing if there are too many.
 */
export function momentsOf(spans: readonly (readonly Span[])[], windows: readonly number[]): readonly number[] | undefined {
  const open = (moment: number) => spans.some((some) => isOpen(some, moment));
  const found = new Set(spans.flat().map(([from]) => from));
  const queue = [...found];
  for (let moment = queue.pop(); moment !== undefined; moment = queue.pop()) {
    for (const windowMs of windows) {
      const next = moment + windowMs;
      if (found.has(next) || !open(next)) continue;
      if (found.size >= MOST_MOMENTS) return undefined;
      found.add(next);
      queue.push(next);
    }
  }
  return [...found].sort((a, b) => a - b);
}
