import type { Circumstances, Effect } from "../../intent/effect.ts";
import { OUTFLOW } from "../../intent/fields.ts";
import type { Reason } from "../../intent/intent.ts";
import type { Charge, Need } from "../../intent/verdict.ts";
import type { LimitRule, Policy, Rule } from "../core.ts";
import type { Counters, Standing } from "../counters.ts";
import { interpret } from "../interpret.ts";
import { type Actors, actorsOf, membersOf } from "./actors.ts";
import { everyRule } from "./dimensions.ts";
import { near, type Rules } from "./near.ts";
import { suffices } from "./quorum.ts";
import type { Sequence, Step } from "./sequence.ts";
import { speaksOf } from "./speaks.ts";

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
 * against sums over what was signed before, window by window. A step counts only if its last repetition passes too. What is asked
 * again, by the same people and on the same sums, is judged as it was, unless a rule looks at the time.
 */
export function rehearse(policy: Policy, { from, steps }: Sequence): Rehearsed {
  const rules = near(policy, [...new Set(steps.map(({ witness }) => witness.effects))].flat());
  const judge = new Judge(rules, actorsOf(policy));
  const sums = new Sums(rules);
  const passed = new Map<readonly Effect[], bigint>();
  const played = steps.map((step): RehearsedStep => {
    const { effects } = step.witness;
    const now = from + step.signedMs;
    const { outcome, charges } = judge.of(step, now, sums.at(now, step.times));
    if (outcome.kind !== "passed") return outcome;
    sums.add(now, charges, step.times);
    passed.set(effects, (passed.get(effects) ?? 0n) + step.times);
    return outcome;
  });
  const taken = new Map<string, Taken>();
  for (const [effects, times] of passed) for (const effect of effects) take(taken, effect, times);
  return { steps: played, taken };
}

/** What was said of a step, and the sums on which. */
interface Said {
  readonly step: Step;
  readonly outcome: RehearsedStep;
  readonly charges: readonly Charge[];
  readonly standings: readonly (readonly [Charge, Standing])[];
}

const PASSED: RehearsedStep = { kind: "passed" };

class Judge {
  readonly #rules: Rules;
  readonly #actors: Actors;
  /** The last of each request, day after day; nothing is kept where a rule looks at the time. */
  readonly #last: Map<readonly Effect[], Said> | undefined;

  constructor(rules: Rules, actors: Actors) {
    this.#rules = rules;
    this.#actors = actors;
    this.#last = everyRule(rules).some(looksAtTime) ? undefined : new Map();
  }

  of(step: Step, now: number, counters: Counters): Pick<Said, "outcome" | "charges"> {
    const { effects } = step.witness;
    const last = this.#last?.get(effects);
    if (last !== undefined && isAlike(last.step, step) && last.standings.every(([charge, was]) => isSame(counters.after(charge), was)))
      return last;
    const said = this.#judge(step, now, counters);
    this.#last?.set(effects, said);
    return said;
  }

  #judge(step: Step, now: number, counters: Counters): Said {
    const standings: (readonly [Charge, Standing])[] = [];
    const after = (charge: Charge) => {
      const standing = counters.after(charge);
      standings.push([charge, standing]);
      return standing;
    };
    const circumstances = { ...step.witness.circumstances, now };
    const { reasons, needs, charges } = interpret(this.#rules, { effects: step.witness.effects, refusals: [] }, circumstances, { after });
    const said = (outcome: RehearsedStep): Said => ({ step, outcome, charges, standings });
    if (reasons.length > 0 || step.times < 1n) return said({ kind: "denied", reasons });
    const open = needs.filter((need) => !isMet(need, step, this.#actors, now));
    return said(open.length > 0 ? { kind: "pending", needs: open } : PASSED);
  }
}

function looksAtTime(rule: Rule): boolean {
  const dated =
    (rule.type === "require" || rule.type === "limit") && membersOf(rule).some(({ from, until }) => (from ?? until) !== undefined);
  const ends = rule.type === "limit" && rule.measure.type === "value";
  return dated || ends || (["date", "hour", "recipientAge"] as const).some((field) => speaksOf(rule.when, field));
}

/** Whether two steps differ at most in their moments and how often they are done. */
function isAlike(a: Step, b: Step): boolean {
  const [one, other] = [a.witness.circumstances, b.witness.circumstances];
  return (
    a.witness.effects === b.witness.effects &&
    a.approvers === b.approvers &&
    a.signedMs - a.askedMs === b.signedMs - b.askedMs &&
    a.times >= 1n === b.times >= 1n &&
    isWithin(one, other) &&
    isWithin(other, one)
  );
}

function isWithin(one: Circumstances, other: Circumstances): boolean {
  for (const key in one) {
    if (key !== "now" && one[key as keyof Circumstances] !== other[key as keyof Circumstances]) return false;
  }
  return true;
}

function isSame(a: Standing, b: Standing): boolean {
  return a.used === b.used && a.after === b.after;
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

/** What was drawn from one counter, and when. */
interface Drawn {
  readonly windowMs: number;
  readonly draws: { readonly at: number; readonly amount: bigint }[];
  total: bigint;
  /** Whether each draw was no earlier than the one before it. */
  inOrder: boolean;
}

class Sums {
  readonly #limits: ReadonlyMap<string, LimitRule>;
  readonly #drawn = new Map<string, Map<string, Drawn>>();

  constructor(rules: Rules) {
    this.#limits = new Map(everyRule(rules).flatMap((rule) => (rule.type === "limit" ? [[rule.id, rule]] : [])));
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
      const drawn = this.#of(charge);
      const amount = (charge.replaceable + charge.lasting) * times;
      drawn.inOrder &&= (drawn.draws.at(-1)?.at ?? now) <= now;
      drawn.draws.push({ at: now, amount });
      drawn.total += amount;
    }
  }

  #used(charge: Charge, now: number): bigint {
    const { windowMs, draws, total, inOrder } = this.#of(charge);
    if (windowMs === Number.POSITIVE_INFINITY) return total;
    let sum = 0n;
    for (let index = draws.length - 1; index >= 0; index--) {
      const { at, amount } = draws[index] as Drawn["draws"][number];
      if (at > now - windowMs) sum += amount;
      else if (inOrder) break;
    }
    return sum;
  }

  #of({ limit, bucket }: Charge): Drawn {
    const buckets = this.#drawn.get(limit) ?? new Map<string, Drawn>();
    this.#drawn.set(limit, buckets);
    const known = buckets.get(bucket);
    if (known !== undefined) return known;
    const windowMs = this.#limits.get(limit)?.windowMs ?? "ever";
    const drawn: Drawn = { windowMs: windowMs === "ever" ? Number.POSITIVE_INFINITY : windowMs, draws: [], total: 0n, inOrder: true };
    buckets.set(bucket, drawn);
    return drawn;
  }
}
