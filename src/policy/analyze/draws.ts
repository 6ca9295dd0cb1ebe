import { UNLIMITED } from "../../intent/effect.ts";
import type { LimitRule } from "../core.ts";
import { chainOf } from "./boxes.ts";
import type { Names, ValueSet } from "./sets.ts";

/** What one effect takes from one counter, or from all the buckets of it that its region reaches together. */
export interface Draw {
  /** Equal for equal counters of all cells of one walk. */
  readonly key: string;
  readonly limit: LimitRule;
  /** Of all those buckets; nothing where there are as many of them as one likes. */
  readonly capacity: bigint | undefined;
  /** What one unit of the amount weighs, as a ratio: rounded up, effect by effect. Nothing where each effect weighs one. */
  readonly weight: Weight | undefined;
  /** The bucket's names, chosen one of each where a request is made. */
  readonly buckets: Buckets;
}

export interface Weight {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Who asks, and the names of recipients and accounts that a region reaches. */
export interface Buckets {
  readonly requester: string;
  readonly to: ValueSet;
  readonly account: ValueSet;
}

/** Nothing where a region reaches no name of the chain. */
export function bucketsOf(requester: string, chain: string, to: ValueSet, account: ValueSet): Buckets | undefined {
  const [there, here] = [onChain(to, chain), onChain(account, chain)];
  return there === undefined || here === undefined ? undefined : { requester, to: there, account: here };
}

/** Names of other chains stand for nothing. The same object where nothing falls out. */
function onChain(values: ValueSet, chain: string): ValueSet | undefined {
  if (values.names.not) return values;
  const byChain = cut.get(values) ?? new Map<string, ValueSet | undefined>();
  cut.set(values, byChain);
  if (!byChain.has(chain)) {
    const kept = [...values.names.values].filter((name) => chainOf(name) === chain);
    const whole = kept.length === values.names.values.size;
    byChain.set(chain, kept.length === 0 ? undefined : whole ? values : { ...values, names: { not: false, values: new Set(kept) } });
  }
  return byChain.get(chain);
}

// A list of ten thousand addresses is looked through once, however many regions it is part of.
const cut = new WeakMap<ValueSet, Map<string, ValueSet | undefined>>();

/** Nothing of a limit that an effect draws nothing from, or that nothing is too much for. */
export function drawOf(limit: LimitRule, asset: string, buckets: Buckets, id: (values: ValueSet) => number): readonly Draw[] {
  const weight = weightOf(limit, asset);
  if (limit.max >= UNLIMITED || weight?.numerator === 0n) return [];
  let capacity: bigint | undefined = limit.max;
  const key: (string | number)[] = [limit.id];
  for (const field of limit.by) {
    if (field === "requester") key.push(`${field} ${buckets.requester}`);
    else {
      const many = sizeOf(buckets[field].names);
      capacity = many === undefined || capacity === undefined ? undefined : capacity * many;
      key.push(`${field} ${id(buckets[field])}`);
    }
  }
  return [{ key: JSON.stringify(key), limit, capacity, weight, buckets }];
}

function weightOf({ measure }: LimitRule, asset: string): Weight | undefined {
  switch (measure.type) {
    case "count":
      return undefined;
    case "amount":
      return { numerator: 1n, denominator: 1n };
    case "value":
      // What has no row is too much for every limit, so no cell draws on it.
      return measure.worth.get(asset) ?? { numerator: 1n, denominator: 1n };
  }
}

/** How many names there are; nothing where all but some. */
function sizeOf({ not, values }: Names): bigint | undefined {
  return not ? undefined : BigInt(values.size);
}

/** What an effect of this amount draws, rounded up as the evaluator does. */
export function weigh({ weight }: Pick<Draw, "weight">, amount: bigint): bigint {
  if (weight === undefined) return 1n;
  return (amount * weight.numerator + weight.denominator - 1n) / weight.denominator;
}

/** The most that an effect may move without drawing more than this; nothing where the amount does not matter. */
export function mostFor({ weight }: Pick<Draw, "weight">, room: bigint): bigint | undefined {
  return weight === undefined ? undefined : (room * weight.denominator) / weight.numerator;
}
