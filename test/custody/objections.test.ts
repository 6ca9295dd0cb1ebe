import { describe, expect, test } from "vitest";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

/** What an audit takes for granted of objections (src/policy/analyze/objectors.ts), as a custody does it. */
async function setting(rules: readonly object[], more: object = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team(rules, more), store: clock.store, as: g.owner });
  return { ...opened, clock };
}

const one = (of: string) => [{ of, atLeast: 1 }];
const slowBy = (of: string) => ({ id: "slow", require: ["transfer"], when: { asset: "ETH" }, approvals: one(of), delay: "24h" });
const editBy = (approvals: unknown) => [
  g.edit,
  { id: "edit-slow", require: ["policyEdit"], when: { not: { direction: "tightens" } }, approvals, delay: "24h" },
];
type Draft = { people: Record<string, object[]>; roles: Record<string, string[]>; rules: object[] };

describe("whoever a rule names", () => {
  test("only when the request is signed ends nothing: a yes to it was there before, by the scope of a session", async () => {
    const clock = g.timed();
    const late = { id: "late", require: ["transfer"], when: { date: { from: new Date(clock.now() + 2 * g.HOUR).toISOString() } } };
    const slow = { id: "slow", require: ["transfer"], when: { asset: "ETH" }, delay: "24h" };
    const policy = g.team([slow, { ...late, approvals: one("finance") }], { immutable: true });
    const { custody } = await f.openCustody({ policy, store: clock.store, as: g.owner });
    const yes = { id: "yes", require: ["transfer"], approvals: one("ana") };
    const own = await custody.session({ person: "owner", lastsMs: 3 * g.DAY, scope: { rules: [...f.payRules, yes] } });
    const id = g.asked(await own.sign(g.payment()));
    expect(await f.codeOf(g.vote(custody, id, f.cyd, { answer: "no" }))).toBe("approval/not-an-approver");
    await g.vote(custody, id, f.ana);
    clock.pass(g.DAY);
    expect(await own.resume(id)).toMatchObject({ kind: "signed" });
  });

  test("since its own delay runs can end the request for as long as that", async () => {
    const clock = g.timed();
    const from = new Date(clock.now() + 2 * g.HOUR).toISOString();
    const { custody, me } = await f.openCustody({
      policy: g.team([{ ...slowBy("finance"), when: { date: { from } } }, g.large(one("ana"), { id: "first" })], { immutable: true }),
      store: clock.store,
      as: g.owner,
    });
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana);
    clock.pass(2 * g.HOUR);
    expect(await me.resume(id)).toMatchObject({ kind: "pending" });
    clock.pass(g.DAY - 1);
    expect(await me.resume(id)).toMatchObject({ kind: "pending" });
    await g.vote(custody, id, f.cyd, { answer: "no" });
    clock.pass(1);
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });

  test("while it waits keeps their no when what named them holds no longer", async () => {
    const clock = g.timed();
    const until = new Date(clock.now() + g.HOUR).toISOString();
    const { custody, me } = await f.openCustody({
      policy: g.team([slowBy("ana"), { id: "early", require: ["transfer"], when: { date: { until } }, approvals: one("cyd") }], {
        immutable: true,
      }),
      store: clock.store,
      as: g.owner,
    });
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana);
    clock.pass(g.DAY - 1);
    expect(await me.resume(id)).toMatchObject({ kind: "pending" });
    await g.vote(custody, id, f.cyd, { answer: "no" });
    clock.pass(1);
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });
});

describe("an edit of the rules", () => {
  const disarmed = (change: (draft: Draft) => void) => (draft: unknown) => {
    const document = draft as Draft;
    document.rules = document.rules.map((rule) => ((rule as { id: string }).id === "pay-eth" ? { ...rule, when: { asset: "ETH" } } : rule));
    change(document);
  };
  async function ended(approvals: unknown, change: (draft: Draft) => void, by = f.cyd): Promise<string> {
    const { custody, me, clock } = await setting(editBy(approvals));
    const id = g.asked(await me.submit({ act: "policyEdit", policy: await g.changed(custody, disarmed(change)) } as never));
    await g.vote(custody, id, f.ana);
    await g.vote(custody, id, by, { answer: "no" });
    clock.pass(g.DAY);
    const said = await f.codeOf(me.resume(id));
    return said === "nothing was thrown" ? "done" : said;
  }

  test("is ended by whoever its rule names", async () => {
    expect(await ended(one("finance"), () => {})).toBe("pending/no-such-request");
  });

  test("is ended by nobody who loses a key by it", async () => {
    const newKey = ({ people }: Draft) => {
      people.cyd = [{ kind: "secp256k1", publicKey: f.person("mallory").publicKey }];
    };
    expect(await ended(one("finance"), newKey)).toBe("done");
    expect(await ended({ any: [one("ana"), one("cyd")] }, newKey)).toBe("done");
  });

  test("is ended by nobody who leaves a role by it, though they are named by themselves as well", async () => {
    const outside = ({ roles }: Draft) => {
      roles.finance = ["ana", "ben", "dee"];
    };
    expect(await ended(one("finance"), outside)).toBe("done");
    expect(await ended({ any: [one("ana"), one("cyd"), one("finance")] }, outside)).toBe("done");
    expect(await ended({ any: [one("ana"), one("dee")] }, outside, f.dee)).toBe("pending/no-such-request");
  });
});
