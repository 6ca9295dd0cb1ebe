import type { ApprovalStatement } from "../approvals/statement.ts";
import type { Json, JsonObject } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import type { Address, ChainId } from "../intent/effect.ts";
import type { RequestKind } from "../intent/intent.ts";
import type { Member, Need } from "../intent/verdict.ts";
import type { Credential } from "../policy/core.ts";

/**
 * What the custody layer keeps in the vault: named JSON records, one per thing, so that no record grows with history.
 *
 * | name | one per |
 * |---|---|
 * | `policy` | vault: the document in force |
 * | `wallet/<id>` | wallet; its secret is the vault secret `wallet/<id>` |
 * | `account/<id>` | account |
 * | `hold/<intent id>` | intent that ever drew on a limit or was signed |
 * | `pending/<id>` | request that waits for people or time |
 * | `session/<id>` | session that has begun and not ended |
 * | `listed/<chain>:<address>` | address of the policy's book, with the time it was listed |
 * | `carried/<rule>/<bucket>` | lifetime total of holds that are no longer kept |
 * | `restored` | vault that came out of a backup |
 *
 * Log entries are append-only blobs beside them: `log/<seq>` and `log/<seq>/hashes`.
 */
export interface PolicyRecord {
  /** Counts policies of this vault from 1. */
  readonly version: number;
  readonly id: string;
  /** Canonical document. */
  readonly text: string;
  readonly since: Time;
}

export interface WalletRecord {
  readonly id: string;
  readonly name: string;
  readonly kind: "mnemonic" | "privateKey" | "seed";
  /** Word list of a mnemonic, as it was imported. */
  readonly language?: string;
  readonly words?: number;
  /** SHA-256 of the master public key, first 8 bytes as 16 hex digits: to recognise the same secret. */
  readonly fingerprint: string;
  readonly created: Time;
}

export interface AccountRecord {
  readonly id: string;
  readonly name: string;
  readonly chain: ChainId;
  readonly address: Address;
  readonly wallet: string;
  /** BIP-32 text of the account's key; `m` for an imported private key. */
  readonly path: string;
  /** Of that key: 65 bytes, uncompressed, hex. */
  readonly publicKey: string;
  /** Accounts with many addresses only: how these are made, and how many of each branch have been given out. */
  readonly many?: { readonly descriptor: string; readonly extended: string; readonly next: readonly [receive: number, change: number] };
  readonly created: Time;
}

/** A request as it waits, is shown to approvers and is written to the log. */
export interface AskedRequest {
  readonly chain: ChainId;
  readonly account: string;
  readonly kind: RequestKind;
  readonly payload: Json;
}

export interface PendingRecord {
  readonly id: string;
  readonly vault: string;
  readonly request: AskedRequest;
  readonly intent: string;
  /** These very bytes and what they were read to do: what a confirmation is over. */
  readonly exact: string;
  /** What is approved: the effects with a fee ceiling, or the exact bytes. */
  readonly subject: { readonly kind: "effects" | "bytes"; readonly digest: string; readonly feeCeiling: string };
  readonly submitters: readonly string[];
  /** Their keys and addresses, `null` for unlocking: nobody approves with one of them, whatever their name is by then. */
  readonly askedWith: readonly (string | null)[];
  /** The session that asked last: the request is judged again as that would be. */
  readonly askedIn: Pick<SessionRecord, "id" | "credential">;
  /** Id of the session that asked for it first. */
  readonly askedBy?: string;
  /** Stands in every approval of it: a yes to one request never fits a later one with the same effects. */
  readonly nonce: string;
  readonly since: Time;
  readonly expires: Time;
  /** As the policy in force asked when the request was judged last. */
  readonly needs: readonly Need[];
  /** Everybody whom any needs of it have named: each of them can end it. */
  readonly named: readonly Member[];
  /** Every delay that was ever asked for, with the moment when it first was. */
  readonly delays: readonly DelayRecord[];
  readonly policy: string;
  readonly semantics: number;
  readonly book: string;
  /** People whom a policy edit is about: their no does not end it. */
  readonly affected: readonly string[];
  /** Its entry in the log, as long as that tells of these bytes and needs: asking again without news writes nothing. */
  readonly entry?: number;
  readonly answers: readonly AnswerRecord[];
  /** The requester has shown their own presence for these bytes under this policy; with others it is gone. */
  readonly confirmed?: ConfirmationRecord;
  /** Intents that were signed under these answers: the first, and its exact replacements. */
  readonly used: readonly string[];
  readonly usedLane?: string;
}

export interface AnswerRecord {
  readonly person: string;
  readonly answer: "yes" | "no";
  readonly at: Time;
  readonly expires: Time;
  readonly statement: ApprovalStatement;
  /** The credential that signed; `null` for the session of a person who unlocks. */
  readonly key: string | null;
  readonly signature: string | null;
  readonly session: string | null;
  /** Needs in force when the answer was given: it counts only where new needs are implied by these. */
  readonly needs: readonly Need[];
}

export interface DelayRecord {
  readonly rule: string;
  readonly delayMs: number;
  readonly since: Time;
}

export interface ConfirmationRecord {
  readonly person: string;
  readonly at: Time;
  readonly expires: Time;
}

export interface SessionRecord {
  readonly id: string;
  readonly person: string;
  /** Kind of the credential that began it. */
  readonly credential: Credential["kind"];
  /** Key or address that signed its statement; absent where it was begun by unlocking. It ends when the policy takes it away. */
  readonly key?: string;
  readonly begun: Time;
  readonly expires: Time;
  /** Rules that narrow this session: canonical document. */
  readonly scope?: string;
}

/** A vault that came out of a backup. What was signed after that was made, here or in another live copy, nobody here knows. */
export interface RestoredRecord {
  /** When it was rebuilt. */
  readonly at: Time;
  /** When the backup was made. */
  readonly made: Time;
  /** When the act `restore` took effect; until then the vault signs nothing. From then on every window begins full. */
  readonly allowed?: Time;
  /** Lifetime limits that stay full until an edit sets them anew. */
  readonly full: readonly string[];
}

/** The small part that changes with every commit; it lies in the root record itself. */
export interface RootState {
  readonly format: 1;
  /** Semantics number that the policy in force was accepted under. */
  readonly semantics: number;
  /**
   * `since`: when it began; absent for the first. `then`: what follows a mode that lasts; a freeze is not undone by an emergency that
   * runs out.
   */
  readonly mode: { readonly name: string; readonly since?: Time; readonly until?: Time; readonly then?: string };
  readonly log: JsonObject;
  /** How many holds have been forgotten; see `lifetime.ts`. */
  readonly pruned: number;
  /** Denials and malformed requests since `since`; above a ceiling they are counted here instead of logged one by one. */
  readonly refusals: { readonly since: Time; readonly logged: number; readonly more: number };
}

export function asJson(record: object): Json {
  return record as unknown as Json;
}
