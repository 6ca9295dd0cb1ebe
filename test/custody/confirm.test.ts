import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { confirmOffline } from "../../src/custody/confirm.ts";
import { approveOffline, type Custody, keyward, passphrase, type Session, type Slot, walletCredential } from "../../src/index.ts";
import { createVault } from "../../src/vault/open.ts";
import { freshStore } from "../here/fresh-store.ts";
import { keyOf, rawSlot } from "../vault/setting.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

/** From 1 ETH on, whoever asks has to show that they are there. */
const present = { id: "present", require: ["transfer"], when: { asset: "ETH", total: { min: "1 ETH" } }, confirm: true };

async function setting(rules: readonly object[] = [present], more: object = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy: g.team([g.edit, ...rules], more), store: clock.store, as: g.owner });
  return { ...opened, clock };
}

const kindOf = async (me: Session, id: string, request?: object): Promise<string> =>
  (await me.resume(id, request === undefined ? {} : { request })).kind;

/** A confirmation that ana's key signs elsewhere, with members of the statement changed. */
async function signedBy(me: Session, id: string, who: f.Person, changes: object = {}) {
  return confirmOffline({ ...(await me.confirmationStatement(id)), ...changes }, who.credential);
}

describe("who unlocks confirms by unlocking once more", () => {
  test("the request waits for it, then it is signed, and the log says how", async () => {
    const { custody, me } = await setting();
    const asked = await me.sign(g.payment());
    expect(asked).toMatchObject({ kind: "pending", needs: [{ kind: "confirm", rule: "present" }] });
    const id = g.asked(asked);
    expect(await kindOf(me, id)).toBe("pending");
    const entry = await me.confirm(id, { slot: f.slot });
    expect((await me.pending())[0]).toMatchObject({ missing: [], confirmed: { person: "owner" } });
    expect(await kindOf(me, id)).toBe("signed");
    expect((await me.sign(g.payment())).kind).toBe("signed");
    const log = await f.checkedLog(custody);
    expect(log[entry]).toMatchObject({
      kind: "confirmed",
      pending: id,
      person: "owner",
      proof: { slot: expect.stringMatching(/^[0-9a-f]{16}$/) },
    });
    expect(f.kindsOf(log)).toMatch(/pending confirmed reserved signed$/);
  });

  test("with a real passphrase, and the wrong one changes nothing", async () => {
    const cost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 };
    const right = passphrase("correct horse battery", { cost });
    const own = keyward({ store: freshStore(), chains: [evm] });
    await own.create({ slot: right, policy: g.team([g.edit, present]), wallet: { from: "privateKey", privateKey: f.KEY } });
    const mine = await own.session({ person: "owner" });
    await mine.accounts.derive({ chain: f.CHAIN, name: "Main" });
    const id = g.asked(await mine.sign(g.payment()));
    const size = (await f.checkedLog(own)).length;
    expect(await f.codeOf(mine.confirm(id, { slot: passphrase("correct horse batterz", { cost }) }))).toBe("vault/cannot-open");
    expect(own.state).toBe("open");
    expect((await f.checkedLog(own)).length).toBe(size);
    expect(await kindOf(mine, id)).toBe("pending");
    await mine.confirm(id, { slot: passphrase("correct horse battery") });
    expect(await kindOf(mine, id)).toBe("signed");
    own.lock();
    await own.unlock(right);
    expect((await f.checkedLog(own)).at(-1)).toMatchObject({ kind: "opened", failures: 1 });
  });

  test("a wrong key, a slot of another vault, a view-only one or no slot at all changes nothing", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const size = (await f.checkedLog(custody)).length;
    expect(await f.codeOf(me.confirm(id, { slot: f.wrongSlot }))).toBe("vault/cannot-open");
    expect(await f.codeOf(me.confirm(id, { slot: { ...f.slot, kind: "other" } }))).toBe("vault/cannot-open");
    expect(await f.codeOf(me.confirm(id, { slot: {} as Slot }))).toBe("request/malformed");
    expect(await f.codeOf(me.confirm(id, {}))).toBe("request/malformed");
    expect(await f.codeOf(me.confirm(id, { slot: f.slot, credential: f.ana.credential }))).toBe("request/malformed");
    expect(await kindOf(me, id)).toBe("pending");
    expect((await f.checkedLog(custody)).length).toBe(size);
    expect(custody.state).toBe("open");
  });

  test("a vault that was locked meanwhile takes no confirmation", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const locking: Slot = {
      ...f.slot,
      open: async (parameters, context) => {
        custody.lock();
        return f.slot.open(parameters, context);
      },
    };
    expect(await f.codeOf(me.confirm(id, { slot: locking }))).toBe("vault/locked");
    await custody.unlock(f.slot);
    expect(await kindOf(me, id)).toBe("pending");
  });

  test("what has become another request while the passphrase was stretched is not confirmed", async () => {
    const { me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const refreshing: Slot = {
      ...f.slot,
      open: async (parameters, context) => {
        expect(await kindOf(me, id, g.payment(9))).toBe("pending");
        return f.slot.open(parameters, context);
      },
    };
    expect(await f.codeOf(me.confirm(id, { slot: refreshing }))).toBe("approval/mismatch");
    expect(await kindOf(me, id)).toBe("pending");
  });
});

test("a slot that opens view only shows nobody's presence, and a vault that was locked takes none", async () => {
  const { store } = g.timed();
  const viewer = rawSlot(keyOf(9));
  const vault = await createVault({ store, slots: [f.slot], viewSlots: [viewer], state: {} });
  await expect(vault.openAgain(viewer)).rejects.toMatchObject({ code: "vault/cannot-open" });
  const [first] = vault.slots;
  expect(await vault.openAgain(f.slot)).toBe(first?.id);
  expect(await vault.read((view) => view.state)).toEqual({});
  const locking: Slot = {
    ...f.slot,
    open: async (parameters, context) => {
      vault.lock();
      return f.slot.open(parameters, context);
    },
  };
  await expect(vault.openAgain(locking)).rejects.toMatchObject({ code: "vault/locked" });
});

describe("who has a key confirms with it", () => {
  const byAna = { ...present, when: { asset: "ETH", total: { min: "1 ETH" } } };
  async function anas(rules: readonly object[] = [byAna], more: object = {}) {
    const opened = await setting(rules, more);
    const me = await opened.custody.session({ person: "ana", credential: f.ana.credential, lastsMs: 30 * g.DAY });
    return { ...opened, me, id: g.asked(await me.sign(g.payment())) };
  }

  test("here or elsewhere, and the log holds what they signed", async () => {
    const { custody, me, id } = await anas();
    expect(await kindOf(me, id)).toBe("pending");
    const entry = await me.confirm(id, { credential: f.ana.credential });
    expect(await kindOf(me, id)).toBe("signed");
    const second = g.asked(await me.sign(g.payment(1)));
    const confirmation = await signedBy(me, second, f.ana);
    await me.confirm(second, { confirmation });
    expect(await kindOf(me, second)).toBe("signed");
    const log = await f.checkedLog(custody);
    expect(log[entry]).toMatchObject({
      kind: "confirmed",
      person: "ana",
      proof: { publicKey: f.ana.publicKey, statement: { person: "ana", pending: id } },
    });
  });

  test("not with another's key, nor by unlocking, nor by a confirmation of something else", async () => {
    const { me, id, clock } = await anas();
    const code = (confirmation: unknown) => f.codeOf(me.confirm(id, { confirmation }));
    expect(await f.codeOf(me.confirm(id, { credential: f.ben.credential }))).toBe("approval/bad-signature");
    expect(await f.codeOf(me.confirm(id, { slot: f.slot }))).toBe("approval/bad-signature");
    const good = await signedBy(me, id, f.ana);
    const zeros = "0".repeat(64);
    for (const other of [
      { vault: "0".repeat(32) },
      { person: "ben" },
      { policy: zeros },
      { semantics: 0 },
      { pending: "0".repeat(16) },
      { subject: zeros },
      { expiresMs: clock.now() },
      { expiresMs: clock.now() + 73 * g.HOUR },
    ]) {
      expect([other, await code(await signedBy(me, id, f.ana, other))]).toEqual([other, "approval/mismatch"]);
    }
    expect(await code({ ...good, statement: { ...good.statement, nonce: "0".repeat(32) } })).toBe("approval/bad-signature");
    expect(await code({ ...good, more: 1 })).toBe("approval/malformed");
    expect(await code(null)).toBe("approval/malformed");
    expect(await kindOf(me, id)).toBe("pending");
    expect(await code(good)).toBe("nothing was thrown");
    expect(await code(good)).toBe("approval/mismatch");
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("an approval or the beginning of a session is no confirmation, and a confirmation is neither", async () => {
    const { custody, me, id } = await anas([{ ...byAna, approvals: [{ of: "finance", atLeast: 1 }] }]);
    const statement = await custody.approvalStatement(id);
    const approval = await approveOffline(statement, "ana", f.ana.credential);
    const confirmation = await signedBy(me, id, f.ana);
    expect(await f.codeOf(me.confirm(id, { confirmation: approval }))).toBe("approval/malformed");
    expect(
      await f.codeOf(me.confirm(id, { confirmation: { ...confirmation, signature: (approval as { signature: string }).signature } })),
    ).toBe("approval/bad-signature");
    expect(await f.codeOf(custody.submitApproval(id, confirmation))).toBe("approval/malformed");
    expect(await f.codeOf(custody.submitApproval(id, { ...approval, signature: confirmation.signature }))).toBe("approval/bad-signature");
  });

  test("a key that was taken away confirms nothing, also where it had confirmed before", async () => {
    const { custody, me, id } = await anas();
    await me.confirm(id, { credential: f.ana.credential });
    const owner = await g.owner(custody);
    const second = f.person("second key of ana");
    const both = [f.ana, second].map(({ publicKey }) => ({ kind: "secp256k1", publicKey }));
    const people = (keys: readonly object[]) => ({ people: { ...(g.team([]).people as object), ana: keys } });
    const edit = (keys: readonly object[]) => owner.submit({ act: "policyEdit", policy: g.team([g.edit, byAna], people(keys)) });
    expect((await edit(both)).kind).toBe("done");
    const again = await custody.session({ person: "ana", credential: second.credential });
    expect(await kindOf(again, id)).toBe("pending");
    await again.confirm(id, { credential: f.ana.credential });
    expect((await edit(both.slice(1))).kind).toBe("done");
    expect(await kindOf(again, id)).toBe("pending");
    expect(await f.codeOf(again.confirm(id, { credential: f.ana.credential }))).toBe("approval/bad-signature");
    await again.confirm(id, { credential: second.credential });
    expect(await kindOf(again, id)).toBe("signed");
  });
});

describe("a confirmation is for exactly these bytes", () => {
  test("a new nonce or a fee bump needs another, before and after the first was signed", async () => {
    const { me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    await me.confirm(id, { slot: f.slot });
    expect(await kindOf(me, id, g.payment(1))).toBe("pending");
    expect((await me.pending())[0]).not.toHaveProperty("confirmed");
    await me.confirm(id, { slot: f.slot });
    expect(await kindOf(me, id)).toBe("signed");
    const bump = g.payment(1, { feePerGas: 2n * 10n ** 9n });
    const asked = await me.sign(bump);
    expect(asked).toMatchObject({ kind: "pending", id, needs: [{ kind: "confirm" }] });
    await me.confirm(id, { slot: f.slot });
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("it is gone with the bytes, also when they come back", async () => {
    const { me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    await me.confirm(id, { slot: f.slot });
    expect(await kindOf(me, id, g.payment(1))).toBe("pending");
    expect(await kindOf(me, id, g.payment(0))).toBe("pending");
  });

  test("a signed one cannot be brought in again for bytes that came back", async () => {
    const { custody } = await setting();
    const me = await g.sessionOf(custody, f.ana);
    const id = g.asked(await me.sign(g.payment()));
    const confirmation = await signedBy(me, id, f.ana);
    await me.confirm(id, { confirmation });
    expect(await kindOf(me, id, g.payment(1))).toBe("pending");
    expect(await f.codeOf(me.confirm(id, { confirmation }))).toBe("approval/mismatch");
    expect(await kindOf(me, id, g.payment(0))).toBe("pending");
    expect(await f.codeOf(me.confirm(id, { confirmation }))).toBe("approval/mismatch");
    expect(await kindOf(me, id)).toBe("pending");
  });

  test("a policy that changed meanwhile ends it", async () => {
    const { me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    await me.confirm(id, { slot: f.slot });
    expect((await me.submit({ act: "policyEdit", policy: g.team([g.edit, present, f.ethLimit("9 ETH")]) })).kind).toBe("done");
    expect(await kindOf(me, id)).toBe("pending");
    await me.confirm(id, { slot: f.slot });
    expect(await kindOf(me, id)).toBe("signed");
  });

  test("a policy that changed and came back has not brought it back", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    await me.confirm(id, { slot: f.slot });
    const { document } = await custody.policy();
    for (const policy of [{ ...document, name: "other" }, document])
      expect((await me.submit({ act: "policyEdit", policy })).kind).toBe("done");
    expect((await me.resume(id)).kind).toBe("pending");
  });

  test("where it says what was shown, nothing else is confirmed", async () => {
    const { custody, me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    const shown = await me.confirmationStatement(id);
    await me.sign(g.payment(1));
    expect(await f.codeOf(me.confirm(id, { slot: f.slot, statement: shown }))).toBe("approval/mismatch");
    const now = await me.confirmationStatement(id);
    expect(await f.codeOf(me.confirm(id, { slot: f.slot, statement: { ...now, nonce: "5" } }))).toBe("approval/malformed");
    await me.confirm(id, { slot: f.slot, statement: now });
    expect((await custody.pending())[0]?.confirmed).toMatchObject({ person: "owner" });
  });

  test("it counts for no longer than it says", async () => {
    const { custody, clock } = await setting();
    const me = await g.sessionOf(custody, f.ana);
    const [first, second] = [g.asked(await me.sign(g.payment())), g.asked(await me.sign(g.payment(1, { value: 3n * f.ETHER })))];
    for (const id of [first, second])
      await me.confirm(id, { confirmation: await signedBy(me, id, f.ana, { expiresMs: clock.now() + g.HOUR }) });
    clock.pass(g.HOUR - 1);
    expect(await kindOf(me, first)).toBe("signed");
    clock.pass(1);
    expect(await kindOf(me, second)).toBe("pending");
  });

  test("it does not outlive the request", async () => {
    const { me, clock } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    clock.pass(72 * g.HOUR - 1);
    await me.confirm(id, { slot: f.slot });
    clock.pass(1);
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
    expect(await f.codeOf(me.confirm(id, { slot: f.slot }))).toBe("pending/no-such-request");
    const second = g.asked(await me.sign(g.payment()));
    expect(await kindOf(me, second)).toBe("pending");
  });
});

describe("nobody confirms", () => {
  test("another's request, one that does not ask for it, or one that is denied by now", async () => {
    const { custody, me } = await setting([
      present,
      { id: "slow", require: ["transfer"], when: { asset: "ETH", total: { max: "0.9 ETH" } }, delay: "1h" },
    ]);
    const id = g.asked(await me.sign(g.payment()));
    const ana = await g.sessionOf(custody, f.ana);
    expect(await f.codeOf(ana.confirm(id, { credential: f.ana.credential }))).toBe("pending/not-yours");
    expect(await f.codeOf(ana.confirmationStatement(id))).toBe("pending/not-yours");
    const plain = g.asked(await me.sign(g.payment(1, { value: 5n })));
    expect(await f.codeOf(me.confirm(plain, { slot: f.slot }))).toBe("approval/mismatch");
    expect(await f.codeOf(me.confirm("0".repeat(16), { slot: f.slot }))).toBe("pending/no-such-request");
    expect(await f.codeOf(me.confirm({} as string, { slot: f.slot }))).toBe("pending/no-such-request");
    expect((await me.submit({ act: "policyEdit", policy: g.team([g.edit, present, f.ethLimit("1 ETH")]) })).kind).toBe("done");
    expect(await f.codeOf(me.confirm(id, { slot: f.slot }))).toBe("approval/mismatch");
  });

  test("by a session that has ended", async () => {
    const { me } = await setting();
    const id = g.asked(await me.sign(g.payment()));
    await me.end();
    expect(await f.codeOf(me.confirm(id, { slot: f.slot }))).toBe("session/ended");
  });

  test("in place of approvers and delays: each need is met by its own", async () => {
    const { custody, me, clock } = await setting([{ ...present, approvals: g.twoOfFinance, delay: "1h" }]);
    const id = g.asked(await me.sign(g.payment()));
    await me.confirm(id, { slot: f.slot });
    expect(await me.resume(id)).toMatchObject({ needs: [{ kind: "approvals" }, { kind: "delay" }] });
    for (const person of [f.ana, f.ben]) await g.vote(custody, id, person);
    expect(await me.resume(id)).toMatchObject({ needs: [{ kind: "delay" }] });
    clock.pass(g.HOUR);
    expect(await kindOf(me, id)).toBe("signed");
    await f.checkedLog(custody);
  });
});

test("an act is done after it was confirmed, once", async () => {
  const sure = { id: "sure", require: ["policyEdit"], confirm: true };
  const { custody, me } = await setting([sure]);
  const policy = g.team([g.edit]);
  const id = g.asked(await me.submit({ act: "policyEdit", policy }));
  expect(await kindOf(me, id)).toBe("pending");
  await me.confirm(id, { slot: f.slot });
  expect(await kindOf(me, id)).toBe("done");
  expect(await f.codeOf(me.confirm(id, { slot: f.slot }))).toBe("pending/no-such-request");
  expect((await custody.policy()).version).toBe(2);
});

test("confirming twice at once is confirming", async () => {
  const { custody, me } = await setting();
  const id = g.asked(await me.sign(g.payment()));
  await Promise.all([me.confirm(id, { slot: f.slot }), me.confirm(id, { slot: f.slot })]);
  expect(await kindOf(me, id)).toBe("signed");
  await f.checkedLog(custody satisfies Custody);
});

describe("people with a wallet, and machines", () => {
  const account = privateKeyToAccount(`0x${"c1".repeat(32)}`);
  const cyd = walletCredential({ address: account.address, signTypedData: (data) => account.signTypedData(data as never) });
  const bot = f.person("bot");
  const people = {
    ...(g.team([]).people as object),
    cyd: [{ kind: "eip712", address: account.address }],
    bot: [{ kind: "service", publicKey: bot.publicKey }],
  };

  test("a wallet confirms what it signs as typed data", async () => {
    const { custody } = await setting([present], { people });
    const me = await custody.session({ person: "cyd", credential: cyd });
    const id = g.asked(await me.sign(g.payment()));
    expect(await f.codeOf(me.confirm(id, { credential: f.ana.credential }))).toBe("approval/bad-signature");
    await me.confirm(id, { credential: cyd });
    expect(await kindOf(me, id)).toBe("signed");
    expect((await f.checkedLog(custody)).find(({ kind }) => kind === "confirmed")).toMatchObject({ proof: { address: account.address } });
  });

  test("a service is present at nothing: its request waits until it runs out", async () => {
    const { custody, clock } = await setting([present], { people });
    const me = await custody.session({ person: "bot", credential: bot.credential, lastsMs: 30 * g.DAY });
    const id = g.asked(await me.sign(g.payment()));
    expect(await f.codeOf(me.confirm(id, { credential: bot.credential }))).toBe("approval/bad-signature");
    expect(await f.codeOf(me.confirm(id, { slot: f.slot }))).toBe("approval/bad-signature");
    expect(await kindOf(me, id)).toBe("pending");
    clock.pass(72 * g.HOUR);
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });
});
