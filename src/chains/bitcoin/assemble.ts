import { sha256 } from "@noble/hashes/sha2.js";
import { RawPSBTV0 } from "@scure/btc-signer/psbt.js";
import { RawOldTx, RawTx } from "@scure/btc-signer/script.js";
import { equal, toHex } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Intent, Signable } from "../../intent/intent.ts";
import type { AccountKeys, Signature, Signed } from "../chain.ts";
import { type Digests, digestsOf } from "./digest.ts";
import { lockOf } from "./lock.ts";
import { ownScripts } from "./own.ts";
import { type ReadPsbt, readPsbt, type TxOutput } from "./psbt.ts";
import { previousOutputs, type ToSign, toSign } from "./sighash.ts";
import { encodeSignature, type Final, isValid, type Proof, proofIn, unlock } from "./unlock.ts";

/**
 * `Chain.assemble` for Bitcoin: the transaction of the intent's PSBT where every input is satisfied with our signatures, else
 * the PSBT with them. Its own checks, beside the caller's: the intent's bytes still ask for these very digests of these keys,
 * and each signature is one that the network takes. All of them are put in, or none.
 *
 * - Complete: `bytes` is the transaction as it is broadcast and `hash` its txid. Signatures of others were checked where one
 *   key unlocks (P2PKH with `ALL`, P2WPKH, also in P2SH, taproot's key path); what unlocks other scripts, and P2PKH with
 *   another hash type, is taken over unchecked if its PSBT calls it final.
 * - Not complete: `bytes` is a PSBT for others (BIP-174), with whatever else it carried; at our inputs no other signatures than
 *   ours. `hash` is the id of the unsigned transaction. That is the final txid if every input is P2WPKH, P2WSH or taproot;
 *   with P2PKH or P2SH inputs the txid is another one and known only when they are final.
 *
 * @throws `chain/malformed` where intent, account and signatures do not fit together.
 */
export function assemblePsbt(intent: Intent, signatures: readonly Signature[], account: AccountKeys): Signed {
  if (intent.kind !== "psbt") throw misfit("expected a PSBT's intent");
  const psbt = readPsbt(intent.bytes);
  const previous = previousOutputs(psbt) ?? [];
  const digests = digestsOf(psbt, previous);
  const asked = toSign(psbt, ownScripts(account));
  if (asked.length === 0 || signatures.length !== asked.length) throw misfit(`expected ${asked.length} of them, got ${signatures.length}`);
  if (!sameSignables(intent.signables, asked)) throw misfit("expected the digests and keys that the intent's own bytes ask for");

  const ours = new Map(asked.map((one, at) => [one.index, { ...one, proof: proofOf(one, signatures[at], digests) }]));
  const finals = previous.map((spent, index) => {
    const own = ours.get(index);
    return own === undefined ? finalOfOthers(psbt, index, spent, digests) : unlock(own.lock, own.proof);
  });
  const satisfied = finals.flatMap((final) => final ?? []);
  return satisfied.length === finals.length ? complete(psbt, satisfied) : partial(psbt, ours);
}

function sameSignables(signables: readonly Signable[], asked: readonly ToSign[]): boolean {
  return (
    signables.length === asked.length &&
    asked.every(({ signable: ours }, at) => {
      const theirs = signables[at];
      return (
        theirs !== undefined &&
        theirs.scheme === ours.scheme &&
        equal(theirs.digest, ours.digest) &&
        theirs.path.join("/") === ours.path.join("/") &&
        theirs.tap?.length === ours.tap?.length
      );
    })
  );
}

function proofOf(one: ToSign, signature: Signature | undefined, digests: Digests): Proof {
  const encoded = signature && encodeSignature(one.lock, signature.bytes, one.hashType);
  // The output key of taproot is the key at the path, tweaked: the script was found by deriving it.
  const proof = encoded && { publicKey: one.lock.type === "tr" ? one.lock.program : one.own.publicKey, signature: encoded };
  if (proof === undefined || isValid(digests, one.index, one.lock, proof) !== true)
    throw misfit(`expected 64 bytes, with a low s where it is ECDSA, of the key at ${one.own.path.join("/")} for input ${one.index}`);
  return proof;
}

/** @returns nothing where somebody still has to sign, or has signed something else. */
function finalOfOthers(psbt: ReadPsbt, index: number, spent: TxOutput, digests: Digests): Final | undefined {
  const input = psbt.inputs[index];
  const final = input?.final;
  if (final === undefined) {
    const lock = lockOf(spent.script, input?.redeemScript);
    const proof = lock && proofs(psbt, index, lock.program).find((one) => isValid(digests, index, lock, one) === true);
    return lock && proof && unlock(lock, proof);
  }
  // Of a final P2SH input the redeem script may be gone: it is the one push of a nested P2WPKH.
  const lock = lockOf(spent.script, final.scriptSig.subarray(1));
  // More than one item at a taproot input is a script path or an annex, which are not read here.
  if (lock === undefined || (lock.type === "tr" && final.witness.length > 1)) return final;
  const proof = proofIn(lock, final);
  return proof !== undefined && isValid(digests, index, lock, proof) !== false ? final : undefined;
}

/** Signatures that a PSBT carries for an input which is not final yet. */
function proofs({ transaction }: ReadPsbt, index: number, outputKey: Uint8Array): readonly Proof[] {
  const { partialSig = [], tapKeySig } = transaction.getInput(index);
  const taproot = tapKeySig === undefined ? [] : [{ publicKey: outputKey, signature: tapKeySig }];
  return [...partialSig.map(([publicKey, signature]) => ({ publicKey, signature })), ...taproot];
}

function complete({ unsigned }: ReadPsbt, finals: readonly Final[]): Signed {
  const transaction = RawOldTx.decode(unsigned);
  const inputs = transaction.inputs.map((input, at) => ({ ...input, finalScriptSig: finals[at]?.scriptSig ?? input.finalScriptSig }));
  const witnesses = finals.map(({ witness }) => [...witness]);
  // BIP-144: a transaction without any witness is written in the old form.
  const segwitFlag = witnesses.some((witness) => witness.length > 0);
  const bytes = RawTx.encode({ ...transaction, inputs, witnesses, segwitFlag });
  return { bytes, hash: idOf(RawOldTx.encode({ ...transaction, inputs })), complete: true };
}

function partial({ transaction, unsigned }: ReadPsbt, ours: ReadonlyMap<number, ToSign & { readonly proof: Proof }>): Signed {
  // Plain maps, because the library's own update would keep what somebody had put beside our signature. It wants copies.
  const psbt = RawPSBTV0.decode(transaction.toPSBT(0));
  const inputs = psbt.inputs.map((input, index): typeof input => {
    const one = ours.get(index);
    if (one === undefined) return input;
    const [publicKey, signature] = [one.proof.publicKey.slice(), one.proof.signature.slice()];
    if (one.lock.type === "tr") return { ...input, tapKeySig: signature };
    // Whoever finalises it needs the script, which the PSBT may have left to us to know.
    const redeemScript = one.own.template.redeemScript?.(publicKey).slice();
    return { ...input, partialSig: [[publicKey, signature]], ...(redeemScript && { redeemScript }) };
  });
  return { bytes: RawPSBTV0.encode({ ...psbt, inputs }), hash: idOf(unsigned), complete: false };
}

/** As people and explorers write it: SHA-256 twice over the transaction without its witnesses, backwards. */
function idOf(transaction: Uint8Array): string {
  return toHex(sha256(sha256(transaction)).reverse());
}

function misfit(text: string): CustodyError {
  return new CustodyError("chain/malformed", `signatures: ${text}`);
}
