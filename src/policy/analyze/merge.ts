import type { Interval } from "../core.ts";
import type { Cell } from "./cells.ts";
import { weigh } from "./draws.ts";
import { covers as coversSpans, uniteSpans } from "./moments.ts";
import type { Budget } from "./regions.ts";
import { uniteIntervals } from "./sets.ts";

/** A cell of one interval of amounts. */
export interface Lot extends Omit<Cell, "amounts"> {
  readonly least: bigint;
  readonly most: bigint;
}

/** One step of work compares a lot with so many others. */
const PAIRS_A_STEP = 64;

/**
 * The same ways of taking, told as few as possible: cells that differ in amounts or moments alone are one, and what another cell
 * does as well, with no more counters, is left out.
 *
 * @throws Inconclusive when the budget is spent.
 */
export function merged(cells: readonly Cell[], budget: Budget): readonly Lot[] {
  const sameAmounts = united(cells, ({ spans }) => spans.join(";"));
  const same = united(sameAmounts, ({ amounts }) => amounts.join(";"));
  const lots = same.flatMap(({ amounts, ...cell }) => amounts.map(([least, most]): Lot => ({ ...cell, least, most })));
  // Whoever needs least first, so that few comparisons find out the others.
  const sorted = lots.sort((a, b) => a.draws.length - b.draws.length || a.delayMs - b.delayMs || compare(b.most, a.most));
  const kept: Lot[] = [];
  for (const lot of sorted) {
    budget.spend(Math.floor(kept.length / PAIRS_A_STEP));
    if (kept.some((other) => covers(other, lot))) continue;
    for (let index = kept.length - 1; index >= 0; index--) if (covers(lot, kept[index] as Lot)) kept.splice(index, 1);
    kept.push(lot);
  }
  return kept;
}

/** Cells whose counters, delay and `rest` are the same, as one. */
function united(cells: readonly Cell[], rest: (cell: Cell) => string): readonly Cell[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = `${cell.asset} ${cell.delayMs} ${cell.several} ${cell.draws.map((draw) => draw.key).sort()} | ${rest(cell)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  return [...groups.values()].map((group): Cell => {
    const [first, ...others] = group as [Cell, ...Cell[]];
    if (others.length === 0) return first;
    const amounts = uniteIntervals(group.flatMap((cell) => cell.amounts));
    return { ...first, amounts, spans: uniteSpans(group.flatMap(({ spans }) => spans)), faces: group.flatMap(({ faces }) => faces) };
  });
}

/** Whether all that `lot` takes could be taken as `other` as well. */
function covers(other: Lot, lot: Lot): boolean {
  if (other.asset !== lot.asset || other.delayMs > lot.delayMs || (other.several && !lot.several)) return false;
  const bounded = other.draws.filter(({ capacity }) => capacity !== undefined);
  const keys = new Set(lot.draws.map(({ key }) => key));
  if (bounded.some(({ key }) => !keys.has(key))) return false;
  const counted = bounded.some((draw) => draw.weight === undefined);
  return moves(other, [lot.least, lot.most], counted) && coversSpans(other.spans, lot.spans);
}

/** Whether one effect moves every amount of the interval, or, where nobody counts effects, some effects at once. */
function moves({ least, most, draws }: Lot, [low, high]: Interval, counted: boolean): boolean {
  if (least <= low && high <= most) return true;
  // Several effects together may weigh more than one, by what is rounded up.
  if (counted || draws.some((draw) => draw.weight !== undefined && weigh(draw, 1n) * draw.weight.denominator !== draw.weight.numerator))
    return false;
  const times = (low + most - 1n) / most;
  const gapless = times * (most - least) >= least - 1n;
  return times * least <= low && (gapless || high <= times * most);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
