import type { Transaction } from "@scure/btc-signer";
import { toHex } from "../../base/bytes.ts";
import { malformed } from "./framing.ts";
import type { Hint, PsbtInput, PsbtOutput, TxOutput } from "./psbt.ts";

/** What the library read of an input, in our words. Copies of its own. */
export function inputOf(input: ReturnType<Transaction["getInput"]>): PsbtInput {
  if (input.txid === undefined || input.index === undefined || input.sequence === undefined) throw malformed("an outpoint of each input");
  const { nonWitnessUtxo, witnessUtxo, sighashType, redeemScript, witnessScript, tapInternalKey, tapMerkleRoot } = input;
  const previous = nonWitnessUtxo?.outputs[input.index];
  const final = input.finalScriptSig !== undefined || input.finalScriptWitness !== undefined;
  return Object.freeze({
    txid: toHex(input.txid),
    index: input.index,
    sequence: input.sequence,
    ...(sighashType !== undefined && { sighash: sighashType }),
    ...(previous !== undefined && { previous: txOutput(previous) }),
    ...(witnessUtxo !== undefined && { witnessUtxo: txOutput(witnessUtxo) }),
    ...(redeemScript !== undefined && { redeemScript }),
    ...(witnessScript !== undefined && { witnessScript }),
    ...(tapInternalKey !== undefined && { tapInternalKey }),
    ...(tapMerkleRoot !== undefined && { tapMerkleRoot }),
    tapScripts: present(input.tapLeafScript) || present(input.tapScriptSig),
    signed: present(input.partialSig) || present(input.tapKeySig) || present(input.tapScriptSig) || present(input.musig2PartialSig),
    ...(final && {
      final: Object.freeze({
        scriptSig: input.finalScriptSig ?? new Uint8Array(0),
        witness: Object.freeze(input.finalScriptWitness ?? []),
      }),
    }),
    hints: hintsOf(input),
  });
}

/** {@link inputOf} for an output. */
export function outputOf(output: ReturnType<Transaction["getOutput"]>): PsbtOutput {
  if (output.script === undefined || output.amount === undefined) throw malformed("a script and an amount of each output");
  return Object.freeze({ script: output.script, amount: output.amount, hints: hintsOf(output) });
}

type Fields = Pick<ReturnType<Transaction["getInput"]>, "bip32Derivation" | "tapBip32Derivation">;

function hintsOf({ bip32Derivation, tapBip32Derivation }: Fields): readonly Hint[] {
  const ecdsa = (bip32Derivation ?? []).map(([publicKey, der]) => ({ publicKey, der }));
  const schnorr = (tapBip32Derivation ?? []).map(([publicKey, { der }]) => ({ publicKey, der }));
  const hints = [...ecdsa, ...schnorr].map(({ publicKey, der }) =>
    Object.freeze({ publicKey, fingerprint: der.fingerprint.toString(16).padStart(8, "0"), path: Object.freeze([...der.path]) }),
  );
  return Object.freeze(hints);
}

function txOutput({ script, amount }: TxOutput): TxOutput {
  return Object.freeze({ script, amount });
}

function present(field: { readonly length: number } | undefined): boolean {
  return field !== undefined && field.length > 0;
}
