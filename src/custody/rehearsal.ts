import type { Effect } from "../intent/effect.ts";
import { OUTFLOW } from "../intent/fields.ts";
import type { IntentId, Reason } from "../intent/intent.ts";
import type { Charge, Judgement, Need } from "../intent/verdict.ts";
import { type Hold, reserve, spend } from "../limits/hold.ts";
import { Ledger } from "../limits/ledger.ts";
import type { Taken } from "../policy/analyze/rehearse.ts";
import type { Sequence, Step } from "../policy/analyze/sequence.ts";
import type { Policy } from "../policy/core.ts";
import { compile, type Evaluator } from "../policy/evaluate.ts";
import { factsFromJson, factsOf, factsToJson } from "../policy/facts.ts";
import { isOver, stillMissing, type Waits, waitsFor } from "./imagined.ts";
import { MOST_OF_ONE, MOST_PENDING, tooMany } from "./pending.ts";

/** One step as a custody would have taken it. */
export interface RehearsedStep {
  /** How many of its repeats were let through, from the first on. */
  readonly passed: bigint;
  /** Why the next one was denied, where one was. */
  readonly reasons: readonly Reason[];
  /** What the next one still waited for, where it was not denied. */
  readonly missing: readonly Need[];
}

/** What became of a sequence. */
export interface Rehearsal {
  /** Every step was let through as often as it says. */
  readonly complete: boolean;
  /** Whatever was not let through was denied when it was asked for already, before any delay of it ran. */
  readonly unasked: boolean;
  readonly steps: readonly RehearsedStep[];
  /** What left with what was let through, by qualified asset (`eip155:1/native`), in smallest units. */
  readonly taken: ReadonlyMap<string, Taken>;
}

/**
 * Takes a sequence through what stands between a request and a key: the compiled evaluator, the counters over holds that are
 * reserved and spent, the answers and delays of requests that wait, each with the code that a custody runs. No key, store or
 * session is needed: every person of the policy begins sessions, and answers where they may.
 *
 * - A step is judged when it is asked, where that is earlier, and again when it is signed; whoever answers does so as soon as they
 *   may. What is denied when it is asked does not wait, so no delay of it runs.
 * - The mode of the first step holds from the beginning, until a signed `modeChange` ends it.
 * - Repeats differ in something that no rule sees (a nonce, a wei of the fee), so each waits by itself, and no more of them at once
 *   than a custody lets wait.
 * - However often a step repeats it is judged some sixty times at most: what repeats draw adds up, and more of it on the counters
 *   never lets more through, so where the last one passes each before it does.
 *
 * @param options.commitMs - how long after the clock was read a signature is counted; a custody counts a second to be safe.
 */
export function rehearseInCustody(policy: Policy, sequence: Sequence, options: { readonly commitMs?: number } = {}): Rehearsal {
  const stage = new Stage(policy, sequence, options.commitMs ?? 0);
  for (const { index, what } of momentsOf(sequence)) stage[what](index);
  return stage.rehearsal();
}

interface Moment {
  readonly at: number;
  readonly index: number;
  readonly what: "ask" | "sign";
}

/** Who asks early does so before anything is signed at the same moment; what is signed keeps the order of its steps. */
function momentsOf({ steps }: Sequence): readonly Moment[] {
  const asked = steps.flatMap(({ askedMs, signedMs }, index): Moment[] =>
    askedMs < signedMs ? [{ at: askedMs, index, what: "ask" }] : [],
  );
  const signed = steps.map(({ signedMs }, index): Moment => ({ at: signedMs, index, what: "sign" }));
  return [...asked, ...signed].sort((a, b) => a.at - b.at);
}

/** Repeats of one step that were signed together. */
interface Repeated extends Hold {
  readonly charges: readonly Charge[];
}

const NOTHING: RehearsedStep = { passed: 0n, reasons: [], missing: [] };

class Stage {
  readonly #policy: Policy;
  readonly #sequence: Sequence;
  readonly #commitMs: number;
  readonly #evaluator: Evaluator;
  readonly #ledger: Ledger<Repeated>;
  readonly #done: RehearsedStep[];
  readonly #waiting = new Map<number, { readonly waits: Waits; readonly repeats: bigint }>();
  readonly #taken = new Map<string, Taken>();
  readonly #unasked = new Set<number>();
  #mode: { readonly name: string; readonly until?: number };
  #holds = 0;

  constructor(policy: Policy, sequence: Sequence, commitMs: number) {
    this.#policy = policy;
    this.#sequence = sequence;
    this.#commitMs = commitMs;
    this.#evaluator = compiled(policy);
    const windows = new Map(this.#evaluator.limits.map(({ id, windowMs }) => [id, windowMs]));
    this.#ledger = new Ledger({ weigh: ({ charges }) => charges, window: (limit) => windows.get(limit) ?? "ever" });
    this.#done = sequence.steps.map(() => NOTHING);
    this.#mode = { name: sequence.steps[0]?.witness.circumstances.mode ?? "normal" };
  }

  ask(index: number): void {
    const step = this.#step(index);
    const { requester } = step.witness.circumstances;
    const now = this.#sequence.from + step.askedMs;
    const judgement = this.#judge(step, now, this.#modeAt(now));
    const room = this.#room(requester);
    if (judgement.reasons.length > 0) {
      this.#done[index] = { ...NOTHING, reasons: judgement.reasons };
      this.#unasked.add(index);
    } else if (judgement.needs.length > 0 && room === 0n) this.#done[index] = { ...NOTHING, reasons: [tooMany()] };
    else if (judgement.needs.length > 0 && requester !== undefined) {
      const waits = waitsFor(this.#policy, { requester, approvers: step.approvers, needs: judgement.needs, now });
      this.#waiting.set(index, { waits, repeats: step.times < room ? step.times : room });
    }
  }

  sign(index: number): void {
    const step = this.#step(index);
    if (this.#done[index] !== NOTHING) return;
    const waiting = this.#waiting.get(index);
    const asked = waiting !== undefined && waiting.repeats < step.times ? waiting.repeats : step.times;
    const passed = mostOf(asked, (repeat) => isLetThrough(this.#try(step, waiting?.waits, repeat)));
    this.#waiting.delete(index);
    if (passed > 0n) this.#spend(step, passed);
    const next = passed === asked ? undefined : this.#try(step, waiting?.waits, 1n);
    const crowded = next === undefined && passed < step.times ? [tooMany()] : [];
    this.#done[index] = { passed, reasons: next?.reasons ?? crowded, missing: next?.missing ?? [] };
  }

  rehearsal(): Rehearsal {
    const open = this.#sequence.steps.flatMap(({ times }, index) => (this.#done[index]?.passed === times ? [] : [index]));
    const unasked = open.length > 0 && open.every((index) => this.#unasked.has(index));
    return { complete: open.length === 0, unasked, steps: this.#done, taken: this.#taken };
  }

  /** The so manieth repeat of a step, once those before it are signed at the same moment. */
  #try(step: Step, waits: Waits | undefined, repeat: bigint): Omit<RehearsedStep, "passed"> {
    const { requester, mode } = step.witness.circumstances;
    const now = this.#sequence.from + step.signedMs;
    const holds = this.#modeAt(now);
    if (requester === undefined || !this.#policy.people.has(requester)) return { reasons: [NOBODY], missing: [] };
    if (mode !== holds) return { reasons: [otherMode(mode, holds)], missing: [] };
    const before = repeat === 1n ? undefined : this.#hold(step, repeat - 1n);
    this.#ledger.apply(undefined, before);
    const { reasons, needs } = this.#judge(step, now, mode);
    this.#ledger.apply(before, undefined);
    if (reasons.length > 0 || needs.length === 0) return { reasons, missing: [] };
    if (waits === undefined && this.#room(requester) === 0n) return { reasons: [tooMany()], missing: [] };
    const asked = { requester, approvers: step.approvers, needs, now };
    const stillWaits = waits === undefined || isOver(this.#policy, waits, asked) ? waitsFor(this.#policy, asked) : waits;
    return { reasons: [], missing: stillMissing(this.#policy, stillWaits, asked) };
  }

  #judge({ witness: { effects, circumstances } }: Step, now: number, mode: string): Judgement {
    return this.#evaluator.judge(
      { effects, refusals: [] },
      { ...circumstances, now, mode },
      {
        after: (charge) => this.#ledger.after(charge, { now }),
      },
    );
  }

  /** Reserved and then spent, as the two commits of a custody do it. */
  #spend(step: Step, times: bigint): void {
    const now = this.#sequence.from + step.signedMs;
    this.#ledger.apply(undefined, this.#hold(step, times));
    for (const { kind, toMode } of step.witness.effects) if (kind === "modeChange" && toMode !== undefined) this.#setMode(toMode, now);
    for (const effect of step.witness.effects) this.#take(effect, times);
  }

  #hold({ signedMs, witness: { effects, circumstances } }: Step, times: bigint): Repeated {
    const now = this.#sequence.from + signedMs;
    const facts = factsOf({ effects }, { ...circumstances, now }).map(factsToJson);
    const weighed = this.#evaluator.weigh(facts.map(factsFromJson));
    const charges = weighed.map((charge) => ({ ...charge, replaceable: times * charge.replaceable, lasting: times * charge.lasting }));
    const name = `${this.#holds++}`;
    const asked = { id: name, intent: name as IntentId, requester: circumstances.requester ?? "", facts, charges };
    const at = now + this.#commitMs;
    const spent = spend(reserve(asked, { fence: name, leaseUntil: at + 1 }, now), name, at);
    if (spent.kind === "refused") throw new Error(`unreachable: a hold of the rehearsal is ${spent.why}`);
    return spent.hold;
  }

  #take({ kind, chain, asset, amount = 0n }: Effect, times: bigint): void {
    if (!(OUTFLOW as readonly string[]).includes(kind) || chain === undefined || asset === undefined) return;
    const before = this.#taken.get(`${chain}/${asset}`) ?? { amount: 0n, fees: 0n };
    const fees = kind === "fee" ? times * amount : 0n;
    this.#taken.set(`${chain}/${asset}`, { amount: before.amount + times * amount, fees: before.fees + fees });
  }

  /** How many more requests of this person may wait. */
  #room(person: string | undefined): bigint {
    let all = 0n;
    let theirs = 0n;
    for (const [index, { repeats }] of this.#waiting) {
      all += repeats;
      if (this.#step(index).witness.circumstances.requester === person) theirs += repeats;
    }
    const left = [BigInt(MOST_PENDING) - all, BigInt(MOST_OF_ONE) - theirs].reduce((a, b) => (a < b ? a : b));
    return left > 0n ? left : 0n;
  }

  #setMode(name: string, now: number): void {
    const lastsMs = this.#policy.modes.get(name)?.lastsMs;
    this.#mode = { name, ...(lastsMs !== undefined && { until: now + lastsMs }) };
  }

  #modeAt(now: number): string {
    const { name, until = Number.POSITIVE_INFINITY } = this.#mode;
    return now < until ? name : "normal";
  }

  #step(index: number): Step {
    const step = this.#sequence.steps[index];
    if (step === undefined) throw new RangeError(`expected a step, got number ${index}`);
    return step;
  }
}

const evaluators = new WeakMap<Policy, Evaluator>();

/** Made once, for the hundreds of sequences of one audit. */
function compiled(policy: Policy): Evaluator {
  const evaluator = evaluators.get(policy) ?? compile(policy);
  evaluators.set(policy, evaluator);
  return evaluator;
}

function isLetThrough({ reasons, missing }: Omit<RehearsedStep, "passed">): boolean {
  return reasons.length === 0 && missing.length === 0;
}

/** The largest number up to `most` that passes, where whatever passes lets all smaller ones pass; 0 if not even 1 does. */
function mostOf(most: bigint, passes: (number: bigint) => boolean): bigint {
  if (most <= 0n || passes(most)) return most;
  let [good, bad] = [0n, most];
  while (bad - good > 1n) {
    const middle = (good + bad) / 2n;
    if (passes(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

const NOBODY: Reason = {
  code: "session/no-such-person",
  params: {},
  text: "nobody of the policy asks, and only its people begin sessions",
};

function otherMode(mode: string, holds: string): Reason {
  return { code: "policy/other-mode", params: { mode, holds }, text: `it is for mode ${mode}, and ${holds} holds` };
}
