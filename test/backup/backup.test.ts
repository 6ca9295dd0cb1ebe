import { describe, expect, test } from "vitest";
import { decryptAge } from "../../src/backup/age.ts";
import { concat, fromUtf8, utf8 } from "../../src/base/bytes.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { type Custody, keyward, type Session, type Store, verifyBackup } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import * as f from "../custody/fixture.ts";
import * as g from "../custody/governance.ts";
import { dump, keyOf, rawSlot, restore } from "../vault/setting.ts";
import { pieces, whole } from "./files.ts";
import * as b from "./setting.ts";

const PASSPHRASE = "correct horse battery";

const opened = (rules: readonly object[] = []) => f.openCustody({ policy: b.policy(...rules) });
const to = { recipients: [b.recipient] };
const write = () => undefined;

async function pay(me: Session, nonce = 0): Promise<void> {
  expect((await me.sign(f.request(f.transaction({ value: 5n, nonce })))).kind).toBe("signed");
}

/** A store with the same records. */
async function copyOf(store: Store): Promise<Store> {
  const copy = memoryStore();
  await restore(copy, await dump(store));
  return copy;
}

describe("a backup", () => {
  test("is one file; whoever can open it finds the vault whole, without one at hand", async () => {
    const { custody, me } = await opened();
    await pay(me);
    const { file, receipt } = await b.take(me);
    const log = await f.checkedLog(custody);
    const report = await verifyBackup(file, b.key);
    expect(report).toMatchObject({
      vault: custody.id,
      logKey: custody.logKey,
      // All that was there when it was taken, the act that asked for it too; what was written since is its receipt.
      entries: log.length - 1,
      wallets: [{ name: "Main", kind: "privateKey" }],
      accounts: 1,
      bytes: file.length,
      behind: {},
    });
    expect(report).toMatchObject({ at: receipt.at, epoch: receipt.epoch, sha256: receipt.sha256 });
    expect(report).not.toHaveProperty("receipt");
  });

  test("to a passphrase opens with it alone", { timeout: 60_000 }, async () => {
    const { me } = await opened();
    const parts: Uint8Array[] = [];
    const outcome = await me.export({
      what: "backup",
      name: "paper",
      to: { passphrase: PASSPHRASE, workFactor: 17 },
      write: (chunk) => void parts.push(chunk),
    });
    expect(outcome).toMatchObject({ kind: "exported", exported: { name: "paper", to: "passphrase" } });
    expect((await verifyBackup(pieces(concat(...parts), 1000), { passphrase: PASSPHRASE })).accounts).toBe(1);
    expect(await f.codeOf(verifyBackup(concat(...parts), { passphrase: "another passphrase" }))).toBe("backup/cannot-open");
  });

  test("has what belongs to the vault and nothing else that lies in the store", async () => {
    const { me, store } = await opened();
    await pay(me);
    await store.commit([
      { key: "ab".repeat(32), to: new Uint8Array(400) },
      { key: "failures", to: utf8("3") },
    ]);
    const { file } = await b.take(me);
    expect((await verifyBackup(file, b.key)).entries).toBeGreaterThan(0);
    const inside = fromUtf8(await whole(await decryptAge(pieces(file), b.key)));
    expect(inside).not.toContain("failures");
    expect(inside).not.toContain("ab".repeat(32));
  });

  test("is in the log before anything leaves, with whom it is for, and its receipt when it is complete", async () => {
    const { custody, me } = await opened();
    const kinds: string[][] = [];
    const look = async (): Promise<void> => {
      const told: string[] = [];
      for await (const { kind } of custody.history()) told.push(kind);
      kinds.push(told.slice(-2));
    };
    await me.export({ what: "backup", name: "safe", to, write: look });
    expect(kinds[0]?.at(-1)).toBe("acted");
    expect(kinds.flat()).not.toContain("backup");
    const log = await f.checkedLog(custody);
    expect(log.at(-2)).toMatchObject({ kind: "acted", effects: [{ kind: "export", what: "backup" }] });
    expect(log.at(-2)).toMatchObject({ request: { payload: { act: "export", what: "backup", name: "safe", to: [b.recipient] } } });
    const [receipt] = await custody.backups();
    expect(log.at(-1)).toMatchObject({ kind: "backup", event: "taken", backup: { id: receipt?.id, sha256: receipt?.sha256, to: 1 } });
  });

  test("never brings its passphrase or its way in into the log, a record or an outcome", { timeout: 60_000 }, async () => {
    const { custody, me } = await opened();
    const parts: Uint8Array[] = [];
    const order = { passphrase: PASSPHRASE, workFactor: 17 };
    const outcome = await me.export({ what: "backup", name: "paper", to: order, write: (chunk) => void parts.push(chunk) });
    const inside = fromUtf8(await whole(await decryptAge(pieces(concat(...parts)), order)));
    const { secret, slot } = JSON.parse(inside.split("\n")[0] ?? "");
    const told = JSON.stringify([outcome, await f.checkedLog(custody), await custody.backups(), await custody.slots()]);
    for (const text of [PASSPHRASE, secret, slot.view, slot.sign, slot.publicKey]) expect(told).not.toContain(text);
    expect(await custody.slots()).toHaveLength(1);
  });

  test("of one vault is another file each time, with another way in", async () => {
    const { me } = await opened();
    const [one, two] = [await b.take(me), await b.take(me)];
    expect(one.receipt.id).not.toBe(two.receipt.id);
    const slots = await Promise.all(
      [one, two].map(async ({ file }) => JSON.parse(fromUtf8(await whole(await decryptAge(pieces(file), b.key))).split("\n")[0] ?? "")),
    );
    expect(slots[0].secret).not.toBe(slots[1].secret);
    expect(slots[0].slot.publicKey).not.toBe(slots[1].slot.publicKey);
  });

  test("can be taken while the keys are being changed, and opens afterwards", async () => {
    const { custody, me, store } = await opened();
    await pay(me);
    const before = await b.take(me);
    let held = true;
    const slow = f.hooked(store, {
      before: ({ on }) => {
        if (on === "commit" && !held) throw f.broken();
      },
    });
    const other = await f.reopen(slow);
    held = false;
    custody.lock();
    held = true;
    expect((await other.me.submit({ act: "rotate" })).kind).toBe("done");
    const during = await b.take(other.me);
    await other.custody.finishRotation();
    const after = await b.take(other.me);
    for (const { file } of [before, during, after]) {
      const { behind } = await other.custody.verifyBackup(file, b.key);
      expect(behind.vault).toBeGreaterThan(0);
    }
  });
});

describe("asking for a backup", () => {
  const denied = async (rules: readonly object[]) => {
    const { me } = await f.openCustody({ policy: g.team([...rules, g.edit]) });
    const left: Uint8Array[] = [];
    const outcome = await me.export({ what: "backup", name: "safe", to, write: (chunk) => void left.push(chunk) });
    expect(left).toEqual([]);
    return g.reasonOf(outcome);
  };

  test("is denied where no rule allows it", async () => {
    expect(await denied([{ id: "care", allow: ["restore"] }])).toBe("policy/not-allowed");
  });

  test("is denied with its own reason where nothing could ever allow a restore", async () => {
    expect(await denied([{ id: "care", allow: ["export"] }])).toBe("backup/no-restore");
    expect(
      await denied([
        { id: "care", allow: ["export", "restore"] },
        { id: "never", forbid: ["restore"] },
      ]),
    ).toBe("backup/no-restore");
    expect(
      await denied([
        { id: "care", allow: ["export"] },
        { id: "two", require: ["restore"], approvals: g.twoOfFinance },
      ]),
    ).toBe("backup/no-restore");
  });

  test("waits for people, who see for whom it is; the same request collects it, once, and another recipient is another request", async () => {
    const { custody, me } = await opened([{ id: "two", require: ["export"], when: { what: "backup" }, approvals: g.twoOfFinance }]);
    const ask = (more: object = {}) => {
      const parts: Uint8Array[] = [];
      const request = { what: "backup", name: "safe", to, write: (chunk: Uint8Array) => void parts.push(chunk), ...more } as const;
      return me.export(request).then((outcome) => ({ outcome, parts }));
    };
    const id = g.asked((await ask()).outcome);
    expect(JSON.stringify(await custody.pending())).toContain(b.recipient);
    for (const who of [f.ana, f.ben]) await g.vote(custody, id, who);
    const theirs = await ask({ to: { passphrase: PASSPHRASE } });
    expect([theirs.outcome.kind, theirs.parts]).toEqual(["pending", []]);
    const { outcome, parts } = await ask();
    expect(outcome.kind).toBe("exported");
    expect((await verifyBackup(concat(...parts), b.key)).vault).toBe(custody.id);
    expect((await ask()).outcome.kind).toBe("pending");
  });

  test.each<[string, object, string]>([
    ["no name", { name: undefined }, "request/malformed"],
    ["a name that is none", { name: "" }, "request/malformed"],
    ["nobody", { to: undefined }, "request/malformed"],
    ["no recipients", { to: { recipients: [] } }, "request/malformed"],
    ["a passphrase and recipients", { to: { passphrase: PASSPHRASE, recipients: [b.recipient] } }, "request/malformed"],
    ["a member that nobody reads", { to: { recipients: [b.recipient], pass: "x" } }, "request/malformed"],
    ["another member that nobody reads", { passphrase: PASSPHRASE }, "request/malformed"],
    ["a recipient that is none", { to: { recipients: ["age1"] } }, "request/malformed"],
    ["a recipient with a wrong checksum", { to: { recipients: [`age1${"q".repeat(58)}`] } }, "backup/bad-key"],
    ["a short passphrase", { to: { passphrase: "short" } }, "backup/weak-passphrase"],
    ["a cheap passphrase", { to: { passphrase: PASSPHRASE, workFactor: 10 } }, "backup/kdf-out-of-bounds"],
    ["nowhere to write", { write: undefined }, "request/malformed"],
    ["a signal that is none", { signal: {} }, "request/malformed"],
  ])("is refused with %s, before anybody is asked", async (_, more, code) => {
    const { custody, me } = await opened();
    expect(await f.codeOf(me.export({ what: "backup", name: "safe", to, write, ...more } as never))).toBe(code);
    expect(await custody.backups()).toEqual([]);
    expect((await f.checkedLog(custody)).some(({ kind }) => kind === "acted")).toBe(false);
  });

  test("by a vault that was opened to view is refused", async () => {
    const { store } = await opened();
    const custody = keyward({ chains: [evm], store });
    await custody.unlock(f.slot, { access: "view" });
    expect(await f.codeOf(custody.session({ person: "owner" }))).toBe("vault/view-only");
  });
});

describe("a backup that does not get done", () => {
  async function fails(custody: Custody, run: () => Promise<unknown>): Promise<string> {
    const code = await f.codeOf(run());
    if (custody.state === "open") expect(await custody.backups()).toEqual([]);
    return code;
  }

  test("is stopped by its signal: before, while it copies, and while it writes", async () => {
    const { custody, me } = await opened();
    await pay(me);
    expect(await fails(custody, () => b.take(me, { signal: AbortSignal.abort() }))).toBe("backup/aborted");
    for (const when of [0, 0.1, 0.4, 0.8]) {
      const stop = new AbortController();
      const onProgress = (done: number) => {
        if (done >= when) stop.abort();
      };
      const order = { what: "backup", name: "safe", to, write, signal: stop.signal, onProgress } as const;
      expect([when, await fails(custody, () => me.export(order))]).toEqual([when, "backup/aborted"]);
    }
    await f.checkedLog(custody);
  });

  test("ends with a lock, and has no receipt", async () => {
    const { custody, me, store } = await opened();
    await pay(me);
    const order = { what: "backup", name: "safe", to, write: () => custody.lock() } as const;
    expect(await fails(custody, () => me.export(order))).toBe("vault/locked");
    expect(await (await f.reopen(store)).custody.backups()).toEqual([]);
  });

  test("says why its file could not be written", async () => {
    const { custody, me } = await opened();
    const full = () => Promise.reject(f.broken());
    expect(await fails(custody, () => me.export({ what: "backup", name: "safe", to, write: full }))).toBe("store/failed");
    const thrown = () => {
      throw new Error("the disk is full");
    };
    expect(await fails(custody, () => me.export({ what: "backup", name: "safe", to, write: thrown }))).toBe("vault/aborted");
  });

  test("is none where the store lost or changed a record: nothing of it is handed out", async () => {
    const { custody, me, store } = await opened();
    await pay(me);
    const records = await dump(store);
    let refused = 0;
    for (const [key, value, change] of [...records].flatMap((one) => [[...one, "lost"] as const, [...one, "changed"] as const])) {
      if (key === "root") continue;
      const broken = await copyOf(store);
      const other = await f.reopen(broken);
      const left: Uint8Array[] = [];
      const at = value.length - 1;
      await broken.commit([{ key, to: change === "lost" ? null : value.with(at, (value[at] ?? 0) ^ 1) }]);
      const order = { what: "backup", name: "safe", to, write: (chunk: Uint8Array) => void left.push(chunk) } as const;
      const code = await f.codeOf(other.me.export(order));
      // What the commit that logs it writes anew is whole again.
      if (code === "nothing was thrown") {
        await verifyBackup(concat(...left), b.key);
        continue;
      }
      refused++;
      expect([key, code, left]).toEqual([key, expect.stringMatching(/^(vault|log|backup)\/damaged$/), []]);
    }
    expect(refused).toBeGreaterThan(records.size);
    custody.lock();
  });
});

describe("receipts", () => {
  test("say what there is; a vault without one says so", async () => {
    const { custody, me, store } = await opened();
    expect(await custody.backups()).toEqual([]);
    expect(await custody.diagnose()).toContain("backups none");
    const one = await b.take(me, { name: "first" });
    await pay(me);
    const two = await b.take(me, { name: "second" });
    expect(await custody.backups()).toEqual([one.receipt, two.receipt]);
    expect(await custody.diagnose()).toMatch(/backups 2, 0 of them verified/);
    await custody.verifyBackup(two.file, b.key);
    expect(await custody.diagnose()).toMatch(/backups 2, 1 of them verified/);
    const viewing = keyward({ chains: [evm], store });
    await viewing.unlock(f.slot, { access: "view" });
    expect((await viewing.backups()).map(({ name }) => name)).toEqual(["first", "second"]);
  });

  test("remember when a backup was last verified, and the log tells of it", async () => {
    const { custody, me } = await opened();
    const { file, receipt } = await b.take(me);
    const report = await custody.verifyBackup(file, b.key);
    expect(report.receipt).toMatchObject({ id: receipt.id, verified: expect.any(Number) });
    expect(await custody.backups()).toEqual([report.receipt]);
    expect((await f.checkedLog(custody)).at(-1)).toMatchObject({
      kind: "backup",
      event: "verified",
      backup: { id: receipt.id, sha256: receipt.sha256 },
    });
  });

  test("know the very file: nothing is written for another one, nor by a vault that was opened to view", async () => {
    const { custody, me, store } = await opened();
    const { file } = await b.take(me);
    const inside = await whole(await decryptAge(pieces(file), b.key));
    const { encryptAge } = await import("../../src/backup/age.ts");
    const again = await whole(await encryptAge(pieces(inside), to));
    const viewing = keyward({ chains: [evm], store });
    await viewing.unlock(f.slot, { access: "view" });
    expect((await viewing.verifyBackup(file, b.key)).behind).toEqual({ vault: 1 });
    expect(await custody.verifyBackup(again, b.key)).not.toHaveProperty("receipt");
    expect((await custody.backups())[0]).not.toHaveProperty("verified");
  });
});

describe("verifying against what is known", () => {
  test("says how far behind the vault a backup is, and which wallets it lacks", async () => {
    const { custody, me } = await opened();
    const { file } = await b.take(me);
    await pay(me);
    const before = (await f.checkedLog(custody)).length;
    const wallet = { from: "privateKey", privateKey: new Uint8Array(32).fill(9) } as const;
    expect((await me.submit({ act: "import", name: "second", wallet })).kind).toBe("done");
    const report = await custody.verifyBackup(file, b.key);
    expect(report.behind.vault).toBe(before + 1 - report.entries);
    expect(report.lacks).toMatchObject([{ name: "second" }]);
  });

  test("of a store that was put back the backup is ahead, until something is written there: then it is another history", async () => {
    const { custody, me, store } = await opened();
    const old = await copyOf(store);
    await pay(me);
    const { file } = await b.take(me);
    custody.lock();
    const viewing = keyward({ chains: [evm], store: old });
    await viewing.unlock(f.slot, { access: "view" });
    expect((await viewing.verifyBackup(file, b.key)).behind.vault).toBeLessThan(0);
    const back = await f.reopen(old);
    expect(await f.codeOf(back.custody.verifyBackup(file, b.key))).toBe("backup/foreign");
  });

  test("refuses a backup of another vault, or of another history of this one", async () => {
    const { custody, me, store } = await opened();
    const other = await opened();
    expect(await f.codeOf(custody.verifyBackup((await b.take(other.me)).file, b.key))).toBe("backup/foreign");
    const fork = await f.reopen(await copyOf(store));
    await pay(fork.me);
    const { file } = await b.take(fork.me);
    await pay(me, 7);
    expect(await f.codeOf(custody.verifyBackup(file, b.key))).toBe("backup/foreign");
    expect((await custody.backups()).length).toBe(0);
  });

  test("holds it to a checkpoint that was kept: before it, of it, after it, and of another", async () => {
    const { custody, me } = await opened();
    const before = await custody.checkpoint();
    const { file } = await b.take(me);
    await pay(me);
    const after = await custody.checkpoint();
    const behind = async (checkpoint: string) => (await verifyBackup(file, b.key, { checkpoint })).behind.checkpoint;
    expect(await behind(before)).toBe(-1);
    expect(await behind(after)).toBeGreaterThan(1);
    const { custody: other } = await opened();
    expect(await f.codeOf(verifyBackup(file, b.key, { checkpoint: await other.checkpoint() }))).toBe("backup/foreign");
    expect(await f.codeOf(verifyBackup(file, b.key, { checkpoint: "none" }))).toBe("log/malformed");
    expect(await f.codeOf(verifyBackup(file, b.key, { checkpoint: 5 as never }))).toBe("request/malformed");
  });

  test("follows keys that were changed since", async () => {
    const { custody, me } = await opened();
    const before = await custody.checkpoint();
    const { file } = await b.take(me);
    const second = rawSlot(keyOf(5));
    expect((await me.submit({ act: "slotChange", what: "add-sign", name: "desk", slot: second })).kind).toBe("done");
    expect((await me.submit({ act: "rotate" })).kind).toBe("done");
    await custody.finishRotation();
    expect((await custody.verifyBackup(file, b.key)).receipt).toBeDefined();
    const later = await b.take(me);
    expect((await verifyBackup(later.file, b.key, { checkpoint: before })).behind.checkpoint).toBeLessThan(0);
    // Signed by a key that the older backup cannot know.
    expect(await f.codeOf(verifyBackup(file, b.key, { checkpoint: await custody.checkpoint() }))).toBe("backup/foreign");
  });

  test("is stopped by its signal, and tells how far it is", async () => {
    const { me } = await opened();
    const { file } = await b.take(me);
    const told: number[] = [];
    await verifyBackup(file, b.key, { onProgress: (done) => told.push(done) });
    expect(told).toEqual([...told].sort((one, two) => one - two));
    expect(await f.codeOf(verifyBackup(file, b.key, { signal: AbortSignal.abort() }))).toBe("backup/aborted");
    const stop = new AbortController();
    const stopped = verifyBackup(file, b.key, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(await f.codeOf(stopped)).toBe("backup/aborted");
  });

  test("refuses what is no file, key or option", async () => {
    for (const given of [undefined, null, 5, "age", {}])
      expect(await f.codeOf(verifyBackup(given as never, b.key))).toBe("request/malformed");
    const { file } = await b.take((await opened()).me);
    expect(await f.codeOf(verifyBackup(file, { identities: ["x"] }))).toBe("backup/bad-key");
    expect(await f.codeOf(verifyBackup(file, {} as never))).toBe("backup/bad-key");
    async function* texts(): AsyncGenerator<never> {
      yield "age" as never;
    }
    expect(await f.codeOf(verifyBackup(texts(), b.key))).toBe("request/malformed");
    expect(await f.codeOf(verifyBackup(file, b.key, null as never))).toBe("request/malformed");
  });
});

describe("progress of a backup", () => {
  test("goes from nothing to all, and never back", async () => {
    const { me } = await opened();
    await pay(me);
    const told: number[] = [];
    await me.export({ what: "backup", name: "safe", to, write, onProgress: (done) => told.push(done) });
    expect(told).toEqual([...told].sort((one, two) => one - two));
    expect([(told[0] ?? 1) < 0.1, told.at(-1)]).toEqual([true, 1]);
  });
});
