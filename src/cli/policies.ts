import type { JsonObject } from "../base/canonical.ts";
import { canonical } from "../base/canonical.ts";
import type { Field } from "../intent/fields.ts";
import type { Condition, Policy } from "../policy/core.ts";
import { reading } from "./chains.ts";
import { readBytes } from "./files.ts";

/** What a policy file may weigh; the parser's own bound. */
const MOST_BYTES = 2 ** 20;

/** @throws `policy/invalid` with every problem and its place, `cli/usage` if the file cannot be read */
export async function readPolicyFile(path: string): Promise<Policy> {
  return reading.policy(await readBytes(path, MOST_BYTES));
}

export function policyOf(document: JsonObject): Policy {
  return reading.policy(canonical(document));
}

/** Every field that some rule of some mode speaks of. */
export function fieldsOf(policy: Policy): ReadonlySet<Field> {
  const fields = new Set<Field>();
  const visit = (condition: Condition): void => {
    if (condition.op === "all" || condition.op === "any") condition.of.forEach(visit);
    else if (condition.op === "not") visit(condition.of);
    else if ("field" in condition) fields.add(condition.field);
  };
  for (const { when } of [...policy.rules, ...[...policy.modes.values()].flatMap(({ rules }) => rules)]) visit(when);
  return fields;
}
