import type { Time } from "../../base/time.ts";
import type { EffectKind } from "../../intent/effect.ts";
import type { Member } from "../../intent/verdict.ts";
import type { Condition, Policy } from "../core.ts";
import { type Box, boxesOf, meet, ofKinds } from "./boxes.ts";
import { Space } from "./dimensions.ts";
import { feasible, only } from "./feasible.ts";
import { Inconclusive } from "./inconclusive.ts";
import { about, itemsOf, marksOf, Outcomes, rulesIn, untilDenied } from "./items.ts";
import { type Approvers, type Asked, fewest, suffices } from "./quorum.ts";
import { Budget, Regions, type State } from "./regions.ts";
import { hasName, keyOf, type ValueSet } from "./sets.ts";
import { type Examples, judged, plainExamples, type Witness, witnessIn } from "./witness.ts";

/** Can an effect of these kinds, under this condition, be signed so cheaply? */
export interface Question {
  readonly kinds: readonly EffectKind[];
  /** All of them where it is absent. */
  readonly when?: Condition;
  readonly mode?: string;
  /** Those who ask and answer: everybody in the policy where it is absent. */
  readonly by?: ReadonlySet<string>;
  /** With fewer approvals than this; however many where it is absent. */
  readonly fewerThan?: number;
}

export type Answer =
  /** Proven: no effect is, over so many regions. */
  | { readonly kind: "no"; readonly regions: number }
  /** This one is: the interpreter said so again. `approvers` are as few as can be. */
  | {
      readonly kind: "yes";
      readonly witness: Witness;
      readonly approvers: readonly string[];
      readonly delayMs: number;
      readonly confirm: boolean;
    }
  /** Neither was shown, and nobody may take it for a no. */
  | { readonly kind: "inconclusive"; readonly why: string };

export interface AnswerOptions {
  /** How many expansions of the diagram it may take. */
  readonly work?: number;
  readonly signal?: AbortSignal;
  readonly examples?: Examples;
}

const DEFAULT_WORK = 200_000;

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
  readonly #space: Space;
  readonly #outcomes = new Outcomes();
  readonly #regions: Regions;
  readonly #people: readonly string[];
  readonly #refuted = new Map<State, Set<string>>();
  readonly #asked: number;
  readonly #mode: string;
  readonly #requester: number;
  readonly #amount: number;
  readonly #total: number;
  #unshown: string | undefined;
  #seen = 0;

  constructor(policy: Policy, question: Question, { work = DEFAULT_WORK, signal, examples = plainExamples }: AnswerOptions) {
    this.#policy = policy;
    this.#question = question;
    this.#examples = examples;
    this.#budget = new Budget(work, signal);
    const when = question.when ?? { op: "always" };
    this.#space = new Space([policy], [when]);
    this.#requester = this.#space.at("requester");
    this.#amount = this.#space.at("amount");
    this.#total = this.#space.at("total");
    this.#people = [...policy.people.keys()].filter((person) => question.by?.has(person) ?? true);
    this.#mode = question.mode ?? "normal";
    const asked = inMode(this.#space, this.#mode, ofKinds(this.#space, question.kinds, boxesOf(this.#space, when, "certainly")));
    const inForce = rulesIn(policy, this.#mode);
    const rules = [...about(itemsOf(this.#space, inForce, this.#outcomes), asked), ...marksOf(this.#space, inForce, this.#outcomes)];
    this.#asked = this.#outcomes.number({ what: "asked" });
    const items = [...rules, { outcome: this.#asked, boxes: asked }];
    this.#regions = new Regions(this.#space, items, { keep: untilDenied(this.#outcomes), budget: this.#budget });
  }

  run(): Answer {
    const found = this.#search(this.#regions.start, new Map());
    if (found !== undefined) return found;
    return this.#unshown === undefined ? { kind: "no", regions: this.#seen } : { kind: "inconclusive", why: this.#unshown };
  }

  /** Depth first; a state that was refuted once is not looked at again. */
  #search(state: State, region: Map<number, ValueSet>): Answer | undefined {
    if (!this.#promising(state)) return undefined;
    const key = this.#keyOf(region);
    const refuted = this.#refuted.get(state);
    if (refuted?.has(key)) return undefined;
    const expansion = this.#regions.expand(state);
    if (expansion === undefined) {
      this.#seen++;
      return this.#show(state, region);
    }
    for (const { values, state: next } of expansion.pieces) {
      if (!this.#fits(expansion.dimension, values, region)) continue;
      const found = this.#search(next, new Map(region).set(expansion.dimension, values));
      if (found !== undefined) return found;
    }
    this.#refuted.set(state, (refuted ?? new Set()).add(key));
    return undefined;
  }

  /** Asked about, not denied, and what is asked for already can be answered. */
  #promising({ settled, open }: State): boolean {
    const still = new Set([...settled, ...open.map(({ outcome }) => outcome)]);
    if (!still.has(this.#asked) || !this.#outcomes.of(still).some(({ what }) => what === "allowed")) return false;
    return this.#cheapest(this.#needed(settled), undefined) !== undefined;
  }

  /** What earlier choices still say when later ones are made: who asks, and that a request's total is no less than its amount. */
  #keyOf(region: Map<number, ValueSet>): string {
    const requester = region.get(this.#requester);
    const amount = region.get(this.#amount);
    return `${requester === undefined ? "" : keyOf(requester)} ${amount === undefined || region.has(this.#total) ? "" : String(amount.integers[0]?.[0])}`;
  }

  #fits(dimension: number, values: ValueSet, region: Map<number, ValueSet>): boolean {
    if (dimension === this.#requester) return this.#people.some((person) => hasName(values.names, person));
    return feasible(this.#space, region, dimension, values);
  }

  #needed(settled: Iterable<number>): readonly Asked[] {
    return this.#outcomes.of(settled).flatMap((outcome) => {
      if (outcome.what !== "asks") return [];
      const asked = outcome.rule.type === "require" ? outcome.rule.approvals : outcome.rule.beyond;
      return asked.length === 0 ? [] : [asked];
    });
  }

  /** The fewest who could answer, if they are few enough; at any moment that is not chosen yet. */
  #cheapest(asked: readonly Asked[], requester: string | undefined, moment?: Time): readonly string[] | undefined {
    const approvers: Approvers = {
      people: new Set(this.#people.filter((person) => person !== requester)),
      stands: (member) => moment === undefined || standsAt(member, moment),
    };
    const found = fewest(asked, approvers, this.#budget);
    return found === undefined || found.length >= (this.#question.fewerThan ?? Number.POSITIVE_INFINITY) ? undefined : found;
  }

  /** A leaf is a promise; a request that the interpreter lets pass is the proof. */
  #show(state: State, region: Map<number, ValueSet>): Answer | undefined {
    const asked = this.#needed(state.settled);
    const { names } = region.get(this.#requester) ?? this.#space.all(this.#requester);
    for (const requester of this.#people.filter((person) => hasName(names, person))) {
      const witness = witnessIn(this.#space, new Map(region).set(this.#requester, only(requester)), this.#examples);
      const approvers = this.#cheapest(asked, requester, witness.circumstances.now);
      if (approvers === undefined) continue;
      const { reasons, needs } = judged(this.#policy, witness);
      const answered = needs.flatMap((need) => (need.kind === "approvals" ? [need.alternatives] : []));
      const standing: Approvers = { people: new Set(approvers), stands: (member) => standsAt(member, witness.circumstances.now) };
      if (reasons.length === 0 && suffices(answered, standing)) {
        const delays = needs.flatMap((need) => (need.kind === "delay" ? [need.delayMs] : []));
        return { kind: "yes", witness, approvers, delayMs: Math.max(0, ...delays), confirm: needs.some(({ kind }) => kind === "confirm") };
      }
      this.#unshown = `a region was found that no single request could be shown in: ${reasons[0]?.code ?? "approvals"}`;
    }
    return undefined;
  }
}

function inMode(space: Space, mode: string, boxes: readonly Box[]): readonly Box[] {
  return boxes.flatMap((box) => {
    const both = meet(box, [[space.at("mode"), only(mode)]]);
    return both === undefined ? [] : [both];
  });
}

function standsAt({ from = 0, until = Number.POSITIVE_INFINITY }: Member, moment: Time): boolean {
  return from <= moment && moment < until;
}
