import { equal, toHex } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { copyList, readOptions } from "../base/plain.ts";
import type { Time } from "../base/time.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { type ExportedEntry, type LogHeader, originOf, readHeader, readLine } from "./export.ts";
import { keysOf } from "./handover.ts";
import type { EntryKind } from "./kinds.ts";
import { Meaning } from "./meaning.ts";
import { parseVerifier, type Verifier, vkeyOf } from "./note.ts";
import { append, emptyFrontier, type Frontier, leafHash, rootOf } from "./tree.ts";

/**
 * - `log/malformed`, `log/damaged`: a line is not what FORMAT.md says, or body and salt are not what was committed to.
 * - `log/wrong-key`: the export names another key than the one that the reader expects, or one of another vault.
 * - `log/gap`: an entry is missing, doubled or not at its place. `log/truncated`: it does not end with its checkpoint.
 * - `log/bad-checkpoint`: its signature or form is wrong. `log/root`: it is signed, but for other entries.
 * - `log/bad-kept`: a checkpoint that the reader kept is not by this key. `log/forked`: it is, and this log is not the one that
 *   it was taken of. `log/rolled-back`: it is, and this log is shorter.
 * - `log/not-erased`: an entry is shown as erased, and no entry says that it was: it may have been hidden.
 * - the others: see {@link Meaning}.
 */
export type LogProblemCode =
  | "log/malformed"
  | "log/damaged"
  | "log/wrong-key"
  | "log/gap"
  | "log/truncated"
  | "log/bad-checkpoint"
  | "log/root"
  | "log/bad-kept"
  | "log/forked"
  | "log/rolled-back"
  | "log/not-created"
  | "log/time-ran-back"
  | "log/not-reserved"
  | "log/not-allowed"
  | "log/not-erased";

/** One thing that is wrong with an export, and where. */
export interface LogProblem {
  readonly code: LogProblemCode;
  /** Line of the export, from 1; 0 for what is about kept checkpoints as such. */
  readonly line: number;
  /** Where it is about one entry. */
  readonly seq?: number;
  readonly text: string;
}

/** What an export holds, and whether it holds together. */
export interface LogReport {
  /** Nothing at all was found. With `pinned` false it only says that the export agrees with itself. */
  readonly ok: boolean;
  /** Whether the signatures were checked against a key that the caller gave. */
  readonly pinned: boolean;
  readonly vault?: string;
  readonly vkey?: string;
  /** Entries read, and the root over them as hexadecimal. */
  readonly size: number;
  readonly root: string;
  /** When the checkpoint was made, as it says. */
  readonly signedAt?: Time;
  readonly first?: Time;
  readonly last?: Time;
  readonly counts: { readonly [K in EntryKind]?: number };
  readonly erased: number;
  /** `signed` and `lapsed` entries whose reservation was erased. */
  readonly unchecked: number;
  /** Reservations that nothing closed. */
  readonly open: number;
  /** Kept checkpoints that this log continues. */
  readonly continues: number;
  /** In the order in which they were found, at most {@link MAX_PROBLEMS}. */
  readonly problems: readonly LogProblem[];
}

/** What the reader knows of the log already. */
export interface VerifyOptions {
  /** The log's key as the caller knows it. Without it whoever made the export could have made the key. */
  readonly vkey?: string;
  /** Signed checkpoints that the caller kept from earlier: this log must continue each of them. */
  readonly checkpoints?: readonly string[];
}

export const MAX_PROBLEMS = 100;

/**
 * Checks a portable log as one stream: form, commitments, root, signature, kept checkpoints, and whether its entries make
 * sense together. Never throws for what is in the export; reading stops where the log can no longer be followed.
 *
 * @param lines - without line ends, as {@link import("./export.ts").textLines} cuts them.
 * @throws `log/malformed` if `lines` cannot be walked, `options.vkey` is not a key or `options.checkpoints` are no texts: that is the
 *   caller's mistake. Whatever `lines` throws.
 */
export async function verifyLog(lines: AsyncIterable<string> | Iterable<string>, options: VerifyOptions = {}): Promise<LogReport> {
  const reading = new Reading(options);
  if (!isWalkable(lines)) throw new CustodyError("log/malformed", "log: expected its lines, one after the other");
  for await (const line of lines) if (!reading.take(line)) break;
  return reading.end();
}

function isWalkable(lines: unknown): boolean {
  if (typeof lines !== "object" || lines === null) return false;
  return [Symbol.asyncIterator, Symbol.iterator].some((way) => typeof Reflect.get(lines, way) === "function");
}

function textsOf(checkpoints: readonly string[]): readonly string[] {
  const texts = copyList(checkpoints, MOST_KEPT, "log");
  if (texts?.every((text) => typeof text === "string")) return texts;
  throw new CustodyError("log/malformed", `log: expected at most ${MOST_KEPT} checkpoints as texts`);
}

const MOST_KEPT = 10_000;

class Reading {
  readonly #pinned: string | undefined;
  readonly #kept: readonly string[];
  readonly #meaning = new Meaning();
  readonly #problems: LogProblem[] = [];
  readonly #counts: { [K in EntryKind]?: number } = {};
  #line = 0;
  #header: LogHeader | undefined;
  /** All keys that it has had; the last one signs it. */
  #keys: readonly Verifier[] = [];
  #waiting: Checkpoint[] = [];
  #continues = 0;
  #frontier: Frontier = emptyFrontier;
  #checkpoint: Checkpoint | undefined;
  #broken = false;
  #erased = 0;
  #first: Time | undefined;
  #last: Time | undefined;

  constructor(options: VerifyOptions) {
    const { vkey, checkpoints = [] } = readOptions(options, "log");
    if (vkey !== undefined) parseVerifier(vkey);
    this.#pinned = vkey;
    this.#kept = textsOf(checkpoints);
  }

  /** @returns whether it is any use to go on. */
  take(line: string): boolean {
    this.#line++;
    try {
      if (!this.#header) this.#begin(readHeader(line));
      else if (this.#checkpoint) this.#break("log/malformed", "expected nothing after the checkpoint");
      else {
        const read = readLine(line);
        if ("checkpoint" in read) this.#finish(read.checkpoint);
        else this.#append(read);
      }
    } catch (error) {
      if (!(error instanceof CustodyError)) throw error;
      this.#break(error.code === "log/damaged" ? "log/damaged" : "log/malformed", error.message);
    }
    return !this.#broken;
  }

  end(): LogReport {
    if (!this.#broken && !this.#checkpoint) this.#break("log/truncated", "expected the signed checkpoint as the last line");
    if (!this.#broken) for (const kept of this.#waiting) this.#problem("log/rolled-back", `a kept checkpoint has ${kept.size} entries`);
    const { hidden } = this.#meaning;
    if (!this.#broken && hidden !== undefined)
      this.#problem("log/not-erased", `entry ${hidden} is shown as erased, and no entry after it says that it was`, hidden);
    const time = this.#checkpoint?.time;
    return {
      ok: this.#problems.length === 0,
      pinned: this.#pinned !== undefined,
      ...this.#header,
      size: this.#frontier.size,
      root: toHex(rootOf(this.#frontier)),
      ...(time !== undefined && { signedAt: time }),
      ...(this.#first !== undefined && { first: this.#first }),
      ...(this.#last !== undefined && { last: this.#last }),
      counts: this.#counts,
      erased: this.#erased,
      unchecked: this.#meaning.unchecked,
      open: this.#meaning.open,
      continues: this.#continues,
      problems: this.#problems,
    };
  }

  #begin(header: LogHeader): void {
    this.#header = header;
    const keys = this.#keysOf(header);
    if (keys.some(({ name }) => name !== originOf(header.vault))) this.#break("log/wrong-key", "the key is not named after the vault");
    // A key has one text only, so comparing the texts compares name and key.
    const known = this.#pinned === undefined || keys.some(({ name, publicKey }) => vkeyOf(name, publicKey) === this.#pinned);
    if (!known) this.#break("log/wrong-key", "the key is not the expected one");
    if (this.#broken) return;
    this.#keys = keys;
    for (const note of this.#kept) this.#keep(note);
    this.#waiting.sort((a, b) => a.size - b.size);
    this.#compareKept();
  }

  #keysOf({ vkey, handovers = [] }: LogHeader): readonly Verifier[] {
    try {
      return keysOf(vkey, handovers);
    } catch (error) {
      if (!(error instanceof CustodyError) || error.code !== "log/bad-signature") throw error;
      this.#break("log/wrong-key", error.message);
      return [];
    }
  }

  #keep(note: string): void {
    try {
      this.#waiting.push(openCheckpoint(note, this.#keys));
    } catch (error) {
      if (!(error instanceof CustodyError)) throw error;
      this.#problem("log/bad-kept", error.message);
    }
  }

  #append({ seq, leaf, entry }: ExportedEntry): void {
    if (seq !== this.#frontier.size) {
      this.#break("log/gap", `expected entry ${this.#frontier.size}, got ${seq}`);
      return;
    }
    this.#frontier = append(this.#frontier, leafHash(leaf)).frontier;
    if (entry) {
      this.#counts[entry.kind] = (this.#counts[entry.kind] ?? 0) + 1;
      this.#first ??= entry.time;
      this.#last = entry.time;
      const odd = this.#meaning.read(entry, this.#header?.vault ?? "");
      if (odd) this.#problem(odd.code, odd.text, seq);
    } else {
      this.#erased++;
      this.#meaning.skipErased(seq);
    }
    this.#compareKept();
  }

  /** The root at each size that somebody kept a checkpoint of, as the log passes it. */
  #compareKept(): void {
    while (this.#waiting[0]?.size === this.#frontier.size) {
      const kept = this.#waiting.shift() as Checkpoint;
      if (equal(kept.root, rootOf(this.#frontier))) this.#continues++;
      else this.#problem("log/forked", `a kept checkpoint of ${kept.size} entries has another root`);
    }
  }

  #finish(note: string): void {
    try {
      this.#checkpoint = openCheckpoint(note, this.#keys.slice(-1));
    } catch (error) {
      if (!(error instanceof CustodyError)) throw error;
      this.#break("log/bad-checkpoint", error.message);
      return;
    }
    const { size, root } = this.#checkpoint;
    if (size !== this.#frontier.size || !equal(root, rootOf(this.#frontier))) {
      this.#break("log/root", `the checkpoint is of ${size} entries and does not have the root of these ${this.#frontier.size}`);
    }
  }

  #problem(code: LogProblemCode, text: string, seq?: number): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ code, line: this.#line, ...(seq !== undefined && { seq }), text });
  }

  #break(code: LogProblemCode, text: string): void {
    // Whatever cannot be read is at the place of the next entry.
    this.#problem(code, text, this.#keys.length > 0 ? this.#frontier.size : undefined);
    this.#broken = true;
  }
}
