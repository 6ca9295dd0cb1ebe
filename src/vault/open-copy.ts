import { fromHex, secretCopy } from "../base/bytes.ts";
import { unreachable } from "../base/errors.ts";
import { randomBytes } from "../keys/random.ts";
import type { Store } from "../stores/store.ts";
import { throwIfAborted } from "./kdf.ts";
import { Keyring } from "./keyring.ts";
import type { Index } from "./mirror.ts";
import { readHeader } from "./open.ts";
import { Replica } from "./replica.ts";
import type { Random } from "./seal.ts";
import { openSlot, type Slot, type SlotRecord } from "./slot.ts";
import { Vault } from "./vault.ts";

export interface OpenCopy {
  readonly store: Store;
  /** The way in that {@link Vault.copy} made. */
  readonly way: SlotRecord;
  /** 32 bytes that it opens by; neither kept nor wiped. */
  readonly secret: Uint8Array;
  readonly index?: Index;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a copy of a vault by the way in that was made for it, which no header has.
 *
 * @throws `vault/absent`; `vault/cannot-open`; `vault/damaged`; `vault/aborted`
 */
export async function openCopy(options: OpenCopy, random: Random = randomBytes): Promise<Vault> {
  const { store, way: record, secret, index, signal } = options;
  const header = await readHeader(store);
  const slot: Slot = {
    kind: record.kind,
    enrol: () => unreachable("the way into a copy is enrolled where it is made"),
    open: async () => secretCopy(secret),
  };
  const envelope = { suite: header.suite, vaultId: fromHex(header.id), keyEpoch: header.keyEpoch };
  const context = { vaultId: header.id, slotId: record.id, random, signal };
  const keyring = new Keyring(await openSlot(slot, context, { record, envelope, access: "sign" }), header);
  const replica = new Replica({ store, keyring, header, index });
  try {
    throwIfAborted(signal);
    // Its pin is only needed where keys change, but what was changed in it was changed.
    keyring.readmit(record, keyring, random);
    await replica.sync();
    return new Vault({ store, replica, random, openedBy: record.id });
  } catch (error) {
    keyring.wipe();
    replica.clear();
    throw error;
  }
}
