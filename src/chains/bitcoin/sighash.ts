import { sha256 } from "@noble/hashes/sha2.js";
import { RawOldTx } from "@scure/btc-signer/script.js";
import { hash160 } from "@scure/btc-signer/utils.js";
import { concat, equal } from "../../base/bytes.ts";
import type { Digest, Signable } from "../../intent/intent.ts";
import type { OwnScript, OwnScripts } from "./own.ts";
import type { ReadPsbt, TxOutput } from "./psbt.ts";
import { readScript, writeScript } from "./script.ts";
import type { Template, TemplateType } from "./template.ts";

/** Hash types that commit to the whole transaction: taproot's own, which is not written out, and the one of all schemes. */
export const DEFAULT = 0x00;
export const ALL = 0x01;

/** An input that spends coins of the account, and what has to be signed for it. */
export interface ToSign {
  readonly index: number;
  readonly own: OwnScript;
  readonly lock: Lock;
  readonly hashType: number;
  readonly signable: Signable;
}

/**
 * What the account has to sign in a PSBT, in the order of its inputs; what is final already needs nothing. All or nothing:
 * none where one of them cannot be signed, for its hash type or because a previous output is unknown. The same PSBT and
 * account always give the same.
 */
export function toSign(psbt: ReadPsbt, scripts: OwnScripts): readonly ToSign[] {
  const previous = previousOutputs(psbt);
  if (previous === undefined) return [];
  const out: ToSign[] = [];
  for (const [index, { script }] of previous.entries()) {
    const own = scripts.lookup(script);
    if (own?.isSelf !== true || psbt.inputs[index]?.final !== undefined) continue;
    const one = toSignAt(psbt, index, own, previous);
    if (one === undefined) return [];
    out.push(one);
  }
  return out;
}

/**
 * What has to be signed for input `index` by the key at `own.path`.
 *
 * @param previous - the output that each input spends, in their order. P2WPKH commits to the amount of its own, taproot to
 *   every amount and script; P2PKH to none, so that theirs must be known from the previous transactions themselves.
 * @returns nothing where the input asks for a hash type that is none of {@link hashTypeOf}.
 */
export function signableOf(psbt: ReadPsbt, index: number, own: OwnScript, previous: readonly TxOutput[]): Signable | undefined {
  return toSignAt(psbt, index, own, previous)?.signable;
}

/**
 * The hash type to sign with: `ALL`, and for taproot `DEFAULT` unless `ALL` is asked for. The others would let somebody
 * exchange inputs or outputs after they were judged, and are never signed; neither is a 0 that means `ALL` to some readers.
 *
 * @param declared - what the input asks for, if anything.
 */
export function hashTypeOf({ scheme }: Template, declared: number | undefined): number | undefined {
  const allowed = scheme === "bip340" ? [DEFAULT, ALL] : [ALL];
  return declared === undefined ? allowed[0] : allowed.find((one) => one === declared);
}

/** The output that each input spends; nothing where one is unknown. What a previous transaction proves comes before a claim. */
export function previousOutputs({ inputs }: ReadPsbt): readonly TxOutput[] | undefined {
  const known = inputs.flatMap(({ previous, witnessUtxo }) => previous ?? witnessUtxo ?? []);
  return known.length === inputs.length ? known : undefined;
}

/** An output that one key unlocks. */
export interface Lock {
  readonly type: TemplateType;
  /** HASH160 of the public key, 20 bytes; for `tr` the output key, 32 bytes. */
  readonly program: Uint8Array;
}

/** @param redeemScript - shown for a P2SH output; believed only if the output is its hash. @returns nothing for all other scripts. */
export function lockOf(script: Uint8Array, redeemScript?: Uint8Array): Lock | undefined {
  const outer = readScript(script);
  switch (outer?.form) {
    case "pkh":
    case "wpkh":
    case "tr":
      return { type: outer.form, program: outer.program };
    case "sh": {
      if (redeemScript === undefined || !equal(hash160(redeemScript), outer.program)) return undefined;
      const inner = readScript(redeemScript);
      return inner?.form === "wpkh" ? { type: "sh-wpkh", program: inner.program } : undefined;
    }
    case "wsh":
    case undefined:
      return undefined;
  }
}

/**
 * The 32 bytes that a signature of input `index` signs.
 *
 * @param hashType - any that the network knows; for P2PKH only `ALL`.
 * @param previous - as for {@link signableOf}.
 * @returns nothing for a hash type that is not known or that has no digest here.
 * @see BIP-143 (P2WPKH, also in P2SH), BIP-341 (taproot, without annex)
 */
export function digestOf(
  psbt: ReadPsbt,
  index: number,
  { type, program }: Lock,
  hashType: number,
  previous: readonly TxOutput[],
): Digest | undefined {
  const spent = previous[index];
  if (spent === undefined || previous.length !== psbt.inputs.length || !HASH_TYPES.has(hashType)) return undefined;
  switch (type) {
    case "pkh":
      return hashType === ALL ? (legacyDigest(psbt, index, spent.script) as Digest) : undefined;
    case "wpkh":
    case "sh-wpkh":
      if (hashType === DEFAULT) return undefined;
      return psbt.transaction.preimageWitnessV0(index, writeScript({ form: "pkh", program }), hashType, spent.amount) as Digest;
    case "tr": {
      // Of no output there is no digest (BIP-341), where the older schemes sign the number 1 or zeros.
      if ((hashType & 0x03) === SINGLE && index >= psbt.outputs.length) return undefined;
      const scripts = previous.map(({ script }) => script);
      const amounts = previous.map(({ amount }) => amount);
      return psbt.transaction.preimageWitnessV1(index, scripts, hashType, amounts) as Digest;
    }
  }
}

const SINGLE = 0x03;
/** `DEFAULT`; `ALL`, `NONE`, `SINGLE`; and the three for one's own input only. */
const HASH_TYPES: ReadonlySet<number> = new Set([DEFAULT, ALL, 0x02, SINGLE, 0x81, 0x82, 0x83]);

function toSignAt(psbt: ReadPsbt, index: number, own: OwnScript, previous: readonly TxOutput[]): ToSign | undefined {
  const lock = lockOf(own.script, own.template.redeemScript?.(own.publicKey));
  const hashType = hashTypeOf(own.template, psbt.inputs[index]?.sighash);
  if (lock === undefined || hashType === undefined) return undefined;
  const digest = digestOf(psbt, index, lock, hashType, previous);
  if (digest === undefined) return undefined;
  const { scheme } = own.template;
  // The empty tap says that the key is tweaked, and by no tree (BIP-86).
  const signable = { scheme, digest, path: own.path, ...(scheme === "bip340" && { tap: new Uint8Array(0) }) };
  return { index, own, lock, hashType, signable };
}

// The transaction with the script that is spent in its input's place and all other scripts empty, then ALL as four bytes. The
// script of P2PKH has no OP_CODESEPARATOR that would have to be left out.
function legacyDigest({ unsigned }: ReadPsbt, index: number, script: Uint8Array): Uint8Array {
  const transaction = RawOldTx.decode(unsigned);
  const inputs = transaction.inputs.map((input, at) => (at === index ? { ...input, finalScriptSig: script } : input));
  return sha256(sha256(concat(RawOldTx.encode({ ...transaction, inputs }), Uint8Array.of(ALL, 0, 0, 0))));
}
