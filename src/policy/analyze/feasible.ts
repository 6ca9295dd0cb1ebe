import type { Space } from "./dimensions.ts";
import { NOTHING, type ValueSet } from "./sets.ts";
import type { Region } from "./witness.ts";

/** Whether values of a further dimension go with what was chosen before: a request's total is no less than one of its amounts. */
export function feasible(space: Space, region: Region, dimension: number, values: ValueSet): boolean {
  if (dimension !== space.at("total") || values.integers.length === 0) return true;
  const least = region.get(space.at("amount"))?.integers[0]?.[0];
  return least === undefined || values.unknown || values.integers.some(([, high]) => high >= least);
}

export function only(name: string): ValueSet {
  return { ...NOTHING, names: { not: false, values: new Set([name]) } };
}
