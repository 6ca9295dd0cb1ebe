import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, secretCopy, utf8 } from "../../src/base/bytes.ts";
import { type RecoveryShare, shares } from "../../src/slots/shares.ts";
import type { Kdf } from "../../src/vault/kdf.ts";
import { throwIfAborted } from "../../src/vault/kdf.ts";
import { passphrase } from "../../src/vault/passphrase.ts";
import type { Slot } from "../../src/vault/slot.ts";

/** Costs nothing and protects nothing: for tests that are not about what a derivation costs. Counts its calls. */
export function cheapKdf(): { readonly kdf: Kdf; readonly calls: () => number } {
  let calls = 0;
  const kdf: Kdf = async (phrase, salt, cost, options) => {
    throwIfAborted(options.signal);
    calls++;
    return secretCopy(hmac(sha256, concat(salt, utf8(JSON.stringify(cost))), phrase));
  };
  return { kdf, calls: () => calls };
}

export function cheap(text: string, kdf: Kdf = cheapKdf().kdf): Slot {
  return passphrase(text, { kdf });
}

export const HOLDERS = ["Ana", "Ben", "Cyn", "Dan", "safe at the bank"] as const;

/** A slot of new shares, and what it has handed out so far. */
export function newShares(threshold: number, of: number): { readonly slot: Slot; readonly given: RecoveryShare[] } {
  const given: RecoveryShare[] = [];
  const holders = Array.from({ length: of }, (_, at) => HOLDERS[at] ?? `holder ${at + 1}`);
  return { slot: shares({ threshold, holders, give: (all) => void given.push(...all) }), given };
}

/** Every choice of `size` out of `items`. */
export function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, at) => subsets(items.slice(at + 1), size - 1).map((rest) => [item, ...rest]));
}
