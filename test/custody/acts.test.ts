import { describe, expect, test } from "vitest";
import {
  type ActOutcome,
  type Custody,
  coldStorage,
  keyCredential,
  type LoggedEntry,
  type Session,
  teamTreasury,
} from "../../src/index.ts";
import { watched } from "../vault/setting.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

async function setting(policy: unknown) {
  const clock = g.timed();
  return { ...(await f.openCustody({ policy, store: clock.store, as: g.owner })), clock };
}

function submit(session: Session, policy: object): Promise<ActOutcome> {
  return session.submit({ act: "policyEdit", policy });
}

/** What the vault took an edit for: `rules loosens`. */
async function partsOf(custody: Custody): Promise<readonly string[]> {
  const log = await f.checkedLog(custody);
  const acted = log.filter(({ kind }) => kind === "acted" || kind === "denied" || kind === "pending").at(-1);
  return (acted as LoggedEntry & { effects: readonly { part: string; direction: string }[] }).effects.map(
    ({ part, direction }) => `${part} ${direction}`,
  );
}

describe("a policy edit", () => {
  test("takes effect in the commit that allowed it, as the next version, with its entries", async () => {
    const { custody, me } = await setting(g.team([g.edit]));
    const before = await custody.policy();
    expect((await me.sign(g.payment())).kind).toBe("signed");
    const policy = g.team([g.edit, f.ethLimit("1 ETH")]);
    const done = await submit(me, policy);
    const after = await custody.policy();
    expect(done).toMatchObject({ kind: "done", result: { policy: after.id, version: 2 } });
    expect([before.version, after.version, after.document]).toEqual([1, 2, policy]);
    expect(after.id).not.toBe(before.id);
    expect(g.reasonOf(await me.sign(g.payment(1)))).toBe("limit/exceeded");
    const log = await f.checkedLog(custody);
    expect(f.kindsOf(log.slice(-3))).toBe("acted policy denied");
    expect(log.at(-3)).toMatchObject({ policy: { id: before.id, version: 1 }, person: "owner", hits: ["edit"] });
    expect(log.at(-2)).toMatchObject({ policy: { id: after.id, version: 2, document: policy } });
    expect(log.at(-1)).toMatchObject({ policy: { id: after.id, version: 2 } });
  });

  test("that no rule allows is denied, also to the owner, and nothing changes", async () => {
    const { custody, me } = await setting(f.payments());
    const before = await custody.policy();
    expect(g.reasonOf(await submit(me, f.payments([], { more: { name: "mine" } })))).toBe("policy/not-allowed");
    expect(await custody.policy()).toEqual(before);
    const { custody: other } = await setting(g.team([g.edit]));
    const dee = await g.sessionOf(other, f.dee);
    expect(g.reasonOf(await submit(dee, g.team([{ ...g.edit, when: { requester: "dee" } }])))).toBe("policy/not-allowed");
    expect((await other.policy()).version).toBe(1);
    await f.checkedLog(other);
  });

  test("is governed by the policy in force, never by the one it brings", async () => {
    const strict = { id: "together", require: ["policyEdit"], approvals: g.twoOfFinance };
    const { custody, me } = await setting(g.team([g.edit, strict]));
    const id = g.asked(await submit(me, g.team([g.edit])));
    await g.vote(custody, id, f.ana);
    expect((await me.resume(id)).kind).toBe("pending");
    await g.vote(custody, id, f.cyd);
    expect((await me.resume(id)).kind).toBe("done");
    expect((await submit(me, g.team([g.edit, strict]))).kind).toBe("done");
    expect((await submit(me, g.team([g.edit]))).kind).toBe("pending");
    await f.checkedLog(custody);
  });

  test("that changes nothing is denied", async () => {
    const { custody, me } = await setting(g.team([g.edit]));
    expect(g.reasonOf(await submit(me, g.team([g.edit])))).toBe("policy/no-effects");
    expect((await custody.policy()).version).toBe(1);
  });

  test("is one effect per part, each with its direction", async () => {
    const roles = { finance: ["ana", "ben", "cyd"], ops: ["dee"] };
    const editors = { ...g.edit, when: { requester: ["owner", "role:finance"] } };
    const base = g.team([editors], { roles });
    const book = { ...(base.book as object), acme: { chain: f.CHAIN, address: f.USDC } };
    const cases: readonly (readonly [string, object, readonly string[]])[] = [
      ["a name", { ...base, name: "other" }, ["rules tightens"]],
      ["a rule about signing", g.team([editors, f.ethLimit("1 ETH")], { roles }), ["rules tightens"]],
      ["a rule about acts", g.team([editors, { ...g.edit, id: "edit-2" }], { roles }), ["rules governs"]],
      ["a role that acts name", { ...base, roles: { ...roles, finance: ["ana", "ben"] } }, ["roles governs"]],
      ["a role that they do not", { ...base, roles: { ...roles, ops: ["dee", "ana"] } }, ["roles tightens"]],
      ["a book entry", { ...base, book }, ["book loosens"]],
      ["a mode", { ...base, modes: { night: { rules: [] } } }, ["modes loosens"]],
      ["two parts", { ...base, book, lists: { book: ["friend", "other", "acme"] } }, ["book loosens", "list loosens"]],
      ["the last way to change", { ...f.payments([], { more: { ...base, immutable: true } }), rules: f.payRules }, ["rules governs"]],
    ];
    for (const [what, to, parts] of cases) {
      const { custody, me } = await setting(base);
      await submit(me, to);
      expect([what, await partsOf(custody)]).toEqual([what, parts]);
    }
  });

  test("needs an allow for each part that it touches", async () => {
    const book = { id: "book", allow: ["policyEdit"], when: { requester: "owner", part: ["book", "list"] } };
    const { custody, me } = await setting(g.team([book]));
    const listed = await g.changed(custody, (d) => Object.assign(d.book, { acme: { chain: f.CHAIN, address: f.USDC } }));
    expect((await submit(me, listed)).kind).toBe("done");
    const more = await g.changed(custody, (d) =>
      Object.assign(d, { book: {}, lists: {}, rules: d.rules.filter(({ id }) => id === "book") }),
    );
    expect(g.reasonOf(await submit(me, more))).toBe("policy/not-allowed");
    expect((await custody.policy()).version).toBe(2);
  });

  test("by directions: what governs waits, and what else loosens does not", async () => {
    const slow = { id: "slow", require: ["policyEdit"], when: { direction: "governs" }, delay: "24h" };
    const { custody, me } = await setting(g.team([g.edit, slow]));
    expect((await submit(me, g.team([g.edit, slow, f.ethLimit("1 ETH")]))).kind).toBe("done");
    expect((await submit(me, g.team([g.edit]))).kind).toBe("pending");
    const people = { ...(g.team([]).people as object), eve: [{ kind: "secp256k1", publicKey: f.person("eve").publicKey }] };
    expect((await submit(me, g.team([g.edit, slow, f.ethLimit("1 ETH")], { people }))).kind).toBe("pending");
    expect((await custody.policy()).version).toBe(2);
  });

  test("that cannot be read is policy/invalid: nothing changes, and its code is in the log", async () => {
    const { custody, me } = await setting(g.team([g.edit]));
    const before = await custody.policy();
    const locking: readonly object[] = [
      { ...g.team([g.edit]), rules: f.payRules },
      g.team([{ ...g.edit, when: { requester: "nobody" } }]),
      g.team([g.edit, { id: "x", require: ["policyEdit"], approvals: [{ of: "finance", atLeast: 4 }] }]),
      g.team([g.edit, { id: "x", require: ["policyEdit"], delay: "72h" }]),
      g.team([g.edit], { people: { owner: [{ kind: "unlock" }] } }),
      { ...g.team([g.edit]), typo: 1 },
    ];
    expect(await f.codeOf(me.submit({ act: "policyEdit", policy: 5 }))).toBe("request/malformed");
    for (const policy of locking) expect(await f.codeOf(submit(me, policy))).toBe("policy/invalid");
    expect(await custody.policy()).toEqual(before);
    const log = await f.checkedLog(custody);
    expect(log.filter(({ kind }) => kind === "denied")).toHaveLength(1 + locking.length);
    expect(log.at(-1)).toMatchObject({ kind: "denied", reasons: [{ code: "policy/invalid" }], person: "owner" });
    expect((await submit(me, g.team([g.edit], { name: "still works" }))).kind).toBe("done");
  });

  test("cannot make a key of the vault's own a person", async () => {
    const { me, account } = await setting(g.team([g.edit]));
    expect(account.address).toBe(f.ACCOUNT);
    const own = keyCredential(f.KEY).publicKey;
    const people = { ...(g.team([]).people as object), eve: [{ kind: "secp256k1", publicKey: own }] };
    expect(await f.codeOf(submit(me, g.team([g.edit], { people })))).toBe("policy/invalid");
  });

  test("between reservation and release lets the signature leave, and counts it under the new limits", async () => {
    const clock = g.timed();
    let before: (() => Promise<void>) | undefined;
    let commits = 0;
    const store = watched(clock.store, async () => {
      if (before !== undefined && ++commits === 2) await before();
    });
    const { custody, me } = await f.openCustody({ policy: g.team([g.edit]), store, as: g.owner });
    const { me: other } = await f.reopen(clock.store);
    before = async () => {
      expect((await submit(other, g.team([g.edit, f.ethLimit("3 ETH")]))).kind).toBe("done");
    };
    expect((await me.sign(g.payment())).kind).toBe("signed");
    expect(g.reasonOf(await me.sign(g.payment(1)))).toBe("limit/exceeded");
    expect(f.kindsOf(await f.checkedLog(custody))).toMatch(/reserved acted policy signed denied$/);
  });
});

describe("a delayed edit", () => {
  const slow = { id: "slow", require: ["policyEdit"], approvals: g.twoOfFinance, delay: "24h" };
  const bare = { id: "slow", require: ["policyEdit"], delay: "24h" };

  test("waits from when it was asked for, and no resume hurries it", async () => {
    const { custody, me, clock } = await setting(g.team([g.edit, bare]));
    const id = g.asked(await submit(me, g.team([g.edit])));
    clock.pass(g.DAY - 1);
    expect(await me.resume(id)).toMatchObject({ kind: "pending", id, needs: [{ kind: "delay" }] });
    expect((await submit(me, g.team([g.edit]))).kind).toBe("pending");
    expect((await me.pending())[0]?.ready).toBe(clock.now() + 1);
    clock.pass(1);
    expect((await me.resume(id)).kind).toBe("done");
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
    await f.checkedLog(custody);
  });

  test("waits from the last approval that was needed", async () => {
    const { custody, me, clock } = await setting(g.team([g.edit, slow]));
    const id = g.asked(await submit(me, g.team([g.edit])));
    await g.vote(custody, id, f.ana, { lastsMs: 3 * g.DAY });
    clock.pass(20 * g.HOUR);
    await g.vote(custody, id, f.ben, { lastsMs: 3 * g.DAY });
    clock.pass(20 * g.HOUR);
    expect((await me.resume(id)).kind).toBe("pending");
    clock.pass(4 * g.HOUR - 1);
    expect((await me.resume(id)).kind).toBe("pending");
    clock.pass(1);
    expect((await me.resume(id)).kind).toBe("done");
  });

  test("can be met by answers that say nothing of how long they count, also with the delays of the templates", async () => {
    const keys = Object.fromEntries([f.ana, f.ben, f.cyd].map(({ name, publicKey }) => [name, publicKey]));
    const assets = { ETH: { chain: f.CHAIN, asset: "native", decimals: 18 } };
    const spending = { assets, daily: { ETH: "3" }, fee: { ETH: "0.01" } };
    const policies = [
      teamTreasury({ ...spending, operators: { dee: f.dee.publicKey }, approvers: keys, large: { ETH: "1" } }),
      coldStorage({ ...spending, keyholders: keys, quorum: 2 }),
      coldStorage({ ...spending, keyholders: keys, quorum: 2, delay: "13d" }),
    ];
    for (const policy of policies) {
      const clock = g.timed();
      const as = (custody: Custody) => custody.session({ person: "ana", credential: f.ana.credential, lastsMs: 30 * g.DAY });
      const { custody, me } = await f.openCustody({ policy, store: clock.store, as });
      const id = g.asked(await submit(me, { ...policy, name: "later" }));
      for (const person of [f.ben, f.cyd]) await g.vote(custody, id, person);
      clock.pass(13 * g.DAY);
      expect([policy.name, (await me.resume(id)).kind]).toEqual([policy.name, "done"]);
      await f.checkedLog(custody);
    }
  });

  test("is ended by the veto of an approver while the delay runs, also of one whose yes was not needed", async () => {
    const { custody, me, clock } = await setting(g.team([g.edit, slow]));
    const id = g.asked(await submit(me, g.team([g.edit])));
    for (const person of [f.ana, f.ben]) await g.vote(custody, id, person, { lastsMs: 3 * g.DAY });
    clock.pass(23 * g.HOUR);
    await g.vote(custody, id, f.cyd, { answer: "no" });
    clock.pass(2 * g.HOUR);
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
    expect((await custody.policy()).version).toBe(1);
    await f.checkedLog(custody);
  });

  test("is not ended by the no of a person whom it is about, who may still say yes", async () => {
    const without = { ...g.team([g.edit, slow]), roles: { finance: ["ana", "ben", "dee"] } };
    const { custody, me, clock } = await setting(g.team([g.edit, slow]));
    const id = g.asked(await submit(me, without));
    await g.vote(custody, id, f.cyd, { answer: "no" });
    for (const person of [f.ana, f.ben]) await g.vote(custody, id, person, { lastsMs: 3 * g.DAY });
    clock.pass(g.DAY);
    expect((await me.resume(id)).kind).toBe("done");
    expect((await custody.policy()).document.roles).toEqual(without.roles);
  });

  test("that names people in another way is about those alone who come or go", async () => {
    const before = { board: ["ana", "ben", "cyd"], finance: ["role:board"] };
    const after = { board: ["ana", "ben", "cyd"], finance: ["ana", "ben", "dee"] };
    const policy = g.team([g.edit, slow], { roles: before });
    const ask = async () => {
      const { custody, me } = await setting(policy);
      return { custody, me, id: g.asked(await submit(me, { ...policy, roles: after })) };
    };
    const [left, stays] = [await ask(), await ask()];
    await g.vote(left.custody, left.id, f.cyd, { answer: "no" });
    expect((await left.me.resume(left.id)).kind).toBe("pending");
    await g.vote(stays.custody, stays.id, f.ana, { answer: "no" });
    expect(await f.codeOf(stays.me.resume(stays.id))).toBe("pending/no-such-request");
  });

  test("cannot be written in a way that takes everybody's no: a role that no rule names, keys in capitals", async () => {
    const people = g.team([]).people as { readonly [name: string]: readonly { readonly publicKey?: string }[] };
    const shout = (credential: { readonly publicKey?: string }) =>
      credential.publicKey === undefined ? credential : { ...credential, publicKey: credential.publicKey.toUpperCase() };
    const loud = Object.fromEntries(Object.entries(people).map(([name, credentials]) => [name, credentials.map(shout)]));
    const junk = { roles: { finance: ["ana", "ben", "cyd"], lunch: ["ana", "ben", "cyd"] }, people: loud };
    const { custody, me } = await setting(g.team([g.edit, slow]));
    const id = g.asked(await submit(me, g.team([g.edit], junk)));
    await g.vote(custody, id, f.cyd, { answer: "no" });
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });

  test("that changes a person's key is not ended by that person's no, but by another's", async () => {
    const people = { ...(g.team([]).people as object), cyd: [{ kind: "secp256k1", publicKey: f.person("new").publicKey }] };
    const { custody, me } = await setting(g.team([g.edit, slow]));
    const id = g.asked(await submit(me, g.team([g.edit, slow], { people })));
    await g.vote(custody, id, f.cyd, { answer: "no" });
    expect((await me.resume(id)).kind).toBe("pending");
    await g.vote(custody, id, f.ben, { answer: "no" });
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
  });

  test("runs out after 72 hours where the rule does not say, and then nothing of it counts", async () => {
    const { custody, me, clock } = await setting(g.team([g.edit, bare]));
    const id = g.asked(await submit(me, g.team([g.edit])));
    clock.pass(72 * g.HOUR);
    expect(await me.pending()).toEqual([]);
    expect(await f.codeOf(me.resume(id))).toBe("pending/no-such-request");
    expect(g.asked(await submit(me, g.team([g.edit])))).not.toBe(id);
    expect(f.kindsOf(await f.checkedLog(custody))).toContain("expired pending");
  });

  test("is judged by the policy that is in force when the delay is over", async () => {
    const quick = { id: "quick", allow: ["policyEdit"], when: { requester: "dee", part: "rules" } };
    const slower = { ...bare, when: { requester: "owner" } };
    const { custody, me, clock } = await setting(g.team([g.edit, quick, slower]));
    const id = g.asked(await submit(me, g.team([g.edit], { name: "mine" })));
    const dee = await custody.session({ person: "dee", credential: f.dee.credential, lastsMs: 30 * g.DAY });
    expect((await submit(dee, g.team([quick, slower]))).kind).toBe("done");
    clock.pass(g.DAY);
    expect(g.reasonOf(await me.resume(id))).toBe("policy/not-allowed");
    expect((await custody.policy()).version).toBe(2);
  });
});

describe("an edit that waits while another one takes effect", () => {
  test("is another edit then: approvals for it do not count, and it takes no more of them", async () => {
    const together = { id: "together", require: ["policyEdit"], when: { requester: "owner" }, approvals: g.twoOfFinance };
    const rules = [g.edit, together, { ...g.edit, id: "edit-dee", when: { requester: "dee" } }];
    const { custody, me } = await setting(g.team(rules));
    const asked = g.team(rules, { name: "harmless" });
    const id = g.asked(await submit(me, asked));
    for (const person of [f.ana, f.ben]) await g.vote(custody, id, person);
    const dee = await g.sessionOf(custody, f.dee);
    expect((await submit(dee, g.team([...rules, f.ethLimit("1 ETH")]))).kind).toBe("done");
    expect(await f.codeOf(g.vote(custody, id, f.cyd))).toBe("approval/mismatch");
    const again = await me.resume(id);
    expect(g.asked(again)).not.toBe(id);
    for (const person of [f.ana, f.ben]) await g.vote(custody, g.asked(again), person);
    expect((await me.resume(g.asked(again))).kind).toBe("done");
    await f.checkedLog(custody);
  });
});

describe("new limits start with what their window already holds", () => {
  const per = (id: string, max: string, more: object = {}) => ({ ...f.ethLimit(max), id, ...more });
  const room = async (me: Session, nonce: number, value: bigint) => g.reasonOf(await me.sign(g.payment(nonce, { value })));

  test("a limit renamed, split, doubled or moved gives no headroom back", async () => {
    const cases: readonly (readonly [string, readonly object[]])[] = [
      ["another id", [per("renamed", "3 ETH")]],
      ["two ids", [per("a", "3 ETH"), per("b", "3 ETH")]],
      ["a longer window", [per("eth-limit", "3 ETH", { per: "7d" })]],
      ["for ever", [{ ...f.ethLimit("3 ETH"), per: undefined, ever: true }]],
      ["by recipient", [per("eth-limit", "3 ETH", { by: ["to"] })]],
      ["by account", [per("each", "3 ETH", { by: ["account"] })]],
      ["by requester", [per("each", "3 ETH", { by: ["requester"] })]],
      ["outflow", [{ id: "all", limit: ["outflow"], when: { asset: "ETH" }, max: "3 ETH", per: "24h" }]],
    ];
    for (const [what, limits] of cases) {
      const { me, custody } = await setting(g.team([g.edit, per("eth-limit", "3 ETH")]));
      expect(await room(me, 0, 2n * f.ETHER)).toBe("signed");
      expect([what, (await submit(me, g.team([g.edit, ...limits]))).kind]).toEqual([what, "done"]);
      expect([what, await room(me, 1, f.ETHER + 1n)]).toEqual([what, "limit/exceeded"]);
      expect([what, await room(me, 1, f.ETHER / 2n)]).toEqual([what, "signed"]);
      await f.checkedLog(custody);
    }
  });

  test("an asset with another name is the same asset", async () => {
    const { me, custody } = await setting(g.team([g.edit, per("eth-limit", "3 ETH")]));
    expect(await room(me, 0, 2n * f.ETHER)).toBe("signed");
    const renamed = JSON.parse(JSON.stringify((await custody.policy()).document).replace(/\bETH\b/g, "COIN"));
    expect((await submit(me, renamed)).kind).toBe("done");
    expect(await room(me, 1, f.ETHER + 1n)).toBe("limit/exceeded");
  });

  test("a lifetime total counts everything, over restarts, edits and years", async () => {
    const ever = (id: string) => ({ id, limit: ["transfer"], when: { asset: "ETH" }, max: "3 ETH", ever: true });
    const { me, custody, store, clock } = await setting(g.team([g.edit, ever("lifetime")]));
    expect(await room(me, 0, 2n * f.ETHER)).toBe("signed");
    for (const [days, id] of [
      [36, "lifetime"],
      [400, "renamed"],
    ] as const) {
      clock.pass(days * g.DAY);
      custody.lock();
      const again = await f.reopen(store);
      if (id === "renamed") expect((await submit(again.me, g.team([g.edit, ever(id)]))).kind).toBe("done");
      expect(await room(again.me, 1, f.ETHER + 1n)).toBe("limit/exceeded");
      again.custody.lock();
    }
    const last = await f.reopen(store);
    expect(await room(last.me, 1, f.ETHER)).toBe("signed");
    expect(await room(last.me, 2, 1n)).toBe("limit/exceeded");
    await f.checkedLog(last.custody);
  });

  test("a limit taken out and put back has not forgotten, and is free again when its window is over", async () => {
    const { me, clock } = await setting(g.team([g.edit, per("eth-limit", "3 ETH")]));
    expect(await room(me, 0, 2n * f.ETHER)).toBe("signed");
    expect((await submit(me, g.team([g.edit]))).kind).toBe("done");
    expect(await room(me, 1, 2n * f.ETHER)).toBe("signed");
    expect((await submit(me, g.team([g.edit, per("eth-limit", "3 ETH")]))).kind).toBe("done");
    expect(await room(me, 2, 1n)).toBe("limit/exceeded");
    clock.pass(g.DAY + 2000);
    expect(await room(me, 2, 3n * f.ETHER)).toBe("signed");
  });
});

describe("how long an address is in the book", () => {
  const old = { id: "old", require: ["transfer"], when: { asset: "ETH", recipientAge: { max: "7d" } }, delay: "1h" };
  const to = (address: string, nonce: number) => g.payment(nonce, { to: address, value: 1n });

  test("counts from the edit that listed it, survives a new name, and starts again after a removal", async () => {
    const { custody, me, clock } = await setting(g.team([g.edit, old]));
    const edit = async (book: object, names: readonly string[]) => {
      const policy = await g.changed(custody, (d) => Object.assign(d, { book, lists: { book: names } }));
      expect((await submit(me, policy)).kind).toBe("done");
    };
    const friend = { chain: f.CHAIN, address: f.FRIEND };
    const other = { chain: f.CHAIN, address: f.OTHER };
    expect((await me.sign(to(f.FRIEND, 0))).kind).toBe("pending");
    clock.pass(7 * g.DAY + 1);
    expect((await me.sign(to(f.FRIEND, 0))).kind).toBe("signed");
    await edit({ pal: friend, other }, ["pal", "other"]);
    expect((await me.sign(to(f.FRIEND, 1))).kind).toBe("signed");
    await edit({ other }, ["other"]);
    expect(g.reasonOf(await me.sign(to(f.FRIEND, 2)))).toBe("policy/not-allowed");
    await edit({ pal: friend, other }, ["pal", "other"]);
    expect((await me.sign(to(f.FRIEND, 2))).kind).toBe("pending");
    expect((await me.sign(to(f.OTHER, 3))).kind).toBe("signed");
    clock.pass(7 * g.DAY + 1);
    expect((await me.sign(to(f.FRIEND, 4))).kind).toBe("signed");
  });
});
