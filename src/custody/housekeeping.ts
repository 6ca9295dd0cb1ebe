import { lapse } from "../limits/hold.ts";
import type { Tx } from "../vault/tx.ts";
import { setMode } from "./acts.ts";
import { writeHold } from "./holds.ts";
import { journal } from "./journal.ts";
import type { Judge } from "./judge.ts";
import type { PendingRecord, SessionRecord } from "./records.ts";
import { modeAt, rootState } from "./refusals.ts";
import { forgetEnrolment } from "./slots.ts";

/** A commit tidies up so many records of a kind at the most; the next one goes on. */
const AT_ONCE = 64;

/**
 * What time alone has changed is written down before anything is judged by it: reservations whose lease is over lapse, and
 * modes, sessions and waiting requests that have run out end. A lapse stands in the same commit as whatever uses its
 * headroom, so that its old owner finds its fence gone.
 */
export function housekeep(tx: Tx, judge: Judge): void {
  const { name } = modeAt(tx, tx.now);
  if (name !== rootState(tx).mode.name) setMode(tx, name, undefined);
  for (const hold of judge.overdue(tx.now, AT_ONCE)) {
    const lapsed = lapse(hold, tx.now);
    if (lapsed.kind === "refused") continue;
    writeHold(tx, lapsed.hold);
    journal(tx, "lapsed", { intent: hold.intent, hold: hold.id, reservation: hold.reservation });
  }
  if (judge.nextExpiry > tx.now) return;
  expirePending(tx);
  endSessions(tx);
  forgetApprovals(tx);
}

function expirePending(tx: Tx): void {
  for (const [, record] of tx.list("pending/")) {
    const pending = record as unknown as PendingRecord;
    if (pending.expires <= tx.now) expire(tx, pending);
  }
}

export function expire(tx: Tx, pending: PendingRecord): void {
  const { id, used } = pending;
  tx.delete(`pending/${id}`);
  forgetEnrolment(tx, pending);
  if (used.length === 0) journal(tx, "expired", { pending: id });
}

function endSessions(tx: Tx): void {
  for (const [name, record] of tx.list("session/")) {
    const session = record as unknown as SessionRecord;
    if (session.expires > tx.now) continue;
    tx.delete(name);
    journal(tx, "session", { session: session.id, event: "ended", person: session.person });
  }
}

/** Ids of approvals are kept against being handed in twice; once they have run out they could not count anyway. */
function forgetApprovals(tx: Tx): void {
  for (const [name, record] of tx.list("approval/")) {
    if ((record as { readonly expires: number }).expires <= tx.now) tx.delete(name);
  }
}
