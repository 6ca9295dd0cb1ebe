import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import type { Store } from "../../src/stores/store.ts";
import { decodeHeader, HEADER_KEY } from "../../src/vault/header.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import { keyEpochOf } from "../../src/vault/seal.ts";
import type { Access, Slot } from "../../src/vault/slot.ts";
import { openSlots } from "../../src/vault/slots.ts";
import type { Tx } from "../../src/vault/tx.ts";
import type { Vault } from "../../src/vault/vault.ts";
import { dump, keyOf, rawSlot, restore, watched } from "./setting.ts";

const [ana, ben, cyd, auditor] = [1, 2, 3, 4].map((byte) => rawSlot(keyOf(byte))) as [Slot, Slot, Slot, Slot];
const RECORDS = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`hold/${n}`, { amount: `${n}` }]));

async function filled(store: Store = memoryStore()): Promise<{ store: Store; vault: Vault }> {
  const vault = await createVault({ store, slots: [ana, ben], viewSlots: [auditor], state: { mode: "normal" }, records: RECORDS });
  await vault.transact((tx) => {
    for (let n = 0; n < 30; n++) tx.blob(`entry/${n}`, utf8(`entry ${n}`));
    tx.putSecret("wallet/1", utf8("sixteen bytes of"));
  });
  return { store, vault };
}

/** Everything that a vault says of itself. */
async function contents(vault: Vault): Promise<unknown> {
  const blobs: string[] = [];
  for (let n = 0; n < 30; n++) blobs.push(new TextDecoder().decode(await vault.readBlob(`entry/${n}`)));
  const secret =
    vault.access === "view" ? "closed" : await vault.withSecret("wallet/1", async (bytes) => new TextDecoder().decode(bytes.slice()));
  return [await vault.read((view) => [view.state, Object.fromEntries(view.list(""))]), blobs, secret];
}

const whole = [[{ mode: "normal" }, RECORDS], Array.from({ length: 30 }, (_, n) => `entry ${n}`), "sixteen bytes of"];
const viewed = [...whole.slice(0, 2), "closed"];

async function open(store: Store, slot: Slot, access: Access = "sign"): Promise<Vault> {
  return openVault({ store, slot, access });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "fine",
    (error: unknown) => (error instanceof CustodyError ? error.code : String(error)),
  );
}

/** Key epochs of everything that is sealed. */
async function epochs(store: Store): Promise<readonly number[]> {
  const all = await dump(store);
  return [...new Set([...all].filter(([key]) => key === "root" || key.length === 64).map(([, bytes]) => keyEpochOf(bytes)))].sort();
}

const idOf = (vault: Vault, at: number): string => vault.slots[at]?.id ?? "";
const rotate = (vault: Vault): Promise<unknown> => vault.transact((tx) => tx.rotate());

describe("changing the keys", () => {
  test("every slot opens afterwards, whether its holder was there or not", async () => {
    const { store, vault } = await filled();
    await rotate(vault);
    expect(vault.rotating).toBe(true);
    expect(await contents(vault)).toEqual(whole);
    for (const slot of [ana, ben]) expect(await contents(await open(store, slot))).toEqual(whole);
    expect(await contents(await open(store, auditor))).toEqual(viewed);
    await vault.finishRotation();
    expect(vault.rotating).toBe(false);
    for (const slot of [ana, ben]) expect(await contents(await open(store, slot))).toEqual(whole);
    const viewer = await open(store, auditor);
    expect([await contents(viewer), viewer.access, viewer.rotating]).toEqual([viewed, "view", false]);
  });

  test("nothing lies under earlier keys when it is finished, and no slot holds them", async () => {
    const { store, vault } = await filled();
    const before = await dump(store);
    await rotate(vault);
    expect(await epochs(store)).toEqual([1, 2]);
    const told: [number, number][] = [];
    await vault.finishRotation({ onProgress: (done, total) => told.push([done, total]) });
    expect(await epochs(store)).toEqual([2]);
    const [first, last] = [told[0], told.at(-1)];
    expect([first?.[0], last?.[0] === last?.[1], (last?.[1] ?? 0) >= 91]).toEqual([0, true, true]);
    for (const [key, bytes] of await dump(store)) expect(before.get(key), key).not.toEqual(bytes);
    // As many as before: a leaf of the tree lies under its own name again.
    expect([...(await dump(store)).keys()].sort()).toEqual([...before.keys()].sort());
    const header = decodeHeader((await store.get(HEADER_KEY)) ?? new Uint8Array());
    expect((await openSlots(ana, header, { access: "sign" }, (length) => new Uint8Array(length))).roots.earlier).toEqual([]);
    // As small as at first.
    const boxes = (bytes: Uint8Array | undefined) =>
      decodeHeader(bytes ?? new Uint8Array()).slots.map(({ view, sign }) => [view.length, sign?.length]);
    expect(boxes(await store.get(HEADER_KEY))).toEqual(boxes(before.get(HEADER_KEY)));
  });

  test("a removed slot opens nothing of what is there from then on, and the copy that it kept as it was", async () => {
    const { store, vault } = await filled();
    const kept = await dump(store);
    await vault.transact((tx) => tx.removeSlot(idOf(vault, 1)));
    await vault.transact((tx) => tx.put("later", 1));
    expect(await codeOf(open(store, ben))).toBe("vault/cannot-open");
    // Nor do the keys that it has already.
    expect(keyEpochOf((await store.get("root")) ?? new Uint8Array())).toBe(2);
    await vault.finishRotation();
    expect(await codeOf(open(store, ben))).toBe("vault/cannot-open");
    // Its box from before, put back into the new header, or the whole header from before.
    const older = decodeHeader(kept.get(HEADER_KEY) ?? new Uint8Array());
    await store.commit([{ key: HEADER_KEY, to: kept.get(HEADER_KEY) ?? null }]);
    expect(older.slots).toHaveLength(3);
    expect(await codeOf(open(store, ben))).toBe("vault/damaged");
    await restore(store, kept);
    expect(await contents(await open(store, ben))).toEqual(whole);
  });

  test("a root from before does not come back: its keys are over", async () => {
    const { store, vault } = await filled();
    const older = (await store.get("root")) ?? new Uint8Array();
    await rotate(vault);
    await store.commit([{ key: "root", to: older }]);
    expect(await codeOf(open(store, ana))).toBe("vault/damaged");
    expect(await codeOf(vault.read(() => 1))).toBe("vault/damaged");
  });

  test("whoever has it open elsewhere is told, and opens it again", async () => {
    const { store, vault } = await filled();
    const other = await open(store, ben);
    await rotate(vault);
    expect(await codeOf(other.read((view) => view.state))).toBe("vault/rotated");
    expect(await codeOf(other.transact((tx) => tx.put("late", 1)))).toBe("vault/rotated");
    other.lock();
    expect(await contents(await open(store, ben))).toEqual(whole);
  });

  test("jobs, looks and erased blobs have their turns while it is finished", async () => {
    const { store, vault } = await filled();
    await rotate(vault);
    const erased: Promise<unknown>[] = [];
    await vault.finishRotation({
      onProgress: (done) => {
        if (done === 0) erased.push(vault.transact((tx) => [tx.deleteBlob("entry/3"), tx.put("meanwhile", 7), tx.delete("hold/5")]));
      },
    });
    await Promise.all(erased);
    const fresh = await open(store, ben);
    expect([await fresh.readBlob("entry/3"), await fresh.read((view) => [view.get("meanwhile"), view.get("hold/5")])]).toEqual([
      undefined,
      [7, undefined],
    ]);
    expect(await epochs(store)).toEqual([2]);
  });

  test("several may be under way, up to a bound", async () => {
    const { store, vault } = await filled();
    for (let times = 0; times < 7; times++) {
      await rotate(vault);
      await vault.transact((tx) => tx.put(`after/${times}`, times));
    }
    expect(await codeOf(rotate(vault))).toBe("vault/unfinished-rotation");
    const fresh = await open(store, ben);
    expect(await fresh.read((view) => [...view.list("after/")].length)).toBe(7);
    await fresh.finishRotation();
    expect(await epochs(store)).toEqual([8]);
    expect(await codeOf(vault.read(() => 1))).toBe("fine");
    await rotate(fresh);
    expect(await contents(await open(store, ana))).toEqual([[{ mode: "normal" }, expect.objectContaining(RECORDS)], whole[1], whole[2]]);
  });

  test("two who finish it at the same time leave what one would", async () => {
    const { store, vault } = await filled();
    await rotate(vault);
    const other = await open(store, ben);
    expect(await Promise.all([codeOf(vault.finishRotation()), codeOf(other.finishRotation())])).toEqual(["fine", "fine"]);
    expect(await epochs(store)).toEqual([2]);
    expect(await contents(await open(store, ana))).toEqual(whole);
  });

  test("an abort leaves a vault that opens, and the rest is done another time", async () => {
    const { store, vault } = await filled();
    await rotate(vault);
    const abort = new AbortController();
    const ended = vault.finishRotation({ signal: abort.signal, onProgress: () => abort.abort() });
    expect(await codeOf(ended)).toBe("vault/aborted");
    const fresh = await open(store, ben);
    expect([fresh.rotating, await contents(fresh)]).toEqual([true, whole]);
    await fresh.finishRotation();
    expect(await epochs(store)).toEqual([2]);
  });

  test("who opened it to view changes and finishes nothing", async () => {
    const { store, vault } = await filled();
    await rotate(vault);
    const viewer = await open(store, auditor);
    expect([await codeOf(rotate(viewer)), await codeOf(viewer.finishRotation())]).toEqual(["vault/view-only", "vault/view-only"]);
  });

  test("what was planted under earlier keys is neither sealed anew nor in the way", async () => {
    const { store, vault } = await filled();
    const planted = [...(await dump(store))].find(([key, bytes]) => key.length === 64 && keyEpochOf(bytes) === 1)?.[1] ?? null;
    await rotate(vault);
    await store.commit([{ key: "ab".repeat(32), to: planted }]);
    await vault.finishRotation();
    expect([vault.rotating, await contents(await open(store, ana))]).toEqual([false, whole]);
  });

  test("a record that was put back to an older one is not sealed anew", async () => {
    const { store, vault } = await filled();
    const older = await dump(store);
    // Longer than any node of the tree, which changes with it and is written anew from memory.
    const less = { amount: "less", why: "because ".repeat(1000) };
    await vault.transact((tx) => tx.put("hold/7", less));
    const record = [...(await dump(store))].find(([key, bytes]) => key.length === 64 && bytes.length > 8000);
    await rotate(vault);
    const key = record?.[0] ?? "";
    await store.commit([{ key, to: older.get(key) ?? null }]);
    expect(await codeOf(vault.finishRotation())).toBe("vault/damaged");
    await store.commit([{ key, to: record?.[1] ?? null }]);
    await vault.finishRotation();
    expect(await (await open(store, ben)).read((view) => view.get("hold/7"))).toEqual(less);
  });

  test("keys that did not come to be are wiped, and those that are over", async () => {
    const store = memoryStore();
    const drawn: Uint8Array[] = [];
    const random = (length: number) => {
      const bytes = crypto.getRandomValues(new Uint8Array(length));
      if (length === 32) drawn.push(bytes);
      return bytes;
    };
    const vault = await createVault({ store, slots: [ana], state: 0, records: { a: 1 } }, random);
    const [sign, view] = drawn.splice(0) as [Uint8Array, Uint8Array];
    const isZero = (bytes: Uint8Array | undefined) => bytes?.every((byte) => byte === 0);
    await codeOf(
      vault.transact((tx) => {
        tx.rotate();
        throw new Error("denied");
      }),
    );
    expect(drawn.splice(0).map(isZero)).not.toContain(false);
    await rotate(vault);
    expect([sign, view].map(isZero)).toEqual([true, true]);
    await vault.finishRotation();
    vault.lock();
    expect(drawn.map(isZero)).not.toContain(false);
  });

  test("a crash at any commit leaves a vault that opens with everything, and a rotation that can be finished", async () => {
    for (let at = 0, more = true; more; at++) {
      const { store } = await filled();
      let commits = 0;
      const crashing = watched(store, () => {
        if (commits++ === at) throw new CustodyError("store/failed", "store: the power went");
      });
      const vault = await open(crashing, ana);
      const ended = [await codeOf(vault.transact((tx) => tx.removeSlot(idOf(vault, 1)))), await codeOf(vault.finishRotation())];
      more = ended.includes("store/failed");
      const fresh = await open(store, ana);
      expect(await contents(fresh), `commit ${at}`).toEqual(whole);
      expect(await codeOf(open(store, ben)), `commit ${at}`).toBe(at === 0 ? "fine" : "vault/cannot-open");
      await fresh.finishRotation();
      expect(await epochs(store)).toEqual([at === 0 ? 1 : 2]);
      expect(await contents(await open(store, ana))).toEqual(whole);
    }
  });
});

describe("slots of a vault", () => {
  const add = async (vault: Vault, slot: Slot, access: Access): Promise<void> => {
    const enrolled = await vault.enrol(slot);
    await vault.transact((tx) => tx.addSlot(enrolled, access));
  };

  test("one that is let in opens what it was let in for, and no record is written anew", async () => {
    const { store, vault } = await filled();
    const before = await dump(store);
    await add(vault, cyd, "sign");
    await add(vault, rawSlot(keyOf(9)), "view");
    expect(await contents(await open(store, cyd))).toEqual(whole);
    const viewer = await open(store, rawSlot(keyOf(9)));
    expect([viewer.access, await contents(viewer)]).toEqual(["view", viewed]);
    const changed = [...(await dump(store))].filter(([key, bytes]) => before.get(key)?.toString() !== bytes.toString()).map(([key]) => key);
    expect(changed.sort()).toEqual(["root", "vault"]);
    expect(vault.slots.map(({ access }) => access)).toEqual(["sign", "sign", "view", "sign", "view"]);
  });

  test("one that is let in while a rotation is under way opens what lies under earlier keys as well", async () => {
    const { store, vault } = await filled();
    await rotate(vault);
    await add(vault, cyd, "sign");
    expect(await contents(await open(store, cyd))).toEqual(whole);
    await vault.finishRotation();
    expect(await contents(await open(store, cyd))).toEqual(whole);
  });

  test("another way in the place of one opens the same, and the one before no longer", async () => {
    const { store, vault } = await filled();
    const enrolled = await vault.enrol(cyd);
    await vault.transact((tx) => tx.replaceSlot(idOf(vault, 1), enrolled));
    expect([await contents(await open(store, cyd)), await codeOf(open(store, ben))]).toEqual([whole, "vault/cannot-open"]);
  });

  test("the last one that signs stays, and none is there twice or more than the header holds", async () => {
    const { vault } = await filled();
    const enrolled = await vault.enrol(ben);
    expect(await codeOf(vault.transact((tx) => tx.addSlot(enrolled, "sign")))).toBe("vault/already-there");
    expect(await codeOf(vault.transact((tx) => tx.removeSlot("00".repeat(8))))).toBe("vault/no-such-slot");
    for (let byte = 20; vault.slots.length < 16; byte++) await add(vault, rawSlot(keyOf(byte)), "view");
    expect(await codeOf(add(vault, cyd, "view"))).toBe("vault/too-many-slots");
    await vault.transact((tx) => tx.removeSlot(idOf(vault, 1)));
    expect(await codeOf(vault.transact((tx) => tx.removeSlot(idOf(vault, 0))))).toBe("vault/last-slot");
    expect(vault.slots).toHaveLength(15);
  });

  test("a job that throws after changing them has changed nothing, and its keys are wiped", async () => {
    const { store, vault } = await filled();
    const before = await dump(store);
    const enrolled = await vault.enrol(cyd);
    const job = vault.transact((tx: Tx) => {
      tx.addSlot(enrolled, "sign");
      tx.rotate();
      expect(tx.slots).toHaveLength(4);
      throw new Error("denied");
    });
    await expect(job).rejects.toThrow("denied");
    expect(await dump(store)).toEqual(before);
    expect([vault.slots.length, vault.rotating, await contents(vault)]).toEqual([3, false, whole]);
  });

  test("any changes in any order leave exactly those who were let in and not removed", async () => {
    const change = fc.oneof(
      fc.record({ do: fc.constant("add" as const), who: fc.integer({ min: 1, max: 6 }), access: fc.constantFrom<Access>("sign", "view") }),
      fc.record({ do: fc.constant("remove" as const), who: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ do: fc.constantFrom("rotate" as const, "finish" as const, "reopen" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const store = memoryStore();
        let vault = await createVault({ store, slots: [rawSlot(keyOf(1))], state: 0, records: { a: 1, b: 2 } });
        const inside = new Map<number, { readonly access: Access; readonly id: string }>([[1, { access: "sign", id: idOf(vault, 0) }]]);
        for (const next of changes) {
          if (next.do === "add") {
            const enrolled = await vault.enrol(rawSlot(keyOf(next.who)));
            const code = await codeOf(vault.transact((tx) => tx.addSlot(enrolled, next.access)));
            expect(code).toBe(inside.has(next.who) ? "vault/already-there" : "fine");
            if (code === "fine") inside.set(next.who, { access: next.access, id: enrolled.id });
          } else if (next.do === "remove") {
            const { id = "ff".repeat(8) } = inside.get(next.who) ?? {};
            const left = [...inside].filter(([who, { access }]) => who !== next.who && access === "sign").length;
            const code = await codeOf(vault.transact((tx) => tx.removeSlot(id)));
            const expected = !inside.has(next.who) ? "vault/no-such-slot" : left === 0 ? "vault/last-slot" : "fine";
            if (code !== "vault/unfinished-rotation") expect(code).toBe(expected);
            if (code === "fine") inside.delete(next.who);
          } else if (next.do === "rotate") await codeOf(rotate(vault));
          else if (next.do === "finish") await vault.finishRotation();
          else {
            const [who] = [...inside].find(([, { access }]) => access === "sign") ?? [0];
            vault.lock();
            vault = await open(store, rawSlot(keyOf(who)));
          }
        }
        for (let who = 1; who <= 6; who++) {
          const opened = await open(store, rawSlot(keyOf(who))).catch(() => undefined);
          expect(opened?.access).toBe(inside.get(who)?.access);
          if (opened) expect(await opened.read((view) => Object.fromEntries(view.list("")))).toEqual({ a: 1, b: 2 });
        }
      }),
      { numRuns: 40 },
    );
  });
});
