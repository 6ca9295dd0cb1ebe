import { ALL } from "./digest.ts";
import type { OwnedInput, Ownership } from "./ownership.ts";

/** Bytes that unlock an input, by where they stand in the transaction. */
interface Unlocking {
  readonly scriptSig: number;
  /** With the number of its elements and their lengths. */
  readonly witness: number;
}

// 0x30 len 0x02 33 r 0x02 32 s || hash type: the longest with the lower of both s, which is the only one that nodes relay.
const ECDSA = 72;
const KEY = 33;
const EMPTY_WITNESS = 1;

/**
 * Virtual size of the transaction once all have signed, in vB: what fee rates divide by. ECDSA signatures count at their
 * longest, so that one of our inputs can turn out a fraction of a vB smaller.
 *
 * An input of ours counts as its template unlocks it, whatever the PSBT has for it already. What is called final is a claim of
 * whoever made the PSBT: with a megabyte of it the rate would look like nothing, and be exchanged before it is broadcast.
 *
 * @returns nothing where an input is somebody else's: only its owner knows how it will be unlocked, final or not.
 * @see BIP-141, "Transaction size calculations"
 */
export function virtualSize({ inputs, outputs }: Ownership): number | undefined {
  const unlocking = inputs.flatMap((input) => unlockingOf(input) ?? []);
  if (unlocking.length < inputs.length) return undefined;
  // version(4) || inputs || outputs || lock time(4); input: txid(32) || index(4) || script || sequence(4); output: amount(8) || script
  const base =
    8 +
    compactSize(inputs.length) +
    compactSize(outputs.length) +
    sum(unlocking.map(({ scriptSig }) => 40 + withLength(scriptSig))) +
    sum(outputs.map(({ output }) => 8 + withLength(output.script.length)));
  // marker(1) || flag(1) || a witness per input, if there is any.
  const witness = unlocking.some((one) => one.witness > EMPTY_WITNESS) ? 2 + sum(unlocking.map((one) => one.witness)) : 0;
  return Math.ceil((4 * base + witness) / 4);
}

/** Size of a script or element with its length before it. */
export function withLength(bytes: number): number {
  return compactSize(bytes) + bytes;
}

function unlockingOf({ input: { sighash }, own }: OwnedInput): Unlocking | undefined {
  switch (own?.template.type) {
    case "pkh":
      return { scriptSig: 1 + ECDSA + 1 + KEY, witness: EMPTY_WITNESS };
    case "sh-wpkh":
      // The push of 0x00 || 0x14 || HASH160.
      return { scriptSig: 23, witness: stack([ECDSA, KEY]) };
    case "wpkh":
      return { scriptSig: 0, witness: stack([ECDSA, KEY]) };
    case "tr":
      return { scriptSig: 0, witness: stack([sighash === ALL ? 65 : 64]) };
    case undefined:
      return undefined;
  }
}

function stack(elements: readonly number[]): number {
  return compactSize(elements.length) + sum(elements.map(withLength));
}

function compactSize(count: number): number {
  return count < 0xfd ? 1 : count < 0x1_0000 ? 3 : 5;
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
