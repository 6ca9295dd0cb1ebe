import { base64 } from "@scure/base";
import { Transaction } from "@scure/btc-signer";
import { RawOldTx } from "@scure/btc-signer/script.js";
import { equal, fromHex, toHex } from "../../base/bytes.ts";
import type { Json } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import { MAGIC, malformed, type Row, readMap, rowValue, tooLarge } from "./framing.ts";
import { inputOf, outputOf } from "./parts.ts";

/** Before anything is parsed. */
export const MAX_BYTES: number = 1024 * 1024;
/**
 * Of the unsigned transaction, before it is parsed. Nodes relay 400,000 weight units, and each of these bytes is four. What is
 * signed of P2PKH is hashed whole for each input, so this and {@link MAX_PARTS} are what bounds it: to 100 MB.
 */
export const MAX_UNSIGNED = 100_000;
/** Of inputs, and of outputs. */
export const MAX_PARTS = 1_000;
/** Of all maps together: so many could be keys, each of which takes curve arithmetic to check. */
export const MAX_ALL_ROWS = 8_192;

/** One PSBT, read once: what is judged, what is signed and what goes on to others all come from it. */
export interface ReadPsbt {
  /** As they came in; a copy that nothing else here looks at again. */
  readonly bytes: Uint8Array;
  /** The transaction inside, without signatures, byte for byte. */
  readonly unsigned: Uint8Array;
  readonly version: number;
  readonly lockTime: number;
  readonly inputs: readonly PsbtInput[];
  readonly outputs: readonly PsbtOutput[];
  /** The same PSBT as the library read it. Mutable: an assembler fills it and nobody else looks at it afterwards. */
  readonly transaction: Transaction;
}

export interface TxOutput {
  readonly script: Uint8Array;
  /** Satoshi. */
  readonly amount: bigint;
}

export interface PsbtInput {
  /** As people and explorers write it: the reverse of the bytes in the transaction. */
  readonly txid: string;
  readonly index: number;
  readonly sequence: number;
  /** As the PSBT states it; absent is the default of the script's type, which an explicit 0 is not. */
  readonly sighash?: number;
  /** The output that is spent, from a previous transaction whose hash is `txid`: its amount is certain. */
  readonly previous?: TxOutput;
  /** The output that is spent, as somebody claims. Equal to `previous` where both are there. */
  readonly witnessUtxo?: TxOutput;
  readonly redeemScript?: Uint8Array;
  readonly witnessScript?: Uint8Array;
  /** 32 bytes. */
  readonly tapInternalKey?: Uint8Array;
  /** 32 bytes. */
  readonly tapMerkleRoot?: Uint8Array;
  /** It carries leaf scripts or signatures of a script path. */
  readonly tapScripts: boolean;
  /** It carries a signature of somebody that is not final yet. */
  readonly signed: boolean;
  /** What will satisfy the script, complete: both parts as they will stand in the transaction, empty where there is none. */
  readonly final?: { readonly scriptSig: Uint8Array; readonly witness: readonly Uint8Array[] };
  readonly hints: readonly Hint[];
}

export interface PsbtOutput extends TxOutput {
  readonly hints: readonly Hint[];
}

/** Somebody's claim about a key. It proves nothing: scripts do. */
export interface Hint {
  /** 33 or 65 bytes (SEC 1), or 32 (BIP-340). */
  readonly publicKey: Uint8Array;
  /** Of the master key, 8 hex digits. */
  readonly fingerprint: string;
  readonly path: readonly number[];
}

/**
 * Reads a PSBT of version 0 (BIP-174, with the fields of BIP-371), in time proportional to its bytes and its rows.
 *
 * @param payload - base64 with its padding, or whole bytes in lowercase hexadecimal with or without `0x`.
 * @throws `chain/too-large` above {@link MAX_BYTES}, {@link MAX_UNSIGNED}, {@link MAX_PARTS}, {@link MAX_ALL_ROWS} or
 *   `MAX_ROWS`; `request/unsupported` for version 2;
 *   `chain/malformed` for all else that is not one PSBT in its canonical framing, a previous transaction that is not the
 *   one an input names, or one that disagrees with the input's `witnessUtxo`.
 */
export function parsePsbt(payload: Json): ReadPsbt {
  if (typeof payload !== "string") throw new CustodyError("request/malformed", "psbt: expected base64 or hexadecimal text");
  if (payload.length > 2 + 2 * MAX_BYTES) throw tooLarge(`${MAX_BYTES} bytes`, `${payload.length} characters`);
  return readPsbt(bytesOf(payload));
}

/** {@link parsePsbt} for bytes. They are copied. */
export function readPsbt(bytes: Uint8Array): ReadPsbt {
  if (bytes.length > MAX_BYTES) throw tooLarge(`${MAX_BYTES} bytes`, `${bytes.length}`);
  const unsigned = checkFraming(bytes);
  // A copy of its own: the library keeps views of what it reads.
  const transaction = parse(bytes.slice());
  // INVARIANT: what is judged and signed is the transaction that came in, not one that the library made of it.
  if (!equal(transaction.unsignedTx, unsigned)) throw malformed("an unsigned transaction in its one canonical encoding");
  return Object.freeze({
    bytes: bytes.slice(),
    unsigned: unsigned.slice(),
    version: transaction.version,
    lockTime: transaction.lockTime,
    inputs: Object.freeze(Array.from({ length: transaction.inputsLength }, (_, index) => inputOf(transaction.getInput(index)))),
    outputs: Object.freeze(Array.from({ length: transaction.outputsLength }, (_, index) => outputOf(transaction.getOutput(index)))),
    transaction,
  });
}

function bytesOf(text: string): Uint8Array {
  // Base64 that begins with these digits would not begin with the magic.
  if (/^(?:0x)?70736274ff/.test(text)) {
    if (!/^(?:0x)?(?:[0-9a-f]{2})*$/.test(text)) throw malformed("whole bytes in lowercase hexadecimal");
    return fromHex(text, "chain/malformed");
  }
  try {
    // One text per bytes: no spaces, whole padding, no spare bits.
    return base64.decode(text);
  } catch {
    // Without the cause: the library's messages can quote the text.
    throw malformed("base64 with its padding, or lowercase hexadecimal");
  }
}

/**
 * The library forgives some framing (an empty map too many) and tries version 2 where version 0 fails, so that this is
 * checked first: `magic || global map || a map per input || a map per output`, and nothing behind.
 *
 * @returns the unsigned transaction, a view of `bytes`.
 */
function checkFraming(bytes: Uint8Array): Uint8Array {
  if (!equal(bytes.subarray(0, MAGIC.length), MAGIC)) throw malformed("the magic bytes of a PSBT");
  const global = readMap(bytes, MAGIC.length);
  const unsigned = unsignedOf(global.rows);
  if (unsigned.length > MAX_UNSIGNED) throw tooLarge(`an unsigned transaction of ${MAX_UNSIGNED} bytes`, `${unsigned.length}`);
  const { inputs, outputs } = parts(unsigned);
  if (inputs > MAX_PARTS || outputs > MAX_PARTS) throw tooLarge(`${MAX_PARTS} inputs and outputs each`, `${inputs} and ${outputs}`);
  let offset = global.end;
  let rows = global.rows.length;
  for (let map = 0; map < inputs + outputs; map++) {
    const read = readMap(bytes, offset);
    offset = read.end;
    rows += read.rows.length;
    if (rows > MAX_ALL_ROWS) throw tooLarge(`${MAX_ALL_ROWS} rows in all maps`, "more");
  }
  if (offset !== bytes.length) throw malformed("nothing behind the last map");
  return unsigned;
}

function unsignedOf(rows: readonly Row[]): Uint8Array {
  const version = rowValue(rows, 0xfb);
  if (version !== undefined && toHex(version) === "02000000")
    throw new CustodyError("request/unsupported", "psbt: expected version 0 (BIP-174), got version 2 (BIP-370), which is not read yet");
  if (version !== undefined && toHex(version) !== "00000000") throw malformed("version 0");
  const unsigned = rowValue(rows, 0x00);
  if (unsigned === undefined) throw malformed("an unsigned transaction");
  return unsigned;
}

function parts(unsigned: Uint8Array): { readonly inputs: number; readonly outputs: number } {
  try {
    const { inputs, outputs } = RawOldTx.decode(unsigned);
    return { inputs: inputs.length, outputs: outputs.length };
  } catch {
    throw malformed("an unsigned transaction without witnesses");
  }
}

/**
 * The library's reading. It checks each previous transaction against the outpoint and `witnessUtxo`, and every field's form.
 * - Fields it does not know are kept, so that what goes on to others still has them.
 * - It does not check scripts against each other: of inputs of others we need not know them, and contradictions at our own
 *   are refusals, which are told together with what the transaction does.
 */
function parse(bytes: Uint8Array): Transaction {
  try {
    return Transaction.fromPSBT(bytes, { unknown: "ignore", proprietary: "ignore", disableScriptCheck: true });
  } catch {
    // Without the cause: the library's messages can quote whole fields.
    throw malformed(`a PSBT of version 0, got ${bytes.length} bytes that are none`);
  }
}
