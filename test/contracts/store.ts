import { afterEach, describe, expect, test } from "vitest";
import type { Time } from "../../src/base/time.ts";
import type { Store } from "../../src/stores/store.ts";

/** A store that holds nothing yet. `reopen` opens what it holds once more, while the first may still be open. */
export interface StoreHarness {
  readonly store: Store;
  readonly reopen?: (now?: () => Time) => Promise<Store>;
  readonly cleanup: () => Promise<void>;
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const code = (wanted: string) => expect.objectContaining({ name: "CustodyError", code: wanted });

async function allKeys(store: Store): Promise<string[]> {
  const found: string[] = [];
  for await (const key of store.keys()) found.push(key);
  return found;
}

/** Adds one to a big-endian counter by compare-and-set, as often as it takes. */
export async function increment(store: Store, key: string): Promise<void> {
  for (;;) {
    const from = (await store.get(key)) ?? null;
    const next = new DataView(new ArrayBuffer(4));
    next.setUint32(0, (from ? new DataView(from.buffer, from.byteOffset).getUint32(0) : 0) + 1);
    try {
      await store.commit([{ key, from, to: new Uint8Array(next.buffer) }]);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== "store/conflict") throw error;
    }
  }
}

/** What every store promises (`src/stores/store.ts`), tried on one. */
export function storeContract(name: string, makeStore: (now?: () => Time) => Promise<StoreHarness>): void {
  describe(`${name} keeps the promises of a store`, () => {
    const open: StoreHarness[] = [];
    async function make(now?: () => Time): Promise<StoreHarness> {
      const harness = await makeStore(now);
      open.push(harness);
      return harness;
    }
    afterEach(async () => {
      for (const harness of open.splice(0)) await harness.cleanup();
    });

    test("an absent record is undefined, a written one is read back, an empty one is not absent", async () => {
      const { store } = await make();
      expect(await store.get("a")).toBeUndefined();
      await store.commit([
        { key: "a", to: bytes(1, 2, 3) },
        { key: "b", to: bytes() },
      ]);
      expect(await store.get("a")).toEqual(bytes(1, 2, 3));
      expect(await store.get("b")).toEqual(bytes());
      await expect(store.commit([{ key: "b", from: null, to: bytes(1) }])).rejects.toEqual(code("store/conflict"));
      await store.commit([{ key: "b", from: bytes(), to: bytes(2) }]);
      expect(await store.get("b")).toEqual(bytes(2));
    });

    test("a conflict on the last of many changes refuses the whole commit", async () => {
      const { store } = await make();
      await store.commit([
        { key: "keep", to: bytes(1) },
        { key: "gone", to: bytes(2) },
        { key: "root", to: bytes(3) },
      ]);
      const changes = Array.from({ length: 50 }, (_, index) => ({ key: `new/${index}`, from: null, to: bytes(index) }));
      const commit = store.commit([
        ...changes,
        { key: "keep", to: bytes(9) },
        { key: "gone", to: null },
        { key: "root", from: bytes(4), to: bytes(5) },
      ]);
      await expect(commit).rejects.toEqual(code("store/conflict"));
      expect(await allKeys(store)).toEqual(["gone", "keep", "root"]);
      expect(await store.get("keep")).toEqual(bytes(1));
      expect(await store.get("root")).toEqual(bytes(3));
    });

    test("compare-and-set sees length, content, absence and presence", async () => {
      const { store } = await make();
      await store.commit([{ key: "k", from: null, to: bytes(1, 2) }]);
      for (const from of [null, bytes(), bytes(1), bytes(1, 3), bytes(1, 2, 0)]) {
        await expect(store.commit([{ key: "k", from, to: bytes(7) }])).rejects.toEqual(code("store/conflict"));
      }
      await expect(store.commit([{ key: "absent", from: bytes(1), to: bytes(7) }])).rejects.toEqual(code("store/conflict"));
      await store.commit([{ key: "k", from: bytes(1, 2), to: bytes(7) }]);
      expect(await store.get("k")).toEqual(bytes(7));
    });

    test("a guarded record may be deleted, and is then absent", async () => {
      const { store } = await make();
      await store.commit([{ key: "k", to: bytes(1) }]);
      await expect(store.commit([{ key: "k", from: bytes(2), to: null }])).rejects.toEqual(code("store/conflict"));
      await store.commit([{ key: "k", from: bytes(1), to: null }]);
      await store.commit([{ key: "never", to: null }]);
      expect(await store.get("k")).toBeUndefined();
      expect(await allKeys(store)).toEqual([]);
      await store.commit([{ key: "k", from: null, to: bytes(3) }]);
      expect(await store.get("k")).toEqual(bytes(3));
    });

    test("a change without a guard is written whatever stands there, guarded by the others of its commit", async () => {
      const { store } = await make();
      await store.commit([
        { key: "root", from: null, to: bytes(1) },
        { key: "record", to: bytes(1) },
      ]);
      await store.commit([
        { key: "root", from: bytes(1), to: bytes(2) },
        { key: "record", to: bytes(2) },
      ]);
      const stale = store.commit([
        { key: "record", to: bytes(3) },
        { key: "root", from: bytes(1), to: bytes(3) },
      ]);
      await expect(stale).rejects.toEqual(code("store/conflict"));
      expect(await store.get("record")).toEqual(bytes(2));
    });

    test("a guard without a change is compared", async () => {
      const { store } = await make();
      await store.commit([{ key: "root", to: bytes(1) }]);
      const same = { key: "root", from: bytes(1), to: bytes(1) };
      await store.commit([same, { key: "a", to: bytes(1) }]);
      await expect(
        store.commit([
          { key: "root", from: bytes(2), to: bytes(2) },
          { key: "b", to: bytes(1) },
        ]),
      ).rejects.toEqual(code("store/conflict"));
      expect(await allKeys(store)).toEqual(["a", "root"]);
    });

    test("a commit past its fence is refused, on its last millisecond it passes", async () => {
      let time = 1_000_000;
      const { store } = await make(() => time);
      const notAfter = 1_000_010;
      time = notAfter;
      expect(await store.commit([{ key: "a", to: bytes(1) }], { notAfter })).toBe(notAfter);
      time = notAfter + 1;
      await expect(store.commit([{ key: "b", to: bytes(1) }], { notAfter })).rejects.toEqual(code("store/expired"));
      await expect(store.commit([], { notAfter })).rejects.toEqual(code("store/expired"));
      await expect(store.commit([{ key: "b", to: bytes(1) }], { notAfter: Number.NaN })).rejects.toThrow();
      expect(await allKeys(store)).toEqual(["a"]);
    });

    test("the clock that fences a commit is read when the commit happens, not when it was asked for", async () => {
      let time = 1_000_000;
      const { store, reopen } = await make(() => time);
      await store.now();
      time += 50;
      await expect(store.commit([{ key: "a", to: bytes(1) }], { notAfter: time - 1 })).rejects.toEqual(code("store/expired"));
      if (!reopen) return;
      // Another process whose clock is ahead commits: for this store too it is that late now.
      const ahead = await reopen(() => time + 100);
      await ahead.commit([{ key: "b", to: bytes(1) }]);
      await expect(store.commit([{ key: "a", to: bytes(1) }], { notAfter: time + 99 })).rejects.toEqual(code("store/expired"));
      await ahead.close();
    });

    test("time never runs back, not when the clock does, not after reopening", async () => {
      let time = 1_000_000;
      const clock = () => time;
      const { store, reopen } = await make(clock);
      const first = await store.commit([{ key: "a", to: bytes(1) }]);
      expect(first).toBe(1_000_000);
      time = 2_000_000;
      expect(await store.now()).toBe(2_000_000);
      time = 1_800_000;
      expect(await store.now()).toBe(2_000_000);
      expect(await store.commit([{ key: "a", to: bytes(2) }])).toBe(2_000_000);
      if (reopen) {
        const again = await reopen(clock);
        expect(await again.now()).toBe(2_000_000);
        await expect(again.commit([{ key: "a", to: bytes(3) }], { notAfter: 1_999_999 })).rejects.toEqual(code("store/expired"));
        expect(await again.commit([{ key: "a", to: bytes(3) }])).toBe(2_000_000);
        await again.close();
      }
      time = 3_000_000;
      expect(await store.commit([])).toBe(3_000_000);
    });

    test("a time in the store that is far ahead of the clock carries nobody with it", async () => {
      const { store, reopen } = await make(() => 1_000_000);
      if (!reopen) return;
      // As somebody leaves it who can write where the store lies: a day ahead, limits would be fresh and delays over.
      const ahead = await reopen(() => 90_000_000);
      await ahead.commit([{ key: "a", to: bytes(1) }]);
      await ahead.close();
      expect(await store.now()).toBe(1_000_000);
      expect(await store.commit([{ key: "a", to: bytes(2) }], { notAfter: 1_000_000 })).toBe(1_000_000);
    });

    test("keys come each once, in ascending order, and nothing of the store's own is among them", async () => {
      const { store } = await make();
      const keys = ["b", "a/2", "a", "a/10", "a-1", "a.1", "0", "9/z", "z".repeat(200), "-", "."];
      for (const key of keys) await store.commit([{ key, to: bytes(1) }]);
      await store.commit(keys.map((key) => ({ key, to: bytes(2) })));
      expect(await allKeys(store)).toEqual([...keys].sort());
    });

    test("keys may be enumerated while commits go on", async () => {
      const { store } = await make();
      await store.commit(["a", "b", "c"].map((key) => ({ key, to: bytes(1) })));
      const seen: string[] = [];
      for await (const key of store.keys()) {
        seen.push(key);
        await store.commit([{ key: `${key}/seen`, to: bytes(1) }]);
      }
      expect(seen.filter((key) => key.length === 1)).toEqual(["a", "b", "c"]);
      expect(new Set(seen).size).toBe(seen.length);
    });

    test("bytes are copied in and out, also of a view into a larger buffer", async () => {
      const { store } = await make();
      const buffer = bytes(9, 1, 2, 3, 9);
      const value = buffer.subarray(1, 4);
      const committing = store.commit([{ key: "k", from: null, to: value }]);
      buffer.fill(0);
      await committing;
      const read = await store.get("k");
      expect(read).toEqual(bytes(1, 2, 3));
      read?.fill(7);
      expect(await store.get("k")).toEqual(bytes(1, 2, 3));
      const guard = bytes(1, 2, 3);
      const guarded = store.commit([{ key: "k", from: guard, to: bytes(4) }]);
      guard.fill(0);
      await guarded;
      expect(await store.get("k")).toEqual(bytes(4));
    });

    test("concurrent increments by compare-and-set lose none", async () => {
      const { store, reopen } = await make();
      const second = reopen ? await reopen() : store;
      const workers = Array.from({ length: 20 }, async (_, index) => {
        for (let i = 0; i < 5; i++) await increment(index % 2 === 0 ? store : second, "counter");
      });
      await Promise.all(workers);
      expect(await store.get("counter")).toEqual(bytes(0, 0, 0, 100));
      if (second !== store) await second.close();
    });

    test("of many commits that replace the same root exactly one passes", async () => {
      const { store } = await make();
      await store.commit([{ key: "root", to: bytes(0) }]);
      const commits = Array.from({ length: 30 }, (_, index) =>
        store.commit([
          { key: `mine/${index}`, to: bytes(1) },
          { key: "root", from: bytes(0), to: bytes(index + 1) },
        ]),
      );
      const outcomes = await Promise.allSettled(commits);
      const passed = outcomes.flatMap((outcome, index) => (outcome.status === "fulfilled" ? [index] : []));
      expect(passed).toHaveLength(1);
      expect(await allKeys(store)).toEqual([`mine/${passed[0]}`, "root"]);
      expect(await store.get("root")).toEqual(bytes((passed[0] as number) + 1));
    });

    test("what was committed is there after reopening, and two that are open see each other", async () => {
      const { store, reopen } = await make();
      await store.commit([{ key: "a", to: bytes(1) }]);
      if (!reopen) return;
      const second = await reopen();
      expect(await second.get("a")).toEqual(bytes(1));
      await second.commit([{ key: "a", from: bytes(1), to: bytes(2) }]);
      expect(await store.get("a")).toEqual(bytes(2));
      await expect(store.commit([{ key: "a", from: bytes(1), to: bytes(3) }])).rejects.toEqual(code("store/conflict"));
      await second.close();
      expect(await store.get("a")).toEqual(bytes(2));
      await store.commit([{ key: "a", to: bytes(3) }]);
      await store.close();
      const third = await reopen();
      expect(await third.get("a")).toEqual(bytes(3));
      await third.close();
    });

    test("a record of one MiB is kept whole", async () => {
      const { store, reopen } = await make();
      const large = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 31) % 251);
      await store.commit([
        { key: "large", to: large },
        { key: "small", to: bytes(1) },
      ]);
      expect(sameBytes(await store.get("large"), large)).toBe(true);
      await expect(store.commit([{ key: "large", from: large.subarray(1), to: null }])).rejects.toEqual(code("store/conflict"));
      const again = reopen ? await reopen() : store;
      expect(sameBytes(await again.get("large"), large)).toBe(true);
      await store.commit([{ key: "large", from: large, to: null }]);
      expect(await again.get("large")).toBeUndefined();
      if (again !== store) await again.close();
    });

    test("an empty commit writes nothing and tells the time", async () => {
      const { store } = await make();
      const before = await store.now();
      expect(await store.commit([])).toBeGreaterThanOrEqual(before);
      expect(await allKeys(store)).toEqual([]);
    });

    test("what is no key, or stands twice in a commit, is refused before anything happens", async () => {
      const { store } = await make();
      const bad = ["", "A", "a b", "ä", "a_b", "a\u0000", "@time", "a".repeat(201), "a\n", null, 7] as string[];
      for (const key of bad) {
        await expect(store.get(key)).rejects.toEqual(code("store/bad-key"));
        const commit = store.commit([
          { key: "ok", to: bytes(1) },
          { key, to: bytes(1) },
        ]);
        await expect(commit).rejects.toEqual(code("store/bad-key"));
      }
      const twice = store.commit([
        { key: "ok", to: bytes(1) },
        { key: "ok", to: bytes(2) },
      ]);
      await expect(twice).rejects.toEqual(code("store/bad-key"));
      expect(await allKeys(store)).toEqual([]);
    });

    test("after close everything is refused, and closing again is nothing", async () => {
      const { store } = await make();
      await store.commit([{ key: "a", to: bytes(1) }]);
      await store.close();
      await store.close();
      await expect(store.get("a")).rejects.toEqual(code("store/closed"));
      await expect(store.commit([{ key: "a", to: bytes(1) }])).rejects.toEqual(code("store/closed"));
      await expect(store.now()).rejects.toEqual(code("store/closed"));
      await expect(allKeys(store)).rejects.toEqual(code("store/closed"));
    });

    test("a commit that close overtakes is either written or refused, never half and never lost after a yes", async () => {
      const { store, reopen } = await make();
      await store.commit([{ key: "first", to: bytes(1) }]);
      const commit = store.commit([
        { key: "a", to: bytes(1) },
        { key: "b", to: bytes(1) },
      ]);
      const [outcome] = await Promise.allSettled([commit, store.close()]);
      if (outcome.status === "rejected") expect(outcome.reason).toEqual(code("store/closed"));
      if (!reopen) return;
      const again = await reopen();
      expect(await allKeys(again)).toEqual(outcome.status === "fulfilled" ? ["a", "b", "first"] : ["first"]);
      await again.close();
    });
  });
}

/** Compared by hand: `toEqual` takes seconds for a million bytes. */
function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.length === b.length && a.every((byte, index) => byte === b[index]);
}
