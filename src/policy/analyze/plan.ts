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
const MOST_TARGETS = 5000;

/** Takes one after the other, in the order of time, as much as the counters have room for, with the very roundings of the evaluator. */
export class Plan {
  readonly takes: Take[] = [];
  /** In the goal's parts. */
  worth = 0n;
  readonly #goal: Goal;
  readonly #examples: Examples;
  readonly #drawn = new Map<string, { readonly at: number; readonly amount: bigint }[]>();

  constructor(goal: Goal, examples: Examples) {
    this.#goal = goal;
    this.#examples = examples;
  }

  /** As much as there is room for, but no more than is wanted; tells how much it was. */
  fill({ lot, spans }: Opening, moment: number, wanted?: bigint): bigint {
    if (!isOpen(spans, moment) || lot.several) return 0n;
    let left = wanted;
    let filled = 0n;
    for (const target of targets(lot, this.#examples)) {
      if (left === 0n || this.takes.length >= MOST_TAKES) break;
      const fresh = !lot.draws.some((draw) => this.#drawn.has(bucketOf(draw, target)));
      const taken = this.#take(lot, moment, target, left);
      filled += taken;
      if (left !== undefined) left -= taken;
      // Those that follow have no more room than one that was never used.
      if (taken === 0n && (fresh || this.#isFull(lot, moment))) break;
    }
    return filled;
  }

  /** Whether a counter that all names share has no room left. */
  #isFull({ draws }: Lot, moment: number): boolean {
    const shared = draws.filter(({ limit }) => limit.by.every((field) => field === "requester"));
    return shared.some((draw) => (mostFor(draw, this.#room(draw, {}, moment)) ?? this.#room(draw, {}, moment)) <= 0n);
  }

  #take(lot: Lot, moment: number, target: Target, wanted: bigint | undefined): bigint {
    const rooms = lot.draws.map((draw) => ({ draw, room: this.#room(draw, target, moment) }));
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
    this.worth += take.amount * take.times * this.#goal.worth(take.lot.asset);
    for (const draw of take.lot.draws) {
      const bucket = bucketOf(draw, take.target);
      const drawn = this.#drawn.get(bucket) ?? [];
      drawn.push({ at: take.moment, amount: weigh(draw, take.amount) * take.times });
      this.#drawn.set(bucket, drawn);
    }
  }

  #room(draw: Draw, target: Target, moment: number): bigint {
    const { windowMs, max } = draw.limit;
    const since = windowMs === "ever" ? Number.NEGATIVE_INFINITY : moment - windowMs;
    const drawn = this.#drawn.get(bucketOf(draw, target)) ?? [];
    let room = max;
    for (let index = drawn.length - 1; index >= 0; index--) {
      const { at, amount } = drawn[index] as { at: number; amount: bigint };
      if (at <= since) break;
      room -= amount;
    }
    return room;
  }
}

function bucketOf({ limit, buckets }: Draw, { to, account }: Target): string {
  const names = { requester: buckets.requester, to, account };
  return JSON.stringify([limit.id, ...limit.by.map((field) => names[field])]);
}

/** Every choice of names that some counter of the cell keeps apart; of names without end, as many as a sequence may need. */
function* targets({ asset, draws }: Lot, examples: Examples): Generator<Target> {
  const by = new Set(draws.flatMap(({ limit }) => limit.by));
  const [first] = draws;
  if (first === undefined) {
    yield {};
    return;
  }
  let many = 0;
  const chain = chainOf(asset);
  const of = (field: "to" | "account") => (by.has(field) ? namesOf(first.buckets[field], chain, examples) : [undefined]);
  for (const to of of("to")) {
    for (const account of of("account")) {
      if (many++ >= MOST_TARGETS) return;
      yield { ...(to !== undefined && { to }), ...(account !== undefined && { account }) };
    }
  }
}

function* namesOf({ names }: ValueSet, chain: string, examples: Examples): Generator<string> {
  if (!names.not) {
    yield* names.values;
    return;
  }
  const given = new Set<string>();
  for (;;) {
    const address = examples.address(chain, (taken) => names.values.has(`${chain}:${taken}`) || given.has(taken));
    given.add(address);
    yield `${chain}:${address}`;
  }
}

function least(of: readonly (bigint | undefined)[]): bigint | undefined {
  return of.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);
}
