import type { Effect } from "../../intent/effect.ts";
import { KIND_FIELDS } from "../../intent/fields.ts";
import type { Condition, Policy, Rule } from "../core.ts";

/** What a request is judged by. */
export type Rules = Pick<Policy, "rules" | "modes">;

/**
 * A policy's rules without those that speak of none of these effects, because of their kinds or their assets: the interpreter looks at
 * every rule for every request, and few of many are about one asset.
 */
export function near(policy: Rules, effects: readonly Effect[]): Rules {
  const kinds = new Set(effects.map(({ kind }) => kind));
  const assets = new Set(effects.map(assetOf));
  const known = nearby.get(policy) ?? new Map<string, Rules>();
  nearby.set(policy, known);
  const key = JSON.stringify([[...kinds].sort(), [...assets].map((asset) => asset ?? "").sort()]);
  const found = known.get(key) ?? withRules(policy, (rule) => rule.kinds.some((kind) => kinds.has(kind)) && !leavesOut(rule.when, assets));
  known.set(key, found);
  return found;
}

// A report judges requests of each asset for every stolen set and every length of time.
const nearby = new WeakMap<Rules, Map<string, Rules>>();

function withRules({ rules, modes }: Rules, speaks: (rule: Rule) => boolean): Rules {
  const less = [...modes].map(([name, mode]) => [name, { ...mode, rules: mode.rules.filter(speaks) }] as const);
  return { rules: rules.filter(speaks), modes: new Map(less) };
}

/** As rules see it: kinds that have no asset have none that is known. */
function assetOf({ kind, chain, asset }: Effect): string | undefined {
  const known = chain !== undefined && asset !== undefined && KIND_FIELDS[kind].includes("asset");
  return known ? `${chain}/${asset}` : undefined;
}

/** Whether a condition is false for certain whichever of these assets an effect is of; an unknown one may be any. */
function leavesOut(when: Condition, assets: ReadonlySet<string | undefined>): boolean {
  if (when.op === "all") return when.of.some((part) => leavesOut(part, assets));
  return when.op === "in" && when.field === "asset" && [...assets].every((asset) => asset !== undefined && !when.values.has(asset));
}
