import { describe, expect, test } from "vitest";
import { SEMANTICS } from "../../src/intent/semantics.ts";
import { openVault } from "../../src/vault/open.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const switches = { id: "switch", allow: ["modeChange", "import"], when: { requester: "owner" } };

/** A vault whose policy was accepted under another number than this version's, opened by this version. */
async function older(rules: readonly object[] = [g.edit, switches], accepted = SEMANTICS + 1) {
  const clock = g.timed();
  const policy = g.team(rules);
  const { custody, store, me } = await f.openCustody({ policy, store: clock.store, as: g.owner });
  expect((await me.sign(g.payment(0, { value: 1n }))).kind).toBe("signed");
  custody.lock();
  const vault = await openVault({ store, slot: f.slot });
  await vault.transact((tx) => tx.setState({ ...(tx.state as object), semantics: accepted }));
  vault.lock();
  return { ...(await f.reopen(store)), policy, clock };
}

describe("a vault whose policy was accepted under another meaning", () => {
  test("signs nothing, not even again, and does no act but an edit", async () => {
    for (const accepted of [SEMANTICS + 1, SEMANTICS - 1]) {
      const { custody, me } = await older([g.edit, switches], accepted);
      for (const nonce of [0, 1]) expect(g.reasonOf(await me.sign(g.payment(nonce, { value: 1n })))).toBe("policy/semantics");
      expect(g.reasonOf(await me.submit({ act: "modeChange", mode: "frozen" }))).toBe("policy/semantics");
      expect(g.reasonOf(await me.submit({ act: "import", name: "More", wallet: { from: "generate" } }))).toBe("policy/semantics");
      const log = await f.checkedLog(custody);
      expect(log.filter(({ kind }) => kind === "denied")).toHaveLength(4);
      expect(log.at(-1)).toMatchObject({
        kind: "denied",
        reasons: [{ code: "policy/semantics", params: { accepted, current: SEMANTICS } }],
      });
    }
  });

  test("explains what it would do: nothing, and says why", async () => {
    const { me } = await older();
    const explained = await me.explain(g.payment(1, { value: 1n }));
    expect(explained.judgement.reasons.map(({ code }) => code)).toContain("policy/semantics");
    expect(explained.changes).toEqual([]);
  });

  test("can still be read: history, accounts, waiting requests", async () => {
    const { custody, me } = await older();
    expect(await me.accounts.list()).toHaveLength(1);
    expect(await me.pending()).toEqual([]);
    expect((await custody.policy()).version).toBe(1);
  });

  test("signs again after an edit has accepted the policy, as it is or changed: part semantics, which loosens", async () => {
    for (const name of ["for tests", "changed"]) {
      const { custody, me, policy } = await older();
      expect((await me.submit({ act: "policyEdit", policy: { ...policy, name } })).kind).toBe("done");
      const log = await f.checkedLog(custody);
      const acted = log.find(({ kind }) => kind === "acted") as unknown as { effects: readonly object[] };
      expect(acted.effects.at(-1)).toMatchObject({ kind: "policyEdit", part: "semantics", direction: "loosens" });
      expect(acted.effects).toHaveLength(name === "changed" ? 2 : 1);
      expect(log.filter(({ kind }) => kind === "policy").at(-1)).toMatchObject({ semantics: SEMANTICS });
      expect((await me.sign(g.payment(1, { value: 1n }))).kind).toBe("signed");
      expect(g.reasonOf(await me.submit({ act: "policyEdit", policy: { ...policy, name } }))).toBe("policy/no-effects");
    }
  });

  test("is accepted only by whom the rules in force let, with what they need", async () => {
    const rulesOnly = { id: "edit-rules", allow: ["policyEdit"], when: { requester: "dee", part: "rules" } };
    const together = { id: "together", require: ["policyEdit"], when: { part: "semantics" }, approvals: g.twoOfFinance, delay: "1h" };
    const { custody, me, policy, clock } = await older([g.edit, rulesOnly, together]);
    const dee = await g.sessionOf(custody, f.dee);
    expect(g.reasonOf(await dee.submit({ act: "policyEdit", policy: { ...policy, name: "mine" } }))).toBe("policy/not-allowed");
    const id = g.asked(await me.submit({ act: "policyEdit", policy }));
    for (const person of [f.ana, f.ben]) await g.vote(custody, id, person);
    expect((await me.resume(id)).kind).toBe("pending");
    expect(g.reasonOf(await me.sign(g.payment(1, { value: 1n })))).toBe("policy/semantics");
    clock.pass(g.HOUR);
    expect((await me.resume(id)).kind).toBe("done");
    expect((await me.sign(g.payment(1, { value: 1n }))).kind).toBe("signed");
    await f.checkedLog(custody);
  });

  test("is locked for good where the policy says that it never changes", async () => {
    const { custody, store, me } = await f.openCustody({ policy: f.payments() });
    expect((await me.sign(g.payment(0, { value: 1n }))).kind).toBe("signed");
    custody.lock();
    const vault = await openVault({ store, slot: f.slot });
    await vault.transact((tx) => tx.setState({ ...(tx.state as object), semantics: SEMANTICS + 1 }));
    vault.lock();
    const again = await f.reopen(store);
    expect(g.reasonOf(await again.me.submit({ act: "policyEdit", policy: f.payments() }))).toBe("policy/not-allowed");
    expect(g.reasonOf(await again.me.sign(g.payment(1, { value: 1n })))).toBe("policy/semantics");
  });
});
