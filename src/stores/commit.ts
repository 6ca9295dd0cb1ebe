import { equal, isBytes } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { copyList, readOptions } from "../base/plain.ts";
import { formatTime, MINUTE_MS, type Time } from "../base/time.ts";
import type { Change } from "./store.ts";

/** What every store does alike: copy what it is handed, tell time, and compare everything before it writes anything. */

/** The record that a store keeps for itself: the time of the last commit. Its name is no key, so no caller reaches it. */
export const TIME_RECORD = "@time";

/** @throws `store/bad-key` */
export function checkKey(key: string): void {
  if (typeof key === "string" && /^[a-z0-9/.-]{1,200}$/.test(key)) return;
  throw new CustodyError("store/bad-key", "store: expected a key of 1–200 characters of a-z 0-9 / - .");
}

/**
 * Copies a commit, so that nothing its caller does afterwards can change what is written.
 *
 * @throws `request/malformed`; `store/bad-key` if a key is none, or is written twice: which of the two would stand is not said.
 */
export function copyChanges(changes: readonly Change[]): readonly Change[] {
  const keys = new Set<string>();
  return listOf(changes).map((change) => {
    const { key, from, to } = readOptions(change, "store: change");
    checkKey(key);
    if (keys.has(key)) throw new CustodyError("store/bad-key", `store: expected each key once in a commit, got ${key} twice`);
    keys.add(key);
    return { key, ...(from !== undefined && { from: copyOf(from) }), to: copyOf(to) };
  });
}

function listOf(changes: readonly Change[]): readonly Change[] {
  const list = copyList(changes, MOST_CHANGES, "store");
  if (list !== undefined) return list as readonly Change[];
  throw new CustodyError("request/malformed", "store: expected a list of changes");
}

const MOST_CHANGES = 1_000_000;

function copyOf(bytes: Uint8Array | null): Uint8Array | null {
  if (bytes === null || isBytes(bytes)) return bytes && Uint8Array.from(bytes);
  throw new CustodyError("request/malformed", "store: expected bytes, or null for nothing");
}

/** Until when a commit may be made. @throws `request/malformed` */
export function deadlineOf(options: { readonly notAfter?: Time } = {}): Time {
  const { notAfter = Number.POSITIVE_INFINITY } = readOptions(options, "store");
  if (typeof notAfter === "number" && !Number.isNaN(notAfter)) return notAfter;
  throw new CustodyError("request/malformed", "store: expected notAfter in milliseconds");
}

/** Where a store lies. @throws `request/malformed` for what is no text, which the platform would make one of, or throw */
export function placeOf(given: string): string {
  if (typeof given === "string") return given;
  throw new CustodyError("request/malformed", "store: expected its name or path as text");
}

/** The clock of a store, by what the app gave. @throws `request/malformed` */
export function clockOf(options: { readonly now?: () => Time }): Clock {
  const { now } = readOptions(options, "store");
  if (now === undefined || typeof now === "function") return new Clock(now);
  throw new CustodyError("request/malformed", "store: expected now to be a function");
}

/**
 * Why a commit is refused, if it is. Called inside the store's transaction, before its first write.
 *
 * @param current - what stands at a key now.
 * @param now - the store's clock, read inside the same transaction.
 */
export function refusal(
  changes: readonly Change[],
  current: (key: string) => Uint8Array | undefined,
  { now, notAfter = Number.POSITIVE_INFINITY }: { readonly now: Time; readonly notAfter?: Time | undefined },
): CustodyError | undefined {
  if (!(now <= notAfter)) {
    return new CustodyError("store/expired", `store: expected the commit until ${formatTime(notAfter)}, it is ${formatTime(now)}`);
  }
  for (const { key, from } of changes) {
    if (from === undefined) continue;
    const stands = current(key);
    const same = from === null ? stands === undefined : stands !== undefined && equal(from, stands);
    if (!same) return new CustodyError("store/conflict", `store: ${key} is not what the commit expected`);
  }
  return undefined;
}

/**
 * The time of the last commit lies in the store in clear, for whoever can write there. It is believed so far ahead of the host's
 * clock and no further: otherwise a day written there would make limits fresh and delays over. What must never run back, however
 * far the host's clock does, takes it from something authenticated, as a vault does from its root.
 */
const MOST_AHEAD_MS = 5 * MINUTE_MS;

/** A clock that never runs backwards within this process, nor behind commits of others, whatever the host's does. */
export class Clock {
  readonly #read: () => Time;
  #last = 0;

  constructor(read: () => Time = Date.now) {
    this.#read = read;
  }

  /** @param committed - time of the store's last commit, by whichever process; never before it, unless it is far ahead. */
  now(committed: Time): Time {
    const host = this.#host();
    const time = Math.max(host, this.#last, committed <= host + MOST_AHEAD_MS ? committed : host);
    if (!Number.isSafeInteger(time)) throw new CustodyError("store/failed", "store: expected the clock to tell milliseconds");
    this.#last = time;
    return time;
  }

  #host(): Time {
    try {
      return Math.floor(this.#read());
    } catch (cause) {
      throw failed("the clock failed", cause);
    }
  }
}

/** A platform's failure as the store's own; errors of this package stay what they are. */
export function failed(what: string, cause: unknown): CustodyError {
  if (cause instanceof CustodyError) return cause;
  return new CustodyError("store/failed", `store: ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

export function closed(): CustodyError {
  return new CustodyError("store/closed", "store: expected an open store, it was closed");
}
