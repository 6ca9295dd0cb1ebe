import { sha256 } from "@noble/hashes/sha2.js";
import { getPublicKey, Point } from "@noble/secp256k1";
import { base64, createBase58check } from "@scure/base";
import { Psbt, Transaction } from "bitcoinjs-lib";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { assemblePsbt } from "../../src/chains/bitcoin/assemble.ts";
import { digestsOf } from "../../src/chains/bitcoin/digest.ts";
import { lockOf } from "../../src/chains/bitcoin/lock.ts";
import { parsePsbt, type ReadPsbt, readPsbt } from "../../src/chains/bitcoin/psbt.ts";
import { previousOutputs } from "../../src/chains/bitcoin/sighash.ts";
import { isValid, proofIn } from "../../src/chains/bitcoin/unlock.ts";
import type { AccountKeys } from "../../src/chains/chain.ts";
import { accountOf, decode, owner, TYPES, type Type } from "../chains/bitcoin/made.ts";
import { finalsOf } from "../chains/bitcoin/raw.ts";
import { sharedFile } from "../shared.ts";
import type { Rows, VectorSet } from "./set.ts";

/** PSBTs: read or refused, never signed where a signer must not, and each signature in them judged. */
export const BITCOIN_PSBTS: readonly VectorSet[] = [
  { file: "bitcoin/psbt/bip174.json", what: "BIP-174: invalid, valid, never signed", minimum: 17, run: bip174 },
  { file: "bitcoin/psbt/bip371.json", what: "BIP-371: taproot's fields, and its signature", minimum: 8, run: bip371 },
  { file: "bitcoin/psbt/core-rpc_psbt-2021.json", what: "Core: invalid, valid, every role", minimum: 7, run: core },
];

interface Case {
  readonly group: string;
  readonly case: string;
  readonly base64: string;
  readonly expect: "valid" | "invalid" | "signer-must-fail";
}

interface Core {
  readonly invalid: readonly string[];
  readonly valid: readonly string[];
  readonly signer: readonly { readonly privkeys: readonly string[]; readonly psbt: string; readonly result: string }[];
  readonly combiner: readonly { readonly combine: readonly string[]; readonly result: string }[];
  readonly finalizer: readonly { readonly finalize: string; readonly result: string }[];
  readonly extractor: readonly { readonly extract: string; readonly result: string }[];
}

const coreFile = () => sharedFile<Core>("vectors/bitcoin/psbt/core-rpc_psbt-2021.json");

async function bip174(rows: Rows): Promise<void> {
  const { cases } = sharedFile<{ cases: Case[] }>("vectors/bitcoin/psbt/bip174.json");
  for (const row of cases) await readOrRefused(rows, row);
  await signaturesOf(rows, cases);
  const mustFail = cases.filter((row) => row.expect === "signer-must-fail");
  for (const row of mustFail) await neverSigned(rows, row.case, row.base64);
  // The first spends coins of one of the keys, and only a claim says how many.
  await rows.valid("why the first is not signed", () => {
    try {
      decode(mustFail[0]?.base64 ?? "", accountOfKeys("pkh", coreKeys()));
      return "read";
    } catch (error) {
      return error instanceof CustodyError && error.message.includes("previous transactions of inputs 0");
    }
  });
}

async function bip371(rows: Rows): Promise<void> {
  const cases = sharedFile<Case[]>("vectors/bitcoin/psbt/bip371.json");
  for (const row of cases) await readOrRefused(rows, row);
  await signaturesOf(rows, cases);
  for (const row of cases) if (row.expect === "signer-must-fail") await neverSigned(rows, row.case, row.base64);
  await rows.valid("its own signature makes the transaction that bitcoinjs-lib extracts", () => {
    const [unsigned, signed] = ["and its derivation path", "its derivation path, and signature"].map((end) =>
      cases.find((row) => row.expect === "valid" && row.case.includes("input") && row.case.endsWith(end)),
    );
    if (unsigned === undefined || signed === undefined) return "expected the two rows";
    const [input] = Psbt.fromBase64(signed.base64).data.inputs;
    const account = accountOfKeys("tr", [Uint8Array.of(2, ...(input?.tapInternalKey ?? []))]);
    const intent = decode(unsigned.base64, account);
    const made = assemblePsbt(intent, [{ bytes: input?.tapKeySig ?? new Uint8Array() }], account);
    const peer = Psbt.fromBase64(signed.base64).finalizeAllInputs().extractTransaction(true);
    return intent.refusals.length === 0 && toHex(made.bytes) === peer.toHex() && made.hash === peer.getId() && made.complete;
  });
}

async function core(rows: Rows): Promise<void> {
  const { invalid, valid, signer, combiner, finalizer, extractor } = coreFile();
  for (const [at, row] of invalid.entries()) await readOrRefused(rows, { group: "invalid", case: `${at}`, base64: row });
  for (const [at, row] of valid.entries()) await readOrRefused(rows, { group: "valid", case: `${at}`, base64: row });
  await signaturesOf(
    rows,
    valid.map((base64, at) => ({ case: `${at}`, base64, expect: "valid" }) as const),
  );
  // The signers' rows are of several keys, or have nothing to sign.
  for (const [at, row] of signer.entries()) await neverSigned(rows, `signer ${at}`, row.psbt);
  for (const row of [...combiner.map(({ result }) => result), ...finalizer.map(({ finalize }) => finalize)]) {
    // Unknown rows of type 0x0f, which BIP-370 has given a meaning since then: that of another version of PSBT.
    if (toHex(base64.decode(row)).includes("0a0f0102030405060708")) {
      await rows.declines("types-assigned-since", row.slice(0, 40), () => parsePsbt(row));
      continue;
    }
    const read = readPsbt(base64.decode(row));
    const ours = (previousOutputs(read) ?? []).some(({ script }, index) => lockOf(script, read.inputs[index]?.redeemScript) !== undefined);
    if (ours) rows.wrong.push("a combiner's or finalizer's row has a lock of one key");
    else rows.lack("scripts-of-others");
  }
  for (const { extract, result } of extractor)
    await rows.valid(`extracts ${Transaction.fromHex(result).getId()}`, () => {
      // What they call final is what the transaction has, which is all that assembling takes from them.
      const texts = ({ scriptSig, witness }: { scriptSig: Uint8Array; witness: readonly Uint8Array[] }) =>
        [toHex(scriptSig), ...witness.map(toHex)].join();
      const read = readPsbt(base64.decode(extract)).inputs.map(({ final }) => final && texts(final));
      return read.join(";") === finalsOf(fromHex(result)).map(texts).join(";");
    });
}

async function readOrRefused(rows: Rows, row: Pick<Case, "group" | "case" | "base64">): Promise<void> {
  const name = `${row.group}: ${row.case}`;
  if (/\binvalid\b/.test(row.group)) return rows.invalid(name, () => parsePsbt(row.base64));
  await rows.valid(name, () => {
    const read = parsePsbt(row.base64);
    return base64.encode(read.bytes) === row.base64 && toHex(read.bytes).includes(toHex(read.unsigned));
  });
}

/** Each signature of one key that a valid PSBT carries counts as valid. */
async function signaturesOf(rows: Rows, cases: readonly Pick<Case, "case" | "base64" | "expect">[]): Promise<void> {
  for (const row of cases) {
    if (row.expect !== "valid") continue;
    const psbt = readPsbt(base64.decode(row.base64));
    const previous = previousOutputs(psbt);
    if (previous !== undefined) for (const index of psbt.inputs.keys()) await signaturesAt(rows, row.case, { psbt, previous, index });
  }
}

async function signaturesAt(
  rows: Rows,
  name: string,
  { psbt, previous, index }: { psbt: ReadPsbt; previous: NonNullable<ReturnType<typeof previousOutputs>>; index: number },
): Promise<void> {
  const input = psbt.inputs[index];
  const { partialSig = [], tapKeySig } = psbt.transaction.getInput(index);
  const lock = lockOf(previous[index]?.script ?? new Uint8Array(), input?.redeemScript);
  if (lock === undefined) return rows.lack("scripts-of-others", partialSig.length + (tapKeySig === undefined ? 0 : 1));
  const final = input?.final && proofIn(lock, input.final);
  const proofs = [
    ...partialSig.map(([publicKey, signature]) => ({ publicKey, signature })),
    ...(tapKeySig ? [{ publicKey: lock.program, signature: tapKeySig }] : []),
    ...(final ? [final] : []),
  ];
  for (const proof of proofs)
    await rows.valid(`${name}, the signature of input ${index}`, () => isValid(digestsOf(psbt, previous), index, lock, proof) === true);
}

/** With every public key that the row shows, and every private key of Core's rows, in an account of each type. */
async function neverSigned(rows: Rows, name: string, row: string): Promise<void> {
  const written = toHex(base64.decode(row));
  // Scripts of several keys push each: 0x21, and 33 bytes that begin with 02 or 03.
  const shown = [...written.matchAll(/(?=21(0[23][0-9a-f]{64}))/g)].map(([, key = ""]) => fromHex(key)).filter(isPoint);
  const keys = [...coreKeys(), ...shown];
  for (const type of TYPES)
    await rows.invalid(`${name} as ${type}`, () => {
      const { refusals, signables } = decode(row, accountOfKeys(type, keys));
      return refusals.length === 0 || signables.length > 0;
    });
}

/** An account that has these public keys, 33 bytes each, at its first receive addresses. */
function accountOfKeys(type: Type, keys: readonly Uint8Array[]): AccountKeys {
  const other = accountOf(owner(type, new Uint8Array(32).fill(0xee)));
  const publicKey = ([branch = 0, index = 0]: readonly number[]) => {
    const key = branch === 0 ? keys[index] : undefined;
    return key === undefined ? other.publicKey([branch, index]) : Point.fromBytes(key).toBytes(false);
  };
  return { ...other, publicKey, ceilings: [Math.max(keys.length, 1), 1] };
}

// 0xef || key(32) || 0x01 (WIF of a test network, for a compressed public key).
function coreKeys(): readonly Uint8Array[] {
  const privateKeys = coreFile().signer.flatMap(({ privkeys }) => privkeys);
  return privateKeys.map((text) => getPublicKey(createBase58check(sha256).decode(text).slice(1, 33), true));
}

function isPoint(key: Uint8Array): boolean {
  try {
    return Point.fromBytes(key).toBytes(false).length === 65;
  } catch {
    return false;
  }
}
