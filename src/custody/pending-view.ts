import type { Time } from "../base/time.ts";
import type { Need } from "../intent/verdict.ts";
import type { Desk } from "./desk.ts";
import { readyAt, standingOf } from "./pending.ts";
import type { AskedRequest, PendingRecord } from "./records.ts";

/** A waiting request as it is shown, and handed to approvers, who read its bytes again themselves. */
export interface PendingRequest {
  readonly id: string;
  readonly request: AskedRequest;
  readonly intent: string;
  readonly submitters: readonly string[];
  readonly since: Time;
  readonly expires: Time;
  readonly needs: readonly Need[];
  /** Those of the needs that are not met yet. */
  readonly missing: readonly Need[];
  /** When the last delay has run, where nothing else is missing. */
  readonly ready?: Time;
  readonly answers: readonly { readonly person: string; readonly answer: "yes" | "no"; readonly at: Time }[];
  /** Already signed under these approvals: only exact replacements can still use them. */
  readonly used: boolean;
}

export function pendingRequest(desk: Desk, pending: PendingRecord, now: Time): PendingRequest {
  const { id, request, intent, submitters, since, expires, needs } = pending;
  const { missing } = standingOf(desk.judge, pending, now);
  const ready = readyAt(desk.judge, pending, now);
  const answers = pending.answers.map(({ person, answer, at }) => ({ person, answer, at }));
  return {
    id,
    request,
    intent,
    submitters,
    since,
    expires,
    needs,
    missing,
    ...(ready !== undefined && { ready }),
    answers,
    used: pending.used.length > 0,
  };
}
