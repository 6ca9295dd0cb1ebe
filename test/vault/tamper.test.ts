import { describe, expect, test } from "vitest";
import { equal, fromHex, utf8 } from "../../src/base/bytes.ts";
import * as ed25519 from "../../src/keys/ed25519.ts";
import { randomBytes } from "../../src/keys/random.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import type { Store } from "../../src/stores/store.ts";
import { decodeHeader, encodeHeader } from "../../src/vault/header.ts";
import { Keyring } from "../../src/vault/keyring.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import { openRoot, sealRoot } from "../../src/vault/root.ts";
import type { Roots } from "../../src/vault/roots.ts";
import { openSlot } from "../../src/vault/slot.ts";
import { subkey } from "../../src/vault/subkeys.ts";
import type { Vault } from "../../src/vault/vault.ts";
import { dump, keyOf, rawSlot, restore } from "./setting.ts";

const slot = rawSlot(keyOf(1));
const REFUSED = /^vault\/(damaged|cannot-open)$/;

async function small(): Promise<{ store: Store; vault: Vault }> {
  const store = memoryStore();
  const vault = await createVault({
    store,
    slots: [slot],
    viewSlots: [rawSlot(keyOf(2))],
    state: { mode: "normal" },
    records: { a: "first", b: "second" },
  });
  await vault.transact((tx) => {
    tx.putSecret("s", utf8("secret one"));
    tx.putSecret("t", utf8("secret two"));
  });
  return { store, vault };
}

/** The code that opening ends with, and "opened" if it does not refuse. */
async function outcome(store: Store): Promise<string> {
  return openVault({ store, slot, access: "view" }).then(
    () => "opened",
    (error) => error.code ?? `crashed: ${error}`,
  );
}

async function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "accepted",
    (error) => error.code ?? `crashed: ${error}`,
  );
}

describe("a vault whose store was tampered with", () => {
  test("does not open with a byte flipped anywhere", { timeout: 120_000 }, async () => {
    const { store } = await small();
    const records = await dump(store);
    expect([...records.keys()].filter((key) => key.length === 64)).toHaveLength(5);
    for (const [key, good] of records) {
      // The header is in clear and every part of it means something; in a sealed record all ciphertext is alike.
      const step = key === "vault" ? 7 : 13;
      for (let i = 0; i < good.length; i += step) {
        const flipped = good.slice();
        flipped[i] = (flipped[i] ?? 0) ^ (1 << (i % 8));
        await store.commit([{ key, to: flipped }]);
        expect([key, i, await outcome(store)]).toEqual([key, i, expect.stringMatching(REFUSED)]);
      }
      await store.commit([{ key, to: good }]);
    }
    expect(await outcome(store)).toBe("opened");
  });

  test("does not open with a record cut, lengthened, emptied or dropped", { timeout: 60_000 }, async () => {
    const { store } = await small();
    for (const [key, good] of await dump(store)) {
      const lengths = [0, 1, 5, 6, 29, 30, 31, good.length >> 1, good.length - 17, good.length - 1];
      for (const bytes of [...lengths.map((length) => good.slice(0, length)), new Uint8Array([...good, 0]), null]) {
        await store.commit([{ key, to: bytes }]);
        expect([key, bytes?.length, await outcome(store)]).toEqual([key, bytes?.length, expect.stringMatching(REFUSED)]);
      }
      await store.commit([{ key, to: good }]);
    }
  });

  test("does not open with two records swapped, or one from another vault of the same holder", { timeout: 60_000 }, async () => {
    const { store } = await small();
    const other = await dump((await small()).store);
    const records = await dump(store);
    const keys = [...records.keys()];
    for (const one of keys) {
      for (const two of keys) {
        if (one >= two) continue;
        await store.commit([
          { key: one, to: records.get(two) ?? null },
          { key: two, to: records.get(one) ?? null },
        ]);
        expect([one, two, await outcome(store)]).toEqual([one, two, expect.stringMatching(REFUSED)]);
        await restore(store, records);
      }
      for (const [key, foreign] of other) {
        if (key.length !== one.length) continue;
        await store.commit([{ key: one, to: foreign }]);
        expect([one, key, await outcome(store)]).toEqual([one, key, expect.stringMatching(REFUSED)]);
      }
      await restore(store, records);
    }
  });

  test("does not open with any one record put back to an older version", async () => {
    const { store, vault } = await small();
    const old = await dump(store);
    await vault.transact((tx) => {
      tx.put("a", "changed");
      tx.putSecret("s", utf8("secret new"));
    });
    const now = await dump(store);
    let tried = 0;
    for (const [key, bytes] of old) {
      if (equal(bytes, now.get(key) ?? bytes)) continue;
      await store.commit([{ key, to: bytes }]);
      expect([key, await outcome(store)]).toEqual([key, "vault/damaged"]);
      await restore(store, now);
      tried++;
    }
    // Root, tree, record, secret.
    expect(tried).toBe(4);
  });

  test("does not open with a slot taken out of the header, or the slots in another order", async () => {
    const { store } = await small();
    const good = (await store.get("vault")) ?? new Uint8Array();
    const header = decodeHeader(good);
    for (const slots of [header.slots.slice(0, 1), [...header.slots].reverse()]) {
      await store.commit([{ key: "vault", to: encodeHeader({ ...header, slots }) }]);
      expect(await outcome(store)).toBe("vault/damaged");
    }
    await store.commit([{ key: "vault", to: new Uint8Array([...good, 0x20]) }]);
    expect(await outcome(store)).toBe("vault/damaged");
  });

  test("does not open with a member added to the header or to a slot", async () => {
    const { store } = await small();
    const text = new TextDecoder().decode(await store.get("vault"));
    for (const changed of [
      text.replace(/\}$/, ',"unknown":1}'),
      text.replace('"keyEpoch":1', '"keyEpoch":1,"note":1'),
      text.replace('"kind":"raw"', '"kind":"raw","more":1'),
    ]) {
      expect(changed).not.toBe(text);
      await store.commit([{ key: "vault", to: utf8(changed) }]);
      expect(await outcome(store)).toBe("vault/damaged");
    }
  });

  test("a header nested beyond the stack, or with far too many slots, is refused without work", async () => {
    const { store } = await small();
    const header = decodeHeader((await store.get("vault")) ?? new Uint8Array());
    const [first] = header.slots;
    for (const bytes of [
      utf8("[".repeat(60_000) + "]".repeat(60_000)),
      utf8("[".repeat(30_000) + "]".repeat(30_000)),
      encodeHeader({ ...header, slots: Array.from({ length: 17 }, () => first).filter((record) => record !== undefined) }),
    ]) {
      await store.commit([{ key: "vault", to: bytes }]);
      expect(await outcome(store)).toBe("vault/damaged");
    }
  });

  test("a root that a holder of the view key sealed and signed with a key of its own is refused", async () => {
    const { store, vault } = await small();
    const header = decodeHeader((await store.get("vault")) ?? new Uint8Array());
    const record = header.slots[1];
    if (!record) throw new Error("expected the view slot");
    const held = { record, envelope: { suite: header.suite, vaultId: fromHex(header.id), keyEpoch: 1 }, access: "view" } as const;
    const roots = () => openSlot(rawSlot(keyOf(2)), { vaultId: header.id, slotId: record.id, random: randomBytes }, held);
    const genuine = openRoot((await store.get("root")) ?? new Uint8Array(), new Keyring(await roots(), header));
    const forger = new Keyring(withOwnSignature(await roots(), fromHex(header.id)), header);
    const forged = sealRoot({ ...genuine, epoch: genuine.epoch + 1, state: { mode: "anything" } }, forger, randomBytes);
    expect(openRoot(forged, forger).state).toEqual({ mode: "anything" });
    await store.commit([{ key: "root", to: forged }]);
    expect(await outcome(store)).toBe("vault/damaged");
    expect(await code(vault.read((view) => view.state))).toBe("vault/damaged");
  });

  test("a damaged secret or blob is refused when it is read by a vault that was open before", async () => {
    const { store, vault } = await small();
    const before = await dump(store);
    await vault.transact((tx) => tx.blob("e", utf8("entry")));
    for (const [key, bytes] of await dump(store)) {
      if (key.length !== 64) continue;
      const flipped = bytes.slice();
      flipped[40] = (flipped[40] ?? 0) ^ 1;
      await store.commit([{ key, to: flipped }]);
    }
    expect(before.size).toBe((await dump(store)).size - 1);
    expect(await code(vault.withSecret("s", async () => 1))).toBe("vault/damaged");
    expect(await code(vault.readBlob("e"))).toBe("vault/damaged");
  });

  test("a secret put back to its older version under a vault that is open is refused", async () => {
    const { store, vault } = await small();
    const old = await dump(store);
    await vault.transact((tx) => tx.putSecret("s", utf8("secret new")));
    const root = (await store.get("root")) ?? null;
    for (const [key, bytes] of old) if (key.length === 64) await store.commit([{ key, to: bytes }]);
    expect(await store.get("root")).toEqual(root);
    expect(await code(vault.withSecret("s", async () => 1))).toBe("vault/damaged");
  });

  test("the whole store put back to yesterday is vault/rolled-back for a vault that is open, and by the least epoch for others", async () => {
    const { store, vault } = await small();
    const yesterday = await dump(store);
    await vault.transact((tx) => tx.put("a", "today"));
    const epoch = await vault.read((view) => view.epoch);
    await restore(store, yesterday);
    expect(await code(vault.read((view) => view.get("a")))).toBe("vault/rolled-back");
    expect(await code(vault.transact((tx) => tx.put("a", "again")))).toBe("vault/rolled-back");
    expect(await code(openVault({ store, slot, minEpoch: epoch }))).toBe("vault/rolled-back");
    expect(await (await openVault({ store, slot, minEpoch: epoch - 1 })).read((view) => view.get("a"))).toBe("first");
  });

  test("another history of the same length is vault/rolled-back too", async () => {
    const { store, vault } = await small();
    const start = await dump(store);
    await vault.transact((tx) => tx.put("a", "one"));
    await restore(store, start);
    const fork = await openVault({ store, slot });
    await fork.transact((tx) => tx.put("a", "two"));
    expect(await code(vault.read((view) => view.get("a")))).toBe("vault/rolled-back");
  });

  test("half a vault is damaged, not absent", async () => {
    const { store } = await small();
    const records = await dump(store);
    for (const key of ["vault", "root"]) {
      await store.commit([{ key, to: null }]);
      expect(await outcome(store)).toBe("vault/damaged");
      expect(await code(createVault({ store, slots: [slot], state: null }))).toBe("vault/exists");
      await restore(store, records);
    }
  });
});

/** What a view holder can make: the genuine view side, with a sign side of its own. */
function withOwnSignature(roots: Roots, vaultId: Uint8Array): Roots {
  const sign = randomBytes(32);
  return {
    ...roots,
    sign,
    statePublicKey: ed25519.publicKey(subkey(sign, vaultId, "state signature")),
    checkpointPublicKey: ed25519.publicKey(subkey(sign, vaultId, "checkpoint signature")),
  };
}
