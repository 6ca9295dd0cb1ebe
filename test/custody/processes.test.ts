import { expect, test } from "vitest";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { checkedLog, ETHER, ethLimit, payments, reopen, request, transaction } from "./fixture.ts";
import { child, withVault } from "./processes.ts";

const limits = [ethLimit("100 ETH"), { id: "count", limit: ["transfer"], max: 25, per: "1h" }];

test("four processes that ask thirty times at once sign exactly what the limit allows", { timeout: 90_000 }, async () => {
  await withVault(payments(limits), async (path) => {
    const children = [8, 8, 7, 7].map((count, n) => child("burst", path, String(100 * n), String(count), "10"));
    const lines = (await Promise.all(children.map(({ ended }) => ended))).flatMap((end) => end.lines);
    expect(lines).toHaveLength(30);
    const signed = lines.filter(({ kind }) => kind === "signed");
    expect(signed).toHaveLength(10);
    expect(lines.filter(({ kind }) => kind === "denied")).toHaveLength(20);

    const store = lmdbStore(path);
    const { custody, me } = await reopen(store);
    const entries = await checkedLog(custody);
    const logged = entries.filter(({ kind }) => kind === "signed").map(({ result }) => (result as { hash: string }).hash);
    expect(new Set(logged)).toEqual(new Set(signed.map(({ hash }) => hash)));
    expect(logged).toHaveLength(10);
    const counters = entries
      .filter(({ kind }) => kind === "reserved")
      .flatMap((entry) => entry.counters as readonly { limit: string; before: string; after: string }[]);
    for (const [limit, step] of [
      ["eth-limit", 10n * ETHER],
      ["count", 1n],
    ] as const) {
      const after = counters.filter((counter) => counter.limit === limit).map((counter) => BigInt(counter.after));
      expect(after).toEqual(Array.from({ length: 10 }, (_, n) => BigInt(n + 1) * step));
    }
    expect(await me.sign(request(transaction({ nonce: 999, value: 1n })))).toMatchObject({
      kind: "denied",
      reasons: [{ code: "limit/exceeded", rule: "eth-limit" }],
    });
    custody.lock();
    await store.close();
  });
});

test("four processes that ask for the same transaction get one and the same signature", { timeout: 90_000 }, async () => {
  await withVault(payments([ethLimit("10 ETH")]), async (path) => {
    const children = [0, 1, 2, 3].map(() => child("burst", path, "0", "1", "10"));
    const lines = (await Promise.all(children.map(({ ended }) => ended))).flatMap((end) => end.lines);
    expect(lines.map(({ kind }) => kind)).toEqual(["signed", "signed", "signed", "signed"]);
    expect(new Set(lines.map(({ bytes }) => bytes)).size).toBe(1);

    const store = lmdbStore(path);
    const { custody } = await reopen(store);
    expect((await checkedLog(custody)).filter(({ kind }) => kind === "signed")).toHaveLength(1);
    custody.lock();
    await store.close();
  });
});
