import { describe, expect, test } from "vitest";
import { type Circumstances, type Effect, UNLIMITED } from "../../src/intent/effect.ts";
import type { Reason } from "../../src/intent/intent.ts";
import type { Clause } from "../../src/intent/verdict.ts";
import type { Condition, LimitRule, Rule } from "../../src/policy/core.ts";
import { type Counters, emptyCounters } from "../../src/policy/counters.ts";
import { compile, compileSession, type Evaluator } from "../../src/policy/evaluate.ts";
import { interpret } from "../../src/policy/interpret.ts";
import { judgeLayers } from "../../src/policy/layers.ts";
import { verdictOf } from "../../src/policy/verdict.ts";
import { NOW, policyOf } from "./generate.ts";

const CHAIN = "eip155:1";
const ALWAYS: Condition = { op: "always" };
const NATIVE: Condition = { op: "in", field: "asset", values: new Set([`${CHAIN}/native`]) };
const TO_ALICE: Condition = { op: "in", field: "to", values: new Set([`${CHAIN}:0x01`]) };
const not = (of: Condition): Condition => ({ op: "not", of });
const all = (...of: Condition[]): Condition => ({ op: "all", of });
const any = (...of: Condition[]): Condition => ({ op: "any", of });
const atMost = (max: bigint): Condition => ({ op: "within", field: "amount", intervals: [[0n, max]] });

const allow = (when: Condition = ALWAYS, kinds: Rule["kinds"] = ["transfer", "fee"]): Rule => ({ type: "allow", id: "allow", kinds, when });
const forbid = (when: Condition = ALWAYS, kinds: Rule["kinds"] = ["transfer"]): Rule => ({ type: "forbid", id: "forbid", kinds, when });
const finance: readonly (readonly Clause[])[] = [[{ of: "finance", members: [{ person: "cyd" }], atLeast: 1 }]];
const require = (when: Condition = ALWAYS, more = {}): Rule => ({
  type: "require",
  id: "require",
  kinds: ["transfer"],
  when,
  approvals: finance,
  delayMs: 0,
  confirm: false,
  expiresMs: 1000,
  ...more,
});
const limit = (more: Partial<LimitRule> = {}): LimitRule => ({
  type: "limit",
  id: "daily",
  kinds: ["transfer", "fee", "allowance", "signedAllowance"],
  when: NATIVE,
  measure: { type: "amount", asset: `${CHAIN}/native` },
  max: 100n,
  windowMs: 86_400_000,
  by: [],
  beyond: [],
  ...more,
});

const transfer = (more: { readonly [K in keyof Effect]?: Effect[K] | undefined } = {}): Effect => {
  const members = { kind: "transfer", at: [], chain: CHAIN, account: "0x0a", asset: "native", to: "0x01", amount: 10n, ...more };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as unknown as Effect;
};
const ordinary: Circumstances = { now: NOW, mode: "normal", requester: "ana" };

function judge(
  rules: readonly Rule[],
  effects: readonly Effect[],
  { counters = emptyCounters, circumstances = ordinary, refusals = [] as readonly Reason[] } = {},
) {
  const policy = policyOf(rules);
  const judgement = compile(policy).judge({ effects, refusals }, circumstances, counters);
  expect(interpret(policy, { effects, refusals }, circumstances, counters), "the interpreter agrees").toEqual(judgement);
  return judgement;
}
const codes = ({ reasons }: { readonly reasons: readonly Reason[] }) => reasons.map(({ code }) => code);

describe("allow and forbid", () => {
  test("what an allow matches passes", () => {
    expect(judge([allow()], [transfer()])).toEqual({ reasons: [], needs: [], charges: [], hits: ["allow"] });
  });

  test("what no rule allows is denied", () => {
    expect(codes(judge([], [transfer()]))).toEqual(["policy/not-allowed"]);
    expect(codes(judge([allow(ALWAYS, ["fee"])], [transfer()]))).toEqual(["policy/not-allowed"]);
    expect(codes(judge([allow(not(TO_ALICE))], [transfer()]))).toEqual(["policy/not-allowed"]);
  });

  test("a forbid wins over every allow, wherever it stands", () => {
    for (const rules of [
      [allow(), forbid()],
      [forbid(), allow()],
    ]) {
      const { reasons } = judge(rules, [transfer()]);
      expect(reasons).toMatchObject([{ code: "policy/forbidden", rule: "forbid", effect: 0, params: { kind: "transfer", certain: true } }]);
    }
  });

  test("every effect needs its own allow", () => {
    const { reasons } = judge([allow(TO_ALICE)], [transfer(), transfer({ to: "0x02" })]);
    expect(reasons).toMatchObject([{ code: "policy/not-allowed", effect: 1 }]);
  });

  test("an intent without effects is denied", () => {
    expect(codes(judge([allow()], []))).toEqual(["policy/no-effects"]);
  });

  test("a refusal of the intent denies whatever the policy says", () => {
    const refusal: Reason = { code: "evm/no-chain-id", params: {}, text: "no chain id" };
    expect(judge([allow()], [transfer()], { refusals: [refusal] }).reasons).toEqual([refusal]);
  });
});

describe("what is unknown", () => {
  const unread = transfer({ to: undefined });

  test("an unknown condition lets an allow not match", () => {
    for (const when of [TO_ALICE, not(TO_ALICE), any(TO_ALICE, not(TO_ALICE)), all(ALWAYS, TO_ALICE)]) {
      expect(judge([allow(when)], [unread]).reasons).toMatchObject([{ code: "policy/not-allowed", params: { undecided: ["allow"] } }]);
    }
  });

  test("an unknown condition lets a forbid match", () => {
    for (const when of [TO_ALICE, not(TO_ALICE), all(TO_ALICE, not(TO_ALICE))]) {
      expect(judge([allow(), forbid(when)], [unread]).reasons).toMatchObject([{ code: "policy/forbidden", params: { certain: false } }]);
    }
  });

  test("an unknown condition lets a require match", () => {
    for (const when of [TO_ALICE, not(TO_ALICE)]) expect(judge([allow(), require(when)], [unread]).needs).toHaveLength(1);
  });

  test("an unknown condition lets a limit match", () => {
    for (const when of [TO_ALICE, not(TO_ALICE)])
      expect(codes(judge([allow(), limit({ when, max: 9n })], [unread]))).toEqual(["limit/exceeded"]);
  });

  test("any and all are decided by what is known, where that suffices", () => {
    expect(judge([allow(any(TO_ALICE, NATIVE))], [unread]).reasons).toEqual([]);
    expect(judge([allow(), forbid(all(TO_ALICE, not(NATIVE)))], [unread]).reasons).toEqual([]);
  });

  test("without its chain an address or an asset is unknown", () => {
    expect(codes(judge([allow(TO_ALICE)], [transfer({ chain: undefined })]))).toEqual(["policy/not-allowed"]);
    expect(codes(judge([allow(), forbid(not(NATIVE))], [transfer({ chain: undefined })]))).toEqual(["policy/forbidden"]);
  });

  test("the same address on another chain is another address", () => {
    expect(codes(judge([allow(TO_ALICE)], [transfer({ chain: "eip155:10" })]))).toEqual(["policy/not-allowed"]);
  });

  test("a value of the wrong type or a negative amount is unknown", () => {
    for (const amount of [-1n, 5, "5", Number.NaN, null]) {
      const effect = { ...transfer(), amount } as unknown as Effect;
      expect(
        codes(compile(policyOf([allow(atMost(10n))])).judge({ effects: [effect], refusals: [] }, ordinary, emptyCounters)),
        String(amount),
      ).toEqual(["policy/not-allowed"]);
    }
  });

  test("an argument that the object inherits is no argument", () => {
    const call = transfer({ kind: "call", contract: "0x0c", args: { x: 1n } });
    const when: Condition = { op: "not", of: { op: "argument", name: "constructor", test: { op: "in", values: new Set() } } };
    expect(codes(judge([allow(when, ["call"])], [call]))).toEqual(["policy/not-allowed"]);
  });

  test("a recipient without a book entry has no age, and one from the future is new", () => {
    const old: Condition = { op: "within", field: "recipientAge", intervals: [[1n, UNLIMITED]] };
    const young: Condition = { op: "within", field: "recipientAge", intervals: [[0n, 0n]] };
    const since = (addedAt: number | undefined): Circumstances => ({ ...ordinary, addedAt: () => addedAt });
    expect(judge([allow(old)], [transfer()], { circumstances: since(NOW - 1) }).reasons).toEqual([]);
    for (const added of [undefined, NOW, NOW + 5])
      expect(codes(judge([allow(old)], [transfer()], { circumstances: since(added) }))).toEqual(["policy/not-allowed"]);
    expect(judge([allow(young)], [transfer()], { circumstances: since(NOW + 5) }).reasons).toEqual([]);
  });
});

describe("the request's total", () => {
  const small: Condition = { op: "within", field: "total", intervals: [[0n, 15n]] };

  test("is the sum of all outflow in the asset, so that splitting hides nothing", () => {
    expect(judge([allow(small)], [transfer()]).reasons).toEqual([]);
    expect(codes(judge([allow(small)], [transfer(), transfer()]))).toEqual(["policy/not-allowed", "policy/not-allowed"]);
    expect(codes(judge([allow(small)], [transfer(), { ...transfer(), kind: "fee" }]))).toHaveLength(2);
    expect(judge([allow(small)], [transfer(), transfer({ asset: "erc20:0xaa" })]).reasons).toEqual([]);
  });

  test("is unknown where an amount is, or where some outflow may be of the asset", () => {
    for (const other of [{ amount: undefined }, { asset: undefined, amount: 1n }, { chain: undefined, amount: 1n }]) {
      expect(
        codes(judge([allow(any(small, all(not(TO_ALICE), NATIVE)), ["transfer"])], [transfer(), transfer({ to: "0x02", ...other })]))[0],
      ).toBe("policy/not-allowed");
    }
    expect(
      judge([allow(any(small, not(TO_ALICE)))], [transfer(), transfer({ chain: "eip155:10", to: "0x02", asset: undefined })]).reasons,
    ).toEqual([]);
  });

  test("does not pass the top", () => {
    const top: Condition = { op: "within", field: "total", intervals: [[UNLIMITED, UNLIMITED]] };
    expect(judge([allow(top)], [transfer({ amount: UNLIMITED }), transfer({ amount: UNLIMITED })]).reasons).toEqual([]);
  });
});

describe("needs", () => {
  test("a require asks for approvals, delay and confirmation, once for the whole request", () => {
    const { needs, hits } = judge([allow(), require(ALWAYS, { delayMs: 1000, confirm: true })], [transfer(), transfer()]);
    expect(needs).toEqual([
      { kind: "approvals", rule: "require", alternatives: finance },
      { kind: "delay", rule: "require", delayMs: 1000 },
      { kind: "confirm", rule: "require" },
    ]);
    expect(hits).toEqual(["allow", "require"]);
  });

  test("a request that is denied needs nothing", () => {
    expect(judge([require()], [transfer()]).needs).toEqual([]);
  });

  test("the verdict is pending until each need is met", () => {
    const judgement = judge([allow(), require(ALWAYS, { confirm: true })], [transfer()]);
    expect(verdictOf(judgement, () => true)).toEqual({ verdict: "allow" });
    expect(verdictOf(judgement, ({ kind }) => kind === "approvals")).toEqual({
      verdict: "pending",
      needs: [{ kind: "confirm", rule: "require" }],
    });
    expect(verdictOf(judge([], [transfer()]), () => true)).toMatchObject({ verdict: "deny" });
  });
});

describe("limits", () => {
  const standing = (used: bigint, freesAt?: number): Counters => ({
    after: ({ replaceable, lasting }) => ({ used, after: used + replaceable + lasting, ...(freesAt !== undefined && { freesAt }) }),
  });

  test("a limit is met up to its maximum and denies above it", () => {
    expect(judge([allow(), limit()], [transfer()], { counters: standing(90n) }).reasons).toEqual([]);
    expect(judge([allow(), limit()], [transfer()], { counters: standing(91n, NOW + 5) }).reasons).toEqual([
      {
        code: "limit/exceeded",
        rule: "daily",
        params: { limit: "daily", bucket: "", used: "91", asked: "10", max: "100", freesAt: NOW + 5 },
        text: "daily is at most 100: 91 is used and 10 is asked",
      },
    ]);
  });

  test("the reason says amounts as the policy writes them, where it names the asset", () => {
    const unit = { name: "ETH", decimals: 2 };
    const [reason] = judge([allow(), limit({ unit })], [transfer()], { counters: standing(91n) }).reasons;
    expect(reason?.params).toEqual({ limit: "daily", bucket: "", used: "91", asked: "10", max: "100", unit: "ETH", decimals: 2 });
    expect(reason?.text).toBe("daily is at most 1 ETH: 0.91 ETH is used and 0.1 ETH is asked");
    const unlimited = judge([allow(), limit({ unit })], [transfer({ amount: UNLIMITED })], { counters: standing(91n) }).reasons[0];
    expect(unlimited?.text).toBe("daily is at most 1 ETH: 0.91 ETH is used and unlimited is asked");
  });

  test("a limit holds for the sum over the request's effects, of every kind it covers", () => {
    const split = [transfer({ amount: 60n }), { ...transfer({ amount: 41n }), kind: "fee" as const }];
    expect(judge([allow(), limit()], split).reasons).toMatchObject([{ code: "limit/exceeded", params: { asked: "101" } }]);
  });

  test("beyond turns the excess into a need, and only the excess", () => {
    expect(judge([allow(), limit({ beyond: finance })], [transfer({ amount: 101n })])).toMatchObject({
      reasons: [],
      needs: [{ kind: "approvals", rule: "daily", alternatives: finance }],
    });
    expect(judge([allow(), limit({ beyond: finance })], [transfer({ amount: 100n })])).toMatchObject({ reasons: [], needs: [] });
  });

  test("an unknown amount weighs as much as there is", () => {
    const { reasons, charges } = judge([allow(), limit()], [transfer({ amount: undefined })]);
    expect(reasons).toMatchObject([{ code: "limit/exceeded", params: { asked: "unlimited" } }]);
    expect(charges).toEqual([{ limit: "daily", bucket: "", replaceable: UNLIMITED, lasting: 0n }]);
  });

  test("a negative amount makes no room", () => {
    expect(judge([allow(), limit()], [transfer({ amount: -50n }), transfer({ amount: 140n })]).reasons).toMatchObject([
      { params: { asked: "unlimited" } },
    ]);
  });

  test("unlimited amounts add up to unlimited", () => {
    const { charges } = judge([allow(), limit({ max: UNLIMITED })], [transfer({ amount: UNLIMITED }), transfer({ amount: UNLIMITED })]);
    expect(charges).toMatchObject([{ replaceable: UNLIMITED }]);
  });

  test("what outlives a replacement is charged apart", () => {
    const { charges } = judge(
      [allow(ALWAYS, ["transfer", "signedAllowance"]), limit()],
      [transfer(), { ...transfer({ amount: 7n }), kind: "signedAllowance", outlives: true }],
    );
    expect(charges).toEqual([{ limit: "daily", bucket: "", replaceable: 10n, lasting: 7n }]);
  });

  test("a counter is split by what the rule names", () => {
    const { charges, reasons } = judge(
      [allow(), limit({ by: ["to", "requester"], max: 10n })],
      [transfer(), transfer({ to: "0x02" }), transfer({ amount: 1n })],
    );
    expect(charges.map(({ bucket, replaceable }) => [JSON.parse(bucket), replaceable])).toEqual([
      [{ to: `${CHAIN}:0x01`, requester: "ana" }, 11n],
      [{ to: `${CHAIN}:0x02`, requester: "ana" }, 10n],
    ]);
    expect(reasons).toMatchObject([{ code: "limit/exceeded", params: { asked: "11" } }]);
  });

  test("an effect whose bucket is unknown is over every limit", () => {
    for (const measure of [limit().measure, { type: "count" as const }]) {
      expect(codes(judge([allow(), limit({ by: ["to"], measure })], [transfer({ to: undefined, amount: 1n })]))).toEqual([
        "limit/exceeded",
      ]);
    }
  });

  test("a count limit counts effects, whatever their amount", () => {
    const { charges } = judge([allow(), limit({ measure: { type: "count" }, max: 2n })], [transfer(), transfer({ amount: undefined })]);
    expect(charges).toMatchObject([{ replaceable: 2n }]);
  });

  test("a value is rounded up; without a row, or from until on, it weighs as much as there is", () => {
    const worth = new Map([[`${CHAIN}/native`, { numerator: 1n, denominator: 3n }]]);
    const value = limit({ when: ALWAYS, measure: { type: "value", unit: "USD", until: NOW + 1, worth } });
    const weighed = (effect: Effect, now = NOW) =>
      judge([allow(), value], [effect], { circumstances: { ...ordinary, now } }).charges[0]?.replaceable;
    expect(weighed(transfer({ amount: 9n }))).toBe(3n);
    expect(weighed(transfer({ amount: 10n }))).toBe(4n);
    expect(weighed(transfer({ amount: 10n }), NOW + 1)).toBe(UNLIMITED);
    expect(weighed(transfer({ asset: "erc20:0xaa" }))).toBe(UNLIMITED);
    expect(weighed(transfer({ asset: undefined }))).toBe(UNLIMITED);
    expect(weighed(transfer({ amount: UNLIMITED }))).toBe(UNLIMITED);
  });

  test("an exact replacement may count less than it asks, but never more than the maximum alone", () => {
    const replaced: Counters = { after: () => ({ used: 95n, after: 95n }) };
    expect(judge([allow(), limit()], [transfer()], { counters: replaced }).reasons).toEqual([]);
    expect(codes(judge([allow(), limit()], [transfer({ amount: 101n })], { counters: replaced }))).toEqual(["limit/exceeded"]);
  });
});

describe("modes", () => {
  const policy = policyOf(
    [allow(ALWAYS, ["transfer", "modeChange"]), limit()],
    [
      {
        name: "emergency",
        rules: [
          { ...allow(TO_ALICE, ["transfer", "modeChange", "export"]), id: "rescue" },
          limit({ id: "rescue-daily", max: 5n, kinds: ["transfer", "export"], when: ALWAYS }),
        ],
      },
    ],
  );
  const judgeIn = (mode: string, effects: readonly Effect[]) => {
    const circumstances = { ...ordinary, mode };
    const judgement = compile(policy).judge({ effects, refusals: [] }, circumstances, emptyCounters);
    expect(interpret(policy, { effects, refusals: [] }, circumstances, emptyCounters)).toEqual(judgement);
    return judgement;
  };
  const unfreeze: Effect = { kind: "modeChange", at: [], toMode: "normal" };

  test("the rules of the mode in force replace the top-level rules for signing", () => {
    expect(judgeIn("normal", [transfer({ to: "0x02" })]).reasons).toEqual([]);
    expect(codes(judgeIn("emergency", [transfer({ to: "0x02", amount: 1n })]))).toEqual(["policy/not-allowed"]);
    expect(judgeIn("emergency", [transfer({ amount: 5n })])).toMatchObject({ reasons: [], hits: ["rescue", "rescue-daily"] });
    expect(codes(judgeIn("emergency", [transfer({ amount: 6n })]))).toEqual(["limit/exceeded"]);
  });

  test("frozen exists without being written and allows no signature", () => {
    expect(codes(judgeIn("frozen", [transfer()]))).toEqual(["policy/not-allowed"]);
  });

  test("a mode that is named nowhere allows no signature", () => {
    for (const mode of ["nowhere", "constructor", "__proto__", ""])
      expect(codes(judgeIn(mode, [transfer()]))).toEqual(["policy/unknown-mode"]);
  });

  test("acts are judged by the top-level rules in every mode", () => {
    for (const mode of ["normal", "emergency", "frozen", "nowhere"]) {
      expect(judgeIn(mode, [unfreeze])).toMatchObject({ reasons: [], hits: ["allow"] });
      expect(codes(judgeIn(mode, [{ kind: "export", at: [], what: "xpub" }]))).toEqual(["policy/not-allowed"]);
    }
  });

  test("acts are judged like everything else: what no rule allows is denied, and a forbid wins", () => {
    expect(codes(judge([allow()], [unfreeze]))).toEqual(["policy/not-allowed"]);
    expect(codes(judge([allow(ALWAYS, ["modeChange"]), forbid(ALWAYS, ["modeChange"])], [unfreeze]))).toEqual(["policy/forbidden"]);
  });

  test("counters of every mode go on in every mode", () => {
    for (const mode of ["normal", "emergency", "frozen"])
      expect(judgeIn(mode, [transfer()]).charges.map(({ limit: id }) => id)).toEqual(["daily", "rescue-daily"]);
    expect(compile(policy).limits.map(({ id }) => id)).toEqual(["daily", "rescue-daily"]);
  });

  test("a session's rules hold in every mode of the vault", () => {
    const session = compileSession(policyOf([allow()]));
    for (const mode of ["normal", "emergency"])
      expect(session.judge({ effects: [transfer()], refusals: [] }, { ...ordinary, mode }, emptyCounters).reasons).toEqual([]);
  });
});

describe("layers", () => {
  const intent = { effects: [transfer()], refusals: [] };
  const open = { evaluator: compile(policyOf([allow(), limit({ max: 50n })])), prefix: "" };
  const session = (...rules: Rule[]) => ({ evaluator: compileSession(policyOf(rules)), prefix: "session/1/" });

  test("a session can only narrow", () => {
    expect(codes(judgeLayers([open, session()], intent, ordinary, emptyCounters))).toEqual(["policy/not-allowed"]);
    const closed = { evaluator: compile(policyOf([])), prefix: "" };
    expect(codes(judgeLayers([closed, session(allow())], intent, ordinary, emptyCounters))).toEqual(["policy/not-allowed"]);
  });

  test("needs and charges of all layers add up, each under its own name", () => {
    const asked: string[] = [];
    const counters: Counters = {
      after: (charge) => {
        asked.push(charge.limit);
        return emptyCounters.after(charge);
      },
    };
    const judgement = judgeLayers([open, session(allow(), require(), limit({ max: 20n }))], intent, ordinary, counters);
    expect(judgement.reasons).toEqual([]);
    expect(judgement.needs.map(({ rule }) => rule)).toEqual(["session/1/require"]);
    expect(judgement.charges.map(({ limit: id }) => id)).toEqual(["daily", "session/1/daily"]);
    expect(judgement.hits).toEqual(["allow", "daily", "session/1/allow", "session/1/require", "session/1/daily"]);
    expect(asked).toEqual(["daily", "session/1/daily"]);
  });

  test("a denied layer takes away the needs of the others", () => {
    expect(
      judgeLayers([{ evaluator: compile(policyOf([allow(), require()])), prefix: "" }, session()], intent, ordinary, emptyCounters).needs,
    ).toEqual([]);
  });

  test("a refusal is reported once and denies", () => {
    const refusal: Reason = { code: "evm/no-chain-id", params: {}, text: "no chain id" };
    expect(judgeLayers([open, session(allow())], { ...intent, refusals: [refusal] }, ordinary, emptyCounters).reasons).toEqual([refusal]);
  });

  test("without any layer everything is denied", () => {
    expect(codes(judgeLayers([], intent, ordinary, emptyCounters))).toEqual(["policy/undecidable"]);
  });
});

describe("whatever goes wrong inside", () => {
  const evaluator: Evaluator = compile(policyOf([allow(), limit({ by: ["to"] })]));
  const good = { effects: [transfer()], refusals: [] };
  const thrower = new Proxy({}, { get: () => raise(), has: () => raise(), ownKeys: () => raise(), getPrototypeOf: () => raise() });
  function raise(): never {
    throw new RangeError("hostile");
  }
  const throwing = (thing: unknown) => () => {
    throw thing;
  };

  const hostile: readonly [string, unknown, unknown, unknown][] = [
    ["no intent", undefined, ordinary, emptyCounters],
    ["an intent that throws", thrower, ordinary, emptyCounters],
    ["no refusals", { effects: [transfer()] }, ordinary, emptyCounters],
    ["effects that are no array", { effects: { length: 0 }, refusals: [] }, ordinary, emptyCounters],
    ["an effect that is null", { effects: [null], refusals: [] }, ordinary, emptyCounters],
    ["an effect that throws", { effects: [thrower], refusals: [] }, ordinary, emptyCounters],
    ["an effect of no kind", { effects: [{}], refusals: [] }, ordinary, emptyCounters],
    ["a kind out of the prototype", { effects: [{ ...transfer(), kind: "constructor" }], refusals: [] }, ordinary, emptyCounters],
    ["no circumstances", good, undefined, emptyCounters],
    ["a time that is no integer", good, { ...ordinary, now: Number.NaN }, emptyCounters],
    ["a book that throws", good, { ...ordinary, addedAt: raise }, emptyCounters],
    ["a book that answers nonsense", good, { ...ordinary, addedAt: () => "yesterday" }, emptyCounters],
    ["no counters", good, ordinary, undefined],
    ["counters that throw", good, ordinary, { after: raise }],
    ["counters that answer nothing", good, ordinary, { after: () => ({}) }],
    ["counters that answer numbers", good, ordinary, { after: () => ({ used: 0, after: 10 }) }],
    ["something thrown that throws", good, ordinary, { after: throwing(thrower) }],
    ["nothing thrown", good, ordinary, { after: throwing(undefined) }],
    ["an error with a hostile name", good, ordinary, { after: throwing(Object.defineProperty(new Error("x"), "name", { get: raise })) }],
    ["an error with a long name", good, ordinary, { after: throwing(Object.assign(new Error("x"), { name: "x".repeat(99) })) }],
  ];
  test.each(hostile)("is a denial, not an exception: %s", (_name, intent, circumstances, counters) => {
    for (const judged of [
      evaluator.judge(intent as typeof good, circumstances as Circumstances, counters as Counters),
      judgeLayers([{ evaluator, prefix: "" }], intent as typeof good, circumstances as Circumstances, counters as Counters),
    ]) {
      expect(judged).toMatchObject({ needs: [], charges: [], hits: [] });
      expect(codes(judged)).toEqual(["policy/undecidable"]);
      expect(judged.reasons[0]?.params.cause).toMatch(/^\w{1,40}$/);
    }
    expect(interpret(evaluator.policy, intent as typeof good, circumstances as Circumstances, counters as Counters)).toHaveProperty(
      "reasons",
    );
  });

  test("a condition too deep for the stack is a denial", () => {
    let when: Condition = TO_ALICE as Condition;
    for (let depth = 0; depth < 3000; depth++) when = not(when);
    const deep = compile(policyOf([allow(), forbid(when)]));
    const recurse = (depth: number): ReturnType<typeof deep.judge> => {
      try {
        return recurse(depth + 1);
      } catch {
        return deep.judge(good, ordinary, emptyCounters);
      }
    };
    expect(codes(recurse(0))).toContain("policy/undecidable");
  });
});
