import { type ApprovalStatement, readStatement } from "../approvals/statement.ts";
import { approvalSubject, type Subject } from "../approvals/subject.ts";
import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { expectObject } from "../base/shape.ts";
import { readRequest } from "../custody/door.ts";
import type { Custody } from "../custody/keyward.ts";
import type { PendingRequest } from "../custody/pending-view.ts";
import { watchTogether } from "../custody/public-keys.ts";
import { effectToJson, type Intent, intentToJson, type Request } from "../intent/intent.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Policy } from "../policy/core.ts";
import { couldAsk } from "./asking.ts";
import { chains } from "./chains.ts";
import { editLines } from "./edits.ts";
import { readIntent } from "./judging.ts";
import { policyOf } from "./policies.ts";
import type { Style } from "./style.ts";
import { intentLines } from "./verdict.ts";
import { readWatched } from "./watched.ts";

const FORMAT = "approval-request/1";

/** A pending request as an approver can check it: nothing in it has to be believed. */
export interface ApprovalRequest {
  readonly id: string;
  readonly request: Request;
  readonly statement: ApprovalStatement;
  readonly subject: Subject;
  readonly effects: readonly JsonObject[];
  readonly policy: Policy;
  readonly intent: Intent;
}

/** @throws `pending/no-such-request` */
export async function findPending(custody: Custody, id: string): Promise<PendingRequest> {
  const found = (await custody.pending()).find((pending) => pending.id === id);
  if (found !== undefined) return found;
  throw new CustodyError(
    "pending/no-such-request",
    `pending: there is none with the id ${JSON.stringify(id.slice(0, 40))}; see keyward pending list`,
  );
}

/**
 * What approvers on other machines need: the request with its account as an address, the effects that this vault sees, the
 * statement to sign and the policy that both were read with.
 *
 * @throws `approval/mismatch` if the policy in force denies the request by now
 */
export async function approvalRequestOf(custody: Custody, pending: PendingRequest): Promise<JsonObject> {
  const { id, subject } = pending;
  const statement = await custody.approvalStatement(id);
  const { document } = await custody.policy();
  const { effects, chain, account } = await custody.decode(pending.request);
  const request = { ...pending.request, chain, account };
  const watched = pending.request.kind === "act" ? undefined : await custody.watched(account);
  const shown = { request, ...(watched && { account: watched }), subject, effects: effects.map(effectToJson) };
  return { keyward: FORMAT, id, ...shown, statement, policy: document } as unknown as JsonObject;
}

/**
 * Reads an approval request on the approver's side, and believes none of it: policy and book must be those that the statement
 * names, the bytes are decoded again, and subject and effects must be what comes out.
 *
 * @throws `approval/mismatch` for the first thing that is not what it says; `approval/malformed`; what decoding throws
 */
export function checkApprovalRequest(json: Json): ApprovalRequest {
  const members = ["keyward", "id", "request", "subject", "effects", "statement", "policy"];
  const parts = expectObject(json, { required: members, optional: ["account"] }, "approval request", "approval/malformed");
  if (parts.keyward !== FORMAT) throw new CustodyError("approval/malformed", `approval request: expected the format ${FORMAT}`);
  const statement = readStatement(parts.statement);
  const policy = policyOf(parts.policy as JsonObject);
  check(policy.id === statement.policy, "its policy is not the one that the statement names");
  check(policy.book.hash === statement.book, "its book is not the one that the statement names");
  check(statement.semantics === SEMANTICS, `it was judged under semantics ${statement.semantics}, this version reads by ${SEMANTICS}`);

  const request = readRequest(parts.request);
  if (request.kind === "act") check(request.chain === `keyward:${statement.vault}`, "the act is for another vault than the statement");
  const keys = parts.account === undefined ? undefined : watchTogether(chains.of(request.chain), request.chain, readWatched(parts.account));
  const intent = readIntent(request, policy, keys);
  check(
    statement.submitters.every((person) => couldAsk(policy, intent, person)),
    "the policy lets nobody whom it names as submitter ask for that",
  );
  const effects = intent.effects.map(effectToJson);
  check(canonical(effects) === canonical(parts.effects ?? null), "the bytes would cause other effects than it says");
  const subject = subjectOf(intent, parts.subject);
  check(subject.digest === statement.subject, "the statement is about something else than these bytes");
  return { id: String(parts.id), request, statement, subject, effects, policy, intent };
}

/** What an approver has to see: whose request it is, its effects, and for a policy edit what it changes. */
export function requestLines({ intent, request, policy }: ApprovalRequest, style: Style): string[] {
  const { act, policy: next } = (request.payload ?? {}) as JsonObject;
  const edit = request.kind === "act" && act === "policyEdit" ? editLines(policy.document, next as JsonObject, style) : [];
  return [...intentLines(intentToJson(intent) as JsonObject, policy, style), ...edit];
}

function subjectOf(intent: Intent, stated: Json | undefined): Subject {
  const { feeCeiling } = expectObject(stated, { required: ["kind", "digest", "feeCeiling"] }, "subject", "approval/malformed");
  if (typeof feeCeiling !== "string" || !/^\d{1,78}$/.test(feeCeiling))
    throw new CustodyError("approval/malformed", "subject: expected the fee ceiling as a decimal text");
  try {
    return approvalSubject(intent, { feeCeiling: BigInt(feeCeiling) });
  } catch (cause) {
    throw new CustodyError("approval/mismatch", "approval request: the fee of these bytes is above the stated ceiling", { cause });
  }
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new CustodyError("approval/mismatch", `approval request: ${otherwise}; nothing was signed`);
}
