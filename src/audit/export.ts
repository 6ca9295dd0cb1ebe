import { fromHex, toHex } from "../base/bytes.ts";
import { canonical, canonicalBytes, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { checkFrame, commitment, type LoggedEntry, readEntry } from "./entry.ts";
import { readHandovers } from "./handover.ts";
import { hasExactly, readCanonical } from "./line.ts";
import { isSize } from "./tree.ts";

export const LOG_FORMAT = "keyward-log/1";

/** Whose log it is, and the key that its checkpoints are signed with. Both are claims until the reader knows the key. */
export interface LogHeader {
  /** Vault id; the log's origin is `keyward/<vault>`. */
  readonly vault: string;
  /** `keyward/<vault>+hash+base64`, see `note.ts`. */
  readonly vkey: string;
  /** Signed notes in which each key of the log named the next, the first one first; absent where it has had one only. */
  readonly handovers?: readonly string[];
}

/** One entry as it lies in a vault: with body and salt, or after erasure only its commitment. */
export type KeptEntry =
  | { readonly seq: number; readonly salt: Uint8Array; readonly body: Uint8Array }
  | { readonly seq: number; readonly commitment: Uint8Array };

/** One entry line as it was read. `leaf` is the commitment: of what the line shows, or where it is erased, as it says. */
export type ExportedEntry = { readonly seq: number; readonly leaf: Uint8Array; readonly entry?: LoggedEntry };

export const originOf = (vault: string): string => `keyward/${vault}`;

/**
 * The portable log, line by line, without line ends: a header, one line per entry from 0 on, and the signed checkpoint of exactly
 * these entries. Each line is canonical JSON. See FORMAT.md.
 *
 * @throws `log/malformed` if a body is no entry, or an entry is not at its place.
 */
export async function* exportLog(
  header: LogHeader,
  entries: AsyncIterable<KeptEntry> | Iterable<KeptEntry>,
  checkpoint: string,
): AsyncGenerator<string, void, undefined> {
  const { vault, vkey, handovers = [] } = header;
  yield canonical({ format: LOG_FORMAT, vault, vkey, ...(handovers.length > 0 && { handovers }) });
  let next = 0;
  for await (const kept of entries) {
    if (kept.seq !== next) throw new CustodyError("log/malformed", `export: expected entry ${next}, got ${kept.seq}`);
    yield entryLine(kept);
    next++;
  }
  yield canonical({ checkpoint });
}

/** The lines of an export that is held as one text; a line end after the last one is no line. */
export function* textLines(text: string): Generator<string, void, undefined> {
  if (typeof text !== "string") throw new CustodyError("log/malformed", "log: expected a text");
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    yield text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
  }
}

/** `{"body":{…},"commitment":"…","salt":"…","seq":7}`, or `{"commitment":"…","erased":true,"seq":7}`. */
export function entryLine(kept: KeptEntry): string {
  const { seq } = kept;
  if ("commitment" in kept) return canonical({ seq, erased: true, commitment: toHex(kept.commitment) });
  const entry = readEntry(kept.body);
  if (entry.seq !== seq) throw new CustodyError("log/malformed", `export: expected the body of entry ${seq}, got that of ${entry.seq}`);
  return canonical({ seq, body: entry, salt: toHex(kept.salt), commitment: toHex(commitment(kept.salt, kept.body)) });
}

/** @throws `log/malformed` */
export function readHeader(line: string): LogHeader {
  const json = readCanonical(line, "header");
  const { format, vault, vkey, handovers, ...rest } = json;
  if (format !== LOG_FORMAT) throw new CustodyError("log/malformed", `header: expected format ${LOG_FORMAT}`);
  if (Object.keys(rest).length > 0 || typeof vault !== "string" || typeof vkey !== "string") {
    throw new CustodyError("log/malformed", "header: expected format, vault and vkey");
  }
  const notes = readHandovers(handovers);
  return { vault, vkey, ...(notes.length > 0 && { handovers: notes }) };
}

/** A line below the header: an entry, or the checkpoint that ends the export. @throws `log/malformed`, `log/damaged` */
export function readLine(line: string): ExportedEntry | { readonly checkpoint: string } {
  const json = readCanonical(line, "line");
  const { checkpoint } = json;
  return typeof checkpoint === "string" && hasExactly(json, ["checkpoint"]) ? { checkpoint } : readEntryLine(json);
}

function readEntryLine(json: JsonObject): ExportedEntry {
  const { seq } = json;
  const leaf = readHash(json.commitment);
  if (!isSize(seq) || !leaf) throw new CustodyError("log/malformed", "line: expected seq and commitment");
  if (json.erased === true && hasExactly(json, ["commitment", "erased", "seq"])) return { seq, leaf };

  const salt = readHash(json.salt);
  const { body } = json;
  if (
    !hasExactly(json, ["body", "commitment", "salt", "seq"]) ||
    !salt ||
    typeof body !== "object" ||
    body === null ||
    Array.isArray(body)
  ) {
    throw new CustodyError("log/malformed", "line: expected body and salt, or erased");
  }
  const entry = checkFrame(body as JsonObject);
  if (entry.seq !== seq) throw new CustodyError("log/malformed", `line: expected the body of entry ${seq}, got that of ${entry.seq}`);
  // The line is canonical, so the body inside of it is too: these are the very bytes that were committed to.
  if (toHex(commitment(salt, canonicalBytes(entry))) !== json.commitment) {
    throw new CustodyError("log/damaged", `entry ${seq}: body and salt do not give its commitment`);
  }
  return { seq, leaf, entry };
}

/** 32 bytes, in the one form that we write. */
export function readHash(value: unknown): Uint8Array | undefined {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? fromHex(value) : undefined;
}
