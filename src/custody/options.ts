import type { AgeWith } from "../backup/age.ts";
import { CustodyError } from "../base/errors.ts";
import { copyList, readOptions } from "../base/plain.ts";
import { MINUTE_MS, SECOND_MS } from "../base/time.ts";
import type { Chain } from "../chains/chain.ts";
import type { Store } from "../stores/store.ts";
import type { Access, Slot } from "../vault/slot.ts";
import type { WalletSource } from "./wallets.ts";

/** What a custody works with. */
export interface KeywardOptions {
  /** Where the vault lies, one vault to a store. It stays yours to close. */
  readonly store: Store;
  /** Those that requests are of, and those that the policy has addresses of. */
  readonly chains: readonly Chain[];
  /** Locks by itself so long after the last call; 10 minutes by default, `Infinity` for never. */
  readonly autoLockMs?: number;
  /** How long a reservation keeps its headroom for a signer that does not come back; 30 seconds by default. */
  readonly leaseMs?: number;
}

/** @throws `request/malformed`; a time that is no number must not mean "never". */
export function readKeywardOptions(given: KeywardOptions): Required<KeywardOptions> {
  const { store, chains, autoLockMs = 10 * MINUTE_MS, leaseMs = 30 * SECOND_MS } = readOptions(given, "keyward");
  if (typeof store !== "object" || store === null) throw malformed("expected a store");
  if (typeof autoLockMs !== "number" || !(autoLockMs > 0)) throw malformed("expected autoLockMs in milliseconds, or Infinity");
  if (!Number.isSafeInteger(leaseMs) || leaseMs <= 0) throw malformed("expected leaseMs in whole milliseconds");
  return { store, chains: readChains(chains), autoLockMs, leaseMs };
}

/** @throws `request/malformed` */
export function readChains(given: unknown): readonly Chain[] {
  const chains = copyList(given, MOST_CHAINS, "keyward: chains") as readonly (Partial<Chain> | undefined)[] | undefined;
  try {
    if (chains?.every((chain) => typeof chain?.namespace === "string")) return chains as readonly Chain[];
  } catch (cause) {
    throw new CustodyError("request/malformed", "keyward: chains: could not be read", { cause });
  }
  throw malformed("expected a list of chains");
}

const MOST_CHAINS = 100;

function malformed(what: string): CustodyError {
  return new CustodyError("request/malformed", `keyward: ${what}`);
}

/** What a new vault is made of. */
export interface CreateOptions {
  /** The first way to open the vault; it opens view and sign. */
  readonly slot: Slot;
  /** A policy document, as text or as plain data (`templates`). It holds from the first moment. */
  readonly policy: unknown;
  /** The first wallet: fresh entropy of 24 words by default, `null` for none. */
  readonly wallet?: WalletSource | null;
  readonly signal?: AbortSignal;
  /** Called with 0…1 while the passphrase is stretched. */
  readonly onProgress?: (done: number) => void;
}

/** How far to open, and how to follow or stop it. */
export interface UnlockOptions {
  /** `view` leaves the sign side closed: enough for addresses, policy, history and receiving. */
  readonly access?: Access;
  /** A checkpoint that was kept elsewhere (`custody.checkpoint()`): a vault whose log does not continue it is not opened. */
  readonly atLeast?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

/** How a backup is opened, and the vault that comes out of it from then on. */
export interface RestoreOptions {
  /** What the backup's file is opened with. */
  readonly key: AgeWith;
  /** The one way into the restored vault; it opens view and sign. */
  readonly slot: Slot;
  /** A checkpoint that was kept elsewhere: a backup whose log does not continue it is too old, or of another history. */
  readonly atLeast?: string;
  readonly signal?: AbortSignal;
  /** Called with 0…1. */
  readonly onProgress?: (done: number) => void;
}
