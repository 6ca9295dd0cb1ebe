import { concat } from "../../src/base/bytes.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { type Custody, keyward, type Session, type Slot, type Store } from "../../src/index.ts";
import { freshStore } from "../here/fresh-store.ts";
import { keyOf, rawSlot } from "../vault/setting.ts";
import * as f from "./fixture.ts";

/** The one way into what was restored. */
export const newSlot: Slot = rawSlot(keyOf(0x33));

/** Lets the owner take backups and bring one back. */
export const mayRestore: readonly object[] = [
  { id: "backups", allow: ["export"], when: { requester: "owner", what: "backup" } },
  { id: "restores", allow: ["restore"], when: { requester: "owner" } },
];

/** A file, and what opens it. */
export interface Backup {
  readonly file: Uint8Array;
  readonly key: { readonly identities: readonly string[] };
}

/** Takes a backup, as the person of the session. */
export async function backupBy(me: Session): Promise<Backup> {
  // Only here: what merely reads this file starts sooner.
  const { generateX25519Identity, identityToRecipient } = await import("age-encryption");
  const identity = await generateX25519Identity();
  const chunks: Uint8Array[] = [];
  const outcome = await me.export({
    what: "backup",
    name: "for tests",
    to: { recipients: [await identityToRecipient(identity)] },
    write: (chunk) => void chunks.push(chunk.slice()),
  });
  if (outcome.kind !== "exported") throw new Error(`expected a backup, got ${JSON.stringify(outcome)}`);
  return { file: concat(...chunks), key: { identities: [identity] } };
}

export async function* chunksOf(file: Uint8Array, size = 50_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += size) yield file.slice(at, at + size);
}

export function custodyOn(store: Store): Custody {
  return keyward({ chains: [evm], store, autoLockMs: Number.POSITIVE_INFINITY });
}

/** Brings a backup back in an empty store, and opens it. */
export async function restored(
  { file, key }: Backup,
  store: Store = freshStore(),
): Promise<{ readonly custody: Custody; readonly store: Store; readonly me: Session }> {
  const custody = custodyOn(store);
  await custody.restore(chunksOf(file), { key, slot: newSlot });
  await custody.unlock(newSlot);
  return { custody, store, me: await custody.session({ person: "owner" }) };
}

/** ETH to a friend. */
export function pay(nonce: number, value: bigint): object {
  return f.request(f.transaction({ nonce, value }));
}
