import type { Time } from "../base/time.ts";
import { type Address, type Circumstances, type Effect, UNLIMITED } from "../intent/effect.ts";
import type { Field } from "../intent/fields.ts";
import type { Charge, Judgement } from "../intent/verdict.ts";
import type { Condition, Interval, LimitRule, Policy } from "./core.ts";
import type { Counters } from "./counters.ts";
import type { Evaluator } from "./evaluate.ts";
import { totalsOf } from "./totals.ts";

/**
 * Where a policy's answer can change, as candidates for `explain.ts`, nearest first. None is promised to pass: each is judged
 * again before it is offered.
 */

/** Everything that a search for changes needs to know. */
export interface Asked {
  readonly evaluator: Pick<Evaluator, "policy" | "limits">;
  readonly effects: readonly Effect[];
  readonly circumstances: Circumstances;
  readonly counters: Counters;
  readonly judgement: Judgement;
  /** Judges again; `undefined` is denied. */
  readonly passes: (effects: readonly Effect[], when: Circumstances) => Passing | undefined;
}

/** What a request comes to that is not denied. */
export type Passing = "allow" | "pending";

/** Amounts of one effect below the present one: the edges of conditions, and what limits leave room for. */
export function smallerAmounts({ evaluator, effects, counters, judgement }: Asked, index: number): readonly bigint[] {
  const effect = effects[index];
  const amount = effect?.amount;
  if (effect === undefined || amount === undefined) return [];
  const total = totalsOf(effects)[index];
  const others = total === undefined ? 0n : total - amount;
  const edges = [...edgesOf(evaluator.policy, "amount"), ...edgesOf(evaluator.policy, "total").map((edge) => edge - others)];
  const rooms = judgement.charges.flatMap((charge) => {
    const limit = evaluator.limits.find(({ id }) => id === charge.limit);
    return limit === undefined ? [] : roomsFor(effect, amount, limit, charge, counters);
  });
  const smaller = [...edges, ...rooms].filter((candidate) => candidate > 0n && candidate < amount && candidate < UNLIMITED);
  return [...new Set(smaller)].sort((a, b) => (a > b ? -1 : 1));
}

/** Moments after the present one: when counters free, hours and dates begin or end, and recipients come of age. */
export function laterTimes({ evaluator, effects, circumstances, judgement }: Asked): readonly Time[] {
  const { policy } = evaluator;
  const frees = judgement.reasons.flatMap(({ params: { freesAt } }) => (typeof freesAt === "number" ? [freesAt] : []));
  const dates = edgesOf(policy, "date").map(Number);
  const ages = edgesOf(policy, "recipientAge").map(Number);
  const births = effects.flatMap(({ chain, to }) => (chain === undefined || to === undefined ? [] : [circumstances.addedAt?.(chain, to)]));
  const grown = births.flatMap((added) => (added === undefined ? [] : ages.map((age) => added + age)));
  const later = [...frees, ...dates, ...grown].filter((time) => time > circumstances.now && time <= LAST_TIME);
  return [...new Set(later)].sort((a, b) => a - b);
}

/** Addresses that the policy knows on the effect's chain, the book's names first. */
export function otherRecipients(
  { evaluator: { policy } }: Asked,
  { chain, to }: Effect,
): readonly { readonly name: string; readonly address: Address }[] {
  if (chain === undefined || to === undefined) return [];
  const named = [...policy.addresses].filter(([, entry]) => entry.chain === chain).map(([name, { address }]) => ({ name, address }));
  const spoken = conditionsOf(policy).flatMap((condition) =>
    condition.op === "in" && condition.field === "to" ? [...condition.values] : [],
  );
  const bare = spoken.filter((text) => text.startsWith(`${chain}:`)).map((text) => text.slice(chain.length + 1));
  const unnamed = [...new Set(bare)]
    .filter((address) => named.every((entry) => entry.address !== address))
    .map((address) => ({ name: address, address }));
  return [...named, ...unnamed].filter(({ address }) => address !== to);
}

/** Everybody else, with each kind of credential that could begin their session. */
export function otherPeople({
  evaluator: { policy },
  circumstances,
}: Asked): readonly { readonly requester: string; readonly session: string }[] {
  return [...policy.people].flatMap(([requester, credentials]) =>
    requester === circumstances.requester
      ? []
      : [...new Set(credentials.map(({ kind }) => kind))].map((session) => ({ requester, session })),
  );
}

// The last moment that a date can say (ECMA-262, "Time Values and Time Range").
const LAST_TIME = 8.64e15;

/** The largest amounts of this effect with which the counter would just be full; two, because `after` may know of a replacement. */
function roomsFor(
  { chain, asset }: Effect,
  amount: bigint,
  { measure, max }: LimitRule,
  charge: Charge,
  counters: Counters,
): readonly bigint[] {
  if (measure.type === "count") return [];
  const price = measure.type === "amount" ? { numerator: 1n, denominator: 1n } : measure.worth.get(`${chain}/${asset}`);
  if (price === undefined || price.numerator <= 0n) return [];
  const { numerator, denominator } = price;
  const { used, after } = counters.after(charge);
  const weight = amount >= UNLIMITED ? UNLIMITED : (amount * numerator + denominator - 1n) / denominator;
  const others = charge.replaceable + charge.lasting - weight;
  return [weight - (after - max), max - used - others].map((room) => (room * denominator) / numerator);
}

/** The first values inside and outside of every interval that some condition compares the field with. */
function edgesOf(policy: Policy, field: Field): readonly bigint[] {
  const intervals = conditionsOf(policy).flatMap((condition): readonly Interval[] =>
    condition.op === "within" && condition.field === field ? condition.intervals : [],
  );
  return [...new Set(intervals.flatMap(([low, high]) => [low - 1n, low, high, high + 1n]))];
}

/** Every comparison in the policy, out of its combinations. */
function conditionsOf(policy: Policy): readonly Condition[] {
  const rules = [...policy.rules, ...[...policy.modes.values()].flatMap((mode) => mode.rules)];
  return rules.flatMap(({ when }) => leavesOf(when));
}

function leavesOf(condition: Condition): readonly Condition[] {
  switch (condition.op) {
    case "all":
    case "any":
      return condition.of.flatMap(leavesOf);
    case "not":
      return leavesOf(condition.of);
    default:
      return [condition];
  }
}
