import { describe, expect, test } from "vitest";
import { verifyConsistencyProof, verifyEntryProof, verifyLog } from "../../src/audit/index.ts";
import { canonical } from "../../src/base/canonical.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { type ActRequest, type Custody, keyward, type Session, type Slot } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/memory.ts";
import { dump, keyOf, rawSlot, restore } from "../vault/setting.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const [second, third] = [rawSlot(keyOf(5)), rawSlot(keyOf(6))] as [Slot, Slot];
const OWNER: readonly object[] = [{ id: "ways", allow: ["slotChange", "rotate"], when: { requester: "owner" } }];
const add = (what: "add-sign" | "add-view", name: string, slot: Slot): ActRequest => ({ act: "slotChange", what, name, slot });

async function opened(rules: readonly object[] = OWNER) {
  return f.openCustody({ policy: g.team([...rules, g.edit]) });
}

/** Opens the vault in the same store by another way, and says how far. */
async function opens(store: f.Opened["store"], slot: Slot): Promise<string> {
  const custody = keyward({ chains: [evm], store, autoLockMs: Number.POSITIVE_INFINITY });
  const code = await f.codeOf(custody.unlock(slot));
  if (code !== "nothing was thrown") return code;
  const sign = await f.codeOf(custody.checkpoint());
  custody.lock();
  return sign === "nothing was thrown" ? "signs" : sign;
}

/** Tabs that share a store lock together: what is open stays so where a copy is tried. */
async function copyOpens(store: f.Opened["store"], slot: Slot): Promise<string> {
  const copy = memoryStore();
  await restore(copy, await dump(store));
  return opens(copy, slot);
}

const idOf = async (custody: Custody, name: string): Promise<string> =>
  (await custody.slots()).find((slot) => slot.name === name)?.id ?? "";

describe("ways into the vault", () => {
  test("are added, renamed, replaced and removed as acts, listed with their names, each with its entry", async () => {
    const { custody, me, store } = await opened();
    expect((await me.submit(add("add-sign", "laptop", second))).kind).toBe("done");
    expect((await me.submit(add("add-view", "auditor", third))).kind).toBe("done");
    expect((await custody.slots()).map(({ name, access }) => `${name} ${access}`)).toEqual(["raw sign", "laptop sign", "auditor view"]);
    expect([await copyOpens(store, second), await copyOpens(store, third)]).toEqual(["signs", "vault/view-only"]);
    const of = await idOf(custody, "laptop");
    expect((await me.submit({ act: "slotChange", what: "rename", of, name: "desk" })).kind).toBe("done");
    expect((await me.submit({ act: "slotChange", what: "replace", of, slot: rawSlot(keyOf(9)) })).kind).toBe("done");
    expect([await copyOpens(store, second), await copyOpens(store, rawSlot(keyOf(9)))]).toEqual(["vault/cannot-open", "signs"]);
    const gone = await idOf(custody, "auditor");
    expect(await me.submit({ act: "slotChange", what: "remove", of: gone })).toMatchObject({
      kind: "done",
      result: { slot: gone, keyEpoch: 2 },
    });
    await custody.finishRotation();
    expect([custody.rotating, await copyOpens(store, third), await copyOpens(store, f.slot)]).toEqual([
      false,
      "vault/cannot-open",
      "signs",
    ]);
    expect((await custody.slots()).map(({ name }) => name)).toEqual(["raw", "desk"]);
    const log = await f.checkedLog(custody);
    const whats = log.flatMap(({ kind, effects }) =>
      kind === "acted" ? (effects as readonly { what: string }[]).map(({ what }) => what) : [],
    );
    expect(whats).toEqual(["add-sign", "add-view", "rename", "replace", "remove"]);
  });

  test("that nobody allows are denied, and nothing of them stays", async () => {
    const { custody, me, store } = await opened([]);
    for (const act of [
      add("add-view", "phone", second),
      { act: "rotate" } as const,
      { act: "slotChange", what: "remove", of: "00".repeat(8) } as const,
    ])
      expect(g.reasonOf(await me.submit(act))).toBe("policy/not-allowed");
    expect([(await custody.slots()).length, await opens(store, second)]).toEqual([1, "vault/cannot-open"]);
  });

  test("are judged by what they are: a rule lets view in and asks two for more", async () => {
    const rules = [
      { id: "ways", allow: ["slotChange"], when: { requester: "owner" } },
      { id: "more", require: ["slotChange"], when: { not: { what: "add-view" } }, approvals: g.twoOfFinance },
    ];
    const { custody, me, store } = await opened(rules);
    expect((await me.submit(add("add-view", "phone", second))).kind).toBe("done");
    let enrolled = 0;
    const counted: Slot = {
      ...third,
      enrol: (context) => {
        enrolled++;
        return third.enrol(context);
      },
    };
    const id = g.asked(await me.submit(add("add-sign", "laptop", counted)));
    expect(await opens(store, third)).toBe("vault/cannot-open");
    for (const who of [f.ana, f.ben]) await (await g.sessionOf(custody, who)).approve(id, { credential: who.credential });
    expect((await me.resume(id)).kind).toBe("done");
    // What was approved is the slot that was enrolled when it was asked for: its holder was needed once.
    expect([enrolled, await opens(store, third)]).toEqual([1, "signs"]);
  });

  test("that waited and were refused or taken back cannot come in later", async () => {
    const rules = [...OWNER, { id: "two", require: ["slotChange"], approvals: g.twoOfFinance }];
    const { custody, me, store } = await opened(rules);
    const id = g.asked(await me.submit(add("add-sign", "laptop", second)));
    await me.withdraw(id);
    expect([await f.codeOf(me.resume(id)), await opens(store, second)]).toEqual(["pending/no-such-request", "vault/cannot-open"]);
    expect((await custody.slots()).length).toBe(1);
  });

  test("that make no sense are refused with their reason, and the last one that signs stays", async () => {
    const { custody, me } = await opened();
    const own = await idOf(custody, "raw");
    const code = (act: ActRequest) => f.codeOf(me.submit(act));
    expect(await code({ act: "slotChange", what: "remove", of: own })).toBe("vault/last-slot");
    expect(await code({ act: "slotChange", what: "remove", of: "00".repeat(8) })).toBe("vault/no-such-slot");
    expect(await code({ act: "slotChange", what: "rename", of: own, name: "raw" })).toBe("vault/already-there");
    expect(await code(add("add-sign", "twin", f.slot))).toBe("vault/already-there");
    expect(await code(add("add-sign", "", second))).toBe("request/malformed");
    expect(await code({ act: "slotChange", what: "more" } as unknown as ActRequest)).toBe("request/malformed");
    const device: Slot = { ...second, kind: "device", access: "view" };
    expect(await code(add("add-sign", "device", device))).toBe("vault/weak-slot");
    expect((await me.submit(add("add-view", "device", device))).kind).toBe("done");
    const fresh = keyward({ chains: [evm], store: f.hooked((await f.openCustody()).store, {}) });
    expect(await f.codeOf(fresh.create({ slot: device, policy: f.payments() }))).toBe("vault/exists");
  });

  test("are there in clear for a rehearsal, opened or not, and what is handed out is a copy", async () => {
    const { custody, me, store } = await opened();
    await me.submit(add("add-sign", "laptop", second));
    const header = await custody.publicHeader();
    expect(header).toMatchObject({ id: custody.id, slots: [{ kind: "raw" }, { kind: "raw" }] });
    expect(Object.keys(header.slots[1] ?? {}).sort()).toEqual(["id", "kind", "parameters", "publicKey"]);
    Object.assign(header.slots[1]?.parameters ?? {}, { changed: true });
    const locked = keyward({ chains: [evm], store });
    const expected = await custody.publicHeader();
    expect(JSON.stringify(expected)).not.toContain("changed");
    expect(await locked.publicHeader()).toEqual(expected);
    expect(await f.codeOf(keyward({ chains: [evm], store: memoryStore() }).publicHeader())).toBe("vault/absent");
  });

  test("secrets of slots are in no entry, request or record that is shown", async () => {
    const rules = [...OWNER, { id: "two", require: ["slotChange"], approvals: g.twoOfFinance }];
    const { custody, me } = await opened(rules);
    await me.submit(add("add-sign", "laptop", second));
    const told = JSON.stringify([await f.checkedLog(custody), await custody.pending(), await custody.slots()]);
    expect(told).toContain("laptop");
    expect(told).not.toContain("05".repeat(32));
  });
});

describe("rotating the keys", () => {
  test("is an act; wallets sign afterwards, and the log tells which key signs it from then on", async () => {
    const { custody, me, store } = await opened();
    const before = custody.logKey;
    expect((await me.submit(add("add-sign", "laptop", second))).kind).toBe("done");
    expect(await me.submit({ act: "rotate" })).toMatchObject({ kind: "done", result: { keyEpoch: 2 } });
    expect((await me.sign(f.request(f.transaction({ value: 5n })))).kind).toBe("signed");
    expect(custody.logKey).not.toBe(before);
    const [told] = (await f.checkedLog(custody)).filter(({ kind }) => kind === "rotated");
    expect(told).toMatchObject({ keys: { epoch: 2, logKey: custody.logKey, handover: expect.stringContaining(before) } });
    await custody.finishRotation();
    for (const slot of [f.slot, second]) expect(await opens(store, slot)).toBe("signs");
    const { custody: last } = await f.reopen(store);
    const ids = (await last.slots()).map(({ id }) => id);
    const openings = (await f.checkedLog(last)).filter(({ kind }) => kind === "opened").map(({ slot }) => ids.indexOf(String(slot)));
    expect(openings).toEqual([0, 1, 0]);
  });

  test("leaves whoever kept an earlier log key or checkpoint able to follow, and nobody able to slip in a key of their own", async () => {
    const { custody, me } = await opened();
    const [first, kept] = [custody.logKey, await custody.checkpoint()];
    for (let times = 0; times < 2; times++) await me.submit({ act: "rotate" });
    await custody.finishRotation();
    await me.sign(f.request(f.transaction({ value: 5n })));
    const lines: string[] = [];
    for await (const line of custody.exportLog()) lines.push(line);
    const check = (vkey: string, text = lines) => verifyLog(text, { vkey, checkpoints: [kept] });
    for (const vkey of [first, custody.logKey]) expect(await check(vkey)).toMatchObject({ ok: true, pinned: true, continues: 1 });
    const [proof, entry] = [await custody.proveConsistency(kept), await custody.proveEntry(0)];
    for (const vkey of [first, custody.logKey]) {
      expect(verifyConsistencyProof(proof, vkey, kept)).toMatchObject({ ok: true });
      expect(verifyEntryProof(entry, vkey)).toMatchObject({ ok: true, entry: { kind: "created" } });
    }
    const { custody: theirs, me: them } = await opened();
    await them.submit({ act: "rotate" });
    const stranger = theirs.logKey;
    for (const answer of [verifyConsistencyProof(proof, stranger), verifyEntryProof(entry, stranger)])
      expect(answer).toMatchObject({ ok: false, code: "log/bad-signature" });
    expect(await check(stranger)).toMatchObject({ ok: false, problems: [{ code: "log/wrong-key" }] });
    // Without its middle, in another order, or with one that the key before did not sign, the chain leads nowhere.
    const { handovers, ...header } = JSON.parse(lines[0] ?? "") as { handovers: readonly string[] };
    const flipped = handovers.map((note) =>
      note.replace(/(.)(.{6})\n$/, (_, letter: string, rest: string) => `${letter === "A" ? "B" : "A"}${rest}\n`),
    );
    for (const others of [handovers.slice(1), handovers.toReversed(), flipped, [handovers[0], handovers[0]], []]) {
      const changed = canonical({ ...header, ...(others.length > 0 && { handovers: others as readonly string[] }) });
      expect(await check(first, [changed, ...lines.slice(1)])).toMatchObject({ ok: false });
    }
  });

  test("that was cut off by a lock goes on at the next opening", async () => {
    const { custody, me, store } = await opened();
    await me.submit({ act: "rotate" });
    custody.lock();
    const { custody: again } = await f.reopen(store);
    await again.finishRotation();
    expect(again.rotating).toBe(false);
    await f.checkedLog(again);
  });

  test("ends the work of whoever has the vault open elsewhere, with a code that says why", async () => {
    const { me, store } = await opened();
    const { me: other } = await f.reopen(store);
    await me.submit({ act: "rotate" });
    expect(await f.codeOf(other.sign(f.request(f.transaction({ value: 5n }))))).toBe("vault/rotated");
  });

  test("cannot be done by somebody who has a session and no rule", async () => {
    const { custody } = await opened();
    const dee: Session = await g.sessionOf(custody, f.dee);
    expect(g.reasonOf(await dee.submit({ act: "rotate" }))).toBe("policy/not-allowed");
  });
});
