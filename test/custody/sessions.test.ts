import { describe, expect, test } from "vitest";
import type { CredentialSigner, Custody, KeySigner, Session } from "../../src/index.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

async function setting(policy: unknown = g.team([g.edit])) {
  const clock = g.timed();
  return { ...(await f.openCustody({ policy, store: clock.store, as: g.owner })), clock };
}

function begin(custody: Custody, person: string, credential?: CredentialSigner): Promise<string> {
  return f.codeOf(custody.session({ person, ...(credential !== undefined && { credential }) }));
}

const small = (nonce = 0) => g.payment(nonce, { value: 1n });
const ended = async (session: Session, nonce = 0) => (await f.codeOf(session.sign(small(nonce)))) === "session/ended";

describe("a session begins", () => {
  test("with a person's own key, and its proof is in the log", async () => {
    const { custody } = await setting();
    const ana = await g.sessionOf(custody, f.ana);
    expect((await ana.sign(small())).kind).toBe("signed");
    const log = await f.checkedLog(custody);
    const began = log.find(({ kind, person }) => kind === "session" && person === "ana");
    expect(began).toMatchObject({ event: "began", session: ana.id, proof: { publicKey: f.ana.publicKey, statement: { person: "ana" } } });
    expect(log.find(({ kind }) => kind === "signed")).toMatchObject({ person: "ana" });
  });

  test("with nobody else's key, and with none only for whoever unlocks", async () => {
    const { custody } = await setting();
    expect(await begin(custody, "ana", f.ben.credential)).toBe("session/bad-proof");
    expect(await begin(custody, "ana", f.person("eve").credential)).toBe("session/bad-proof");
    expect(await begin(custody, "ana")).toBe("session/bad-proof");
    expect(await begin(custody, "owner", f.ana.credential)).toBe("session/bad-proof");
    expect(await begin(custody, "eve", f.person("eve").credential)).toBe("session/no-such-person");
    expect(await begin(custody, "eve")).toBe("session/no-such-person");
    expect(await begin(custody, "constructor")).toBe("session/no-such-person");
    const log = await f.checkedLog(custody);
    expect(log.filter(({ kind }) => kind === "session")).toHaveLength(1);
  });

  test("with nothing that is no credential in place of one", async () => {
    const { custody, me } = await setting(g.team([g.edit, g.large([{ of: "finance", atLeast: 1 }])]));
    const id = g.asked(await me.sign(g.payment()));
    const { publicKey, credential } = f.ana;
    const hostile = {
      get publicKey(): string {
        throw new Error("mine");
      },
    };
    const junk = [
      ...[null, 0, "", false, true, 5, "ana", [], {}, hostile, { publicKey }, { publicKey: 5, sign: credential.sign }],
      ...[{ publicKey, sign: async () => undefined }, { publicKey, sign: async () => "00" }, { address: null }, { address: f.ACCOUNT }],
      { address: 5, signTypedData: async () => "0x" },
    ];
    for (const given of junk) {
      expect([given, await f.codeOf(custody.session({ person: "ana", credential: given as never }))]).toEqual([given, "request/malformed"]);
      expect([given, await f.codeOf(custody.session({ person: "owner", credential: given as never }))]).toEqual([
        given,
        "request/malformed",
      ]);
      expect([given, await f.codeOf(me.approve(id, { credential: given as never }))]).toEqual([given, "request/malformed"]);
    }
    expect((await f.checkedLog(custody)).filter(({ kind }) => kind === "session")).toHaveLength(1);
  });

  test("with no signature that was made for another vault, person, scope or time", async () => {
    const [here, there] = [await setting(), await setting()];
    let signature = new Uint8Array(64);
    const recording: KeySigner = {
      publicKey: f.ana.publicKey,
      sign: async (digest) => {
        signature = new Uint8Array(await f.ana.credential.sign(digest));
        return signature;
      },
    };
    const replaying: KeySigner = { publicKey: f.ana.publicKey, sign: async () => signature };
    await there.custody.session({ person: "ana", credential: recording });
    expect(await begin(here.custody, "ana", replaying)).toBe("session/bad-proof");
    expect(await begin(there.custody, "ana", replaying)).toBe("session/bad-proof");
  });

  test("for at most thirty days and never for no time", async () => {
    const { custody } = await setting();
    for (const lastsMs of [0, -1, 30 * g.DAY + 1, Number.NaN, Number.POSITIVE_INFINITY, 0.5]) {
      expect([lastsMs, await f.codeOf(custody.session({ person: "owner", lastsMs }))]).toEqual([lastsMs, "request/malformed"]);
    }
    expect((await custody.session({ person: "owner", lastsMs: 30 * g.DAY })).person).toBe("owner");
  });
});

describe("a session ends", () => {
  test("by time: at its last moment it signs nothing", async () => {
    const { custody, clock } = await setting();
    const ana = await custody.session({ person: "ana", credential: f.ana.credential, lastsMs: g.HOUR });
    clock.pass(g.HOUR - 1);
    expect((await ana.sign(small())).kind).toBe("signed");
    clock.pass(1);
    expect(await ended(ana, 1)).toBe(true);
    expect(await f.codeOf(ana.submit({ act: "modeChange", mode: "frozen" }))).toBe("session/ended");
    expect(await f.codeOf(ana.explain(small(1)))).toBe("session/ended");
    expect(await f.codeOf(ana.accounts.derive({ chain: f.CHAIN, name: "Second" }))).toBe("session/ended");
  });

  test("by being ended, for everything that it could do, and nobody else's does", async () => {
    const { custody, me } = await setting(g.team([g.edit, g.large(g.twoOfFinance)]));
    const [ana, ben] = [await g.sessionOf(custody, f.ana), await g.sessionOf(custody, f.ben)];
    const id = g.asked(await ana.sign(g.payment()));
    const other = g.asked(await me.sign(g.payment()));
    await ana.end();
    await ana.end();
    expect(await ended(ana, 1)).toBe(true);
    expect(await f.codeOf(ana.resume(id))).toBe("session/ended");
    expect(await f.codeOf(ana.withdraw(id))).toBe("session/ended");
    expect(await f.codeOf(ana.approve(other, { credential: f.ana.credential }))).toBe("session/ended");
    expect((await ben.sign(small(1))).kind).toBe("signed");
    const again = await g.sessionOf(custody, f.ana);
    await g.vote(custody, id, f.ben);
    await g.vote(custody, id, f.cyd);
    expect((await again.resume(id)).kind).toBe("signed");
    const log = await f.checkedLog(custody);
    expect(log.filter(({ kind, event }) => kind === "session" && event === "ended")).toMatchObject([{ person: "ana" }]);
  });

  test("with its custody: one that locks leaves no session behind that works", async () => {
    const { custody, me, store } = await setting();
    custody.lock();
    expect(await f.codeOf(me.sign(small()))).toBe("vault/locked");
    const again = await f.reopen(store);
    expect((await again.me.sign(small())).kind).toBe("signed");
  });
});

describe("after a policy edit", () => {
  async function edited(people: (people: Record<string, object>) => object) {
    const opened = await setting();
    const ana = await g.sessionOf(opened.custody, f.ana);
    const ben = await g.sessionOf(opened.custody, f.ben);
    expect((await ana.sign(small())).kind).toBe("signed");
    const now = people(structuredClone(g.team([]).people) as Record<string, object>);
    const policy = g.team([g.edit], { people: now, roles: { finance: Object.keys(now).filter((name) => name !== "owner") } });
    expect((await opened.me.submit({ act: "policyEdit", policy })).kind).toBe("done");
    return { ...opened, ana, ben };
  }
  const key = (name: string) => ({ kind: "secp256k1", publicKey: f.person(name).publicKey });

  test("the session of a person who was removed signs, asks and derives nothing more", async () => {
    const { custody, ana, ben } = await edited(({ ana: _, ...others }) => others);
    expect(await ended(ana, 1)).toBe(true);
    expect(await ended(ana, 0)).toBe(true);
    expect(await f.codeOf(ana.submit({ act: "modeChange", mode: "frozen" }))).toBe("session/ended");
    expect(await f.codeOf(ana.accounts.derive({ chain: f.CHAIN, name: "Second" }))).toBe("session/ended");
    expect((await ben.sign(small(1))).kind).toBe("signed");
    await f.checkedLog(custody);
  });

  test("the session of a key that was taken away ends, and one of a key that stays goes on", async () => {
    const { custody, ana } = await edited((people) => ({ ...people, ana: [key("new key of ana")] }));
    expect(await ended(ana, 1)).toBe(true);
    const again = await custody.session({ person: "ana", credential: f.person("new key of ana").credential });
    expect((await again.sign(small(1))).kind).toBe("signed");
    const both = await edited((people) => ({ ...people, ana: [key("new key of ana"), key("ana")] }));
    expect((await both.ana.sign(small(1))).kind).toBe("signed");
  });

  test("the session of a key that was taken away is over for good, also where a later edit gives the key back", async () => {
    const { custody, me, ana } = await edited((people) => ({ ...people, ana: [key("new key of ana")] }));
    const ends = (await f.checkedLog(custody)).filter(({ kind, event }) => kind === "session" && event === "ended");
    expect(ends).toMatchObject([{ session: ana.id, person: "ana" }]);
    expect((await me.submit({ act: "policyEdit", policy: g.team([g.edit]) })).kind).toBe("done");
    expect(await ended(ana, 1)).toBe(true);
    const again = await g.sessionOf(custody, f.ana);
    expect((await again.sign(small(1))).kind).toBe("signed");
  });

  test("the session of whoever unlocks ends when nobody does any more, though the person stays", async () => {
    const { custody, me } = await setting(g.team([{ ...g.edit, when: { requester: ["owner", "dee"] } }]));
    const dee = await g.sessionOf(custody, f.dee);
    const policy = await g.changed(custody, (d) => Object.assign((d as unknown as { people: object }).people, { owner: [key("owner")] }));
    expect((await dee.submit({ act: "policyEdit", policy })).kind).toBe("done");
    expect(await ended(me)).toBe(true);
    expect(await begin(custody, "owner")).toBe("session/bad-proof");
  });

  test("one person's key does not keep the session of another who had it before", async () => {
    const { ana } = await edited((people) => ({ ...people, ana: [key("x")], eve: [key("ana")] }));
    expect(await ended(ana, 1)).toBe(true);
  });
});

test("a session outlives a lock of the same custody, until it is ended", async () => {
  const { custody, me } = await setting();
  custody.lock();
  expect(await f.codeOf(me.sign(small()))).toBe("vault/locked");
  await custody.unlock(f.slot);
  expect((await me.sign(small())).kind).toBe("signed");
  await me.end();
  expect(await ended(me, 1)).toBe(true);
});

test("an account is derived under a policy that denies all, and it is logged", async () => {
  const wallet = { from: "seed", seed: new Uint8Array(32).fill(5) } as const;
  const { custody, me, account } = await f.openCustody({ policy: f.document([]), wallet });
  expect((await me.sign({ ...small(), account: account.name })).kind).toBe("denied");
  const second = await me.accounts.derive({ chain: f.CHAIN, name: "Second" });
  const [last] = (await f.checkedLog(custody)).filter(({ kind }) => kind === "account").slice(-1);
  expect(last).toMatchObject({ account: { name: "Second", address: second.address, event: "derived" } });
});

describe("a session's own rules", () => {
  const scope = (rules: readonly object[]) => ({ rules });
  const everything = [...f.payRules];
  const oneEther = { id: "mine", limit: ["transfer"], when: { asset: "ETH" }, max: "1 ETH", per: "24h" };
  const narrow = (custody: Custody, rules: readonly object[], person = f.ana) =>
    custody.session({ person: person.name, credential: person.credential, scope: scope(rules) });

  test("allow only what the vault's rules allow as well", async () => {
    const { custody } = await setting(g.team([g.edit, f.ethLimit("3 ETH")]));
    const anywhere = [
      { id: "any", allow: ["transfer"] },
      { id: "any-fee", allow: ["fee"] },
    ];
    const ana = await narrow(custody, anywhere);
    expect(g.reasonOf(await ana.sign(g.payment(0, { to: f.MALLORY })))).toBe("policy/not-allowed");
    expect(g.reasonOf(await ana.sign(g.payment(0, { value: 4n * f.ETHER })))).toBe("limit/exceeded");
    expect(g.reasonOf(await ana.submit({ act: "policyEdit", policy: g.team([g.edit]) }))).toBe("policy/not-allowed");
    expect((await ana.sign(g.payment())).kind).toBe("signed");
  });

  test("deny what the vault's rules allow: what they do not name, and acts", async () => {
    const { custody, me } = await setting(g.team([g.edit, { id: "freeze", allow: ["modeChange"] }]));
    const onlyUsdc = await narrow(custody, f.payRules.slice(1));
    expect(g.reasonOf(await onlyUsdc.sign(small()))).toBe("policy/not-allowed");
    expect((await onlyUsdc.sign(f.request(f.usdc({ amount: 5n })))).kind).toBe("signed");
    expect(g.reasonOf(await onlyUsdc.submit({ act: "modeChange", mode: "frozen" }))).toBe("policy/not-allowed");
    const nothing = await custody.session({ person: "owner", scope: scope([]) });
    expect(g.reasonOf(await nothing.submit({ act: "policyEdit", policy: g.team([g.edit], { name: "mine" }) }))).toBe("policy/not-allowed");
    expect(g.reasonOf(await nothing.sign(small(1)))).toBe("policy/not-allowed");
    expect((await me.sign(small(1))).kind).toBe("signed");
  });

  test("count each session by itself, below the vault's own limits, and over a restart", async () => {
    const { custody, store } = await setting(g.team([g.edit, f.ethLimit("3 ETH")]));
    const first = await narrow(custody, [...everything, oneEther]);
    expect(g.reasonOf(await first.sign(g.payment(0, { value: f.ETHER })))).toBe("signed");
    expect(g.reasonOf(await first.sign(g.payment(1, { value: 1n })))).toBe("limit/exceeded");
    const second = await narrow(custody, [...everything, oneEther]);
    expect(g.reasonOf(await second.sign(g.payment(1, { value: f.ETHER })))).toBe("signed");
    custody.lock();
    const again = await f.reopen(store);
    expect(g.reasonOf(await again.me.sign(g.payment(2, { value: f.ETHER + 1n })))).toBe("limit/exceeded");
    expect(g.reasonOf(await again.me.sign(g.payment(2, { value: f.ETHER })))).toBe("signed");
    await f.checkedLog(again.custody);
  });

  test("take back what they asked for themselves, and nothing else of their person", async () => {
    const { custody, me } = await setting(g.team([g.edit, g.large(g.twoOfFinance)]));
    const scope = { rules: [{ id: "all", allow: ["transfer", "fee"] }] };
    const narrow = await custody.session({ person: "owner", scope });
    const id = g.asked(await me.sign(g.payment()));
    expect(g.asked(await narrow.sign(g.payment(1)))).toBe(id);
    expect(await f.codeOf(narrow.withdraw(id))).toBe("pending/not-yours");
    const own = g.asked(await narrow.sign(g.payment(2, { value: 3n * f.ETHER })));
    await narrow.withdraw(own);
    await me.withdraw(id);
    expect(await custody.pending()).toEqual([]);
  });

  test("ask for approvals that the vault's rules do not ask for", async () => {
    const { custody } = await setting();
    const careful = await narrow(custody, [...everything, g.large([{ of: "ben", atLeast: 1 }])]);
    const id = g.asked(await careful.sign(g.payment()));
    await g.vote(custody, id, f.ben);
    expect((await careful.resume(id)).kind).toBe("signed");
    await f.checkedLog(custody);
  });

  test("are what its person signed, and are read when it begins", async () => {
    const { custody } = await setting();
    const bad: readonly unknown[] = [
      5,
      null,
      {},
      { rules: everything, people: {} },
      { rules: [{ id: "x", allow: ["transfer"], when: { to: "nobody" } }] },
      { rules: [{ id: "x", allow: ["policyEdit"] }] },
    ];
    for (const scope of bad) {
      const code = await f.codeOf(custody.session({ person: "ana", credential: f.ana.credential, scope }));
      expect(["request/malformed", "policy/invalid"]).toContain(code);
    }
    const ana = await narrow(custody, everything);
    const log = await f.checkedLog(custody);
    const began = log.find(({ kind, session }) => kind === "session" && session === ana.id) as unknown as {
      scope: string;
      proof: { statement: { scope: string } };
    };
    expect(began.proof.statement.scope).toBe(began.scope);
  });

  test("survive a policy edit that takes their names away, and still narrow", async () => {
    const { custody, me } = await setting(g.team([g.edit]));
    const ana = await narrow(custody, [...everything, oneEther]);
    const policy = g.team([g.edit], { book: { pal: { chain: f.CHAIN, address: f.FRIEND } }, lists: { book: ["pal"] } });
    expect((await me.submit({ act: "policyEdit", policy })).kind).toBe("done");
    expect(g.reasonOf(await ana.sign(g.payment(0, { value: f.ETHER + 1n })))).toBe("limit/exceeded");
    expect(g.reasonOf(await ana.sign(g.payment(0, { value: f.ETHER })))).toBe("signed");
    expect(g.reasonOf(await ana.sign(g.payment(1, { to: f.OTHER, value: 1n })))).toBe("policy/not-allowed");
  });
});
