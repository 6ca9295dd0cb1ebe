import { UNLIMITED } from "../../intent/effect.ts";
import type { Opening } from "./covering.ts";
import type { Draw } from "./draws.ts";
import { type Goal, leastCommon } from "./goal.ts";
import type { Lot } from "./merge.ts";
import { isOpen, momentsOf } from "./moments.ts";
import { Plan, type Take } from "./plan.ts";
import { type Programme, type ProgrammeRow, solve } from "./programme.ts";
import type { Budget } from "./regions.ts";
import type { Examples } from "./witness.ts";

/** What some cells can take at most, and how that much of it is taken; both in the goal's parts. */
export interface Schedule {
  readonly upper: bigint;
  readonly shown: bigint;
  readonly takes: readonly Take[];
}

/** How a schedule is looked for. */
export interface Scheduling {
  readonly goal: Goal;
  readonly examples: Examples;
  /** Of all schedules of one answer together; where it is used up what is found is a bound, not the best. */
  readonly budget: Budget;
}

/** One step of work looks at so many cells at so many moments. */
const PLACES_A_STEP = 256;

/** Cells that share no counter, not even by way of others, are in nobody's way. */
export function componentsOf(lots: readonly Lot[]): readonly (readonly Lot[])[] {
  const groups: { readonly keys: Set<string>; readonly lots: Lot[] }[] = [];
  for (const lot of lots) {
    const keys = lot.draws.map(({ key }) => key);
    const joined = groups.filter((group) => keys.some((key) => group.keys.has(key)));
    const whole = {
      keys: new Set([...joined.flatMap((group) => [...group.keys]), ...keys]),
      lots: [...joined.flatMap((group) => group.lots), lot],
    };
    for (const group of joined) groups.splice(groups.indexOf(group), 1);
    groups.push(whole);
  }
  return groups.map((group) => group.lots);
}

/**
 * The best schedule of cells that share counters: by their covering bound where a plain plan reaches it, else by a programme.
 *
 * @param open - somewhere each of them.
 * @param upper - their covering bound.
 */
export function schedule(open: readonly Opening[], upper: bigint, how: Scheduling): Schedule {
  if (open.length === 0) return { upper: 0n, shown: 0n, takes: [] };
  const moments = momentsOf(
    open.map(({ spans }) => spans),
    [...new Set(open.flatMap(({ lot }) => lot.draws.map(({ limit }) => limit.windowMs)))].filter((windowMs) => windowMs !== "ever"),
  );
  if (moments === undefined) return { upper, shown: 0n, takes: [] };
  spendUpTo(how.budget, Math.ceil((moments.length * open.length) / PLACES_A_STEP));
  const plans = ordersOf(open).map((order) => greedy(order, moments, how));
  const best = plans.reduce((a, b) => (b.worth > a.worth ? b : a));
  const found: Schedule = { upper, shown: best.worth, takes: best.takes };
  return best.worth >= upper ? found : better(found, open, moments, how);
}

/** What was done is paid for, if need be with all that is left. */
export function spendUpTo(budget: Budget, work: number): void {
  budget.spend(Math.min(work, Math.max(0, budget.left)));
}

function ordersOf(open: readonly Opening[]): readonly (readonly Opening[])[] {
  return open.length === 1 ? [open] : [open, [...open].reverse()];
}

/** As much as possible as early as possible: with one cell there is nothing better. */
function greedy(order: readonly Opening[], moments: readonly number[], { goal, examples }: Scheduling): Plan {
  const plan = new Plan(goal, examples);
  for (const moment of moments) for (const opening of order) plan.fill(opening, moment);
  return plan;
}

/** Larger programmes are not tried. */
const MOST_VARIABLES = 600;

function better(found: Schedule, open: readonly Opening[], moments: readonly number[], how: Scheduling): Schedule {
  const table = new Table(open, moments, how.goal);
  if (table.size > MOST_VARIABLES) return found;
  const solved = solve(table.programme(), how.budget);
  if (solved.kind !== "optimal" && solved.kind !== "bound") return found;
  const upper = solved.kind === "optimal" ? solved.value : solved.upper;
  const plan = new Plan(how.goal, how.examples);
  for (const { opening, moment, amount } of table.read(solved.at)) plan.fill(opening, moment, amount);
  return {
    upper: upper < found.upper ? upper : found.upper,
    ...(plan.worth > found.shown ? { shown: plan.worth, takes: plan.takes } : { shown: found.shown, takes: found.takes }),
  };
}

/** One variable for what each cell takes at each moment, and where its effects have a size or are counted, one for how many they are. */
class Table {
  readonly #goal: Goal;
  readonly #places: readonly {
    readonly opening: Opening;
    readonly moment: number;
    readonly amount: number;
    readonly count: number | undefined;
  }[];
  readonly size: number;

  constructor(open: readonly Opening[], moments: readonly number[], goal: Goal) {
    this.#goal = goal;
    let size = 0;
    this.#places = moments.flatMap((moment) =>
      open
        .filter(({ spans }) => isOpen(spans, moment))
        .map((opening) => {
          const sized = opening.lot.least > 1n || bounding(opening.lot).some(({ weight }) => weight === undefined);
          return { opening, moment, amount: size++, count: sized ? size++ : undefined };
        }),
    );
    this.size = size;
  }

  programme(): Programme {
    const objective = Array.from({ length: this.size }, () => 0n);
    for (const { opening, amount } of this.#places) objective[amount] = this.#goal.worth(opening.lot.asset);
    return { objective, rows: [...this.#sizes(), ...this.#windows()] };
  }

  read(at: readonly bigint[]): readonly { readonly opening: Opening; readonly moment: number; readonly amount: bigint }[] {
    return this.#places
      .map(({ opening, moment, amount }) => ({ opening, moment, amount: at[amount] ?? 0n }))
      .filter(({ amount }) => amount > 0n);
  }

  #sizes(): readonly ProgrammeRow[] {
    return this.#places.flatMap(({ opening: { lot }, amount, count }): ProgrammeRow[] => {
      if (count === undefined) return [];
      const atLeast: ProgrammeRow = {
        terms: [
          [count, lot.least],
          [amount, -1n],
        ],
        most: 0n,
      };
      const atMost: ProgrammeRow = {
        terms: [
          [amount, 1n],
          [count, -lot.most],
        ],
        most: 0n,
      };
      return lot.most >= UNLIMITED ? [atLeast] : [atLeast, atMost];
    });
  }

  #windows(): readonly ProgrammeRow[] {
    const counters = new Map(this.#places.flatMap(({ opening }) => bounding(opening.lot).map((draw) => [draw.key, draw] as const)));
    return [...counters.values()].flatMap((counter) => {
      const drawing = this.#places.flatMap((place) => {
        const draw = place.opening.lot.draws.find(({ key }) => key === counter.key);
        return draw === undefined ? [] : [{ ...place, draw }];
      });
      const scale = drawing.reduce((common, { draw }) => leastCommon(common, draw.weight?.denominator ?? 1n), 1n);
      const windows = counter.limit.windowMs === "ever" ? [drawing] : windowsOf(drawing, counter.limit.windowMs);
      return windows.map((inside): ProgrammeRow => {
        const terms = inside.map(({ draw, amount, count }): readonly [number, bigint] =>
          draw.weight === undefined ? [count as number, scale] : [amount, draw.weight.numerator * (scale / draw.weight.denominator)],
        );
        return { terms, most: (counter.capacity ?? 0n) * scale };
      });
    });
  }
}

function bounding(lot: Lot): readonly Draw[] {
  return lot.draws.filter(({ capacity }) => capacity !== undefined);
}

/** What is within one window, for every moment at which one ends; those that lie within another are left out. Sorted by moment. */
function windowsOf<T extends { readonly moment: number }>(places: readonly T[], windowMs: number): readonly (readonly T[])[] {
  const out: (readonly T[])[] = [];
  let first = 0;
  let shownFirst = -1;
  for (let end = 0; end < places.length; end++) {
    const moment = places[end]?.moment as number;
    if (places[end + 1]?.moment === moment) continue;
    while ((places[first]?.moment as number) <= moment - windowMs) first++;
    if (first === shownFirst) out.pop();
    out.push(places.slice(first, end + 1));
    shownFirst = first;
  }
  return out;
}
