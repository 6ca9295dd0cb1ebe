import { CustodyError } from "../base/errors.ts";
import { openNote, parseVerifier, type Verifier } from "./note.ts";

/** More changes of a log's key than these are not followed. */
export const MOST_HANDOVERS = 10_000;

/**
 * What a log's key signs when another takes its place, as the text of a signed note. Its first line is no log's origin, so no
 * checkpoint reads like it.
 *
 * @param before - vkey that signs it. @param next - vkey that signs the log from then on.
 */
export function handoverText(before: string, next: string): string {
  return `${parseVerifier(before).name}/next-key\n${before}\n${next}\n`;
}

/**
 * All keys that have signed a log, the first one first, out of the signed notes in which each names the next. Whoever knows one of
 * them knows those after it as well as they know whoever held it.
 *
 * @param vkey - the last of them.
 * @throws `log/malformed`, `log/bad-signature`
 */
export function keysOf(vkey: string, handovers: readonly string[]): readonly Verifier[] {
  if (handovers.length > MOST_HANDOVERS) throw malformed(`expected at most ${MOST_HANDOVERS} handovers`);
  const keys: Verifier[] = [];
  let at: string | undefined;
  for (const note of handovers) {
    const [, before = "", next = ""] = openText(note).split("\n");
    const key = parseVerifier(before);
    if (at !== undefined && at !== before) throw malformed("expected handovers that follow each other");
    if (openNote(note, [key]).text !== handoverText(before, next) || parseVerifier(next).name !== key.name)
      throw malformed("expected a handover from one key of a log to the next");
    keys.push(key);
    at = next;
  }
  if (at !== undefined && at !== vkey) throw malformed("expected the last handover to name the key of now");
  return [...keys, parseVerifier(vkey)];
}

/** A list of notes as a file holds it; none where it has no such member. @throws `log/malformed` */
export function readHandovers(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length > 0 && value.every((note) => typeof note === "string")) return value;
  throw malformed("expected handovers as a list of signed notes");
}

function openText(note: string): string {
  return note.slice(0, Math.max(0, note.indexOf("\n\n") + 1));
}

function malformed(problem: string): CustodyError {
  return new CustodyError("log/malformed", `log key: ${problem}`);
}
