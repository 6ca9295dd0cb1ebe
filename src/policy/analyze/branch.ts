import { Inconclusive } from "./inconclusive.ts";
import type { Solved } from "./programme.ts";
import type { Budget } from "./regions.ts";
import { amountOf, floor, greatestCommon, improve, inTermsOf, type Row, restore, type Tableau, tableauOf } from "./simplex.ts";

/** A part of a programme that shares no variable with the rest. Rows are tidy: no factor is nought, none is empty. */
export interface Block {
  readonly variables: readonly number[];
  readonly objective: readonly bigint[];
  readonly rows: readonly TidyRow[];
}

export interface TidyRow {
  readonly factors: ReadonlyMap<number, bigint>;
  readonly most: bigint;
}

/** Points of which none is worth more than `ceiling`. */
interface Node {
  readonly corner: Tableau;
  readonly ceiling: bigint;
}

interface Point {
  readonly value: bigint;
  readonly at: readonly bigint[];
}

/**
 * Branch and bound: the best corner first; where a variable is no integer there, the points on either side of it.
 *
 * @throws Inconclusive when the budget is spent before the first corner is known.
 */
export function branch(block: Block, budget: Budget): Solved {
  const slack = block.variables.reduce((most, variable) => Math.max(most, variable), 0) + 1;
  const rows = block.rows.map(({ factors, most }, index): Row => {
    const basic = slack + index;
    return { basic, factors: new Map(factors).set(basic, 1n), value: most };
  });
  const start = restore(tableauOf(rows, new Map()), budget);
  if (start === undefined) return { kind: "infeasible" };
  const objective = new Map(block.variables.map((variable) => [variable, block.objective[variable] ?? 0n]));
  const best = improve(tableauOf(start.rows, objective), budget);
  if (best !== undefined) return new Branches(block, budget).run(best);
  // The numbers are rational: if there is a point at all, points are without bound.
  const any = new Branches({ ...block, objective: [] }, budget).run(start);
  return any.kind === "optimal" ? { kind: "unbounded" } : any;
}

class Branches {
  readonly #block: Block;
  readonly #budget: Budget;
  /** Everything that a point can be worth is a multiple of it. */
  readonly #step: bigint;
  /** The best at the end. */
  readonly #open: Node[] = [];
  #best: Point | undefined;
  /** No variable has this number. */
  #fresh: number;

  constructor(block: Block, budget: Budget) {
    this.#block = block;
    this.#budget = budget;
    this.#step = block.variables.reduce((step, variable) => greatestCommon(step, block.objective[variable] ?? 0n), 0n);
    this.#fresh = Math.max(0, ...block.variables) + 1 + block.rows.length;
    this.#offer(block.variables.map(() => 0n));
  }

  run(first: Tableau): Solved {
    this.#add(this.#node(first));
    for (let node = this.#open.pop(); node !== undefined; node = this.#open.pop()) {
      try {
        // Down to a point at once: what it is worth rules out most of the rest.
        for (let at: Node | undefined = node; at !== undefined && this.#isPromising(at); at = this.#split(at.corner));
      } catch (cause) {
        if (!(cause instanceof Inconclusive)) throw cause;
        // The best of the open ones: no other, and nothing below it, has a higher ceiling.
        return this.#best === undefined ? { kind: "inconclusive" } : { kind: "bound", upper: node.ceiling, ...this.#best };
      }
    }
    return this.#best === undefined ? { kind: "infeasible" } : { kind: "optimal", ...this.#best };
  }

  #node(corner: Tableau): Node {
    const { over, under } = amountOf(corner.goal);
    return { corner, ceiling: this.#step === 0n ? 0n : floor(over, under * this.#step) * this.#step };
  }

  #isPromising({ ceiling }: Node): boolean {
    return this.#best === undefined || ceiling > this.#best.value;
  }

  #add(node: Node): void {
    let index = this.#open.length;
    while (index > 0 && (this.#open[index - 1] as Node).ceiling > node.ceiling) index--;
    this.#open.splice(index, 0, node);
  }

  /** The more promising side of a corner that is no point; the other stays open. */
  #split({ rows, goal }: Tableau): Node | undefined {
    const values = new Map(rows.map((row) => [row.basic, amountOf(row)]));
    let broken: { readonly variable: number; readonly below: bigint } | undefined;
    const rounded = this.#block.variables.map((variable) => {
      const { over, under } = values.get(variable) ?? { over: 0n, under: 1n };
      const below = floor(over, under);
      if (below * under !== over) broken ??= { variable, below };
      return below;
    });
    this.#offer(rounded);
    if (broken === undefined) return undefined;
    const { variable, below } = broken;
    const above = this.#side({ rows, goal }, { variable, factor: -1n, most: -below - 1n });
    const under = this.#side({ rows, goal }, { variable, factor: 1n, most: below });
    if (above === undefined || under === undefined) return above ?? under;
    const [better, worse] = above.ceiling >= under.ceiling ? [above, under] : [under, above];
    this.#add(worse);
    return better;
  }

  /** A corner's points at which the variable, times the factor, is at most this. */
  #side({ rows, goal }: Tableau, { variable, factor, most }: { variable: number; factor: bigint; most: bigint }): Node | undefined {
    const basic = this.#fresh++;
    const factors = new Map([
      [variable, factor],
      [basic, 1n],
    ]);
    const corner = restore({ rows: [...rows, inTermsOf(rows, { basic, factors, value: most })], goal }, this.#budget);
    return corner && this.#node(corner);
  }

  /** Keeps a point if it keeps every row and is worth more than the best so far. */
  #offer(at: readonly bigint[]): void {
    const { variables, objective, rows } = this.#block;
    const values = new Map(variables.map((variable, index) => [variable, at[index] ?? 0n]));
    const sum = (factors: Iterable<readonly [number, bigint]>) => {
      let total = 0n;
      for (const [variable, factor] of factors) total += factor * (values.get(variable) ?? 0n);
      return total;
    };
    const value = sum(variables.map((variable) => [variable, objective[variable] ?? 0n]));
    if (this.#best !== undefined && value <= this.#best.value) return;
    if (rows.every(({ factors, most }) => sum(factors) <= most)) this.#best = { value, at };
  }
}
