import { describe, expect, test } from "vitest";
import type { Circumstances, Effect } from "../../src/intent/effect.ts";
import type { AllowRule, Condition, LimitRule, Policy, Rule } from "../../src/policy/core.ts";
import { emptyCounters } from "../../src/policy/counters.ts";
import { compile } from "../../src/policy/evaluate.ts";
import { type Change, explain, MOST_JUDGED } from "../../src/policy/explain.ts";
import { NOW, policyOf } from "./generate.ts";

// Work is counted in effects judged, never in time: what is bounded here is bounded on every machine.

const CHAIN = "eip155:1";
const TOKEN = "erc20:0xaa";
const STRANGER = "0xdead";
const now: Circumstances = { now: NOW, mode: "normal", requester: "ana", session: "unlock" };

const address = (index: number) => `0x${index.toString(16).padStart(40, "0")}`;
const addresses = (count: number, from = 0) => Array.from({ length: count }, (_, index) => address(from + index));
const all = (...of: Condition[]): Condition => ({ op: "all", of });
const to = (list: Iterable<string>): Condition => ({ op: "in", field: "to", values: new Set([...list].map((each) => `${CHAIN}:${each}`)) });
const atMost = (field: "amount" | "total", max: bigint): Condition => ({ op: "within", field, intervals: [[0n, max]] });
const allow = (when: Condition, id = "pay"): AllowRule => ({ type: "allow", id, kinds: ["transfer", "signedAllowance"], when });
const daily: LimitRule = {
  type: "limit",
  id: "daily",
  kinds: ["transfer", "signedAllowance"],
  when: { op: "in", field: "asset", values: new Set([`${CHAIN}/${TOKEN}`]) },
  measure: { type: "amount", asset: `${CHAIN}/${TOKEN}` },
  max: 1n,
  windowMs: 1000,
  by: [],
  beyond: [],
};

/** A policy whose book has names for exactly these addresses. */
function policyWith(rules: readonly Rule[], book: readonly string[] = []): Policy {
  const names = book.map((each, index) => [`name-${index}`, { chain: CHAIN, address: each }] as const);
  return { ...policyOf(rules), addresses: new Map(names) };
}

function batch(length: number, members: (index: number) => Partial<Effect>): readonly Effect[] {
  return Array.from({ length }, (_, index) => {
    const effect: Effect = { kind: "transfer", at: [], chain: CHAIN, account: "0x0a", asset: TOKEN, to: STRANGER, amount: 2n };
    return { ...effect, ...members(index) };
  });
}

/** What is offered, and how many effects were judged for it beside the first judgement. */
function work(policy: Policy, effects: readonly Effect[]): { readonly judged: number; readonly changes: readonly Change[] } {
  const evaluator = compile(policy);
  let judged = -effects.length;
  const counted: typeof evaluator = {
    ...evaluator,
    judge(...given) {
      judged += given[0].effects.length;
      return evaluator.judge(...given);
    },
  };
  const { changes } = explain(counted, { effects, refusals: [] }, now, () => emptyCounters);
  return { judged, changes };
}

describe("an explanation", () => {
  test("judges no more of a batch of permits than of a payment", () => {
    const book = addresses(500);
    const alone = work(
      policyWith([allow(all(to(book), atMost("amount", 1n)))], addresses(50_000)),
      batch(1, () => ({})),
    );
    expect(alone.judged).toBeLessThanOrEqual(MOST_JUDGED);
    expect(alone.judged).toBeGreaterThan(1000);
    const permits = batch(256, () => ({ kind: "signedAllowance", party: STRANGER }));
    const policies = [
      // Every permit is denied for itself, and again by the limit.
      policyWith([allow(all(to(book), atMost("amount", 1n))), allow(atMost("total", 50n), "small"), daily], book),
      // Only the sum is denied, so that every change of every permit could be the one.
      policyWith([allow({ op: "always" }), allow(to(book), "payees"), daily, { ...daily, id: "hourly" }], book),
    ];
    for (const policy of policies) expect(work(policy, permits).judged).toBeLessThanOrEqual(MOST_JUDGED);
  });

  test("judges no more of an ERC-1155 batch", () => {
    const book = addresses(500);
    const tokens = batch(256, (index) => ({ asset: "erc1155:0xaa", tokenId: BigInt(index) }));
    const counts: LimitRule = { ...daily, when: { op: "always" }, measure: { type: "count" }, max: 255n, by: ["to"] };
    const { judged, changes } = work(policyWith([allow({ op: "always" }), allow(to(book), "payees"), counts], book), tokens);
    expect(judged).toBeLessThanOrEqual(MOST_JUDGED);
    // One of the tokens to somebody else would do, and that is found within the tries there are.
    expect(changes[0]).toMatchObject({ change: "recipient", params: { effect: 0 } });
  });

  test("judges less by a long policy", () => {
    const rules = Array.from({ length: 1000 }, (_, index) => allow(all(to([address(index)]), atMost("amount", 1n)), `rule-${index}`));
    const { judged } = work(
      policyWith(rules, addresses(1000)),
      batch(1, () => ({})),
    );
    expect(judged).toBeLessThanOrEqual(MOST_JUDGED / 40);
    expect(judged).toBeGreaterThan(MOST_JUDGED / 100);
    expect(
      work(
        policyWith(rules, addresses(1000)),
        batch(256, () => ({})),
      ).judged,
    ).toBeLessThanOrEqual(MOST_JUDGED / 40);
  });

  test("judges less by a rule of many comparisons", () => {
    const any: Condition = { op: "any", of: Array.from({ length: 50_000 }, (_, index) => atMost("amount", BigInt(index % 2))) };
    const { judged } = work(
      policyWith([allow(any)], addresses(1000)),
      batch(1, () => ({ amount: 7n })),
    );
    expect(judged).toBeLessThanOrEqual(MOST_JUDGED / 1000);
  });

  test("reads a list of 100,000 addresses beside as many names", () => {
    const listed = addresses(100_000);
    const named = addresses(100_000, 100_000);
    const few = work(
      policyWith([allow(to(listed))], named),
      batch(1, () => ({})),
    );
    // What an allow speaks of comes first, so none of the names is tried in vain; two are the other people.
    expect(few).toMatchObject({
      judged: 5 + 2,
      changes: [{ change: "recipient", params: { to: listed.slice(0, 5).map((name) => ({ name })) } }],
    });
    const none = work(
      policyWith([allow(all(to(listed), atMost("amount", 1n)))], named),
      batch(1, () => ({})),
    );
    expect(none).toMatchObject({ changes: [] });
    expect(none.judged).toBeLessThanOrEqual(MOST_JUDGED);
  });

  test("tries nothing for effects whose denial it could not lift", () => {
    const effects = batch(256, (index) => ({ asset: `erc20:${index}` }));
    // Two strangers and more: no change of one of them lets the others pass. People and times are left to try.
    expect(work(policyWith([allow(to(addresses(500)))], addresses(500)), effects).judged).toBe(2 * effects.length);
  });

  test("offers the recipients of the one stranger in a batch, however late the book names them", () => {
    const book = addresses(5000);
    const payees = book.slice(-5);
    const effects = batch(256, (index) => (index === 200 ? {} : { to: payees[0] }) as Partial<Effect>);
    expect(work(policyWith([allow(to(payees))], book), effects).changes).toMatchObject([
      { change: "recipient", params: { effect: 200, to: payees.map((each) => ({ address: each })) } },
    ]);
  });

  test("offers a time and a person for a batch, although amounts and recipients come to nothing", () => {
    const opens: Condition = { op: "within", field: "date", intervals: [[BigInt(NOW) + 7n, BigInt(NOW) + 9n]] };
    const ben: Condition = { op: "in", field: "requester", values: new Set(["ben"]) };
    const edges = Array.from({ length: 20 }, (_, index) =>
      allow(all(atMost("amount", BigInt(index)), to([address(index)])), `edge-${index}`),
    );
    const effects = batch(256, () => ({ amount: 1000n }));
    const { changes, judged } = work(policyWith([allow(opens), allow(ben, "ben"), ...edges], addresses(20)), effects);
    expect(changes).toMatchObject([
      { change: "time", params: { at: NOW + 7 } },
      { change: "requester", params: { people: ["ben"] } },
    ]);
    expect(judged).toBeLessThanOrEqual(MOST_JUDGED);
  });

  test("comes to an end for a request without effects", () => {
    const dates = Array.from({ length: 50_000 }, (_, index) => [BigInt(NOW + 10 * index), BigInt(NOW + 10 * index + 5)] as const);
    const evaluator = compile(policyWith([allow({ op: "within", field: "date", intervals: dates })]));
    let judgements = 0;
    const judge: typeof evaluator.judge = (...given) => {
      judgements++;
      return evaluator.judge(...given);
    };
    explain({ ...evaluator, judge }, { effects: [], refusals: [] }, now, () => emptyCounters);
    expect(judgements).toBeLessThanOrEqual(MOST_JUDGED + 1);
  });
});
