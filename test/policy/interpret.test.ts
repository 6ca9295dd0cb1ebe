import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/policy/evaluate.ts";
import { factsOf } from "../../src/policy/facts.ts";
import { interpret } from "../../src/policy/interpret.ts";
import { circumstances, counters, intents, policies } from "./generate.ts";

describe("the evaluator and the plain interpreter", () => {
  test("agree exactly on random policies, intents, circumstances and counters", () => {
    const seen = { denied: 0, forbidden: 0, exceeded: 0, needs: 0, passed: 0, undecidable: 0, charges: 0 };
    fc.assert(
      fc.property(policies, fc.array(fc.tuple(intents, circumstances, counters), { minLength: 4, maxLength: 4 }), (policy, cases) => {
        const evaluator = compile(policy);
        for (const [intent, when, standing] of cases) {
          const judgement = evaluator.judge(intent, when, standing);
          expect(judgement).toEqual(interpret(policy, intent, when, standing));
          const codes = judgement.reasons.map(({ code }) => code);
          if (codes.length > 0) seen.denied++;
          else seen.passed++;
          if (codes.includes("policy/forbidden")) seen.forbidden++;
          if (codes.includes("limit/exceeded")) seen.exceeded++;
          if (codes.includes("policy/undecidable")) seen.undecidable++;
          if (judgement.needs.length > 0) seen.needs++;
          if (judgement.charges.length > 0) seen.charges++;
        }
      }),
      { numRuns: 1500 },
    );
    // The agreement means something only if every kind of outcome came up.
    for (const outcome of ["denied", "forbidden", "exceeded", "needs", "passed", "charges"] as const)
      expect(seen[outcome], outcome).toBeGreaterThan(50);
    expect(seen.undecidable).toBe(0);
  });

  test("weigh recorded facts as the judgement charged them", () => {
    fc.assert(
      fc.property(policies, intents, circumstances, counters, (policy, intent, when, standing) => {
        const weighed = compile(policy).weigh(factsOf(intent, when));
        expect(weighed).toEqual(interpret(policy, intent, when, standing).charges);
      }),
      { numRuns: 500 },
    );
  });
});
