import { fromHex, wipe } from "../base/bytes.ts";
import type { CustodyError } from "../base/errors.ts";
import type { Header } from "./header.ts";
import { type KdfOptions, throwIfAborted } from "./kdf.ts";
import { Offers, type Renewal } from "./renewal.ts";
import type { Roots } from "./roots.ts";
import type { Random } from "./seal.ts";
import { type Access, openSlot, type Slot, type SlotRecord } from "./slot.ts";
import { cannotOpen, mayFitAnother } from "./slot-keys.ts";

export interface OpenSlots extends KdfOptions {
  readonly access: Access;
  /** Tries the slot of this id alone. */
  readonly only?: string;
  /** Hears what the slot offers that opens. */
  readonly renews?: true;
}

export interface OpenedRoots {
  /** To be wiped by the caller. */
  readonly roots: Roots;
  /** The slot that gave them. */
  readonly record: SlotRecord;
  /** To be ended by the caller. */
  readonly renewal?: Renewal | undefined;
}

/**
 * Tries every slot of our kind; a store that is not ours to trust decides only how many there are, up to sixteen.
 *
 * @throws `vault/cannot-open`, or what the slots said of themselves beyond that; `vault/kdf-out-of-bounds`; `vault/aborted`
 */
export async function openSlots(slot: Slot, header: Header, options: OpenSlots, random: Random): Promise<OpenedRoots> {
  const offers = new Offers();
  try {
    const opened = await openFirst(slot, header, { ...options, offers }, random);
    // Who opens view only could not put another record in its place.
    return opened.roots.sign ? { ...opened, renewal: offers.take() } : opened;
  } finally {
    offers.end();
  }
}

async function openFirst(
  slot: Slot,
  header: Header,
  options: OpenSlots & { readonly offers: Offers },
  random: Random,
): Promise<Pick<OpenedRoots, "roots" | "record">> {
  const { access, signal, onProgress, only, offers } = options;
  const envelope = { suite: header.suite, vaultId: fromHex(header.id), keyEpoch: header.keyEpoch };
  const records = header.slots.filter(({ id, kind }) => kind === slot.kind && (only ?? id) === id);
  const shared = { vaultId: header.id, random, signal, onProgress, offer: options.renews && offers.hear };
  throwIfAborted(signal);
  if (slot.openAny && records.length > 1) {
    const { id, secret } = await slot.openAny(records, shared);
    const record = records.find((one) => one.id === id);
    if (record) {
      const opened = { ...slot, open: async () => secret };
      return { roots: await openSlot(opened, { ...shared, slotId: id }, { record, envelope, access }), record };
    }
    wipe(secret);
    throw cannotOpen();
  }
  let told: CustodyError | undefined;
  // A slot may know more of itself than that it does not open: no key of this browser. One of several parts says nothing alone.
  let said: CustodyError | undefined;
  for (const record of records) {
    throwIfAborted(signal);
    offers.drop();
    const context = { ...shared, slotId: record.id };
    try {
      return { roots: await openSlot(slot, context, { record, envelope, access }), record };
    } catch (error) {
      if (!mayFitAnother(error)) throw error;
      if (error.code !== "vault/cannot-open") told = error;
      else said = error;
    }
  }
  throw told ?? said ?? cannotOpen();
}
