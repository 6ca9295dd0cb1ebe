import type { Time } from "../base/time.ts";

/**
 * One write of a commit. `from` is what must stand there now (`null`: nothing); a change without `from` is written
 * unconditionally and is guarded by the other changes of its commit. `to` is what stands there afterwards (`null`: nothing).
 */
export interface Change {
  readonly key: string;
  readonly from?: Uint8Array | null;
  readonly to: Uint8Array | null;
}

/**
 * Records by key. Bytes are copied on the way in and out. Keys are 1–200 characters of `a-z 0-9 / - .`
 *
 * Both sides promise:
 * - `commit` is all or nothing, seen by every process and tab that shares the store, and durable when it returns. Every
 *   `from` is compared before anything is written; one that differs refuses the whole commit with `store/conflict`. If
 *   the store's clock, read inside the transaction, is past `notAfter`, it is refused with `store/expired`. It returns the
 *   time of the commit by that clock.
 * - `get` never returns a half-written record. Several `get`s are not one snapshot: callers check what they read.
 * - `keys` yields each key once, in ascending order.
 * - `now` never runs backwards within one process: it is at least the time of every commit it has returned.
 * - A store that cannot write throws (`store/failed`); it never says yes and does nothing. After `close`, `store/closed`.
 */
export interface Store {
  get(key: string): Promise<Uint8Array | undefined>;
  commit(changes: readonly Change[], options?: { readonly notAfter?: Time }): Promise<Time>;
  keys(): AsyncIterable<string>;
  now(): Promise<Time>;
  close(): Promise<void>;
}
