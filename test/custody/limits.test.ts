import fc from "fast-check";
import { Transaction } from "micro-eth-signer";
import { describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { writeHold } from "../../src/custody/holds.ts";
import { Judge } from "../../src/custody/judge.ts";
import { CustodyError, type LoggedEntry, type Session, type SignOutcome, type Store } from "../../src/index.ts";
import type { IntentId } from "../../src/intent/intent.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import { openVault } from "../../src/vault/open.ts";
import { ROOT_KEY } from "../../src/vault/root.ts";
import { everyStore, lastingStore } from "../here/every-store.ts";
import { freshStore } from "../here/fresh-store.ts";
import { dump, restore } from "../vault/setting.ts";
import {
  ana,
  ben,
  checkedLog,
  codeOf,
  ETHER,
  ethLimit,
  FEE,
  FRIEND,
  hooked,
  hookedChain,
  kindsOf,
  OTHER,
  openCustody,
  payments,
  reopen,
  request,
  slot,
  transaction,
  usdc,
} from "./fixture.ts";

const T0 = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

/** A clock that the test sets. */
function clock(): { now: number } & { readonly read: () => number } {
  const at = { now: T0, read: () => at.now };
  return at;
}

function wei(ether: number): bigint {
  return (BigInt(Math.round(ether * 1000)) * ETHER) / 1000n;
}

/** Asks for all of it in one tick. */
function burst(me: Session, payloads: readonly string[]): Promise<SignOutcome[]> {
  return Promise.all(payloads.map((payload) => me.sign(request(payload))));
}

function signed(outcomes: readonly SignOutcome[]): number {
  return outcomes.filter(({ kind }) => kind === "signed").length;
}

/** Every denial is the limit's, and says what is used. */
function expectLimited(outcomes: readonly SignOutcome[], limit = "eth-limit"): void {
  for (const outcome of outcomes) {
    if (outcome.kind === "signed") continue;
    expect(outcome).toMatchObject({ kind: "denied", reasons: [{ code: "limit/exceeded", rule: limit }] });
  }
}

/** What the counter of `limit` stood at before and after each reservation, in the log's order. */
function countersOf(entries: readonly LoggedEntry[], limit = "eth-limit"): { before: bigint; after: bigint }[] {
  return entries
    .filter(({ kind }) => kind === "reserved")
    .flatMap(({ counters }) => counters as readonly { limit: string; before: string; after: string }[])
    .filter((counter) => counter.limit === limit)
    .map(({ before, after }) => ({ before: BigInt(before), after: BigInt(after) }));
}

/** What a fresh opening of the vault says is used of the limit. */
async function usedOf(store: Store, limit = "eth-limit"): Promise<bigint> {
  const { me } = await reopen(store);
  const outcome = await me.sign(request(transaction({ nonce: 10_000, value: wei(1_000_000) })));
  if (outcome.kind !== "denied") throw new Error(outcome.kind);
  const reason = outcome.reasons.find(({ rule }) => rule === limit);
  return BigInt(String(reason?.params.used));
}

describe("thirty requests at once", () => {
  const thirty = Array.from({ length: 30 }, (_, nonce) => transaction({ nonce, value: wei(10) }));

  test.each(everyStore)("sign exactly what the limit allows, and the log and the counters agree (%s)", async (_, make) => {
    const store = make();
    const { custody, me } = await openCustody({ store, policy: payments([ethLimit("100 ETH")]) });
    const outcomes = await burst(me, thirty);
    expect(signed(outcomes)).toBe(10);
    expectLimited(outcomes);
    const entries = await checkedLog(custody);
    const counters = countersOf(entries);
    expect(counters).toEqual(Array.from({ length: 10 }, (_, n) => ({ before: wei(10 * n), after: wei(10 * (n + 1)) })));
    expect(entries.filter(({ kind }) => kind === "signed")).toHaveLength(10);
    expect(entries.filter(({ kind }) => kind === "denied")).toHaveLength(20);
    expect(await usedOf(store)).toBe(wei(100));
    await store.close();
  });

  test("of two openings of one store sign no more together than one alone", async () => {
    const { custody, store, me } = await openCustody({ policy: payments([ethLimit("100 ETH")]) });
    const second = await reopen(store);
    const [left, right] = await Promise.all([burst(me, thirty.slice(0, 15)), burst(second.me, thirty.slice(15))]);
    expect(signed(left) + signed(right)).toBe(10);
    expectLimited([...left, ...right]);
    expect(countersOf(await checkedLog(custody)).at(-1)?.after).toBe(wei(100));
    expect(await usedOf(store)).toBe(wei(100));
  });

  test("under a lifetime limit sign as many, and a year later still no more", async () => {
    const time = clock();
    const store = freshStore({ now: time.read });
    const ever = { id: "eth-limit", limit: ["transfer"], when: { asset: "ETH" }, max: "100 ETH", ever: true };
    const { me } = await openCustody({ store, policy: payments([ever]) });
    expect(signed(await burst(me, thirty))).toBe(10);
    time.now += 365 * 24 * HOUR;
    expect(await codeOf(me.sign(request(thirty[0])))).toBe("session/ended");
    expect(await usedOf(store)).toBe(wei(100));
  });

  test("under a value limit are summed over assets at their ceilings", async () => {
    const time = clock();
    const values = { USD: { decimals: 2, ceiling: { ETH: "4000.00", USDC: "1.00" }, until: "2026-12-31" } };
    const usd = { id: "usd", limit: ["transfer"], when: { asset: ["ETH", "USDC"] }, max: "100000 USD", per: "24h" };
    const { me } = await openCustody({ store: freshStore({ now: time.read }), policy: payments([usd], { more: { values } }) });
    // 1 ETH is 4,000 USD, 6,000 USDC are 6,000 USD: ten pairs fit.
    const mixed = Array.from({ length: 30 }, (_, n) =>
      n % 2 === 0 ? transaction({ nonce: n, value: wei(1) }) : usdc({ nonce: n, amount: 6_000_000_000n }),
    );
    const outcomes = await burst(me, mixed);
    expectLimited(outcomes, "usd");
    const worth = outcomes.reduce((sum, { kind }, n) => sum + (kind === "signed" ? (n % 2 === 0 ? 4000 : 6000) : 0), 0);
    expect(worth).toBe(100_000);
  });

  test("under a limit by recipient sign as many for each", async () => {
    const { me } = await openCustody({ policy: payments([ethLimit("50 ETH", "24h", { by: "to" })]) });
    const payloads = thirty.map((_, nonce) => transaction({ nonce, value: wei(10), to: nonce % 2 === 0 ? FRIEND : OTHER }));
    const outcomes = await burst(me, payloads);
    expect(signed(outcomes.filter((_, n) => n % 2 === 0))).toBe(5);
    expect(signed(outcomes.filter((_, n) => n % 2 === 1))).toBe(5);
  });

  test("under a limit by requester sign as many for each person", async () => {
    const policy = payments([ethLimit("50 ETH", "24h", { by: "requester" })], { people: [ana] });
    const { custody, me } = await openCustody({ policy });
    const anas = await custody.session({ person: "ana", credential: ana.credential });
    const [mine, hers] = await Promise.all([burst(me, thirty.slice(0, 15)), burst(anas, thirty.slice(15))]);
    expect(signed(mine)).toBe(5);
    expect(signed(hers)).toBe(5);
    await checkedLog(custody);
  });

  test("that replace one transaction count once, at the largest", async () => {
    const { custody, store, me } = await openCustody({ policy: payments([ethLimit("30 ETH")]) });
    const payloads = thirty.map((_, n) => transaction({ nonce: 0, value: wei(n + 1), feePerGas: BigInt(n + 1) * 10n ** 9n }));
    expect(signed(await burst(me, payloads))).toBe(30);
    expect(await usedOf(store)).toBe(wei(30));
    expect((await me.sign(request(transaction({ nonce: 1, value: 1n })))).kind).toBe("denied");
    await checkedLog(custody);
  });

  test("of several nonces with replacements sign what fits by the largest of each", async () => {
    const { custody, store, me } = await openCustody({ policy: payments([ethLimit("40 ETH")]) });
    // Ten nonces, each asked for 5, 10 and 7 ETH: four nonces fit at 10.
    const payloads = thirty.map((_, n) => transaction({ nonce: Math.floor(n / 3), value: wei([5, 10, 7][n % 3] ?? 0) }));
    const outcomes = await burst(me, payloads);
    const most = new Map<number, number>();
    outcomes.forEach(({ kind }, n) => {
      const nonce = Math.floor(n / 3);
      if (kind === "signed") most.set(nonce, Math.max(most.get(nonce) ?? 0, [5, 10, 7][n % 3] ?? 0));
    });
    const total = [...most.values()].reduce((sum, each) => sum + each, 0);
    expect(total).toBe(40);
    expect(await usedOf(store)).toBe(wei(40));
    await checkedLog(custody);
  });

  test("whose fees count against the same limit leave no more than it says, fees included", async () => {
    const all = { id: "eth-limit", limit: ["outflow"], when: { asset: "ETH" }, max: "100 ETH", per: "24h" };
    const { me, store } = await openCustody({ policy: payments([all]) });
    expect(signed(await burst(me, thirty))).toBe(9);
    expect(await usedOf(store)).toBe(9n * (wei(10) + FEE));
  });
});

describe("the same request again", () => {
  test("does not count against itself, and gives the same bytes", async () => {
    const { custody, me } = await openCustody({ policy: payments([ethLimit("10 ETH")]) });
    const payload = transaction({ value: wei(10) });
    const first = await me.sign(request(payload));
    expect(first.kind).toBe("signed");
    for (let n = 0; n < 3; n++) expect(await me.sign(request(payload))).toEqual(first);
    expect(kindsOf(await checkedLog(custody)).match(/reserved|signed/g)).toEqual(["reserved", "signed"]);
    expect((await me.sign(request(transaction({ nonce: 1, value: 1n })))).kind).toBe("denied");
  });

  test("gives the same bytes after the vault was locked and opened again", async () => {
    const { custody, store, me } = await openCustody();
    const first = await me.sign(request(transaction()));
    custody.lock();
    expect(await (await reopen(store)).me.sign(request(transaction()))).toEqual(first);
  });

  test("by somebody else is denied, and gives away nothing", async () => {
    const { custody, me } = await openCustody({ policy: payments([], { people: [ana] }) });
    const anas = await custody.session({ person: "ana", credential: ana.credential });
    const first = await me.sign(request(transaction()));
    expect(first.kind).toBe("signed");
    const outcome = await anas.sign(request(transaction()));
    expect(outcome).toMatchObject({ kind: "denied", reasons: [{ code: "request/signed-for-another" }] });
    expect(outcome).not.toHaveProperty("bytes");
    expect((await checkedLog(custody)).at(-1)).toMatchObject({ kind: "denied", person: "ana" });
    expect(await me.sign(request(transaction()))).toEqual(first);
  });

  test("is judged again: what the policy forbids by now is not given again", async () => {
    const policy = payments([{ id: "edit", allow: ["policyEdit"] }], { more: { immutable: false } });
    const { me } = await openCustody({ policy });
    expect((await me.sign(request(transaction()))).kind).toBe("signed");
    const edited = await me.submit({
      act: "policyEdit",
      policy: { ...policy, rules: [...policy.rules, { id: "stop", forbid: ["transfer"] }] },
    });
    expect(edited.kind).toBe("done");
    expect(await me.sign(request(transaction()))).toMatchObject({ kind: "denied", reasons: [{ code: "policy/forbidden" }] });
  });

  test("many times at once takes its headroom once, and gives everybody the one signature", async () => {
    const { custody, store, me } = await openCustody({ policy: payments([ethLimit("10 ETH")]) });
    const payload = transaction({ value: wei(10) });
    const [first, ...others] = await burst(
      me,
      Array.from({ length: 6 }, () => payload),
    );
    expect(first?.kind).toBe("signed");
    for (const outcome of others) expect(outcome).toEqual(first);
    // Every reservation that somebody took over is closed.
    const kinds = kindsOf(await checkedLog(custody)).split(" ");
    expect(kinds.filter((kind) => kind === "signed")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "reserved")).toHaveLength(1 + kinds.filter((kind) => kind === "lapsed").length);
    expect(await usedOf(store)).toBe(wei(10));
  });

  test("by two people at once is signed for one of them only", async () => {
    const { custody, me } = await openCustody({ policy: payments([], { people: [ana, ben] }) });
    const anas = await custody.session({ person: "ana", credential: ana.credential });
    const outcomes = await Promise.all([me, anas].map((session) => session.sign(request(transaction()))));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["denied", "signed"]);
    for (const outcome of outcomes)
      if (outcome.kind === "denied") expect(outcome.reasons).toMatchObject([{ code: "request/signed-for-another" }]);
    expect((await checkedLog(custody)).filter(({ kind }) => kind === "signed")).toHaveLength(1);
  });

  test("gives the very bytes of the log or nothing, whatever became of the records that its commit wrote", async () => {
    const store = freshStore();
    const written = new Set<string>();
    let assembled = false;
    const watching = hooked(store, {
      before: (call) => {
        if (assembled && call.on === "commit") for (const { key } of call.changes) written.add(key);
      },
    });
    const chain = hookedChain({
      assembled: () => {
        assembled = true;
      },
    });
    const { me } = await openCustody({ store: watching, chains: [chain] });
    const first = await me.sign(request(transaction()));
    const before = await dump(store);
    const ends = new Map<string, number>();
    for (const key of written) {
      if (key === ROOT_KEY) continue;
      await store.commit([{ key, to: null }]);
      let end: string;
      try {
        expect(await me.sign(request(transaction()))).toEqual(first);
        end = "the same";
      } catch (cause) {
        end = await codeOf(Promise.reject(cause));
      }
      ends.set(end, (ends.get(end) ?? 0) + 1);
      await restore(store, before);
    }
    expect([...ends.keys()].sort()).toEqual(["the same", "vault/damaged"]);
    expect(ends.get("vault/damaged")).toBe(1);
  });
});

describe("limits that change", () => {
  test("a new or renamed limit begins with what its window already holds", async () => {
    const policy = (limit: object[]) => payments([{ id: "edit", allow: ["policyEdit"] }, ...limit], { more: { immutable: false } });
    const { me } = await openCustody({ policy: policy([]) });
    expect((await me.sign(request(transaction({ nonce: 0, value: wei(60) })))).kind).toBe("signed");
    expect((await me.submit({ act: "policyEdit", policy: policy([ethLimit("100 ETH")]) })).kind).toBe("done");
    expect((await me.sign(request(transaction({ nonce: 1, value: wei(50) })))).kind).toBe("denied");
    expect((await me.sign(request(transaction({ nonce: 1, value: wei(40) })))).kind).toBe("signed");
    expect((await me.submit({ act: "policyEdit", policy: policy([{ ...ethLimit("100 ETH"), id: "renamed" }]) })).kind).toBe("done");
    expect(await me.sign(request(transaction({ nonce: 2, value: 1n })))).toMatchObject({
      kind: "denied",
      reasons: [{ code: "limit/exceeded", rule: "renamed" }],
    });
  });

  test("a session's own limit holds beside the vault's, for thirty requests at once", async () => {
    const { custody } = await openCustody({ policy: payments([ethLimit("100 ETH")]) });
    const scope = { rules: [...payments([{ ...ethLimit("30 ETH"), id: "of-session" }]).rules] };
    const narrow = await custody.session({ person: "owner", scope });
    const all = await burst(
      narrow,
      Array.from({ length: 30 }, (_, nonce) => transaction({ nonce, value: wei(10) })),
    );
    expect(signed(all)).toBe(3);
    const wide = await custody.session({ person: "owner" });
    const rest = await burst(
      wide,
      Array.from({ length: 30 }, (_, n) => transaction({ nonce: 100 + n, value: wei(10) })),
    );
    expect(signed(rest)).toBe(7);
    await checkedLog(custody);
  });
});

describe("time", () => {
  const WINDOW = 2 * HOUR;
  /** A hold counts from the latest moment at which its commit can have happened, so much later at most. */
  const SLACK = 1000;

  /** A vault whose limit of 10 ETH is used up at {@link T0}; `ask` wants it once more. */
  async function full() {
    const time = clock();
    const store = freshStore({ now: time.read });
    const { custody, me } = await openCustody({ store, policy: payments([ethLimit("10 ETH", "2h")]) });
    expect((await me.sign(request(transaction({ value: wei(10) })))).kind).toBe("signed");
    const ask = async (nonce = 1, session = me) => (await session.sign(request(transaction({ nonce, value: wei(10) })))).kind;
    return { time, custody, store, ask };
  }

  test("a window ends when it is over and not a moment earlier", async () => {
    const { time, ask } = await full();
    time.now = T0 + WINDOW - 1;
    expect(await ask()).toBe("denied");
    time.now = T0 + WINDOW + SLACK;
    expect(await ask()).toBe("signed");
  });

  test("a clock that is put back ends no window early, for this opening nor for the next", async () => {
    const { time, custody, store, ask } = await full();
    for (const stepped of [T0 - 365 * WINDOW, 0, T0 - 1, T0 + WINDOW - 1]) {
      time.now = stepped;
      expect(await ask()).toBe("denied");
      const { me } = await reopen(store);
      expect(await ask(1, me)).toBe("denied");
    }
    const times = (await checkedLog(custody)).map((entry) => entry.time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test("a store that is opened a day before its last commit signs by the vault's time, which stands still", async () => {
    const time = clock();
    const open = lastingStore();
    const before = open({ now: time.read });
    const { custody } = await openCustody({ store: before, policy: payments([ethLimit("10 ETH", "2h")]) });
    custody.lock();
    await before.close();
    time.now = T0 - 24 * HOUR;
    const store = open({ now: time.read });
    const { custody: later, me } = await reopen(store);
    expect((await me.sign(request(transaction({ value: wei(10) })))).kind).toBe("signed");
    expect((await me.sign(request(transaction({ nonce: 1, value: wei(10) })))).kind).toBe("denied");
    for (const entry of await checkedLog(later)) expect(entry.time).toBe(T0);
    await store.close();
  });

  test("a clock that ran ahead and is put right holds windows longer, never shorter", async () => {
    const { time, custody, ask } = await full();
    time.now = T0 + 2 * WINDOW;
    expect(await ask()).toBe("signed");
    for (const moment of [T0 + 1, T0 + WINDOW + SLACK, T0 + 2 * WINDOW + SLACK, T0 + 3 * WINDOW - 1]) {
      time.now = moment;
      expect(await ask(2)).toBe("denied");
    }
    time.now = T0 + 3 * WINDOW + SLACK;
    expect(await ask(2)).toBe("signed");
    await checkedLog(custody);
  });

  /** A custody whose second commit takes `delay` longer once, by the store's clock. */
  async function slow(delay: number) {
    const time = clock();
    const made: Uint8Array[] = [];
    let commits = 0;
    const store = hooked(freshStore({ now: time.read }), {
      before: (call) => {
        if (call.on !== "commit" || made.length === 0) return;
        if (commits++ === 0) time.now += delay;
      },
    });
    const chains = [hookedChain({ assembled: ({ bytes }) => made.push(bytes) })];
    const { custody, me } = await openCustody({ store, chains, leaseMs: 10_000, policy: payments([ethLimit("10 ETH", "2h")]) });
    const sign = (nonce: number) => me.sign(request(transaction({ nonce, value: wei(10) })));
    return { time, custody, sign, made, commits: () => commits };
  }

  test("a commit that takes too long is made again, and its window counts from when it was made", async () => {
    const { time, sign, commits } = await slow(3000);
    expect((await sign(0)).kind).toBe("signed");
    expect(commits()).toBe(2);
    // Committed at T0 + 3 s: until 2 hours after that nothing more leaves.
    time.now = T0 + 3000 + WINDOW - 1;
    expect((await sign(1)).kind).toBe("denied");
    time.now = T0 + 3000 + WINDOW + SLACK;
    expect((await sign(1)).kind).toBe("signed");
  });

  test("a commit that takes longer than the lease lets nothing leave", async () => {
    const { time, custody, sign, made } = await slow(10_000);
    expect(await codeOf(sign(0))).toBe("store/expired");
    expect(made[0]?.every((byte) => byte === 0)).toBe(true);
    time.now += 1;
    expect((await sign(1)).kind).toBe("signed");
    expect(kindsOf(await checkedLog(custody))).toMatch(/ account reserved lapsed reserved signed$/);
  });

  test("headroom of a signer that does not come back is free when its lease is over, and the log says so first", async () => {
    const time = clock();
    const store = freshStore({ now: time.read });
    let dies = true;
    const dying = hookedChain({
      assembled: () => {
        if (dies) throw new Error("the process is gone");
      },
    });
    const { custody, me } = await openCustody({ store, chains: [dying], leaseMs: 5000, policy: payments([ethLimit("10 ETH")]) });
    await expect(me.sign(request(transaction({ value: wei(10) })))).rejects.toThrow("the process is gone");
    dies = false;
    const ask = async () => (await me.sign(request(transaction({ nonce: 1, value: wei(10) })))).kind;
    time.now = T0 + 4999;
    expect(await ask()).toBe("denied");
    time.now = T0 + 5000;
    expect(await ask()).toBe("signed");
    expect(kindsOf(await checkedLog(custody))).toMatch(/ reserved alarm denied lapsed reserved signed$/);
  });
});

test("whatever is asked, by two openings, with crashes and a clock that steps, no window ever holds more than its limit", async () => {
  const WINDOW = 2 * HOUR;
  const dies = fc.nat(5).map((n) => n === 0);
  const payment = fc.record({ nonce: fc.nat(7), ether: fc.integer({ min: 2, max: 10 }), by: fc.nat(1), dies });
  const step = fc.constantFrom(HOUR / 3, HOUR * 0.8, HOUR * 1.7, -HOUR / 2);
  const lives = fc.array(fc.oneof(payment, step), { minLength: 16, maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(lives, async (life) => {
      const time = clock();
      const store = freshStore({ now: time.read });
      let dies = false;
      const chain = hookedChain({
        assembled: () => {
          if (dies) throw new CustodyError("store/failed", "the process is gone");
        },
      });
      const options = { chains: [chain], leaseMs: HOUR / 4 };
      const { custody } = await openCustody({ store, policy: payments([ethLimit("10 ETH", "2h")]), ...options });
      const owner = { person: "owner", lastsMs: 30 * 24 * HOUR };
      const people = [await custody.session(owner), await (await reopen(store, options)).custody.session(owner)];
      for (const step of life) {
        if (typeof step === "number") {
          time.now += step;
          continue;
        }
        dies = step.dies;
        const asked = request(transaction({ nonce: step.nonce, value: wei(step.ether) }));
        expect(await codeOf(people[step.by]?.sign(asked) ?? Promise.resolve())).toMatch(/^(nothing was thrown|store\/failed)$/);
      }
      const entries = await checkedLog(custody);
      const reserved = new Map(entries.map((entry) => [entry.seq, entry]));
      const signed = entries
        .filter(({ kind }) => kind === "signed")
        .map((entry) => {
          const { request } = reserved.get(entry.reservation as number) as unknown as { request: { payload: string } };
          const { nonce, value } = Transaction.fromHex(request.payload, false).raw as { nonce: bigint; value: bigint };
          return { time: entry.time, nonce, value };
        });
      for (const { time: end } of signed) {
        const lanes = new Map<bigint, bigint>();
        for (const each of signed) {
          if (each.time > end || each.time <= end - WINDOW) continue;
          const most = lanes.get(each.nonce) ?? 0n;
          lanes.set(each.nonce, each.value > most ? each.value : most);
        }
        expect([...lanes.values()].reduce((sum, value) => sum + value, 0n)).toBeLessThanOrEqual(wei(10));
      }
      // Nothing is lost for good either: when every window and lease is over, all of it is there again.
      dies = false;
      time.now = Math.max(T0, ...entries.map((entry) => entry.time)) + WINDOW + HOUR;
      const again = await reopen(store, options);
      expect((await again.me.sign(request(transaction({ nonce: 50, value: wei(10) })))).kind).toBe("signed");
    }),
    { numRuns: 12 },
  );
});

describe("work", () => {
  test("thirty requests at once share their commits", async () => {
    let commits = 0;
    const store = hooked(freshStore(), { before: (call) => call.on === "commit" && commits++ });
    const { me } = await openCustody({ store, policy: payments([ethLimit("100 ETH")]) });
    commits = 0;
    expect(
      signed(
        await burst(
          me,
          Array.from({ length: 30 }, (_, nonce) => transaction({ nonce, value: wei(10) })),
        ),
      ),
    ).toBe(10);
    // One for all thirty verdicts, and at most one for each signature.
    expect(commits).toBeLessThanOrEqual(11);
  });

  test("a limit is read in a number of steps that grows with the logarithm of its history", async () => {
    const { store, me } = await openCustody({ policy: payments([ethLimit("10 ETH")]) });
    await me.sign(request(transaction({ value: 1n })));
    const judge = new Judge((text) => parsePolicy(text, { parseAddress: evm.parseAddress }));
    const vault = await openVault({ store, slot, index: judge });
    const [first] = [...judge.holds()];
    if (first === undefined) throw new Error("no hold");
    const now = first.at + 1;
    const stepsWith = async (holds: number): Promise<number> => {
      await vault.transact((tx) => {
        for (let n = [...judge.holds()].length; n < holds; n++) {
          const intent = n.toString(16).padStart(64, "0") as IntentId;
          writeHold(tx, { ...first, id: intent, intent, lane: `lane ${n}`, at: first.at - 7 * (holds - n) });
        }
      });
      const [charge] = judge.weigh(first);
      if (charge === undefined) throw new Error("no charge");
      const { work } = judge.ledger;
      const before = work.steps;
      expect(judge.counters({ id: "f".repeat(64) as IntentId }, now).after(charge).used).toBe(BigInt(holds));
      return work.steps - before;
    };
    const few = await stepsWith(100);
    const many = await stepsWith(1600);
    expect(few).toBeLessThanOrEqual(20);
    expect(many).toBeLessThanOrEqual(few + 8);
    vault.lock();
  });

  test("a request is read once, however often its commit has to be tried again", async () => {
    let decoded = 0;
    const store = freshStore();
    await openCustody({ store });
    const other = await reopen(store);
    let interfere = 3;
    const contested = hooked(store, {
      before: async (call) => {
        if (call.on !== "commit" || interfere === 0 || decoded === 0) return;
        interfere--;
        await other.me.sign(request(transaction({ nonce: 100 + interfere })));
      },
    });
    const { me } = await reopen(contested, { chains: [hookedChain({ decoded: () => decoded++ })] });
    expect((await me.sign(request(transaction({ value: 1n })))).kind).toBe("signed");
    expect(interfere).toBe(0);
    expect(decoded).toBe(1);
  });
});
