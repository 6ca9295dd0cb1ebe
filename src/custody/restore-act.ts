import type { JsonObject } from "../base/canonical.ts";
import type { Policy } from "../policy/core.ts";
import type { Tx } from "../vault/tx.ts";
import { journal } from "./journal.ts";
import type { Judge } from "./judge.ts";
import { end } from "./objections.ts";
import { asJson, type PendingRecord, type RestoredRecord } from "./records.ts";
import { COMMIT_MS } from "./reserve.ts";
import { restoredOf, stillFull } from "./restored.ts";

/** What the act `restore` does: the vault signs again, under limits that begin full. */
export function allowRestore(tx: Tx, judge: Judge): JsonObject {
  const restored = restoredOf(tx) as RestoredRecord;
  const full = judge.evaluator.limits.flatMap(({ id, windowMs }) => (windowMs === "ever" ? [id] : [])).sort();
  // INVARIANT: counted from a moment that the commit is fenced with, so that no window ends early.
  const allowed = tx.now + COMMIT_MS;
  tx.fence(allowed);
  tx.put("restored", asJson({ ...restored, allowed, full } satisfies RestoredRecord));
  endWhatWaits(tx, judge);
  journal(tx, "restored", { event: "allowed", limits: full });
  return { allowed, full };
}

/** Nobody's answer to a request of before says anything about the vault of now. */
export function endWhatWaits(tx: Tx, judge: Judge): void {
  for (const [, record] of tx.list("pending/")) {
    const pending = record as unknown as PendingRecord;
    end(tx, judge, pending, () => journal(tx, "expired", { pending: pending.id, why: "the vault was restored" }));
  }
}

/** Lifetime limits that an edit leaves as they are stay full; in the commit of the edit. */
export function keepFull(tx: Tx, from: Policy, to: Policy): void {
  const restored = restoredOf(tx);
  if (restored !== undefined) tx.put("restored", asJson({ ...restored, full: stillFull(restored.full, from, to) }));
}
