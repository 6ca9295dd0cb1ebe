import { canonical, type Json } from "../base/canonical.ts";
import { UNLIMITED } from "../intent/effect.ts";
import type { Charge } from "../intent/verdict.ts";
import type { LimitRule } from "./core.ts";
import type { Facts } from "./facts.ts";
import { saturate } from "./totals.ts";

/**
 * What effects that a limit matches draw from its counters: one charge per bucket, in the order of the buckets' names.
 *
 * An effect whose bucket is unknown could belong to every bucket, so it weighs UNLIMITED in a bucket of its own (`null`):
 * it is over any limit, whatever it says of its amount, and only `beyond` can let it pass.
 */
export function chargesOf(limit: LimitRule, matching: readonly Facts[]): readonly Charge[] {
  const buckets = new Map<string, { replaceable: bigint; lasting: bigint }>();
  for (const facts of matching) {
    const bucket = bucketOf(limit, facts);
    const weight = limit.by.every((field) => facts[field] !== undefined) ? weightOf(limit, facts) : UNLIMITED;
    const sum = buckets.get(bucket) ?? { replaceable: 0n, lasting: 0n };
    if (facts.outlives) sum.lasting = saturate(sum.lasting + weight);
    else sum.replaceable = saturate(sum.replaceable + weight);
    buckets.set(bucket, sum);
  }
  return [...buckets].sort(byName).map(([bucket, { replaceable, lasting }]) => ({ limit: limit.id, bucket, replaceable, lasting }));
}

/** Both parts of a charge. */
export function asked({ replaceable, lasting }: Charge): bigint {
  return saturate(replaceable + lasting);
}

/** What cannot be weighed weighs UNLIMITED. */
function weightOf({ measure }: LimitRule, { asset, amount, date }: Facts): bigint {
  switch (measure.type) {
    case "count":
      return 1n;
    case "amount":
      // An unknown asset may be this one. Another one does not match the rule, says the core.
      return amount !== undefined && (asset === undefined || asset === measure.asset) ? amount : UNLIMITED;
    case "value": {
      const worth = asset === undefined ? undefined : measure.worth.get(asset);
      if (worth === undefined || worth.denominator <= 0n || worth.numerator < 0n) return UNLIMITED;
      if (amount === undefined || amount >= UNLIMITED || date === undefined || date >= BigInt(measure.until)) return UNLIMITED;
      return saturate((amount * worth.numerator + worth.denominator - 1n) / worth.denominator);
    }
  }
}

function bucketOf({ by }: LimitRule, facts: Facts): string {
  if (by.length === 0) return "";
  const values: Record<string, Json> = {};
  for (const field of by) values[field] = facts[field] ?? null;
  return canonical(values);
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
