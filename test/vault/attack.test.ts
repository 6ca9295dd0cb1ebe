import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { concat, fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { canonical } from "../../src/base/canonical.ts";
import { randomBytes } from "../../src/keys/random.ts";
import * as x25519 from "../../src/keys/x25519.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import type { Store } from "../../src/stores/store.ts";
import { decodeHeader, HEADER_KEY } from "../../src/vault/header.ts";
import { Keyring } from "../../src/vault/keyring.ts";
import { frozen } from "../../src/vault/mirror.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import { Replica } from "../../src/vault/replica.ts";
import { newRoots } from "../../src/vault/roots.ts";
import { seal } from "../../src/vault/seal.ts";
import type { Access, SlotRecord } from "../../src/vault/slot.ts";
import { unchanged } from "../../src/vault/tx.ts";
import { dump, keyOf, rawSlot, restore } from "./setting.ts";

const slot = rawSlot(keyOf(1));

async function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "accepted",
    (error) => error.code ?? `crashed: ${error}`,
  );
}

describe("somebody who can write the disk and knows no secret", () => {
  test("cannot make a vault of their own that our slot opens", async () => {
    const ours = memoryStore();
    await createVault({ store: ours, slots: [slot], state: null, records: { "account/1": { address: "ours" } } });
    const theirs = await vaultFor((await ours.get(HEADER_KEY)) ?? new Uint8Array(), { "account/1": { address: "theirs" } });
    // All that opening needs of them is public: the slot's parameters and the public half of its key.
    expect(await code(openVault({ store: theirs, slot }))).toBe("vault/cannot-open");
    await restore(ours, await dump(theirs));
    expect(await code(openVault({ store: ours, slot, access: "view" }))).toBe("vault/cannot-open");
  });
});

/** A vault with the id and the slots of `header`, sealed to their public keys, but with roots, records and a policy of the forger's. */
async function vaultFor(bytes: Uint8Array, records: { readonly [name: string]: { readonly address: string } }): Promise<Store> {
  const genuine = decodeHeader(bytes);
  const vaultId = fromHex(genuine.id);
  const envelope = { suite: genuine.suite, vaultId, keyEpoch: genuine.keyEpoch };
  const roots = newRoots(vaultId, randomBytes);
  const box = (record: SlotRecord, part: Access, content: Uint8Array): string => {
    const ephemeral = randomBytes(32);
    const sender = x25519.publicKey(ephemeral);
    const recipient = fromHex(record.publicKey);
    const shared = x25519.sharedSecret({ privateKey: ephemeral, publicKey: recipient });
    const key = hkdf(sha256, shared, vaultId, concat(utf8("keyward/v1/box"), sender, recipient), 32);
    const name = canonical(["slot", record.id, record.kind, record.parameters, record.publicKey, part]);
    return toHex(concat(sender, seal(envelope, key, name, content, randomBytes)));
  };
  const view = concat(roots.view, roots.naming, roots.statePublicKey, roots.checkpointPublicKey);
  const sign = roots.sign.slice();
  const slots = genuine.slots.map((record) => ({ ...record, view: box(record, "view", view), sign: box(record, "sign", sign) }));
  const header = { ...genuine, slots };
  const store = memoryStore();
  const keyring = new Keyring(roots, header);
  const replica = new Replica({ store, keyring, header, index: undefined });
  for (const [name, value] of Object.entries(records)) replica.mirror.set(name, frozen(value));
  const { changes } = replica.prepare(unchanged(null, { header, keyring }), 1, randomBytes);
  await store.commit(changes);
  return store;
}
