import type { Time } from "../../base/time.ts";
import type { Lot } from "./merge.ts";
import { isOpen } from "./moments.ts";

/**
 * Moments at which an attack can begin, one for each order in which everything that matters can then happen: nothing else can be
 * told apart by the loss. Where opening hours repeat themselves, only the first time is looked at. Sorted.
 *
 * Two moments can be in one order or another only if they differ by lengths that are all multiples of one: windows, delays, the
 * horizon, distances of openings and closings. So each such multiple is looked at, and one moment between each two.
 */
export function* startsOf(lots: readonly Lot[], horizonMs: number, from: Time): Generator<Time> {
  // INVARIANT: spans begin with the attack at the earliest, so its own first moment is none of the changes.
  const changes = [...new Set(lots.flatMap(({ spans }) => spans.flat()))].filter((moment) => moment > from && Number.isFinite(moment));
  changes.sort((a, b) => a - b);
  const grid = gridOf(lots, horizonMs, changes);
  const open = [from, ...changes].map((moment) => lots.map(({ spans }) => (isOpen(spans, moment) ? 1 : 0)).join(""));
  const seen = new Set<string>();
  for (let index = 0; index < changes.length; index++) {
    const since = changes[index - 1] ?? from;
    const next = changes[index] as number;
    const reach = Math.min(next - since, horizonMs);
    const pattern = [`${reach} ${open[index]}`];
    for (let later = index; (changes[later] ?? Number.POSITIVE_INFINITY) < next + horizonMs; later++)
      pattern.push(`${(changes[later] as number) - next} ${open[later + 1]}`);
    const key = pattern.join();
    if (seen.has(key)) continue;
    seen.add(key);
    yield since;
    for (let before = Math.floor(reach / grid) * grid; before > 0; before -= grid) {
      if (next - before > since) yield next - before;
      if (grid > 1) yield next - before + Math.floor(grid / 2);
    }
  }
  yield changes.at(-1) ?? from;
}

function gridOf(lots: readonly Lot[], horizonMs: number, changes: readonly number[]): number {
  const lengths = [horizonMs];
  for (const { delayMs, draws } of lots) {
    lengths.push(delayMs);
    for (const { limit } of draws) if (limit.windowMs !== "ever") lengths.push(limit.windowMs);
  }
  changes.forEach((moment, index) => {
    lengths.push(moment - (changes[index - 1] ?? moment));
  });
  return lengths.reduce(greatestCommon);
}

function greatestCommon(a: number, b: number): number {
  return b === 0 ? a : greatestCommon(b, a % b);
}
