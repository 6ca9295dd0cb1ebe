import { unreachable } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { IntentId } from "../intent/intent.ts";
import type { Charge } from "../intent/verdict.ts";
import { TimedSums, type Work } from "./sums.ts";

/** What one hold draws from one counter. `at` is undefined while it is reserved, which counts at any age. */
export interface Part {
  readonly intent: IntentId | undefined;
  readonly replaceable: bigint;
  readonly lasting: bigint;
  readonly at: Time | undefined;
}

interface Draw {
  readonly amount: bigint;
  readonly at: Time | undefined;
}

/** One limit's sum for one bucket. */
export class Counter {
  readonly limit: string;
  readonly bucket: string;
  /** What ages out. */
  readonly #spent: TimedSums;
  /** What counts at any age. */
  #reserved = 0n;
  readonly #lanes = new Map<string, readonly Part[]>();

  constructor(work: Work, { limit, bucket }: { readonly limit: string; readonly bucket: string } = { limit: "", bucket: "" }) {
    this.limit = limit;
    this.bucket = bucket;
    this.#spent = new TimedSums(work);
  }

  get empty(): boolean {
    return this.#lanes.size === 0;
  }

  /** Times at which something that was spent counts. */
  get times(): readonly Time[] {
    return this.#spent.times;
  }

  add(lane: string, part: Part): void {
    this.#replace(lane, [...this.#partsIn(lane), part]);
  }

  remove(lane: string, part: Part): void {
    const parts = this.#partsIn(lane);
    const rest = parts.filter((other) => other !== part);
    if (rest.length === parts.length) unreachable("a part that was never added");
    this.#replace(lane, rest);
  }

  /** Sums of what counts after `from`, without and with what is asked; neither counts what its intent has drawn before. */
  standing(asked: Part, lane: string | undefined, from: Time): { used: bigint; after: bigint } {
    const parts = this.#partsIn(lane);
    const others = asked.intent === undefined ? parts : parts.filter(({ intent }) => intent !== asked.intent);
    const rest = this.#reserved + this.#spent.after(from) - sumAfter(from, drawsOf(parts));
    return { used: rest + sumAfter(from, drawsOf(others)), after: rest + sumAfter(from, drawsOf([...others, asked])) };
  }

  /** Everything that one lane draws, whatever its age. */
  drawnBy(lane: string): Charge {
    const parts = this.#partsIn(lane);
    return {
      limit: this.limit,
      bucket: this.bucket,
      replaceable: largest(parts),
      lasting: parts.reduce((sum, part) => sum + part.lasting, 0n),
    };
  }

  #partsIn(lane: string | undefined): readonly Part[] {
    return (lane !== undefined && this.#lanes.get(lane)) || [];
  }

  #replace(lane: string, parts: readonly Part[]): void {
    for (const { at, amount } of drawsOf(this.#partsIn(lane))) {
      if (at === undefined) this.#reserved -= amount;
      else this.#spent.remove(at, amount);
    }
    if (parts.length === 0) this.#lanes.delete(lane);
    else this.#lanes.set(lane, parts);
    for (const { at, amount } of drawsOf(parts)) {
      if (at === undefined) this.#reserved += amount;
      else this.#spent.add(at, amount);
    }
  }
}

/** The replaceable parts of a lane once, at the largest amount and the latest time; what lasts each by itself. */
function drawsOf(parts: readonly Part[]): readonly Draw[] {
  const draws: Draw[] = parts.map(({ lasting, at }) => ({ amount: lasting, at }));
  draws.push({ amount: largest(parts), at: latest(parts) });
  return draws.filter(({ amount }) => amount > 0n);
}

function largest(parts: readonly Part[]): bigint {
  return parts.reduce((most, { replaceable }) => (replaceable > most ? replaceable : most), 0n);
}

/** Undefined if one is reserved: that is later than any time. */
function latest(parts: readonly Part[]): Time | undefined {
  return parts.reduce<Time | undefined>(
    (last, { at }) => (last === undefined || at === undefined ? undefined : Math.max(last, at)),
    Number.NEGATIVE_INFINITY,
  );
}

function sumAfter(from: Time, draws: readonly Draw[]): bigint {
  return draws.reduce((sum, { amount, at }) => (at === undefined || at > from ? sum + amount : sum), 0n);
}
