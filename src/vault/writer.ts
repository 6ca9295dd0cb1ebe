import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { Store } from "../stores/store.ts";
import { type Keyring, locked } from "./keyring.ts";
import { busy, type Replica } from "./replica.ts";
import type { Random } from "./seal.ts";
import { type Held, type Staged, unchanged, Work } from "./tx.ts";

/** Something to run inside a commit, and where its outcome goes. */
export interface Job {
  run(tx: Work): unknown;
  readonly notAfter: Time | undefined;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** How often a group is run again because another process was first. */
const ATTEMPTS = 40;
const LONGEST_WAIT_MS = 50;

interface Outcome {
  readonly job: Job;
  readonly ended: { readonly result: unknown; readonly notAfter: Time | undefined } | { readonly error: unknown };
}

/** Runs jobs against the replica and writes what they leave as one commit. */
export class Writer {
  readonly #replica: Replica;
  readonly #store: Store;
  readonly #random: Random;

  constructor(held: { readonly replica: Replica; readonly store: Store; readonly random: Random }) {
    this.#replica = held.replica;
    this.#store = held.store;
    this.#random = held.random;
  }

  /**
   * Settles every job, after the commit and never before: a job that throws may have thrown because of what another job of
   * the group left, so its error counts only if the group's state became true.
   */
  async commit(jobs: readonly Job[]): Promise<void> {
    const failure = await this.#again(() => this.#attempt(jobs));
    if (failure === undefined) return;
    if (!isCode(failure, "store/expired") || jobs.length === 1) throw failure;
    // One of them came too late. Alone, only that one fails.
    for (const job of jobs) await this.#alone(job);
  }

  /**
   * Seals anew what of these store keys lies under earlier keys, in one commit.
   *
   * @returns how much it was.
   */
  async reseal(keys: readonly string[]): Promise<number> {
    let count = 0;
    const failure = await this.#again(async () => {
      try {
        const now = await this.#now();
        const staged = unchanged(this.#replica.root.state, this.#replica.roster);
        count = await this.#replica.stageEarlier(keys, staged, this.#random);
        if (count > 0) await this.#write(staged, now, {});
        return undefined;
      } catch (cause) {
        return cause;
      }
    });
    if (failure !== undefined) throw failure;
    return count;
  }

  /** Tries once more as long as another process is first. @returns what else it failed with */
  async #again(attempt: () => Promise<unknown>): Promise<unknown> {
    for (let tries = 0; tries < ATTEMPTS; tries++) {
      const failure = await attempt();
      if (!isCode(failure, "store/conflict")) return failure;
      await pause(Math.min(2 ** tries, LONGEST_WAIT_MS), this.#random);
      await this.#replica.sync();
    }
    throw busy();
  }

  /** The time of a commit. Never before that of an earlier one, whatever the store's clock does. */
  async #now(): Promise<Time> {
    return Math.max(this.#replica.root.time, await this.#store.now());
  }

  async #write(staged: Staged, now: Time, options: { readonly notAfter?: Time }): Promise<void> {
    const { keyring } = this.#replica.roster;
    const prepared = this.#replica.prepare(staged, now, this.#random);
    await this.#store.commit(prepared.changes, options);
    // Locked meanwhile: the commit stands, but nothing readable comes back into memory.
    if (!keyring.wiped) this.#replica.accept(prepared);
  }

  async #alone(job: Job): Promise<void> {
    try {
      await this.#replica.sync();
      await this.commit([job]);
    } catch (error) {
      job.reject(error);
    }
  }

  /** @returns what the store or the sealing failed with, everything undone; `undefined` when all jobs are settled. */
  async #attempt(jobs: readonly Job[]): Promise<unknown> {
    const { mirror, roster } = this.#replica;
    const made: Keyring[] = [];
    try {
      const now = await this.#now();
      if (roster.keyring.wiped) throw locked();
      const staged = unchanged(this.#replica.root.state, roster);
      const held: Held = { mirror, random: this.#random, made: (keyring) => made.push(keyring) };
      const outcomes = jobs.map((job) => this.#run(job, now, staged, held));
      if (this.#replica.changed(staged)) {
        await this.#write(staged, now, latest(outcomes));
      } else {
        mirror.settle();
      }
      for (const { job, ended } of outcomes) {
        if ("error" in ended) job.reject(ended.error);
        else job.resolve(ended.result);
      }
      return undefined;
    } catch (failure) {
      mirror.undoTo(0);
      return failure ?? new Error("unreachable: a store threw nothing");
    } finally {
      for (const keyring of made) if (keyring !== this.#replica.roster.keyring) keyring.wipe();
    }
  }

  /** Runs one job on what the jobs before it left. If it throws, it alone is undone. */
  #run(job: Job, now: Time, staged: Staged, held: Held): Outcome {
    const { mirror, root } = this.#replica;
    const mark = mirror.mark;
    const work = new Work({ time: root.time, epoch: root.epoch, now }, held, staged);
    try {
      const result = job.run(work);
      if (result instanceof Promise) throw new Error("unreachable: a job must not wait, its result is a promise");
      const notAfter = earliest([job.notAfter, work.notAfter]);
      // By the vault's time, which may be ahead of the store's clock: it never runs back.
      if (notAfter !== undefined && now > notAfter) throw new CustodyError("store/expired", "the time for this commit is over");
      merge(staged, work.staged);
      return { job, ended: { result, notAfter } };
    } catch (error) {
      mirror.undoTo(mark);
      return { job, ended: { error } };
    } finally {
      work.end();
    }
  }
}

function merge(into: Staged, from: Staged): void {
  for (const [key, sealed] of from.secrets) into.secrets.set(key, sealed);
  for (const [key, sealed] of from.blobs) into.blobs.set(key, sealed);
  into.state = from.state;
  into.roster = from.roster;
}

/** The earliest end among the jobs that leave something. */
function latest(outcomes: readonly Outcome[]): { readonly notAfter?: Time } {
  const notAfter = earliest(outcomes.map(({ ended }) => ("result" in ended ? ended.notAfter : undefined)));
  return notAfter === undefined ? {} : { notAfter };
}

function earliest(times: readonly (Time | undefined)[]): Time | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function isCode(error: unknown, code: CustodyError["code"]): boolean {
  return error instanceof CustodyError && error.code === code;
}

/** Waits a random part of `longestMs`, so that two processes do not meet again. */
function pause(longestMs: number, random: Random): Promise<void> {
  const [part = 0] = random(1);
  return new Promise((resolve) => setTimeout(resolve, (part / 255) * longestMs));
}
