import { type EffectKind, UNLIMITED } from "../../intent/effect.ts";
import type { Charge } from "../../intent/verdict.ts";
import { compileCondition, FALSE, type Test } from "../condition.ts";
import type { Condition, LimitRule, Policy, Rule } from "../core.ts";
import type { Standing } from "../counters.ts";
import { type Facts, factsOf } from "../facts.ts";
import { asked } from "../weigh.ts";
import type { PastRequest } from "./history.ts";
import { rulesIn } from "./items.ts";

/** A limit that was nearly used up: where it was fullest. */
export interface NearLimit {
  readonly rule: string;
  readonly bucket: string;
  readonly used: bigint;
  readonly max: bigint;
  readonly place: number;
  /** Requests that left it more than four fifths full. */
  readonly times: number;
}

/** An amount just below one from which on a rule says something else: a tier that was nearly reached, or avoided. */
export interface NearTier {
  readonly rule: string;
  readonly type: Rule["type"];
  readonly field: "amount" | "total";
  /** From this amount on the rule matches; an allow no longer does. */
  readonly tier: bigint;
  /** The nearest there was, and where. */
  readonly amount: bigint;
  readonly place: number;
  readonly times: number;
}

interface Tier {
  readonly rule: Rule;
  readonly test: Test;
  readonly kinds: ReadonlySet<EffectKind>;
  readonly field: "amount" | "total";
  readonly at: bigint;
}

/** What requests that were let through came close to. */
export class Nearness {
  readonly #tiers = new Map<string, readonly Tier[]>();
  readonly #limits: ReadonlyMap<string, LimitRule>;
  readonly #nearLimits = new Map<string, NearLimit>();
  readonly #nearTiers = new Map<Tier, NearTier>();

  constructor(policy: Policy) {
    const limits: LimitRule[] = [];
    for (const mode of ["normal", ...policy.modes.keys()]) {
      const rules = rulesIn(policy, mode);
      this.#tiers.set(mode, rules.flatMap(tiersOf));
      for (const rule of rules) if (rule.type === "limit") limits.push(rule);
    }
    this.#limits = new Map(limits.map((limit) => [limit.id, limit]));
  }

  get limits(): readonly NearLimit[] {
    return [...this.#nearLimits.values()];
  }

  get tiers(): readonly NearTier[] {
    return [...this.#nearTiers.values()];
  }

  look(request: PastRequest, standings: readonly (readonly [Charge, Standing])[]): void {
    for (const [charge, standing] of standings) this.#lookAtLimit(request.place, charge, standing);
    const tiers = this.#tiers.get(request.circumstances.mode) ?? [];
    if (tiers.length === 0) return;
    for (const facts of factsOf(request, request.circumstances)) for (const tier of tiers) this.#lookAtTier(request.place, facts, tier);
  }

  #lookAtLimit(place: number, charge: Charge, { after }: Standing): void {
    const limit = this.#limits.get(charge.limit);
    if (limit === undefined || asked(charge) === 0n || 5n * after <= 4n * limit.max) return;
    const before = this.#nearLimits.get(limit.id);
    const fullest = before === undefined || after > before.used ? { bucket: charge.bucket, used: after, place } : before;
    this.#nearLimits.set(limit.id, { rule: limit.id, max: limit.max, ...fullest, times: (before?.times ?? 0) + 1 });
  }

  #lookAtTier(place: number, facts: Facts, tier: Tier): void {
    const { rule, kinds, field, at, test } = tier;
    const value = facts[field];
    if (value === undefined || value >= at || 10n * value < 9n * at || !kinds.has(facts.kind)) return;
    const matches = test(facts) !== FALSE;
    const would = test({ ...facts, ...raised(facts, field, at - value) }) !== FALSE;
    if (matches !== (rule.type === "allow") || would === matches) return;
    const before = this.#nearTiers.get(tier);
    const nearest = before === undefined || value > before.amount ? { amount: value, place } : before;
    this.#nearTiers.set(tier, { rule: rule.id, type: rule.type, field, tier: at, ...nearest, times: (before?.times ?? 0) + 1 });
  }
}

/** More of the effect is more of the request as well. */
function raised({ amount, total }: Facts, field: "amount" | "total", by: bigint): Pick<Facts, "amount" | "total"> {
  const more = (value: bigint | undefined) => (value === undefined ? undefined : value + by);
  return field === "total" ? { total: more(total) } : { amount: more(amount), total: more(total) };
}

/** Where a rule begins to match, or for an allow ends. */
function tiersOf(rule: Rule): readonly Tier[] {
  const test = compileCondition(rule.when);
  const kinds = new Set(rule.kinds);
  return boundsOf(rule.when).map(({ field, at }) => ({ rule, test, kinds, field, at }));
}

interface Bound {
  readonly field: "amount" | "total";
  readonly at: bigint;
}

/** Every amount at which a comparison changes its mind; which way is found out by trying. */
function boundsOf(condition: Condition): readonly Bound[] {
  const bounds = new Map<string, Bound>();
  const visit = (part: Condition): void => {
    if (part.op === "all" || part.op === "any") part.of.forEach(visit);
    else if (part.op === "not") visit(part.of);
    else if (part.op === "within" && (part.field === "amount" || part.field === "total")) {
      const { field } = part;
      for (const [low, high] of part.intervals) {
        for (const at of [low, high + 1n]) if (at > 0n && at <= UNLIMITED) bounds.set(`${field} ${at}`, { field, at });
      }
    }
  };
  visit(condition);
  return [...bounds.values()];
}
