import { isAct } from "../../intent/fields.ts";
import type { Condition, Policy } from "../core.ts";
import { diffPolicies } from "./diff.ts";
import { rulesIn } from "./items.ts";
import type { WorkOptions } from "./ways.ts";

/**
 * Whether somebody may sign something in one mode that they may not in another, or more of it: false only where it is proven
 * that nobody may. Acts on the custody are left aside, which one set of rules judges in every mode.
 */
export function signsMore(
  policy: Policy,
  { from, to }: { readonly from: string; readonly to: string },
  options: WorkOptions = {},
): boolean {
  const [before, after] = [signingOf(policy, from), signingOf(policy, to)];
  if (!after.rules.some(({ type }) => type === "allow")) return false;
  if ([before, after].some(({ rules }) => rules.some(({ when }) => speaksOf(when, "mode")))) return true;
  const diff = diffPolicies(before, after, options);
  return diff.kind !== "exact" || diff.differences.some(({ change }) => change === "newlyAllowed" || change === "weaker");
}

/** A policy that judges in `normal` as this one does in a mode. */
function signingOf(policy: Policy, mode: string): Policy {
  const rules = rulesIn(policy, mode).flatMap((rule) => {
    const kinds = rule.kinds.filter((kind) => !isAct(kind));
    return kinds.length === 0 ? [] : [{ ...rule, kinds }];
  });
  return { ...policy, rules, modes: new Map() };
}

/** Whether a condition looks at a field somewhere. */
export function speaksOf(condition: Condition, field: string): boolean {
  switch (condition.op) {
    case "all":
    case "any":
      return condition.of.some((part) => speaksOf(part, field));
    case "not":
      return speaksOf(condition.of, field);
    case "in":
    case "within":
    case "is":
      return condition.field === field;
    default:
      return false;
  }
}
