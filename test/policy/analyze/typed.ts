import { KIND_FIELDS } from "../../../src/intent/fields.ts";
import { hasDimension, type Space } from "../../../src/policy/analyze/dimensions.ts";
import { hasInteger, hasName, type ValueSet } from "../../../src/policy/analyze/sets.ts";
import type { Condition, Policy, Rule } from "../../../src/policy/core.ts";
import type { Facts } from "../../../src/policy/facts.ts";

/** The same policy as the parser would have it: rules only of kinds that have every field that the rule looks at. */
export function typed(policy: Policy): Policy {
  return {
    ...policy,
    rules: policy.rules.map(typedRule),
    modes: new Map([...policy.modes].map(([name, mode]) => [name, { ...mode, rules: mode.rules.map(typedRule) }])),
  };
}

export function typedRule<R extends Pick<Rule, "kinds" | "when">>(rule: R): R {
  const fields = fieldsOf(rule.when);
  return { ...rule, kinds: rule.kinds.filter((kind) => fields.every((field) => (KIND_FIELDS[kind] as readonly string[]).includes(field))) };
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

export function has(values: ValueSet, value: unknown): boolean {
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

export function factOf(facts: Facts, name: string): unknown {
  if (!name.startsWith("args.")) return (facts as unknown as Record<string, unknown>)[name];
  const argument = name.slice(5);
  return facts.args !== undefined && Object.hasOwn(facts.args, argument) ? facts.args[argument] : undefined;
}

/** Whether all that is known of an effect is something that such a field can be. */
export function isInside(space: Space, facts: Facts): boolean {
  return space.dimensions.every(({ name, all }) => !hasDimension(facts.kind, name) || has(all, factOf(facts, name)));
}
