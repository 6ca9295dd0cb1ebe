import type { Condition, Rule } from "../core.ts";
import { type Box, valuesWhere } from "./boxes.ts";
import { KIND, type Space } from "./dimensions.ts";
import { overlap, unite, type ValueSet } from "./sets.ts";

/** A box around others, by dimension: no point of theirs lies outside. */
export type Hull = ReadonlyMap<number, ValueSet>;

/** Around more it is not drawn: nothing is outside of it then. */
const MOST_BOXES = 64;

export function hullOf(boxes: readonly Box[]): Hull {
  const [first, ...others] = boxes;
  if (first === undefined || boxes.length > MOST_BOXES) return new Map();
  let hull = new Map(first);
  for (const box of others) {
    hull = new Map(
      box.flatMap(([dimension, values]) => {
        const before = hull.get(dimension);
        return before === undefined ? [] : [[dimension, unite(before, values)] as const];
      }),
    );
  }
  return hull;
}

/**
 * Whether a rule may speak somewhere in a hull, as far as its kinds and plain comparisons tell, before any of its boxes are drawn. A no is
 * certain: each of its boxes lies in what every one of these lets through.
 */
export function maySpeakIn(space: Space, { type, kinds, when }: Rule, hull: Hull): boolean {
  const wanted = hull.get(KIND);
  if (wanted !== undefined && !overlap(space.named(kinds), wanted)) return false;
  const sense = { certain: type === "allow", negated: false };
  const may = (condition: Condition): boolean => {
    switch (condition.op) {
      case "all":
        return condition.of.every(may);
      case "in":
      case "within":
      case "is": {
        const dimension = space.at(condition.field);
        const values = hull.get(dimension);
        return values === undefined || overlap(valuesWhere(space, dimension, condition, sense), values);
      }
      default:
        return true;
    }
  };
  return may(when);
}
