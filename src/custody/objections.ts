import type { ApprovalsNeed } from "../approvals/quorum.ts";
import { canonical, type Json } from "../base/canonical.ts";
import type { IntentId } from "../intent/intent.ts";
import type { Member, Need } from "../intent/verdict.ts";
import { takeBack } from "../limits/hold.ts";
import type { Tx } from "../vault/tx.ts";
import { writeHold } from "./holds.ts";
import { journal } from "./journal.ts";
import type { Judge } from "./judge.ts";
import type { PendingRecord } from "./records.ts";
import { forgetEnrolment } from "./slots.ts";

/**
 * Everybody whom the needs of a request have ever named, each with their dates, once. A no needs less to count than a yes: whoever
 * could have answered keeps it, whatever the request is turned into afterwards.
 */
export function namedBy(before: readonly Member[], needs: readonly Need[]): readonly Member[] {
  const members = approvalsOf(needs).flatMap(({ alternatives }) => alternatives.flat().flatMap((clause) => clause.members));
  return [...new Map([...before, ...members].map((member) => [canonical(member as unknown as Json), member])).values()];
}

export function approvalsOf(needs: readonly Need[]): readonly ApprovalsNeed[] {
  return needs.filter((need) => need.kind === "approvals");
}

/** What is left to end of a request: all of it, or only replacements of what was signed under it before. */
export function endable(judge: Judge, { used }: PendingRecord): "request" | "replacements" {
  const wasSigned = used.some((intent) => judge.hold(intent as IntentId)?.state === "spent");
  return wasSigned ? "replacements" : "request";
}

/**
 * Ends a request, and with it what was reserved under it and has not left: whoever is signing finds the reservation gone, and wipes
 * the signature.
 *
 * @param say - writes down why it ends, before what that entails.
 * @returns the sequence number of that entry.
 */
export function end(tx: Tx, judge: Judge, pending: PendingRecord, say: () => number): number {
  tx.delete(`pending/${pending.id}`);
  forgetEnrolment(tx, pending);
  const entry = say();
  for (const intent of pending.used) {
    const hold = judge.hold(intent as IntentId);
    const lapsed = hold && takeBack(hold, tx.now);
    if (lapsed === undefined) continue;
    writeHold(tx, lapsed);
    journal(tx, "lapsed", { intent: lapsed.intent, hold: lapsed.id, reservation: lapsed.reservation, why: "consent was taken back" });
  }
  return entry;
}
