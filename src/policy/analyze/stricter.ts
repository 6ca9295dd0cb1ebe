import type { LimitRule, Measure, Policy, RequireRule, Rule } from "../core.ts";
import { type Box, boxesOfRule } from "./boxes.ts";
import type { Space } from "./dimensions.ts";
import { about } from "./items.ts";
import { type Approvers, type Asked, answersOnly } from "./quorum.ts";
import { type Budget, Regions, type State } from "./regions.ts";

/**
 * Whether what `after` asks and counts is at least what `before` did, whoever of `requesters` asks: nobody can answer the new
 * without answering the old, no delay is shorter, no limit lets more through.
 *
 * @throws Inconclusive when the budget is spent.
 */
export class Stricter {
  readonly #space: Space;
  readonly #budget: Budget;
  readonly #people: ReadonlySet<string>;
  readonly #limits = new Map<LimitRule, Map<LimitRule, boolean>>();

  constructor(space: Space, policies: readonly Policy[], budget: Budget) {
    this.#space = space;
    this.#budget = budget;
    this.#people = new Set(policies.flatMap(({ people }) => [...people.keys()]));
  }

  asks(after: readonly (RequireRule | LimitRule)[], before: readonly (RequireRule | LimitRule)[], requesters: readonly string[]): boolean {
    if (delayOf(after) < delayOf(before) || (confirms(before) && !confirms(after))) return false;
    const [now, then] = [after, before].map(askedBy) as [readonly Asked[], readonly Asked[]];
    return requesters.every((requester) => answersOnly(now, then, this.#without(requester), this.#budget) === undefined);
  }

  /** Each of the old limits is made up for by one of the new. */
  counts(after: readonly LimitRule[], before: readonly LimitRule[]): boolean {
    return before.every((old) => after.some((limit) => this.limit(limit, old)));
  }

  /** Whatever passes `limit` would have passed `old`, at every moment and with every history. */
  limit(limit: LimitRule, old: LimitRule): boolean {
    const known = this.#limits.get(limit) ?? new Map<LimitRule, boolean>();
    this.#limits.set(limit, known);
    let found = known.get(old);
    if (found === undefined) {
      found = this.#tighter(limit, old) && this.#covers(boxesOfRule(this.#space, limit), boxesOfRule(this.#space, old));
      known.set(old, found);
    }
    return found;
  }

  #tighter(limit: LimitRule, old: LimitRule): boolean {
    return (
      weighsNoLess(limit.measure, old.measure) &&
      limit.max <= old.max &&
      windowOf(limit) >= windowOf(old) &&
      limit.by.every((field) => old.by.includes(field)) &&
      this.#beyond(limit, old)
    );
  }

  #beyond(limit: LimitRule, old: LimitRule): boolean {
    if (limit.beyond.length === 0) return true;
    if (old.beyond.length === 0) return false;
    return [undefined, ...this.#people].every(
      (requester) => answersOnly([limit.beyond], [old.beyond], this.#without(requester), this.#budget) === undefined,
    );
  }

  /** Whether every point of `part` lies in `whole`. */
  #covers(whole: readonly Box[], part: readonly Box[]): boolean {
    const [inPart, inWhole] = [0, 1];
    const items = [{ outcome: inPart, boxes: part }, ...about([{ outcome: inWhole, boxes: whole }], part)];
    const regions = new Regions(this.#space, items, { budget: this.#budget });
    const seen = new Set<State>();
    const outside = (state: State): boolean => {
      if (seen.has(state) || state.settled.has(inWhole)) return false;
      seen.add(state);
      if (!state.settled.has(inPart) && !state.open.some(({ outcome }) => outcome === inPart)) return false;
      const expansion = regions.expand(state);
      return expansion === undefined ? true : expansion.pieces.some((piece) => outside(piece.state));
    };
    return !outside(regions.start);
  }

  #without(requester: string | undefined): Approvers {
    return { people: new Set([...this.#people].filter((person) => person !== requester)), stands: () => true };
  }
}

/** Whether every effect weighs at least as much by this measure. */
function weighsNoLess(measure: Measure, old: Measure): boolean {
  if (measure.type === "count" || old.type === "count") return measure.type === old.type;
  if (measure.type === "amount" || old.type === "amount") {
    return measure.type === "amount" && old.type === "amount" && measure.asset === old.asset;
  }
  if (measure.unit !== old.unit || measure.until > old.until) return false;
  // What has no row weighs as much as there is.
  return [...measure.worth].every(([asset, { numerator, denominator }]) => {
    const before = old.worth.get(asset);
    return before !== undefined && numerator * before.denominator >= before.numerator * denominator;
  });
}

function windowOf({ windowMs }: LimitRule): number {
  return windowMs === "ever" ? Number.POSITIVE_INFINITY : windowMs;
}

function delayOf(rules: readonly Rule[]): number {
  return Math.max(0, ...rules.map((rule) => (rule.type === "require" ? rule.delayMs : 0)));
}

function confirms(rules: readonly Rule[]): boolean {
  return rules.some((rule) => rule.type === "require" && rule.confirm);
}

/** What each asks of approvers; a rule that asks none of them is left out. */
export function askedBy(rules: readonly (RequireRule | LimitRule)[]): readonly Asked[] {
  return rules.map((rule) => (rule.type === "require" ? rule.approvals : rule.beyond)).filter(({ length }) => length > 0);
}
