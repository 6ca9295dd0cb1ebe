import { sha256 } from "@noble/hashes/sha2.js";
import { RawPSBTV0 } from "@scure/btc-signer/psbt.js";
import { RawOldTx } from "@scure/btc-signer/script.js";
import { describe, expect, test } from "vitest";
import { scriptOf } from "../../../src/chains/bitcoin/address.ts";
import { MAX_PARTS, MAX_UNSIGNED } from "../../../src/chains/bitcoin/psbt.ts";
import { accountOf, decode, MAINNET, owner, type Type } from "./made.ts";
import type { RawPsbt } from "./raw.ts";

/** As many coins of one address as a PSBT may spend, in an unsigned transaction as long as one may be. */
function largest(type: Type): { readonly psbt: Uint8Array; readonly account: ReturnType<typeof accountOf> } {
  const account = accountOf(owner(type, new Uint8Array(32).fill(9)));
  const script = scriptOf(MAINNET, account.address);
  const none = new Uint8Array(0);
  const input = { index: 0, finalScriptSig: none, sequence: 0xffffffff };
  const previous = Array.from({ length: MAX_PARTS }, (_, lockTime) => ({
    version: 2,
    lockTime,
    inputs: [{ ...input, txid: new Uint8Array(32).fill(1) }],
    outputs: [{ amount: 100_000n, script }],
  }));
  const inputs = previous.map((one) => ({ ...input, txid: sha256(sha256(RawOldTx.encode(one))).reverse() }));
  const unsigned = (data: number) => ({
    version: 2,
    lockTime: 0,
    inputs,
    outputs: [
      { amount: 1_000n, script },
      { amount: 0n, script: new Uint8Array(data).fill(0x6a) },
    ],
  });
  const bare = RawOldTx.encode(unsigned(60_000)).length - 60_000;
  const unsignedTx = unsigned(MAX_UNSIGNED - bare - 2);
  const psbt = RawPSBTV0.encode({
    global: { unsignedTx },
    inputs: previous.map((one) => ({ nonWitnessUtxo: { ...one, segwitFlag: false } })),
    outputs: [{}, {}],
  } as unknown as RawPsbt);
  return { psbt, account };
}

describe("the largest request", () => {
  for (const type of ["pkh", "wpkh", "tr"] as const) {
    test(`${type}: a thousand coins of ours in a transaction of the greatest size are read within seconds`, { timeout: 60_000 }, () => {
      const { psbt, account } = largest(type);
      const start = process.cpuUsage();
      const intent = decode(psbt, account);
      const { user, system } = process.cpuUsage(start);
      expect(intent.signables).toHaveLength(MAX_PARTS);
      expect(intent.refusals).toEqual([]);
      // About one second. Writing or reading the transaction anew for each input would take minutes.
      expect((user + system) / 1e6).toBeLessThan(10);
    });
  }
});
