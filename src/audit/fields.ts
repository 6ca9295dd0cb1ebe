import type { Json, JsonObject } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";

/**
 * What an entry's members hold, whatever its kind. All of it is JSON that {@link import("../base/canonical.ts").canonical} can
 * write: amounts are decimal strings, bytes `0x` hexadecimal, times milliseconds. Readers must expect further members.
 */
export interface EntryFields {
  readonly vault: string;
  /** Who asked or acted, by name. */
  readonly person: string;
  /** What showed that it was them: a signed approval or confirmation, the session of a person who unlocks, the slot that was opened again. */
  readonly proof: JsonObject;
  /** Id of the session. */
  readonly session: string;
  /** `session`: `began` or `ended`. `restored`: `rebuilt` or `allowed`. `backup`: `taken` or `verified`. */
  readonly event: string;
  /** `session` that began with rules of its own: SHA-256 of the document that narrows it. */
  readonly scope: string;
  readonly origin: string;
  /** The request as it came: `{ chain, account, kind, payload }`; the payload holds the exact bytes. */
  readonly request: JsonObject;
  /** Intent id, 64 hexadecimal digits. */
  readonly intent: string;
  /** As `effectToJson` writes them. */
  readonly effects: readonly JsonObject[];
  /** `{ id, version }`; an entry of kind `policy` has also `document`. */
  readonly policy: JsonObject;
  /** Hash of the book that decoding used. */
  readonly book: string;
  readonly semantics: number;
  readonly mode: JsonObject;
  /** Ids of every rule that matched. */
  readonly hits: readonly string[];
  readonly reasons: readonly JsonObject[];
  readonly needs: readonly JsonObject[];
  /** `{ limit, bucket, before, after }` for each counter drawn on. */
  readonly counters: readonly JsonObject[];
  /** The approvals that count, with their signatures. */
  readonly approvals: readonly JsonObject[];
  /** Id of the pending request. */
  readonly pending: string;
  /** `refused`: what ended by it: the `request`, the `replacements` of what was signed already, or `nothing` where an edit is about them. */
  readonly ends: string;
  /** Id of the hold; the same for every reservation of one intent. */
  readonly hold: string;
  /** `signed`, `lapsed`: the sequence number of the `reserved` entry that this one closes. It is the fence: each closes once. */
  readonly reservation: number;
  /** `reserved`, `acted`: what limits weigh, one for each effect, so that every counter can be made again from the log. */
  readonly facts: readonly JsonObject[];
  /** `reserved`: requests of one lane can only settle once. */
  readonly lane: string;
  /** `reserved`: until when the key may be used under it. */
  readonly until: Time;
  /** `{ hash, digest, complete }`: the chain's id of what was signed, SHA-256 of the signed bytes, and whether nobody else has to sign. */
  readonly result: JsonObject;
  /** Id of a slot. */
  readonly slot: string;
  /** `retuned`: `{ from, to }`, what lies in clear of the slot before and after. */
  readonly parameters: JsonObject;
  /** `rotated`: `{ epoch, logKey, handover }`: the key that signs checkpoints from here on, and a note in which the one before says so. */
  readonly keys: JsonObject;
  /** `backup`: its receipt; where it was verified, `{ id, sha256 }`. `restored`, rebuilt: `{ time, epoch, entries }`: when the backup was made, and how much of the vault it held. */
  readonly backup: JsonObject;
  /** `restored`, allowed: lifetime limits that stay full until an edit sets them anew. */
  readonly limits: readonly string[];
  /** `opened`: attempts that failed since the last opening. */
  readonly failures: number;
  readonly account: JsonObject;
  /** `denials`: how many, since when. */
  readonly count: number;
  readonly since: Time;
  /** `{ from, to }`: what the clock said before and after. */
  readonly clock: JsonObject;
  /** `erased`: sequence numbers. */
  readonly entries: readonly number[];
  readonly why: string;
  readonly code: string;
  readonly params: { readonly [name: string]: Json };
}
