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
 * - A store that cannot write throws (`store/failed`, `store/full`, `store/blocked`, `store/foreign`); it never says yes and does
 *   nothing. After `close`, `store/closed`.
 */
export interface Store {
  get(key: string): Promise<Uint8Array | undefined>;
  commit(changes: readonly Change[], options?: { readonly notAfter?: Time }): Promise<Time>;
  keys(): AsyncIterable<string>;
  now(): Promise<Time>;
  close(): Promise<void>;
  /**
   * Joins those who share this store, where the platform lets them hear of each other (tabs of a browser); left out where it does not.
   * Ends with `close`. Throws nothing, also after `close`.
   *
   * @param hear - what another one told, never what was told by this member itself; or that this page is being put away.
   */
  readonly join?: ((hear: (event: PeerEvent | "suspended") => void) => Peer) | undefined;
  /** What the platform says of how it keeps this store; left out where nothing is to be said. Throws nothing. */
  readonly keeping?: (() => Promise<Keeping>) | undefined;
}

/**
 * What those who share a store tell each other. Whoever shares the platform can tell it as well (any page of the origin), so nobody
 * takes it for more than a reason to lock, or to look into the store.
 */
export type PeerEvent = "locked" | "created";

/** One of those who share a store. */
export interface Peer {
  /** Tells all others. Does not wait, and throws nothing. */
  tell(event: PeerEvent): void;
}

/** How a platform keeps a store; `undefined` where it does not say. */
export interface Keeping {
  /** It has promised not to remove the store by itself; if not, it may when it runs out of room, or after weeks without a visit. */
  readonly persisted: boolean | undefined;
  /** Bytes that may still be written, by the platform's own estimate. */
  readonly freeBytes: number | undefined;
}
