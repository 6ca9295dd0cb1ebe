import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { type Custody, keyCredential, type Session, walletCredential } from "../../src/index.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

/** Whose answers count: deputies, alternatives, clauses, submitters, keys that are gone. */
async function setting(rules: readonly object[], more: object = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team([g.edit, ...rules], more), store: clock.store, as: g.owner });
  return { ...opened, clock };
}

const kindOf = async (me: Session, id: string): Promise<string> => (await me.resume(id)).kind;
const votes = async (custody: Custody, id: string, people: readonly f.Person[]): Promise<void> => {
  for (const person of people) await g.vote(custody, id, person);
};

describe("a deputy", () => {
  const from = Date.UTC(2026, 10, 4);
  const until = Date.UTC(2026, 10, 6);
  const roles = { cfo: ["ana", { person: "dee", from: "2026-11-04", until: "2026-11-06" }] };
  const rule = g.large([{ of: "cfo", atLeast: 1 }], { expires: "14d" });

  test.each([
    ["the day before", from - g.DAY, false],
    ["the moment before", from - 1, false],
    ["the first moment", from, true],
    ["the last moment", until - 1, true],
    ["the moment after", until, false],
    ["the day after", until + g.DAY, false],
  ])("answers %s its dates (at %i: %s)", async (_when, at, counts) => {
    const { custody, me, clock } = await setting([rule], { roles });
    clock.at(at);
    const id = g.asked(await me.sign(g.payment()));
    if (counts) await g.vote(custody, id, f.dee);
    else {
      expect(await f.codeOf(g.vote(custody, id, f.dee))).toBe("approval/not-an-approver");
      expect(await kindOf(me, id)).toBe("pending");
      await g.vote(custody, id, f.ana);
    }
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("whose time is over before the payment is signed does not count, and cannot veto", async () => {
    const { custody, me, clock } = await setting([{ ...rule, delay: "1h" }], { roles });
    clock.at(until - g.HOUR);
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.dee);
    clock.at(until - 1);
    expect(await kindOf(me, id)).toBe("pending");
    clock.at(until);
    expect(await me.resume(id)).toMatchObject({ kind: "pending", needs: [{ kind: "approvals" }, { kind: "delay" }] });
    expect(await f.codeOf(g.vote(custody, id, f.dee, { answer: "no" }))).toBe("approval/not-an-approver");
    await g.vote(custody, id, f.ana);
    clock.pass(g.HOUR);
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("stands in beside whom they stand in for, and one role inside another keeps the dates", async () => {
    const nested = { cfo: roles.cfo, board: ["role:cfo", "ben"] };
    const { custody, me, clock } = await setting([g.large([{ of: "board", atLeast: 2 }], { expires: "14d" })], { roles: nested });
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ben);
    expect(await f.codeOf(g.vote(custody, id, f.dee))).toBe("approval/not-an-approver");
    clock.at(from);
    await g.vote(custody, id, f.dee);
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("who asks themselves is no approver of it, within their dates too", async () => {
    const { custody, clock } = await setting([rule], { roles });
    clock.at(from);
    const dee = await g.sessionOf(custody, f.dee);
    const id = g.asked(await dee.sign(g.payment()));
    expect(await f.codeOf(g.vote(custody, id, f.dee))).toBe("approval/not-an-approver");
  });
});

describe("clauses and alternatives", () => {
  test("each person fills one clause, in whichever order they come", async () => {
    const clauses = [
      { of: "wide", atLeast: 1 },
      { of: "ana", atLeast: 1 },
      { of: "narrow", atLeast: 1 },
    ];
    const roles = { wide: ["ana", "ben", "cyd"], narrow: ["ana", "ben"] };
    for (const order of [
      [f.ana, f.ben, f.cyd],
      [f.cyd, f.ben, f.ana],
      [f.ben, f.ana, f.cyd],
    ]) {
      const { custody, me } = await setting([g.large(clauses)], { roles });
      const id = g.asked(await me.sign(g.payment()));
      await votes(custody, id, order.slice(0, 2));
      expect(await kindOf(me, id)).toBe("pending");
      await votes(custody, id, order.slice(2));
      expect(await kindOf(me, id)).toBe("signed");
    }
  });

  test("over two rules one yes counts for both, and each rule still needs its own number", async () => {
    const second = { ...g.large([{ of: "finance", atLeast: 3 }]), id: "second" };
    const { custody, me } = await setting([g.large(g.twoOfFinance), second]);
    const id = g.asked(await me.sign(g.payment()));
    await votes(custody, id, [f.ana, f.ben]);
    expect(await me.resume(id)).toMatchObject({ needs: [{ kind: "approvals", rule: "second" }] });
    await votes(custody, id, [f.cyd]);
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("either side of an alternative is enough, a mixture is not, and what is missing is told of both", async () => {
    const any = { any: [g.twoOfFinance, [{ of: "dee", atLeast: 1 }]] };
    const { custody, me } = await setting([g.large(any)]);
    const [first, second] = [g.asked(await me.sign(g.payment())), g.asked(await me.sign(g.payment(1, { value: 3n * f.ETHER })))];
    await votes(custody, first, [f.ana]);
    expect(await me.resume(first)).toMatchObject({ needs: [{ alternatives: [[{ of: "finance" }], [{ of: "dee" }]] }] });
    await votes(custody, first, [f.dee]);
    expect(await kindOf(me, first)).toBe("signed");
    await votes(custody, second, [f.cyd, f.ben]);
    expect(await kindOf(me, second)).toBe("signed");
  });

  test("anybody whom one alternative names can say no", async () => {
    const { custody, me } = await setting([g.large({ any: [g.twoOfFinance, [{ of: "dee", atLeast: 1 }]] })]);
    const id = g.asked(await me.sign(g.payment()));
    await votes(custody, id, [f.ana, f.ben]);
    await g.vote(custody, id, f.dee, { answer: "no" });
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });
});

describe("whoever submitted", () => {
  test("counts in none of their sessions, and in none of their credentials", async () => {
    const roles = { finance: ["ana", "ben", "owner"] };
    const second = f.person("second key of ana");
    const keys = [f.ana, second].map(({ publicKey }) => ({ kind: "secp256k1", publicKey }));
    const people = { ...(g.team([]).people as object), ana: keys };
    const { custody } = await setting([g.large(g.twoOfFinance)], { roles, people });
    const first = await g.sessionOf(custody, f.ana);
    const other = await custody.session({ person: "ana", credential: second.credential });
    const id = g.asked(await first.sign(g.payment()));
    expect(await f.codeOf(g.vote(custody, id, { name: "ana", credential: second.credential }))).toBe("approval/not-an-approver");
    expect(await f.codeOf(other.approve(id, { credential: f.ana.credential }))).toBe("approval/not-an-approver");
    await g.vote(custody, id, f.ben);
    expect(await kindOf(other, id)).toBe("pending");
    expect((await other.pending())[0]?.submitters).toEqual(["ana"]);
    await (await g.owner(custody)).approve(id);
    expect(await kindOf(other, id)).toBe("signed");
  });

  test("takes it up in another session of theirs, and nobody else in any", async () => {
    const { custody, me } = await setting([g.large(g.twoOfFinance)]);
    const id = g.asked(await me.sign(g.payment()));
    await votes(custody, id, [f.ana, f.ben]);
    expect(await f.codeOf((await g.sessionOf(custody, f.dee)).resume(id))).toBe("pending/not-yours");
    expect(await f.codeOf((await g.sessionOf(custody, f.ana)).resume(id))).toBe("pending/not-yours");
    expect(await kindOf(await custody.session({ person: "owner" }), id)).toBe("signed");
  });

  test("two who ask for the same cannot lend each other what was said to the other", async () => {
    const { custody, me } = await setting([g.large(g.twoOfFinance)]);
    const ana = await g.sessionOf(custody, f.ana);
    const [mine, hers] = [g.asked(await me.sign(g.payment())), g.asked(await ana.sign(g.payment()))];
    await votes(custody, mine, [f.ana, f.ben]);
    expect(await kindOf(ana, hers)).toBe("pending");
    expect(await f.codeOf(g.vote(custody, hers, f.ana))).toBe("approval/not-an-approver");
    expect(await kindOf(me, mine)).toBe("signed");
  });
});

describe("a yes of somebody who has lost their key, their name or their role meanwhile", () => {
  const rules = [g.edit, g.large(g.twoOfFinance)];

  test.each<[string, object]>([
    ["the key", { people: { ...(g.team([]).people as object), ana: [{ kind: "secp256k1", publicKey: f.person("new").publicKey }] } }],
    ["the role", { roles: { finance: ["ben", "cyd", "dee"] } }],
    [
      "the key, which is another person's now",
      {
        people: {
          ...(g.team([]).people as object),
          ana: [{ kind: "secp256k1", publicKey: f.person("new").publicKey }],
          dee: [{ kind: "secp256k1", publicKey: f.ana.publicKey }],
        },
      },
    ],
  ])("does not count: %s", async (_what, more) => {
    const { custody, me } = await setting([g.large(g.twoOfFinance)]);
    const id = g.asked(await me.sign(g.payment()));
    await votes(custody, id, [f.ana, f.ben]);
    expect((await me.submit({ act: "policyEdit", policy: g.team(rules, more) })).kind).toBe("done");
    expect(await kindOf(me, id)).toBe("pending");
    expect((await me.pending()).find((one) => one.id === id)?.missing).toMatchObject([{ kind: "approvals" }]);
  });

  test("counts again for nobody who takes over the name with another key", async () => {
    const { custody, me } = await setting([g.large(g.twoOfFinance)]);
    const id = g.asked(await me.sign(g.payment()));
    await votes(custody, id, [f.ana, f.ben]);
    const stranger = keyCredential(new Uint8Array(32).fill(0x31));
    const people = { ...(g.team([]).people as object), ana: [{ kind: "secp256k1", publicKey: stranger.publicKey }] };
    expect((await me.submit({ act: "policyEdit", policy: g.team(rules, { people }) })).kind).toBe("done");
    expect(await kindOf(me, id)).toBe("pending");
    expect(await f.codeOf(g.vote(custody, id, f.ana))).toBe("approval/bad-signature");
  });
});

describe("wallets and machines", () => {
  const account = privateKeyToAccount(`0x${"c1".repeat(32)}`);
  const cyd = {
    name: "cyd",
    credential: walletCredential({ address: account.address, signTypedData: (data) => account.signTypedData(data as never) }),
  };
  const bot = f.person("bot");
  const people = {
    ...(g.team([]).people as object),
    cyd: [{ kind: "eip712", address: account.address }],
    bot: [{ kind: "service", publicKey: bot.publicKey }],
  };
  const roles = { finance: ["ana", "ben", "cyd", "bot"] };

  test("a key and a wallet are two people; a wallet that the policy replaced no longer counts", async () => {
    const { custody, me } = await setting([g.large(g.twoOfFinance)], { people, roles });
    const [first, second] = [g.asked(await me.sign(g.payment())), g.asked(await me.sign(g.payment(1, { value: 3n * f.ETHER })))];
    for (const id of [first, second]) {
      await g.vote(custody, id, f.ana);
      await g.vote(custody, id, cyd);
    }
    expect(await kindOf(me, first)).toBe("signed");
    const other = { ...people, cyd: [{ kind: "eip712", address: privateKeyToAccount(`0x${"c2".repeat(32)}`).address }] };
    const edited = g.team([g.edit, g.large(g.twoOfFinance)], { people: other, roles });
    expect((await me.submit({ act: "policyEdit", policy: edited })).kind).toBe("done");
    expect(await kindOf(me, second)).toBe("pending");
    expect(await f.codeOf(g.vote(custody, second, cyd))).toBe("approval/bad-signature");
    await g.vote(custody, second, f.ben);
    expect(await kindOf(me, second)).toBe("signed");
  });

  test("a machine in a role fills no clause and vetoes nothing", async () => {
    const { custody, me } = await setting([g.large(g.twoOfFinance)], { people, roles });
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana);
    expect(await f.codeOf(g.vote(custody, id, bot))).toBe("approval/not-an-approver");
    expect(await f.codeOf(g.vote(custody, id, bot, { answer: "no" }))).toBe("approval/not-an-approver");
    expect(await kindOf(me, id)).toBe("pending");
    await g.vote(custody, id, cyd);
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("a yes of somebody whose key has become a machine's does not count", async () => {
    const { custody, me } = await setting([g.large(g.twoOfFinance)], { people, roles });
    const id = g.asked(await me.sign(g.payment()));
    await votes(custody, id, [f.ana, f.ben]);
    const machine = { ...people, ana: [{ kind: "service", publicKey: f.ana.publicKey }] };
    const edited = g.team([g.edit, g.large(g.twoOfFinance)], { people: machine, roles });
    expect((await me.submit({ act: "policyEdit", policy: edited })).kind).toBe("done");
    expect(await kindOf(me, id)).toBe("pending");
  });
});
