import { UNLIMITED } from "../../intent/effect.ts";
import { writeAmount } from "../amounts.ts";
import type { Condition, Interval, Policy, Rule } from "../core.ts";

/** An asset that the policy names. */
export interface NamedAsset {
  readonly name: string;
  /** Qualified: `eip155:1/native`. */
  readonly asset: string;
  readonly decimals: number;
}

/** Every asset of the document, in its order. */
export function assetsOf(policy: Policy): readonly NamedAsset[] {
  const table = (policy.document.assets ?? {}) as { readonly [name: string]: { readonly chain: string; readonly asset: string } };
  return Object.entries(table).flatMap(([name, { chain, asset }]) => {
    const known = policy.book.asset(chain, asset);
    return known === undefined ? [] : [{ name, asset: `${chain}/${asset}`, decimals: known.decimals }];
  });
}

/** More are not told apart: no table that a person reads has them. */
const MOST_EDGES = 40;

/** Amounts of an asset that rules treat alike, by what they compare amounts with: ascending, together all there are. */
export function bandsOf(rules: readonly Rule[], asset: string): readonly Interval[] {
  const edges = new Set<bigint>();
  for (const rule of rules) {
    if (rule.type === "limit") for (const most of mostOf(rule, asset)) edges.add(most + 1n);
    if (!mayConcern(rule.when, asset)) continue;
    for (const [low, high] of intervalsOf(rule.when)) edges.add(low).add(high + 1n);
  }
  const sorted = [...edges].filter((edge) => edge > 1n && edge <= UNLIMITED).sort((a, b) => (a < b ? -1 : 1));
  const lows = [1n, ...sorted.slice(0, MOST_EDGES)];
  return lows.map((low, index) => [low, (lows[index + 1] ?? UNLIMITED + 1n) - 1n]);
}

/** The most of an asset that a limit lets through at once. */
function mostOf({ measure, max }: Extract<Rule, { readonly type: "limit" }>, asset: string): readonly bigint[] {
  if (max >= UNLIMITED || measure.type === "count") return [];
  if (measure.type === "amount") return measure.asset === asset ? [max] : [];
  const worth = measure.worth.get(asset);
  return worth === undefined || worth.numerator <= 0n ? [] : [(max * worth.denominator) / worth.numerator];
}

function mayConcern(when: Condition, asset: string): boolean {
  switch (when.op) {
    case "in":
      return when.field !== "asset" || when.values.has(asset);
    case "all":
      return when.of.every((part) => mayConcern(part, asset));
    default:
      return true;
  }
}

function intervalsOf(when: Condition): readonly Interval[] {
  switch (when.op) {
    case "within":
      return when.field === "amount" || when.field === "total" ? when.intervals : [];
    case "all":
    case "any":
      return when.of.flatMap(intervalsOf);
    case "not":
      return intervalsOf(when.of);
    default:
      return [];
  }
}

/** `up to 10 ETH`, `from 10 ETH to 100 ETH`, `more than 100 ETH`: whichever of two neighbours is the shorter number. */
export function bandText([low, high]: Interval, of: NamedAsset): string {
  const write = (units: bigint) => writeAmount(units, of);
  const shorter = (one: bigint, other: bigint) => write(one).length <= write(other).length;
  const least = shorter(low, low - 1n) ? `from ${write(low)}` : `more than ${write(low - 1n)}`;
  const most = shorter(high, high + 1n) ? `up to ${write(high)}` : `below ${write(high + 1n)}`;
  if (low <= 1n && high >= UNLIMITED) return "any amount";
  if (low <= 1n) return most;
  if (low >= UNLIMITED) return "without a bound";
  return high >= UNLIMITED ? least.replace(/^from (.*)$/, "$1 and more") : `${least}, ${most}`;
}
