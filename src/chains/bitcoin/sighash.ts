import type { Signable } from "../../intent/intent.ts";
import { ALL, DEFAULT, type Digests, digestsOf } from "./digest.ts";
import { type Lock, lockOf } from "./lock.ts";
import type { OwnScript, OwnScripts } from "./own.ts";
import type { ReadPsbt, TxOutput } from "./psbt.ts";
import type { Template } from "./template.ts";

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
  const digests = digestsOf(psbt, previous);
  const out: ToSign[] = [];
  for (const [index, { script }] of previous.entries()) {
    const own = scripts.lookup(script);
    if (own?.isSelf !== true || psbt.inputs[index]?.final !== undefined) continue;
    const one = toSignAt(psbt, index, own, digests);
    if (one === undefined) return [];
    out.push(one);
  }
  return out;
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

function toSignAt(psbt: ReadPsbt, index: number, own: OwnScript, digests: Digests): ToSign | undefined {
  const lock = lockOf(own.script, own.template.redeemScript?.(own.publicKey));
  const hashType = hashTypeOf(own.template, psbt.inputs[index]?.sighash);
  if (lock === undefined || hashType === undefined) return undefined;
  const digest = digests(index, lock, hashType);
  if (digest === undefined) return undefined;
  const { scheme } = own.template;
  // The empty tap says that the key is tweaked, and by no tree (BIP-86).
  const signable = { scheme, digest, path: own.path, ...(scheme === "bip340" && { tap: new Uint8Array(0) }) };
  return { index, own, lock, hashType, signable };
}
