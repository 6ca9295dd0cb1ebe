import type { Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { Store } from "../stores/store.ts";
import { type Keyring, locked } from "./keyring.ts";
import { busy, type Replica } from "./replica.ts";
import type { Random } from "./seal.ts";
import { type Staged, type Tx, Work } from "./tx.ts";

/** Something to run inside a commit, and where its outcome goes. */
export interface Job {
  run(tx: Tx): unknown;
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
  readonly #keyring: Keyring;
  readonly #random: Random;

  constructor(held: { readonly replica: Replica; readonly store: Store; readonly keyring: Keyring; readonly random: Random }) {
    this.#replica = held.replica;
    this.#store = held.store;
    this.#keyring = held.keyring;
    this.#random = held.random;
  }

  /**
   * Settles every job, after the commit and never before: a job that throws may have thrown because of what another job of
   * the group left, so its error counts only if the group's state became true.
   */
  async commit(jobs: readonly Job[]): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const failure = await this.#attempt(jobs);
      if (failure === undefined) return;
      if (isCode(failure, "store/expired") && jobs.length > 1) {
        // One of them came too late. Alone, only that one fails.
        for (const job of jobs) await this.#alone(job);
        return;
      }
      if (!isCode(failure, "store/conflict")) throw failure;
      await pause(Math.min(2 ** attempt, LONGEST_WAIT_MS), this.#random);
      await this.#replica.sync();
    }
    throw busy();
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
    const { mirror } = this.#replica;
    try {
      const now = Math.max(this.#replica.root.time, await this.#store.now());
      if (this.#keyring.wiped) throw locked();
      const staged: Staged = { secrets: new Map(), blobs: new Map(), state: this.#replica.root.state };
      const outcomes = jobs.map((job) => this.#run(job, now, staged));
      if (this.#replica.changed(staged)) {
        const prepared = this.#replica.prepare(staged, now, this.#random);
        await this.#store.commit(prepared.changes, latest(outcomes));
        // Locked meanwhile: the commit stands, but nothing readable comes back into memory.
        if (!this.#keyring.wiped) this.#replica.accept(prepared);
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
    }
  }

  /** Runs one job on what the jobs before it left. If it throws, it alone is undone. */
  #run(job: Job, now: Time, staged: Staged): Outcome {
    const { mirror, root } = this.#replica;
    const mark = mirror.mark;
    const work = new Work(
      { time: root.time, epoch: root.epoch, now },
      { mirror, keyring: this.#keyring, random: this.#random },
      staged.state,
    );
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

function merge(into: Staged, from: { secrets: Staged["secrets"]; blobs: Staged["blobs"]; state: Json }): void {
  for (const [key, sealed] of from.secrets) into.secrets.set(key, sealed);
  for (const [key, sealed] of from.blobs) into.blobs.set(key, sealed);
  into.state = from.state;
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
