import type { LimitRule } from "../core.ts";
import { chainOf } from "./boxes.ts";
import type { Face } from "./cells.ts";
import type { Opening } from "./covering.ts";
import { type Draw, mostFor, weigh } from "./draws.ts";
import type { Goal } from "./goal.ts";
import type { Lot } from "./merge.ts";
import { isOpen } from "./moments.ts";
import { hasInteger, type ValueSet } from "./sets.ts";
import { fitting, split } from "./split.ts";
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
    const rooms: { readonly draw: Draw; readonly room: bigint }[] = [];
    for (const draw of lot.draws) {
      const own = this.#bucket(draw, target).room(moment);
      if (own <= 0n) return 0n;
      rooms.push({ draw, room: own });
    }
    const count = least(rooms.map(({ draw, room }) => (draw.weight === undefined ? room : undefined)));
    const amounts = rooms.map(({ draw, room }) => mostFor(draw, room));
    let room = least([...amounts, wanted, count === undefined ? undefined : count * lot.most]);
    if (room === undefined) return 0n;
    // What is rounded up may be more than there is room for: then a little less is.
    for (let tries = 0; tries < 4; tries++) {
      const { amount, times } = fitting(room, count, lot);
      if (times <= 0n || amount <= 0n) return 0n;
      const portions = split(amount, times, lot);
      const over = rooms.map(({ draw, room: left }) => {
        const drawn = portions.reduce((sum, portion) => sum + weigh(draw, portion.amount) * portion.times, 0n);
        return drawn <= left ? 0n : (mostFor(draw, drawn - left) ?? 0n) + 1n;
      });
      const much = over.reduce((a, b) => (a > b ? a : b), 0n);
      if (much === 0n) {
        const faces = portions.map((portion) =>
          lot.faces.find((face) => hasInteger(face.amounts, portion.amount) && isOpen(face.spans, moment)),
        );
        if (!faces.every((face) => face !== undefined)) return 0n;
        portions.forEach((portion, index) => {
          this.#record({ lot, face: faces[index] as Face, moment, target, ...portion });
        });
        return amount;
      }
      room = amount - much;
      if (room <= 0n) return 0n;
    }
    return 0n;
  }

  #record(take: Take): void {
    this.takes.push(take);
    this.#used.add(take.target.to).add(take.target.account);
    this.worth += take.amount * take.times * this.#goal.worth(take.lot.asset);
    for (const draw of take.lot.draws) this.#bucket(draw, take.target).draw(take.moment, weigh(draw, take.amount) * take.times);
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
