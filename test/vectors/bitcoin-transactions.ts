import { secp256k1 as curves } from "@noble/curves/secp256k1.js";
import { getPublicKey } from "@noble/secp256k1";
import { RawTx } from "@scure/btc-signer/script.js";
import { script as bitcoinjsScript, Transaction } from "bitcoinjs-lib";
import { concat, toHex } from "../../src/base/bytes.ts";
import { addressOfScript } from "../../src/chains/bitcoin/address.ts";
import { assemblePsbt } from "../../src/chains/bitcoin/assemble.ts";
import { digestsOf } from "../../src/chains/bitcoin/digest.ts";
import { lockOf } from "../../src/chains/bitcoin/lock.ts";
import { ownScripts } from "../../src/chains/bitcoin/own.ts";
import { readPsbt } from "../../src/chains/bitcoin/psbt.ts";
import { hashTypeOf, previousOutputs, toSign } from "../../src/chains/bitcoin/sighash.ts";
import { TEMPLATES } from "../../src/chains/bitcoin/template.ts";
import { encodeSignature, isValid, proofIn } from "../../src/chains/bitcoin/unlock.ts";
import type { Intent } from "../../src/intent/intent.ts";
import { secp256k1 } from "../../src/keys/secp256k1.ts";
import { accountOf, owner, payment, type Type } from "../chains/bitcoin/made.ts";
import { finalsOf, fromHex, psbtOf } from "../chains/bitcoin/raw.ts";
import { MAIN } from "../chains/bitcoin/wallet.ts";
import { sharedFile } from "../shared.ts";
import type { Rows, VectorSet } from "./set.ts";

/** What is signed of a transaction, and what is read of those that come before it. */
export const BITCOIN_TRANSACTIONS: readonly VectorSet[] = [
  { file: "bitcoin/sighash/bip143.json", what: "BIP-143: digest, signature, transaction", minimum: 2, run: bip143 },
  { file: "bitcoin/taproot/bip341-wallet.json", what: "BIP-341: outputs, digests, signatures, witnesses", minimum: 27, run: bip341 },
  { file: "bitcoin/core/core-tx_valid.json", what: "Core: read as previous transactions", minimum: 121, run: coreValid },
  { file: "bitcoin/tx/bcoin-mainnet-txs.json", what: "the main network: read as previous transactions", minimum: 10, run: mainnet },
  { file: "bitcoin/tx/bip69.json", what: "BIP-69: order is kept as it comes", minimum: 12, run: bip69 },
  { file: "bitcoin/bitcoinjs/bitcoinjs-transaction.json", what: "bitcoinjs: transactions and digests", minimum: 29, run: transactions },
  { file: "bitcoin/bitcoinjs/bitcoinjs-signature.json", what: "bitcoinjs: signatures as scripts carry them", minimum: 7, run: signatures },
  { file: "bitcoin/bitcoinjs/bitcoinjs-core-sig_canonical.json", what: "Core: DER that is canonical", minimum: 4, run: canonical },
  { file: "bitcoin/bitcoinjs/bitcoinjs-core-sig_noncanonical.json", what: "Core: DER that is not", minimum: 0, run: notCanonical },
];

/** An account of one type that has these keys at its first receive addresses, wherever they come from. */
function accountWith(type: Type, privateKeys: readonly Uint8Array[]) {
  const other = accountOf(owner(type, new Uint8Array(32).fill(0xee)));
  const publicKey = ([branch, index]: readonly number[]) => {
    const key = branch === 0 ? privateKeys[index ?? -1] : undefined;
    return key === undefined ? other.publicKey([branch ?? 0, index ?? 0]) : getPublicKey(key, false);
  };
  return { ...other, publicKey };
}

async function bip143(rows: Rows): Promise<void> {
  type Row = Record<"unsigned" | "private_keys" | "sighashes" | "signatures" | "signed", readonly string[]> & {
    title: string;
    text: string;
  };
  for (const row of sharedFile<Row[]>("vectors/bitcoin/sighash/bip143.json")) {
    const type = ({ "Native P2WPKH": "wpkh", "P2SH-P2WPKH": "sh-wpkh" } as const)[row.title];
    const coins = [...row.text.matchAll(/scriptPubKey\s*:\s*([0-9a-f]+),?\s*value:\s*([\d.]+)/g)];
    const [unsigned = "", signed = ""] = [row.unsigned[0], row.signed[0]];
    if (type === undefined) {
      // Not ours to sign: no lock that an account could have.
      if (coins.every(([, script = ""]) => lockOf(fromHex(script)) === undefined)) rows.lack("scripts-of-others");
      else rows.wrong.push(`${row.title}: taken for a lock of one key`);
      continue;
    }
    await rows.valid(row.title, async () => {
      const account = accountWith(
        type,
        row.private_keys.map((key) => fromHex(key)),
      );
      // The P2PK input beside P2WPKH is somebody else's: its final scriptSig is taken from the signed transaction.
      const finals = finalsOf(fromHex(signed));
      const inputs = coins.map(([, script = "", value = "0"], at) => ({
        witnessUtxo: { script: fromHex(script), amount: BigInt(Math.round(Number(value) * 1e8)) },
        ...(script.endsWith("ac") && { finalScriptSig: Uint8Array.from(finals[at]?.scriptSig ?? []) }),
      }));
      const psbt = psbtOf(fromHex(unsigned), inputs);
      const [asked, ...more] = toSign(psbt, ownScripts(account));
      if (asked === undefined || more.length > 0) return "expected one input to sign";
      const { lock, signable } = asked;
      const privateKey = fromHex(row.private_keys[signable.path[1] ?? -1] ?? "");
      const signature = await secp256k1.sign({ privateKey, publicKey: getPublicKey(privateKey, false), digest: signable.digest });
      const intent = { kind: "psbt", bytes: psbt.bytes, signables: [signable] } as unknown as Intent;
      return (
        toHex(signable.digest) === row.sighashes[0] &&
        toHex(encodeSignature(lock, signature.bytes, 1) ?? new Uint8Array()) === row.signatures[0] &&
        toHex(assemblePsbt(intent, [signature], account).bytes) === signed
      );
    });
  }
}

interface Bip341 {
  readonly scriptPubKey: readonly {
    readonly given: { readonly internalPubkey: string; readonly scriptTree: unknown };
    readonly expected: { readonly scriptPubKey: string; readonly bip350Address: string };
  }[];
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

async function bip341(rows: Rows): Promise<void> {
  const { scriptPubKey, keyPathSpending } = sharedFile<Bip341>("vectors/bitcoin/taproot/bip341-wallet.json");
  for (const { given, expected } of scriptPubKey) {
    await rows.valid(expected.bip350Address, () => addressOfScript(MAIN, fromHex(expected.scriptPubKey)) === expected.bip350Address);
    const ours = () => toHex(TEMPLATES.tr.script(fromHex(`02${given.internalPubkey}`))) === expected.scriptPubKey;
    if (given.scriptTree === null) await rows.valid(`the output of ${given.internalPubkey}`, ours);
    // Outputs with a tree have an address, but are those of no account.
    else if (ours()) rows.accepted.push(given.internalPubkey);
    else rows.lack("taproot-trees");
  }
  for (const row of keyPathSpending) {
    await keyPath(rows, row);
    await finished(rows, row);
  }
}

type KeyPath = Bip341["keyPathSpending"][number];

function readKeyPath({ given }: KeyPath) {
  const inputs = given.utxosSpent.map((utxo) => ({
    witnessUtxo: { script: fromHex(utxo.scriptPubKey), amount: BigInt(utxo.amountSats) },
  }));
  const psbt = psbtOf(fromHex(given.rawUnsignedTx), inputs);
  return { psbt, previous: previousOutputs(psbt) ?? [] };
}

/** Every digest; every signature where the hash type is one that we sign with; and which inputs are an account's. */
async function keyPath(rows: Rows, row: KeyPath): Promise<void> {
  const { psbt, previous } = readKeyPath(row);
  for (const { given, intermediary, expected } of row.inputSpending) {
    const name = `input ${given.txinIndex}`;
    const lock = lockOf(previous[given.txinIndex]?.script ?? new Uint8Array());
    const digest = lock && digestsOf(psbt, previous)(given.txinIndex, lock, given.hashType);
    await rows.valid(`${name}, digest`, () => digest !== undefined && toHex(digest) === intermediary.sigHash);
    const hashType = hashTypeOf(TEMPLATES.tr, given.hashType);
    if (lock === undefined || digest === undefined) continue;
    if (hashType === undefined) {
      rows.decline("other-hash-types");
      continue;
    }
    await rows.valid(`${name}, signature`, async () => {
      const privateKey = fromHex(given.internalPrivkey);
      const tap = fromHex(given.merkleRoot ?? "");
      const bytes = await secp256k1.signSchnorr({ privateKey, publicKey: getPublicKey(privateKey, false), digest, tap });
      return toHex(encodeSignature(lock, bytes, hashType) ?? new Uint8Array()) === expected.witness[0];
    });
  }
  await rows.valid("whose inputs", () => {
    const scripts = ownScripts(
      accountWith(
        "tr",
        row.inputSpending.map(({ given }) => fromHex(given.internalPrivkey)),
      ),
    );
    const own = previous.flatMap(({ script }, index) => (scripts.lookup(script) === undefined ? [] : [index]));
    const without = row.inputSpending.filter(({ given }) => given.merkleRoot === null).map(({ given }) => given.txinIndex);
    return own.join() === without.join() && psbt.inputs.length === 9;
  });
}

/** All nine signatures of the finished transaction count as valid, taproot's, P2PKH's and P2WPKH's, and no other ones. */
async function finished(rows: Rows, row: KeyPath): Promise<void> {
  const { psbt, previous } = readKeyPath(row);
  const finals = finalsOf(fromHex(row.auxiliary.fullySignedTx));
  for (const [index, final] of finals.entries()) {
    const lock = lockOf(previous[index]?.script ?? new Uint8Array());
    const proof = lock && proofIn(lock, final);
    const counts = (signature: Uint8Array | undefined) =>
      lock !== undefined &&
      proof !== undefined &&
      signature !== undefined &&
      isValid(digestsOf(psbt, previous), index, lock, { ...proof, signature }) === true;
    await rows.valid(`input ${index} is signed`, () => counts(proof?.signature));
    for (let at = 0; at < (proof?.signature.length ?? 0); at += 7)
      await rows.invalid(`input ${index}, byte ${at}`, () =>
        counts(proof?.signature.map((byte, offset) => (offset === at ? byte ^ 1 : byte))),
      );
  }
}

async function coreValid(rows: Rows): Promise<void> {
  const valid = sharedFile<unknown[][]>("vectors/bitcoin/core/core-tx_valid.json").filter((row) => row.length === 3);
  for (const row of valid) await asPrevious(rows, String(row[1]));
}

async function mainnet(rows: Rows): Promise<void> {
  for (const { hex } of sharedFile<{ hex: string }[]>("vectors/bitcoin/tx/bcoin-mainnet-txs.json")) await asPrevious(rows, hex);
}

/** Read as what an input spends: under its own id, with the amount and the script of its output. */
async function asPrevious(rows: Rows, hex: string): Promise<void> {
  const previous = Transaction.fromHex(hex);
  await rows.valid(previous.getId(), () => {
    const [input] = readPsbt(spending(previous)).inputs;
    const [spent] = previous.outs;
    const same =
      input?.previous?.amount === spent?.value &&
      toHex(input?.previous?.script ?? new Uint8Array()) === toHex(spent?.script ?? new Uint8Array());
    return input?.txid === previous.getId() && same;
  });
}

const stranger = owner("wpkh", new Uint8Array(64).fill(8));
const MAGIC = fromHex("70736274ff");
const END = Uint8Array.of(0);

/** A PSBT that spends the first output of a transaction, built from its fields by hand. */
function spending(previous: Transaction): Uint8Array {
  return spendingBytes(previous.getHash(), Uint8Array.from(previous.toBuffer()));
}

function spendingBytes(txid: Uint8Array, raw: Uint8Array): Uint8Array {
  const unsigned = new Transaction();
  unsigned.version = 2;
  unsigned.addInput(Uint8Array.from(txid), 0);
  unsigned.addOutput(payment(stranger, [0, 0]).output, 1_000n);
  return concat(MAGIC, field(0, Uint8Array.from(unsigned.toBuffer())), END, field(0, raw), END, END);
}

/** A PSBT that says nothing beside its transaction. */
function bare(unsigned: Transaction): Uint8Array {
  unsigned.version = 2;
  const maps = Array.from({ length: unsigned.ins.length + unsigned.outs.length }, () => END);
  return concat(MAGIC, field(0, Uint8Array.from(unsigned.toBuffer())), END, ...maps);
}

/** One row of a map: length of the key, key type, length of the value, value. @see BIP-174 */
function field(type: number, value: Uint8Array): Uint8Array {
  const size = value.length;
  const length =
    size < 0xfd ? [size] : size <= 0xffff ? [0xfd, size & 255, size >> 8] : [0xfe, size & 255, (size >> 8) & 255, (size >> 16) & 255, 0];
  return concat(Uint8Array.of(1, type, ...length), value);
}

async function bip69(rows: Rows): Promise<void> {
  interface File {
    readonly inputs: readonly { inputs: readonly { txId: string; vout: number }[]; expected: readonly number[] }[];
    readonly outputs: readonly { outputs: readonly { script: string; value: number }[]; expected: readonly number[] }[];
  }
  const { inputs, outputs } = sharedFile<File>("vectors/bitcoin/tx/bip69.json");
  // In the order that they came in, and in that of the BIP: nothing here orders them.
  const orders = <T>(given: readonly T[], expected: readonly number[]) => [given, expected.flatMap((at) => given[at] ?? [])];
  for (const [at, { inputs: given, expected }] of inputs.entries())
    await rows.valid(`inputs ${at}`, () =>
      orders(given, expected).every((order) => {
        const unsigned = new Transaction();
        for (const { txId, vout } of order) unsigned.addInput(fromHex(txId).reverse(), vout);
        unsigned.addOutput(fromHex("51"), 1_000n);
        const read = readPsbt(bare(unsigned)).inputs.map(({ txid, index }) => ({ txId: txid, vout: index }));
        return JSON.stringify(read) === JSON.stringify(order);
      }),
    );
  for (const [at, { outputs: given, expected }] of outputs.entries())
    await rows.valid(`outputs ${at}`, () =>
      orders(given, expected).every((order) => {
        const unsigned = new Transaction();
        unsigned.addInput(new Uint8Array(32).fill(1), 0);
        for (const { script, value } of order) unsigned.addOutput(fromHex(script), BigInt(value));
        const read = readPsbt(bare(unsigned)).outputs.map(({ script, amount }) => ({ script: toHex(script), value: Number(amount) }));
        return JSON.stringify(read) === JSON.stringify(order);
      }),
    );
}

async function transactions(rows: Rows): Promise<void> {
  interface File {
    valid: { description: string; id: string; hex: string; whex?: string }[];
    hashForSignature: unknown[];
    hashForWitnessV0: { description: string; txHex: string; inIndex: number; script: string; type: number; hash: string; value: number }[];
    taprootSigning: {
      utxos: { scriptHex: string; value: number }[];
      txHex: string;
      cases: { vin: number; typeHex: string; hash: string }[];
    }[];
    invalid: { addInput: unknown[]; fromBuffer: { exception: string; hex: string }[] };
  }
  const file = sharedFile<File>("vectors/bitcoin/bitcoinjs/bitcoinjs-transaction.json");
  for (const { hex, whex } of file.valid) await asPrevious(rows, whex || hex);
  for (const { description, txHex, inIndex, script, type, hash, value } of file.hashForWitnessV0) {
    // The script code of a key's hash is that of P2PKH; its lock is the witness program of the same hash.
    const [, program] = /^76a914(.{40})88ac$/.exec(toHex(bitcoinjsScript.fromASM(script))) ?? [];
    if (program === undefined) {
      rows.lack("scripts-of-others");
      continue;
    }
    await rows.valid(description, () => {
      const locked = fromHex(`0014${program}`);
      const unsigned = fromHex(txHex);
      const inputs = RawTx.decode(unsigned).inputs.map((_, at) => ({
        witnessUtxo: { script: locked, amount: at === inIndex ? BigInt(value) : 0n },
      }));
      return digestAt(unsigned, inputs, inIndex, type) === hash;
    });
  }
  for (const { utxos, txHex, cases } of file.taprootSigning) {
    const inputs = utxos.map(({ scriptHex, value }) => ({ witnessUtxo: { script: fromHex(scriptHex), amount: BigInt(value) } }));
    for (const { vin, typeHex, hash } of cases)
      await rows.valid(`taproot, input ${vin}`, () => digestAt(fromHex(txHex), inputs, vin, Number.parseInt(typeHex, 16)) === hash);
  }
  for (const { exception, hex } of file.invalid.fromBuffer)
    await rows.invalid(exception, () => readPsbt(spendingBytes(new Uint8Array(32).fill(7), fromHex(hex))));
  rows.lack("scripts-of-others", file.hashForSignature.length);
  rows.lack("arguments-of-a-library", file.invalid.addInput.length);
}

type Coins = Parameters<typeof psbtOf>[1];

function digestAt(unsigned: Uint8Array, inputs: Coins, index: number, hashType: number): string | undefined {
  const psbt = psbtOf(unsigned, inputs);
  const previous = previousOutputs(psbt) ?? [];
  const lock = lockOf(previous[index]?.script ?? new Uint8Array());
  const digest = lock && digestsOf(psbt, previous)(index, lock, hashType);
  return digest && toHex(digest);
}

/** An input whose signature is DER. */
const LOCKED = fromHex(`0014${"11".repeat(20)}`);

async function signatures(rows: Rows): Promise<void> {
  type Row = { exception?: string; hashType: number; hex: string; raw?: { r: string; s: string } };
  const { valid, invalid } = sharedFile<{ valid: Row[]; invalid: Row[] }>("vectors/bitcoin/bitcoinjs/bitcoinjs-signature.json");
  for (const { hashType, hex, raw } of valid) {
    const bytes = fromHex(`${raw?.r.padStart(64, "0")}${raw?.s.padStart(64, "0")}`);
    await rows.valid(hex, () => encoded(bytes, hashType) === hex);
  }
  for (const { exception = "", hex } of invalid) await rows.invalid(exception, () => countsAsSignature(hex));
}

async function canonical(rows: Rows): Promise<void> {
  for (const hex of sharedFile<string[]>("vectors/bitcoin/bitcoinjs/bitcoinjs-core-sig_canonical.json")) {
    const [der, hashType] = [fromHex(hex).slice(0, -1), fromHex(hex).at(-1) ?? 0];
    if (/^30060201000201/.test(hex)) await rows.declines("zeros-as-signatures", hex, () => encoded(new Uint8Array(64), hashType));
    else await rows.valid(hex, () => encoded(curves.Signature.fromBytes(der, "der").toBytes("compact"), hashType) === hex);
  }
}

function encoded(bytes: Uint8Array, hashType: number): string | undefined {
  const lock = lockOf(LOCKED);
  const der = lock && encodeSignature(lock, bytes, hashType);
  return der && toHex(der);
}

async function notCanonical(rows: Rows): Promise<void> {
  const texts = sharedFile<string[]>("vectors/bitcoin/bitcoinjs/bitcoinjs-core-sig_noncanonical.json");
  for (const hex of texts.filter((text) => /^[0-9A-Fa-f]+$/.test(text))) await rows.invalid(hex, () => countsAsSignature(hex));
}

/** Whether it could count for somebody: there is a digest of its hash type, and the reader that we verify with takes its DER. */
function countsAsSignature(hex: string): boolean {
  const signature = fromHex(hex);
  const unsigned = new Transaction();
  unsigned.addInput(new Uint8Array(32).fill(1), 0);
  unsigned.addOutput(LOCKED, 1_000n);
  const coins = [{ witnessUtxo: { script: LOCKED, amount: 2_000n } }];
  if (digestAt(Uint8Array.from(unsigned.toBuffer()), coins, 0, signature.at(-1) ?? 0) === undefined) return false;
  try {
    return !curves.Signature.fromBytes(signature.subarray(0, -1), "der").hasHighS();
  } catch {
    return false;
  }
}
