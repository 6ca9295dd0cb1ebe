import { wipe } from "../base/bytes.ts";
import type { Desk } from "./desk.ts";
import { journal } from "./journal.ts";

/**
 * Puts the slot that opened the vault in its own place with parameters that cost a thief more, where it offered to: the same id, name
 * and secret of its holder. Nobody is let in or shut out by it, so no rule is asked; the log tells of it.
 *
 * @returns the sequence number of its entry; nothing where there was nothing to do, or somebody else has changed that slot meanwhile.
 * @throws what the slot throws; `vault/locked`; what the store throws. Nothing is changed then.
 */
export async function retune({ vault, locked }: Pick<Desk, "vault" | "locked">): Promise<number | undefined> {
  const renewed = await vault.enrolAgain({ signal: locked });
  if (renewed === undefined) return undefined;
  const { from, to } = renewed;
  try {
    return await vault.transact((tx) => {
      // INVARIANT: the very slot that was opened. Another process may have raised it further, or its holder may have another secret by now.
      const isStillThere = tx.header.slots.some(({ id, publicKey }) => id === from.id && publicKey === from.publicKey);
      if (!isStillThere) return undefined;
      tx.replaceSlot(to.id, to);
      return journal(tx, "retuned", { slot: to.id, parameters: { from: from.parameters, to: to.parameters } });
    });
  } finally {
    wipe(to.pin);
  }
}
