import { DAY_MS, type Time } from "../../base/time.ts";
import type { Charge } from "../../intent/verdict.ts";
import type { LimitRule } from "../core.ts";
import type { Counters, Standing } from "../counters.ts";
import { saturate } from "../totals.ts";

/** What a request draws, and with what it shares: requests of one lane can only settle once. */
export interface Drawing {
  /** The same for the same request asked again: it never counts against itself. */
  readonly id: string;
  readonly lane?: string | undefined;
}

/**
 * The counters of a policy's limits while a history is gone through from its beginning to its end: what was taken from them, each
 * for its window. What is reserved counts at any age, what is spent from its moment on; requests of one lane count once, at the
 * larger amount and the later moment, but for what outlives a replacement.
 *
 * What has left its window is forgotten as time goes on, and lifetime totals become one number once nothing can be replaced any
 * more, so memory grows with the longest window and not with the history. Time that runs back is taken for the latest that was seen.
 */
export class Tally {
  readonly #limits: ReadonlyMap<string, LimitRule>;
  readonly #accounts = new Map<string, Account>();
  readonly #drawn = new Map<string, readonly Account[]>();
  readonly #lanes = new Map<string, string>();
  #now: Time = 0;
  #puts = 0;

  constructor(limits: readonly LimitRule[]) {
    this.#limits = new Map(limits.map((limit) => [limit.id, limit]));
  }

  /** As they stand at this moment for whoever asks. */
  counters(asked: Drawing, now: Time): Counters {
    const at = this.#at(now);
    const lane = this.#laneOf(asked);
    return {
      after: (charge) => (this.#accounts.get(keyOf(charge)) ?? this.#account(charge.limit)).standing({ ...charge, id: asked.id }, lane, at),
    };
  }

  /** Takes from the counters; the same request asked again takes anew. */
  reserve(asked: Drawing, now: Time, charges: readonly Charge[]): void {
    this.release(asked, now);
    this.#put(asked, charges, undefined);
  }

  /** What was taken counts from this moment on. A request that was not reserved takes at once what `charges` say. */
  spend(asked: Drawing, now: Time, charges?: readonly Charge[]): void {
    const at = this.#at(now);
    if (charges !== undefined) this.#put(asked, charges, at);
    const lane = this.#laneOf(asked);
    for (const account of this.#drawn.get(asked.id) ?? []) account.spend(asked.id, lane, at);
    this.#forget(asked.id);
  }

  /** Gives back what was reserved. */
  release(asked: Drawing, now: Time): void {
    const at = this.#at(now);
    const lane = this.#laneOf(asked);
    for (const account of this.#drawn.get(asked.id) ?? []) account.drop(asked.id, lane, at);
    this.#forget(asked.id);
  }

  #put(asked: Drawing, charges: readonly Charge[], at: Time | undefined): void {
    const lane = laneOf(asked);
    const accounts = charges.map((charge) => {
      const key = keyOf(charge);
      const account = this.#accounts.get(key) ?? this.#account(charge.limit);
      this.#accounts.set(key, account);
      account.put({ id: asked.id, replaceable: charge.replaceable, lasting: charge.lasting, at }, lane, this.#now);
      return account;
    });
    if (++this.#puts % SWEEP === 0) for (const [key, account] of this.#accounts) if (account.isEmpty(this.#now)) this.#accounts.delete(key);
    if (at !== undefined || accounts.length === 0) return;
    this.#drawn.set(asked.id, accounts);
    this.#lanes.set(asked.id, lane);
  }

  #forget(id: string): void {
    this.#drawn.delete(id);
    this.#lanes.delete(id);
  }

  #laneOf(asked: Drawing): string {
    return this.#lanes.get(asked.id) ?? laneOf(asked);
  }

  #account(limit: string): Account {
    return new Account(this.#limits.get(limit)?.windowMs ?? "ever");
  }

  #at(now: Time): Time {
    this.#now = Math.max(this.#now, now);
    return this.#now;
  }
}

interface Part {
  readonly id: string;
  readonly replaceable: bigint;
  readonly lasting: bigint;
  /** Undefined while it is reserved: later than any time. */
  readonly at: Time | undefined;
}

interface Lane {
  readonly parts: readonly Part[];
  /** What of it is in the sum. */
  readonly counted: bigint;
}

/** Counters of buckets that nobody draws on any more are looked for now and then. */
const SWEEP = 4096;
/** After so long no replacement of what was signed is waited for: the longest window that a limit can have. */
const LONGEST_MS = 35 * DAY_MS;
const NO_LANE: Lane = { parts: [], counted: 0n };

/** One limit's counter for one bucket. */
class Account {
  readonly #windowMs: number | "ever";
  readonly #lanes = new Map<string, Lane>();
  /** Lanes by when something of theirs was spent. Before `#aged` it has left the window, before `#gone` it is forgotten. */
  #spent: { readonly at: Time; readonly lane: string }[] = [];
  #aged = 0;
  #gone = 0;
  #sum = 0n;

  constructor(windowMs: number | "ever") {
    this.#windowMs = windowMs;
  }

  standing(charge: Charge & { readonly id: string }, lane: string, now: Time): Standing {
    this.#age(now);
    const { parts, counted } = this.#lanes.get(lane) ?? NO_LANE;
    const { id, replaceable, lasting } = charge;
    const others = parts.filter((part) => part.id !== id);
    const rest = this.#sum - counted;
    const after = rest + sumOf([...others, { id, replaceable, lasting, at: undefined }], this.#from(now));
    return { used: saturate(rest + sumOf(others, this.#from(now))), after: saturate(after) };
  }

  put(part: Part, lane: string, now: Time): void {
    this.#age(now);
    const { parts } = this.#lanes.get(lane) ?? NO_LANE;
    this.#set(lane, [...parts.filter(({ id }) => id !== part.id), part], now);
    if (part.at !== undefined) this.#spent.push({ at: part.at, lane });
  }

  spend(id: string, lane: string, at: Time): void {
    const part = this.#lanes.get(lane)?.parts.find((one) => one.id === id);
    if (part !== undefined) this.put({ ...part, at }, lane, at);
  }

  drop(id: string, lane: string, now: Time): void {
    this.#age(now);
    const { parts } = this.#lanes.get(lane) ?? NO_LANE;
    this.#set(
      lane,
      parts.filter((part) => part.id !== id),
      now,
    );
  }

  /** Whether nothing counts any more, so that a new one would say the same. */
  isEmpty(now: Time): boolean {
    this.#age(now);
    return this.#lanes.size === 0 && this.#sum === 0n;
  }

  #age(now: Time): void {
    if (this.#windowMs !== "ever") {
      for (let next = this.#spent[this.#aged]; next !== undefined && next.at <= this.#from(now); next = this.#spent[++this.#aged])
        this.#set(next.lane, this.#lanes.get(next.lane)?.parts ?? [], now);
    }
    const isGone = ({ at }: Pick<Part, "at">) => at !== undefined && at <= now - LONGEST_MS;
    for (let next = this.#spent[this.#gone]; next !== undefined && isGone(next); next = this.#spent[++this.#gone]) {
      // What still counts then, of a lifetime, stays in the sum.
      if (this.#lanes.get(next.lane)?.parts.every(isGone)) this.#lanes.delete(next.lane);
    }
    if (this.#gone > 1000 && this.#gone * 2 > this.#spent.length) {
      this.#spent = this.#spent.slice(this.#gone);
      this.#aged -= this.#gone;
      this.#gone = 0;
    }
  }

  #set(lane: string, parts: readonly Part[], now: Time): void {
    const counted = sumOf(parts, this.#from(now));
    this.#sum += counted - (this.#lanes.get(lane) ?? NO_LANE).counted;
    if (parts.length === 0) this.#lanes.delete(lane);
    else this.#lanes.set(lane, { parts, counted });
  }

  #from(now: Time): number {
    return this.#windowMs === "ever" ? Number.NEGATIVE_INFINITY : now - this.#windowMs;
  }
}

/** What counts of a lane's parts: what can be replaced once, at the largest and until the last is old; what lasts each by itself. */
function sumOf(parts: readonly Part[], from: number): bigint {
  let sum = 0n;
  let largest = 0n;
  let counts = false;
  for (const { replaceable, lasting, at } of parts) {
    const isIn = at === undefined || at > from;
    if (isIn) sum += lasting;
    counts ||= isIn;
    if (replaceable > largest) largest = replaceable;
  }
  return counts ? sum + largest : sum;
}

function laneOf({ id, lane }: Drawing): string {
  return lane === undefined ? `alone ${id}` : `lane ${lane}`;
}

function keyOf({ limit, bucket }: Charge): string {
  return `${limit}/${bucket}`;
}
