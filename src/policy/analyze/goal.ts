import type { LimitRule, Measure, Policy } from "../core.ts";
import { everyRule } from "./dimensions.ts";
import type { Weight } from "./draws.ts";
import type { Loss } from "./loss.ts";
import { greatestCommon } from "./simplex.ts";

/** What is asked how much of it can leave: one asset, or all that a unit of account counts, in which each asset has a worth. */
export interface Goal {
  /** Qualified. */
  readonly assets: readonly string[];
  /** What one smallest unit of an asset is worth, in so many parts of the answer's smallest unit as `scale` says. */
  readonly worth: (asset: string) => bigint;
  readonly scale: bigint;
}

export function goalOf(policy: Policy, what: Loss["what"]): Goal {
  if ("asset" in what) return { assets: [what.asset], worth: () => 1n, scale: 1n };
  const worth = unitsOf(policy).get(what.unit) ?? new Map<string, Weight>();
  const scale = [...worth.values()].reduce((product, { denominator }) => leastCommon(product, denominator), 1n);
  const worths = new Map([...worth].map(([asset, { numerator, denominator }]) => [asset, numerator * (scale / denominator)]));
  const assets = [...worths].filter(([, each]) => each > 0n).map(([asset]) => asset);
  return { assets, worth: (asset) => worths.get(asset) ?? 0n, scale };
}

/** Units of account that some limit counts in, with the worth of their assets. */
export function unitsOf(policy: Policy): ReadonlyMap<string, ReadonlyMap<string, Weight>> {
  const measures = everyRule(policy)
    .filter((rule): rule is LimitRule => rule.type === "limit")
    .map(({ measure }) => measure)
    .filter((measure): measure is Extract<Measure, { readonly type: "value" }> => measure.type === "value");
  return new Map(measures.map(({ unit, worth }) => [unit, worth]));
}

/** In whole smallest units of what is asked about, rounded up. */
export function rounded({ scale }: Goal, worth: bigint): bigint {
  return (worth + scale - 1n) / scale;
}

export function leastCommon(a: bigint, b: bigint): bigint {
  return (a / greatestCommon(a, b)) * b;
}
