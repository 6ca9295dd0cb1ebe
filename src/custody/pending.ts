import { sha256 } from "@noble/hashes/sha2.js";
import { approvalSubject, covers, exactSubject, type Subject } from "../approvals/subject.ts";
import { toHex, utf8 } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import type { Intent, Reason } from "../intent/intent.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Need } from "../intent/verdict.ts";
import { randomBytes } from "../keys/random.ts";
import type { Tx, View } from "../vault/tx.ts";
import { affectedBy } from "./affected.ts";
import type { Desk } from "./desk.ts";
import { expire } from "./housekeeping.ts";
import { namedBy } from "./objections.ts";
import { type AnswerRecord, type AskedRequest, asJson, type PendingRecord, type SessionRecord } from "./records.ts";
import { rootState } from "./refusals.ts";
import { forgetEnrolment } from "./slots.ts";
import { standingOf } from "./standing.ts";
import { askedWith } from "./submitters.ts";
import { delaysOf, waitOf } from "./waiting.ts";

/** More requests than this do not wait at once: a flood must not fill the store. */
export const MOST_PENDING = 1000;
/** Nor more than this of one person: nobody can take the others' places. */
export const MOST_OF_ONE = 100;
/** Approvals cover a fee up to so many times the fee that was shown; the policy still judges every new fee. */
const FEE_HEADROOM = 2n;

/** The needs are met: by these approvals, which the hold (or the act) uses up. */
export interface Met {
  readonly state: "met";
  readonly pending: PendingRecord | undefined;
  readonly approvals: readonly AnswerRecord[];
}

export type Settled =
  | Met
  | { readonly state: "waiting"; readonly pending: PendingRecord; readonly missing: readonly Need[] }
  | { readonly state: "refused"; readonly reason: Reason };

interface Asked {
  readonly request: AskedRequest;
  readonly resumed: string | undefined;
  readonly session: SessionRecord;
  readonly intent: Intent;
  readonly needs: readonly Need[];
}

/** Looks at what has been answered to this request, and lets it wait if something is missing. */
export function settle(tx: Tx, { vault, judge }: Pick<Desk, "vault" | "judge">, asked: Asked): Settled {
  const { session, intent, needs } = asked;
  const found = findPending(tx, session.person, asked);
  // Nothing is needed any more: what was answered for this request meanwhile goes with it, and never to a second one.
  if (needs.length === 0) return { state: "met", pending: found, approvals: [] };
  if (found === undefined && tooManyWait(tx, session.person)) return { state: "refused", reason: tooMany() };
  const { entry, confirmed, ...base } = found ?? newPending(tx, asked, { vault, judge });
  const expires = Math.min(base.expires, base.since + waitOf(judge, needs));
  if (found !== undefined && expires <= tx.now) {
    // Consent is as old now as what is in force lets none become.
    expire(tx, found);
    return settle(tx, { vault, judge }, asked);
  }
  const now: PendingRecord = {
    ...base,
    request: asked.request,
    intent: intent.id,
    exact: exactSubject(intent),
    askedIn: { id: session.id, credential: session.credential },
    askedWith: askedWith(base.askedWith, judge.policy, session.person),
    expires,
    needs,
    named: namedBy(base.named, needs),
    delays: delaysOf(base.delays, needs, tx.now),
    policy: judge.policy.id,
    semantics: SEMANTICS,
    book: judge.policy.book.hash,
  };
  // INVARIANT: presence stands beside the bytes and the policy that it was shown for. With others it is gone, also for when these
  // come back; a key that was taken away went with its policy.
  const pending = confirmed !== undefined && isConfirmedAs(base, now) ? { ...now, confirmed } : now;
  const told = entry !== undefined && isSame(base, pending) ? { ...pending, entry } : pending;
  const standing = standingOf(judge, pending, tx.now);
  if (standing.refusedBy !== undefined) {
    tx.delete(`pending/${pending.id}`);
    forgetEnrolment(tx, pending);
    return { state: "refused", reason: refusedReason(standing.refusedBy) };
  }
  tx.put(`pending/${pending.id}`, asJson(told));
  if (standing.missing.length > 0) return { state: "waiting", pending: told, missing: standing.missing };
  return { state: "met", pending: told, approvals: standing.approvals };
}

/** Writes down that it waits, unless the log says so already. @returns the sequence number of that entry */
export function announce(tx: Tx, pending: PendingRecord, write: () => number): number {
  if (pending.entry !== undefined) return pending.entry;
  const entry = write();
  tx.put(`pending/${pending.id}`, asJson({ ...pending, entry }));
  return entry;
}

function isSame(before: PendingRecord, now: PendingRecord): boolean {
  const told = ({ exact, policy, needs }: PendingRecord) => canonical([exact, policy, asJson(needs)]);
  return told(before) === told(now);
}

function isConfirmedAs(before: PendingRecord, now: PendingRecord): boolean {
  return before.exact === now.exact && before.policy === now.policy && before.semantics === now.semantics;
}

/**
 * Uses up the approvals that met the needs: from here on they belong to this intent and its exact replacements. Their ids
 * are kept until they expire, so that the same signature cannot be handed in for another request.
 */
export function consume(tx: Tx, met: Met, intent: Intent): void {
  if (met.pending === undefined) return;
  const used = met.pending.used.includes(intent.id) ? met.pending.used : [...met.pending.used, intent.id];
  tx.put(`pending/${met.pending.id}`, asJson({ ...met.pending, used, ...(intent.lane !== undefined && { usedLane: intent.lane }) }));
}

/** An act happens once: what it waited for goes with it. */
export function done(tx: Tx, met: Met): void {
  if (met.pending === undefined) return;
  tx.delete(`pending/${met.pending.id}`);
  forgetEnrolment(tx, met.pending);
}

/**
 * The request of this person that these bytes belong to: the same effects, within the approved fee. What was signed under its
 * answers already, and is now replaced, comes before what still waits; of that, the one that was named.
 */
function findPending(tx: View, person: string, { intent, resumed }: Asked): PendingRecord | undefined {
  const theirs = [...tx.list("pending/")]
    .map(([, record]) => record as unknown as PendingRecord)
    .filter((pending) => pending.submitters.includes(person) && isAbout(pending, intent));
  const waiting = theirs.filter(isWaiting);
  const replaced = ({ used, usedLane }: PendingRecord) =>
    used.includes(intent.id) || (intent.lane !== undefined && usedLane === intent.lane);
  return theirs.find(replaced) ?? waiting.find(({ id }) => id === resumed) ?? waiting[0];
}

/** Whether this is what was asked for, and would be approved: the same effects within the fee, or the same bytes. */
export function isAbout(pending: PendingRecord, intent: Intent): boolean {
  return covers(subjectOf(pending), intent);
}

function newPending(tx: Tx, asked: Asked, { vault, judge }: Pick<Desk, "vault" | "judge">): PendingRecord {
  const { request, session, intent, needs } = asked;
  const subject = approvalSubject(intent, { feeCeiling: FEE_HEADROOM * knownFee(intent) });
  const size = (rootState(tx).log as { readonly size: number }).size;
  // The length of the log makes the id of a later request about the same thing another one.
  const id = toHex(sha256(utf8(`pending ${subject.digest} ${session.person} ${size}`))).slice(0, 16);
  return {
    id,
    vault: vault.id,
    request,
    intent: intent.id,
    exact: exactSubject(intent),
    subject: { ...subject, feeCeiling: subject.feeCeiling.toString() },
    submitters: [session.person],
    askedIn: { id: session.id, credential: session.credential },
    askedWith: [],
    nonce: toHex(randomBytes(16)),
    since: tx.now,
    expires: tx.now + waitOf(judge, needs),
    needs,
    named: [],
    delays: [],
    policy: judge.policy.id,
    semantics: SEMANTICS,
    book: judge.policy.book.hash,
    affected: [...affectedBy(judge.policy, request)],
    answers: [],
    used: [],
  };
}

function subjectOf(pending: PendingRecord): Subject {
  return { ...pending.subject, feeCeiling: BigInt(pending.subject.feeCeiling) };
}

function knownFee(intent: Intent): bigint {
  return intent.effects.reduce((sum, effect) => (effect.kind === "fee" ? sum + (effect.amount ?? 0n) : sum), 0n);
}

/** Requests under which something was signed wait for nobody: they stay for replacements, and everybody has agreed to each. */
function tooManyWait(tx: View, person: string): boolean {
  const waiting = [...tx.list("pending/")].map(([, record]) => record as unknown as PendingRecord).filter(isWaiting);
  return waiting.length >= MOST_PENDING || waiting.filter(({ submitters }) => submitters.includes(person)).length >= MOST_OF_ONE;
}

function isWaiting({ used }: PendingRecord): boolean {
  return used.length === 0;
}

export function tooMany(): Reason {
  return {
    code: "pending/too-many",
    params: { most: MOST_OF_ONE, inAll: MOST_PENDING },
    text: `${MOST_OF_ONE} requests of one person wait already, or ${MOST_PENDING} in all; withdraw some`,
  };
}

function refusedReason(person: string): Reason {
  return { code: "approval/refused", params: { person }, text: `${person} said no` };
}
