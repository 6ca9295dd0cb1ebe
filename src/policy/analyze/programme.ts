import { type Block, branch, type TidyRow } from "./branch.ts";
import { Inconclusive } from "./inconclusive.ts";
import type { Budget } from "./regions.ts";
import { floor, greatestCommon } from "./simplex.ts";

/** An integer linear programme: the largest `objective` over variables that are integers, none negative, and keep every row. */
export interface Programme {
  /** What one of each variable is worth; its length is their number. */
  readonly objective: readonly bigint[];
  readonly rows: readonly ProgrammeRow[];
}

/** The sum of factors times variables is at most this, which may be negative. */
export interface ProgrammeRow {
  readonly terms: readonly (readonly [variable: number, factor: bigint])[];
  readonly most: bigint;
}

export type Solved =
  /** No point is worth more than `value`, and `at` is worth it. */
  | { readonly kind: "optimal"; readonly value: bigint; readonly at: readonly bigint[] }
  /** The budget ended: no point is worth more than `upper`, and `at` is worth `value`. */
  | { readonly kind: "bound"; readonly upper: bigint; readonly value: bigint; readonly at: readonly bigint[] }
  | { readonly kind: "unbounded" }
  /** No point keeps every row. */
  | { readonly kind: "infeasible" }
  /** The budget ended before anything was proven. */
  | { readonly kind: "inconclusive" };

/**
 * Solves a programme exactly: every number is an integer of any size, none is rounded. What cannot matter is left out first, and
 * what falls apart is solved in parts; each part by the simplex method and branching.
 */
export function solve({ objective, rows }: Programme, budget: Budget): Solved {
  const tidy = tidied(rows.map(({ terms, most }) => ({ factors: summed(terms), most })));
  if (tidy === undefined) return { kind: "infeasible" };
  const used = worthwhile(objective, tidy);
  const narrowed = tidied(tidy.map(({ factors, most }) => ({ factors: new Map([...factors].filter(([name]) => used.has(name))), most })));
  if (narrowed === undefined) return { kind: "infeasible" };
  return together(
    objective.length,
    blocksOf(objective, used, narrowed).map((block) => [block, solveBlock(block, budget)] as const),
  );
}

function solveBlock(block: Block, budget: Budget): Solved {
  try {
    return branch(block, budget);
  } catch (cause) {
    if (cause instanceof Inconclusive) return plainBound(block);
    throw cause;
  }
}

function summed(terms: ProgrammeRow["terms"]): ReadonlyMap<number, bigint> {
  const factors = new Map<number, bigint>();
  for (const [variable, factor] of terms) factors.set(variable, (factors.get(variable) ?? 0n) + factor);
  for (const [variable, factor] of factors) if (factor === 0n) factors.delete(variable);
  return factors;
}

/** In lowest terms, of equal sums the tightest, without those that bind nothing; nothing where one can never be kept. */
function tidied(rows: readonly TidyRow[]): readonly TidyRow[] | undefined {
  const found = new Map<string, TidyRow>();
  for (const { factors, most } of rows) {
    if (factors.size === 0 && most < 0n) return undefined;
    if (most >= 0n && [...factors.values()].every((factor) => factor <= 0n)) continue;
    const row = inLowestTerms(factors, most);
    const key = [...row.factors].sort(([a], [b]) => a - b).join(" ");
    const known = found.get(key);
    if (known === undefined || row.most < known.most) found.set(key, row);
  }
  return binding([...found.values()]);
}

/** Integers on the left, so the right is rounded down. */
function inLowestTerms(factors: ReadonlyMap<number, bigint>, most: bigint): TidyRow {
  let common = 0n;
  for (const factor of factors.values()) common = greatestCommon(common, factor);
  if (common === 1n) return { factors, most };
  return { factors: new Map([...factors].map(([variable, factor]) => [variable, factor / common])), most: floor(most, common) };
}

/** Without sums that stay small enough because each of their variables does. */
function binding(rows: readonly TidyRow[]): readonly TidyRow[] {
  const alone = mostOfEach(rows.filter(({ factors }) => factors.size === 1));
  return rows.filter(({ factors, most }) => {
    if (factors.size === 1) return true;
    let sum = 0n;
    for (const [variable, factor] of factors) {
      const own = alone.get(variable);
      if (factor < 0n) continue;
      if (own === undefined) return true;
      sum += factor * own;
    }
    return sum > most;
  });
}

/** What a variable can be at most, by the rows in which nothing makes room for more of it. */
function mostOfEach(rows: readonly TidyRow[]): ReadonlyMap<number, bigint> {
  const found = new Map<number, bigint>();
  for (const { factors, most } of rows) {
    if ([...factors.values()].some((factor) => factor < 0n)) continue;
    for (const [variable, factor] of factors) {
      const own = floor(most, factor);
      const known = found.get(variable);
      if (known === undefined || own < known) found.set(variable, own);
    }
  }
  return found;
}

/**
 * Variables that some best point needs. One that is worth nothing and makes no room stays nought; of those that stand in the
 * same rows with the same factors the one that is worth most can stand for all.
 */
function worthwhile(objective: readonly bigint[], rows: readonly TidyRow[]): ReadonlySet<number> {
  const columns: string[][] = objective.map(() => []);
  const makesRoom = new Set<number>();
  rows.forEach(({ factors }, index) => {
    for (const [variable, factor] of factors) {
      columns[variable]?.push(`${index}:${factor}`);
      if (factor < 0n) makesRoom.add(variable);
    }
  });
  const best = new Map<string, number>();
  objective.forEach((worth, variable) => {
    if (worth <= 0n && !makesRoom.has(variable)) return;
    const key = columns[variable]?.join() ?? "";
    const known = best.get(key);
    if (known === undefined || worth > (objective[known] ?? 0n)) best.set(key, variable);
  });
  return new Set(best.values());
}

/** Parts that share no variable. */
function blocksOf(objective: readonly bigint[], used: ReadonlySet<number>, rows: readonly TidyRow[]): readonly Block[] {
  const parent = new Map([...used].map((variable) => [variable, variable]));
  const root = (variable: number): number => {
    let at = variable;
    for (let up = parent.get(at) ?? at; up !== at; up = parent.get(at) ?? at) {
      parent.set(at, parent.get(up) ?? up);
      at = up;
    }
    return at;
  };
  for (const { factors } of rows) {
    const [first, ...others] = factors.keys();
    for (const other of others) parent.set(root(other), root(first as number));
  }
  const blocks = new Map<number, { variables: number[]; rows: TidyRow[] }>();
  for (const variable of [...used].sort((a, b) => a - b)) {
    const block = blocks.get(root(variable));
    if (block === undefined) blocks.set(root(variable), { variables: [variable], rows: [] });
    else block.variables.push(variable);
  }
  for (const row of rows) {
    const [first] = row.factors.keys();
    blocks.get(root(first as number))?.rows.push(row);
  }
  return [...blocks.values()].map((block) => ({ ...block, objective }));
}

/** What the rows say of each variable alone. */
function plainBound({ variables, objective, rows }: Block): Solved {
  const most = mostOfEach(rows);
  let upper = 0n;
  for (const variable of variables) {
    const worth = objective[variable] ?? 0n;
    if (worth <= 0n) continue;
    const own = most.get(variable);
    if (own === undefined) return { kind: "inconclusive" };
    upper += worth * own;
  }
  // Doing nothing is a point of its own, if the rows let it be.
  if (rows.some((row) => row.most < 0n)) return { kind: "inconclusive" };
  return { kind: "bound", upper, value: 0n, at: variables.map(() => 0n) };
}

/** The parts' answers as one: there is a point only if each part has one. */
function together(length: number, parts: readonly (readonly [Block, Solved])[]): Solved {
  const kinds = new Set(parts.map(([, { kind }]) => kind));
  for (const kind of ["infeasible", "inconclusive", "unbounded"] as const) if (kinds.has(kind)) return { kind };
  const at = Array<bigint>(length).fill(0n);
  let upper = 0n;
  let value = 0n;
  for (const [{ variables }, part] of parts) {
    if (part.kind !== "optimal" && part.kind !== "bound") continue;
    upper += part.kind === "bound" ? part.upper : part.value;
    value += part.value;
    variables.forEach((variable, index) => {
      at[variable] = part.at[index] ?? 0n;
    });
  }
  return upper === value ? { kind: "optimal", value, at } : { kind: "bound", upper, value, at };
}
