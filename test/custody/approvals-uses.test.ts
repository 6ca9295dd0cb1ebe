import { describe, expect, test } from "vitest";
import { approveOffline, type Custody, type Session } from "../../src/index.ts";
import { openVault } from "../../src/vault/open.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

/** What an approval is good for: one hold and its exact replacements, up to the ceiling, under this policy. */
const GWEI = 10n ** 9n;

async function setting(rules: readonly object[] = [g.large(g.twoOfFinance)], more: object = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team([g.edit, ...rules], more), store: clock.store, as: g.owner });
  return { ...opened, clock };
}

const votes = async (custody: Custody, id: string, people: readonly f.Person[] = [f.ana, f.ben]): Promise<void> => {
  for (const person of people) await g.vote(custody, id, person);
};
const kindOf = async (me: Session, id: string, request?: object): Promise<string> =>
  (await me.resume(id, request === undefined ? {} : { request })).kind;

async function signedOnce(rules?: readonly object[]) {
  const opened = await setting(rules);
  const id = g.asked(await opened.me.sign(g.payment()));
  await votes(opened.custody, id);
  expect(await kindOf(opened.me, id)).toBe("signed");
  return { ...opened, id };
}

describe("fee bumps", () => {
  test("up to the ceiling need nobody again, step by step too, and each counts once", async () => {
    const { custody, me } = await signedOnce([g.large(g.twoOfFinance), f.ethLimit("2 ETH")]);
    for (const feePerGas of [GWEI + 1n, 2n * GWEI - 1n, 2n * GWEI]) {
      expect((await me.sign(g.payment(0, { feePerGas }))).kind).toBe("signed");
    }
    expect((await f.checkedLog(custody)).filter(({ kind }) => kind === "signed")).toHaveLength(4);
    expect(g.reasonOf(await me.sign(g.payment(1, { value: 1n })))).toBe("limit/exceeded");
  });

  test("above it ask everybody again, and the ceiling does not follow what was signed below it", async () => {
    const { custody, me, id } = await signedOnce();
    expect((await me.sign(g.payment(0, { feePerGas: 2n * GWEI }))).kind).toBe("signed");
    const above = g.payment(0, { feePerGas: 2n * GWEI + 1n });
    const again = g.asked(await me.sign(above));
    expect(again).not.toBe(id);
    expect((await me.pending()).find((one) => one.id === again)).toMatchObject({ answers: [], used: false });
    expect(await kindOf(me, id, above)).toBe("pending");
    await votes(custody, again);
    expect(await kindOf(me, again)).toBe("signed");
  });

  test("of a request that another nonce has taken the approvals of ask again", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    await votes(custody, id);
    expect(await kindOf(me, id, g.payment(5))).toBe("signed");
    expect(await kindOf(me, id, g.payment(0))).toBe("pending");
    expect((await me.sign(g.payment(5, { feePerGas: 2n * GWEI }))).kind).toBe("signed");
  });

  test("are judged by the policy, approved or not", async () => {
    const cap = { id: "cap", forbid: ["fee"], when: { asset: "ETH", amount: { min: "0.00003 ETH" } } };
    const { me } = await signedOnce([g.large(g.twoOfFinance), cap]);
    expect(g.reasonOf(await me.sign(g.payment(0, { feePerGas: 2n * GWEI })))).toBe("policy/forbidden");
  });

  test("after a no or a withdrawal, or when the request has run out, need new approvals", async () => {
    for (const end of [
      (custody: Custody, _me: Session, id: string) => g.vote(custody, id, f.cyd, { answer: "no" }),
      (_custody: Custody, me: Session, id: string) => me.withdraw(id),
    ]) {
      const { custody, me, id } = await signedOnce();
      await end(custody, me, id);
      expect((await me.sign(g.payment(0, { feePerGas: 2n * GWEI }))).kind).toBe("pending");
    }
    const { me, clock } = await signedOnce();
    clock.pass(72 * g.HOUR - 1);
    expect((await me.sign(g.payment(0, { feePerGas: 2n * GWEI - 1n }))).kind).toBe("signed");
    clock.pass(1);
    expect((await me.sign(g.payment(0, { feePerGas: 2n * GWEI }))).kind).toBe("pending");
  });

  test("under a policy that asks for more wait for what is missing, and are signed then", async () => {
    const { custody, me, id } = await signedOnce();
    const more = [g.edit, g.large([{ of: "finance", atLeast: 3 }])];
    expect((await me.submit({ act: "policyEdit", policy: g.team(more) })).kind).toBe("done");
    const bump = g.payment(0, { feePerGas: 2n * GWEI });
    expect(g.asked(await me.sign(bump))).toBe(id);
    await votes(custody, id, [f.ana, f.ben, f.cyd]);
    expect(await kindOf(me, id, bump)).toBe("signed");
  });
});

describe("what is approved as exact bytes", () => {
  const contracts = { pool: { chain: f.CHAIN, address: f.USDC, kind: "pool", functions: ["deposit(uint256 amount)"] } };
  const both = { id: "both", require: ["call", "unknown"], approvals: [{ of: "finance", atLeast: 1 }] };
  const call = (nonce: number, selector = "b6b55f25", feePerGas = GWEI) =>
    f.request(f.transaction({ nonce, to: f.USDC, data: `0x${selector}${"0".repeat(63)}5`, gasLimit: 60_000n, feePerGas }));

  test.each([
    ["a call that the policy names", "call", "b6b55f25"],
    ["a call that it does not know", "unknown", "deadbeef"],
  ])("%s: another nonce or fee asks again, the same bytes do not", async (_what, kind, selector) => {
    const { custody, me } = await setting([{ id: "may", allow: [kind] }, both], { contracts });
    const id = g.asked(await me.sign(call(0, selector)));
    expect((await me.pending())[0]?.subject.kind).toBe("bytes");
    await g.vote(custody, id, f.ana);
    for (const other of [call(1, selector), call(0, selector, GWEI + 1n), call(0, selector, GWEI - 1n)]) {
      expect(await kindOf(me, id, other)).toBe("pending");
    }
    expect(await kindOf(me, id, call(0, selector))).toBe("signed");
    expect((await me.sign(call(0, selector))).kind).toBe("signed");
    expect((await me.sign(call(0, selector, GWEI + 2n))).kind).toBe("pending");
    await f.checkedLog(custody);
  });
});

test("a message is approved as it stands: the same one is given again, another one asks again", async () => {
  const both = { id: "both", require: ["statement"], approvals: [{ of: "finance", atLeast: 1 }] };
  const { custody, me } = await setting([{ id: "may", allow: ["statement"] }, both]);
  const message = (text: string) => ({ chain: f.CHAIN, account: f.ACCOUNT, kind: "message", payload: { text } });
  const id = g.asked(await me.sign(message("hello")));
  await g.vote(custody, id, f.ana);
  const signed = await me.resume(id);
  expect(signed.kind).toBe("signed");
  expect(await me.sign(message("hello"))).toEqual(signed);
  expect((await me.sign(message("hello!"))).kind).toBe("pending");
});

describe("one approval, one hold", () => {
  test("handed in once, it is good for no second request of the same effects, whenever that comes", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const signed = await approveOffline(await custody.approvalStatement(id), "ana", f.ana.credential);
    await custody.submitApproval(id, signed);
    await g.vote(custody, id, f.ben);
    expect(await kindOf(me, id)).toBe("signed");
    const second = g.asked(await me.sign(g.payment(1)));
    for (const at of [id, second]) expect(await f.codeOf(custody.submitApproval(at, signed))).toBe("approval/mismatch");
    await g.vote(custody, second, f.ben);
    expect(await kindOf(me, second)).toBe("pending");
  });

  test("that lapsed without a signature keeps them for the same bytes, and for no other nonce", async () => {
    const clock = g.timed();
    let fail = false;
    const store = f.hooked(clock.store, {
      before: () => {
        if (fail) throw f.broken();
      },
    });
    const { custody, me } = await f.openCustody({ policy: g.team([g.edit, g.large(g.twoOfFinance)]), store, as: g.owner });
    const id = g.asked(await me.sign(g.payment()));
    await votes(custody, id);
    let commits = 0;
    const failing = f.hooked(store, {
      before: ({ on }) => {
        if (on === "commit" && ++commits > 2) fail = true;
      },
    });
    const second = await f.reopen(failing);
    commits = 1;
    await f.codeOf(second.me.resume(id));
    fail = false;
    clock.pass(g.HOUR);
    const log = await f.checkedLog(custody);
    expect(log.some(({ kind }) => kind === "reserved")).toBe(true);
    expect(log.some(({ kind }) => kind === "signed")).toBe(false);
    expect((await me.sign(g.payment(1))).kind).toBe("pending");
    expect((await me.sign(g.payment())).kind).toBe("signed");
  });
});

describe("a policy that changed meanwhile", () => {
  const change = async (me: Session, rules: readonly object[], more: object = {}) =>
    expect((await me.submit({ act: "policyEdit", policy: g.team([g.edit, ...rules], more) })).kind).toBe("done");
  async function answered(rules: readonly object[] = [g.large(g.twoOfFinance)]) {
    const opened = await setting(rules);
    const id = g.asked(await opened.me.sign(g.payment()));
    await votes(opened.custody, id);
    return { ...opened, id };
  }

  test("leaves answers standing where its needs follow from the old ones: fewer, a wider role, another name of the rule", async () => {
    for (const [rules, more] of [
      [[g.large([{ of: "finance", atLeast: 1 }])], {}],
      [[g.large(g.twoOfFinance)], { roles: { finance: ["ana", "ben", "cyd", "dee"] } }],
      [[{ ...g.large(g.twoOfFinance), id: "renamed" }], {}],
      [[g.large({ any: [[{ of: "dee", atLeast: 1 }], g.twoOfFinance] })], {}],
    ] as const) {
      const { me, id } = await answered();
      await change(me, rules, more);
      expect(await kindOf(me, id)).toBe("signed");
    }
  });

  test("takes them away where it asks for more, for others, or lets go of a date", async () => {
    for (const [rules, more] of [
      [[g.large([{ of: "finance", atLeast: 3 }])], {}],
      [[g.large([{ of: "dee", atLeast: 1 }])], {}],
      [[g.large(g.twoOfFinance)], { roles: { finance: ["ana", "cyd", "dee"] } }],
      [[g.large(g.twoOfFinance)], { roles: { finance: ["ana", { person: "ben", until: "2027-01-01" }, "cyd"] } }],
    ] as const) {
      const { me, id } = await answered();
      await change(me, rules, more);
      expect(await kindOf(me, id)).toBe("pending");
    }
  });

  test("that asks for a delay now has it run from when it first asks, as nobody could object in it before", async () => {
    const { me, id, clock } = await answered();
    clock.pass(g.DAY);
    await change(me, [g.large(g.twoOfFinance, { delay: "2h" })]);
    expect(await kindOf(me, id)).toBe("pending");
    clock.pass(2 * g.HOUR - 1);
    expect(await kindOf(me, id)).toBe("pending");
    clock.pass(1);
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("takes answers by the needs of now, and what was signed over the one before is refused", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const early = await approveOffline(await custody.approvalStatement(id), "ana", f.ana.credential);
    await change(me, [g.large([{ of: "dee", atLeast: 1 }])]);
    expect(await f.codeOf(custody.submitApproval(id, early))).toBe("approval/mismatch");
    expect(await f.codeOf(g.vote(custody, id, f.ben))).toBe("approval/not-an-approver");
    await g.vote(custody, id, f.dee);
    expect(await kindOf(me, id)).toBe("signed");
  });
});

test("a request that was judged under another meaning takes answers over the one of now", async () => {
  const { custody, me, store } = await setting();
  const id = g.asked(await me.sign(g.payment()));
  custody.lock();
  const vault = await openVault({ store, slot: f.slot });
  await vault.transact((tx) => tx.put(`pending/${id}`, { ...(tx.get(`pending/${id}`) as object), semantics: 0 } as never));
  vault.lock();
  await custody.unlock(f.slot);
  await votes(custody, id);
  expect(await kindOf(me, id)).toBe("signed");
});
