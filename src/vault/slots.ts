import { fromHex, wipe } from "../base/bytes.ts";
import type { CustodyError } from "../base/errors.ts";
import type { Header } from "./header.ts";
import { type KdfOptions, throwIfAborted } from "./kdf.ts";
import type { Roots } from "./roots.ts";
import type { Random } from "./seal.ts";
import { type Access, openSlot, type Slot } from "./slot.ts";
import { cannotOpen, mayFitAnother } from "./slot-keys.ts";

/**
 * Tries every slot of our kind; a store that is not ours to trust decides only how many there are, up to sixteen.
 *
 * @returns roots that the caller wipes, and the id of the slot that gave them.
 * @throws `vault/cannot-open`, or what the slots said of themselves beyond that; `vault/kdf-out-of-bounds`; `vault/aborted`
 */
export async function openSlots(
  slot: Slot,
  header: Header,
  options: KdfOptions & { readonly access: Access },
  random: Random,
): Promise<{ readonly roots: Roots; readonly slotId: string }> {
  const { access, signal, onProgress } = options;
  const envelope = { suite: header.suite, vaultId: fromHex(header.id), keyEpoch: header.keyEpoch };
  const records = header.slots.filter(({ kind }) => kind === slot.kind);
  const shared = { vaultId: header.id, random, signal, onProgress };
  throwIfAborted(signal);
  if (slot.openAny && records.length > 1) {
    const { id, secret } = await slot.openAny(records, shared);
    const record = records.find((one) => one.id === id);
    if (record)
      return {
        roots: await openSlot({ ...slot, open: async () => secret }, { ...shared, slotId: id }, { record, envelope, access }),
        slotId: id,
      };
    wipe(secret);
    throw cannotOpen();
  }
  let told: CustodyError | undefined;
  for (const record of records) {
    throwIfAborted(signal);
    const context = { ...shared, slotId: record.id };
    try {
      return { roots: await openSlot(slot, context, { record, envelope, access }), slotId: record.id };
    } catch (error) {
      if (!mayFitAnother(error)) throw error;
      if (error.code !== "vault/cannot-open") told = error;
    }
  }
  throw told ?? cannotOpen();
}
