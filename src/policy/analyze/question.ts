import type { Time } from "../../base/time.ts";
import type { EffectKind } from "../../intent/effect.ts";
import { compileCondition, TRUE } from "../condition.ts";
import type { Condition, LimitRule, Policy, RequireRule } from "../core.ts";
import { factsOf } from "../facts.ts";
import { type Actors, actorsOf, approvalsOf } from "./actors.ts";
import { Space } from "./dimensions.ts";
import { isAskedInTime } from "./early.ts";
import { Ground, groundOf } from "./ground.ts";
import { Inconclusive } from "./inconclusive.ts";
import { namedThroughout, objectorsAmong } from "./objectors.ts";
import { type Asked, fewest, suffices } from "./quorum.ts";
import { Budget } from "./regions.ts";
import { type Found, Walk } from "./walk.ts";
import { type Examples, judged, plainExamples, type Witness } from "./witness.ts";

/** Can an effect of these kinds, under this condition, be signed so cheaply? */
export interface Question {
  readonly kinds: readonly EffectKind[];
  /** All of them where it is absent. */
  readonly when?: Condition;
  readonly mode?: string;
  /** Those who ask and answer: everybody in the policy where it is absent. A service asks, and never answers. */
  readonly by?: ReadonlySet<string>;
  /** With fewer approvals than this, besides whoever asks; however many where it is absent. */
  readonly fewerThan?: number;
  /** It is asked here or at any later moment, and signed no sooner than its delay after that. Any moment where it is absent. */
  readonly from?: Time;
}

export type Answer =
  /** Proven: no effect is, over so many regions. */
  | { readonly kind: "no"; readonly regions: number }
  /** This one is: the interpreter said so again. `approvers` are as few as can be for it, and whoever asks is none of them. */
  | {
      readonly kind: "yes";
      readonly witness: Witness;
      readonly approvers: readonly string[];
      readonly delayMs: number;
      readonly confirm: boolean;
      /** Who could say no for as long as it waits: approvers that its rules name, and of whom the question is not. */
      readonly objectors: readonly string[];
    }
  /** Neither was shown, and nobody may take it for a no. */
  | { readonly kind: "inconclusive"; readonly why: string };

export interface AnswerOptions {
  /** How many expansions of the diagram it may take. */
  readonly work?: number;
  readonly signal?: AbortSignal;
  readonly examples?: Examples;
}

type Yes = Extract<Answer, { readonly kind: "yes" }>;

export const DEFAULT_WORK = 200_000;

/** Answers a question about one policy: exactly, or not at all. */
export function answer(policy: Policy, question: Question, options: AnswerOptions = {}): Answer {
  try {
    return new Search(policy, question, options).run();
  } catch (cause) {
    if (cause instanceof Inconclusive) return { kind: "inconclusive", why: cause.message };
    throw cause;
  }
}

class Search {
  readonly #policy: Policy;
  readonly #question: Question;
  readonly #examples: Examples;
  readonly #budget: Budget;
  readonly #actors: Actors;
  readonly #walk: Walk;
  readonly #people: readonly string[];

  constructor(policy: Policy, question: Question, { work = DEFAULT_WORK, signal, examples = plainExamples }: AnswerOptions) {
    this.#policy = policy;
    this.#question = question;
    this.#examples = examples;
    this.#budget = new Budget(work, signal);
    this.#actors = actorsOf(policy);
    const { kinds, when = { op: "always" }, mode = "normal", by, from = 0 } = question;
    this.#people = this.#actors.people.filter((person) => by?.has(person) ?? true);
    const ground = groundFor(policy, when);
    const using = { ground, actors: this.#actors, budget: this.#budget };
    this.#walk = new Walk({ topics: [{ kinds, when }], mode, from, ...(by && { by }) }, using);
  }

  run(): Answer {
    let regions = 0;
    let yes: Yes | undefined;
    let unshown: string | undefined;
    this.#walk.run({
      worth: ({ asks }) => this.#cheapest(askedBy(asks), undefined) !== undefined,
      found: (region) => {
        regions++;
        const shown = this.#show(region);
        if (typeof shown === "string") unshown = shown;
        else yes = shown;
        return yes !== undefined;
      },
    });
    if (yes !== undefined) return yes;
    return unshown === undefined ? { kind: "no", regions } : { kind: "inconclusive", why: unshown };
  }

  /** The fewest who could answer, if they are few enough; at any moment that is not chosen yet. */
  #cheapest(asked: readonly Asked[], asker: string | undefined, moment?: Time): readonly string[] | undefined {
    const found = fewest(asked, this.#actors.approvers(this.#people, asker, moment), this.#budget);
    return found === undefined || found.length >= (this.#question.fewerThan ?? Number.POSITIVE_INFINITY) ? undefined : found;
  }

  /** A region is a promise; a request that the interpreter lets pass is the proof. Says why, where there is none. */
  #show(region: Found): Yes | string | undefined {
    const { asks, askers, delayMs, confirm } = region;
    const { from = 0 } = this.#question;
    let why: string | undefined;
    for (const [asker, moment] of pairs(askers, [undefined, ...this.#walk.signedAt(region)])) {
      const witness = this.#walk.witness(region, asker, this.#examples, moment);
      const { now } = witness.circumstances;
      const approvers = this.#cheapest(askedBy(asks), asker, now);
      if (approvers === undefined) continue;
      why = refused(this.#policy, this.#actors, { witness, asker, approvers, delayMs, confirm, from });
      if (why === undefined && !this.#isAsked(witness)) why = "a region was found that no request of what is asked could be shown in";
      if (why !== undefined) continue;
      const named = namedThroughout(this.#actors, { asks, asker, until: now, delayMs });
      const people = this.#question.by ?? new Set([asker, ...approvers]);
      return { kind: "yes", witness, approvers, delayMs, confirm, objectors: objectorsAmong(this.#policy, named, { witness, people }) };
    }
    return why;
  }

  /** Whether it is certainly what the question is about. */
  #isAsked({ effects, circumstances }: Witness): boolean {
    const { kinds, when } = this.#question;
    const [effect] = effects;
    const [facts] = factsOf({ effects }, circumstances);
    if (effect === undefined || facts === undefined || !kinds.includes(effect.kind)) return false;
    return when === undefined || compileCondition(when)(facts) === TRUE;
  }
}

function pairs<A, B>(one: readonly A[], other: readonly B[]): readonly (readonly [A, B])[] {
  return other.flatMap((b) => one.map((a) => [a, b] as const));
}

/** A question may name arguments that no rule does. */
function groundFor(policy: Policy, when: Condition): Ground {
  const known = groundOf(policy);
  return known.space.knows(when) ? known : new Ground(policy, new Space([policy], [when]));
}

/** What is said to be enough for a request. */
interface Promised {
  readonly witness: Witness;
  readonly asker: string;
  readonly approvers: readonly string[];
  readonly delayMs: number;
  readonly confirm: boolean;
  /** It is asked here or later. */
  readonly from?: Time;
}

/** Why a request that is said to pass does not, as the interpreter judges it; nothing where it passes. */
export function refused(policy: Policy, actors: Actors, promised: Promised): string | undefined {
  const { witness, asker, approvers, delayMs, confirm } = promised;
  const { reasons, needs } = judged(policy, witness);
  const asked = needs.flatMap((need) => (need.kind === "approvals" ? [need.alternatives] : []));
  const answered = suffices(asked, actors.approvers(approvers, asker, witness.circumstances.now));
  const waits = Math.max(0, ...needs.flatMap((need) => (need.kind === "delay" ? [need.delayMs] : []))) <= delayMs;
  const present = confirm || !needs.some(({ kind }) => kind === "confirm");
  if (reasons.length === 0 && answered && waits && present)
    return isAskedInTime(policy, witness, promised.from) ? undefined : "a region was found in which no request could be asked for in time";
  return `a region was found that no single request could be shown in: ${reasons[0]?.code ?? "approvals"}`;
}

/** What rules ask of approvers: one that asks none of them is left out, and what several ask alike is asked once. */
export function askedBy(asks: readonly (RequireRule | LimitRule)[]): readonly Asked[] {
  const alike = new Map<string, Asked>();
  for (const rule of asks) if (approvalsOf(rule).length > 0) alike.set(textOf(rule), approvalsOf(rule));
  return [...alike.values()];
}

const texts = new WeakMap<RequireRule | LimitRule, string>();

function textOf(rule: RequireRule | LimitRule): string {
  const text = texts.get(rule) ?? JSON.stringify(approvalsOf(rule));
  texts.set(rule, text);
  return text;
}
