import { describe, expect, test } from "vitest";
import { type ActRequest, approveOffline, type WalletSource } from "../../src/index.ts";
import { printed } from "../here/host.ts";
import { watched } from "../vault/setting.ts";
import * as f from "./fixture.ts";
import * as g from "./governance.ts";

const NFT = "0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D";
const word = (value: bigint) => value.toString(16).padStart(64, "0");

async function setting(policy: object, more: Parameters<typeof f.openCustody>[0] = {}) {
  const clock = g.timed();
  const opened = await f.openCustody({ policy, store: clock.store, as: g.owner, ...more });
  return { ...opened, clock };
}

describe("a limit", () => {
  test("on acts counts what was done", async () => {
    const rules = [
      { id: "mode", allow: ["modeChange"] },
      { id: "few", limit: ["modeChange"], max: 2, per: "24h" },
    ];
    const { me, clock, custody } = await setting(f.payments(rules));
    for (const mode of ["frozen", "normal"]) expect((await me.submit({ act: "modeChange", mode })).kind).toBe("done");
    expect(g.reasonOf(await me.submit({ act: "modeChange", mode: "frozen" }))).toBe("limit/exceeded");
    clock.pass(g.DAY + 60_000);
    expect((await me.submit({ act: "modeChange", mode: "frozen" })).kind).toBe("done");
    await f.checkedLog(custody);
  });
});

describe("an approval", () => {
  test("of a revocation never lets a grant through", async () => {
    const rules = [
      { id: "operators", allow: ["operatorAllowance"], when: { asset: "APE", to: "@book" } },
      { id: "two", require: ["operatorAllowance"], approvals: g.twoOfFinance },
    ];
    const policy = g.team(rules, {
      immutable: true,
      assets: { ...(f.payments().assets as object), APE: { chain: f.CHAIN, asset: `erc721:${NFT}`, decimals: 0 } },
    });
    const { custody, me } = await setting(policy);
    const ask = (approved: bigint) =>
      f.request(f.transaction({ to: NFT, data: `0xa22cb465${word(BigInt(f.FRIEND))}${word(approved)}`, gasLimit: 60_000n }));
    const id = g.asked(await me.sign(ask(0n)));
    await g.vote(custody, id, f.ana);
    await g.vote(custody, id, f.ben);
    expect((await me.resume(id, { request: ask(1n) })).kind).toBe("pending");
    expect((await me.resume(id)).kind).toBe("signed");
  });

  test("of a policy edit is of the difference: over another policy it means something else", async () => {
    const two = { id: "two", require: ["policyEdit"], when: { requester: "owner" }, approvals: g.twoOfFinance };
    const quick = { id: "quick", allow: ["policyEdit"], when: { requester: "dee" } };
    const base = [g.edit, two, quick];
    const { custody, me } = await setting(g.team(base));
    // An edit that allows a little more. Two approve it.
    const policy = g.team([...base, { id: "more", allow: ["statement"] }]);
    const id = g.asked(await me.submit({ act: "policyEdit", policy }));
    await g.vote(custody, id, f.ana);
    await g.vote(custody, id, f.ben);
    // Meanwhile somebody puts a limit in force.
    const dee = await g.sessionOf(custody, f.dee);
    expect((await dee.submit({ act: "policyEdit", policy: g.team([...base, f.ethLimit("1 ETH")]) })).kind).toBe("done");
    // The approved document would take the limit out again, which nobody has approved.
    expect((await me.resume(id)).kind).toBe("pending");
    expect((await custody.policy()).version).toBe(2);
    expect(await f.codeOf(g.vote(custody, id, f.cyd))).toBe("approval/mismatch");
  });

  test("is not given by a session that was narrowed", async () => {
    const roles = { finance: ["ana", "ben", "owner"] };
    const { custody } = await setting(g.team([g.large([{ of: "finance", atLeast: 1 }])], { immutable: true, roles }));
    const dee = await g.sessionOf(custody, f.dee);
    const id = g.asked(await dee.sign(g.payment()));
    const scope = { rules: [{ id: "only", allow: ["statement"] }] };
    const agent = await custody.session({ person: "owner", scope });
    expect(await f.codeOf(agent.approve(id))).not.toBe("nothing was thrown");
    expect((await dee.resume(id)).kind).toBe("pending");
  });

  test("is a yes or a no, and nothing in between", async () => {
    const { custody, me } = await setting(g.team([g.large([{ of: "finance", atLeast: 1 }])], { immutable: true }));
    const id = g.asked(await me.sign(g.payment()));
    const ana = await g.sessionOf(custody, f.ana);
    const { credential } = f.ana;
    expect(await f.codeOf(ana.approve(id, { answer: "maybe" as never, credential }))).toBe("request/malformed");
    expect((await f.checkedLog(custody)).map(({ kind }) => kind)).not.toContain("refused");
  });

  test("counts once, whatever the id of its request turns itself into", async () => {
    const { custody, me } = await setting(g.team([g.large([{ of: "finance", atLeast: 1 }])], { immutable: true }));
    const one = g.asked(await me.sign(g.payment(0)));
    const two = g.asked(await me.sign(g.payment(1, { to: f.OTHER })));
    const statement = await custody.approvalStatement(one);
    const yes = await approveOffline(statement, "ana", f.ana.credential);
    let reads = 0;
    const turn = () => (reads++ === 0 ? one : two);
    const shifty = new Proxy({}, { get: (_, key) => (key === "toString" ? turn : key === "slice" ? () => one : undefined) }) as string;
    const code = await f.codeOf(custody.submitApproval(shifty, yes));
    expect(code).toBe("pending/no-such-request");
    expect((await me.pending()).map(({ id }) => id).sort()).toEqual([one, two].sort());
  });
});

describe("an edit", () => {
  test("that touches acts and payments at once both governs and loosens", async () => {
    const board = { id: "board", require: ["policyEdit"], when: { direction: "loosens" }, approvals: g.twoOfFinance };
    const { me, custody } = await setting(g.team([g.edit, board]));
    const wide = { id: "wide", allow: ["transfer"] };
    const trick = { id: "trick", allow: ["modeChange"], when: { requester: "owner" } };
    expect((await me.submit({ act: "policyEdit", policy: g.team([g.edit, board, wide, trick]) })).kind).toBe("pending");
    expect((await custody.policy()).version).toBe(1);
  });
});

describe("what is read twice", () => {
  test("an account's name cannot change between its check and its record", async () => {
    const { me } = await setting(f.payments(), { wallet: { from: "generate", words: 12 } });
    let reads = 0;
    const options = {
      chain: f.CHAIN,
      index: 3,
      get name() {
        return reads++ === 0 ? "Savings" : f.FRIEND;
      },
    };
    const derive = me.accounts.derive(options as never);
    await derive.catch(() => undefined);
    expect((await me.accounts.list()).map(({ name }) => name)).not.toContain(f.FRIEND);
  });

  test("a wallet that comes in cannot say another source at each reading", async () => {
    const rules = [{ id: "fresh", allow: ["import"], when: { what: "generate" } }];
    const { me } = await setting(f.payments(rules));
    for (let truth = 1; truth < 8; truth++) {
      let reads = 0;
      const source = {
        get from() {
          return reads++ < truth ? "mnemonic" : "generate";
        },
        mnemonic: "legal winner thank year wave sausage worth useful legal winner thank yellow",
      } as unknown as WalletSource;
      const outcome = await me.submit({ act: "import", name: `W${truth}`, wallet: source } as ActRequest).catch(() => undefined);
      if (outcome?.kind === "done") {
        const wallet = (await me.wallets.list()).find(({ name }) => name === `W${truth}`);
        const account = await me.accounts.derive({ chain: f.CHAIN, name: `A${truth}`, wallet: wallet?.id ?? "" });
        expect(account.address).not.toBe("0x58A57ed9d8d624cBD12e2C467D34787555bB1b25");
      }
    }
  });

  test("a session lasts no longer than thirty days, however its length is written", async () => {
    const { custody, clock } = await setting(f.payments());
    for (const lastsMs of ["5", [1000], { valueOf: () => 5 }, 5n]) {
      const session = await custody.session({ person: "owner", lastsMs: lastsMs as never }).catch(() => undefined);
      if (session !== undefined) expect(Number(session.expires) - clock.now()).toBeLessThanOrEqual(30 * g.DAY);
    }
  });
});

describe("a flood", () => {
  test("of requests with long names leaves no more than a line each", async () => {
    const { custody, me } = await setting(f.payments());
    for (const request of [
      { ...f.request(f.transaction()), chain: `eip155:${"9".repeat(500_000)}` },
      { ...f.request(f.transaction()), account: "x".repeat(500_000) },
    ])
      await me.sign(request).catch(() => undefined);
    const rules = Array.from({ length: 2000 }, () => ({ id: "UPPER", nonsense: ["transfer"] }));
    await me.submit({ act: "policyEdit", policy: f.document(rules) }).catch(() => undefined);
    const entries = await f.checkedLog(custody);
    for (const entry of entries) expect(JSON.stringify(entry).length).toBeLessThan(5000);
  });

  test("of one waiting request stands in the log once", async () => {
    const { custody, me } = await setting(g.team([g.large(g.twoOfFinance)], { immutable: true }));
    const first = await me.sign(g.payment());
    for (let i = 0; i < 20; i++) expect(await me.sign(g.payment())).toEqual(first);
    const entries = await f.checkedLog(custody);
    expect(entries.filter(({ kind }) => kind === "pending")).toHaveLength(1);
  });
});

test("a clock that jumps ahead and back while a signature is made does not hang", async () => {
  const clock = g.timed();
  let commits = 0;
  let on = false;
  const store = watched(clock.store, async () => {
    if (!on || ++commits !== 2) return;
    on = false;
    clock.pass(g.HOUR);
    await other.end();
    clock.pass(-g.HOUR);
  });
  const { me } = await f.openCustody({ policy: f.payments(), store, as: g.owner });
  const { me: other } = await f.reopen(clock.store);
  on = true;
  const end = await Promise.race([
    f.codeOf(me.sign(f.request(f.transaction()))),
    new Promise((resolve) => setTimeout(() => resolve("hangs"), 1500)),
  ]);
  expect(end).not.toBe("hangs");
});

function isRefusal(outcome: unknown): boolean {
  return outcome === "refused" || (outcome as { kind?: string } | undefined)?.kind === "denied";
}

describe("tried and refused:", () => {
  const MAINNETS = {
    immutable: true,
    assets: { ...(f.payments().assets as object), XDAI: { chain: "eip155:100", asset: "native", decimals: 18 } },
  };
  const count = { id: "few", limit: ["transfer"], max: 2, per: "24h" };

  test("the same nonce of another account or on another chain is no replacement", async () => {
    const rules = [count, { id: "gnosis", allow: ["transfer", "fee"], when: { asset: "XDAI" } }];
    const { me } = await setting(f.payments(rules, { more: MAINNETS }), { wallet: { from: "generate", words: 12 } });
    const second = await me.accounts.derive({ chain: f.CHAIN, name: "Second" });
    const ask = async (account: string, chainId: bigint) =>
      g.reasonOf(await me.sign({ ...f.request(f.transaction({ chainId })), chain: `eip155:${chainId}`, account }));
    expect([await ask("Main", 1n), await ask(second.id, 1n), await ask("Main", 100n)]).toEqual(["signed", "signed", "limit/exceeded"]);
  });

  test("a replacement by less gives no headroom back, and one by more takes it", async () => {
    const { me } = await setting(f.payments([f.ethLimit("5 ETH")]));
    const ask = async (nonce: number, value: bigint) => g.reasonOf(await me.sign(f.request(f.transaction({ nonce, value }))));
    expect(await ask(0, 3n * f.ETHER)).toBe("signed");
    expect(await ask(0, 0n)).toBe("signed");
    expect(await ask(1, 3n * f.ETHER)).toBe("limit/exceeded");
    expect(await ask(0, 5n * f.ETHER)).toBe("signed");
    expect(await ask(1, 1n)).toBe("limit/exceeded");
  });

  test("tokens that are pulled from somebody else, promised, or promised more of, all drain the one limit", async () => {
    const rules = [
      { id: "promise", allow: ["allowance"], when: { asset: "USDC", to: "@book" } },
      { id: "usdc", limit: ["outflow"], when: { asset: "USDC" }, max: "100 USDC", per: "24h" },
    ];
    const { me } = await setting(f.payments(rules));
    const call = async (nonce: number, selector: string, ...words: bigint[]) =>
      g.reasonOf(
        await me.sign(f.request(f.transaction({ nonce, to: f.USDC, data: `0x${selector}${words.map(word).join("")}`, gasLimit: 60_000n }))),
      );
    const [friend, other] = [BigInt(f.FRIEND), BigInt(f.OTHER)];
    expect(await call(0, "23b872dd", other, friend, 40_000_000n)).toBe("signed");
    expect(await call(1, "095ea7b3", friend, 40_000_000n)).toBe("signed");
    expect(await call(2, "39509351", other, 20_000_000n)).toBe("signed");
    expect(await call(3, "a9059cbb", friend, 1n)).toBe("limit/exceeded");
    expect(await call(4, "095ea7b3", friend, 2n ** 256n - 1n)).toBe("limit/exceeded");
    expect(await call(5, "a457c2d7", friend, 40_000_000n)).toBe("signed");
    expect(await call(6, "a9059cbb", friend, 1n)).toBe("limit/exceeded");
  });

  test("an act is not smuggled in where a payment is taken up again", async () => {
    const { custody, me } = await setting(g.team([g.edit, g.large(g.twoOfFinance)]));
    const id = g.asked(await me.sign(g.payment()));
    const act = { kind: "act", payload: { act: "policyEdit", policy: g.team([g.edit, { id: "wide", allow: ["transfer"] }]) } };
    expect(await f.codeOf(me.resume(id, { request: act }))).toBe("request/malformed");
    expect((await custody.policy()).version).toBe(1);
  });

  test("names that every object has are names like any other", async () => {
    for (const name of ["constructor", "toString", "valueOf", "hasOwnProperty"]) {
      const { custody, me } = await setting(g.team([g.edit]));
      const people = { ...(g.team([]).people as object), [name]: [{ kind: "secp256k1", publicKey: f.person("eve").publicKey }] };
      const book = { ...(g.team([]).book as object), [name]: { chain: f.CHAIN, address: f.USDC } };
      const roles = { finance: ["ana", "ben", "cyd"], [`${name}s`]: ["dee"] };
      expect((await me.submit({ act: "policyEdit", policy: g.team([g.edit], { people, book, roles }) })).kind).toBe("done");
      const eve = await custody.session({ person: name, credential: f.person("eve").credential });
      expect(g.reasonOf(await eve.submit({ act: "modeChange", mode: name }))).toBe("policy/unknown-mode");
    }
  });

  test("nothing that is no request signs, ends the custody or shows a secret", async () => {
    const { custody, me } = await setting(f.payments([{ id: "in", allow: ["import"] }]));
    const trap = new Proxy(
      {},
      {
        ownKeys: () => Array.from({ length: 100_000 }, (_, i) => `k${i}`),
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
      },
    );
    const junk: unknown[] = [
      null,
      5,
      "x",
      [],
      () => 1,
      Symbol("x"),
      1n,
      trap,
      Object.create(null),
      new Array(1e9),
      { kind: "act", payload: {} },
    ];
    const calls: readonly ((x: never) => Promise<unknown>)[] = [
      (x) => me.sign(x),
      (x) => me.explain(x),
      (x) => me.submit(x),
      (x) => me.submit({ act: "policyEdit", policy: x }),
      (x) => me.submit({ act: "modeChange", mode: x }),
      (x) => me.resume(x),
      (x) => me.approve(x),
      (x) => me.withdraw(x),
      (x) => me.accounts.derive(x),
      (x) => custody.submitApproval(x, x),
    ];
    for (const call of calls) for (const x of junk) expect(await call(x as never).catch(() => "refused")).toSatisfy(isRefusal);
    const words = "legal winner thank year wave sausage worth useful legal winner thank zebrafish";
    const cause = await me
      .submit({ act: "import", name: "W", wallet: { from: "mnemonic", mnemonic: words } })
      .catch((thrown: unknown) => thrown);
    const shown = printed([cause, me, custody, f.ana.credential]);
    for (const secret of ["winner", "zebrafish", "46464646", "07070707"]) expect(shown).not.toContain(secret);
    expect((await me.sign(f.request(f.transaction()))).kind).toBe("signed");
    const kinds = (await f.checkedLog(custody)).filter(({ kind }) => kind === "signed" || kind === "acted");
    expect(kinds).toHaveLength(1);
  });

  test("explaining writes nothing and takes nothing", async () => {
    const { custody, me } = await setting(f.payments([f.ethLimit("5 ETH")]));
    const before = (await f.checkedLog(custody)).length;
    for (let i = 0; i < 5; i++) await me.explain(f.request(f.transaction({ value: 5n * f.ETHER })));
    expect((await f.checkedLog(custody)).length).toBe(before);
    expect((await me.sign(f.request(f.transaction({ value: 5n * f.ETHER })))).kind).toBe("signed");
  });
});
