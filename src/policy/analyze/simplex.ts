import type { Budget } from "./regions.ts";

/** An equation between integers: the sum of `factors` times variables, all non-negative, is `value`. In lowest terms. */
export interface Row {
  /** The variable that this row gives the value of: in no other row, and its factor here is positive. */
  readonly basic: number;
  readonly factors: ReadonlyMap<number, bigint>;
  readonly value: bigint;
}

/**
 * One corner of the space of solutions: variables that no row is about are nought. `goal` is such a row too, about GOAL, which
 * is to be as large as can be. Immutable: a pivot makes new rows of those that change, so that branches share the others.
 */
export interface Tableau {
  readonly rows: readonly Row[];
  readonly goal: Row;
}

const GOAL = -1;

/** How many pivots in a row may gain nothing before the rule is taken that cannot go round in circles (Bland's). */
const PATIENCE = 24;

/** So many numbers are about as much work as one expansion of a diagram. */
const NUMBERS_PER_UNIT = 256;

/** A goal of these factors over rows that give nothing to it yet. */
export function tableauOf(rows: readonly Row[], objective: ReadonlyMap<number, bigint>): Tableau {
  const factors = new Map([...objective].map(([variable, factor]) => [variable, -factor]));
  return { rows, goal: inTermsOf(rows, { basic: GOAL, factors: factors.set(GOAL, 1n), value: 0n }) };
}

/** The row without the basic variables of the others. */
export function inTermsOf(rows: readonly Row[], row: Row): Row {
  return rows.reduce((left, other) => without(left, other, other.basic), row);
}

export function amountOf({ factors, value, basic }: Row): { readonly over: bigint; readonly under: bigint } {
  return { over: value, under: factors.get(basic) ?? 1n };
}

/**
 * The dual simplex: from a corner where the goal cannot grow, but some variable is negative, to one where none is.
 *
 * @returns nothing where there is no solution.
 * @throws Inconclusive when the budget is spent.
 */
export function restore(tableau: Tableau, budget: Budget): Tableau | undefined {
  let at = tableau;
  let stalled = 0;
  while (true) {
    const leaving = mostNegative(at.rows, stalled > PATIENCE);
    if (leaving === undefined) return at;
    const entering = cheapest(at.goal, leaving);
    if (entering === undefined) return undefined;
    stalled = (at.goal.factors.get(entering) ?? 0n) === 0n ? stalled + 1 : 0;
    at = pivot(at, leaving, entering, budget);
  }
}

/**
 * The primal simplex: from a corner to the one where the goal is largest.
 *
 * @returns nothing where it grows without bound.
 * @throws Inconclusive when the budget is spent.
 */
export function improve(tableau: Tableau, budget: Budget): Tableau | undefined {
  let at = tableau;
  let stalled = 0;
  while (true) {
    const entering = steepest(at.goal, stalled > PATIENCE);
    if (entering === undefined) return at;
    const leaving = tightest(at.rows, entering, stalled > PATIENCE);
    if (leaving === undefined) return undefined;
    stalled = leaving.value === 0n ? stalled + 1 : 0;
    at = pivot(at, leaving, entering, budget);
  }
}

function mostNegative(rows: readonly Row[], first: boolean): Row | undefined {
  let found: Row | undefined;
  for (const row of rows) {
    if (row.value >= 0n) continue;
    if (found === undefined || (first ? row.basic < found.basic : isLess(amountOf(row), amountOf(found)))) found = row;
  }
  return found;
}

/** What the goal pays least for; of several, the first. */
function cheapest(goal: Row, leaving: Row): number | undefined {
  let found: number | undefined;
  let price = { over: 0n, under: 1n };
  for (const [variable, factor] of leaving.factors) {
    if (factor >= 0n || variable === leaving.basic) continue;
    const own = { over: goal.factors.get(variable) ?? 0n, under: -factor };
    if (found === undefined || isLess(own, price) || (variable < found && !isLess(price, own))) {
      found = variable;
      price = own;
    }
  }
  return found;
}

function steepest({ factors }: Row, first: boolean): number | undefined {
  let found: number | undefined;
  let least = 0n;
  for (const [variable, factor] of factors) {
    if (factor >= 0n || variable === GOAL) continue;
    if (found === undefined || (first ? variable < found : factor < least || (factor === least && variable < found))) {
      found = variable;
      least = factor;
    }
  }
  return found;
}

/** The row that stops the variable first; of several, the shortest, or the one about the first variable. */
function tightest(rows: readonly Row[], entering: number, first: boolean): Row | undefined {
  let found: Row | undefined;
  let room = { over: 0n, under: 1n };
  for (const row of rows) {
    const factor = row.factors.get(entering);
    if (factor === undefined || factor <= 0n) continue;
    const own = { over: row.value, under: factor };
    const isBefore = found === undefined || (first ? row.basic < found.basic : row.factors.size < found.factors.size);
    if (found === undefined || isLess(own, room) || (isBefore && !isLess(room, own))) {
      found = row;
      room = own;
    }
  }
  return found;
}

interface Fraction {
  readonly over: bigint;
  /** Positive. */
  readonly under: bigint;
}

function isLess(a: Fraction, b: Fraction): boolean {
  return a.over * b.under < b.over * a.under;
}

function pivot({ rows, goal }: Tableau, leaving: Row, entering: number, budget: Budget): Tableau {
  const about = solvedFor(leaving, entering);
  let numbers = 0;
  const changed = (row: Row): Row => {
    if (row === leaving) return about;
    if (!row.factors.has(entering)) return row;
    numbers += row.factors.size + about.factors.size;
    return without(row, about, entering);
  };
  const next = { rows: rows.map(changed), goal: changed(goal) };
  for (let spent = 0; spent <= numbers; spent += NUMBERS_PER_UNIT) budget.spend();
  return next;
}

function solvedFor({ factors, value }: Row, basic: number): Row {
  if ((factors.get(basic) ?? 0n) > 0n) return { basic, factors, value };
  return { basic, factors: new Map([...factors].map(([variable, factor]) => [variable, -factor])), value: -value };
}

/** The row, less so many of the other that the variable is gone. Both sides stay integers. */
function without(row: Row, other: Row, variable: number): Row {
  const factor = row.factors.get(variable);
  const divisor = other.factors.get(variable);
  if (factor === undefined || divisor === undefined) return row;
  const common = greatestCommon(factor, divisor);
  const times = divisor / common;
  const less = factor / common;
  const factors = new Map(row.factors);
  if (times !== 1n) for (const [name, own] of row.factors) factors.set(name, own * times);
  for (const [name, theirs] of other.factors) {
    const left = (factors.get(name) ?? 0n) - theirs * less;
    if (left === 0n) factors.delete(name);
    else factors.set(name, left);
  }
  return inLowestTerms({ basic: row.basic, factors, value: row.value * times - other.value * less });
}

function inLowestTerms(row: Row): Row {
  let common = row.value;
  for (const factor of row.factors.values()) {
    common = greatestCommon(common, factor);
    if (common === 1n) return row;
  }
  const factors = new Map([...row.factors].map(([variable, factor]) => [variable, factor / common]));
  return { basic: row.basic, factors, value: row.value / common };
}

/** Never negative; of nought and nought, nought. */
export function greatestCommon(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** Rounded towards less; the divisor is positive. */
export function floor(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}
