import type { Json } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import { UNLIMITED } from "../intent/effect.ts";
import type { Reason } from "../intent/intent.ts";
import type { Charge } from "../intent/verdict.ts";
import type { LimitRule } from "./core.ts";
import { reason } from "./reasons.ts";
import { asked } from "./weigh.ts";

/**
 * What the evaluator asks of whoever keeps the counters, at the moment of the judgement. The caller knows windows, and lanes:
 * in an exact replacement the replaceable part counts once, so `after` may be less than `used` plus what is asked.
 */
export interface Counters {
  /**
   * @returns `used`: where the counter stands; `after`: where it would stand with this charge, never less than the charge
   * itself; `freesAt`: the first moment at which the charge would fit, where there is one.
   */
  after(charge: Charge): Standing;
}

export interface Standing {
  readonly used: bigint;
  readonly after: bigint;
  readonly freesAt?: Time;
}

/** Counters on which nothing was ever spent: for `explain` without a vault, which then says that it assumed so. */
export const emptyCounters: Counters = { after: (charge) => ({ used: 0n, after: asked(charge) }) };

/** The reason why this charge is over the limit's maximum, if it is. @throws TypeError if the counters give no answer. */
export function exceeding(limit: LimitRule, charge: Charge, counters: Counters): Reason | undefined {
  const { used, after, freesAt } = counters.after(charge);
  // A comparison with something that is no integer would be false, and the limit would pass.
  if (typeof used !== "bigint" || typeof after !== "bigint") throw new TypeError("counters: expected used and after as integers");
  if (after <= limit.max && asked(charge) <= limit.max) return undefined;
  const numbers = { used: amount(used), asked: amount(asked(charge)), max: amount(limit.max) };
  const unit = limit.unit && { unit: limit.unit.name, decimals: limit.unit.decimals };
  const params = { limit: limit.id, bucket: charge.bucket, ...numbers, ...unit, ...(freesAt !== undefined && { freesAt }) };
  return reason("limit/exceeded", params, { rule: limit.id });
}

function amount(value: bigint): Json {
  return value >= UNLIMITED ? "unlimited" : value.toString();
}
