import { argon2idAsync } from "@noble/hashes/argon2.js";
import { CustodyError } from "../base/errors.ts";

/** What Argon2id costs (RFC 9106: m in KiB, t, p). */
export interface KdfCost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface KdfOptions {
  /** Aborting it ends the derivation with `vault/aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Called with 0…1 from time to time. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * Argon2id, version 0x13, 32 bytes out. Replaceable by a native one (`crypto.argon2` of Node 24, a package): all give the
 * same bytes, some twenty times faster.
 *
 * It keeps neither passphrase nor salt. The caller wipes what it returns.
 */
export type Kdf = (passphrase: Uint8Array, salt: Uint8Array, cost: KdfCost, options: KdfOptions) => Promise<Uint8Array>;

/** A cost as somebody gave it, or as a header has it. */
type Unchecked = { readonly [part in keyof KdfCost]?: unknown };

/** What new slots cost, and what we recommend at least (RFC 9106 §4, second choice, with one lane: ours run on one thread). */
export const DEFAULT_COST: KdfCost = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 };

/** Nothing cheaper is written or opened: the OWASP minimum (19 MiB, two passes). */
const FLOOR: KdfCost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 };

/** Nothing dearer is tried: the header is the attacker's, and opening it must not take the machine down. */
const CEILING: KdfCost = { memoryKiB: 1024 * 1024, passes: 16, lanes: 4 };

/**
 * Reads a cost that may come from a hostile header. Called before any work is done or memory is taken.
 *
 * @throws `vault/kdf-out-of-bounds` unless every number is an integer between floor and ceiling.
 */
export function checkCost(cost: Unchecked): KdfCost {
  const within = (part: keyof KdfCost): number => {
    const value = cost[part];
    if (isWithin(part, value)) return value;
    throw new CustodyError("vault/kdf-out-of-bounds", `argon2id ${part}: expected an integer from ${FLOOR[part]} to ${CEILING[part]}`);
  };
  return { memoryKiB: within("memoryKiB"), passes: within("passes"), lanes: within("lanes") };
}

function isWithin(part: keyof KdfCost, value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= FLOOR[part] && value <= CEILING[part];
}

/**
 * What a slot should cost that costs `cost` by now: each part as much as is wanted, and never less than it is.
 *
 * @returns nothing where that is no more.
 */
export function raised(cost: KdfCost, wanted: Unchecked): KdfCost | undefined {
  const more = (part: keyof KdfCost): number => {
    const value = wanted[part];
    return isWithin(part, value) ? Math.max(cost[part], value) : cost[part];
  };
  const to = { memoryKiB: more("memoryKiB"), passes: more("passes"), lanes: more("lanes") };
  const isMore = to.memoryKiB > cost.memoryKiB || to.passes > cost.passes || to.lanes > cost.lanes;
  return isMore ? to : undefined;
}

/**
 * Argon2id in JavaScript: about 0.8 s at the default cost, without any permission of the page's CSP. It gives way to the
 * event loop every 16 ms, so that a page stays alive and an abort is seen.
 *
 * The library wipes its working memory when it finishes; after an abort that memory is left to the garbage collector.
 */
export const argon2id: Kdf = async (passphrase, salt, cost, options) => {
  throwIfAborted(options.signal);
  const derive = () =>
    argon2idAsync(passphrase, salt, {
      m: cost.memoryKiB,
      t: cost.passes,
      p: cost.lanes,
      dkLen: 32,
      asyncTick: 16,
      onProgress: (done) => {
        throwIfAborted(options.signal);
        options.onProgress?.(done);
      },
    });
  return await behindOtherWork(derive);
};

/**
 * The library gives way by `scheduler.yield()` where the host has it, and what was yielded goes on before any timer, message or
 * abort that came meanwhile: in a browser nothing else would run until the key is there. A task of the lowest priority, which
 * its continuations inherit, lets all of that come first.
 *
 * @see https://wicg.github.io/scheduling-apis/#dom-scheduler-yield
 */
export async function behindOtherWork(run: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const scheduler: Pick<Scheduler, "postTask"> | undefined = globalThis.scheduler;
  return typeof scheduler?.postTask === "function" ? scheduler.postTask(run, { priority: "background" }) : run();
}

/** @throws `vault/aborted`, or the error of ours that it was aborted with */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedBy(signal);
}

/** Why it was aborted, as an error of ours. */
export function abortedBy({ reason }: AbortSignal): CustodyError {
  return reason instanceof CustodyError ? reason : new CustodyError("vault/aborted", "unlocking was aborted", { cause: reason });
}
