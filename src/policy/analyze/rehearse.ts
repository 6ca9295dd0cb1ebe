import type { Effect } from "../../intent/effect.ts";
import { KIND_FIELDS, OUTFLOW } from "../../intent/fields.ts";
import type { Reason } from "../../intent/intent.ts";
import type { Charge, Need } from "../../intent/verdict.ts";
import type { Condition, LimitRule, Policy, Rule } from "../core.ts";
import type { Counters } from "../counters.ts";
import { interpret } from "../interpret.ts";
import { type Actors, actorsOf } from "./actors.ts";
import { everyRule } from "./dimensions.ts";
import { suffices } from "./quorum.ts";
import type { Sequence, Step } from "./sequence.ts";

/** What a policy let through of a sequence. */
export interface Rehearsed {
  /** One for each step: all of its repetitions passed, or none did. */
  readonly steps: readonly RehearsedStep[];
  /** What left with those that passed, by qualified asset, in smallest units. */
  readonly taken: ReadonlyMap<string, Taken>;
}

export interface Taken {
  /** Fees included. */
  readonly amount: bigint;
  readonly fees: bigint;
}

export type RehearsedStep =
  | { readonly kind: "passed" }
  | { readonly kind: "denied"; readonly reasons: readonly Reason[] }
  /** What was asked for and not given. */
  | { readonly kind: "pending"; readonly needs: readonly Need[] };

/**
 * Plays a sequence as if from an empty vault: each request is judged by the plain interpreter at the moment at which it is signed,
 * against sums over what was signed before, window by window. A step counts only if its last repetition passes too.
 */
export function rehearse(whole: Policy, { from, steps }: Sequence): Rehearsed {
  const policy = near(
    whole,
    steps.flatMap(({ witness }) => witness.effects),
  );
  const actors = actorsOf(policy);
  const sums = new Sums(policy);
  const taken = new Map<string, Taken>();
  const played = steps.map((step): RehearsedStep => {
    const now = from + step.signedMs;
    const circumstances = { ...step.witness.circumstances, now };
    const { effects } = step.witness;
    const { reasons, needs, charges } = interpret(policy, { effects, refusals: [] }, circumstances, sums.at(now, step.times));
    if (reasons.length > 0 || step.times < 1n) return { kind: "denied", reasons };
    const open = needs.filter((need) => !isMet(need, step, actors, now));
    if (open.length > 0) return { kind: "pending", needs: open };
    sums.add(now, charges, step.times);
    for (const effect of effects) take(taken, effect, step.times);
    return { kind: "passed" };
  });
  return { steps: played, taken };
}

/**
 * The policy without rules that speak of none of these effects, because of their kinds or their assets: the interpreter looks at
 * every rule for every request, and few of many are about one asset.
 */
function near(policy: Policy, effects: readonly Effect[]): Policy {
  const kinds = new Set(effects.map(({ kind }) => kind));
  const assets = new Set(effects.map(assetOf));
  const speaks = (rule: Rule) => rule.kinds.some((kind) => kinds.has(kind)) && !leavesOut(rule.when, assets);
  const known = nearby.get(policy) ?? new Map<string, Policy>();
  nearby.set(policy, known);
  const key = JSON.stringify([[...kinds].sort(), [...assets].map((asset) => asset ?? "").sort()]);
  const found = known.get(key) ?? withRules(policy, speaks);
  known.set(key, found);
  return found;
}

// A report rehearses sequences of each asset for every stolen set and every length of time.
const nearby = new WeakMap<Policy, Map<string, Policy>>();

function withRules(policy: Policy, speaks: (rule: Rule) => boolean): Policy {
  const modes = [...policy.modes].map(([name, mode]) => [name, { ...mode, rules: mode.rules.filter(speaks) }] as const);
  return { ...policy, rules: policy.rules.filter(speaks), modes: new Map(modes) };
}

/** As rules see it: kinds that have no asset have none that is known. */
function assetOf({ kind, chain, asset }: Effect): string | undefined {
  const known = chain !== undefined && asset !== undefined && KIND_FIELDS[kind].includes("asset");
  return known ? `${chain}/${asset}` : undefined;
}

/** Whether a condition is false for certain whichever of these assets an effect is of; an unknown one may be any. */
function leavesOut(when: Condition, assets: ReadonlySet<string | undefined>): boolean {
  if (when.op === "all") return when.of.some((part) => leavesOut(part, assets));
  return when.op === "in" && when.field === "asset" && [...assets].every((asset) => asset !== undefined && !when.values.has(asset));
}

function isMet(need: Need, { askedMs, signedMs, approvers, witness }: Step, actors: Actors, now: number): boolean {
  const { requester } = witness.circumstances;
  switch (need.kind) {
    case "approvals":
      return suffices([need.alternatives], actors.approvers(approvers, requester, now));
    case "delay":
      return signedMs - askedMs >= need.delayMs;
    case "confirm":
      return requester !== undefined && actors.answers(requester);
  }
}

function take(taken: Map<string, Taken>, { kind, chain, asset, amount = 0n }: Effect, times: bigint): void {
  if (chain === undefined || asset === undefined || !(OUTFLOW as readonly string[]).includes(kind)) return;
  const before = taken.get(`${chain}/${asset}`) ?? { amount: 0n, fees: 0n };
  const more = amount * times;
  taken.set(`${chain}/${asset}`, { amount: before.amount + more, fees: before.fees + (kind === "fee" ? more : 0n) });
}

/** What was drawn from each counter, and when. */
class Sums {
  readonly #limits: ReadonlyMap<string, LimitRule>;
  readonly #drawn = new Map<string, { readonly at: number; readonly amount: bigint }[]>();

  constructor(policy: Policy) {
    this.#limits = new Map(everyRule(policy).flatMap((rule) => (rule.type === "limit" ? [[rule.id, rule]] : [])));
  }

  /** As they stand before the last of so many equal requests at this moment. */
  at(now: number, times: bigint): Counters {
    return {
      after: (charge) => {
        const asked = charge.replaceable + charge.lasting;
        const used = this.#used(charge, now) + asked * (times - 1n);
        return { used, after: used + asked };
      },
    };
  }

  add(now: number, charges: readonly Charge[], times: bigint): void {
    for (const charge of charges) {
      const key = keyOf(charge);
      const drawn = this.#drawn.get(key) ?? [];
      drawn.push({ at: now, amount: (charge.replaceable + charge.lasting) * times });
      this.#drawn.set(key, drawn);
    }
  }

  #used(charge: Charge, now: number): bigint {
    const windowMs = this.#limits.get(charge.limit)?.windowMs ?? "ever";
    const since = windowMs === "ever" ? Number.NEGATIVE_INFINITY : now - windowMs;
    return (this.#drawn.get(keyOf(charge)) ?? []).reduce((sum, { at, amount }) => (at > since ? sum + amount : sum), 0n);
  }
}

function keyOf({ limit, bucket }: Charge): string {
  return JSON.stringify([limit, bucket]);
}
