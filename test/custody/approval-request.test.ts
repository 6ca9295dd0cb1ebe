import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { type ApprovalRequest, approveOffline, checkApprovalRequest } from "../../src/index.ts";
import { SEMANTICS } from "../../src/intent/semantics.ts";
import { openVault } from "../../src/vault/open.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const chains = [evm];
const needs = { id: "edit-together", require: ["policyEdit"], approvals: [{ of: "finance", atLeast: 1 }] };

/** What goes to another machine, and comes back. */
const posted = (request: ApprovalRequest): unknown => JSON.parse(JSON.stringify(request));
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (cause) {
    return (cause as { code: string }).code;
  }
  return "nothing was thrown";
};

async function waiting() {
  const policy = g.team([g.large(g.twoOfFinance.slice(0, 1).map((clause) => ({ ...clause, atLeast: 1 }))), g.edit, needs]);
  const opened = await f.openCustody({ policy, as: g.owner });
  const id = g.asked(await opened.me.sign(g.payment()));
  return { ...opened, policy, id };
}

describe("a request for approval", () => {
  test("is read again by the approver, signed, and its answer is taken", async () => {
    const { custody, me, id } = await waiting();
    const checked = checkApprovalRequest(posted(await custody.approvalRequest(id)), { chains });
    expect(checked.effects).toMatchObject([{ kind: "transfer", to: f.FRIEND, amount: String(2n * f.ETHER) }, { kind: "fee" }]);
    expect(checked.policy.people.has("ana")).toBe(true);
    await custody.submitApproval(id, await approveOffline(checked.statement, "ana", f.ana.credential));
    expect((await me.resume(id)).kind).toBe("signed");
  });

  test("is refused where anything in it is not what the bytes say", async () => {
    const { custody, id } = await waiting();
    const request = await custody.approvalRequest(id);
    const lies: readonly object[] = [
      { request: { ...request.request, payload: f.transaction({ value: 3n * f.ETHER }) } },
      { effects: request.effects.map((effect) => ({ ...effect, amount: "1" })) },
      { statement: { ...request.statement, subject: "00".repeat(32) } },
      { statement: { ...request.statement, semantics: SEMANTICS + 1 } },
      { policy: { ...request.policy, name: "another" } },
      { subject: { ...request.subject, feeCeiling: "0" } },
    ];
    for (const lie of lies) expect(codeOf(() => checkApprovalRequest({ ...request, ...lie }, { chains }))).toBe("approval/mismatch");
    for (const malformed of [
      null,
      [],
      {},
      { ...request, more: 1 },
      { ...request, keyward: "approval-request/2" },
      { ...request, accepted: -1 },
      { ...request, id: {} },
      { ...request, id: "x".repeat(201) },
    ])
      expect(codeOf(() => checkApprovalRequest(malformed, { chains }))).toBe("approval/malformed");
    expect(codeOf(() => checkApprovalRequest(request, { chains: [] }))).toMatch(/^(chain\/unknown|policy\/invalid)$/);
  });

  test("is given for what still waits, and the policy in force lets through", async () => {
    const { custody, id } = await waiting();
    expect(await f.codeOf(custody.approvalRequest("0".repeat(16)))).toBe("pending/no-such-request");
    custody.lock();
    await custody.unlock(f.slot, { access: "view" });
    expect((await custody.approvalRequest(id)).id).toBe(id);
  });
});

describe("a request for approval of an edit that accepts a new meaning of decoder and rules", () => {
  test("says which meaning it accepts, and no approval of it fits an edit that accepts none", async () => {
    const opened = await waiting();
    opened.custody.lock();
    const vault = await openVault({ store: opened.store, slot: f.slot });
    await vault.transact((tx) => tx.setState({ ...(tx.state as object), semantics: SEMANTICS - 1 }));
    vault.lock();
    const { custody, me } = await f.reopen(opened.store);
    const id = g.asked(await me.submit({ act: "policyEdit", policy: { ...opened.policy, name: "again" } }));
    const request = posted(await custody.approvalRequest(id)) as ApprovalRequest;
    expect(request.accepted).toBe(SEMANTICS - 1);
    const checked = checkApprovalRequest(request, { chains });
    expect(checked.effects.map(({ part }) => part)).toContain("semantics");
    // Whoever hides it makes another act of it: its digest is not that of the statement.
    const { accepted: _hidden, ...hiding } = request;
    const effects = request.effects.filter(({ part }) => part !== "semantics");
    expect(codeOf(() => checkApprovalRequest({ ...hiding, effects }, { chains }))).toBe("approval/mismatch");
    await custody.submitApproval(id, await approveOffline(checked.statement, "ana", f.ana.credential));
    expect((await me.resume(id)).kind).toBe("done");
    expect((await me.sign(g.payment(5, { value: 1n }))).kind).toBe("signed");
  });
});
