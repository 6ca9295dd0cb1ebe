import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { type ActRequest, type Custody, keyward, passphrase, type Slot } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/memory.ts";
import { decodeHeader, HEADER_KEY } from "../../src/vault/header.ts";
import { Keyring } from "../../src/vault/keyring.ts";
import { createVault } from "../../src/vault/open.ts";
import { ROOT_KEY } from "../../src/vault/root.ts";
import { openSlots } from "../../src/vault/slots.ts";
import { freshStore } from "../here/fresh-store.ts";
import { cheap } from "../slots/setting.ts";
import { dump, keyOf, restore } from "../vault/setting.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const [laptop, fresh, auditor] = [cheap("the laptop's own"), cheap("the next laptop's"), cheap("an auditor's own")] as [Slot, Slot, Slot];
const ways = { id: "ways", allow: ["slotChange", "rotate"], when: { requester: ["owner", "role:finance"] } };
const slow = { id: "slow", require: ["slotChange"], when: { what: ["replace", "remove"] }, delay: "24h", expires: "14d" };

/** A vault with a laptop and an auditor beside the slot of all tests, which may be changed after a day. */
async function setting(rules: readonly object[] = [ways, slow, g.edit], more: object = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team(rules, more), store: clock.store, as: g.owner });
  const { custody, me } = opened;
  await me.submit({ act: "slotChange", what: "add-sign", name: "laptop", slot: laptop });
  await me.submit({ act: "slotChange", what: "add-view", name: "auditor", slot: auditor });
  const [, { id: of = "" } = {}, { id: viewing = "" } = {}] = await custody.slots();
  return { ...opened, clock, of, viewing };
}

const replacing = (of: string, more: object = {}): ActRequest => ({ act: "slotChange", what: "replace", of, slot: fresh, ...more });
const removing = (of: string): ActRequest => ({ act: "slotChange", what: "remove", of });

/** Of a copy: tabs that share a store lock together. */
async function opens(store: f.Opened["store"], slot: Slot): Promise<string> {
  const copy = memoryStore();
  await restore(copy, await dump(store));
  const custody = keyward({ chains: [evm], store: copy, autoLockMs: Number.POSITIVE_INFINITY });
  const code = await f.codeOf(custody.unlock(slot, { access: "view" }));
  custody.lock();
  return code;
}

/** Reads the root of now with the laptop's slot of a header from before. */
async function rootWith(older: ReadonlyMap<string, Uint8Array>, store: f.Opened["store"]): Promise<Uint8Array> {
  const header = decodeHeader(older.get(HEADER_KEY) ?? new Uint8Array());
  const { roots } = await openSlots(laptop, header, { access: "sign" }, (length) => new Uint8Array(length));
  return new Keyring(roots, header).open("root", ROOT_KEY, (await store.get(ROOT_KEY)) ?? new Uint8Array());
}

const last = async (custody: Custody) => (await f.checkedLog(custody)).at(-1);

describe("a passphrase that is changed", () => {
  test("touches no record: header and root are written, and nothing else", async () => {
    const store = freshStore();
    const vault = await createVault({ store, slots: [laptop], state: 0, records: { a: 1, b: 2 } });
    await vault.transact((tx) => tx.putSecret("wallet/1", keyOf(3)));
    const before = await dump(store);
    const enrolled = await vault.enrol(fresh);
    await vault.transact((tx) => tx.replaceSlot(vault.openedBy, enrolled));
    const after = await dump(store);
    expect([...after.keys()].filter((key) => String(after.get(key)) !== String(before.get(key))).sort()).toEqual(["root", "vault"]);
    expect(after.size).toBe(before.size);
  });

  test("opens by the new one alone; a copy from before opens by the former one, and so does what is written after it", async () => {
    const { custody, me, store, of } = await setting([ways, g.edit]);
    const older = await dump(store);
    expect(await me.submit(replacing(of))).toMatchObject({ kind: "done" });
    expect([await opens(store, fresh), await opens(store, laptop)]).toEqual(["nothing was thrown", "vault/cannot-open"]);
    expect((await custody.slots()).map(({ name }) => name)).toEqual(["raw", "laptop", "auditor"]);
    const copy = freshStore();
    await restore(copy, older);
    expect([await opens(copy, laptop), await opens(copy, fresh)]).toEqual(["nothing was thrown", "vault/cannot-open"]);
    // The keys are the same: with the header that it kept, the former one reads the root of now.
    expect((await rootWith(older, store)).length).toBeGreaterThan(0);
  });

  test("with rotate: true opens nothing that is written from then on, and everybody else still gets in", async () => {
    const { custody, me, store, of } = await setting([ways, g.edit]);
    const older = await dump(store);
    expect(await me.submit(replacing(of, { rotate: true }))).toMatchObject({ kind: "done", result: { keyEpoch: 2 } });
    await custody.finishRotation();
    for (const slot of [f.slot, fresh, auditor]) expect(await opens(store, slot)).toBe("nothing was thrown");
    expect(await opens(store, laptop)).toBe("vault/cannot-open");
    await expect(rootWith(older, store)).rejects.toMatchObject({ code: "vault/damaged" });
    const acted = (await f.checkedLog(custody)).findLast(({ kind }) => kind === "acted");
    expect(acted).toMatchObject({ effects: [{ kind: "slotChange", what: "replace" }, { kind: "rotate" }] });
  });

  test("rotates only where a rule lets rotate, and with nothing but true", async () => {
    const { me, of } = await setting([{ ...ways, allow: ["slotChange"] }, g.edit]);
    expect(g.reasonOf(await me.submit(replacing(of, { rotate: true })))).toBe("policy/not-allowed");
    for (const rotate of [false, 1, "true"]) expect(await f.codeOf(me.submit(replacing(of, { rotate })))).toBe("request/malformed");
    expect(await f.codeOf(me.submit({ ...removing(of), rotate: true } as never))).toBe("request/malformed");
    expect((await me.submit(replacing(of, { rotate: undefined }))).kind).toBe("done");
  });
});

describe("a way in that would be replaced or removed after a delay", () => {
  test.each(["replace", "remove"] as const)("can be kept by whoever opens it: %s", async (what) => {
    const { custody, me, store, of, clock } = await setting();
    const id = g.asked(await me.submit(what === "replace" ? replacing(of) : removing(of)));
    expect((await custody.pending())[0]).toMatchObject({ id, veto: { slot: of, name: "laptop" } });
    clock.pass(g.DAY - 1);
    expect((await me.resume(id)).kind).toBe("pending");
    const entry = await custody.veto(id, laptop);
    expect(await last(custody)).toMatchObject({ seq: entry, kind: "vetoed", pending: id, slot: of });
    clock.pass(g.DAY);
    expect([await f.codeOf(me.resume(id)), await custody.pending()]).toEqual(["pending/no-such-request", []]);
    expect([await opens(store, laptop), await opens(store, fresh)]).toEqual(["nothing was thrown", "vault/cannot-open"]);
    // What was enrolled for it is forgotten: it cannot come in by asking again with the same parameters.
    expect((await custody.slots()).length).toBe(3);
  });

  test("is replaced when nobody says no, and then its former holder says nothing any more", async () => {
    const { custody, me, store, of, clock } = await setting();
    const id = g.asked(await me.submit(replacing(of)));
    clock.pass(g.DAY);
    expect((await me.resume(id)).kind).toBe("done");
    expect(await f.codeOf(custody.veto(id, laptop))).toBe("pending/no-such-request");
    const [, { id: now = "" } = {}] = await custody.slots();
    const next = g.asked(await me.submit(removing(now)));
    expect(await f.codeOf(custody.veto(next, laptop))).toBe("vault/cannot-open");
    expect(await f.codeOf(custody.veto(next, fresh))).toBe("nothing was thrown");
    expect(await opens(store, fresh)).toBe("nothing was thrown");
  });

  test("can be kept until it is gone, also when the delay has run, and once per request", async () => {
    const { custody, me, of, clock } = await setting();
    const id = g.asked(await me.submit(removing(of)));
    clock.pass(5 * g.DAY);
    await custody.veto(id, laptop);
    expect(await f.codeOf(custody.veto(id, laptop))).toBe("pending/no-such-request");
    // Asked anew it waits anew, and can be kept anew.
    const again = g.asked(await me.submit(removing(of)));
    clock.pass(g.DAY);
    expect(await f.codeOf(custody.veto(again, laptop))).toBe("nothing was thrown");
    const expired = g.asked(await me.submit(removing(of)));
    clock.pass(14 * g.DAY);
    expect(await f.codeOf(custody.veto(expired, laptop))).toBe("pending/no-such-request");
  });

  test("is not kept by another way in, nor by a wrong one, which counts as an opening that failed", async () => {
    const { custody, me, store, of } = await setting();
    await me.submit({ act: "slotChange", what: "add-sign", name: "twin", slot: cheap("the laptop's own") });
    const id = g.asked(await me.submit(removing(of)));
    for (const slot of [f.slot, auditor, fresh, cheap("a wrong passphrase")])
      expect(await f.codeOf(custody.veto(id, slot))).toBe("vault/cannot-open");
    // The same passphrase in another slot does not stand before it.
    const twin = (await custody.slots())[3]?.id ?? "";
    const other = g.asked(await me.submit(removing(twin)));
    await custody.veto(other, cheap("the laptop's own"));
    expect((await custody.pending()).map((pending) => pending.id)).toEqual([id]);
    const { custody: again } = await f.reopen(store);
    expect((await f.checkedLog(again)).findLast(({ kind }) => kind === "opened")).toMatchObject({ failures: 4 });
  });

  test("that opens for viewing is kept by its holder as well, where somebody has the vault open to sign", async () => {
    const { custody, me, store, viewing } = await setting();
    const id = g.asked(await me.submit(removing(viewing)));
    const theirs = keyward({ chains: [evm], store, autoLockMs: Number.POSITIVE_INFINITY });
    await theirs.unlock(auditor);
    expect((await theirs.pending())[0]).toMatchObject({ veto: { slot: viewing, name: "auditor" } });
    expect(await f.codeOf(theirs.veto(id, auditor))).toBe("vault/view-only");
    expect(await f.codeOf(custody.veto(id, auditor))).toBe("nothing was thrown");
  });

  test("waits no shorter under a clock that is put back, and can be kept for all of that time", async () => {
    const { custody, me, of, clock } = await setting();
    const start = clock.now();
    const id = g.asked(await me.submit(removing(of)));
    clock.at(start + g.DAY - g.HOUR);
    await me.resume(id);
    clock.at(start - 30 * g.DAY);
    expect((await me.resume(id)).kind).toBe("pending");
    clock.at(start + g.DAY - 1);
    expect((await me.resume(id)).kind).toBe("pending");
    clock.at(start - g.DAY);
    await custody.veto(id, laptop);
    clock.at(start + 2 * g.DAY);
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });

  test("keeps its holder's no though an edit has taken the delay out of the policy", async () => {
    const { custody, me, of } = await setting([ways, slow, g.edit]);
    const id = g.asked(await me.submit(removing(of)));
    const policy = await g.changed(custody, (document) =>
      Object.assign(document, { rules: document.rules.filter((rule) => rule.id !== "slow") }),
    );
    expect((await me.submit({ act: "policyEdit", policy })).kind).toBe("done");
    expect(await f.codeOf(custody.veto(id, laptop))).toBe("nothing was thrown");
  });

  test("cannot be kept where several people take it away without a delay: a stolen one goes", async () => {
    const two = { id: "two", require: ["slotChange"], when: { requester: "role:finance", what: "remove" }, approvals: g.twoOfFinance };
    const ownerSlow = { ...slow, when: { requester: "owner", what: ["replace", "remove"] } };
    const { custody, of, store } = await setting([ways, ownerSlow, two, g.edit]);
    const ana = await g.sessionOf(custody, f.ana);
    const id = g.asked(await ana.submit(removing(of)));
    expect((await custody.pending())[0]).not.toHaveProperty("veto");
    expect(await f.codeOf(custody.veto(id, laptop))).toBe("approval/mismatch");
    for (const who of [f.ben, f.cyd]) await g.vote(custody, id, who);
    expect((await ana.resume(id)).kind).toBe("done");
    expect(await opens(store, laptop)).toBe("vault/cannot-open");
  });

  test("is the only thing that its holder can keep: no other request, whatever it waits for", async () => {
    const late = { id: "late", require: ["policyEdit", "transfer", "slotChange", "rotate"], delay: "24h" };
    const { custody, me, of, clock } = await setting([ways, g.edit]);
    const policy = await g.changed(custody, (document) => Object.assign(document, { rules: [...document.rules, late] }));
    await me.submit({ act: "policyEdit", policy });
    const asked = [
      await me.sign(g.payment()),
      await me.submit({ act: "rotate" }),
      await me.submit({ act: "slotChange", what: "rename", of, name: "desk" }),
      await me.submit({ act: "slotChange", what: "add-sign", name: "more", slot: fresh }),
      await me.submit({ act: "policyEdit", policy: { ...policy, name: "other" } } as never),
    ].map(g.asked);
    for (const id of asked) expect(await f.codeOf(custody.veto(id, laptop))).toBe("approval/mismatch");
    for (const id of ["", "ff".repeat(8), 5 as never]) expect(await f.codeOf(custody.veto(id, laptop))).toBe("pending/no-such-request");
    expect((await custody.pending()).filter((pending) => pending.veto !== undefined)).toEqual([]);
    clock.pass(g.DAY);
    for (const id of asked.slice(0, 4)) expect(["signed", "done"]).toContain((await me.resume(id)).kind);
  });

  test("stays gone where another request has replaced it while its holder was opening it", async () => {
    const { custody, me, of, clock } = await setting();
    const first = g.asked(await me.submit(replacing(of)));
    const second = g.asked(await me.submit(removing(of)));
    clock.pass(g.DAY);
    const racing: Slot = {
      ...laptop,
      open: async (...given) => {
        const secret = await laptop.open(...given);
        expect((await me.resume(first)).kind).toBe("done");
        return secret;
      },
    };
    expect(await f.codeOf(custody.veto(second, racing))).toBe("approval/mismatch");
    expect((await custody.pending())[0]).not.toHaveProperty("veto");
  });

  test("spends nothing while it waits, where the rules let it be taken away in a freeze alone", async () => {
    const frozen = { ...ways, allow: ["slotChange"], when: { ...ways.when, mode: "frozen" } };
    const clock = g.timed();
    const store = clock.store;
    const rules = [frozen, slow, { id: "mode", allow: ["modeChange"], when: { requester: "owner" } }];
    const { custody, me } = await f.openCustody({ policy: g.team(rules, { immutable: true }), store, as: g.owner });
    const [{ id: of = "" } = {}] = await custody.slots();
    expect(g.reasonOf(await me.submit(replacing(of)))).toBe("policy/not-allowed");
    await me.submit({ act: "modeChange", mode: "frozen" });
    const id = g.asked(await me.submit(replacing(of)));
    expect((await me.sign(g.payment())).kind).toBe("denied");
    clock.pass(g.DAY);
    await me.submit({ act: "modeChange", mode: "normal" });
    expect(g.reasonOf(await me.resume(id))).toBe("policy/not-allowed");
    await me.submit({ act: "modeChange", mode: "frozen" });
    expect((await me.resume(id)).kind).toBe("done");
  });
});

describe("a person's key that an edit changes", () => {
  const together = { id: "together", require: ["policyEdit"], approvals: [{ of: "finance", atLeast: 1 }], delay: "24h" };
  const renewed = async (custody: Custody) =>
    g.changed(custody, (document) => {
      const { people } = document as unknown as { people: Record<string, object[]> };
      people.ana = [{ kind: "secp256k1", publicKey: f.person("a new key").publicKey }];
    });

  test("is kept by everybody else whom the rules name, while it waits, and not by the old key alone", async () => {
    const { custody, me, clock } = await setting([g.edit, together]);
    const id = g.asked(await me.submit({ act: "policyEdit", policy: await renewed(custody) }));
    await g.vote(custody, id, f.ana, { answer: "no" });
    expect((await custody.pending()).map((pending) => pending.id)).toEqual([id]);
    await g.vote(custody, id, f.ben);
    clock.pass(g.DAY - 1);
    expect((await me.resume(id)).kind).toBe("pending");
    await g.vote(custody, id, f.cyd, { answer: "no" });
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });
});

test("what is no way in, no signal and no options is told at once", async () => {
  const { custody, me, of } = await setting();
  const id = g.asked(await me.submit(removing(of)));
  expect(await f.codeOf(custody.veto(id, {} as never))).toBe("request/malformed");
  expect(await f.codeOf(custody.veto(id, laptop, { signal: 5 as never }))).toBe("request/malformed");
  expect(await f.codeOf(custody.veto(id, laptop, { signal: AbortSignal.abort() }))).toBe("vault/aborted");
  expect(await f.codeOf(custody.veto(id, passphrase("too short", { kdf: () => Promise.reject(new Error("no")) })))).toBe("vault/aborted");
});
