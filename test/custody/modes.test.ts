import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { approveOffline, checkApprovalRequest } from "../../src/index.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const switches = { id: "switch", allow: ["modeChange"], when: { requester: "owner" } };
const stop = { id: "stop", allow: ["modeChange"], when: { requester: "dee", toMode: "frozen" } };
const emergency = {
  lasts: "6h",
  rules: [
    { id: "e-pay", allow: ["transfer"], when: { asset: "ETH", to: "other" } },
    { id: "e-fee", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.005 ETH" } } },
  ],
};

async function setting(rules: readonly object[] = [], modes: object = { emergency }) {
  const clock = g.timed();
  const policy = g.team([g.edit, switches, stop, ...rules], { modes });
  const opened = await f.openCustody({ policy, store: clock.store, as: g.owner });
  const { me, custody } = opened;
  const to = async (mode: string, session = me) => g.reasonOf(await session.submit({ act: "modeChange", mode }));
  const pay = async (nonce: number, address: string = f.FRIEND, value = 1n) =>
    g.reasonOf(await me.sign(g.payment(nonce, { to: address, value })));
  return { ...opened, clock, to, pay, mode: async () => (await custody.mode()).name };
}

describe("frozen", () => {
  test("signs nothing, whoever asks, and is there without being written", async () => {
    const { custody, to, pay, mode, me } = await setting([], {});
    expect(await pay(0)).toBe("signed");
    expect(await to("frozen")).toBe("done");
    expect(await mode()).toBe("frozen");
    expect(await pay(1)).toBe("policy/not-allowed");
    expect(g.reasonOf(await me.sign(f.request(f.usdc({ amount: 1n, nonce: 1 }))))).toBe("policy/not-allowed");
    const ana = await g.sessionOf(custody, f.ana);
    expect(g.reasonOf(await ana.sign(g.payment(1, { value: 1n })))).toBe("policy/not-allowed");
    expect(await to("normal")).toBe("done");
    expect(await pay(1)).toBe("signed");
    const log = await f.checkedLog(custody);
    expect(log.filter(({ kind }) => kind === "mode").map((entry) => entry.mode)).toEqual([{ name: "frozen" }, { name: "normal" }]);
  });

  test("does not give what was signed before again", async () => {
    const { to, pay } = await setting();
    expect(await pay(0)).toBe("signed");
    await to("frozen");
    expect(await pay(0)).toBe("policy/not-allowed");
    await to("normal");
    expect(await pay(0)).toBe("signed");
  });

  test("leaves acts to the top-level rules: the policy can be edited, and who may only stop cannot start again", async () => {
    const { custody, to, me, mode } = await setting();
    const dee = await g.sessionOf(custody, f.dee);
    const ana = await g.sessionOf(custody, f.ana);
    expect(await to("frozen", ana)).toBe("policy/not-allowed");
    expect(await to("emergency", dee)).toBe("policy/not-allowed");
    expect(await to("frozen", dee)).toBe("done");
    expect(await to("normal", dee)).toBe("policy/not-allowed");
    expect((await me.submit({ act: "policyEdit", policy: g.team([g.edit, switches]) })).kind).toBe("done");
    expect(await mode()).toBe("frozen");
    expect(await to("normal", dee)).toBe("policy/not-allowed");
    expect(await to("normal")).toBe("done");
    expect(await to("frozen", dee)).toBe("policy/not-allowed");
    await f.checkedLog(custody);
  });

  test("comes back after an emergency that began from it has run out", async () => {
    const { to, mode, clock, pay } = await setting();
    await to("frozen");
    expect(await to("emergency")).toBe("done");
    expect(await to("emergency")).toBe("done");
    clock.pass(6 * g.HOUR);
    expect(await mode()).toBe("frozen");
    expect(await pay(0)).toBe("policy/not-allowed");
    await to("normal");
    await to("emergency");
    clock.pass(6 * g.HOUR);
    expect(await mode()).toBe("normal");
  });

  test("outlasts a restart", async () => {
    const { custody, to, store } = await setting();
    await to("frozen");
    custody.lock();
    const again = await f.reopen(store);
    expect(g.reasonOf(await again.me.sign(g.payment(0, { value: 1n })))).toBe("policy/not-allowed");
    expect((await again.custody.mode()).name).toBe("frozen");
  });

  test("stops a request with all its approvals, which it has again afterwards", async () => {
    const { custody, me, to } = await setting([g.large(g.twoOfFinance)]);
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana);
    await g.vote(custody, id, f.ben);
    await to("frozen");
    expect(g.reasonOf(await me.resume(id))).toBe("policy/not-allowed");
    await to("normal");
    expect((await me.resume(id)).kind).toBe("signed");
    await f.checkedLog(custody);
  });

  test("takes no mode that the policy does not have, and writes that down", async () => {
    const { custody, me, mode } = await setting();
    for (const name of ["nowhere", "constructor", ""]) {
      expect(g.reasonOf(await me.submit({ act: "modeChange", mode: name }))).toBe("policy/unknown-mode");
    }
    expect(await custody.pending()).toEqual([]);
    expect(await mode()).toBe("normal");
    expect((await f.checkedLog(custody)).filter(({ kind }) => kind === "denied")).toHaveLength(3);
  });

  test("waits as long as the rule says to be left", async () => {
    const slow = { id: "unfreeze", require: ["modeChange"], when: { not: { toMode: "frozen" } }, delay: "24h" };
    const { me, to, mode, clock } = await setting([slow]);
    expect(await to("frozen")).toBe("done");
    const id = g.asked(await me.submit({ act: "modeChange", mode: "normal" }));
    clock.pass(g.DAY - 1);
    expect((await me.resume(id)).kind).toBe("pending");
    expect(await mode()).toBe("frozen");
    clock.pass(1);
    expect((await me.resume(id)).kind).toBe("done");
    expect(await mode()).toBe("normal");
  });
});

describe("leaving a mode with approvals", () => {
  const together = { id: "unfreeze", require: ["modeChange"], when: { not: { toMode: "frozen" } }, approvals: g.twoOfFinance };

  test("is for the mode that held when they were given: a later freeze is another one", async () => {
    const { custody, me, to, mode, clock } = await setting([together]);
    await to("frozen");
    const id = g.asked(await me.submit({ act: "modeChange", mode: "normal" }));
    for (const person of [f.ana, f.ben]) await g.vote(custody, id, person);
    const again = g.asked(await me.submit({ act: "modeChange", mode: "emergency" }));
    for (const person of [f.ana, f.ben]) await g.vote(custody, again, person);
    clock.pass(1);
    expect((await me.resume(again)).kind).toBe("done");
    await to("frozen");
    expect(g.asked(await me.resume(id))).not.toBe(id);
    expect(await mode()).toBe("frozen");
    await f.checkedLog(custody);
  });

  test("can be agreed to on another machine, which is told the mode and believes nothing else", async () => {
    const { custody, me, to, mode } = await setting([together]);
    await to("frozen");
    const id = g.asked(await me.submit({ act: "modeChange", mode: "normal" }));
    const posted = JSON.parse(JSON.stringify(await custody.approvalRequest(id)));
    expect(posted.mode).toMatchObject({ name: "frozen" });
    const checked = checkApprovalRequest(posted, { chains: [evm] });
    expect(checked.mode).toEqual(posted.mode);
    const { mode: _mode, ...silent } = posted;
    for (const lie of [silent, { ...posted, mode: { name: "emergency" } }, { ...posted, mode: { ...posted.mode, since: 1 } }])
      expect(() => checkApprovalRequest(lie, { chains: [evm] })).toThrow("about something else");
    for (const person of [f.ana, f.ben])
      await custody.submitApproval(id, await approveOffline(checked.statement, person.name, person.credential));
    expect((await me.resume(id)).kind).toBe("done");
    expect(await mode()).toBe("normal");
  });

  test("is not asked where it holds already: nobody's yes lies in wait", async () => {
    const { custody, me } = await setting([together]);
    expect(g.reasonOf(await me.submit({ act: "modeChange", mode: "normal" }))).toBe("policy/mode-holds");
    expect(await custody.pending()).toEqual([]);
  });
});

describe("a mode that lasts", () => {
  test("replaces the rules for signing, and ends by itself", async () => {
    const { custody, to, pay, mode, clock, me } = await setting();
    expect(await to("emergency")).toBe("done");
    expect(await pay(0)).toBe("policy/not-allowed");
    expect(await pay(0, f.OTHER)).toBe("signed");
    clock.pass(6 * g.HOUR - 1);
    expect(await pay(1)).toBe("policy/not-allowed");
    expect(await mode()).toBe("emergency");
    clock.pass(1);
    expect(await mode()).toBe("normal");
    expect((await me.explain(g.payment(1, { value: 1n }))).judgement.reasons).toEqual([]);
    expect(await pay(1)).toBe("signed");
    const log = await f.checkedLog(custody);
    const modes = log.filter(({ kind }) => kind === "mode").map((entry) => (entry.mode as { name: string }).name);
    expect(modes).toEqual(["emergency", "normal"]);
  });

  test("is counted by the limits of normal, and counts what was spent before", async () => {
    const { to, pay, clock } = await setting([f.ethLimit("3 ETH")], {
      emergency: { ...emergency, rules: [...emergency.rules, { ...f.ethLimit("4 ETH"), id: "e-limit" }] },
    });
    expect(await pay(0, f.OTHER, 2n * f.ETHER)).toBe("signed");
    await to("emergency");
    expect(await pay(1, f.OTHER, 2n * f.ETHER + 1n)).toBe("limit/exceeded");
    expect(await pay(1, f.OTHER, 2n * f.ETHER)).toBe("signed");
    clock.pass(6 * g.HOUR);
    expect(await pay(2, f.OTHER, 1n)).toBe("limit/exceeded");
  });

  test("leaves the vault frozen when an edit removes it, with an entry that says so", async () => {
    const { custody, to, pay, mode, me, clock } = await setting();
    await to("emergency");
    expect((await me.submit({ act: "policyEdit", policy: g.team([g.edit, switches]) })).kind).toBe("done");
    expect(await mode()).toBe("frozen");
    expect(await pay(0, f.OTHER)).toBe("policy/not-allowed");
    clock.pass(7 * g.HOUR);
    expect(await pay(0, f.OTHER)).toBe("policy/not-allowed");
    const log = await f.checkedLog(custody);
    expect(f.kindsOf(log)).toContain("acted policy mode");
    expect(log.filter(({ kind }) => kind === "mode").at(-1)?.mode).toEqual({ name: "frozen" });
    expect(await to("normal")).toBe("done");
    expect(await pay(0)).toBe("signed");
  });

  test("stays with its end when an edit keeps it", async () => {
    const { to, mode, me, custody, clock } = await setting();
    await to("emergency");
    const policy = g.team([g.edit, switches], { modes: { emergency }, name: "other" });
    expect((await me.submit({ act: "policyEdit", policy })).kind).toBe("done");
    expect(await custody.mode()).toEqual({ name: "emergency", since: clock.now(), until: clock.now() + 6 * g.HOUR });
    clock.pass(6 * g.HOUR);
    expect(await mode()).toBe("normal");
  });

  test("cannot have rules about acts, and frozen none that allow", async () => {
    const { me } = await setting();
    for (const modes of [{ night: { rules: [g.edit] } }, { frozen: { rules: [f.payRules[2]] } }]) {
      const policy = g.team([{ ...g.edit, id: "edit-2" }], { modes });
      expect(await f.codeOf(me.submit({ act: "policyEdit", policy }))).toBe("policy/invalid");
    }
  });
});
