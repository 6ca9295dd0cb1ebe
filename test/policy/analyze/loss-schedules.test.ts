import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maximumLoss } from "../../../src/policy/analyze/loss.ts";
import { ASSET, cases, tryAll } from "./loss.oracle.ts";

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
    const count: Record<string, number> = {};
    fc.assert(
      fc.property(cases(dated), ({ policy, attack }) => {
        const loss = maximumLoss(policy, attack, { asset: ASSET });
        const more = loss.sequence.steps.map(({ witness }) => witness.effects);
        const tried = tryAll(policy, attack, { dated, patience: 4000, more });
        const about = () => show({ rules: policy.rules, attack, loss, tried });
        if (tried === undefined) return;
        const kind =
          loss.status === "exact" ? (loss.amount === undefined ? "endless" : loss.amount === 0n ? "nothing" : "exact") : loss.status;
        count[kind] = (count[kind] ?? 0) + 1;
        if (loss.amount === undefined) {
          if (loss.status === "exact" && !tried.endless)
            expect(loss.sequence.steps[0]?.witness.effects[0]?.amount, about()).toBeGreaterThan(7n);
          return;
        }
        if (tried.endless) throw new Error(`endless: ${about()}`);
        if (loss.amount < tried.most) throw new Error(`less: ${about()}`);
        if (loss.status === "exact" && loss.amount !== tried.most) throw new Error(`more: ${about()}`);
      }),
      { numRuns, seed: 7, endOnFailure: true },
    );
    console.log(count);
  });
});
