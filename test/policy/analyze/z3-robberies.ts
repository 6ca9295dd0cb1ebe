import fc, { type Arbitrary } from "fast-check";
import type { EffectKind } from "../../../src/intent/effect.ts";
import { OUTFLOW } from "../../../src/intent/fields.ts";
import type { Clause } from "../../../src/intent/verdict.ts";
import type { Attack } from "../../../src/policy/analyze/attack.ts";
import type { Condition, Credential, Measure, Policy, Rule } from "../../../src/policy/core.ts";
import { policyOf } from "../generate.ts";
import { typed } from "./typed.ts";

/**
 * Random policies of few rules with amounts of up to 250 bits and windows of hours and days, most of which count what is signed, so
 * that few requests take all that can be taken.
 */
export const ASSET = "eip155:1/native";
const OTHER = "eip155:1/erc20:0x0a";
const FROM = Date.UTC(2026, 10, 23, 12);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PEOPLE = ["ana", "ben", "cyd", "dee", "bot"];

const people = fc.uniqueArray(fc.constantFrom(...PEOPLE), { minLength: 1, maxLength: 3 });
const recipients = fc
  .uniqueArray(fc.constantFrom("0x01", "0x02", "0x03"), { minLength: 1, maxLength: 2 })
  .map((list): Condition => ({ op: "in", field: "to", values: new Set(list.map((address) => `eip155:1:${address}`)) }));
const requesters = people.map((names): Condition => ({ op: "in", field: "requester", values: new Set(names) }));
const inAsset = (assets: readonly string[]): Condition => ({ op: "in", field: "asset", values: new Set(assets) });
const dates = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 20 })).map(([from, hours]): Condition => {
  const opens = FROM + from * HOUR_MS;
  return { op: "within", field: "date", intervals: [[BigInt(opens), BigInt(opens + hours * HOUR_MS - 1)]] };
});
const all = (of: readonly (Condition | undefined)[]): Condition => ({ op: "all", of: of.filter((part) => part !== undefined) });
/** In so many of ten. */
const sometimes = (chances: number, condition: Arbitrary<Condition>): Arbitrary<Condition | undefined> =>
  fc.oneof({ weight: chances, arbitrary: condition }, { weight: 10 - chances, arbitrary: fc.constant(undefined) });
const maybeNot = (condition: Arbitrary<Condition>): Arbitrary<Condition> =>
  fc.tuple(condition, fc.boolean()).map(([of, turned]) => (turned ? { op: "not", of } : of));

const kinds: Arbitrary<readonly EffectKind[]> = fc.constantFrom<readonly EffectKind[]>(
  ["transfer"],
  ["transfer"],
  ["transfer", "fee"],
  ["transfer", "allowance", "fee"],
  ["allowance"],
  OUTFLOW,
);
const clauses: Arbitrary<Clause> = fc.record({
  of: fc.constant("some"),
  members: people.map((names) => names.map((person) => ({ person }))),
  atLeast: fc.integer({ min: 1, max: 2 }),
});
const alternatives = fc.array(fc.array(clauses, { minLength: 1, maxLength: 2 }), { maxLength: 2 });
const windows = fc.constantFrom<number | "ever">(HOUR_MS, 6 * HOUR_MS, DAY_MS, 2 * DAY_MS, 7 * DAY_MS, "ever");
const by = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.subarray(["requester", "to", "account"] as const, { minLength: 1, maxLength: 2 }) },
);
type Bare = Rule extends infer R ? (R extends Rule ? Omit<R, "id"> : never) : never;

/** Rules about amounts near this one. */
function rulesNear(base: bigint): Arbitrary<readonly Rule[]> {
  const amounts = fc
    .tuple(fc.bigInt({ min: 1n, max: 18n }), fc.bigInt({ min: 0n, max: 999n }))
    .map(([sixths, more]) => (base * sixths) / 6n + more);
  const atMost = amounts.map((most): Condition => ({ op: "within", field: "amount", intervals: [[0n, most]] }));
  const between = fc.tuple(amounts, amounts).map(([a, b]): Condition => {
    const [low, high] = a < b ? [a, b] : [b, a];
    return { op: "within", field: "amount", intervals: [[low, high]] };
  });
  const atLeast = fc
    .tuple(fc.constantFrom("amount" as const, "total" as const), amounts)
    .map(([field, least]): Condition => ({ op: "within", field, intervals: [[least, 2n ** 256n - 1n]] }));
  const measures: Arbitrary<Measure> = fc.oneof(
    fc.constant<Measure>({ type: "count" }),
    fc.constant<Measure>({ type: "amount", asset: ASSET }),
    fc.constant<Measure>({ type: "amount", asset: ASSET }),
    fc.constantFrom([1n, 1n], [3n, 7n], [5n, 2n]).map(([numerator, denominator]): Measure => {
      const worth = { numerator: numerator as bigint, denominator: denominator as bigint };
      return { type: "value", unit: "USD", until: FROM + 30 * DAY_MS, worth: new Map([[ASSET, worth]]) };
    }),
  );

  const allows: Arbitrary<Bare> = fc
    .tuple(
      kinds,
      fc.constantFrom([ASSET], [ASSET], [ASSET, OTHER]),
      sometimes(9, fc.oneof({ weight: 4, arbitrary: atMost }, { weight: 1, arbitrary: between })),
      sometimes(4, maybeNot(recipients)),
      sometimes(4, maybeNot(requesters)),
      sometimes(2, dates),
    )
    .map(([of, assets, ...parts]) => ({ type: "allow", kinds: of, when: all([inAsset(assets), ...parts]) }));
  const forbids: Arbitrary<Bare> = fc
    .tuple(kinds, sometimes(5, atLeast), sometimes(5, recipients), sometimes(2, dates), requesters)
    .map(([of, ...parts]) => ({ type: "forbid", kinds: of, when: all(parts) }));
  const requires: Arbitrary<Bare> = fc.record({
    type: fc.constant("require" as const),
    kinds,
    when: fc.tuple(sometimes(8, atLeast), sometimes(2, maybeNot(requesters))).map(all),
    approvals: alternatives,
    delayMs: fc.constantFrom(0, 0, HOUR_MS, DAY_MS),
    confirm: fc.boolean(),
    expiresMs: fc.constant(3 * DAY_MS),
  });
  const limits: Arbitrary<Bare> = measures.chain((measure) =>
    fc.record({
      type: fc.constant("limit" as const),
      kinds,
      when: fc.tuple(sometimes(2, requesters), sometimes(2, recipients)).map((parts) => all([inAsset([ASSET]), ...parts])),
      measure: fc.constant(measure),
      max: measure.type === "count" ? fc.bigInt({ min: 1n, max: 3n }) : amounts,
      windowMs: windows,
      by,
      beyond: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: alternatives }),
    }),
  );
  const counted: Arbitrary<Bare> = fc.record({
    type: fc.constant("limit" as const),
    kinds: fc.constant<readonly EffectKind[]>(OUTFLOW),
    when: fc.constant<Condition>({ op: "always" }),
    measure: fc.constant<Measure>({ type: "count" }),
    max: fc.bigInt({ min: 1n, max: 3n }),
    windowMs: fc.constantFrom<number | "ever">(7 * DAY_MS, 7 * DAY_MS, "ever", DAY_MS),
    by: fc.constant([]),
    beyond: fc.constant([]),
  });
  return fc
    .tuple(
      fc.array(allows, { minLength: 1, maxLength: 3 }),
      fc.array(forbids, { maxLength: 1 }),
      fc.array(requires, { maxLength: 2 }),
      fc.array(limits, { minLength: 1, maxLength: 3 }),
      fc.option(counted, { nil: undefined, freq: 9 }),
    )
    .map(([a, b, c, d, e]) => [...a, ...b, ...c, ...d, ...(e === undefined ? [] : [e])])
    .map((list) => list.map((rule, index): Rule => ({ ...rule, id: `r${index}` }) as Rule));
}

export const robberies: Arbitrary<{ readonly policy: Policy; readonly attack: Attack }> = fc
  .record({
    rules: fc.bigInt({ min: 2n ** 60n, max: 2n ** 250n }).chain(rulesNear),
    stolen: people,
    horizonMs: fc.constantFrom(HOUR_MS, DAY_MS, DAY_MS + HOUR_MS, 2 * DAY_MS, 3 * DAY_MS),
  })
  .map(({ rules, stolen, horizonMs }) => ({
    policy: typed({
      ...policyOf(rules),
      people: new Map<string, readonly Credential[]>([
        ["ana", [{ kind: "unlock" }]],
        ["ben", [{ kind: "secp256k1", publicKey: "02" }]],
        ["cyd", [{ kind: "secp256k1", publicKey: "03" }]],
        ["dee", [{ kind: "eip712", address: "0x04" }]],
        ["bot", [{ kind: "service", publicKey: "05" }]],
      ]),
    }),
    attack: { stolen: new Set(stolen), mode: "normal", horizonMs, from: FROM },
  }));
