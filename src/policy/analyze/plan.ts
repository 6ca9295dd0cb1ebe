import type { LimitRule } from "../core.ts";
import { chainOf } from "./boxes.ts";
import type { Face } from "./cells.ts";
import type { Opening } from "./covering.ts";
import { type Draw, mostFor, weigh } from "./draws.ts";
import type { Goal } from "./goal.ts";
import type { Lot } from "./merge.ts";
import { isOpen } from "./moments.ts";
import { hasInteger, type ValueSet } from "./sets.ts";
import { fitting, type Portion, split } from "./split.ts";
import type { Examples } from "./witness.ts";

/** Equal effects taken at one moment. */
export interface Take {
  readonly lot: Lot;
  readonly face: Face;
  readonly moment: number;
  readonly amount: bigint;
  readonly times: bigint;
  readonly target: Target;
}

/** Names that a counter keeps apart; nothing where none does. */
interface Target {
  readonly to?: string;
  readonly account?: string;
}

/** What is taken at once where each counter has so much room: nothing where there are no portions. */
interface Fitting {
  readonly rooms: readonly bigint[];
  readonly wanted: bigint | undefined;
  readonly amount: bigint;
  readonly portions: readonly Portion[];
}

/** No sequence goes on for longer. */
const MOST_TAKES = 5000;
const MOST_NAMES = 1000;

/** Takes one after the other, in the order of time, as much as the counters have room for, with the very roundings of the evaluator. */
export class Plan {
  readonly takes: Take[] = [];
  /** In the goal's parts. */
  worth = 0n;
  readonly #goal: Goal;
  readonly #examples: Examples;
  /** Examples of names, where there are as many as one likes. */
  readonly #made = new Map<ValueSet, string[]>();
  readonly #used = new Set<string | undefined>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #bucketsOf = new Map<Draw, Map<string, Bucket>>();
  readonly #fitted = new Map<Lot, Fitting>();

  constructor(goal: Goal, examples: Examples) {
    this.#goal = goal;
    this.#examples = examples;
  }

  /** As much as there is room for, but no more than is wanted; tells how much it was. */
  fill({ lot, spans }: Opening, moment: number, wanted?: bigint): bigint {
    if (!isOpen(spans, moment) || lot.several) return 0n;
    let filled = 0n;
    const isFull = () => filled === wanted || this.takes.length >= MOST_TAKES;
    // Names that were never drawn for are all alike: if one of them has no room, those that follow have none either.
    for (const to of this.#names(lot, "to")) {
      const before = filled;
      for (const account of this.#names(lot, "account")) {
        if (isFull()) return filled;
        const target = { ...(to !== undefined && { to }), ...(account !== undefined && { account }) };
        const taken = this.#take(lot, moment, target, wanted === undefined ? undefined : wanted - filled);
        filled += taken;
        if (taken === 0n && !this.#used.has(account)) break;
      }
      if (filled === before && !this.#used.has(to)) break;
    }
    return filled;
  }

  /** Names that some counter of the cell keeps apart, one after the other; nothing, once, where none does. */
  *#names({ asset, draws }: Lot, field: "to" | "account"): Generator<string | undefined> {
    const [draw] = draws.filter(({ limit }) => limit.by.includes(field));
    if (draw === undefined) {
      yield undefined;
      return;
    }
    const values = draw.buckets[field];
    if (!values.names.not) {
      yield* values.names.values;
      return;
    }
    const made = this.#made.get(values) ?? [];
    this.#made.set(values, made);
    for (let index = 0; index < MOST_NAMES; index++) {
      const name = made[index] ?? this.#another(chainOf(asset), field, values, made);
      if (name === undefined) return;
      made[index] = name;
      yield name;
    }
  }

  #another(chain: string, field: "to" | "account", { names }: ValueSet, made: readonly string[]): string | undefined {
    const taken = (address: string) => names.values.has(`${chain}:${address}`) || made.includes(`${chain}:${address}`);
    const address = (field === "account" && this.#examples.account?.(chain, taken)) || this.#examples.address(chain, taken);
    return taken(address) ? undefined : `${chain}:${address}`;
  }

  #take(lot: Lot, moment: number, target: Target, wanted: bigint | undefined): bigint {
    const buckets = lot.draws.map((draw) => this.#bucket(draw, target));
    const rooms = buckets.map((bucket) => bucket.room(moment));
    if (rooms.some((room) => room <= 0n)) return 0n;
    const { amount, portions } = this.#fitting(lot, rooms, wanted);
    const takes = portions.flatMap((portion): Take[] => {
      const face = lot.faces.find(({ amounts, spans }) => hasInteger(amounts, portion.amount) && isOpen(spans, moment));
      return face === undefined ? [] : [{ lot, face, moment, target, ...portion }];
    });
    if (takes.length < portions.length) return 0n;
    for (const take of takes) this.#record(take, buckets);
    return amount;
  }

  /** Window after window there is the same room, and so the same is taken. */
  #fitting(lot: Lot, rooms: readonly bigint[], wanted: bigint | undefined): Fitting {
    const last = this.#fitted.get(lot);
    if (last !== undefined && last.wanted === wanted && rooms.every((room, index) => room === last.rooms[index])) return last;
    const fitted = { rooms, wanted, ...portionsIn(lot, rooms, wanted) };
    this.#fitted.set(lot, fitted);
    return fitted;
  }

  #record(take: Take, buckets: readonly Bucket[]): void {
    this.takes.push(take);
    this.#used.add(take.target.to).add(take.target.account);
    this.worth += take.amount * take.times * this.#goal.worth(take.lot.asset);
    take.lot.draws.forEach((draw, index) => {
      buckets[index]?.draw(take.moment, weigh(draw, take.amount) * take.times);
    });
  }

  /** Equal counters of several cells are one. */
  #bucket(draw: Draw, { to, account }: Target): Bucket {
    const known = this.#bucketsOf.get(draw) ?? new Map<string, Bucket>();
    this.#bucketsOf.set(draw, known);
    const which = `${to} ${account}`;
    const found = known.get(which);
    if (found !== undefined) return found;
    const names = { requester: draw.buckets.requester, to, account };
    const key = JSON.stringify([draw.limit.id, ...draw.limit.by.map((field) => names[field])]);
    const bucket = this.#buckets.get(key) ?? new Bucket(draw.limit);
    this.#buckets.set(key, bucket);
    known.set(which, bucket);
    return bucket;
  }
}

const NOTHING_FITS = { amount: 0n, portions: [] } as const;

/** The most that fits, with the very roundings of the evaluator. */
function portionsIn(lot: Lot, rooms: readonly bigint[], wanted: bigint | undefined): Pick<Fitting, "amount" | "portions"> {
  const count = least(lot.draws.map(({ weight }, index) => (weight === undefined ? rooms[index] : undefined)));
  const amounts = lot.draws.map((draw, index) => mostFor(draw, rooms[index] ?? 0n));
  let room = least([...amounts, wanted, count === undefined ? undefined : count * lot.most]);
  if (room === undefined) return NOTHING_FITS;
  // What is rounded up may be more than there is room for: then a little less is.
  for (let tries = 0; tries < 4; tries++) {
    const { amount, times } = fitting(room, count, lot);
    if (times <= 0n || amount <= 0n) return NOTHING_FITS;
    const portions = split(amount, times, lot);
    const over = lot.draws.map((draw, index) => {
      const left = rooms[index] ?? 0n;
      const drawn = portions.reduce((sum, portion) => sum + weigh(draw, portion.amount) * portion.times, 0n);
      return drawn <= left ? 0n : (mostFor(draw, drawn - left) ?? 0n) + 1n;
    });
    const much = over.reduce((a, b) => (a > b ? a : b), 0n);
    if (much === 0n) return { amount, portions };
    room = amount - much;
    if (room <= 0n) return NOTHING_FITS;
  }
  return NOTHING_FITS;
}

/** One counter of a limit. Moments never go back, so that what has left its window is looked at once. */
class Bucket {
  readonly #limit: LimitRule;
  readonly #drawn: { readonly at: number; readonly amount: bigint }[] = [];
  #aged = 0;
  #sum = 0n;

  constructor(limit: LimitRule) {
    this.#limit = limit;
  }

  room(moment: number): bigint {
    const { windowMs, max } = this.#limit;
    if (windowMs !== "ever") {
      for (let next = this.#drawn[this.#aged]; next !== undefined && next.at <= moment - windowMs; next = this.#drawn[++this.#aged])
        this.#sum -= next.amount;
    }
    return max - this.#sum;
  }

  draw(at: number, amount: bigint): void {
    this.#drawn.push({ at, amount });
    this.#sum += amount;
  }
}

function least(of: readonly (bigint | undefined)[]): bigint | undefined {
  return of.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);
}
