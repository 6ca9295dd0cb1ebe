import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boxesOfRule } from "../../../src/policy/analyze/boxes.ts";
import { everyRule, Space } from "../../../src/policy/analyze/dimensions.ts";
import { Budget, Regions } from "../../../src/policy/analyze/regions.ts";
import { compileCondition, FALSE, TRUE } from "../../../src/policy/condition.ts";
import { factsOf } from "../../../src/policy/facts.ts";
import { circumstances, intents, policies } from "../generate.ts";
import { factOf, has, isInside, typed } from "./typed.ts";

describe("the regions of a policy", () => {
  test("lead every effect to exactly the rules that speak of it", () => {
    let points = 0;
    fc.assert(
      fc.property(policies, intents, circumstances, (drawn, intent, circumstances) => {
        const policy = typed(drawn);
        const space = new Space([policy]);
        const rules = everyRule(policy);
        const regions = new Regions(
          space,
          rules.map((rule, outcome) => ({ outcome, boxes: boxesOfRule(space, rule) })),
          { budget: new Budget(1_000_000) },
        );
        for (const facts of factsOf(intent, circumstances)) {
          if (!isInside(space, facts)) continue;
          const point = rules.flatMap((rule, index) => {
            if (!rule.kinds.includes(facts.kind)) return [];
            const truth = compileCondition(rule.when)(facts);
            return (rule.type === "allow" ? truth === TRUE : truth !== FALSE) ? [index] : [];
          });
          let state = regions.start;
          for (let next = regions.expand(state); next !== undefined; next = regions.expand(state)) {
            const name = space.dimensions[next.dimension]!.name;
            const value = factOf(facts, name);
            const pieces = next.pieces.filter(({ values }) => has(values, value));
            expect(pieces.length, `${name} = ${String(value)}`).toBe(1);
            state = pieces[0]!.state;
          }
          expect([...state.settled].sort((a, b) => a - b)).toEqual(point);
          points++;
        }
      }),
      { numRuns: 1000 },
    );
    expect(points).toBeGreaterThan(1000);
  });
});
