import { type Effect, UNLIMITED } from "../intent/effect.ts";
import { OUTFLOW } from "../intent/fields.ts";

const OUTFLOWS: ReadonlySet<string> = new Set(OUTFLOW);

/** Amounts never wrap and never pass the top. */
export function saturate(amount: bigint): bigint {
  return amount > UNLIMITED ? UNLIMITED : amount;
}

/**
 * For each effect the sum of the request's outflow in its asset, so that splitting a payment into many effects hides
 * nothing. Unknown where the effect's asset is unknown, where an amount of that asset is unknown, and where some outflow
 * could be of that asset but does not say so.
 */
export function totalsOf(effects: readonly Effect[]): readonly (bigint | undefined)[] {
  const sums = new Map<string, bigint | undefined>();
  const vague: Effect[] = [];
  for (const effect of effects) {
    if (!OUTFLOWS.has(effect.kind)) continue;
    const asset = assetOf(effect);
    if (asset === undefined) vague.push(effect);
    else if (!isAmount(effect.amount) || (sums.has(asset) && sums.get(asset) === undefined)) sums.set(asset, undefined);
    else sums.set(asset, saturate((sums.get(asset) ?? 0n) + effect.amount));
  }
  return effects.map((effect) => {
    const asset = assetOf(effect);
    return asset === undefined || vague.some((other) => mayShareAsset(effect, other)) ? undefined : sums.get(asset);
  });
}

function isAmount(amount: unknown): amount is bigint {
  return typeof amount === "bigint" && amount >= 0n;
}

function assetOf({ chain, asset }: Effect): string | undefined {
  return chain === undefined || asset === undefined ? undefined : `${chain}/${asset}`;
}

function mayShareAsset(a: Effect, b: Effect): boolean {
  return (b.chain === undefined || b.chain === a.chain) && (b.asset === undefined || b.asset === a.asset);
}
