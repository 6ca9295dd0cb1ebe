import { sha256 } from "@noble/hashes/sha2.js";
import { getPublicKey, Point } from "@noble/secp256k1";
import { base64, createBase58check } from "@scure/base";
import { Psbt, Transaction } from "bitcoinjs-lib";
import { describe, expect, test } from "vitest";
import { CustodyError } from "../../../src/base/errors.ts";
import { assemblePsbt } from "../../../src/chains/bitcoin/assemble.ts";
import { digestsOf } from "../../../src/chains/bitcoin/digest.ts";
import { lockOf } from "../../../src/chains/bitcoin/lock.ts";
import { readPsbt } from "../../../src/chains/bitcoin/psbt.ts";
import { previousOutputs } from "../../../src/chains/bitcoin/sighash.ts";
import { isValid, proofIn } from "../../../src/chains/bitcoin/unlock.ts";
import type { AccountKeys } from "../../../src/chains/chain.ts";
import { shared, sharedFile, Tally, vectorSuite } from "../../shared.ts";
import { accountOf, decode, owner, TYPES, type Type } from "./made.ts";
import { finalsOf, fromHex, hex } from "./raw.ts";

interface Case {
  readonly case: string;
  readonly base64: string;
  readonly expect: "valid" | "invalid" | "signer-must-fail";
}

interface Core {
  readonly valid: readonly string[];
  readonly signer: readonly { readonly privkeys: readonly string[]; readonly psbt: string; readonly result: string }[];
  readonly combiner: readonly { readonly combine: readonly string[]; readonly result: string }[];
  readonly finalizer: readonly { readonly finalize: string; readonly result: string }[];
  readonly extractor: readonly { readonly extract: string; readonly result: string }[];
}

const bip174 = shared ? sharedFile<{ cases: readonly Case[] }>("vectors/bitcoin/psbt/bip174.json").cases : [];
const bip371 = shared ? sharedFile<readonly Case[]>("vectors/bitcoin/psbt/bip371.json") : [];
const core = shared ? sharedFile<Core>("vectors/bitcoin/psbt/core-rpc_psbt-2021.json") : undefined;

/** An account that has these public keys, 33 bytes each, at its first receive addresses. */
function accountOfKeys(type: Type, keys: readonly Uint8Array[]): AccountKeys {
  const other = accountOf(owner(type, new Uint8Array(32).fill(0xee)));
  const publicKey = ([branch = 0, index = 0]: readonly number[]) => {
    const key = branch === 0 ? keys[index] : undefined;
    return key === undefined ? other.publicKey([branch, index]) : uncompressed(key);
  };
  return { ...other, publicKey, ceilings: [Math.max(keys.length, 1), 1] };
}

describe.skipIf(!shared)(vectorSuite("PSBTs of BIP-174, BIP-371 and Bitcoin Core"), () => {
  test("each signature of one key that a valid PSBT carries counts as valid", () => {
    const tally = new Tally();
    const rows = [...bip174, ...bip371].flatMap((row) => (row.expect === "valid" ? [row.base64] : []));
    for (const [at, row] of [...rows, ...(core?.valid ?? [])].entries()) {
      const psbt = readAsValid(row);
      const previous = psbt && previousOutputs(psbt);
      if (psbt === undefined || previous === undefined) {
        tally.unsupported++;
        continue;
      }
      for (const [index, input] of psbt.inputs.entries()) {
        const { partialSig = [], tapKeySig } = psbt.transaction.getInput(index);
        const lock = lockOf(previous[index]?.script ?? new Uint8Array(), input.redeemScript);
        const carried = partialSig.map(([publicKey, signature]) => ({ publicKey, signature }));
        const taproot = lock && tapKeySig ? [{ publicKey: lock.program, signature: tapKeySig }] : [];
        const final = lock && input.final ? proofIn(lock, input.final) : undefined;
        const proofs = [...carried, ...taproot, ...(final ? [final] : [])];
        if (lock === undefined) tally.unsupported += proofs.length;
        else
          for (const proof of proofs) {
            if (isValid(digestsOf(psbt, previous), index, lock, proof) === true) tally.match++;
            else tally.wrong.push(`row ${at}, input ${index}`);
          }
      }
    }
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(tally.match).toBeGreaterThanOrEqual(3);
  });

  test("BIP-371's own signature makes of its unsigned PSBT the transaction that bitcoinjs-lib extracts", () => {
    const [unsigned, signed] = ["and its derivation path", "its derivation path, and signature"].map((end) =>
      bip371.find((row) => row.expect === "valid" && row.case.includes("input") && row.case.endsWith(end)),
    );
    if (unsigned === undefined || signed === undefined) throw new Error("the two rows");
    const [input] = Psbt.fromBase64(signed.base64).data.inputs;
    const account = accountOfKeys("tr", [Uint8Array.of(2, ...(input?.tapInternalKey ?? []))]);
    const intent = decode(unsigned.base64, account);
    expect(intent.refusals).toEqual([]);
    const made = assemblePsbt(intent, [{ bytes: input?.tapKeySig ?? new Uint8Array() }], account);
    const peer = Psbt.fromBase64(signed.base64).finalizeAllInputs().extractTransaction(true);
    expect({ ...made, bytes: hex(made.bytes) }).toEqual({ bytes: peer.toHex(), hash: peer.getId(), complete: true });
  });

  test("no PSBT that a signer must refuse is ever signed, whichever of its keys are ours and however they are locked", () => {
    const tally = new Tally();
    const mustFail = [...bip174, ...bip371].filter((row) => row.expect === "signer-must-fail");
    for (const row of mustFail) neverSigned(tally, row.case, row.base64);
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(tally.refused).toBe(4 * TYPES.length);
    // The first spends coins of one of the keys, and only a claim says how many.
    const [first] = mustFail;
    expect(() => decode(first?.base64 ?? "", accountOfKeys("pkh", coreKeys()))).toThrow("previous transactions of inputs 0");
  });

  test("the signers' rows are all of several keys: never signed by an account of one, nor is the one that has nothing to sign", () => {
    const tally = new Tally();
    for (const [at, row] of (core?.signer ?? []).entries()) neverSigned(tally, `signer ${at}`, row.psbt);
    expect(tally.bad).toEqual({ wrong: [], accepted: [], crashed: [] });
    expect(tally.refused).toBe(6 * TYPES.length);
  });

  test("the combiner's, finalizer's and extractor's rows are all of several keys, which is not ours to do", () => {
    const tally = new Tally();
    const rows = [core?.combiner.map(({ result }) => result), core?.finalizer.map(({ finalize }) => finalize)].flatMap((one) => one ?? []);
    for (const row of rows) {
      const psbt = readAsValid(row);
      const previous = psbt && previousOutputs(psbt);
      for (const [index, { script }] of (previous ?? []).entries())
        if (lockOf(script, psbt?.inputs[index]?.redeemScript) !== undefined) tally.wrong.push(row.slice(0, 20));
      tally.unsupported++;
    }
    for (const { extract, result } of core?.extractor ?? []) {
      // What they call final is what the transaction has, which is all that assembling takes from them.
      const finals = readAsValid(extract)?.inputs.map(({ final }) => final);
      expect(finals?.map((final) => final && { scriptSig: hex(final.scriptSig), witness: final.witness.map(hex) })).toEqual(
        finalsOf(fromHex(result)).map(({ scriptSig, witness }) => ({ scriptSig: hex(scriptSig), witness: witness.map(hex) })),
      );
      expect(Transaction.fromHex(result).getId()).toHaveLength(64);
      tally.unsupported++;
    }
    expect(tally.wrong).toEqual([]);
    expect(tally.unsupported).toBe(4);
  });
});

function readAsValid(row: string) {
  try {
    return readPsbt(base64.decode(row));
  } catch (error) {
    if (error instanceof CustodyError) return undefined;
    throw error;
  }
}

/** With every public key that the row shows, and every private key of Core's rows, in an account of each type. */
function neverSigned(tally: Tally, name: string, row: string): void {
  const written = row.length > 0 ? hex(base64.decode(row)) : "";
  // Scripts of several keys push each: 0x21, and 33 bytes that begin with 02 or 03.
  const shown = [...written.matchAll(/(?=21(0[23][0-9a-f]{64}))/g)].map(([, key = ""]) => fromHex(key)).filter(isPoint);
  const keys = [
    ...(core?.signer.flatMap(({ privkeys }) => privkeys) ?? []).map((text) => getPublicKey(privateKeyOf(text), true)),
    ...shown,
  ];
  for (const type of TYPES) {
    try {
      const intent = decode(row, accountOfKeys(type, keys));
      if (intent.refusals.length > 0 && intent.signables.length === 0) tally.refused++;
      else tally.accepted.push(`${name} as ${type}`);
    } catch (error) {
      if (error instanceof CustodyError && error.code === "chain/malformed") tally.refused++;
      else tally.crashed.push(`${name} as ${type}: ${String(error)}`);
    }
  }
}

function coreKeys(): readonly Uint8Array[] {
  return (core?.signer.flatMap(({ privkeys }) => privkeys) ?? []).map((text) => getPublicKey(privateKeyOf(text), true));
}

function uncompressed(key: Uint8Array): Uint8Array {
  return Point.fromBytes(key).toBytes(false);
}

function isPoint(key: Uint8Array): boolean {
  try {
    return uncompressed(key).length === 65;
  } catch {
    return false;
  }
}

// 0xef || key(32) || 0x01 (WIF of a test network, for a compressed public key).
function privateKeyOf(text: string): Uint8Array {
  return createBase58check(sha256).decode(text).slice(1, 33);
}
