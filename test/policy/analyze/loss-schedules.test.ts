import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maximumLoss } from "../../../src/policy/analyze/loss.ts";
import { policyOf } from "../generate.ts";
import { ASSET, cases, FROM, tryAll } from "./loss.oracle.ts";

const show = (value: unknown) =>
  JSON.stringify(
    value,
    (_, one) => (typeof one === "bigint" ? `${one}n` : one instanceof Set ? [...one] : one instanceof Map ? [...one] : one),
    1,
  );

describe("the maximum loss against every schedule of every request", () => {
  test.each([
    ["without dates", false, 100],
    ["with dates", true, 30],
  ] as const)("%s is never less, and just as much where it says so", (_, dated, numRuns) => {
    let exact = 0;
    fc.assert(
      fc.property(cases(dated), ({ policy, attack }) => {
        const loss = maximumLoss(policy, attack, { asset: ASSET });
        const more = loss.sequence.steps.map(({ witness }) => witness.effects);
        const tried = tryAll(policy, attack, { dated, patience: 4000, more });
        const about = () => show({ rules: policy.rules, attack, loss, tried });
        if (tried === undefined) return;
        if (loss.amount === undefined) {
          // Out of sight of those schedules: recipients without end, each with a counter of its own, and greater amounts.
          const fresh = policy.rules.some((rule) => rule.type === "limit" && rule.by.some((field) => field !== "requester"));
          const great = (loss.sequence.steps[0]?.witness.effects[0]?.amount ?? 0n) > 7n;
          if (loss.status === "exact" && !tried.endless && !fresh && !great) throw new Error(`not endless: ${about()}`);
          return;
        }
        if (loss.status === "exact" && loss.amount > 0n) exact++;
        if (tried.endless) throw new Error(`endless: ${about()}`);
        if (loss.amount < tried.most) throw new Error(`less: ${about()}`);
        if (loss.status === "exact" && loss.amount !== tried.most) throw new Error(`more: ${about()}`);
      }),
      { numRuns, seed: 7, endOnFailure: true },
    );
    expect(exact).toBeGreaterThan(numRuns / 3);
  });

  test("is an upper bound where only what is rounded up stands in the way of it", () => {
    const inAsset = { op: "in", field: "asset", values: new Set([ASSET]) } as const;
    const two = { op: "within", field: "amount", intervals: [[2n, 2n]] } as const;
    const worth = new Map([[ASSET, { numerator: 2n, denominator: 3n }]]);
    const policy = {
      ...policyOf([
        { id: "pay", type: "allow", kinds: ["transfer"], when: { op: "all", of: [inAsset, two] } },
        {
          id: "limit",
          type: "limit",
          kinds: ["transfer"],
          when: inAsset,
          measure: { type: "value", unit: "USD", until: 2 ** 50, worth },
          max: 5n,
          windowMs: "ever",
          by: [],
          beyond: [],
        },
      ]),
    };
    const attack = { stolen: new Set(["ana"]), mode: "normal", horizonMs: 2, from: FROM };
    // Each weighs 4/3, and counts as 2: three would be 4 of 5, but the third is refused.
    expect(maximumLoss(policy, attack, { asset: ASSET })).toMatchObject({ status: "upper bound", amount: 6n, shown: 4n });
    expect(tryAll(policy, attack, { dated: false, patience: 1000, more: [] })).toEqual({ most: 4n, endless: false });
  });
});
