import { hex as base16 } from "@scure/base";
import { RawPSBTV0 } from "@scure/btc-signer/psbt.js";
import { RawOldTx, RawTx } from "@scure/btc-signer/script.js";
import { type ReadPsbt, readPsbt } from "../../../src/chains/bitcoin/psbt.ts";

export type RawPsbt = ReturnType<typeof RawPSBTV0.decode>;
export type RawInput = RawPsbt["inputs"][number];

export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(base16.decode(text.toLowerCase()));
}

export function hex(bytes: Uint8Array): string {
  return base16.encode(Uint8Array.from(bytes));
}

/** A PSBT as its maps, changed, and written again: for what no library would write. */
export function rewrite(psbt: Uint8Array, change: (raw: RawPsbt) => void): Uint8Array {
  const raw = RawPSBTV0.decode(Uint8Array.from(psbt));
  change(raw);
  return Uint8Array.from(RawPSBTV0.encode(raw));
}

/** The PSBT of an unsigned transaction of which only the outputs that it spends are known. */
export function psbtOf(unsigned: Uint8Array, inputs: readonly RawInput[]): ReadPsbt {
  return readPsbt(bytesOf(unsigned, inputs));
}

export function bytesOf(unsigned: Uint8Array, inputs: readonly RawInput[]): Uint8Array {
  const unsignedTx = RawOldTx.decode(unsigned);
  return RawPSBTV0.encode({
    global: { unsignedTx },
    inputs: [...inputs],
    outputs: unsignedTx.outputs.map(() => ({})),
  } as unknown as RawPsbt);
}

/** What each input of a signed transaction is unlocked by. */
export function finalsOf(transaction: Uint8Array): { readonly scriptSig: Uint8Array; readonly witness: readonly Uint8Array[] }[] {
  const { inputs, witnesses } = RawTx.decode(transaction);
  return inputs.map(({ finalScriptSig }, at) => ({ scriptSig: finalScriptSig, witness: witnesses?.[at] ?? [] }));
}
