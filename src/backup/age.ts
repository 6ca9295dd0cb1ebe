import type { Decrypter, Encrypter } from "age-encryption";
import { wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { copyList, readOptions } from "../base/plain.ts";
import { readSignal } from "../base/signal.ts";
import type { KdfOptions } from "../vault/kdf.ts";
import { checkWorkFactor, copyPassphrase, passphraseIdentity, passphraseRecipient } from "./age-passphrase.ts";
import { type Chunks, chunksOf, interruptible, SourceFault, streamOf } from "./chunks.ts";
import { readHead } from "./head.ts";

/** For whom a file is written: whoever knows a passphrase, or each holder of an identity whose recipient is named. */
export type AgeTo =
  | {
      /** At least eight characters; text, or its UTF-8 bytes. Taken as it is, with no normal form: so `age` does. */
      readonly passphrase: string | Uint8Array;
      /** scrypt's N is 2 to the power of it: 17–20, 18 unless said otherwise. 18 takes 256 MiB and about a second. */
      readonly workFactor?: number;
    }
  | { readonly recipients: readonly string[] };

/** What a file is opened with. Identities are texts, `AGE-SECRET-KEY-1…`, which nobody can wipe. */
export type AgeWith = { readonly passphrase: string | Uint8Array } | { readonly identities: readonly string[] };

/** `onProgress` is told of the passphrase's derivation, 0…1; who reads the chunks counts them. */
export type AgeOptions = KdfOptions;

const MOST_KEYS = 32;

/**
 * Encrypts a file in the age format, version 1, so that the standard tool `age` opens it.
 *
 * @param content - read as the result is read, never more than a few chunks ahead.
 * @returns the file in chunks, once the header is made.
 * @throws `backup/weak-passphrase`; `backup/kdf-out-of-bounds`; `backup/bad-key` for a recipient other than `age1…` of X25519;
 *   `backup/aborted`; `request/malformed`. Reading the result throws what `content` throws, and `backup/aborted`.
 * @see https://age-encryption.org/v1
 */
export async function encryptAge(content: Chunks, to: AgeTo, options: AgeOptions = {}): Promise<AsyncIterable<Uint8Array>> {
  const context = readContext(options);
  const given = readOptions(to, "backup");
  const source = iteratorOf(content);
  const { Encrypter, Stanza } = await import("age-encryption");
  const encrypter = new Encrypter();
  let secret: Uint8Array | undefined;
  try {
    if ("passphrase" in given) {
      const workFactor = checkWorkFactor(given.workFactor);
      secret = copyPassphrase(given.passphrase, "new");
      encrypter.addRecipient(passphraseRecipient(secret, workFactor, context, Stanza));
    } else addRecipients(encrypter, given.recipients);
    return chunksOf(await interruptible(context.signal, encrypter.encrypt(streamOf(source))), faultOfWriting, context.signal);
  } catch (cause) {
    throw faultOfWriting(cause);
  } finally {
    wipe(secret);
  }
}

/**
 * Opens a file of the age format, armored or not.
 *
 * Each chunk that comes out is as it was written, and in its place; that the file is whole is known only when all of it was read without
 * an error. Whoever acts on what came out before acts on the beginning of a file.
 *
 * @param file - in chunks of any size. Armored files up to 16 MiB.
 * @returns the content in chunks, once the header is opened.
 * @throws `backup/cannot-open` for a wrong passphrase or identity, or a header whose keys were changed; `backup/damaged` for every other
 *   change, here or while the result is read; `backup/kdf-out-of-bounds` for a work factor above 20, before any work is done;
 *   `backup/bad-key`, `backup/aborted`, `request/malformed`; what `file` throws.
 */
export async function decryptAge(file: Chunks, key: AgeWith, options: AgeOptions = {}): Promise<AsyncIterable<Uint8Array>> {
  const context = readContext(options);
  const given = readOptions(key, "backup");
  const source = iteratorOf(file);
  const { armor, Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  let secret: Uint8Array | undefined;
  try {
    if ("passphrase" in given) {
      secret = copyPassphrase(given.passphrase, "any");
      decrypter.addIdentity(passphraseIdentity(secret, context));
    } else addIdentities(decrypter, given.identities);
    const head = await interruptible(context.signal, readHead(source, armor.decode));
    const opened = decrypter.decrypt(streamOf(source, head));
    return chunksOf(await interruptible(context.signal, opened), faultOfReading, context.signal);
  } catch (cause) {
    throw faultOfReading(cause);
  } finally {
    wipe(secret);
  }
}

/** What the library says when no key fits. Everything else that it throws is about the file. */
const NO_KEY_FITS = "no identity matched any of the file's recipients";

function faultOfReading(cause: unknown): unknown {
  if (cause instanceof SourceFault) return cause.cause;
  if (cause instanceof CustodyError) return cause;
  if (cause instanceof Error && cause.message === NO_KEY_FITS)
    return new CustodyError("backup/cannot-open", "wrong passphrase or identity, or a changed header");
  return new CustodyError("backup/damaged", "the file is cut off, changed, or none of the age format", { cause });
}

function faultOfWriting(cause: unknown): unknown {
  if (cause instanceof SourceFault) return cause.cause;
  if (cause instanceof CustodyError) return cause;
  return new CustodyError("backup/bad-key", "the file could not be encrypted to these recipients", { cause });
}

/** X25519 alone: plugins, passkeys and hybrid keys are other programs' to open. */
function addRecipients(encrypter: Encrypter, given: unknown): void {
  for (const text of readKeys(given, "recipients", /^age1[02-9ac-hj-np-z]{58}$/)) {
    try {
      encrypter.addRecipient(text);
    } catch (cause) {
      throw badKey("recipients", cause);
    }
  }
}

function addIdentities(decrypter: Decrypter, given: unknown): void {
  for (const text of readKeys(given, "identities", /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/)) {
    try {
      decrypter.addIdentity(text);
    } catch {
      // Without the cause: what it says may hold the key.
      throw badKey("identities");
    }
  }
}

function readKeys(given: unknown, what: string, form: RegExp): readonly string[] {
  const list = copyList(given, MOST_KEYS, what);
  if (list === undefined || list.length === 0) throw new CustodyError("backup/bad-key", `${what}: expected a list of 1–${MOST_KEYS}`);
  return list.map((text) => {
    if (typeof text === "string" && form.test(text)) return text;
    throw badKey(what);
  });
}

function badKey(what: string, cause?: unknown): CustodyError {
  return new CustodyError("backup/bad-key", `${what}: expected X25519 keys of age, age1… or AGE-SECRET-KEY-1…`, { cause });
}

function readContext(options: AgeOptions): AgeOptions {
  const { signal, onProgress } = readOptions(options, "backup");
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw new CustodyError("request/malformed", "onProgress: expected a function");
  return { signal: readSignal(signal), onProgress };
}

/** @throws `request/malformed` for what is no source of pieces */
export function iteratorOf(chunks: Chunks): AsyncIterator<Uint8Array> {
  const begin: unknown = typeof chunks === "object" && chunks !== null ? chunks[Symbol.asyncIterator] : undefined;
  if (typeof begin !== "function") throw new CustodyError("request/malformed", "file: expected chunks of bytes, as an async iterable");
  return chunks[Symbol.asyncIterator]();
}
