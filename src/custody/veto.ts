import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { KdfOptions } from "../vault/kdf.ts";
import type { Slot } from "../vault/slot.ts";
import type { Tx } from "../vault/tx.ts";
import { findPending } from "./answers.ts";
import { type Desk, momentOf } from "./desk.ts";
import { readOptions } from "./door.ts";
import { readFollowing, readSlot, untilLocked } from "./foreign.ts";
import { journal } from "./journal.ts";
import { end } from "./objections.ts";
import type { PendingRecord } from "./records.ts";

/**
 * Ends a waiting request that would take a way in away, by whoever opens that way in: the holder of a key that is being reset learns of
 * it while it waits, and says no. It is opened once more, for viewing; the open vault stays as it is, whatever comes of it.
 *
 * A thief who has the way in can say no as well, so a policy lets more people take one away without a delay.
 *
 * @param given - that very way in, as `custody.pending()` names it under `veto`.
 * @returns the sequence number of the entry.
 * @throws `pending/no-such-request`; `approval/mismatch` for a request that takes no way in away, or that no rule delays;
 *   `vault/cannot-open` for another way in; `vault/view-only`; what opening throws
 */
export async function veto(desk: Desk, id: string, given: Slot, options: KdfOptions): Promise<number> {
  const { vault, judge, locked } = desk;
  const way = readSlot(given);
  const following = untilLocked(readFollowing(readOptions(options, "veto")), locked);
  const now = await desk.now();
  const slot = await vault.read((view) => vetoedBy(momentOf(view, now), id));
  try {
    await vault.openAgain(way, { ...following, access: "view", only: slot });
  } catch (cause) {
    // Whoever finds a vault open tries passphrases here as well as at the door.
    if (cause instanceof CustodyError && cause.code === "vault/cannot-open") await desk.countFailure();
    throw cause;
  }
  return vault.transact((tx) => {
    const pending = findPending(tx, id);
    // Replaced meanwhile, by another request: who held it is nobody here any more.
    if (vetoedBy(tx, id) !== slot || !tx.slots.some((each) => each.id === slot)) notTheirs();
    return end(tx, judge, pending, () => journal(tx, "vetoed", { pending: id, slot, intent: pending.intent }));
  });
}

/**
 * The way in that a waiting request would take away, where a rule has it wait: its holder can end the request until it takes effect. A delay
 * that was asked for once is enough, whatever an edit has made of it since.
 *
 * @returns a slot's id.
 */
export function endangered({ request, delays }: Pick<PendingRecord, "request" | "delays">): string | undefined {
  const { act, what, of } = request.kind === "act" ? (request.payload as JsonObject) : {};
  const isTakenAway = act === "slotChange" && (what === "replace" || what === "remove");
  return isTakenAway && delays.length > 0 ? String(of) : undefined;
}

function vetoedBy(view: Pick<Tx, "get" | "now">, id: string): string {
  return endangered(findPending(view, id)) ?? notTheirs();
}

function notTheirs(): never {
  throw new CustodyError("approval/mismatch", "veto: expected a request that takes a way in away after a delay, which its holder can end");
}
