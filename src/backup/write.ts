import { sha256 } from "@noble/hashes/sha2.js";
import { base64 } from "@scure/base";
import { concat, secretBuffer, secretCopy, toHex, utf8, wipe } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { type AgeOptions, type AgeTo, encryptAge } from "./age.ts";
import { BACKUP_FORMAT, type BackupContent } from "./content.ts";

/** Lines go to the cipher in pieces of about a chunk of it. */
const PIECE_BYTES = 64 * 1024;

/** In canonical order this is followed by the secret, and by nothing else that could look like it: quotes inside of texts are escaped. */
export const BEFORE_SECRET = ',"secret":"';

/**
 * Writes a backup: an age file with lines of JSON inside.
 *
 * @returns the file in chunks, once its header is made.
 * @throws as `encryptAge` does
 */
export async function writeBackup(content: BackupContent, to: AgeTo, options: AgeOptions = {}): Promise<AsyncIterable<Uint8Array>> {
  const first = firstLine(content);
  try {
    return ending(await encryptAge(linesOf(first, content.records), to, options), () => wipe(first));
  } catch (cause) {
    wipe(first);
    throw cause;
  }
}

/** What is inside, in pieces. @param first - of {@link firstLine} */
export async function* linesOf(first: Uint8Array, records: ReadonlyMap<string, Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = sha256.create().update(first);
  yield first;
  let piece: Uint8Array[] = [];
  let length = 0;
  for (const [key, value] of records) {
    const line = utf8(`{"key":"${key}","value":"${base64.encode(value)}"}\n`);
    hash.update(line);
    piece.push(line);
    length += line.length;
    if (length < PIECE_BYTES) continue;
    yield concat(...piece);
    piece = [];
    length = 0;
  }
  yield concat(...piece, utf8(`{"records":${records.size},"sha256":"${toHex(hash.digest())}"}\n`));
}

/** @returns bytes that the caller wipes: the secret is written into them without a text in between. */
export function firstLine({ head, secret }: BackupContent): Uint8Array {
  const { slot, ...rest } = head;
  const line = canonical({ "keyward-backup": BACKUP_FORMAT, ...rest, slot: { ...slot }, secret: "" });
  const at = line.indexOf(BEFORE_SECRET) + BEFORE_SECRET.length;
  const digits = hexBytes(secret);
  try {
    return secretCopy(utf8(line.slice(0, at)), digits, utf8(`${line.slice(at)}\n`));
  } finally {
    wipe(digits);
  }
}

function hexBytes(bytes: Uint8Array): Uint8Array {
  const digits = secretBuffer(2 * bytes.length);
  const digit = (value: number): number => (value < 10 ? 0x30 + value : 0x57 + value);
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    digits[2 * at] = digit(byte >> 4);
    digits[2 * at + 1] = digit(byte & 15);
  }
  return digits;
}

async function* ending(chunks: AsyncIterable<Uint8Array>, end: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } finally {
    end();
  }
}
