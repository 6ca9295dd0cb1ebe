import { type ApprovalStatement, readStatement } from "../approvals/statement.ts";
import { approvalSubject, type Subject } from "../approvals/subject.ts";
import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { expectInteger, expectObject, expectString } from "../base/shape.ts";
import type { Chain } from "../chains/chain.ts";
import { effectToJson, type Intent, type Request } from "../intent/intent.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Policy } from "../policy/core.ts";
import { type InForce, inForce } from "./acts.ts";
import { findPending } from "./answers.ts";
import { couldAsk } from "./asking.ts";
import { Chains, type Desk, findAccount, keysOf, momentOf, reader } from "./desk.ts";
import { copyPlain, readOptions, readRequest } from "./door.ts";
import { readChains } from "./options.ts";
import { type WatchedAccount, watchedOf } from "./public-keys.ts";
import { Reading } from "./reading.ts";
import { approvalStatement } from "./session.ts";
import { readWatched } from "./watched.ts";

const FORMAT = "approval-request/1";

/**
 * All that an approver on another machine needs, as JSON: the request with its account by address, what that account's addresses
 * are made from, the effects that the vault sees, the statement to sign, and the policy that all of it was read with. To be
 * handed over as it is; {@link checkApprovalRequest} believes none of it.
 */
export interface ApprovalRequest {
  readonly keyward: typeof FORMAT;
  /** Of the pending request. */
  readonly id: string;
  readonly request: Request;
  readonly account?: WatchedAccount;
  /** Semantics that the policy in force was accepted under, where that is not what the statement says: an edit accepts the new. */
  readonly accepted?: number;
  /** The mode that holds, where the request is to change it: what is agreed to is leaving this one. */
  readonly mode?: NonNullable<InForce["mode"]>;
  /** Where the vault came out of a backup, and the request is about that or an edit. */
  readonly restored?: NonNullable<InForce["restored"]>;
  readonly subject: { readonly kind: Subject["kind"]; readonly digest: string; readonly feeCeiling: string };
  readonly effects: readonly JsonObject[];
  readonly statement: ApprovalStatement;
  readonly policy: JsonObject;
}

/**
 * The request for approval of a pending request, as the vault has it now.
 *
 * @throws `pending/no-such-request`; `approval/mismatch` if the policy in force denies the request by now
 */
export async function approvalRequest(
  desk: Desk,
  id: string,
  given: { readonly answer?: "yes" | "no"; readonly lastsMs?: number },
): Promise<ApprovalRequest> {
  const statement = await approvalStatement(desk, id, given);
  const now = await desk.now();
  return desk.vault.read((view) => {
    const at = momentOf(view, now);
    const { request, subject } = findPending(at, id);
    const { chain, account, effects } = reader(desk, request)(at, desk.judge);
    const { semantics, mode, restored } = inForce(at);
    const changesMode = effects.some(({ kind }) => kind === "modeChange");
    const minds = effects.some(({ kind }) => kind === "restore" || kind === "policyEdit");
    const watched = request.kind === "act" ? undefined : watchedOf(keysOf(desk, view, findAccount(view, desk.chains, chain, account)));
    return {
      keyward: FORMAT,
      id,
      request: { ...request, chain, account },
      ...(watched !== undefined && { account: watched }),
      ...(semantics !== SEMANTICS && { accepted: semantics }),
      ...(changesMode && { mode }),
      ...(minds &&
        restored && { restored: { at: restored.at, ...(restored.allowed && { allowed: restored.allowed }), full: restored.full } }),
      subject,
      effects: effects.map(effectToJson),
      statement,
      policy: desk.judge.policy.document,
    };
  });
}

/** A request for approval that was read again: what its statement is about is what these bytes would do under this policy. */
export interface CheckedRequest {
  readonly id: string;
  readonly request: Request;
  /** The mode that a change of mode would end. */
  readonly mode?: NonNullable<InForce["mode"]>;
  /** For `approveOffline`. */
  readonly statement: ApprovalStatement;
  readonly subject: Subject;
  readonly effects: readonly JsonObject[];
  readonly policy: Policy;
  readonly intent: Intent;
}

/**
 * Reads a request for approval on the approver's side, and believes none of it: policy and book must be those that the statement
 * names, the bytes are decoded again, and subject and effects must be what comes out. Show `effects` to a person before they
 * sign.
 *
 * @param json - what `custody.approvalRequest` gave, parsed.
 * @param options - `chains`: those that are to be read, as given to `keyward`.
 * @throws `approval/mismatch` for the first thing that is not what it says; `approval/malformed`; what decoding throws
 */
export function checkApprovalRequest(json: unknown, options: { readonly chains: readonly Chain[] }): CheckedRequest {
  const reading = new Reading(new Chains(readChains(readOptions(options, WHERE).chains)));
  const members = ["keyward", "id", "request", "subject", "effects", "statement", "policy"];
  const parts = expectObject(
    copyPlain(json),
    { required: members, optional: ["account", "accepted", "mode", "restored"] },
    WHERE,
    "approval/malformed",
  );
  if (parts.keyward !== FORMAT) throw new CustodyError("approval/malformed", `${WHERE}: expected the format ${FORMAT}`);
  const statement = readStatement(parts.statement);
  const policy = reading.policy(canonical(parts.policy ?? null));
  check(policy.id === statement.policy, "its policy is not the one that the statement names");
  check(policy.book.hash === statement.book, "its book is not the one that the statement names");
  check(statement.semantics === SEMANTICS, `it was judged under semantics ${statement.semantics}, this version reads by ${SEMANTICS}`);

  const request = readRequest(parts.request);
  if (request.kind === "act") check(request.chain === `keyward:${statement.vault}`, "the act is for another vault than the statement");
  const keys = parts.account === undefined ? undefined : reading.watched(request, readWatched(parts.account));
  const semantics = parts.accepted === undefined ? SEMANTICS : expectInteger(parts.accepted, `${WHERE}: accepted`, "approval/malformed");
  const mode = parts.mode === undefined ? undefined : readMode(parts.mode);
  const restored = parts.restored === undefined ? null : readRestored(parts.restored);
  const intent = reading.intent(request, { policy, keys, inForce: { semantics, restored, ...(mode !== undefined && { mode }) } });
  const [refusal] = intent.refusals;
  check(refusal === undefined, `the vault would never sign these bytes (${refusal?.code})`);
  check(
    statement.submitters.every((person) => couldAsk(policy, intent, person)),
    "the policy lets nobody whom it names as submitter ask for that",
  );
  const effects = intent.effects.map(effectToJson);
  check(canonical(effects) === canonical(parts.effects ?? null), "the bytes would cause other effects than it says");
  const subject = subjectOf(intent, parts.subject);
  check(subject.digest === statement.subject, "the statement is about something else than these bytes");
  const id = expectString(parts.id, `${WHERE}: id`, "approval/malformed", 200);
  return { id, request, statement, subject, effects, policy, intent, ...(mode !== undefined && { mode }) };
}

/** Nothing of it is believed: an act that was asked in another mode has another digest. */
function readMode(json: Json): NonNullable<InForce["mode"]> {
  const where = `${WHERE}: mode`;
  const mode = expectObject(json, { required: ["name"], optional: ["since", "until"] }, where, "approval/malformed");
  const time = (name: "since" | "until") =>
    mode[name] === undefined ? {} : { [name]: expectInteger(mode[name], `${where}: ${name}`, "approval/malformed") };
  return {
    name: expectString(mode.name, where, "approval/malformed", 200),
    ...time("since"),
    ...time("until"),
  };
}

/** Nothing of it is believed either: another restore, or other full limits, give another digest. */
function readRestored(json: Json): NonNullable<InForce["restored"]> {
  const where = `${WHERE}: restored`;
  const { at, allowed, full } = expectObject(json, { required: ["at", "full"], optional: ["allowed"] }, where, "approval/malformed");
  if (!Array.isArray(full) || !full.every((limit) => typeof limit === "string"))
    throw new CustodyError("approval/malformed", `${where}: expected full as a list of limits`);
  return {
    at: expectInteger(at, `${where}: at`, "approval/malformed"),
    ...(allowed !== undefined && { allowed: expectInteger(allowed, `${where}: allowed`, "approval/malformed") }),
    full,
  };
}

const WHERE = "approval request";

function subjectOf(intent: Intent, stated: Json | undefined): Subject {
  const { feeCeiling } = expectObject(stated, { required: ["kind", "digest", "feeCeiling"] }, "subject", "approval/malformed");
  if (typeof feeCeiling !== "string" || !/^\d{1,78}$/.test(feeCeiling))
    throw new CustodyError("approval/malformed", "subject: expected the fee ceiling as a decimal text");
  try {
    return approvalSubject(intent, { feeCeiling: BigInt(feeCeiling) });
  } catch (cause) {
    throw new CustodyError("approval/mismatch", `${WHERE}: the fee of these bytes is above the stated ceiling`, { cause });
  }
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new CustodyError("approval/mismatch", `${WHERE}: ${otherwise}; nothing was signed`);
}
