import type { LimitRule, Measure, Policy } from "../core.ts";
import { type Box, boxesOfRule } from "./boxes.ts";
import { domainInRecords, Space } from "./dimensions.ts";
import { about } from "./items.ts";
import { BOXES_A_STEP, type Budget, Regions, type State } from "./regions.ts";
import type { Said } from "./said.ts";

/**
 * Whether one limit counts at least what another does: every effect that the vault has ever recorded, at no less, for no shorter,
 * in counters that are no narrower, up to no more. Then whatever passes it would have passed the other, at every moment and with
 * every history.
 *
 * One limit has to make up for the other alone: two that share its effects let through what each has left.
 */
export class Counting {
  readonly #space: Space;
  readonly #budget: Budget;
  readonly #said: Said;
  readonly #known = new Map<LimitRule, Map<LimitRule, boolean>>();

  constructor(policies: readonly Policy[], budget: Budget, said: Said) {
    this.#space = new Space(policies, [], domainInRecords);
    this.#budget = budget;
    this.#said = said;
  }

  /** @throws Inconclusive when the budget is spent. */
  covers(limit: LimitRule, old: LimitRule): boolean {
    if (!isTighter(limit, old)) return false;
    if (this.#said.scopeOf(limit) === this.#said.scopeOf(old)) return true;
    const known = this.#known.get(limit) ?? new Map<LimitRule, boolean>();
    this.#known.set(limit, known);
    const found = known.get(old) ?? this.#contains(boxesOfRule(this.#space, limit), boxesOfRule(this.#space, old));
    known.set(old, found);
    return found;
  }

  /** Whether every point of `part` lies in `whole`. */
  #contains(whole: readonly Box[], part: readonly Box[]): boolean {
    const [inPart, inWhole] = [0, 1];
    this.#budget.spend(Math.floor((whole.length + part.length) / BOXES_A_STEP));
    const items = [{ outcome: inPart, boxes: part }, ...about([{ outcome: inWhole, boxes: whole }], part, this.#budget)];
    const regions = new Regions(this.#space, items, { budget: this.#budget, once: true });
    const seen = new Set<State>();
    const leavesOut = (state: State): boolean => {
      if (seen.has(state) || state.settled.has(inWhole)) return false;
      seen.add(state);
      if (!state.settled.has(inPart) && !state.open.some(({ outcome }) => outcome === inPart)) return false;
      const expansion = regions.expand(state);
      this.#budget.spend(Math.floor(((expansion?.pieces.length ?? 0) * state.open.length) / BOXES_A_STEP));
      return expansion === undefined ? true : expansion.pieces.some((piece) => leavesOut(piece.state));
    };
    return !leavesOut(regions.start);
  }
}

function isTighter(limit: LimitRule, old: LimitRule): boolean {
  return (
    weighsNoLess(limit.measure, old.measure) &&
    limit.max <= old.max &&
    windowOf(limit) >= windowOf(old) &&
    // A counter that is not split holds all that the parts of a split one hold.
    limit.by.every((field) => old.by.includes(field))
  );
}

/** Whether every effect weighs at least as much by this measure, at every moment. */
function weighsNoLess(measure: Measure, old: Measure): boolean {
  if (measure.type === "count" || old.type === "count") return measure.type === old.type;
  if (measure.type === "amount" || old.type === "amount")
    return measure.type === "amount" && old.type === "amount" && measure.asset === old.asset;
  // From `until` on everything weighs as much as there is, and so does what has no row.
  if (measure.unit !== old.unit || measure.until > old.until) return false;
  return [...measure.worth].every(([asset, { numerator, denominator }]) => {
    const before = old.worth.get(asset);
    return before !== undefined && numerator * before.denominator >= before.numerator * denominator;
  });
}

function windowOf({ windowMs }: LimitRule): number {
  return windowMs === "ever" ? Number.POSITIVE_INFINITY : windowMs;
}
