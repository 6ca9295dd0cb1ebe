import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { approveOffline, type Custody, keyCredential, type Session, walletCredential } from "../../src/index.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

/** How long consent lasts while needs change, whose it is while names change, and what a no comes too late for. */
async function setting(rules: readonly object[], more: object = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team([g.edit, ...rules], more), store: clock.store, as: g.owner });
  return { ...opened, clock };
}

const wallet = privateKeyToAccount(`0x${"11".repeat(32)}`);
const walletOf = walletCredential(wallet);
const one = [{ of: "finance", atLeast: 1 }];
const large = { when: { asset: "ETH", total: { min: "1 ETH" } }, require: ["transfer"] };
type Draft = { people: Record<string, object[]>; roles: Record<string, unknown[]>; rules: { id: string; [name: string]: unknown }[] };

async function edited(custody: Custody, me: Session, change: (document: Draft) => void): Promise<void> {
  const policy = await g.changed(custody, change as never);
  expect(await me.submit({ act: "policyEdit", policy })).toMatchObject({ kind: "done" });
}
const kindOf = async (me: Session, id: string): Promise<string> => (await me.resume(id)).kind;

describe("a request waits", () => {
  test.each([
    ["1h", 2],
    ["3h", 30],
  ])("as short as any of its rules says that lets a delay of %s run: %i hours", async (delay, hours) => {
    const { me, clock } = await setting([
      g.large(one, { expires: "2h" }),
      { id: "slow", ...large, delay, expires: "30h" },
      { id: "third", ...large, approvals: [{ of: "ben", atLeast: 1 }], expires: "400h" },
    ]);
    expect(await me.sign(g.payment())).toMatchObject({ kind: "pending", expires: clock.now() + hours * g.HOUR });
  });

  test("no longer because of a delay that whoever asks has put upon themselves", async () => {
    const { custody, clock } = await setting([g.large(one, { expires: "1h" })]);
    const slow = { id: "slow", require: ["transfer"], delay: "2h" };
    const me = await custody.session({ person: "owner", scope: { rules: [...f.payRules, slow] } });
    expect(await me.sign(g.payment())).toMatchObject({ kind: "pending", expires: clock.now() + g.HOUR });
  });

  test("no longer than the policy in force lets it: consent that is older by then asks again", async () => {
    const { custody, me, clock } = await setting([g.large(one)]);
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana);
    await edited(custody, me, ({ rules }) => Object.assign(rules.find((rule) => rule.id === "large") ?? {}, { expires: "1h" }));
    clock.pass(g.HOUR);
    expect(await f.codeOf(g.vote(custody, id, f.ben))).toBe("pending/no-such-request");
    const again = g.asked(await me.resume(id));
    expect(again).not.toBe(id);
    expect(f.kindsOf(await f.checkedLog(custody)).endsWith(" expired pending")).toBe(true);
  });

  test("and a moment earlier it is signed; what is answered then runs out with it", async () => {
    const { custody, me, clock } = await setting([g.large(g.twoOfFinance)]);
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana);
    await edited(custody, me, ({ rules }) => Object.assign(rules.find((rule) => rule.id === "large") ?? {}, { expires: "1h" }));
    expect((await custody.approvalStatement(id)).expiresMs).toBe(clock.now() + g.HOUR);
    await g.vote(custody, id, f.ben);
    clock.pass(g.HOUR - 1);
    expect(await kindOf(me, id)).toBe("signed");
  });
});

describe("a delay that is asked for later runs from then", () => {
  test("where other bytes ask for it", async () => {
    const { me, clock } = await setting([
      { id: "costly", require: ["fee"], when: { asset: "ETH", amount: { min: "0.00003 ETH" } }, delay: "24h" },
      { id: "cheap", require: ["fee"], when: { asset: "ETH", amount: { max: "0.000025 ETH" } }, approvals: [{ of: "dee", atLeast: 1 }] },
    ]);
    const [cheap, costly] = [g.payment(0), g.payment(0, { feePerGas: 2n * 10n ** 9n })];
    const id = g.asked(await me.sign(cheap));
    clock.pass(g.DAY);
    const taken = async (request: object) => (await me.resume(id, { request })).kind;
    expect(await taken(costly)).toBe("pending");
    clock.pass(g.DAY - 1);
    expect(await taken(costly)).toBe("pending");
    // First asked for: not again each time that it is.
    expect(await taken(cheap)).toBe("pending");
    clock.pass(1);
    expect(await taken(costly)).toBe("signed");
  });
});

describe("whose yes it is", () => {
  const ops = [
    { kind: "secp256k1", publicKey: f.dee.publicKey },
    { kind: "eip712", address: wallet.address },
  ];
  const withKey = ({ name, publicKey }: f.Person) => [name, [{ kind: "secp256k1", publicKey }]] as const;
  const people = { owner: [{ kind: "unlock" }], ops, ...Object.fromEntries([f.ana, f.ben, f.cyd].map(withKey)) };

  test("is the hand's that asked, under whatever name an edit gives it: it does not count", async () => {
    for (const asking of [walletOf, f.dee.credential]) {
      const { custody, me } = await setting([g.large(one)], { people });
      const session = await custody.session({ person: "ops", credential: asking });
      const id = g.asked(await session.sign(g.payment()));
      await edited(custody, me, (document) => {
        document.people.ops = ops.slice(0, 1);
        document.people.other = ops.slice(1);
        document.roles.finance = ["other", "ana"];
      });
      expect(await f.codeOf(g.vote(custody, id, { name: "other", credential: walletOf }))).toBe("approval/not-an-approver");
      await g.vote(custody, id, f.ana);
    }
  });

  test("is known by the wallet of a key as well", async () => {
    const { custody, me } = await setting([g.large(one)], {
      people: {
        ...people,
        dee: [{ kind: "secp256k1", publicKey: keyCredential(new Uint8Array(32).fill(0x22)).publicKey }],
        ops: ops.slice(1),
      },
    });
    const session = await custody.session({ person: "dee", credential: keyCredential(new Uint8Array(32).fill(0x22)) });
    const id = g.asked(await session.sign(g.payment()));
    const ofKey = privateKeyToAccount(`0x${"22".repeat(32)}`);
    await edited(custody, me, (document) => {
      document.people.dee = [{ kind: "secp256k1", publicKey: f.person("zoe").publicKey }];
      document.people.other = [{ kind: "eip712", address: ofKey.address }];
      document.roles.finance = ["other", "ana"];
    });
    const other = { name: "other", credential: walletCredential(ofKey) };
    expect(await f.codeOf(g.vote(custody, id, other))).toBe("approval/not-an-approver");
  });

  test("is that of whoever unlocks, who is another person by name now", async () => {
    const { custody, me } = await setting([g.large(one)]);
    const id = g.asked(await me.sign(g.payment()));
    await edited(custody, me, (document) => {
      const { owner = [], ...others } = document.people;
      document.people = { ...others, boss: owner };
      document.roles.finance = ["boss", "ana"];
      document.rules = document.rules.map((rule) => (rule.id === "edit" ? { ...rule, when: { requester: "boss" } } : rule));
    });
    const boss = await custody.session({ person: "boss" });
    expect(await f.codeOf(boss.approve(id))).toBe("approval/not-an-approver");
  });
});

test("a yes counts by the needs that it was given under, whatever others of the same policy were given under", async () => {
  const weak = { id: "k", require: ["transfer"], when: { session: "secp256k1" }, approvals: one, delay: "1h" };
  const strong = { id: "w", require: ["transfer"], when: { session: "eip712" }, approvals: g.twoOfFinance };
  const people = {
    owner: [{ kind: "unlock" }],
    ops: [
      { kind: "secp256k1", publicKey: f.dee.publicKey },
      { kind: "eip712", address: wallet.address },
    ],
    ...Object.fromEntries([f.ana, f.ben, f.cyd].map(({ name, publicKey }) => [name, [{ kind: "secp256k1", publicKey }]])),
  };
  for (const last of [f.ana, f.ben]) {
    const { custody, me } = await setting([strong, weak], { people });
    const byKey = await custody.session({ person: "ops", credential: f.dee.credential });
    const byWallet = await custody.session({ person: "ops", credential: walletOf });
    const id = g.asked(await byKey.sign(g.payment()));
    // Ana answers where one is enough, ben where two are needed, in either order.
    const votes = [
      async () => [await byKey.resume(id), await g.vote(custody, id, f.ana)],
      async () => [await byWallet.resume(id), await g.vote(custody, id, f.ben)],
    ];
    for (const vote of last === f.ana ? votes.reverse() : votes) await vote();
    await edited(custody, me, (document) => {
      document.rules = document.rules.flatMap(({ when, ...rule }) =>
        rule.id === "k" ? [] : rule.id === "w" ? [rule] : [{ ...rule, when }],
      );
    });
    expect(await byKey.resume(id)).toMatchObject({ kind: "pending", needs: [{ kind: "approvals" }] });
  }
});

describe("between the reservation and the signature", () => {
  test.each([
    ["a no", "refused", (at: Awaited<ReturnType<typeof f.reopen>>, id: string) => g.vote(at.custody, id, f.ben, { answer: "no" })],
    ["a withdrawal", "withdrawn", (at: Awaited<ReturnType<typeof f.reopen>>, id: string) => at.me.withdraw(id)],
  ] as const)("%s stops it, and frees what it had taken", async (_what, entry, take) => {
    const clock = g.timed();
    const policy = g.team([g.edit, g.large(one), f.ethLimit("3 ETH", "24h")]);
    const { custody, me } = await f.openCustody({ policy, store: clock.store, as: g.owner });
    const elsewhere = await f.reopen(clock.store);
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana);
    let waits = false;
    const store = f.hooked(clock.store, {
      after: async ({ on }) => {
        if (on !== "commit" || !waits) return;
        waits = false;
        await take(elsewhere, id);
      },
    });
    const third = await f.reopen(store);
    waits = true;
    expect(await f.codeOf(third.me.resume(id))).toBe("vault/reservation-lost");
    expect(f.kindsOf(await f.checkedLog(elsewhere.custody)).endsWith(` reserved ${entry} lapsed`)).toBe(true);
    expect(await elsewhere.me.pending()).toEqual([]);
    expect(g.asked(await elsewhere.me.sign(g.payment(0, { value: 3n * f.ETHER })))).not.toBe(id);
  });
});

describe("the log says what a no has ended", () => {
  const said = async (custody: Custody) =>
    (await f.checkedLog(custody)).filter(({ kind }) => kind === "refused").map((entry) => (entry as { ends?: unknown }).ends);

  test("the request", async () => {
    const { custody, me } = await setting([g.large(one)]);
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana, { answer: "no" });
    expect(await said(custody)).toEqual(["request"]);
  });

  test("only replacements, where the request was signed before it came", async () => {
    const { custody, me } = await setting([g.large(one)]);
    const id = g.asked(await me.sign(g.payment()));
    await g.vote(custody, id, f.ana);
    expect(await kindOf(me, id)).toBe("signed");
    await g.vote(custody, id, f.ben, { answer: "no" });
    expect(await said(custody)).toEqual(["replacements"]);
    expect((await me.sign(g.payment(0, { feePerGas: 2n * 10n ** 9n }))).kind).toBe("pending");
  });

  test("nothing, where an edit is about who says it", async () => {
    const four = { id: "four", require: ["policyEdit"], approvals: one };
    const { custody, me } = await setting([four]);
    const policy = await g.changed(custody, (document) => Object.assign(document, { roles: { finance: ["ana", "cyd"] } }));
    const id = g.asked(await me.submit({ act: "policyEdit", policy }));
    await g.vote(custody, id, f.ben, { answer: "no" });
    expect(await said(custody)).toEqual(["nothing"]);
    await g.vote(custody, id, f.ana);
    expect(await kindOf(me, id)).toBe("done");
  });
});

test("a yes by somebody who saw a log that this vault has not is refused", async () => {
  const { custody, me } = await setting([g.large(one)]);
  const id = g.asked(await me.sign(g.payment()));
  const statement = await custody.approvalStatement(id);
  const { size, root } = statement.head;
  for (const head of [
    { size: size + 1, root },
    { size, root: "0".repeat(64) },
  ]) {
    const yes = await approveOffline({ ...statement, head }, "ana", f.ana.credential);
    expect(await f.codeOf(custody.submitApproval(id, yes))).toBe("approval/mismatch");
  }
  await custody.submitApproval(id, await approveOffline(statement, "ana", f.ana.credential));
  expect(await kindOf(me, id)).toBe("signed");
});
