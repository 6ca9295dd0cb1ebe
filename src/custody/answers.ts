import { proveApproval } from "../approvals/credential.ts";
import { signerOf } from "../approvals/proof.ts";
import { type ApprovalStatement, approvalId, type SignedApproval } from "../approvals/statement.ts";
import { exactSubject } from "../approvals/subject.ts";
import { frontierFromJson, rootOf } from "../audit/tree.ts";
import { toHex } from "../base/bytes.ts";
import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { DAY_MS, type Time } from "../base/time.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Tx } from "../vault/tx.ts";
import { asObject, judgeNow } from "./decide.ts";
import { type Desk, reader } from "./desk.ts";
import { journal } from "./journal.ts";
import { end, endable, namedBy } from "./objections.ts";
import { isAbout } from "./pending.ts";
import { type AnswerRecord, asJson, type PendingRecord, type SessionRecord } from "./records.ts";
import { rootState } from "./refusals.ts";
import { mayAnswer } from "./standing.ts";
import { isTheirs } from "./submitters.ts";
import { delaysOf, waitOf } from "./waiting.ts";

/** No answer counts for longer than this, or than its request waits. */
const LONGEST_MS = 30 * DAY_MS;

/** An answer to a pending request: signed by a credential, or given in the open session of a person who unlocks. */
export type Answer =
  | { readonly by: "key"; readonly approval: SignedApproval }
  | { readonly by: "session"; readonly session: SessionRecord; readonly statement: ApprovalStatement };

/**
 * Takes an answer to a pending request down. The request is judged again first, so that the needs are those of now. A no is taken
 * also where the policy denies the request for now, or would have it do something else.
 *
 * @returns the sequence number of its entry.
 * @throws `pending/no-such-request`; `approval/mismatch` if the statement is about something else (another policy, book, subject,
 *   submitter), was used or has run out; `approval/bad-signature`; `approval/not-an-approver`
 */
export function answer(tx: Tx, desk: Desk, id: string, given: Answer): number {
  const { judge } = desk;
  const person = given.by === "key" ? given.approval.person : given.session.person;
  const statement = given.by === "key" ? given.approval.statement : given.statement;
  const found = findPending(tx, id);
  const pending = statement.answer === "no" ? contested(tx, desk, found) : rejudged(tx, desk, found);
  checkStatement(pending, statement, tx.now);
  if (statement.answer === "yes") checkHead(tx, statement);
  if (given.by === "key") proveApproval(given.approval, judge.policy.people.get(person) ?? []);
  if (!mayAnswer(pending, { person, answer: statement.answer }, tx.now))
    throw new CustodyError("approval/not-an-approver", `approval: ${person} is nobody whom this request needs`);
  const key = given.by === "key" ? signerOf(given.approval) : null;
  if (isTheirs(pending.askedWith, key))
    throw new CustodyError("approval/not-an-approver", "approval: it is by a credential of whoever asked for this request");

  const used = `approval/${approvalId({ person, statement })}`;
  if (tx.get(used) !== undefined) throw new CustodyError("approval/mismatch", "approval: it was handed in before");
  tx.put(used, { expires: statement.expiresMs });

  const record: AnswerRecord = {
    person,
    answer: statement.answer,
    at: tx.now,
    expires: statement.expiresMs,
    statement,
    key,
    signature: given.by === "key" ? given.approval.signature : null,
    session: given.by === "session" ? given.session.id : null,
    needs: pending.needs,
  };
  const answers = [...pending.answers.filter((other) => other.person !== person), record];
  const ends = statement.answer === "no" && !pending.affected.includes(person);
  const { signature, session } = record;
  const told = { pending: id, person, proof: asObject({ statement, key, signature, session }), intent: pending.intent };
  if (ends) return end(tx, judge, pending, () => journal(tx, "refused", { ...told, ends: endable(judge, pending) }));
  tx.put(`pending/${id}`, asJson({ ...pending, answers }));
  return statement.answer === "yes" ? journal(tx, "approved", told) : journal(tx, "refused", { ...told, ends: "nothing" });
}

/** @throws `pending/no-such-request`, also for one that has run out and is not tidied up yet */
export function findPending(view: Pick<Tx, "get" | "now">, id: string): PendingRecord {
  // An object would be asked for its text again and again, and could name another request each time.
  if (typeof id !== "string") throw new CustodyError("pending/no-such-request", `pending: expected an id as text, got a ${typeof id}`);
  const record = view.get(`pending/${id}`) as unknown as PendingRecord | undefined;
  if (record === undefined || record.expires <= view.now) throw noSuchRequest();
  return record;
}

function noSuchRequest(): CustodyError {
  return new CustodyError("pending/no-such-request", "pending: there is none with this id");
}

/**
 * The pending request with the needs that the policy in force asks for now.
 *
 * @throws `approval/mismatch`; `pending/no-such-request` if it has waited longer already than these needs let any
 */
export function rejudged(tx: Pick<Tx, "state" | "now" | "get" | "list">, desk: Desk, pending: PendingRecord): PendingRecord {
  const { judge } = desk;
  if (isJudged(pending, desk)) return pending;
  const { intent, judgement } = judgedAgain(tx, desk, pending);
  const [reason] = judgement.reasons;
  if (reason !== undefined)
    throw new CustodyError("approval/mismatch", `pending: the policy in force denies this request now (${reason.code})`);
  if (!isAbout(pending, intent))
    throw new CustodyError(
      "approval/mismatch",
      "pending: under the policy in force it would do something else, it has to be asked for anew",
    );
  const { entry: _told, confirmed: _confirmed, ...rest } = pending;
  const { id, book } = judge.policy;
  const { needs } = judgement;
  const expires = Math.min(rest.expires, rest.since + waitOf(judge, needs));
  if (expires <= tx.now) throw noSuchRequest();
  const named = namedBy(rest.named, needs);
  const delays = delaysOf(rest.delays, needs, tx.now);
  return { ...rest, exact: exactSubject(intent), expires, needs, named, delays, policy: id, semantics: SEMANTICS, book: book.hash };
}

/** The pending request as a no meets it: with whoever the policy in force names as well, if it can say so. */
function contested(tx: Tx, desk: Desk, pending: PendingRecord): PendingRecord {
  if (isJudged(pending, desk)) return pending;
  try {
    return { ...pending, named: namedBy(pending.named, judgedAgain(tx, desk, pending).judgement.needs) };
  } catch (cause) {
    // What cannot even be read any more can be signed again later: those whom it waited for say no to it all the same.
    if (cause instanceof CustodyError) return pending;
    throw cause;
  }
}

function isJudged({ policy, semantics }: PendingRecord, { judge }: Desk): boolean {
  return policy === judge.policy.id && semantics === SEMANTICS;
}

/** As the session that asked last would be judged now. */
function judgedAgain(tx: Pick<Tx, "state" | "now" | "get" | "list">, desk: Desk, { request, submitters, askedIn }: PendingRecord) {
  const intent = reader(desk, request)(tx, desk.judge);
  const [person = ""] = submitters;
  return { intent, judgement: judgeNow(tx, desk.judge, intent, { ...askedIn, person, begun: tx.now, expires: tx.now }) };
}

function checkStatement(pending: PendingRecord, statement: ApprovalStatement, now: Time): void {
  const request = {
    vault: pending.vault,
    subject: pending.subject.digest,
    submitters: pending.submitters,
    nonce: pending.nonce,
  };
  const reading = {
    policy: pending.policy,
    semantics: pending.semantics,
    book: pending.book,
  };
  // A no is to the request, whatever it was read with.
  const expected = statement.answer === "no" ? request : { ...request, ...reading };
  for (const [name, value] of Object.entries(expected)) {
    const got = (statement as unknown as JsonObject)[name] as Json;
    if (canonical(got) !== canonical(value as Json))
      throw new CustodyError("approval/mismatch", `approval: its ${name} is not that of the request`);
  }
  if (statement.expiresMs <= now || statement.expiresMs > Math.max(now + LONGEST_MS, pending.expires)) {
    throw new CustodyError("approval/mismatch", "approval: expected it to run out in the future, within 30 days or with the request");
  }
}

/** Who approves saw a log that this one can continue. Of a shorter one only a proof could tell. */
function checkHead(tx: Tx, { head }: ApprovalStatement): void {
  const frontier = frontierFromJson(rootState(tx).log);
  if (head.size > frontier.size || (head.size === frontier.size && head.root !== toHex(rootOf(frontier))))
    throw new CustodyError("approval/mismatch", "approval: its head is of another log than this vault has");
}
