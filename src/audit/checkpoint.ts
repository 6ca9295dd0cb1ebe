import { base64 } from "@scure/base";
import { CustodyError } from "../base/errors.ts";
import { formatTime, parseTime, type Time } from "../base/time.ts";
import { type Note, openNote, type Signer, signNote, type Verifier } from "./note.ts";
import { HASH_BYTES, isSize } from "./tree.ts";

/** What a log was at one moment: so many entries, with this root. Whoever keeps it can later tell if history was changed. */
export interface Checkpoint {
  /** Which log: `keyward/<vault id>`, also the name of its key. */
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** When it was made, by the store's clock: the first extension line, `time 2026-11-22T12:00:00.000Z`. */
  readonly time?: Time;
  /** Further extension lines, not empty; we give them no meaning. */
  readonly extensions: readonly string[];
}

/**
 * The text that is signed. @throws `log/malformed` for a line that is empty or holds a newline, a size or a root that is none.
 * @see C2SP tlog-checkpoint
 */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, time, extensions } = checkpoint;
  const lines = [origin, String(size), base64.encode(root), ...(time === undefined ? [] : [`time ${formatTime(time)}`]), ...extensions];
  const text = `${lines.join("\n")}\n`;
  const again = parseCheckpoint(text);
  if (again.extensions.length !== extensions.length || again.time !== time)
    throw malformed("expected extension lines that read back as they are");
  return text;
}

/**
 * Reads the text of a checkpoint, and nothing but the one form of it.
 *
 * @throws `log/malformed`
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = "", size = "", root = "", ...extensions] = text.endsWith("\n") ? text.slice(0, -1).split("\n") : [];
  const [first, ...others] = extensions;
  const time = first?.startsWith("time ") ? readTime(first.slice("time ".length)) : undefined;
  if (origin === "" || extensions.includes("")) throw malformed("expected lines that are not empty");
  return {
    origin,
    size: readSize(size),
    root: readRoot(root),
    ...(time !== undefined && { time }),
    extensions: time === undefined ? extensions : others,
  };
}

/** A checkpoint of `signer`'s log as a signed note; the signer's name is the log's origin. */
export async function signCheckpoint(checkpoint: Checkpoint, signer: Signer): Promise<string> {
  if (checkpoint.origin !== signer.name) throw malformed("expected the log's own key");
  return signNote(formatCheckpoint(checkpoint), signer);
}

/**
 * Opens a signed checkpoint of the log whose key is `log`, or one of several that it has had. Further signatures (of witnesses) may be there.
 *
 * @throws `log/malformed`, `log/bad-signature`; `log/malformed` too where the log's key signed for another origin.
 */
export function openCheckpoint(note: string, log: Verifier | readonly Verifier[]): Checkpoint & { readonly note: Note } {
  const opened = openNote(note, "name" in log ? [log] : log);
  const checkpoint = parseCheckpoint(opened.text);
  if (opened.verified.some(({ name }) => name !== checkpoint.origin))
    throw malformed("expected the origin to be the name of the log's key");
  return { ...checkpoint, note: opened };
}

function readSize(text: string): number {
  const size = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : undefined;
  if (!isSize(size)) throw malformed("expected a decimal size below 2^53");
  return size;
}

function readRoot(text: string): Uint8Array {
  // 32 bytes are 43 characters and one `=`; a last character with bits to spare would give the same bytes twice.
  if (!/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(text)) throw malformed(`expected a root of ${HASH_BYTES} bytes in base64`);
  return base64.decode(text);
}

function readTime(text: string): Time {
  if (!/\.[0-9]{3}Z$/.test(text)) throw malformed("expected a time with milliseconds");
  try {
    return parseTime(text);
  } catch (cause) {
    throw new CustodyError("log/malformed", "checkpoint: expected a time such as 2026-11-22T12:00:00.000Z", { cause });
  }
}

function malformed(problem: string): CustodyError {
  return new CustodyError("log/malformed", `checkpoint: ${problem}`);
}
