import { schnorr } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { CompactSizeLen, RawOutput, VarBytes } from "@scure/btc-signer/script.js";
import { concat } from "../../base/bytes.ts";
import type { Digest } from "../../intent/intent.ts";
import type { Lock } from "./lock.ts";
import type { ReadPsbt, TxOutput } from "./psbt.ts";
import { writeScript } from "./script.ts";

/** Hash types that commit to the whole transaction: taproot's own, which is not written out, and the one of all schemes. */
export const DEFAULT = 0x00;
export const ALL = 0x01;

/**
 * The 32 bytes that a signature of input `index` signs.
 *
 * @param hashType - any that the network knows; for P2PKH only `ALL`.
 * @returns nothing for a hash type that is not known or that has no digest here.
 */
export type Digests = (index: number, lock: Lock, hashType: number) => Digest | undefined;

/**
 * The digests of a PSBT's transaction, out of the very bytes that came in.
 *
 * The library's own (`preimageWitnessV0`, `preimageWitnessV1`) write the whole transaction anew for each input. Here what all
 * inputs share is hashed once, so that a thousand inputs, which anybody can make up, take no more than a thousand times one.
 * P2PKH alone hashes everything for each input; that is its rule.
 *
 * @param previous - the output that each input spends, in their order. P2WPKH commits to the amount of its own, taproot to
 *   every amount and script; P2PKH to none, so that theirs must be known from the previous transactions themselves.
 * @see BIP-143 (P2WPKH, also in P2SH), BIP-341 (taproot's key path, without annex)
 */
export function digestsOf(psbt: ReadPsbt, previous: readonly TxOutput[]): Digests {
  if (previous.length !== psbt.inputs.length) return () => undefined;
  const parts = partsOf(psbt, previous);
  return (index, { type, program }, hashType) => {
    if (!(index in previous) || !HASH_TYPES.has(hashType)) return undefined;
    switch (type) {
      case "pkh":
        return hashType === ALL ? (legacyDigest(psbt, index, parts) as Digest) : undefined;
      case "wpkh":
      case "sh-wpkh":
        return hashType === DEFAULT ? undefined : (witnessDigest(parts, index, program, hashType) as Digest);
      case "tr":
        // Of no output there is no digest (BIP-341), where the older schemes sign zeros.
        return outputsOf(hashType) === SINGLE && !(index in parts.outputs) ? undefined : (taprootDigest(parts, index, hashType) as Digest);
    }
  };
}

const NONE = 0x02;
const SINGLE = 0x03;
const ANYONECANPAY = 0x80;
const HASH_TYPES: ReadonlySet<number> = new Set([DEFAULT, ALL, NONE, SINGLE, ...[ALL, NONE, SINGLE].map((type) => type | ANYONECANPAY)]);

function outputsOf(hashType: number): number {
  return hashType === DEFAULT ? ALL : hashType & 0x03;
}

interface Parts {
  readonly version: Uint8Array;
  readonly lockTime: Uint8Array;
  /** Of each input: txid(32) || index(4). */
  readonly outpoints: readonly Uint8Array[];
  readonly sequences: readonly Uint8Array[];
  /** Of each output, and of each that is spent: amount(8) || length || script. */
  readonly outputs: readonly Uint8Array[];
  readonly spent: readonly Uint8Array[];
  /** SHA-256 of all of each, after one another. */
  readonly hashes: { readonly [part in "outpoints" | "amounts" | "scripts" | "sequences" | "outputs"]: Uint8Array };
}

function partsOf({ unsigned, inputs, outputs }: ReadPsbt, previous: readonly TxOutput[]): Parts {
  const first = firstInput(inputs.length);
  const outpoints = inputs.map((_, at) => unsigned.subarray(first + at * INPUT, first + at * INPUT + 36));
  const sequences = inputs.map((_, at) => unsigned.subarray(first + at * INPUT + 37, first + (at + 1) * INPUT));
  const written = outputs.map((output) => RawOutput.encode(output));
  const spent = previous.map((output) => RawOutput.encode(output));
  const hash = (parts: readonly Uint8Array[]) => sha256(concat(...parts));
  return {
    version: unsigned.subarray(0, 4),
    lockTime: unsigned.subarray(-4),
    outpoints,
    sequences,
    outputs: written,
    spent,
    hashes: {
      outpoints: hash(outpoints),
      amounts: hash(spent.map((output) => output.subarray(0, 8))),
      scripts: hash(spent.map((output) => output.subarray(8))),
      sequences: hash(sequences),
      outputs: hash(written),
    },
  };
}

// version(4) || count || inputs || count || outputs || lock time(4), where an unsigned input is
// txid(32) || index(4) || 0x00, its empty script || sequence(4)
const INPUT = 41;

function firstInput(count: number): number {
  return 4 + CompactSizeLen.encode(count).length;
}

// The transaction with the script that is spent in its input's place and all other scripts empty, then ALL as four bytes. The
// script of P2PKH has no OP_CODESEPARATOR that would have to be left out.
function legacyDigest({ unsigned }: ReadPsbt, index: number, { spent, outpoints }: Parts): Uint8Array {
  const script = firstInput(outpoints.length) + index * INPUT + 36;
  const code = spent[index]?.subarray(8) ?? new Uint8Array(0);
  return sha256(sha256(concat(unsigned.subarray(0, script), code, unsigned.subarray(script + 1), u32le(ALL))));
}

function witnessDigest(parts: Parts, index: number, program: Uint8Array, hashType: number): Uint8Array {
  const { version, lockTime, outpoints, sequences, spent, outputs, hashes } = parts;
  const committed = outputsOf(hashType);
  const own = committed === SINGLE ? outputs[index] : undefined;
  const nothing = new Uint8Array(32);
  return sha256(
    sha256(
      concat(
        version,
        hashType & ANYONECANPAY ? nothing : sha256(hashes.outpoints),
        hashType === ALL ? sha256(hashes.sequences) : nothing,
        at(outpoints, index),
        VarBytes.encode(Uint8Array.from(writeScript({ form: "pkh", program }))),
        at(spent, index).subarray(0, 8),
        at(sequences, index),
        committed === ALL ? sha256(hashes.outputs) : own ? sha256(sha256(own)) : nothing,
        lockTime,
        u32le(hashType),
      ),
    ),
  );
}

function taprootDigest(parts: Parts, index: number, hashType: number): Uint8Array {
  const { version, lockTime, outpoints, sequences, spent, outputs, hashes } = parts;
  const committed = outputsOf(hashType);
  const alone = (hashType & ANYONECANPAY) !== 0;
  return schnorr.utils.taggedHash(
    "TapSighash",
    // epoch || hash type
    Uint8Array.of(0, hashType),
    version,
    lockTime,
    ...(alone ? [] : [hashes.outpoints, hashes.amounts, hashes.scripts, hashes.sequences]),
    ...(committed === ALL ? [hashes.outputs] : []),
    // spend type: key path, no annex
    Uint8Array.of(0),
    ...(alone ? [at(outpoints, index), at(spent, index), at(sequences, index)] : [u32le(index)]),
    ...(committed === SINGLE ? [sha256(at(outputs, index))] : []),
  );
}

function at(parts: readonly Uint8Array[], index: number): Uint8Array {
  const part = parts[index];
  if (part === undefined) throw new Error(`unreachable: nothing at ${index}`);
  return part;
}

function u32le(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}
