import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KIND_FIELDS } from "../../../src/intent/fields.ts";
import { boxesOfRule } from "../../../src/policy/analyze/boxes.ts";
import { everyRule, hasDimension, Space } from "../../../src/policy/analyze/dimensions.ts";
import { Budget, Regions } from "../../../src/policy/analyze/regions.ts";
import { hasInteger, hasName, type ValueSet } from "../../../src/policy/analyze/sets.ts";
import { compileCondition, FALSE, TRUE } from "../../../src/policy/condition.ts";
import type { Condition, Rule } from "../../../src/policy/core.ts";
import { type Facts, factsOf } from "../../../src/policy/facts.ts";
import { circumstances, intents, policies } from "../generate.ts";

function has(values: ValueSet, value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return hasName(values.names, value);
    case "bigint":
      return hasInteger(values.integers, value);
    case "boolean":
      return values.flags.includes(value);
    default:
      return values.unknown;
  }
}

function factOf(facts: Facts, name: string): unknown {
  if (!name.startsWith("args.")) return (facts as unknown as Record<string, unknown>)[name];
  const argument = name.slice(5);
  return facts.args !== undefined && Object.hasOwn(facts.args, argument) ? facts.args[argument] : undefined;
}

function fieldsOf(condition: Condition): readonly string[] {
  switch (condition.op) {
    case "always":
      return [];
    case "not":
      return fieldsOf(condition.of);
    case "all":
    case "any":
      return condition.of.flatMap(fieldsOf);
    case "argument":
      return ["args"];
    default:
      return [condition.field];
  }
}

/** As the parser demands: only of kinds that have every field that the rule looks at. */
function typed<R extends Rule>(rule: R): R {
  const fields = fieldsOf(rule.when);
  return { ...rule, kinds: rule.kinds.filter((kind) => fields.every((field) => (KIND_FIELDS[kind] as readonly string[]).includes(field))) };
}

describe("the regions of a policy", () => {
  test("lead every effect to exactly the rules that speak of it", () => {
    let points = 0;
    fc.assert(
      fc.property(policies, intents, circumstances, (drawn, intent, circumstances) => {
        const policy = {
          ...drawn,
          rules: drawn.rules.map(typed),
          modes: new Map([...drawn.modes].map(([name, mode]) => [name, { ...mode, rules: mode.rules.map(typed) }])),
        };
        const space = new Space([policy]);
        const rules = everyRule(policy);
        const regions = new Regions(
          space,
          rules.map((rule, outcome) => ({ outcome, boxes: boxesOfRule(space, rule) })),
          { budget: new Budget(1_000_000) },
        );
        for (const facts of factsOf(intent, circumstances)) {
          if (space.dimensions.some(({ name, all }) => hasDimension(facts.kind, name) && !has(all, factOf(facts, name)))) continue;
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
