import { utf8 } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { Store } from "../stores/store.ts";

/** Openings that failed since the last one that did not: a number in clear, since nobody had a key to seal it with. */
const FAILURES_KEY = "failures";
const MOST = 1_000_000;

export interface Failures {
  readonly count: number;
  readonly bytes: Uint8Array | undefined;
}

export async function readFailures(store: Store): Promise<Failures> {
  const bytes = await store.get(FAILURES_KEY);
  return { count: bytes === undefined ? 0 : readCount(bytes), bytes };
}

// Whoever can write the store can write here: what is no count of ours counts as the most, and stops nobody.
function readCount(bytes: Uint8Array): number {
  const digits = bytes.length <= String(MOST).length ? String.fromCharCode(...bytes) : "";
  return /^\d+$/.test(digits) ? Math.min(Number(digits), MOST) : MOST;
}

/** One more. Two processes that fail at once may count as one. */
export async function countFailure(store: Store): Promise<void> {
  const { count, bytes } = await readFailures(store);
  await change(store, bytes, utf8(String(Math.min(count + 1, MOST))));
}

/** After they have been written to the log. A failure that came in between stays. */
export async function forgetFailures(store: Store, { bytes }: Failures): Promise<void> {
  if (bytes !== undefined) await change(store, bytes, null);
}

async function change(store: Store, from: Uint8Array | undefined, to: Uint8Array | null): Promise<void> {
  try {
    await store.commit([{ key: FAILURES_KEY, from: from ?? null, to }]);
  } catch (cause) {
    if (!(cause instanceof CustodyError) || cause.code !== "store/conflict") throw cause;
  }
}
