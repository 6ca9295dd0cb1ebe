import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { CheckedRequest } from "../custody/approval-request.ts";
import type { Custody } from "../custody/keyward.ts";
import type { PendingRequest } from "../custody/pending-view.ts";
import { intentToJson } from "../intent/intent.ts";
import { compare } from "./compared.ts";
import { editLines } from "./edits.ts";
import { isEdit, payloadLines } from "./payload.ts";
import { policyOf } from "./policies.ts";
import type { Style } from "./style.ts";
import { intentLines } from "./verdict.ts";

/** @throws `pending/no-such-request` */
export async function findPending(custody: Custody, id: string): Promise<PendingRequest> {
  const found = (await custody.pending()).find((pending) => pending.id === id);
  if (found !== undefined) return found;
  throw new CustodyError("pending/no-such-request", "pending: there is none with this id; see keyward pending list");
}

/**
 * What an approver has to see: whose request it is, its effects, for a policy edit all that it changes and what that is proven to let happen, and otherwise what is signed
 * itself wherever it is these very bytes that are approved.
 */
export function requestLines(checked: CheckedRequest, style: Style): string[] {
  const { intent, request, policy, subject } = checked;
  const lines = intentLines(intentToJson(intent) as JsonObject, policy, style);
  if (isEdit(checked)) {
    const next = (request.payload as JsonObject).policy as JsonObject;
    return [...lines, ...editLines(policy.document, next, style), ...compare(policy, policyOf(next)).lines(style)];
  }
  return subject.kind === "bytes" ? [...lines, ...payloadLines(checked, style)] : lines;
}
