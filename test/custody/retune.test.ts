import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8, wipe } from "../../src/base/bytes.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { type Custody, keyward, passphrase, type Slot, type Store } from "../../src/index.ts";
import { allOf } from "../../src/slots/index.ts";
import { decodeHeader, HEADER_KEY } from "../../src/vault/header.ts";
import { DEFAULT_COST, type Kdf, type KdfCost, raised } from "../../src/vault/kdf.ts";
import { freshStore } from "../here/fresh-store.ts";
import { cheapKdf } from "../slots/setting.ts";
import { dump, keyOf, rawSlot, restore, watched } from "../vault/setting.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const LOW: KdfCost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 };
const PHRASE = "correct horse battery";
const phrase = (cost?: KdfCost, text: string | Uint8Array = PHRASE, kdf: Kdf = cheapKdf().kdf): Slot =>
  passphrase(text, { kdf, ...(cost && { cost }) });

const custodyOn = (store: Store): Custody => keyward({ chains: [evm], store, autoLockMs: Number.POSITIVE_INFINITY });

/** A vault of one cheap slot, locked. */
async function made(slot: Slot = phrase(LOW), store: Store = freshStore()): Promise<Store> {
  const custody = custodyOn(store);
  await custody.create({ slot, policy: g.team([{ id: "ways", allow: ["slotChange"], when: { requester: "owner" } }, g.edit]) });
  custody.lock();
  return store;
}

async function unlocked(store: Store, slot: Slot = phrase()): Promise<Custody> {
  const custody = custodyOn(store);
  await custody.unlock(slot);
  return custody;
}

/** What the header says of its first slot. */
async function parametersOf(store: Store): Promise<Partial<KdfCost>> {
  const { memoryKiB, passes, lanes } = decodeHeader((await store.get(HEADER_KEY)) ?? new Uint8Array()).slots[0]?.parameters ?? {};
  return { memoryKiB, passes, lanes } as KdfCost;
}

const retunings = async (custody: Custody) => (await f.checkedLog(custody)).filter(({ kind }) => kind === "retuned");

describe("a passphrase slot that costs less than new ones", () => {
  test("is enrolled anew beside the opening: same id, name and passphrase, with an entry that says from what to what", async () => {
    const store = await made();
    const custody = await unlocked(store);
    const [slot] = await custody.slots();
    const me = await custody.session({ person: "owner" });
    await me.submit({ act: "slotChange", what: "rename", of: slot?.id ?? "", name: "my own" });
    expect(await custody.finishRetuning()).toBe(true);
    expect(await parametersOf(store)).toEqual(DEFAULT_COST);
    expect(await custody.slots()).toEqual([{ ...slot, name: "my own" }]);
    expect(await retunings(custody)).toMatchObject([{ slot: slot?.id, parameters: { from: LOW, to: DEFAULT_COST } }]);
    custody.lock();
    const again = await unlocked(store);
    expect([await again.finishRetuning(), (await retunings(again)).length]).toEqual([false, 1]);
    again.lock();
    expect(await f.codeOf(custodyOn(store).unlock(phrase(undefined, "another passphrase")))).toBe("vault/cannot-open");
  });

  test("asks no rule: who can open is the same, and what the act would need is not there", async () => {
    const store = freshStore();
    const custody = custodyOn(store);
    await custody.create({ slot: phrase(LOW), policy: f.payments() });
    custody.lock();
    const again = await unlocked(store);
    expect(await again.finishRetuning()).toBe(true);
    expect(await parametersOf(store)).toEqual(DEFAULT_COST);
  });

  test("stays as it is where the app asks for no more, and is never made cheaper", async () => {
    const store = await made(phrase({ memoryKiB: 128 * 1024, passes: 2, lanes: 2 }));
    const same = await unlocked(store, phrase(LOW));
    expect([await same.finishRetuning(), await parametersOf(store)]).toEqual([false, { memoryKiB: 128 * 1024, passes: 2, lanes: 2 }]);
    same.lock();
    // What the app asks for counts part by part.
    const more = await unlocked(store);
    expect([await more.finishRetuning(), await parametersOf(store)]).toEqual([true, { memoryKiB: 128 * 1024, passes: 3, lanes: 2 }]);
    more.lock();
    const wrong = await unlocked(store, phrase({ memoryKiB: 2 ** 40, passes: Number.NaN, lanes: 0 }));
    expect(await wrong.finishRetuning()).toBe(false);
  });

  test("any cost is raised to no less than it was and what is wanted, or left alone", () => {
    const cost = fc.record({
      memoryKiB: fc.integer({ min: 19 * 1024, max: 1024 * 1024 }),
      passes: fc.integer({ min: 2, max: 16 }),
      lanes: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(cost, cost, (is, wanted) => {
        const to = raised(is, wanted) ?? is;
        for (const part of ["memoryKiB", "passes", "lanes"] as const) expect(to[part]).toBe(Math.max(is[part], wanted[part]));
        expect(raised(to, wanted)).toBeUndefined();
      }),
    );
  });

  test("is left alone where the vault is opened for viewing, and where the slot opens no more than that", async () => {
    const store = await made();
    const { kdf, calls } = cheapKdf();
    const viewing = custodyOn(store);
    await viewing.unlock(phrase(undefined, PHRASE, kdf), { access: "view" });
    expect([await viewing.finishRetuning(), calls(), await parametersOf(store)]).toEqual([false, 1, LOW]);
    viewing.lock();
    const custody = await unlocked(store, phrase(LOW));
    const me = await custody.session({ person: "owner" });
    await me.submit({ act: "slotChange", what: "add-view", name: "auditor", slot: phrase(LOW, "an auditor's own") });
    custody.lock();
    const auditor = await unlocked(store, phrase(undefined, "an auditor's own"));
    expect(await auditor.finishRetuning()).toBe(false);
  });

  test("is the old one or the new one after a crash at any commit, and opens either way", async () => {
    const store = await made();
    for (const crashes of [true, false]) {
      const failing = watched(store, (changes) => {
        if (crashes && changes.some(({ key }) => key === HEADER_KEY)) throw f.broken();
      });
      const custody = await unlocked(failing);
      expect(await f.codeOf(custody.finishRetuning())).toBe(crashes ? "store/failed" : "nothing was thrown");
      custody.lock();
      expect(await parametersOf(store)).toEqual(crashes ? LOW : DEFAULT_COST);
      (await unlocked(store, phrase(LOW))).lock();
    }
  });

  test("a copy from before opens with what it had, as far as it goes, and its header does not fit what came later", async () => {
    const store = await made();
    const older = await dump(store);
    const custody = await unlocked(store);
    await custody.finishRetuning();
    const size = (await f.checkedLog(custody)).length;
    custody.lock();
    const copy = freshStore();
    await restore(copy, older);
    const old = await unlocked(copy, phrase(LOW));
    expect((await f.checkedLog(old)).length).toBeLessThan(size);
    old.lock();
    await store.commit([{ key: HEADER_KEY, to: older.get(HEADER_KEY) ?? null }]);
    expect(await f.codeOf(custodyOn(store).unlock(phrase(LOW)))).toBe("vault/damaged");
  });

  test("two openings at once raise it once, and both go on", async () => {
    const store = await made();
    const both = [await unlocked(store), await unlocked(store)] as const;
    const done = await Promise.all(both.map((custody) => custody.finishRetuning()));
    expect([done.filter(Boolean).length, await parametersOf(store)]).toEqual([1, DEFAULT_COST]);
    expect(await retunings(both[1])).toHaveLength(1);
    for (const custody of both) expect((await custody.session({ person: "owner" })).person).toBe("owner");
    (await unlocked(store)).lock();
  });

  test("one that was replaced while its passphrase was stretched stays replaced, and one that was raised further stays so", async () => {
    for (const dearer of [false, true]) {
      const store = await made();
      let go = () => undefined as unknown;
      const held = new Promise<void>((resolve) => {
        go = () => resolve();
      });
      const { kdf } = cheapKdf();
      const slow: Kdf = async (...given) => {
        if (given[2].passes === DEFAULT_COST.passes) await held;
        return kdf(...given);
      };
      const custody = await unlocked(store, phrase(undefined, PHRASE, slow));
      const other = await unlocked(store, phrase(dearer ? { ...DEFAULT_COST, passes: 9 } : LOW));
      if (dearer) await other.finishRetuning();
      else {
        const me = await other.session({ person: "owner" });
        const [{ id: of = "" } = {}] = await other.slots();
        await me.submit({ act: "slotChange", what: "replace", of, slot: phrase(undefined, "a new passphrase") });
      }
      go();
      expect([await custody.finishRetuning(), (await parametersOf(store)).passes]).toEqual([false, dearer ? 9 : 3]);
      const old = await f.codeOf(custodyOn(store).unlock(phrase()));
      expect(old).toBe(dearer ? "nothing was thrown" : "vault/cannot-open");
    }
  });

  test("keeps a copy of the passphrase no longer than it takes, and of the very one that opened the vault", async () => {
    const store = await made();
    const seen: Uint8Array[] = [];
    const { kdf } = cheapKdf();
    const noting: Kdf = (normal, ...rest) => {
      seen.push(normal);
      return kdf(normal, ...rest);
    };
    const own = utf8(PHRASE);
    const custody = await unlocked(store, phrase(undefined, own, noting));
    // The app's bytes are gone before it is done.
    wipe(own);
    expect(await custody.finishRetuning()).toBe(true);
    expect(seen).toHaveLength(2);
    for (const buffer of seen) expect(buffer.every((byte) => byte === 0)).toBe(true);
    custody.lock();
    (await unlocked(store)).lock();
  });

  test("a kdf that keeps what it is given for itself cannot have another passphrase enrolled", async () => {
    const store = await made();
    const { kdf } = cheapKdf();
    const erasing: Kdf = async (normal, salt, cost, options) => {
      const secret = await kdf(normal, salt, cost, options);
      if (cost.passes === LOW.passes) wipe(normal);
      return secret;
    };
    const custody = await unlocked(store, phrase(undefined, PHRASE, erasing));
    expect(await custody.finishRetuning()).toBe(true);
    custody.lock();
    (await unlocked(store)).lock();
  });

  test("a lock ends it and wipes what was kept, and the next opening does it", async () => {
    const store = await made();
    const seen: Uint8Array[] = [];
    const { kdf } = cheapKdf();
    const stuck: Kdf = (normal, salt, cost, options) => {
      seen.push(normal);
      return cost.passes === LOW.passes ? kdf(normal, salt, cost, options) : new Promise(() => undefined);
    };
    const custody = await unlocked(store, phrase(undefined, PHRASE, stuck));
    const waiting = f.codeOf(custody.finishRetuning());
    custody.lock();
    expect([await waiting, await f.codeOf(custody.finishRetuning()), await parametersOf(store)]).toEqual([
      "vault/locked",
      "vault/locked",
      LOW,
    ]);
    for (const buffer of seen) expect(buffer.every((byte) => byte === 0)).toBe(true);
    const again = await unlocked(store);
    expect(await again.finishRetuning()).toBe(true);
  });

  test("a wrong passphrase keeps nothing, nor does another slot of the kind that did not open", async () => {
    const store = await made();
    const custody = await unlocked(store, phrase(LOW));
    const me = await custody.session({ person: "owner" });
    await me.submit({ act: "slotChange", what: "add-sign", name: "second", slot: phrase(undefined, "the second one") });
    custody.lock();
    const { kdf, calls } = cheapKdf();
    expect(await f.codeOf(custodyOn(store).unlock(phrase(undefined, "a wrong one", kdf)))).toBe("vault/cannot-open");
    const second = await unlocked(store, phrase(undefined, "the second one", kdf));
    expect([await second.finishRetuning(), await parametersOf(store), calls()]).toEqual([false, LOW, 4]);
  });
});

describe("a passphrase that is a part of several ways together", () => {
  const key = rawSlot(keyOf(5));

  test("is raised there too, and the other parts are those that they were", async () => {
    const store = await made(allOf([phrase(LOW), key, phrase(LOW, "of somebody else")]));
    const custody = await unlocked(store, allOf([phrase(undefined, "of somebody else"), phrase(), key]));
    expect(await custody.finishRetuning()).toBe(true);
    const [told] = await retunings(custody);
    expect(told).toMatchObject({ parameters: { to: { parts: [{ passes: 3 }, { passes: 3 }, { note: "for tests" }] } } });
    custody.lock();
    const parts = [phrase(LOW), phrase(LOW, "of somebody else"), key];
    (await unlocked(store, allOf(parts))).lock();
    for (const wrong of [[phrase(), key], [phrase(), phrase(undefined, "a wrong one"), key], [phrase()]])
      expect(await f.codeOf(custodyOn(store).unlock(wrong.length > 1 ? allOf(wrong) : (wrong[0] as Slot)))).toBe("vault/cannot-open");
  });

  test("leaves nothing behind, raised or not", async () => {
    const seen: Uint8Array[] = [];
    const { kdf } = cheapKdf();
    const noting: Kdf = (normal, ...rest) => {
      seen.push(normal);
      return kdf(normal, ...rest);
    };
    const store = await made(allOf([phrase(LOW), phrase(LOW, "of somebody else")]));
    const both = () => allOf([phrase(undefined, "of somebody else", noting), phrase(undefined, PHRASE, noting)]);
    const custody = await unlocked(store, both());
    expect(await custody.finishRetuning()).toBe(true);
    expect(
      await f.codeOf(custodyOn(store).unlock(allOf([phrase(undefined, "x".repeat(9), noting), phrase(undefined, PHRASE, noting)]))),
    ).toBe("vault/cannot-open");
    expect(seen.length).toBeGreaterThan(6);
    for (const buffer of seen) expect(buffer.every((byte) => byte === 0)).toBe(true);
  });
});

test("an opening that comes to nothing, or is for viewing, keeps nothing of what was offered", async () => {
  const offered = { count: 0, ended: 0 };
  const slot: Slot = {
    ...rawSlot(keyOf(1)),
    open: async (_, { offer }) => {
      if (offer) offered.count++;
      offer?.({ enrol: async () => ({ parameters: {}, secret: keyOf(2) }), end: () => void offered.ended++ });
      return keyOf(1);
    },
  };
  const store = await made(rawSlot(keyOf(1)));
  const full = watched(store, () => {
    throw f.broken();
  });
  expect(await f.codeOf(custodyOn(full).unlock(slot))).toBe("store/failed");
  expect(offered).toEqual({ count: 1, ended: 1 });
  await custodyOn(store).unlock(slot, { access: "view" });
  expect(offered).toEqual({ count: 1, ended: 1 });
  // A root that was changed: nothing opens.
  await store.commit([{ key: "root", to: new Uint8Array(400) }]);
  expect(await f.codeOf(custodyOn(store).unlock(slot))).toBe("vault/damaged");
  expect(offered).toEqual({ count: 2, ended: 2 });
});

test("parts that open nothing together keep nothing of what they offered, and those that do keep it until it is done", async () => {
  const offered = { count: 0, ended: 0 };
  const part = (byte: number): Slot => ({
    ...rawSlot(keyOf(byte)),
    open: async (_, { offer }) => {
      if (offer) offered.count++;
      let ended = false;
      const end = () => {
        offered.ended += ended ? 0 : 1;
        ended = true;
      };
      offer?.({ enrol: async () => ({ parameters: { note: "new" }, secret: keyOf(byte) }), end });
      return keyOf(byte);
    },
  });
  const store = await made(allOf([part(1), part(2)]));
  expect(await f.codeOf(custodyOn(store).unlock(allOf([part(1), part(3)])))).toBe("vault/cannot-open");
  expect(offered).toEqual({ count: 4, ended: 4 });
  const custody = await unlocked(store, allOf([part(2), part(1)]));
  expect(await custody.finishRetuning()).toBe(true);
  expect([offered.count > 6, offered.ended]).toEqual([true, offered.count]);
});

describe("what a slot of the app's offers", () => {
  const offering = (offered: unknown): Slot => ({
    ...rawSlot(keyOf(7)),
    open: async (_, { offer }) => {
      offer?.(offered as never);
      return keyOf(7);
    },
  });

  test("is read as everything else of it: what is no offer does not open, and what it throws reaches nobody", async () => {
    const store = await made(rawSlot(keyOf(7)));
    for (const wrong of [null, {}, { enrol: 1, end: () => undefined }, { enrol: () => undefined }])
      expect(await f.codeOf(custodyOn(store).unlock(offering(wrong)))).toBe("request/malformed");
    const ends: string[] = [];
    const end = () => {
      ends.push("ended");
      throw new Error("of the app");
    };
    for (const enrol of [() => ({}), () => Promise.reject(new Error("no")), () => ({ parameters: {}, secret: new Uint8Array(3) })]) {
      const custody = await unlocked(store, offering({ enrol, end }));
      expect(["request/malformed", "vault/aborted"]).toContain(await f.codeOf(custody.finishRetuning()));
      custody.lock();
    }
    expect(ends.length).toBeGreaterThanOrEqual(3);
    const renewed = await unlocked(store, offering({ enrol: () => ({ parameters: { note: "new" }, secret: keyOf(8) }), end }));
    expect(await renewed.finishRetuning()).toBe(true);
    renewed.lock();
    (await unlocked(store, rawSlot(keyOf(8)))).lock();
  });
});
