import { describe, expect, test } from "vitest";
import { approveOffline, type Custody, type Session } from "../../src/index.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

/** How a request ends, and when answers and delays begin and stop counting. */
async function setting(rules: readonly object[] = [g.large(g.twoOfFinance)], more: object = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team([g.edit, ...rules], more), store: clock.store, as: g.owner });
  return { ...opened, clock };
}

const votes = async (custody: Custody, id: string, people: readonly f.Person[] = [f.ana, f.ben]): Promise<void> => {
  for (const person of people) await g.vote(custody, id, person);
};
const kindOf = async (me: Session, id: string): Promise<string> => (await me.resume(id)).kind;

describe("an explicit no", () => {
  test("is not undone by a later yes of the same person, not even one that was signed before", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const yes = await approveOffline(await custody.approvalStatement(id), "ana", f.ana.credential);
    await g.vote(custody, id, f.ana, { answer: "no" });
    expect(await f.codeOf(custody.submitApproval(id, yes))).toBe("pending/no-such-request");
    expect(await f.codeOf(g.vote(custody, id, f.ana))).toBe("pending/no-such-request");
    const again = g.asked(await me.sign(g.payment()));
    expect(again).not.toBe(id);
    expect(await f.codeOf(custody.submitApproval(again, yes))).toBe("approval/mismatch");
    expect((await me.pending())[0]?.answers).toEqual([]);
    expect(await kindOf(me, again)).toBe("pending");
  });

  test("that has run out, or was signed over something else, ends nothing", async () => {
    const { custody, me, clock } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const statement = await custody.approvalStatement(id, { answer: "no", lastsMs: g.HOUR });
    const no = await approveOffline(statement, "cyd", f.cyd.credential);
    const other = await approveOffline({ ...statement, subject: "0".repeat(64) }, "cyd", f.cyd.credential);
    expect(await f.codeOf(custody.submitApproval(id, other))).toBe("approval/mismatch");
    clock.pass(g.HOUR);
    expect(await f.codeOf(custody.submitApproval(id, no))).toBe("approval/mismatch");
    await votes(custody, id);
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("turned into a yes by somebody on the way is not signed by anybody", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const no = await approveOffline(await custody.approvalStatement(id, { answer: "no" }), "ana", f.ana.credential);
    const turned = { ...no, statement: { ...no.statement, answer: "yes" } };
    expect(await f.codeOf(custody.submitApproval(id, turned))).toBe("approval/bad-signature");
  });
});

describe("while a delay runs", () => {
  const slow = g.large(g.twoOfFinance, { delay: "24h" });

  test("whoever the rule names can veto, up to the last moment and after it, until it is signed", async () => {
    for (const after of [0, g.DAY - 1, g.DAY, g.DAY + g.HOUR]) {
      const { custody, me, clock } = await setting([slow]);
      const id = g.asked(await me.sign(g.payment()));
      await votes(custody, id);
      clock.pass(after);
      await g.vote(custody, id, f.cyd, { answer: "no" });
      clock.pass(g.DAY);
      expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
      await f.checkedLog(custody);
    }
  });

  test("nobody else can: not the submitter, not a stranger, not somebody whom another rule names", async () => {
    const elsewhere = { id: "usdc", require: ["transfer"], when: { asset: "USDC" }, approvals: [{ of: "dee", atLeast: 1 }] };
    const { custody, me, clock } = await setting([slow, elsewhere]);
    const id = g.asked(await me.sign(g.payment()));
    await votes(custody, id);
    for (const who of [f.dee, f.person("eve")]) {
      const code = await f.codeOf(g.vote(custody, id, who, { answer: "no" }));
      expect(code).toBe(who === f.dee ? "approval/not-an-approver" : "approval/bad-signature");
    }
    expect(await f.codeOf(me.approve(id, { answer: "no" }))).toBe("approval/not-an-approver");
    clock.pass(g.DAY);
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("where the rule has a delay alone nobody is named: only the submitter can end it", async () => {
    const { custody, me, clock } = await setting([{ id: "slow", require: ["transfer"], when: { asset: "ETH" }, delay: "24h" }]);
    const id = g.asked(await me.sign(g.payment()));
    for (const who of [f.ana, f.ben, f.cyd, f.dee]) {
      expect(await f.codeOf(g.vote(custody, id, who, { answer: "no" }))).toBe("approval/not-an-approver");
    }
    clock.pass(g.DAY - 1);
    expect(await kindOf(me, id)).toBe("pending");
    await me.withdraw(id);
    clock.pass(1);
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });

  test("beside another rule that names people, these can veto the whole request", async () => {
    const { custody, me } = await setting([
      { id: "slow", require: ["transfer"], when: { asset: "ETH" }, delay: "24h" },
      g.large([{ of: "ana", atLeast: 1 }]),
    ]);
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana);
    await g.vote(custody, id, f.ana, { answer: "no" });
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });
});

describe("a delay", () => {
  const slow = g.large(g.twoOfFinance, { delay: "2h" });

  test("runs from the last approval that was needed as the vault logged it, whatever the approver's clock says", async () => {
    const { custody, me, clock } = await setting([slow]);
    const id = g.asked(await me.sign(g.payment()));
    // Signed at once, handed in much later: what counts is when it was logged.
    const early = await approveOffline(await custody.approvalStatement(id), "ben", f.ben.credential);
    await g.vote(custody, id, f.ana);
    clock.pass(5 * g.HOUR);
    await custody.submitApproval(id, early);
    const logged = clock.now();
    expect((await me.pending())[0]?.ready).toBe(logged + 2 * g.HOUR);
    clock.at(logged + 2 * g.HOUR - 1);
    expect(await kindOf(me, id)).toBe("pending");
    // A third yes that is not needed does not make it longer.
    await g.vote(custody, id, f.cyd);
    clock.pass(1);
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("begins again where a yes that was needed has run out and another takes its place", async () => {
    const { custody, me, clock } = await setting([slow]);
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana);
    await g.vote(custody, id, f.ben, { lastsMs: g.HOUR });
    clock.pass(g.HOUR);
    expect(await me.resume(id)).toMatchObject({ needs: [{ kind: "approvals" }, { kind: "delay" }] });
    await g.vote(custody, id, f.cyd);
    clock.pass(2 * g.HOUR - 1);
    expect(await kindOf(me, id)).toBe("pending");
    clock.pass(1);
    expect(await kindOf(me, id)).toBe("signed");
  });
});

describe("time is half-open", () => {
  test("a yes counts until the moment before it runs out", async () => {
    for (const [passes, kind] of [
      [g.HOUR - 1, "signed"],
      [g.HOUR, "pending"],
    ] as const) {
      const { custody, me, clock } = await setting();
      const id = g.asked(await me.sign(g.payment()));
      await g.vote(custody, id, f.ana, { lastsMs: g.HOUR });
      await g.vote(custody, id, f.ben);
      clock.pass(passes);
      expect(await kindOf(me, id)).toBe(kind);
    }
  });

  test("a yes is taken until the moment before it, or its request, runs out", async () => {
    const { custody, me, clock } = await setting([g.large(g.twoOfFinance, { expires: "2h" })]);
    const id = g.asked(await me.sign(g.payment()));
    const short = await approveOffline(await custody.approvalStatement(id, { lastsMs: g.HOUR }), "ana", f.ana.credential);
    const long = await approveOffline(await custody.approvalStatement(id), "ben", f.ben.credential);
    clock.pass(g.HOUR);
    expect(await f.codeOf(custody.submitApproval(id, short))).toBe("approval/mismatch");
    clock.pass(g.HOUR - 1);
    expect(await f.codeOf(custody.submitApproval(id, long))).toBe("nothing was thrown");
    await g.vote(custody, id, f.cyd);
    clock.pass(1);
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
    expect(await f.codeOf(g.vote(custody, id, f.ana))).toBe("pending/no-such-request");
    expect(await me.pending()).toEqual([]);
  });

  test("a request is signed in its last moment", async () => {
    const { custody, me, clock } = await setting([g.large(g.twoOfFinance, { expires: "2h" })]);
    const id = g.asked(await me.sign(g.payment()));
    await votes(custody, id);
    clock.pass(2 * g.HOUR - 1);
    expect(await kindOf(me, id)).toBe("signed");
  });
});

test("who has a hundred requests waiting can still answer those of others, and a withdrawal makes room", async () => {
  const { custody, me } = await setting([g.large([{ of: "finance", atLeast: 1 }])]);
  const ana = await g.sessionOf(custody, f.ana);
  const ids: string[] = [];
  for (let n = 0; n < 100; n++) ids.push(g.asked(await ana.sign(g.payment(n, { value: BigInt(n + 3) * f.ETHER }))));
  const more = g.payment(200, { value: 500n * f.ETHER });
  expect(g.reasonOf(await ana.sign(more))).toBe("pending/too-many");
  const mine = g.asked(await me.sign(g.payment()));
  await g.vote(custody, mine, f.ana);
  expect(await kindOf(me, mine)).toBe("signed");
  await ana.withdraw(ids[0] ?? "");
  expect((await ana.sign(more)).kind).toBe("pending");
  expect(await me.pending()).toHaveLength(101);
});
