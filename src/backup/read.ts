import { sha256 } from "@noble/hashes/sha2.js";
import { base64 } from "@scure/base";
import { equal, isBytes, secretBuffer, secretCopy, toHex, utf8, wipe } from "../base/bytes.ts";
import { canonicalBytes, type Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { readJson } from "../base/json.ts";
import { isObject } from "../base/shape.ts";
import type { SlotRecord } from "../vault/slot.ts";
import { type AgeOptions, type AgeWith, decryptAge, iteratorOf } from "./age.ts";
import type { Chunks } from "./chunks.ts";
import {
  BACKUP_FORMAT,
  BACKUP_SLOT,
  type BackupContent,
  type BackupHead,
  LEAST_RECORD_BYTES,
  MOST_BYTES,
  MOST_HEAD_BYTES,
  MOST_LINE_BYTES,
  MOST_RECORDS,
} from "./content.ts";
import { damaged } from "./head.ts";
import { BEFORE_SECRET } from "./write.ts";

/** A backup as it was read, and the file that it was read from. */
export interface ReadBackup extends BackupContent {
  /** Of the encrypted file. */
  readonly bytes: number;
  /** Of the encrypted file, 64 hexadecimal digits: by it a receipt is found. */
  readonly sha256: string;
}

/**
 * Opens a backup's age file and reads its lines. That they are of the form and complete is all this says: whose vault it is, and whether
 * it is whole, shows when it is opened.
 *
 * @returns with a secret that the caller wipes.
 * @throws `backup/damaged`, `backup/cannot-open`, and as `decryptAge` does
 */
export async function readBackup(file: Chunks, key: AgeWith, options: AgeOptions = {}): Promise<ReadBackup> {
  const counted = counting(file);
  const content = await readLines(await decryptAge(counted.chunks, key, options));
  return { ...content, ...counted.end() };
}

/**
 * Reads what is inside of the age file.
 *
 * @param lines - in pieces of any size; they are wiped.
 * @returns with a secret that the caller wipes.
 * @throws `backup/damaged`; what `lines` throws
 */
export async function readLines(lines: Chunks): Promise<BackupContent> {
  const reader = new ContentReader();
  try {
    for await (const line of splitLines(lines)) reader.take(line);
    return reader.end();
  } catch (cause) {
    reader.wipe();
    throw cause;
  }
}

class ContentReader {
  readonly #records = new Map<string, Uint8Array>();
  readonly #hash = sha256.create();
  #first: { readonly head: BackupHead; readonly secret: Uint8Array } | undefined;
  #last = "";
  #complete = false;

  /** @param line - with its line feed. */
  take(line: Uint8Array): void {
    if (this.#complete) throw damaged("expected nothing after the last line");
    if (this.#first === undefined) {
      this.#hash.update(line);
      this.#first = readFirst(line);
    } else if (line[2] === 0x72) this.#finish(line);
    else this.#record(line);
  }

  end(): BackupContent {
    if (this.#first === undefined || !this.#complete) throw damaged("the lines end before the last one");
    return { ...this.#first, records: this.#records };
  }

  wipe(): void {
    wipe(this.#first?.secret);
  }

  #record(line: Uint8Array): void {
    // Neither part has anything to escape, so this is the one canonical form.
    const [, key = "", encoded = ""] = /^\{"key":"([a-z0-9]{1,64})","value":"([A-Za-z0-9+/]+={0,2})"\}\n$/.exec(latin1(line)) ?? [];
    if (key === "") throw damaged("expected a key and a value on each line");
    if (key <= this.#last) throw damaged("expected each key once, ascending");
    if (this.#records.size === MOST_RECORDS) throw damaged(`expected at most ${MOST_RECORDS} records`);
    const value = decode(encoded);
    if (value === undefined || value.length < LEAST_RECORD_BYTES) throw damaged(`record ${this.#records.size + 1}: expected sealed bytes`);
    this.#hash.update(line);
    this.#records.set(key, value);
    this.#last = key;
  }

  #finish(line: Uint8Array): void {
    const [, records, digest] = /^\{"records":([1-9][0-9]{0,6}),"sha256":"([0-9a-f]{64})"\}\n$/.exec(latin1(line)) ?? [];
    if (Number(records) !== this.#records.size) throw damaged(`expected as many records as the last line says, got ${this.#records.size}`);
    if (digest !== toHex(this.#hash.digest())) throw damaged("expected the digest of the lines before");
    this.#complete = true;
  }
}

/** Takes the secret out of the first line before any text is made of it. */
function readFirst(line: Uint8Array): { readonly head: BackupHead; readonly secret: Uint8Array } {
  const secret = secretBuffer(32);
  const start = indexOf(line, utf8(BEFORE_SECRET)) + BEFORE_SECRET.length;
  if (start < BEFORE_SECRET.length || start + 64 > line.length) throw damaged("expected a way in on the first line");
  for (let at = 0; at < 32; at++) {
    const [high, low] = [digitOf(line[start + 2 * at]), digitOf(line[start + 2 * at + 1])];
    if (high < 0 || low < 0) throw damaged("expected a secret in hexadecimal digits");
    secret[at] = 16 * high + low;
  }
  line.fill(0x30, start, start + 64);
  try {
    return { head: readHead(line.subarray(0, -1)), secret };
  } catch (cause) {
    wipe(secret);
    throw cause;
  }
}

function readHead(line: Uint8Array): BackupHead {
  const value = readCanonical(line);
  const {
    "keyward-backup": format,
    vault,
    at,
    epoch,
    entries,
    checkpoint,
    secret: _secret,
    slot,
    ...others
  } = isObject(value) ? value : {};
  if (format !== BACKUP_FORMAT) throw damaged(`expected a backup of format ${BACKUP_FORMAT}`);
  const whole = isCount(at) && isCount(epoch) && isCount(entries) && typeof checkpoint === "string";
  if (!whole || !isHex(vault, 32) || Object.keys(others).length > 0) throw damaged("expected vault, at, epoch, entries and checkpoint");
  if (!isSlot(slot)) throw damaged("expected a way in that was made for a backup");
  return { vault, at, epoch, entries, checkpoint, slot };
}

function isSlot(value: Json | undefined): value is Json & SlotRecord {
  if (!isObject(value)) return false;
  const { id, kind, parameters, publicKey, view, sign, pin, ...others } = value;
  const named = isHex(id, 16) && kind === BACKUP_SLOT && isObject(parameters) && Object.keys(parameters).length === 0;
  return named && isHex(publicKey, 64) && [view, sign, pin].every((box) => isHex(box)) && Object.keys(others).length === 0;
}

function readCanonical(line: Uint8Array): Json | undefined {
  try {
    const { value } = readJson(line, { maxBytes: MOST_HEAD_BYTES, maxDepth: 8 });
    if (equal(canonicalBytes(value), line)) return value;
  } catch {
    // Its error would tell a place and a character of what was decrypted.
    return undefined;
  }
  return undefined;
}

/** Whole lines with their ends, in buffers of their own. The first one is held to its own bound. */
async function* splitLines(pieces: Chunks): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let total = 0;
  let most = MOST_HEAD_BYTES;
  const keep = (part: Uint8Array): void => {
    length += part.length;
    if (length > most) throw damaged(`expected lines of at most ${most} bytes`);
    parts.push(secretCopy(part));
  };
  for await (const piece of pieces) {
    total += piece.length;
    if (total > MOST_BYTES) throw damaged(`expected at most ${MOST_BYTES} bytes`);
    let from = 0;
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, from)) {
      keep(piece.subarray(from, end + 1));
      from = end + 1;
      const line = parts.length === 1 && parts[0] ? parts[0] : secretCopy(...parts);
      if (most === MOST_HEAD_BYTES) wipe(...parts.filter((part) => part !== line));
      [parts, length, most] = [[], 0, MOST_LINE_BYTES];
      yield line;
    }
    if (from < piece.length) keep(piece.subarray(from));
    wipe(piece);
  }
  if (length > 0) throw damaged("the last line has no end");
}

/** The same chunks, with their sum. */
function counting(file: Chunks): { readonly chunks: Chunks; end(): { readonly bytes: number; readonly sha256: string } } {
  const hash = sha256.create();
  const source = { [Symbol.asyncIterator]: () => iterator };
  const iterator = iteratorOf(file);
  let bytes = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      if (!isBytes(chunk)) throw new CustodyError("request/malformed", `file: expected chunks of bytes, got ${typeof chunk}`);
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  return { chunks: chunks(), end: () => ({ bytes, sha256: toHex(hash.digest()) }) };
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = bytes.indexOf(wanted[0] ?? 0); at >= 0; at = bytes.indexOf(wanted[0] ?? 0, at + 1))
    if (wanted.every((byte, place) => bytes[at + place] === byte)) return at;
  return -1;
}

function digitOf(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}

/** Lines of records are ASCII; what is not fits no pattern. */
function latin1(line: Uint8Array): string {
  return ASCII.decode(line);
}

const ASCII = new TextDecoder("latin1");

function decode(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    // No base64, or not in its one form.
    return undefined;
  }
}

function isHex(value: Json | undefined, digits?: number): value is string {
  return typeof value === "string" && (digits === undefined || value.length === digits) && /^(?:[0-9a-f]{2})+$/.test(value);
}

function isCount(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
