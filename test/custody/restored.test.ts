import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { type ActRequest, approveOffline, type Custody, checkApprovalRequest, type Session } from "../../src/index.ts";
import { SEMANTICS } from "../../src/intent/semantics.ts";
import { openVault } from "../../src/vault/open.ts";
import { freshStore } from "../here/fresh-store.ts";
import { keyOf, rawSlot } from "../vault/setting.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";
import { type Backup, backupBy, chunksOf, custodyOn, mayRestore, newSlot, pay, restored } from "./restoring.ts";

const ETH = f.ETHER;
const windowed = f.ethLimit("10 ETH", "24h");
const lifetime = { id: "ever", limit: ["transfer"], when: { asset: "ETH" }, max: "100 ETH", ever: true };
const all: readonly object[] = [
  { id: "rest", allow: ["export", "import", "modeChange", "slotChange", "rotate"], when: { requester: "owner" } },
  { id: "restores", allow: ["restore"], when: { requester: "owner" } },
  g.edit,
];

/** A vault with these rules, its backup, and a store for what comes out of it on the same clock. */
async function backedUp(rules: readonly object[]) {
  const clock = g.timed();
  const made = await f.openCustody({ store: clock.store, as: g.owner, policy: g.team(rules) });
  await made.me.sign(pay(0, ETH));
  return { ...made, clock, backup: await backupBy(made.me) };
}

/** The vault that comes out of the backup, on a clock that runs on. */
async function back(backup: Backup, clock: { now: () => number }): Promise<{ custody: Custody; me: Session; store: f.Opened["store"] }> {
  const store = freshStore({ now: clock.now });
  const { custody } = await restored(backup, store);
  return { custody, me: await g.owner(custody), store };
}

const edited = (custody: Custody, rules: (rules: readonly { readonly id: string }[]) => readonly object[]) =>
  g.changed(custody, (document) => Object.assign(document, { rules: rules(document.rules) }));

describe("a vault that came out of a backup", () => {
  test("shows everything, signs nothing and does no act but restore, with its reason", async () => {
    const { backup, clock, custody: before } = await backedUp(all);
    const { custody, me } = await back(backup, clock);
    expect(await custody.accounts()).toEqual(await before.accounts());
    expect(await custody.restored()).toMatchObject({ made: clock.now(), full: [] });
    expect(await custody.diagnose()).toContain("restored from a backup, not allowed to sign yet");
    const acts: readonly ActRequest[] = [
      { act: "policyEdit", policy: await g.changed(custody, (document) => Object.assign(document, { name: "other" })) },
      { act: "modeChange", mode: "frozen" },
      { act: "import", name: "More", wallet: { from: "generate" } },
      { act: "rotate" },
      { act: "slotChange", what: "add-sign", name: "laptop", slot: rawSlot(keyOf(9)) },
      { act: "slotChange", what: "remove", of: (await custody.slots())[0]?.id ?? "" },
    ];
    for (const act of acts) expect([act.act, g.reasonOf(await me.submit(act))]).toEqual([act.act, "vault/restored"]);
    expect(g.reasonOf(await me.sign(pay(1, 1n)))).toBe("vault/restored");
    // What the same bytes were signed for before the backup is not given again either.
    expect(g.reasonOf(await me.sign(pay(0, ETH)))).toBe("vault/restored");
    const file: Uint8Array[] = [];
    const to = { passphrase: "correct horse battery" };
    const outcome = await me.export({ what: "backup", name: "another", to, write: (chunk) => void file.push(chunk) });
    expect([g.reasonOf(outcome), file.length]).toEqual(["vault/restored", 0]);
    const explained = await me.explain(pay(1, 1n));
    expect(explained.judgement.reasons.map(({ code }) => code)).toEqual(["vault/restored"]);
    expect(explained.changes).toEqual([]);
    await f.checkedLog(custody);
    expect(await custody.policy()).toEqual(await before.policy());
  });

  test("whose policy lets nobody restore is denied that, and stays as it is", async () => {
    const rules = [
      ...all.filter((rule) => (rule as { id: string }).id !== "restores"),
      { id: "ana", allow: ["restore"], when: { requester: "ana" } },
    ];
    const { backup, clock } = await backedUp(rules);
    const { custody, me } = await back(backup, clock);
    expect(g.reasonOf(await me.submit({ act: "restore" }))).toBe("policy/not-allowed");
    expect(g.reasonOf(await me.sign(pay(1, 1n)))).toBe("vault/restored");
    expect((await (await g.sessionOf(custody, f.ana)).submit({ act: "restore" })).kind).toBe("done");
    expect((await me.sign(pay(1, 1n))).kind).toBe("signed");
  });

  test("waits for approvals and for time as the policy says, and whoever is named ends it by a no", async () => {
    const rules = [...all, { id: "two", require: ["restore"], approvals: g.twoOfFinance, delay: "24h" }];
    const { backup, clock } = await backedUp(rules);
    const { custody, me, store } = await back(backup, clock);
    const refused = g.asked(await me.submit({ act: "restore" }));
    await g.vote(custody, refused, f.cyd, { answer: "no" });
    expect(await f.codeOf(me.resume(refused))).toBe("pending/no-such-request");
    const id = g.asked(await me.submit({ act: "restore" }));
    for (const who of [f.ana, f.ben]) {
      // Read anew on a machine that has never seen the vault.
      const asked = checkApprovalRequest(JSON.parse(JSON.stringify(await custody.approvalRequest(id))), { chains: [evm] });
      expect(asked.effects).toMatchObject([{ kind: "restore" }]);
      await custody.submitApproval(id, await approveOffline(asked.statement, who.name, who.credential));
    }
    expect((await me.resume(id)).kind).toBe("pending");
    expect(g.reasonOf(await me.sign(pay(1, 1n)))).toBe("vault/restored");
    clock.pass(g.DAY);
    expect((await me.resume(id)).kind).toBe("done");
    expect((await me.sign(pay(1, 1n))).kind).toBe("signed");
    expect(g.reasonOf(await me.submit({ act: "restore" }))).toBe("vault/not-restored");
    custody.lock();
    const again = custodyOn(store);
    await again.unlock(newSlot);
    expect((await again.restored())?.allowed).toBeDefined();
    await f.checkedLog(again);
  });

  test("has nothing that waited, nobody's session and no answer of before", async () => {
    const rules = [...all, g.large(g.twoOfFinance)];
    const clock = g.timed();
    const { me, custody: before } = await f.openCustody({ store: clock.store, as: g.owner, policy: g.team(rules) });
    const id = g.asked(await me.sign(g.payment()));
    for (const who of [f.ana, f.ben]) await g.vote(before, id, who);
    const enrolling = [...rules, { id: "late", require: ["slotChange"], approvals: g.twoOfFinance }];
    expect((await me.submit({ act: "policyEdit", policy: g.team(enrolling) })).kind).toBe("done");
    g.asked(await me.submit({ act: "slotChange", what: "add-sign", name: "laptop", slot: rawSlot(keyOf(9)) }));
    const backup = await backupBy(me);
    const { custody, me: owner } = await back(backup, clock);
    expect([await custody.pending(), await f.codeOf(owner.resume(id))]).toEqual([[], "pending/no-such-request"]);
    expect((await owner.submit({ act: "restore" })).kind).toBe("done");
    // Asked anew, by another id: the answers of before are not its.
    const anew = g.asked(await owner.sign(g.payment()));
    expect(anew).not.toBe(id);
    expect((await owner.resume(anew)).kind).toBe("pending");
    const log = await f.checkedLog(custody);
    const at = log.findIndex(({ kind }) => kind === "restored");
    expect(f.kindsOf(log.slice(at, at + 6))).toBe("restored session expired expired rotated opened");
  });

  test("ends every other request to restore when one takes effect", async () => {
    const rules = [
      ...all,
      { id: "anas", allow: ["restore"], when: { requester: "ana" } },
      { id: "two", require: ["restore"], approvals: g.twoOfFinance },
    ];
    const { backup, clock } = await backedUp(rules);
    const { custody, me } = await back(backup, clock);
    const ana = await g.sessionOf(custody, f.ana);
    const [mine, hers] = [g.asked(await me.submit({ act: "restore" })), g.asked(await ana.submit({ act: "restore" }))];
    for (const who of [f.ben, f.cyd]) for (const id of [mine, hers]) await g.vote(custody, id, who);
    expect((await me.resume(mine)).kind).toBe("done");
    expect([await f.codeOf(ana.resume(hers)), await custody.pending()]).toEqual(["pending/no-such-request", []]);
  });

  test("under other semantics can be restored first, and then the policy accepted", async () => {
    const { backup, clock } = await backedUp(all);
    const store = freshStore({ now: clock.now });
    await custodyOn(store).restore(chunksOf(backup.file), { key: backup.key, slot: newSlot });
    const vault = await openVault({ store, slot: newSlot });
    await vault.transact((tx) => tx.setState({ ...(tx.state as object), semantics: SEMANTICS + 1 }));
    vault.lock();
    const custody = custodyOn(store);
    await custody.unlock(newSlot);
    const me = await g.owner(custody);
    const policy = (await custody.policy()).document;
    expect(g.reasonOf(await me.submit({ act: "policyEdit", policy }))).toBe("vault/restored");
    expect((await me.submit({ act: "restore" })).kind).toBe("done");
    expect(g.reasonOf(await me.sign(pay(1, 1n)))).toBe("policy/semantics");
    expect((await me.submit({ act: "policyEdit", policy })).kind).toBe("done");
    expect((await me.sign(pay(1, 1n))).kind).toBe("signed");
  });
});

test("a vault that did not come out of a backup has nothing to restore", async () => {
  const { custody, me } = await f.openCustody({ policy: g.team(all) });
  expect([g.reasonOf(await me.submit({ act: "restore" })), await custody.restored()]).toEqual(["vault/not-restored", undefined]);
  expect(await f.codeOf(me.submit({ act: "restore", now: true } as unknown as ActRequest))).toBe("request/malformed");
});

describe("limits of a vault that was restored", () => {
  test("are full from the moment that it was allowed, whatever is known to be spent, until their window has passed", async () => {
    const { backup, clock } = await backedUp([...all, windowed]);
    // The limit of the backup itself would be free by then.
    clock.pass(3 * g.DAY);
    const { custody, me } = await back(backup, clock);
    clock.pass(3 * g.DAY);
    expect((await me.submit({ act: "restore" })).kind).toBe("done");
    const { allowed = 0 } = (await custody.restored()) ?? {};
    expect(allowed).toBeGreaterThanOrEqual(clock.now());
    const explained = await me.explain(pay(1, 1n));
    expect(explained.judgement.reasons).toMatchObject([
      { code: "limit/exceeded", params: { used: (10n * ETH).toString(), freesAt: allowed + g.DAY } },
    ]);
    for (const ms of [0, g.HOUR, g.DAY - 2 * g.HOUR]) {
      clock.pass(ms);
      expect([ms, g.reasonOf(await me.sign(pay(1, 1n)))]).toEqual([ms, "limit/exceeded"]);
    }
    clock.at(allowed + g.DAY - 1);
    expect(g.reasonOf(await me.sign(pay(1, 1n)))).toBe("limit/exceeded");
    clock.at(allowed + g.DAY);
    expect((await me.sign(pay(1, 10n * ETH))).kind).toBe("signed");
    expect(g.reasonOf(await me.sign(pay(2, 1n)))).toBe("limit/exceeded");
    await f.checkedLog(custody);
  });

  test("of another window, of a later edit, and of modes are full for as long as theirs", async () => {
    const slowRules = f.payRules.map((rule) => ({ ...rule, id: `slow-${(rule as { id: string }).id}` }));
    const emergency = { modes: { emergency: { lasts: "30d", rules: [...slowRules, { ...f.ethLimit("1 ETH", "48h"), id: "slow" }] } } };
    const clock = g.timed();
    const { me: before } = await f.openCustody({ store: clock.store, as: g.owner, policy: g.team([...all, windowed], emergency) });
    const { custody, me } = await back(await backupBy(before), clock);
    await me.submit({ act: "restore" });
    const shorter = await edited(custody, (rules) => [
      ...rules.filter(({ id }) => id !== "eth-limit"),
      { ...f.ethLimit("2 ETH", "2h"), id: "new" },
    ]);
    expect(await me.submit({ act: "policyEdit", policy: shorter })).toMatchObject({ kind: "done" });
    expect(g.reasonOf(await me.sign(pay(1, 1n)))).toBe("limit/exceeded");
    clock.pass(2 * g.HOUR + 2000);
    expect((await me.sign(pay(1, 1n))).kind).toBe("signed");
    await me.submit({ act: "modeChange", mode: "emergency" });
    clock.pass(40 * g.HOUR);
    expect(g.reasonOf(await me.sign(pay(2, 1n)))).toBe("limit/exceeded");
    clock.pass(6 * g.HOUR);
    expect((await me.sign(pay(2, 1n))).kind).toBe("signed");
  });

  test("of a lifetime stay full until an edit writes them anew, which is an edit that loosens", async () => {
    const strict = { id: "loosening", require: ["policyEdit"], when: { direction: "loosens" }, approvals: g.twoOfFinance };
    const { backup, clock } = await backedUp([...all, lifetime, strict]);
    const { custody, me } = await back(backup, clock);
    expect(await me.submit({ act: "restore" })).toMatchObject({ kind: "done", result: { full: ["ever"] } });
    clock.pass(40 * g.DAY);
    expect(g.reasonOf(await (await g.owner(custody)).sign(pay(1, 1n)))).toBe("limit/exceeded");
    const owner = await g.owner(custody);
    // An edit that leaves it as it is frees nothing.
    const named = await edited(custody, (rules) => [...rules, { id: "more", forbid: ["deploy"] }]);
    expect((await owner.submit({ act: "policyEdit", policy: named })).kind).toBe("done");
    expect(g.reasonOf(await owner.sign(pay(1, 1n)))).toBe("limit/exceeded");
    // By itself this tightens; it frees what a restore has filled, so two have to agree.
    for (const [change, max] of [
      [{ ...lifetime, max: "99 ETH" }, 98n],
      [{ ...lifetime, id: "renamed" }, 99n],
    ] as const) {
      const policy = await edited(custody, (rules) => [...rules.filter(({ id }) => id !== "ever"), change]);
      const id = g.asked(await owner.submit({ act: "policyEdit", policy }));
      const asked = checkApprovalRequest(JSON.parse(JSON.stringify(await custody.approvalRequest(id))), { chains: [evm] });
      expect(asked.effects).toContainEqual(expect.objectContaining({ kind: "policyEdit", part: "rules", direction: "loosens" }));
      await owner.withdraw(id);
      if (max === 98n) continue;
      const again = g.asked(await owner.submit({ act: "policyEdit", policy }));
      for (const who of [f.ana, f.ben]) await g.vote(custody, again, who);
      expect((await owner.resume(again)).kind).toBe("done");
      // What this vault knows of counts: 1 ETH of before the backup.
      expect(g.reasonOf(await owner.sign(pay(1, max * ETH + 1n)))).toBe("limit/exceeded");
      expect((await owner.sign(pay(1, max * ETH))).kind).toBe("signed");
    }
    expect((await custody.restored())?.full).toEqual([]);
    await f.checkedLog(custody);
  });

  test("of a session count what that session asks for, and no more", async () => {
    const { backup, clock } = await backedUp(all);
    const { custody, me } = await back(backup, clock);
    await me.submit({ act: "restore" });
    const scope = { rules: [...f.payRules, { ...f.ethLimit("1 ETH", "1h"), id: "mine" }] };
    const narrow = await custody.session({ person: "owner", scope });
    expect((await narrow.sign(pay(1, ETH))).kind).toBe("signed");
    expect(g.reasonOf(await narrow.sign(pay(2, 1n)))).toBe("limit/exceeded");
  });

  test("are full again after a second restore, of a backup of the restored vault", async () => {
    const { backup, clock } = await backedUp([...all, windowed]);
    const first = await back(backup, clock);
    await first.me.submit({ act: "restore" });
    clock.pass(g.DAY + 2000);
    expect((await first.me.sign(pay(1, ETH))).kind).toBe("signed");
    const second = await back(await backupBy(first.me), clock);
    expect(g.reasonOf(await second.me.sign(pay(2, 1n)))).toBe("vault/restored");
    clock.pass(g.DAY);
    expect((await second.me.submit({ act: "restore" })).kind).toBe("done");
    expect(g.reasonOf(await second.me.sign(pay(2, 1n)))).toBe("limit/exceeded");
    clock.pass(g.DAY + 2000);
    expect((await second.me.sign(pay(2, ETH))).kind).toBe("signed");
    const log = await f.checkedLog(second.custody);
    expect(log.filter(({ kind }) => kind === "restored").map(({ event }) => event)).toEqual(["rebuilt", "allowed", "rebuilt", "allowed"]);
  });
});

test("mayRestore is enough for a backup and its restore", async () => {
  const { me } = await f.openCustody({ policy: f.payments(mayRestore) });
  const { me: again } = await restored(await backupBy(me));
  expect((await again.submit({ act: "restore" })).kind).toBe("done");
});
