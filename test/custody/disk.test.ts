import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { entryBody } from "../../src/audit/entry.ts";
import { verifyEntryProof, verifyLog } from "../../src/audit/index.ts";
import { concat, fromHex, utf8 } from "../../src/base/bytes.ts";
import type { Custody, LoggedEntry, Store } from "../../src/index.ts";
import { randomBytes } from "../../src/keys/random.ts";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { decodeHeader, HEADER_KEY } from "../../src/vault/header.ts";
import { Keyring } from "../../src/vault/keyring.ts";
import { openVault } from "../../src/vault/open.ts";
import { openSlot, type SlotRecord } from "../../src/vault/slot.ts";
import { dump, restore } from "../vault/setting.ts";
import { codeOf, openCustody, reopen, request, slot, transaction, wrongSlot } from "./fixture.ts";
import { IN_CLEAR, tellEverything, traces } from "./told.ts";

// Log entries are blobs: sealed, but not in the tree of records. What holds them is the log's own tree, whose head is in the root.
describe("an entry on the disk", () => {
  test("of another history of the same vault is not taken for the one that the log has in its place", async () => {
    const { custody, store, me } = await openCustody();
    const size = (await read(custody)).length;
    const before = await dump(store);
    await me.sign(request(transaction({ value: 5n })));
    const other = await dump(store);
    custody.lock();
    await restore(store, before);

    // The vault lives on from the older copy; then one blob after the other is put back from the history that is no more.
    const again = await reopen(store);
    for (let nonce = 1; nonce < 4; nonce++) await again.me.sign(request(transaction({ nonce, value: 6n })));
    const now = await dump(store);
    let tried = 0;
    for (const [key, bytes] of other) {
      if (key.length !== 64 || before.has(key) || !now.has(key)) continue;
      await store.commit([{ key, to: bytes }]);
      if ((await codeOf(openVault({ store, slot, access: "view" }))) === "nothing was thrown") {
        expect(await codeOf(read(again.custody))).toBe("log/damaged");
        expect(await exported(again.custody)).toBe("log/damaged");
        tried++;
      }
      await restore(store, now);
    }
    // Two entries and their hashes.
    expect(tried).toBeGreaterThanOrEqual(4);
    expect((await read(again.custody)).length).toBeGreaterThan(size);
    expect(await exported(again.custody)).toBe("verifies");
  });

  test("that a holder of the view side sealed is not believed", async () => {
    const { custody, store, me } = await openCustody();
    await me.sign(request(transaction({ value: 5n })));
    const entries = await read(custody);
    const seq = entries.findIndex(({ kind }) => kind === "signed");
    const forged = entryBody({ ...(entries[seq] as (typeof entries)[number]), result: { hash: "0xf0", digest: "00" } } as never);
    const keyring = await viewKeyring(store);
    const key = keyring.name("blob", `log/${seq}`);
    await store.commit([{ key, to: keyring.seal("blob", key, concat(randomBytes(32), forged), randomBytes) }]);
    expect(await codeOf(read(custody))).toBe("log/damaged");
    expect(await exported(custody)).toBe("log/damaged");
    expect(await codeOf(custody.proveEntry(seq))).toBe("log/damaged");
    // The others are believed still, each by its own proof.
    expect(verifyEntryProof(await custody.proveEntry(seq - 1), custody.logKey)).toMatchObject({ ok: true });
  });

  test("that was dropped is missed by whoever reads there", async () => {
    const { custody, store, me } = await openCustody();
    await me.sign(request(transaction({ value: 5n })));
    const records = await dump(store);
    const keyring = await viewKeyring(store);
    const { length } = await read(custody);
    for (let seq = 0; seq < length; seq++) {
      await store.commit([{ key: keyring.name("blob", `log/${seq}`), to: null }]);
      expect([seq, await codeOf(read(custody)), await exported(custody)]).toEqual([seq, "log/damaged", "log/damaged"]);
      await restore(store, records);
    }
    expect(await exported(custody)).toBe("verifies");
  });
});

/** What somebody has whose slot opens view only. */
async function viewKeyring(store: Store): Promise<Keyring> {
  const header = decodeHeader((await store.get(HEADER_KEY)) ?? new Uint8Array());
  const [record] = header.slots as [SlotRecord];
  const envelope = { suite: header.suite, vaultId: fromHex(header.id), keyEpoch: header.keyEpoch };
  const context = { vaultId: header.id, slotId: record.id, random: randomBytes };
  return new Keyring(await openSlot(slot, context, { record, envelope, access: "view" }), header);
}

test("a store that was put back to an older copy between lock and unlock is noticed by whoever had it open", async () => {
  const { custody, store, me } = await openCustody();
  const older = await dump(store);
  await me.sign(request(transaction({ value: 5n })));
  const kept = await custody.checkpoint();
  custody.lock();
  const newest = await dump(store);
  await restore(store, older);
  expect(await codeOf(custody.unlock(slot))).toBe("vault/rolled-back");
  expect(await codeOf(custody.unlock(slot, { access: "view" }))).toBe("vault/rolled-back");
  // Another process knows only what it is told: a checkpoint that somebody kept.
  const other = await reopen(store);
  expect(await codeOf(other.custody.proveConsistency(kept))).toMatch(/^log\/(bad-proof|damaged)$/);
  await restore(store, newest);
  await custody.unlock(slot);
});

test("the files show no address, name, amount, rule, word or key, in any encoding that one would look for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keyward-disk-"));
  try {
    const store = lmdbStore(join(folder, "vault"));
    const { custody, names } = await tellEverything(store);
    custody.lock();
    await store.close();
    const files = ["data.mdb", "lock.mdb"].map((name) => readFileSync(join(folder, "vault", name)));
    const found = (needle: Uint8Array) => files.some((bytes) => bytes.includes(Buffer.from(needle)));
    for (const { what, bytes } of traces(names)) expect([what, found(bytes)]).toEqual([what, false]);
    expect(IN_CLEAR.map(found)).toEqual([true, true]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("whatever stands where failed openings are counted, the vault opens, and a wrong key is a wrong key", async () => {
  for (const bytes of [Uint8Array.of(0xff, 0xfe), new Uint8Array(0), utf8("1e3"), utf8("-1"), utf8("9".repeat(1_000_000))]) {
    const { custody, store } = await openCustody();
    custody.lock();
    await store.commit([{ key: "failures", to: bytes }]);
    expect(await codeOf(custody.unlock(wrongSlot))).toBe("vault/cannot-open");
    await custody.unlock(slot);
    const last = (await read(custody)).at(-1);
    expect(last).toMatchObject({ kind: "opened", failures: 1_000_000 });
    expect(await store.get("failures")).toBeUndefined();
  }
});

async function read(custody: Custody): Promise<LoggedEntry[]> {
  const entries: LoggedEntry[] = [];
  for await (const entry of custody.history()) entries.push(entry);
  return entries;
}

async function exported(custody: Custody): Promise<string> {
  const lines: string[] = [];
  const code = await codeOf(
    (async () => {
      for await (const line of custody.exportLog()) lines.push(line);
    })(),
  );
  if (code !== "nothing was thrown") return code;
  const { ok, problems } = await verifyLog(lines, { vkey: custody.logKey });
  return ok ? "verifies" : problems.map((problem) => problem.code).join(" ");
}
