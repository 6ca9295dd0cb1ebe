import { describe, expect, test } from "vitest";
import { canonical } from "../../src/base/canonical.ts";
import type { Store } from "../../src/index.ts";
import { openVault } from "../../src/vault/open.ts";
import { keyEpochOf } from "../../src/vault/seal.ts";
import { everyStore } from "../here/every-store.ts";
import { freshStore } from "../here/fresh-store.ts";
import { dump, keyOf, rawSlot } from "../vault/setting.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";
import { type Backup, backupBy, chunksOf, custodyOn, mayRestore, newSlot, pay, restored } from "./restoring.ts";

const RULES: readonly object[] = [...mayRestore, g.edit];

async function opened(rules: readonly object[] = [], store: Store = freshStore()) {
  const made = await f.openCustody({ store, policy: g.team([...RULES, ...rules]) });
  await made.me.sign(pay(0, 5n));
  return made;
}

/** Tries to bring a backup back in an empty store, with a look at what is there afterwards. */
async function attempt(backup: Backup, more: object = {}, store: Store = freshStore()) {
  const before = await dump(store);
  const custody = custodyOn(store);
  const code = await f.codeOf(custody.restore(chunksOf(backup.file), { key: backup.key, slot: newSlot, ...more }));
  expect(await dump(store), code).toEqual(before);
  return { code, state: custody.state };
}

describe.each(everyStore)("a backup that is brought back in a store of %s", (_, make) => {
  test("is the whole vault: accounts, policy, log and secrets, and what is written from then on goes on from there", async () => {
    const { custody, me, account } = await opened();
    const before = { accounts: await custody.accounts(), policy: await custody.policy() };
    const kept = await custody.checkpoint();
    const backup = await backupBy(me);
    const log = await f.checkedLog(custody);
    const { logKey } = custody;

    const store = make();
    const again = custodyOn(store);
    const told = await again.restore(chunksOf(backup.file), { key: backup.key, slot: newSlot });
    expect([told.vault, told.entries, again.state]).toEqual([custody.id, log.length - 1, "locked"]);
    await again.unlock(newSlot, { atLeast: kept });
    expect([await again.accounts(), await again.policy()]).toEqual([before.accounts, before.policy]);
    const continued = await f.checkedLog(again);
    expect(continued.slice(0, told.entries).map((entry) => canonical(entry))).toEqual(
      log.slice(0, told.entries).map((entry) => canonical(entry)),
    );
    expect(f.kindsOf(continued.slice(told.entries))).toMatch(/^restored (session )+rotated opened$/);
    expect([again.id, again.logKey === logKey, again.rotating]).toEqual([custody.id, false, false]);
    const owner = await again.session({ person: "owner" });
    expect((await owner.submit({ act: "restore" })).kind).toBe("done");
    expect(await owner.sign(pay(1, 7n))).toMatchObject({ kind: "signed" });
    expect((await owner.accounts.list())[0]).toMatchObject({ address: account.address });
    await f.checkedLog(again);
  });

  test("is refused where there is a vault, which stays as it is", async () => {
    const { me } = await opened();
    const backup = await backupBy(me);
    const store = make();
    const other = await f.openCustody({ store });
    other.custody.lock();
    expect(await attempt(backup, {}, store)).toEqual({ code: "vault/exists", state: "locked" });
    expect(await f.codeOf(other.custody.restore(chunksOf(backup.file), { key: backup.key, slot: newSlot }))).toBe("vault/exists");
    await other.custody.unlock(f.slot);
    await f.checkedLog(other.custody);
  });
});

describe("a backup that is brought back", () => {
  test("opens by the slot that was given alone: none of before opens it, and no copy of it", async () => {
    const { custody, me } = await opened([{ id: "ways", allow: ["slotChange"], when: { requester: "owner" } }]);
    const second = rawSlot(keyOf(9));
    await me.submit({ act: "slotChange", what: "add-sign", name: "laptop", slot: second });
    const backup = await backupBy(me);
    const { custody: again, store } = await restored(backup);
    expect((await again.slots()).map(({ name, kind, access }) => [name, kind, access])).toEqual([["raw", "raw", "sign"]]);
    for (const slot of [f.slot, second]) {
      expect(await f.codeOf(openVault({ store, slot }))).toBe("vault/cannot-open");
      expect(await f.codeOf(openVault({ store, slot, access: "view" }))).toBe("vault/cannot-open");
    }
    // The vault that it was taken of goes on as it was.
    expect(await f.codeOf(custody.unlock(second))).toBe("nothing was thrown");
  });

  test("ends every session of before, also one that a key began", async () => {
    const { custody, me } = await opened();
    await g.sessionOf(custody, f.ana);
    expect(await custody.diagnose()).toContain("sessions 2");
    const again = custodyOn(freshStore());
    const backup = await backupBy(me);
    await again.restore(backup.file, { key: backup.key, slot: newSlot });
    await again.unlock(newSlot);
    expect(await again.diagnose()).toContain("sessions 0");
    const ended = (await f.checkedLog(again)).filter(({ event }) => event === "ended");
    expect(ended.map(({ person }) => person).sort()).toEqual(["ana", "owner"]);
  });

  test("holds nothing that the keys of the backup open", async () => {
    const { me } = await opened();
    const backup = await backupBy(me);
    const { store } = await restored(backup);
    const epochs = [...(await dump(store))].flatMap(([key, bytes]) => (key.length === 64 ? [keyEpochOf(bytes)] : []));
    expect([epochs.length > 20, new Set(epochs)]).toEqual([true, new Set([2])]);
  });

  test("with a wrong key, a damaged or cut file, an older one, or a slot that may only view leaves nothing", async () => {
    const { custody, me } = await opened();
    const backup = await backupBy(me);
    const [other] = [await backupBy(me)];
    await me.sign(pay(1, 5n));
    const kept = await custody.checkpoint();
    const gone = { state: "absent" };
    expect(await attempt({ ...backup, key: other.key })).toEqual({ code: "backup/cannot-open", ...gone });
    for (const length of [0, 100, backup.file.length - 1])
      expect(await attempt({ ...backup, file: backup.file.subarray(0, length) })).toEqual({ code: "backup/damaged", ...gone });
    for (let at = 300; at < backup.file.length; at += 7001) {
      const file = backup.file.with(at, (backup.file[at] ?? 0) ^ 1);
      expect(await attempt({ ...backup, file })).toEqual({ code: "backup/damaged", ...gone });
    }
    expect(await attempt(backup, { atLeast: kept })).toEqual({ code: "vault/rolled-back", ...gone });
    const stranger = await (await f.openCustody()).custody.checkpoint();
    expect(await attempt(backup, { atLeast: stranger })).toEqual({ code: "log/bad-signature", ...gone });
    expect(await attempt(backup, { slot: { ...newSlot, access: "view" } })).toEqual({ code: "vault/weak-slot", state: "unknown" });
    const failing = { ...newSlot, enrol: () => Promise.reject(new Error("no")) };
    expect(await attempt(backup, { slot: failing })).toEqual({ code: "vault/aborted", ...gone });
    for (const wrong of [{ key: {} }, { key: 5 }, { slot: {} }, { atLeast: 7 }, { signal: {} }, { onProgress: 3 }])
      expect((await attempt(backup, wrong)).code).toMatch(/^(request\/malformed|backup\/bad-key)$/);
  });

  test("that is aborted at any of its steps leaves nothing, and tells how far it is", async () => {
    const { me } = await opened();
    const backup = await backupBy(me);
    const steps: number[] = [];
    const whole = custodyOn(freshStore());
    await whole.restore(chunksOf(backup.file), { key: backup.key, slot: newSlot, onProgress: (done) => steps.push(done) });
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect([(steps[0] ?? 1) < 0.7, steps.at(-1)]).toEqual([true, 1]);
    for (let count = 1; count <= steps.length; count++) {
      const stop = new AbortController();
      let heard = 0;
      const onProgress = () => void (++heard === count && stop.abort());
      const { code, state } = await attempt(backup, { signal: stop.signal, onProgress });
      expect([code, state]).toEqual([expect.stringMatching(/^(vault|backup)\/aborted$/), "absent"]);
    }
    expect((await attempt(backup, { signal: AbortSignal.abort() })).code).toMatch(/^(vault|backup)\/aborted$/);
  });

  test("is one commit: a store that fails at any call is left empty, and one that fails after the commit is whole", async () => {
    const { me } = await opened();
    const backup = await backupBy(me);
    let calls = 0;
    const counting = freshStore();
    await custodyOn(f.hooked(counting, { before: () => void calls++ })).restore(chunksOf(backup.file), { key: backup.key, slot: newSlot });
    expect(calls).toBeGreaterThan(2);
    let whole = 0;
    for (let fail = 0; fail < calls; fail++) {
      for (const when of ["before", "after"] as const) {
        const store = freshStore();
        let count = 0;
        const look = () => {
          if (count++ === fail) throw f.broken();
        };
        const custody = custodyOn(f.hooked(store, { [when]: look }));
        expect(await f.codeOf(custody.restore(chunksOf(backup.file), { key: backup.key, slot: newSlot }))).toBe("store/failed");
        if ((await dump(store)).size === 0) continue;
        whole++;
        const again = custodyOn(store);
        await again.unlock(newSlot);
        await f.checkedLog(again);
      }
    }
    expect(whole).toBe(1);
  });

  test("meets a vault that somebody makes in the same store meanwhile", async () => {
    const { me } = await opened();
    const backup = await backupBy(me);
    const store = freshStore();
    const custody = custodyOn(
      f.hooked(store, {
        before: async (call) => {
          if (call.on === "commit" && (await dump(store)).size === 0) await f.openCustody({ store });
        },
      }),
    );
    expect(await f.codeOf(custody.restore(chunksOf(backup.file), { key: backup.key, slot: newSlot }))).toBe("vault/exists");
    expect(custody.state).toBe("locked");
    await f.reopen(store);
  });
});
