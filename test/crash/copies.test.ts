import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { approveOffline, type Custody, type Store } from "../../src/index.ts";
import * as f from "../custody/fixture.ts";
import { restore } from "../vault/setting.ts";
import { custodyOn, type Disk, diskOf, enter, newVault, payment, START, storeOf } from "./vault.ts";

/** A vault in which something of everything happened: holds, pending requests, answers, sessions, denials, accounts. */
async function lived(from: Disk, first: number): Promise<{ readonly store: Store; readonly custody: Custody; live(): Promise<void> }> {
  const store = await storeOf(from, { now: START });
  const { custody, me } = await enter(store);
  let nonce = first;
  const live = async () => {
    await me.sign(payment(1n, { nonce: nonce++ }));
    await me.sign(payment(11n, { nonce: nonce++ }));
    const large = await me.sign(payment(3n, { nonce: nonce++ }));
    if (large.kind !== "pending") throw new Error(large.kind);
    const { name, credential } = f.ana;
    await custody.submitApproval(large.id, await approveOffline(await custody.approvalStatement(large.id), name, credential));
    await me.accounts.receive("Coins");
  };
  await live();
  return { store, custody, live };
}

/** Who opens the vault, reads all of it, checks its log and asks for what was signed once more: `whole`, or the code that they are refused with. */
async function readBy(store: Store): Promise<string> {
  const custody = custodyOn(store);
  const code = await f.codeOf(
    (async () => {
      await custody.unlock(f.slot, { access: "view" });
      for await (const entry of custody.history()) if (entry.seq < 0) throw new Error("a number below nothing");
      custody.lock();
      await custody.unlock(f.slot);
      const log = await f.checkedLog(custody);
      const me = await custody.session({ person: "owner" });
      for (const { reservation, result } of log.filter(({ kind }) => kind === "signed")) {
        const again = await me.sign(log[reservation as number]?.request);
        expect(again).toMatchObject({ kind: "signed", hash: (result as { hash: string }).hash });
      }
    })(),
  );
  custody.lock();
  return code === "nothing was thrown" ? "whole" : code;
}

const REFUSED = /^(vault\/(damaged|cannot-open)|log\/damaged)$/;

function changedKeys(older: Disk, newer: Disk): readonly string[] {
  const keys = new Set([...older.keys(), ...newer.keys()]);
  return [...keys].filter((key) => {
    const [before, after] = [older.get(key), newer.get(key)];
    return before === undefined || after === undefined || Buffer.compare(before, after) !== 0;
  });
}

/** `newer` with what `keys` name as it was in `older`. */
function mixed(older: Disk, newer: Disk, keys: readonly string[]): Disk {
  const disk = new Map(newer);
  for (const key of keys) {
    const before = older.get(key);
    if (before === undefined) disk.delete(key);
    else disk.set(key, before);
  }
  return disk;
}

describe("a store of which some records are put back to an older copy", () => {
  test("is refused, whichever they are", { timeout: 120_000 }, async () => {
    const { store, live } = await lived(await newVault(), 0);
    const older = await diskOf(store);
    await live();
    const newer = await diskOf(store);
    const changed = changedKeys(older, newer);
    expect(changed.length).toBeGreaterThan(15);
    const refused = async (keys: readonly string[]) => {
      // What one of the two never had, and nobody ever reads there, makes no other vault of it.
      const whole = changed.every((key) => keys.includes(key) || !older.has(key)) || keys.every((key) => !newer.has(key));
      const copy = await storeOf(mixed(older, newer, keys), { now: START });
      expect([keys.length, await readBy(copy)]).toEqual([keys.length, whole ? "whole" : expect.stringMatching(REFUSED)]);
    };
    // Each alone, all but each, and some subsets.
    for (const key of changed) await refused([key]);
    for (const key of changed.filter((_, n) => n % 4 === 0)) await refused(changed.filter((other) => other !== key));
    await fc.assert(fc.asyncProperty(fc.subarray([...changed], { minLength: 1, maxLength: changed.length - 1 }), refused), { numRuns: 12 });
    expect(await readBy(await storeOf(mixed(older, newer, []), { now: START }))).toBe("whole");
    // As a whole it is a vault like any other, which is why somebody keeps a checkpoint.
    expect(await readBy(await storeOf(mixed(older, newer, changed), { now: START }))).toBe("whole");
  });

  test("while somebody has it open, gives them nothing that is older, and whoever comes next is refused", {
    timeout: 120_000,
  }, async () => {
    const { store, custody, live } = await lived(await newVault(), 0);
    const older = await diskOf(store);
    await live();
    const newer = await diskOf(store);
    const entries = (await f.checkedLog(custody)).length;
    const changed = changedKeys(older, newer);
    for (const key of changed) {
      await restore(store, mixed(older, newer, [key]));
      const seen = await f.codeOf(
        custody
          .accounts()
          .then(() => f.checkedLog(custody))
          .then((log) => expect(log).toHaveLength(entries)),
      );
      expect([key, seen]).toEqual([
        key,
        key === "root" ? "vault/rolled-back" : expect.stringMatching(/^(nothing was thrown|log\/damaged)$/),
      ]);
      expect([key, await readBy(await storeOf(await diskOf(store), { now: START }))]).toEqual([key, expect.stringMatching(REFUSED)]);
    }
    await restore(store, older);
    expect(await f.codeOf(custody.accounts())).toBe("vault/rolled-back");
    await restore(store, newer);
    expect(await f.checkedLog(custody)).toHaveLength(entries);
  });
});

test("a record of another vault in the place of ours is refused, whichever it is", { timeout: 120_000 }, async () => {
  const ours = await lived(await newVault(), 0);
  const other = await storeOf(new Map(), { now: START });
  const made = custodyOn(other);
  // The same slot and the same wallet: all that differs is the vault.
  await made.create({
    slot: f.slot,
    policy: (await ours.custody.policy()).document,
    wallet: { from: "seed", seed: new Uint8Array(64).fill(11) },
  });
  const me = await made.session({ person: "owner" });
  await me.accounts.derive({ chain: f.CHAIN, name: "Main" });
  await me.accounts.derive({ chain: "bip122:000000000019d6689c085ae165831e93", name: "Coins" });
  made.lock();
  const theirs = await lived(await diskOf(other), 0);
  const [here, there] = [await diskOf(ours.store), await diskOf(theirs.store)];
  const bySize = (size: number) =>
    [...there].filter(([key, bytes]) => key.length === 64 && bytes.length === size).map(([, bytes]) => bytes);
  let tried = 0;
  for (const [key, bytes] of here) {
    // What each of theirs is lies in no name: those of the same size are tried, which an eye could take for it.
    const same = key.length === 64 ? bySize(bytes.length) : [there.get(key)];
    for (const foreign of same.filter((_, n) => n % Math.ceil(same.length / 3) === 0)) {
      if (foreign === undefined) continue;
      const disk = new Map(here).set(key, foreign);
      expect([key, await readBy(await storeOf(disk, { now: START }))]).toEqual([key, expect.stringMatching(REFUSED)]);
      tried++;
    }
  }
  expect(tried).toBeGreaterThan(2 * here.size - 10);
  expect(await readBy(ours.store)).toBe("whole");
});
