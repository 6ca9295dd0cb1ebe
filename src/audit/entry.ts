import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromUtf8, utf8 } from "../base/bytes.ts";
import { canonical, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { EntryFields } from "./fields.ts";
import { ENTRY_KINDS, type EntryKind, isEntryKind } from "./kinds.ts";
import { isPlain, readCanonical } from "./line.ts";
import { isSize } from "./tree.ts";

interface Frame<K extends EntryKind> {
  /** Counts from 0 without gaps: the index of the entry's leaf. */
  readonly seq: number;
  /** Of its commit, by the store's clock. */
  readonly time: Time;
  readonly kind: K;
}

type Has<K extends EntryKind> = (typeof ENTRY_KINDS)[K]["has"][number] & keyof EntryFields;

/** What one entry says. Each kind must have what {@link ENTRY_KINDS} lists for it, and may have any other field. */
export type Entry<K extends EntryKind = EntryKind> = { [Each in K]: Frame<Each> & Pick<EntryFields, Has<Each>> & Partial<EntryFields> }[K];

/** An entry as it is read: the frame is checked, the rest is what the writer put there. */
export type LoggedEntry = Frame<EntryKind> & JsonObject;

/**
 * The bytes that are committed to and kept encrypted: canonical JSON.
 *
 * @throws `log/malformed` if the frame is wrong, a field that the kind must have is missing, or something is no plain JSON.
 */
export function entryBody(entry: Entry): Uint8Array {
  const plain: unknown = entry;
  if (!isPlain(plain)) throw malformed("expected plain JSON with safe integers");
  checkFrame(plain as unknown as JsonObject);
  for (const field of ENTRY_KINDS[entry.kind].has) {
    if ((plain as unknown as JsonObject)[field] === undefined) throw malformed(`expected a ${entry.kind} entry to have ${field}`);
  }
  return utf8(canonical(plain));
}

/** Reads a body: strict about its form and frame, open about the rest. @throws `log/malformed` */
export function readEntry(body: Uint8Array): LoggedEntry {
  return checkFrame(readCanonical(fromUtf8(body, "log/malformed"), "entry"));
}

/** @throws `log/malformed` unless `seq`, `time` and `kind` are there and right. */
export function checkFrame(entry: JsonObject): LoggedEntry {
  if (!isSize(entry.seq)) throw malformed("expected seq to be a sequence number");
  if (!isSize(entry.time)) throw malformed("expected time in milliseconds since 1970");
  if (!isEntryKind(entry.kind)) throw malformed("expected a kind that this version knows");
  return entry as LoggedEntry;
}

export const SALT_BYTES = 32;
const COMMITMENT = utf8("keyward/entry/v1");

/**
 * What the tree holds of an entry: 32 bytes that say nothing without the salt, however few bodies are possible. Once salt and
 * body are deleted, nobody can tell what it was, and the tree still verifies.
 *
 * @param salt - 32 random bytes, fresh for each entry.
 */
export function commitment(salt: Uint8Array, body: Uint8Array): Uint8Array {
  if (salt.length !== SALT_BYTES) throw malformed(`expected a salt of ${SALT_BYTES} bytes, got ${salt.length}`);
  // "keyward/entry/v1" || salt(32) || body(n)
  return sha256(concat(COMMITMENT, salt, body));
}

function malformed(problem: string): CustodyError {
  return new CustodyError("log/malformed", `entry: ${problem}`);
}
