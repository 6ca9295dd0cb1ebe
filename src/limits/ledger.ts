import { unreachable } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import { UNLIMITED } from "../intent/effect.ts";
import type { IntentId } from "../intent/intent.ts";
import type { Charge } from "../intent/verdict.ts";
import { Counter, type Part } from "./counter.ts";
import type { Hold } from "./hold.ts";
import type { Work } from "./sums.ts";

/** What the limits in force make of holds. Pure: asked again, each gives the same answer. */
export interface Limits<H extends Hold> {
  /** What a recorded hold draws from each counter. */
  weigh(hold: H): readonly Charge[];
  /** Milliseconds of a limit's sliding window, or its lifetime. */
  window(limit: string): number | "ever";
  /** Lifetime totals of holds that were pruned ({@link Ledger.prunable}). */
  carried?(limit: string, bucket: string): bigint;
  /** Only to say when a charge would fit, and how much a full one holds. */
  max?(limit: string): bigint | undefined;
  /** Until when a limit counts as full, whatever the holds say: others may have spent what nobody here knows of. */
  fullUntil?(limit: string): Time | undefined;
}

export interface Standing {
  readonly used: bigint;
  /** Where the counter would stand with the charge; at least the charge itself. */
  readonly after: bigint;
  /** The first moment at which it would fit if nothing else happened; absent if it fits, or if only others can make room. */
  readonly freesAt?: Time;
}

/** Holds that draw together: those of one lane, or one alone. */
export interface Pruned<H extends Hold> {
  readonly holds: readonly H[];
  /** What they draw once they are gone, for {@link Limits.carried}: per counter the sum of both parts. */
  readonly charges: readonly Charge[];
}

interface Held<H> {
  readonly hold: H;
  readonly lane: string;
  readonly parts: ReadonlyMap<Counter, Part>;
}

/**
 * The counters of all limits as sums over recorded holds: derived, in memory, made anew from the holds when limits change.
 *
 * - A reserved hold counts at any age, a spent one for the window (t − W, t] by its `at`, a lapsed one not at all.
 * - Holds of one lane can only settle once, so they count once: at the larger replaceable amount and the later time. What
 *   outlives a replacement (`lasting`) always adds up, each at its own time.
 * - An intent never counts against itself.
 *
 * Sums saturate at UNLIMITED, only in what is answered: inside they are exact, so whatever is applied can be taken back.
 */
export class Ledger<H extends Hold = Hold> {
  /** Work done in sorted sums so far. */
  readonly work: Work = { steps: 0 };
  readonly #limits: Limits<H>;
  readonly #counters = new Map<string, Counter>();
  readonly #held = new Map<IntentId, Held<H>>();
  readonly #lanes = new Map<string, Set<Held<H>>>();

  constructor(limits: Limits<H>) {
    this.#limits = limits;
  }

  /** Follows one change of one hold; with the two swapped it is taken back. Constant work for changes at the latest time. */
  apply(before: H | undefined, after: H | undefined): void {
    if (before !== undefined) this.#forget(before);
    if (after !== undefined) this.#remember(after);
  }

  /** What a charge would make of its counter at `now`, by the store's clock as it was read. O(log holds). */
  after(charge: Charge, asker: { readonly lane?: string; readonly intent?: IntentId; readonly now: Time }): Standing {
    const { limit, bucket } = charge;
    const window = this.#limits.window(limit);
    const carried = window === "ever" ? (this.#limits.carried?.(limit, bucket) ?? 0n) : 0n;
    const counter = this.#counters.get(counterKey(charge)) ?? new Counter(this.work);
    const held = asker.intent && this.#held.get(asker.intent);
    const asked = { intent: asker.intent, replaceable: charge.replaceable, lasting: charge.lasting, at: undefined };
    const lane = held?.lane ?? laneKey(asker);

    const max = this.#limits.max?.(limit);
    const fullUntil = this.#limits.fullUntil?.(limit) ?? Number.NEGATIVE_INFINITY;

    const at = (time: Time) => {
      const { used, after } = counter.standing(asked, lane, window === "ever" ? Number.NEGATIVE_INFINITY : time - window);
      const elsewhere = time < fullUntil ? room(max, carried + used) : 0n;
      return { used: saturate(carried + used + elsewhere), after: saturate(carried + after + elsewhere) };
    };
    const now = at(asker.now);
    if (max === undefined || now.after <= max || window === "ever") return now;
    const fits = (time: Time) => time >= fullUntil && at(time).after <= max;
    const emptied = asker.now < fullUntil && Number.isFinite(fullUntil) && fits(fullUntil);
    const freesAt = emptied ? fullUntil : firstMoment(counter.times, window, fits);
    return freesAt === undefined ? now : { ...now, freesAt };
  }

  /**
   * What has left every window and may be forgotten, once its lifetime totals are carried: spent or lapsed holds that are as
   * old as the longest window, of a lane only when all of them are.
   */
  prunable(now: Time, longestWindowMs: number): readonly Pruned<H>[] {
    const old = ({ hold }: Held<H>) => hold.state !== "reserved" && hold.at <= now - longestWindowMs;
    return [...this.#lanes].flatMap(([lane, members]) => {
      const together = [...members];
      if (!together.every(old)) return [];
      const counters = new Set(together.flatMap(({ parts }) => [...parts.keys()]));
      return [{ holds: together.map(({ hold }) => hold), charges: [...counters].map((counter) => counter.drawnBy(lane)) }];
    });
  }

  #remember(hold: H): void {
    if (this.#held.has(hold.intent)) unreachable("a second hold of one intent");
    const lane = laneKey(hold) ?? unreachable("a hold without an intent");
    const parts = new Map<Counter, Part>();
    if (hold.state !== "lapsed") {
      for (const [counter, part] of this.#partsOf(hold)) {
        parts.set(counter, part);
        counter.add(lane, part);
      }
    }
    const held: Held<H> = { hold, lane, parts };
    this.#held.set(hold.intent, held);
    const members = this.#lanes.get(lane) ?? new Set();
    this.#lanes.set(lane, members.add(held));
  }

  #forget(hold: H): void {
    const held = this.#held.get(hold.intent);
    if (held === undefined || held.hold.state !== hold.state || held.hold.at !== hold.at) unreachable("a hold that is not here");
    for (const [counter, part] of held.parts) {
      counter.remove(held.lane, part);
      if (counter.empty) this.#counters.delete(counterKey(counter));
    }
    this.#held.delete(hold.intent);
    const members = this.#lanes.get(held.lane);
    members?.delete(held);
    if (members?.size === 0) this.#lanes.delete(held.lane);
  }

  /** One part per counter, even if several charges name it. */
  #partsOf(hold: H): ReadonlyMap<Counter, Part> {
    const parts = new Map<Counter, Part>();
    for (const charge of this.#limits.weigh(hold)) {
      if (charge.replaceable < 0n || charge.lasting < 0n) return unreachable("a hold that gives back");
      const counter = this.#counter(charge);
      const { replaceable = 0n, lasting = 0n } = parts.get(counter) ?? {};
      parts.set(counter, {
        intent: hold.intent,
        replaceable: replaceable + charge.replaceable,
        lasting: lasting + charge.lasting,
        at: hold.state === "spent" ? hold.at : undefined,
      });
    }
    return parts;
  }

  #counter(charge: Charge): Counter {
    const key = counterKey(charge);
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      counter = new Counter(this.work, charge);
      this.#counters.set(key, counter);
    }
    return counter;
  }
}

function counterKey({ limit, bucket }: { readonly limit: string; readonly bucket: string }): string {
  return JSON.stringify([limit, bucket]);
}

/** A hold without a lane has one to itself. */
function laneKey({ lane, intent }: { readonly lane?: string; readonly intent?: IntentId }): string | undefined {
  if (lane !== undefined) return `lane ${lane}`;
  return intent === undefined ? undefined : `only ${intent}`;
}

function room(max = 0n, used: bigint): bigint {
  return used < max ? max - used : 0n;
}

function saturate(amount: bigint): bigint {
  return amount < UNLIMITED ? amount : UNLIMITED;
}

/** Sums only fall when something leaves the window, so the first of these moments that fits is found by halving. */
function firstMoment(times: readonly Time[], windowMs: number, fits: (time: Time) => boolean): Time | undefined {
  const leaves = (index: number) => (times[index] ?? 0) + windowMs;
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(leaves(middle))) high = middle;
    else low = middle + 1;
  }
  return low < times.length ? leaves(low) : undefined;
}
