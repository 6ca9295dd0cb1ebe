import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Circumstances, type Effect, UNLIMITED } from "../../src/intent/effect.ts";
import type { Condition, LimitRule, Policy, Rule } from "../../src/policy/core.ts";
import { type Counters, emptyCounters } from "../../src/policy/counters.ts";
import { compile } from "../../src/policy/evaluate.ts";
import { type Change, explain } from "../../src/policy/explain.ts";
import { circumstances, comparisons, effects, NOW, policyOf, rules } from "./generate.ts";

const CHAIN = "eip155:1";
const NATIVE: Condition = { op: "in", field: "asset", values: new Set([`${CHAIN}/native`]) };
const pay = (when: Condition = NATIVE): Rule => ({ type: "allow", id: "pay", kinds: ["transfer"], when });
const daily: LimitRule = {
  type: "limit",
  id: "daily",
  kinds: ["transfer"],
  when: NATIVE,
  measure: { type: "amount", asset: `${CHAIN}/native` },
  max: 100n,
  windowMs: 1000,
  by: [],
  beyond: [],
};
const transfer: Effect = { kind: "transfer", at: [], chain: CHAIN, account: "0x0a", asset: "native", to: "0x01", amount: 60n };
const now: Circumstances = { now: NOW, mode: "normal", requester: "ana", session: "unlock" };

/** A counter at `used` until it frees. */
const spent =
  (used: bigint, freesAt: number) =>
  (at: number): Counters => ({
    after: ({ replaceable, lasting }) =>
      at >= freesAt
        ? emptyCounters.after({ limit: "", bucket: "", replaceable, lasting })
        : { used, after: used + replaceable + lasting, freesAt },
  });
const empty = () => emptyCounters;

function changesOf(
  policy: Policy,
  { effects = [transfer], when = now, countersAt = empty as (at: number) => Counters } = {},
): readonly Change[] {
  return explain(compile(policy), { effects, refusals: [] }, when, countersAt).changes;
}

describe("explain", () => {
  test("gives the judgement and what was assumed", () => {
    const policy = policyOf([pay()]);
    const intent = { effects: [transfer], refusals: [] };
    expect(explain(compile(policy), intent, now, empty, ["counters-empty"])).toEqual({
      judgement: compile(policy).judge(intent, now, emptyCounters),
      changes: [],
      assumed: ["counters-empty"],
    });
  });

  test("offers the largest amount that a limit leaves, and the moment when the whole fits", () => {
    expect(changesOf(policyOf([pay(), daily]), { countersAt: spent(70n, NOW + 500) })).toEqual([
      { change: "amount", params: { effect: 0, amount: "30", verdict: "allow" }, text: "an amount of 30 would pass" },
      {
        change: "time",
        params: { at: NOW + 500, verdict: "allow" },
        text: `the same request would pass at ${new Date(NOW + 500).toISOString()}`,
      },
    ]);
  });

  test("offers the smallest of what several limits leave, also of unlimited and of values", () => {
    const worth = new Map([[`${CHAIN}/native`, { numerator: 7n, denominator: 3n }]]);
    const value: LimitRule = { ...daily, id: "value", measure: { type: "value", unit: "USD", until: NOW + 1, worth }, max: 50n };
    const policy = policyOf([pay(), daily, value]);
    // ceil(21 × 7 ÷ 3) = 49, ceil(22 × 7 ÷ 3) = 52.
    for (const amount of [60n, 1000n, UNLIMITED])
      expect(changesOf(policy, { effects: [{ ...transfer, amount }] })[0]?.params).toMatchObject({ amount: "21" });
  });

  test("offers an amount below a condition's edge, of the effect or of the total", () => {
    const atMost = (field: "amount" | "total"): Condition => ({ op: "all", of: [NATIVE, { op: "within", field, intervals: [[0n, 50n]] }] });
    expect(changesOf(policyOf([pay(atMost("amount"))]))[0]?.params).toMatchObject({ effect: 0, amount: "50" });
    const second = { ...transfer, amount: 20n };
    expect(changesOf(policyOf([pay(atMost("total"))]), { effects: [transfer, second] })[0]?.params).toMatchObject({
      effect: 0,
      amount: "30",
    });
  });

  test("offers the opening hour, and the moment when a recipient is old enough", () => {
    const open: Condition = {
      op: "within",
      field: "date",
      intervals: [
        [BigInt(NOW) - 9n, BigInt(NOW) - 5n],
        [BigInt(NOW) + 7n, BigInt(NOW) + 9n],
      ],
    };
    expect(changesOf(policyOf([pay(open)]))[0]).toMatchObject({ change: "time", params: { at: NOW + 7 } });
    const old: Condition = { op: "within", field: "recipientAge", intervals: [[100n, UNLIMITED]] };
    expect(changesOf(policyOf([pay(old)]), { when: { ...now, addedAt: () => NOW - 40 } })[0]).toMatchObject({
      change: "time",
      params: { at: NOW + 60 },
    });
  });

  test("offers recipients that the book or a rule names", () => {
    const known: Condition = { op: "in", field: "to", values: new Set([`${CHAIN}:0x02`, `${CHAIN}:0xff`, "eip155:10:0x03"]) };
    expect(changesOf(policyOf([pay(known)]))).toMatchObject([
      {
        change: "recipient",
        params: {
          effect: 0,
          to: [
            { name: "eip155:1-0x02", address: "0x02" },
            { name: "0xff", address: "0xff" },
          ],
          verdict: "allow",
        },
      },
    ]);
  });

  test("offers people who may ask", () => {
    const ben: Condition = { op: "in", field: "requester", values: new Set(["ben"]) };
    expect(changesOf(policyOf([pay(ben)]))).toMatchObject([{ change: "requester", params: { people: ["ben"], verdict: "allow" } }]);
  });

  test("says which approvals a pending request waits for, and no way around them", () => {
    const clause = { of: "finance", members: [{ person: "cyd" }], atLeast: 2 };
    const policy = policyOf([pay(), { ...daily, max: 50n, beyond: [[clause], [{ ...clause, of: "cfo", atLeast: 1 }]] }]);
    expect(changesOf(policy)).toEqual([
      {
        change: "approvals",
        params: { rule: "daily", alternatives: [[{ of: "finance", atLeast: 2 }], [{ of: "cfo", atLeast: 1 }]], verdict: "allow" },
        text: "daily waits for the approval of 2 of finance, or 1 of cfo",
      },
    ]);
  });

  test("says when a changed request would still be pending", () => {
    const confirm: Rule = {
      type: "require",
      id: "confirm",
      kinds: ["transfer"],
      when: { op: "always" },
      approvals: [],
      delayMs: 0,
      confirm: true,
      expiresMs: 1,
    };
    expect(changesOf(policyOf([pay(), daily, confirm]), { countersAt: spent(70n, NOW + 1) })[0]).toMatchObject({
      params: { verdict: "pending" },
      text: "an amount of 30 would pass, once its needs are met",
    });
  });

  test("offers nothing where nothing helps", () => {
    expect(changesOf(policyOf([]))).toEqual([]);
    expect(changesOf(policyOf([pay(), { type: "forbid", id: "stop", kinds: ["transfer"], when: { op: "always" } }]))).toEqual([]);
    const refused = { effects: [{ ...transfer, amount: 200n }], refusals: [{ code: "evm/no-chain-id", params: {}, text: "no chain id" }] };
    expect(explain(compile(policyOf([pay(), daily])), refused, now, empty).changes).toEqual([]);
    expect(changesOf(policyOf([pay(), daily]), { effects: [null as unknown as Effect] })).toEqual([]);
  });

  test("never offers a change that would not do", () => {
    // One or two transfers that are nearly allowed, so that small changes matter.
    const transfers = fc
      .array(effects, { minLength: 1, maxLength: 2 })
      .map((list) => list.map((effect): Effect => ({ ...effect, kind: "transfer" })));
    const nearly = fc
      .tuple(
        fc.array(
          fc
            .constantFrom("amount" as const, "to" as const, "requester" as const, "date" as const, "recipientAge" as const)
            .chain(comparisons),
          { maxLength: 2 },
        ),
        rules("x", 2),
      )
      .map(([of, more]) => policyOf([pay({ op: "all", of }), { ...daily, max: 10n }, ...more]));
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(nearly, transfers, circumstances, fc.bigInt({ min: 0n, max: 10n }), (policy, list, when, used) => {
        const evaluator = compile(policy);
        const countersAt = spent(used, NOW + 2);
        for (const { change, params } of explain(evaluator, { effects: list, refusals: [] }, { ...when, mode: "normal" }, countersAt)
          .changes) {
          seen.set(change, (seen.get(change) ?? 0) + 1);
          if (change === "approvals") continue;
          for (const again of applied(change, params, list, { ...when, mode: "normal" })) {
            const judged = evaluator.judge({ effects: again.effects, refusals: [] }, again.when, countersAt(again.when.now));
            expect(judged.reasons, `${change} ${JSON.stringify(params)}`).toEqual([]);
          }
        }
      }),
      { numRuns: 1000 },
    );
    // What is never offered would be true of nothing.
    for (const sort of ["amount", "time", "recipient", "requester"]) expect(seen.get(sort), sort).toBeGreaterThan(0);
  });
});

/** The request after a change, read from nothing but its data. */
function applied(
  change: Change["change"],
  params: Change["params"],
  effects: readonly Effect[],
  when: Circumstances,
): readonly { effects: readonly Effect[]; when: Circumstances }[] {
  const at = Number(params.effect);
  const edit = (members: Partial<Effect>) => effects.map((effect, index) => (index === at ? { ...effect, ...members } : effect));
  if (change === "amount") return [{ effects: edit({ amount: BigInt(String(params.amount)) }), when }];
  if (change === "time") return [{ effects, when: { ...when, now: Number(params.at) } }];
  if (change === "requester")
    return (params.people as string[]).map((requester) => ({ effects, when: { ...when, requester, session: "unlock" } }));
  const strangers = effects.map(({ ownRecipient: _own, ...effect }, index) => (index === at ? effect : effects[index]!));
  return (params.to as { address: string }[]).map(({ address }) => ({
    effects: strangers.map((effect, index) => (index === at ? { ...effect, to: address } : effect)),
    when,
  }));
}
