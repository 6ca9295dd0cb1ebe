import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { type Custody, type Session, walletCredential } from "../../src/index.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

/** Nobody can take another's no from them, whatever they turn the request, the session or the policy into. */
async function setting(rules: readonly object[], more: object = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team([g.edit, ...rules], more), store: clock.store, as: g.owner });
  return { ...opened, clock };
}

const wallet = privateKeyToAccount(`0x${"11".repeat(32)}`);
const walletOf = walletCredential(wallet);
const withKey = ({ name, publicKey }: f.Person) => [name, [{ kind: "secp256k1", publicKey }]] as const;
const people = {
  owner: [{ kind: "unlock" }],
  ops: [
    { kind: "secp256k1", publicKey: f.dee.publicKey },
    { kind: "eip712", address: wallet.address },
  ],
  ...Object.fromEntries([f.ana, f.ben, f.cyd].map(withKey)),
};
const slow = g.large(g.twoOfFinance, { delay: "24h" });
const byWallet = { id: "w", require: ["transfer"], when: { session: "eip712" }, approvals: g.twoOfFinance, delay: "24h" };
const byKey = { id: "k", require: ["transfer"], when: { session: "secp256k1" }, approvals: [{ of: "owner", atLeast: 1 }] };

/** Lets two say yes and runs `meanwhile`; then cyd says no, the delay passes, and `afterwards` is all that the requester can do. */
async function vetoed(
  { custody, clock }: Pick<Awaited<ReturnType<typeof setting>>, "custody" | "clock">,
  id: string,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  await g.vote(custody, id, f.ana);
  await g.vote(custody, id, f.ben);
  await meanwhile();
  await g.vote(custody, id, f.cyd, { answer: "no" });
  clock.pass(g.DAY + 1);
}
const renamed = async (custody: Custody, me: Session) =>
  me.submit({ act: "policyEdit", policy: await g.changed(custody, (document) => Object.assign(document, { name: "another" })) } as never);
const ended = async (custody: Custody, session: Session, id: string) => {
  expect(await f.codeOf(session.resume(id))).toBe("pending/no-such-request");
  expect(f.kindsOf(await f.checkedLog(custody))).toContain("refused");
};

describe("a no ends the request", () => {
  test("although it was turned into cheaper bytes, which ask for others", async () => {
    const rules = [
      { id: "costly", require: ["fee"], when: { asset: "ETH", amount: { min: "0.00003 ETH" } }, approvals: g.twoOfFinance, delay: "24h" },
      { id: "cheap", require: ["fee"], when: { asset: "ETH", amount: { max: "0.000025 ETH" } }, approvals: [{ of: "dee", atLeast: 1 }] },
    ];
    const at = await setting(rules);
    const costly = g.payment(0, { feePerGas: 2n * 10n ** 9n });
    const id = g.asked(await at.me.sign(costly));
    await vetoed(at, id, () => at.me.resume(id, { request: g.payment(0) }));
    expect(await f.codeOf(at.me.resume(id, { request: costly }))).toBe("pending/no-such-request");
  });

  test("although it was taken up in a session of another kind", async () => {
    const at = await setting([byWallet, byKey], { people });
    const session = await at.custody.session({ person: "ops", credential: walletOf, lastsMs: 5 * g.DAY });
    const other = await at.custody.session({ person: "ops", credential: f.dee.credential, lastsMs: 5 * g.DAY });
    const id = g.asked(await session.sign(g.payment()));
    await vetoed(at, id, () => other.resume(id));
    await ended(at.custody, session, id);
  });

  test("although the policy was edited: it is judged again as the session that asked, not as another of the person's", async () => {
    const at = await setting([byWallet, byKey], { people });
    const session = await at.custody.session({ person: "ops", credential: walletOf, lastsMs: 5 * g.DAY });
    const id = g.asked(await session.sign(g.payment()));
    await g.vote(at.custody, id, f.ana);
    expect(await renamed(at.custody, at.me)).toMatchObject({ kind: "done" });
    expect(await f.codeOf(g.vote(at.custody, id, f.ben))).toBe("nothing was thrown");
    await g.vote(at.custody, id, f.cyd, { answer: "no" });
    await ended(at.custody, session, id);
  });

  test("although the vault was edited and frozen", async () => {
    const at = await setting([slow, { id: "mode", allow: ["modeChange"] }]);
    const id = g.asked(await at.me.sign(g.payment()));
    await vetoed(at, id, async () => {
      await renamed(at.custody, at.me);
      await at.me.submit({ act: "modeChange", mode: "frozen" });
      expect(await f.codeOf(g.vote(at.custody, id, f.cyd))).toBe("approval/mismatch");
    });
    await at.me.submit({ act: "modeChange", mode: "normal" });
    await ended(at.custody, at.me, id);
  });

  test("although the policy was edited and a limit is full", async () => {
    const at = await setting([slow, f.ethLimit("3 ETH", "24h")]);
    const id = g.asked(await at.me.sign(g.payment()));
    await vetoed(at, id, async () => {
      for (const nonce of [1, 2]) await at.me.sign(g.payment(nonce, { value: (9n * f.ETHER) / 10n + BigInt(nonce) }));
      await renamed(at.custody, at.me);
      expect(await f.codeOf(g.vote(at.custody, id, f.cyd))).toBe("approval/mismatch");
    });
    await ended(at.custody, at.me, id);
  });

  test("also an edit of the policy while another is in force, under which it would do something else", async () => {
    const four = { id: "four", require: ["policyEdit"], when: { part: "book" }, approvals: [{ of: "finance", atLeast: 1 }], delay: "24h" };
    const at = await setting([four]);
    const before = (await at.custody.policy()).document;
    const policy = await g.changed(at.custody, ({ book }) => Object.assign(book, { more: { chain: f.CHAIN, address: f.USDC } }));
    const id = g.asked(await at.me.submit({ act: "policyEdit", policy }));
    await g.vote(at.custody, id, f.ana);
    expect(await renamed(at.custody, at.me)).toMatchObject({ kind: "done" });
    await g.vote(at.custody, id, f.ben, { answer: "no" });
    at.clock.pass(g.DAY);
    await at.me.submit({ act: "policyEdit", policy: before });
    await ended(at.custody, at.me, id);
  });

  test("by whom the policy in force names, though the request has waited for others so far", async () => {
    const { custody, me } = await setting([g.large([{ of: "ana", atLeast: 1 }])]);
    const id = g.asked(await me.sign(g.payment()));
    expect(await f.codeOf(g.vote(custody, id, f.dee, { answer: "no" }))).toBe("approval/not-an-approver");
    const policy = await g.changed(custody, ({ rules }) =>
      Object.assign(rules.find((rule) => rule.id === "large") ?? {}, { approvals: [{ of: "dee", atLeast: 1 }] }),
    );
    await me.submit({ act: "policyEdit", policy });
    await g.vote(custody, id, f.dee, { answer: "no" });
    await ended(custody, me, id);
  });
});
