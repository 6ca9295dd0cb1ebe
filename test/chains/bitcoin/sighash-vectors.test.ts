import { getPublicKey } from "@noble/secp256k1";
import { RawTx } from "@scure/btc-signer/script.js";
import { describe, expect, test } from "vitest";
import { assemblePsbt } from "../../../src/chains/bitcoin/assemble.ts";
import { digestsOf } from "../../../src/chains/bitcoin/digest.ts";
import { lockOf } from "../../../src/chains/bitcoin/lock.ts";
import { ownScripts } from "../../../src/chains/bitcoin/own.ts";
import { hashTypeOf, previousOutputs, toSign } from "../../../src/chains/bitcoin/sighash.ts";
import { TEMPLATES } from "../../../src/chains/bitcoin/template.ts";
import { encodeSignature, isValid, proofIn } from "../../../src/chains/bitcoin/unlock.ts";
import type { Intent } from "../../../src/intent/intent.ts";
import { secp256k1 } from "../../../src/keys/secp256k1.ts";
import { shared, sharedFile, Tally, vectorSuite } from "../../shared.ts";
import { accountOf, owner, type Type } from "./made.ts";
import { finalsOf, fromHex, hex, psbtOf } from "./raw.ts";

/** An account of one type that has these keys at its first receive addresses, wherever they come from. */
function accountWith(type: Type, privateKeys: readonly Uint8Array[]) {
  const other = accountOf(owner(type, new Uint8Array(32).fill(0xee)));
  const publicKey = ([branch, index]: readonly number[]) => {
    const key = branch === 0 ? privateKeys[index ?? -1] : undefined;
    return key === undefined ? other.publicKey([branch ?? 0, index ?? 0]) : getPublicKey(key, false);
  };
  return { ...other, publicKey };
}

interface Bip143 {
  readonly title: string;
  readonly unsigned: readonly string[];
  readonly private_keys: readonly string[];
  readonly sighashes: readonly string[];
  readonly signatures: readonly string[];
  readonly signed: readonly string[];
  readonly text: string;
}

describe.skipIf(!shared)(vectorSuite("BIP-143"), () => {
  test("the two examples of one key give the digest, the signature and the whole transaction; the others are not ours to sign", async () => {
    const tally = new Tally();
    for (const row of sharedFile<Bip143[]>("vectors/bitcoin/sighash/bip143.json")) {
      const type = ({ "Native P2WPKH": "wpkh", "P2SH-P2WPKH": "sh-wpkh" } as const)[row.title];
      const coins = [...row.text.matchAll(/scriptPubKey\s*:\s*([0-9a-f]+),?\s*value:\s*([\d.]+)/g)];
      const [unsigned = "", signed = ""] = [row.unsigned[0], row.signed[0]];
      if (type === undefined) {
        expect(coins.every(([, script = ""]) => lockOf(fromHex(script)) === undefined)).toBe(true);
        tally.unsupported++;
        continue;
      }
      const account = accountWith(type, row.private_keys.map(fromHex));
      // The P2PK input beside P2WPKH is somebody else's: its final scriptSig is taken from the signed transaction.
      const finals = finalsOf(fromHex(signed));
      const inputs = coins.map(([, script = "", value = "0"], at) => ({
        witnessUtxo: { script: fromHex(script), amount: BigInt(Math.round(Number(value) * 1e8)) },
        ...(script.endsWith("ac") && { finalScriptSig: Uint8Array.from(finals[at]?.scriptSig ?? []) }),
      }));
      const psbt = psbtOf(fromHex(unsigned), inputs);
      const [asked, ...more] = toSign(psbt, ownScripts(account));
      if (asked === undefined || more.length > 0) throw new Error("one input to sign");
      const { lock, signable } = asked;
      const privateKey = fromHex(row.private_keys[signable.path[1] ?? -1] ?? "");
      const signature = await secp256k1.sign({ privateKey, publicKey: getPublicKey(privateKey, false), digest: signable.digest });
      const intent = { kind: "psbt", bytes: psbt.bytes, signables: [signable] } as unknown as Intent;
      const made = {
        digest: hex(signable.digest),
        signature: hex(encodeSignature(lock, signature.bytes, 1) ?? new Uint8Array()),
        signed: hex(assemblePsbt(intent, [signature], account).bytes),
      };
      const expected = { digest: row.sighashes[0], signature: row.signatures[0], signed };
      if (JSON.stringify(made) === JSON.stringify(expected)) tally.match++;
      else tally.wrong.push(row.title);
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect({ match: tally.match, unsupported: tally.unsupported }).toEqual({ match: 2, unsupported: 3 });
  });
});

interface Bip341 {
  readonly keyPathSpending: readonly {
    readonly given: { readonly rawUnsignedTx: string; readonly utxosSpent: readonly { scriptPubKey: string; amountSats: number }[] };
    readonly inputSpending: readonly {
      readonly given: { txinIndex: number; internalPrivkey: string; merkleRoot: string | null; hashType: number };
      readonly intermediary: { sigHash: string };
      readonly expected: { witness: readonly string[] };
    }[];
    readonly auxiliary: { readonly fullySignedTx: string };
  }[];
}

describe.skipIf(!shared)(vectorSuite("BIP-341 wallet vectors, key path"), () => {
  const rows = shared ? sharedFile<Bip341>("vectors/bitcoin/taproot/bip341-wallet.json").keyPathSpending : [];
  const read = ({ given }: (typeof rows)[number]) => {
    const inputs = given.utxosSpent.map((utxo) => ({
      witnessUtxo: { script: fromHex(utxo.scriptPubKey), amount: BigInt(utxo.amountSats) },
    }));
    const psbt = psbtOf(fromHex(given.rawUnsignedTx), inputs);
    return { psbt, previous: previousOutputs(psbt) ?? [] };
  };

  test("every digest matches, and every signature is made again where the hash type is one that we sign with", async () => {
    const [digests, signatures] = [new Tally(), new Tally()];
    for (const row of rows) {
      const { psbt, previous } = read(row);
      for (const { given, intermediary, expected } of row.inputSpending) {
        const name = `input ${given.txinIndex}`;
        const lock = lockOf(previous[given.txinIndex]?.script ?? new Uint8Array());
        const digest = lock && digestsOf(psbt, previous)(given.txinIndex, lock, given.hashType);
        if (lock === undefined || digest === undefined || hex(digest) !== intermediary.sigHash) {
          digests.wrong.push(name);
          continue;
        }
        digests.match++;
        const hashType = hashTypeOf(TEMPLATES.tr, given.hashType);
        if (hashType === undefined) {
          signatures.refused++;
          continue;
        }
        const privateKey = fromHex(given.internalPrivkey);
        const tap = fromHex(given.merkleRoot ?? "");
        const bytes = await secp256k1.signSchnorr({ privateKey, publicKey: getPublicKey(privateKey, false), digest, tap });
        const made = encodeSignature(lock, bytes, hashType);
        if (made && hex(made) === expected.witness[0]) signatures.match++;
        else signatures.wrong.push(name);
      }
    }
    expect([digests.bad, signatures.bad]).toEqual([new Tally().bad, new Tally().bad]);
    expect(digests.match).toBe(7);
    // NONE, SINGLE and the three with ANYONECANPAY are never signed: they would let others change what was judged.
    expect({ match: signatures.match, refused: signatures.refused }).toEqual({ match: 2, refused: 5 });
  });

  test("none of the inputs is one that we would sign but the one without a tree, and its hash type is refused", () => {
    for (const row of rows) {
      const keys = row.inputSpending.map(({ given }) => fromHex(given.internalPrivkey));
      const { psbt, previous } = read(row);
      const scripts = ownScripts(accountWith("tr", keys));
      const own = previous.flatMap(({ script }, index) => (scripts.lookup(script) === undefined ? [] : [index]));
      expect(own).toEqual(row.inputSpending.filter(({ given }) => given.merkleRoot === null).map(({ given }) => given.txinIndex));
      expect(own.map(() => hashTypeOf(TEMPLATES.tr, row.inputSpending[0]?.given.hashType))).toEqual([undefined]);
      expect(psbt.inputs).toHaveLength(9);
    }
  });

  test("all nine signatures of the finished transaction count as valid, taproot's, P2PKH's and P2WPKH's, and no other ones", () => {
    const tally = new Tally();
    for (const row of rows) {
      const { psbt, previous } = read(row);
      const finals = finalsOf(fromHex(row.auxiliary.fullySignedTx));
      for (const [index, final] of finals.entries()) {
        const lock = lockOf(previous[index]?.script ?? new Uint8Array());
        const proof = lock && proofIn(lock, final);
        if (lock === undefined || proof === undefined || isValid(digestsOf(psbt, previous), index, lock, proof) !== true)
          tally.wrong.push(`input ${index}`);
        else tally.match++;
        for (let at = 0; lock && proof && at < proof.signature.length; at += 7) {
          const signature = proof.signature.map((byte, offset) => (offset === at ? byte ^ 1 : byte));
          if (isValid(digestsOf(psbt, previous), index, lock, { ...proof, signature }) === true)
            tally.accepted.push(`input ${index}, byte ${at}`);
          else tally.refused++;
        }
      }
      expect(RawTx.decode(fromHex(row.auxiliary.fullySignedTx)).inputs).toHaveLength(finals.length);
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(tally.match).toBe(9);
    expect(tally.refused).toBeGreaterThan(80);
  });
});
