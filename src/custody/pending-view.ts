import type { Time } from "../base/time.ts";
import type { Need } from "../intent/verdict.ts";
import type { Desk } from "./desk.ts";
import type { AskedRequest, PendingRecord } from "./records.ts";
import { namedSlots } from "./slots.ts";
import { readyAt, standingOf } from "./standing.ts";
import { endangered } from "./veto.ts";

/** A waiting request as it is shown, and handed to approvers, who read its bytes again themselves. */
export interface PendingRequest {
  readonly id: string;
  readonly request: AskedRequest;
  readonly intent: string;
  /** What an approval is over; `feeCeiling` in the smallest unit of the asset that pays the fee. */
  readonly subject: PendingRecord["subject"];
  readonly submitters: readonly string[];
  readonly since: Time;
  readonly expires: Time;
  readonly needs: readonly Need[];
  /** Those of the needs that are not met yet. */
  readonly missing: readonly Need[];
  /** When the last delay has run, where nothing else is missing. */
  readonly ready?: Time;
  /** The requester has shown their own presence for these very bytes. */
  readonly confirmed?: { readonly person: string; readonly at: Time };
  /** The way in that it would take away: whoever opens that can end it, by `custody.veto`. */
  readonly veto?: { readonly slot: string; readonly name: string };
  readonly answers: readonly { readonly person: string; readonly answer: "yes" | "no"; readonly at: Time }[];
  /** Already signed under these approvals: only exact replacements can still use them. */
  readonly used: boolean;
}

/** Those that still wait, by the clock of the vault or of the store, whichever is later. */
export async function listPending(desk: Desk): Promise<readonly PendingRequest[]> {
  const now = await desk.now();
  return desk.vault.read((view) => {
    const at = Math.max(now, view.time);
    const slots = namedSlots(view, desk.vault.slots);
    const records = [...view.list("pending/")].map(([, record]) => record as unknown as PendingRecord);
    return records
      .filter(({ expires }) => expires > at)
      .map((record) => {
        const taken = slots.find((slot) => slot.id === endangered(record));
        return { ...pendingRequest(desk, record, at), ...(taken && { veto: { slot: taken.id, name: taken.name } }) };
      });
  });
}

function pendingRequest(desk: Desk, pending: PendingRecord, now: Time): PendingRequest {
  const { id, request, intent, subject, submitters, since, expires, needs } = pending;
  const { missing } = standingOf(desk.judge, pending, now);
  const ready = readyAt(desk.judge, pending, now);
  const { confirmed } = pending;
  const answers = pending.answers.map(({ person, answer, at }) => ({ person, answer, at }));
  return {
    id,
    request,
    intent,
    subject,
    submitters,
    since,
    expires,
    needs,
    missing,
    ...(ready !== undefined && { ready }),
    ...(confirmed !== undefined && { confirmed: { person: confirmed.person, at: confirmed.at } }),
    answers,
    used: pending.used.length > 0,
  };
}
