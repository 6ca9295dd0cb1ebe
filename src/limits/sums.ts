import { unreachable } from "../base/errors.ts";
import type { Time } from "../base/time.ts";

/** Counts comparisons and moves, so that tests can bound the work instead of timing it. */
export interface Work {
  steps: number;
}

/**
 * Amounts at times, and their sum after any moment by binary search: distinct times in ascending order beside running
 * totals. Appending and dropping at either end is constant work, as time goes on and history is pruned; elsewhere it moves
 * what is later.
 */
export class TimedSums {
  readonly #work: Work;
  readonly #times: Time[] = [];
  /** Total of everything up to and including the time at the same index, less what lies before `#base`. */
  readonly #totals: bigint[] = [];
  /** How many amounts were added at the time of the same index. */
  readonly #counts: number[] = [];
  /** What the totals would say before the first time. */
  #base = 0n;

  constructor(work: Work) {
    this.#work = work;
  }

  /** Distinct times that hold something. */
  get times(): readonly Time[] {
    return this.#times;
  }

  add(time: Time, amount: bigint): void {
    const index = this.#first(time);
    if (this.#times[index] !== time) this.#insert(index, time);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#raise(index, amount);
  }

  /** Takes back what was added with the same arguments. */
  remove(time: Time, amount: bigint): void {
    const index = this.#first(time);
    const count = this.#counts[index];
    if (this.#times[index] !== time || count === undefined) unreachable("an amount that was never added");
    this.#counts[index] = count - 1;
    this.#raise(index, -amount);
    if (count === 1) this.#drop(index);
  }

  /** Sum of all amounts later than `time`. */
  after(time: Time): bigint {
    return (this.#totals.at(-1) ?? this.#base) - this.#before(this.#first(time + 1));
  }

  #before(index: number): bigint {
    return this.#totals[index - 1] ?? this.#base;
  }

  #insert(index: number, time: Time): void {
    const total = this.#before(index);
    this.#moved(Math.min(index, this.#times.length - index));
    this.#times.splice(index, 0, time);
    this.#totals.splice(index, 0, total);
    this.#counts.splice(index, 0, 0);
  }

  /** Nothing is left at this time, so its total is the one before it. */
  #drop(index: number): void {
    this.#moved(Math.min(index, this.#times.length - 1 - index));
    this.#times.splice(index, 1);
    this.#totals.splice(index, 1);
    this.#counts.splice(index, 1);
  }

  /** Adds to every total from `index` on; at the front it is less work to lower what comes before. */
  #raise(index: number, amount: bigint): void {
    if (index === 0 && this.#totals.length > 1) {
      this.#moved(1);
      this.#base -= amount;
      return;
    }
    this.#moved(this.#totals.length - index);
    for (let i = index; i < this.#totals.length; i++) this.#totals[i] = (this.#totals[i] ?? 0n) + amount;
  }

  /** Index of the first time that is not before `time`. */
  #first(time: Time): number {
    this.#work.steps++;
    if ((this.#times.at(-1) ?? Number.NEGATIVE_INFINITY) < time) return this.#times.length;
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      this.#work.steps++;
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #moved(steps: number): void {
    this.#work.steps += steps;
  }
}
