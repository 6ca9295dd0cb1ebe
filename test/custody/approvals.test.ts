import { describe, expect, test } from "vitest";
import { approveOffline, type Custody, type Session } from "../../src/index.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

async function setting(rules: readonly object[] = [g.large(g.twoOfFinance)], more: object = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team([g.edit, ...rules], more), store: clock.store, as: g.owner });
  return { ...opened, clock };
}

/** Waiting, and approved by these people. */
async function approved(custody: Custody, me: Session, people: readonly f.Person[], nonce = 0): Promise<string> {
  const id = g.asked(await me.sign(g.payment(nonce)));
  for (const person of people) await g.vote(custody, id, person);
  return id;
}

describe("two of three", () => {
  test("a large payment waits, two of three say yes, then its submitter gets the signature, and all of it is in the log", async () => {
    const { custody, me } = await setting();
    const asked = await me.sign(g.payment());
    expect(asked).toMatchObject({ kind: "pending", needs: [{ kind: "approvals", rule: "large" }] });
    const id = g.asked(asked);
    expect((await me.resume(id)).kind).toBe("pending");
    await g.vote(custody, id, f.ana);
    expect((await me.resume(id)).kind).toBe("pending");
    await g.vote(custody, id, f.ben);
    expect((await me.resume(id)).kind).toBe("signed");
    const log = await f.checkedLog(custody);
    const reserved = log.find(({ kind }) => kind === "reserved");
    expect(reserved).toMatchObject({ pending: id, approvals: [{ person: "ana" }, { person: "ben" }] });
    expect(log.filter(({ kind }) => kind === "approved").map(({ person }) => person)).toEqual(["ana", "ben"]);
  });

  test("a small payment needs nobody", async () => {
    const { me } = await setting();
    expect((await me.sign(g.payment(0, { value: 5n }))).kind).toBe("signed");
  });

  test("whoever submits does not count as an approver", async () => {
    const { custody, me } = await setting();
    const ana = await g.sessionOf(custody, f.ana);
    const id = g.asked(await ana.sign(g.payment()));
    expect(await f.codeOf(g.vote(custody, id, f.ana))).toBe("approval/not-an-approver");
    expect(await f.codeOf(ana.approve(id, { credential: f.ana.credential }))).toBe("approval/not-an-approver");
    await g.vote(custody, id, f.ben);
    expect((await ana.resume(id)).kind).toBe("pending");
    await g.vote(custody, id, f.cyd);
    expect((await ana.resume(id)).kind).toBe("signed");
    expect(g.reasonOf(await me.sign(g.payment()))).toBe("pending");
  });

  test("one person with two keys counts once", async () => {
    const second = f.person("second key of ana");
    const keys = [f.ana, second].map(({ publicKey }) => ({ kind: "secp256k1", publicKey }));
    const people = { ...(g.team([]).people as object), ana: keys };
    const { custody, me } = await setting([g.large(g.twoOfFinance)], { people });
    const id = await approved(custody, me, [f.ana]);
    await g.vote(custody, id, { name: "ana", credential: second.credential });
    expect((await me.resume(id)).kind).toBe("pending");
    await g.vote(custody, id, f.cyd);
    expect((await me.resume(id)).kind).toBe("signed");
  });

  test("the same yes does not count twice, nor a second one of the same person", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const statement = await custody.approvalStatement(id);
    const signed = await approveOffline(statement, "ana", f.ana.credential);
    await custody.submitApproval(id, signed);
    expect(await f.codeOf(custody.submitApproval(id, signed))).toBe("approval/mismatch");
    await g.vote(custody, id, f.ana);
    expect((await me.resume(id)).kind).toBe("pending");
  });

  test("one person fills one clause of a rule, and the same yes counts over several rules", async () => {
    const both = [
      { of: "finance", atLeast: 1 },
      { of: "ana", atLeast: 1 },
    ];
    const { custody, me } = await setting([g.large(both), { ...g.large([{ of: "ben", atLeast: 1 }]), id: "other" }]);
    const id = await approved(custody, me, [f.ana]);
    expect((await me.resume(id)).kind).toBe("pending");
    await g.vote(custody, id, f.ben);
    expect((await me.resume(id)).kind).toBe("signed");
  });

  test("of alternatives any one will do, and halves of two do not make one", async () => {
    const any = {
      any: [
        [{ of: "finance", atLeast: 2 }],
        [
          { of: "dee", atLeast: 1 },
          { of: "finance", atLeast: 1 },
        ],
      ],
    };
    const { custody, me } = await setting([g.large(any)]);
    const id = await approved(custody, me, [f.dee]);
    expect((await me.resume(id)).kind).toBe("pending");
    await g.vote(custody, id, f.cyd);
    expect((await me.resume(id)).kind).toBe("signed");
    expect((await me.resume(await approved(custody, me, [f.ana, f.ben], 1))).kind).toBe("signed");
    expect((await me.resume(await approved(custody, me, [f.ana], 2))).kind).toBe("pending");
  });

  test("what is beyond a limit needs approvals, and what is within none", async () => {
    const { custody, me } = await setting([f.ethLimit("3 ETH", "24h", { beyond: { approvals: g.twoOfFinance } })]);
    expect((await me.sign(g.payment(0))).kind).toBe("signed");
    const id = g.asked(await me.sign(g.payment(1)));
    await g.vote(custody, id, f.ana);
    await g.vote(custody, id, f.ben);
    expect((await me.resume(id)).kind).toBe("signed");
    expect((await me.sign(g.payment(2))).kind).toBe("pending");
  });
});

describe("an answer is refused", () => {
  test("from a stranger, by a wrong key, with a changed statement or in another name", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const statement = await custody.approvalStatement(id);
    const hand = (approval: unknown) => f.codeOf(custody.submitApproval(id, approval));
    const signed = await approveOffline(statement, "ana", f.ana.credential);
    expect(await hand(await approveOffline(statement, "eve", f.person("eve").credential))).toBe("approval/bad-signature");
    expect(await hand(await approveOffline(statement, "ana", f.ben.credential))).toBe("approval/bad-signature");
    expect(await hand(await approveOffline(statement, "dee", f.dee.credential))).toBe("approval/not-an-approver");
    expect(await hand({ ...signed, person: "ben" })).toBe("approval/bad-signature");
    expect(await hand({ ...signed, publicKey: f.ben.publicKey })).toBe("approval/bad-signature");
    const flipped = `${signed.signature.startsWith("0") ? "1" : "0"}${signed.signature.slice(1)}`;
    expect(await hand({ ...signed, signature: flipped })).toBe("approval/bad-signature");
    expect(await hand({ ...signed, statement: { ...statement, expiresMs: statement.expiresMs + 1 } })).toBe("approval/bad-signature");
    expect(await hand({ ...signed, more: 1 })).toBe("approval/malformed");
    expect(await hand({ ...signed, signature: signed.signature.toUpperCase() })).toBe("approval/malformed");
    expect(await hand(null)).toBe("approval/malformed");
    expect(await f.codeOf(custody.submitApproval("0000000000000000", signed))).toBe("pending/no-such-request");
    expect(await hand(signed)).toBe("nothing was thrown");
    await f.checkedLog(custody);
  });

  test("that is signed over another policy, book, subject, vault, nonce, semantics or submitters", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const statement = await custody.approvalStatement(id);
    const zeros = "0".repeat(64);
    const others: readonly object[] = [
      { policy: zeros },
      { book: zeros },
      { subject: zeros },
      { vault: "0".repeat(32) },
      { nonce: "0".repeat(32) },
      { semantics: 99 },
      { submitters: ["dee"] },
      { submitters: ["dee", "owner"] },
    ];
    for (const other of others) {
      const signed = await approveOffline({ ...statement, ...other }, "ana", f.ana.credential);
      expect([other, await f.codeOf(custody.submitApproval(id, signed))]).toEqual([other, "approval/mismatch"]);
    }
    expect((await me.pending())[0]?.answers).toEqual([]);
  });

  test("that has run out, or would count for more than thirty days", async () => {
    const { custody, me, clock } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const statement = await custody.approvalStatement(id, { lastsMs: g.HOUR });
    const signed = await approveOffline(statement, "ana", f.ana.credential);
    const long = await approveOffline({ ...statement, expiresMs: clock.now() + 31 * g.DAY }, "ben", f.ben.credential);
    expect(await f.codeOf(custody.submitApproval(id, long))).toBe("approval/mismatch");
    clock.pass(g.HOUR);
    expect(await f.codeOf(custody.submitApproval(id, signed))).toBe("approval/mismatch");
  });

  test("that was given for an earlier request with the same effects", async () => {
    const { custody, me } = await setting();
    const first = g.asked(await me.sign(g.payment()));
    const signed = await approveOffline(await custody.approvalStatement(first), "ana", f.ana.credential);
    await me.withdraw(first);
    const second = g.asked(await me.sign(g.payment()));
    expect(second).not.toBe(first);
    expect(await f.codeOf(custody.submitApproval(second, signed))).toBe("approval/mismatch");
    expect(await f.codeOf(custody.submitApproval(first, signed))).toBe("pending/no-such-request");
  });

  test("that comes from another vault", async () => {
    const [here, there] = [await setting(), await setting()];
    const id = g.asked(await here.me.sign(g.payment()));
    const other = g.asked(await there.me.sign(g.payment()));
    const signed = await approveOffline(await there.custody.approvalStatement(other), "ana", f.ana.credential);
    expect(await f.codeOf(here.custody.submitApproval(id, signed))).toBe("approval/mismatch");
  });
});

test("a yes that has run out by the time of the resume does not count", async () => {
  const { custody, me, clock } = await setting();
  const id = g.asked(await me.sign(g.payment()));
  await g.vote(custody, id, f.ana, { lastsMs: g.HOUR });
  await g.vote(custody, id, f.ben);
  clock.pass(g.HOUR);
  expect((await me.resume(id)).kind).toBe("pending");
  await g.vote(custody, id, f.cyd);
  expect((await me.resume(id)).kind).toBe("signed");
});

describe("a no", () => {
  test("of one approver ends the request, whatever others said", async () => {
    const { custody, me } = await setting();
    const id = await approved(custody, me, [f.ana, f.ben]);
    await g.vote(custody, id, f.cyd, { answer: "no" });
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
    expect(await f.codeOf(g.vote(custody, id, f.ana))).toBe("pending/no-such-request");
    expect((await me.sign(g.payment())).kind).toBe("pending");
    const log = await f.checkedLog(custody);
    expect(log.filter(({ kind }) => kind === "refused")).toMatchObject([{ pending: id, person: "cyd" }]);
    expect(log.some(({ kind }) => kind === "signed")).toBe(false);
  });

  test("of somebody who said yes before ends it too", async () => {
    const { custody, me } = await setting();
    const id = await approved(custody, me, [f.ana, f.ben]);
    await g.vote(custody, id, f.ana, { answer: "no" });
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });

  test("of the submitter or of somebody who is not asked ends nothing", async () => {
    const { custody, me } = await setting();
    const id = await approved(custody, me, [f.ana, f.ben]);
    expect(await f.codeOf(g.vote(custody, id, f.dee, { answer: "no" }))).toBe("approval/not-an-approver");
    expect(await f.codeOf(me.approve(id, { answer: "no" }))).toBe("approval/not-an-approver");
    expect((await me.resume(id)).kind).toBe("signed");
  });
});

describe("who stands in for a time", () => {
  const roles = { finance: ["ana", { person: "dee", from: "2026-11-03", until: "2026-11-05" }] };

  test("approves only within it", async () => {
    const { custody, me, clock } = await setting([g.large(g.twoOfFinance)], { roles });
    const id = await approved(custody, me, [f.ana]);
    expect(await f.codeOf(g.vote(custody, id, f.dee))).toBe("approval/not-an-approver");
    clock.at(Date.UTC(2026, 10, 3));
    await g.vote(custody, id, f.dee);
    expect((await me.resume(id)).kind).toBe("signed");
  });

  test("does not count once it is over, even with a yes given in time", async () => {
    const { custody, me, clock } = await setting([g.large(g.twoOfFinance)], { roles });
    clock.at(Date.UTC(2026, 10, 4, 20));
    const id = await approved(custody, me, [f.ana, f.dee]);
    clock.at(Date.UTC(2026, 10, 5));
    expect((await me.resume(id)).kind).toBe("pending");
    expect(await f.codeOf(g.vote(custody, id, f.dee))).toBe("approval/not-an-approver");
  });
});

describe("the same approval", () => {
  test("covers a new nonce and a higher fee before it is used, and no fee above twice the one that was shown", async () => {
    const { custody, me } = await setting();
    const id = await approved(custody, me, [f.ana, f.ben]);
    const [shown] = await me.pending();
    expect(shown?.subject.feeCeiling).toBe((2n * f.FEE).toString());
    expect((await me.resume(id, { request: g.payment(7, { feePerGas: 2n * 10n ** 9n + 1n }) })).kind).toBe("pending");
    const signed = await me.resume(id, { request: g.payment(7, { feePerGas: 2n * 10n ** 9n }) });
    expect(signed.kind).toBe("signed");
  });

  test("covers no other recipient, amount or account", async () => {
    const { custody, me } = await setting();
    const id = await approved(custody, me, [f.ana, f.ben]);
    expect((await me.resume(id, { request: g.payment(0, { to: f.OTHER }) })).kind).toBe("pending");
    expect((await me.resume(id, { request: g.payment(0, { value: 2n * f.ETHER + 1n }) })).kind).toBe("pending");
    expect((await me.resume(id, { request: g.payment(0, { value: 2n * f.ETHER - 1n }) })).kind).toBe("pending");
    expect((await me.resume(id)).kind).toBe("signed");
  });

  test("serves one payment and its exact replacements: a second one with the same effects waits anew", async () => {
    const { custody, me } = await setting();
    const id = await approved(custody, me, [f.ana, f.ben]);
    expect((await me.resume(id)).kind).toBe("signed");
    expect((await me.sign(g.payment(0, { feePerGas: 2n * 10n ** 9n }))).kind).toBe("signed");
    const second = g.asked(await me.sign(g.payment(1)));
    expect(second).not.toBe(id);
    expect((await me.resume(id, { request: g.payment(1) })).kind).toBe("pending");
    expect((await me.resume(id, { request: g.payment(2) })).kind).toBe("pending");
    await g.vote(custody, second, f.ben);
    await g.vote(custody, second, f.cyd);
    expect((await me.resume(second)).kind).toBe("signed");
    const log = await f.checkedLog(custody);
    expect(log.filter(({ kind }) => kind === "signed").length).toBe(3);
  });

  test("still covers replacements of its own payment while a second one waits, whichever comes first in the vault", async () => {
    const orders = new Set<boolean>();
    for (let round = 0n; round < 6n; round++) {
      const { custody, me } = await setting();
      const value = 2n * f.ETHER + round;
      const first = g.asked(await me.sign(g.payment(0, { value })));
      for (const person of [f.ana, f.ben]) await g.vote(custody, first, person);
      await me.resume(first);
      const second = g.asked(await me.sign(g.payment(1, { value })));
      orders.add(first < second);
      expect((await me.sign(g.payment(0, { value, feePerGas: 2n * 10n ** 9n }))).kind).toBe("signed");
      expect((await me.pending()).find(({ id }) => id === second)?.used).toBe(false);
    }
    expect(orders.size).toBe(2);
  });

  test("does not stay behind for a second payment where the first needed none in the end", async () => {
    const { custody, me, clock } = await setting([f.ethLimit("3 ETH", "1h", { beyond: { approvals: g.twoOfFinance } })]);
    expect((await me.sign(g.payment(0))).kind).toBe("signed");
    const id = await approved(custody, me, [f.ana, f.ben], 1);
    clock.pass(2 * g.HOUR);
    expect((await me.resume(id)).kind).toBe("signed");
    expect((await me.sign(g.payment(2))).kind).toBe("pending");
  });

  test("gives the same signature again to its submitter, and nothing to anybody else", async () => {
    const { custody, me } = await setting();
    const id = await approved(custody, me, [f.ana, f.ben]);
    const [first, again] = [await me.resume(id), await me.sign(g.payment())];
    expect(again).toEqual(first);
    const dee = await g.sessionOf(custody, f.dee);
    expect((await dee.sign(g.payment())).kind).toBe("pending");
    expect(await f.codeOf(dee.resume(id))).toBe("pending/not-yours");
  });
});

describe("where the policy changed between yes and resume", () => {
  async function edited(rules: readonly object[], more: object = {}) {
    const opened = await setting();
    const { custody, me } = opened;
    const id = await approved(custody, me, [f.ana, f.ben]);
    expect((await me.submit({ act: "policyEdit", policy: g.team([g.edit, ...rules], more) })).kind).toBe("done");
    return { ...opened, id };
  }

  test("approvals count where what is needed now follows from what was needed then", async () => {
    const { custody, me, id } = await edited([g.large([{ of: "finance", atLeast: 1 }]), f.ethLimit("10 ETH")]);
    expect((await me.resume(id)).kind).toBe("signed");
    await f.checkedLog(custody);
  });

  test("approvals do not count where more is needed, or of others", async () => {
    for (const approvals of [[{ of: "finance", atLeast: 3 }], [{ of: "ana", atLeast: 1 }]]) {
      const { custody, me, id } = await edited([g.large(approvals)]);
      expect((await me.resume(id)).kind).toBe("pending");
      await g.vote(custody, id, f.ana);
      expect((await me.resume(id)).kind).toBe(approvals[0]?.of === "ana" ? "signed" : "pending");
    }
  });

  test("approvals do not count where the book that the bytes were read with is another", async () => {
    const assets = { ...(g.team([]).assets as object), DAI: { chain: f.CHAIN, asset: `erc20:${f.OTHER}`, decimals: 18 } };
    const { me, id } = await edited([g.large([{ of: "finance", atLeast: 1 }])], { assets });
    expect((await me.resume(id)).kind).toBe("pending");
  });

  test("the request is denied where the policy denies it now, approvals or not", async () => {
    const { custody, me, id } = await edited([g.large(g.twoOfFinance), f.ethLimit("1 ETH")]);
    expect(g.reasonOf(await me.resume(id))).toBe("limit/exceeded");
    expect(await f.codeOf(g.vote(custody, id, f.cyd))).toBe("approval/mismatch");
    await f.checkedLog(custody);
  });

  test("the yes of a person whose key was taken away does not count", async () => {
    const people = { ...(g.team([]).people as object), ana: [{ kind: "secp256k1", publicKey: f.person("new key of ana").publicKey }] };
    const { custody, me, id } = await edited([g.large(g.twoOfFinance)], { people });
    expect((await me.resume(id)).kind).toBe("pending");
    expect(await f.codeOf(g.vote(custody, id, f.ana))).toBe("approval/bad-signature");
    await g.vote(custody, id, f.cyd);
    expect((await me.resume(id)).kind).toBe("signed");
  });
});

describe("people who unlock", () => {
  const roles = { finance: ["ana", "ben", "owner"] };

  test("approve by their session, as one of the quorum", async () => {
    const { custody, me } = await setting([g.large(g.twoOfFinance)], { roles });
    const dee = await g.sessionOf(custody, f.dee);
    const id = g.asked(await dee.sign(g.payment()));
    await me.approve(id);
    await me.approve(id);
    expect((await dee.resume(id)).kind).toBe("pending");
    await g.vote(custody, id, f.ben);
    expect((await dee.resume(id)).kind).toBe("signed");
    const log = await f.checkedLog(custody);
    expect(log.find(({ kind, person }) => kind === "approved" && person === "owner")).toMatchObject({
      proof: { key: null, session: me.id },
    });
  });

  test("do not approve what they asked for, and nobody with a key approves by a session alone", async () => {
    const { custody, me } = await setting([g.large(g.twoOfFinance)], { roles });
    const own = g.asked(await me.sign(g.payment()));
    expect(await f.codeOf(me.approve(own))).toBe("approval/not-an-approver");
    const ana = await g.sessionOf(custody, f.ana);
    expect(await f.codeOf(ana.approve(own))).toBe("approval/bad-signature");
    await ana.approve(own, { credential: f.ana.credential });
    expect(await f.codeOf(ana.approve(own, { credential: f.ben.credential }))).toBe("approval/bad-signature");
    expect((await me.resume(own)).kind).toBe("pending");
  });

  test("answer what they were shown, or nothing where the request or the policy is another by now", async () => {
    const policy = g.team([g.edit, g.large([{ of: "owner", atLeast: 1 }])]);
    const { custody, me } = await f.openCustody({ policy, as: g.owner });
    const ana = await g.sessionOf(custody, f.ana);
    const id = g.asked(await ana.sign(g.payment()));
    const { statement: shown } = await custody.approvalRequest(id);
    expect((await me.submit({ act: "policyEdit", policy: { ...policy, name: "meanwhile" } })).kind).toBe("done");
    expect(await f.codeOf(me.approve(id, { statement: shown }))).toBe("approval/mismatch");
    const { statement } = await custody.approvalRequest(id);
    expect(await f.codeOf(me.approve(id, { statement, answer: "no" }))).toBe("request/malformed");
    expect(await f.codeOf(me.approve(id, { statement: { ...statement, answer: "maybe" } as never }))).toBe("approval/malformed");
    await me.approve(id, { statement });
    expect((await ana.resume(id)).kind).toBe("signed");
  });

  test("say no by their session", async () => {
    const { custody, me } = await setting([g.large(g.twoOfFinance)], { roles });
    const dee = await g.sessionOf(custody, f.dee);
    const id = g.asked(await dee.sign(g.payment()));
    await me.approve(id, { answer: "no" });
    expect(await f.codeOf(dee.resume(id))).toBe("pending/no-such-request");
  });
});
