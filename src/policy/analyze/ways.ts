import type { Time } from "../../base/time.ts";
import type { LimitRule, Policy, RequireRule } from "../core.ts";
import { type Actors, actorsOf, membersOf, standsAt } from "./actors.ts";
import { groundOf } from "./ground.ts";
import { Inconclusive } from "./inconclusive.ts";
import { namedThroughout, objectorsAmong } from "./objectors.ts";
import { type AnswerOptions, askedBy, DEFAULT_WORK, refused } from "./question.ts";
import { fewest, suffices } from "./quorum.ts";
import { Budget } from "./regions.ts";
import { type Asking, type Found, Walk } from "./walk.ts";
import { type Examples, plainExamples, type Witness } from "./witness.ts";

/**
 * The ways in which something can be got through a policy, whoever it is that tries: all that matter, which are those that ask for
 * less, or let others ask, than each other. Whether some people can, or cannot without some others, is then a matter of people alone.
 */
export interface Ways {
  /** By topic. */
  readonly of: readonly (readonly Way[])[];
  /** Why there may be more ways than these: then nobody may say that something is impossible. */
  readonly undecided: string | undefined;
}

export interface Way {
  readonly askers: readonly string[];
  /** Rules that ask for something, in the order in which they were met. */
  readonly asks: readonly (RequireRule | LimitRule)[];
  readonly delayMs: number;
  readonly confirm: boolean;
  /**
   * Moments at which it can be signed: the people who stand in are the same at all of them, and at one of them as few as can be
   * have stood in for all of the delay before it.
   */
  readonly moments: readonly Time[];
  /** A request that goes this way; nothing where the interpreter does not let it pass. */
  witness(asker: string, moment: Time): Witness | undefined;
}

/** Somebody who goes a way, with whose approval. */
export interface Passage {
  readonly asker: string;
  /** As few as can be. */
  readonly approvers: readonly string[];
  readonly delayMs: number;
  readonly confirm: boolean;
  /** Who could say no while it waits, and is none of the people. */
  readonly objectors: readonly string[];
  readonly witness: Witness;
}

export type WorkOptions = AnswerOptions;

export interface MomentOptions extends WorkOptions {
  /** It is asked here or later: dates that are over cannot be chosen. Any moment where it is absent. */
  readonly from?: Time;
}

/** More are no longer told apart. */
const MOST_WAYS = 2000;
const MOST_MOMENTS = 20;

/** Every way to each topic, in one walk. Topics name no arguments but those that rules name. */
export function waysOf(policy: Policy, asking: Omit<Asking, "by">, options: WorkOptions = {}): Ways {
  const { work = DEFAULT_WORK, signal, examples = plainExamples } = options;
  const collected = new Collected(policy, asking, { budget: new Budget(work, signal), examples });
  try {
    collected.run();
  } catch (cause) {
    if (!(cause instanceof Inconclusive)) throw cause;
    return { of: collected.of, undecided: cause.message };
  }
  return { of: collected.of, undecided: collected.unshown };
}

/** The fewest of these people who can, whoever asks counted; then after the shortest delay, then unconfirmed. */
export function fewestOf(policy: Policy, ways: readonly Way[], people: ReadonlySet<string>): Passage | undefined {
  let found: Passage | undefined;
  for (const passage of passages(policy, ways, people)) {
    if (found === undefined || (fewer(passage, found) || cheaper(passage, found)) < 0) found = passage;
  }
  return found;
}

/** Order: the shorter delay first, then fewer people, then without a confirmation. */
export function cheaper(a: Passage, b: Passage): number {
  return a.delayMs - b.delayMs || fewer(a, b) || Number(a.confirm) - Number(b.confirm);
}

/**
 * Every way that these people can go by themselves, each with as few of them as can be.
 *
 * @throws Inconclusive where that cannot be told.
 */
export function* passages(policy: Policy, ways: readonly Way[], people: ReadonlySet<string>): Generator<Passage> {
  const actors = actorsOf(policy);
  const budget = new Budget(DEFAULT_WORK);
  let unshown = false;
  for (const way of ways) {
    const { asks, delayMs, confirm, moments } = way;
    const asked = askedBy(asks);
    let found: Passage | undefined;
    let open = false;
    for (const asker of way.askers) {
      if (!people.has(asker)) continue;
      const able = actors.approvers(people, asker, moments[0]);
      const approvers = suffices(asked, able) ? fewest(asked, able, budget) : undefined;
      if (approvers === undefined || (found !== undefined && found.approvers.length <= approvers.length)) continue;
      const { witness, named } = unseen(actors, way, { asker, people });
      open ||= witness === undefined;
      if (witness === undefined) continue;
      found = { asker, approvers, delayMs, confirm, objectors: objectorsAmong(policy, named, { witness, people }), witness };
    }
    if (found !== undefined) yield found;
    unshown ||= open && found === undefined;
  }
  if (unshown) throw new Inconclusive("a way was found in which no request of these people could be shown");
}

/** A request at the moment for which the fewest others are named, and who. */
function unseen(actors: Actors, way: Way, { asker, people }: { readonly asker: string; readonly people: ReadonlySet<string> }) {
  const { asks, delayMs, moments } = way;
  const named = moments.map((until) => namedThroughout(actors, { asks, asker, until, delayMs }).filter((person) => !people.has(person)));
  const order = moments.map((_, index) => index).sort((a, b) => (named[a]?.length ?? 0) - (named[b]?.length ?? 0));
  for (const index of order) {
    const witness = way.witness(asker, moments[index] as Time);
    if (witness !== undefined) return { witness, named: named[index] ?? [] };
  }
  return { witness: undefined, named: [] };
}

function fewer(a: Passage, b: Passage): number {
  return a.approvers.length - b.approvers.length;
}

class Collected {
  readonly of: Way[][];
  unshown: string | undefined;
  readonly #policy: Policy;
  readonly #actors: Actors;
  readonly #walk: Walk;
  readonly #examples: Examples;
  readonly #from: Time;
  readonly #keys = new Set<string>();
  #count = 0;

  constructor(policy: Policy, asking: Omit<Asking, "by">, { budget, examples }: { budget: Budget; examples: Examples }) {
    this.#policy = policy;
    this.#examples = examples;
    this.#from = asking.from ?? 0;
    this.#actors = actorsOf(policy);
    this.#walk = new Walk(asking, { ground: groundOf(policy), actors: this.#actors, budget });
    this.of = asking.topics.map(() => []);
  }

  run(): void {
    this.#walk.run({
      worth: ({ topics, asks, askers }) => topics.some((topic) => !this.#isNothingNew(topic, asks, askers)),
      found: (region) => {
        this.#add(region);
        return false;
      },
    });
  }

  /** A way that asks nothing beside this and lets the same people ask makes it needless. */
  #isNothingNew(topic: number, asks: Way["asks"], askers: readonly string[]): boolean {
    return (this.of[topic] ?? []).some(
      (way) =>
        way.asks.length <= asks.length &&
        way.askers.length >= askers.length &&
        way.asks.every((rule) => asks.includes(rule) && !isDated(rule)) &&
        askers.every((person) => way.askers.includes(person)),
    );
  }

  #add(region: Found): void {
    const { asks, askers, delayMs, confirm } = region;
    const topics = region.topics.filter((topic) => !this.#isNothingNew(topic, asks, askers));
    if (topics.length === 0) return;
    const shown = new Map<string, Witness | string | undefined>();
    const witness = (asker: string, moment: Time) => {
      const key = JSON.stringify([asker, moment]);
      if (!shown.has(key)) shown.set(key, this.#show(region, asker, moment));
      const found = shown.get(key);
      return typeof found === "object" ? found : undefined;
    };
    const first = this.#first(region);
    if (first === undefined) return;
    const moments = [first, ...turnsOf(asks, delayMs).filter((moment) => moment !== first && this.#walk.holds(region, moment))];
    const way: Way = { askers, asks, delayMs, confirm, moments: moments.slice(0, MOST_MOMENTS), witness };
    for (const topic of topics) {
      if (!this.#isNew(topic, way)) continue;
      if (++this.#count > MOST_WAYS) throw new Inconclusive(`there are more than ${MOST_WAYS} ways`);
      this.of[topic]?.push(way);
    }
  }

  /** A moment at which somebody gets such a request through. */
  #first(region: Found): Time | undefined {
    let why: string | undefined;
    for (const moment of [undefined, ...this.#walk.signedAt(region)]) {
      for (const asker of region.askers) {
        const shown = this.#show(region, asker, moment);
        if (typeof shown === "object") return shown.circumstances.now;
        why ??= shown;
      }
    }
    this.unshown ??= why;
    return undefined;
  }

  // Of ways that depend on who stands in, those are alike in which the same people stand in.
  #isNew(topic: number, { asks, askers, moments: [moment = 0] }: Way): boolean {
    const standing = asks.filter(isDated).map((rule) => membersOf(rule).filter((member) => standsAt(member, moment)));
    const key = JSON.stringify([topic, askers, asks.map(({ id }) => id).sort(), standing]);
    return this.#keys.size < this.#keys.add(key).size;
  }

  /** A request that passes, or why none could be shown; nothing where nobody who is there then could answer it. */
  #show(region: Found, asker: string, moment: Time | undefined): Witness | string | undefined {
    const witness = this.#walk.witness(region, asker, this.#examples, moment);
    const { asks, delayMs, confirm } = region;
    // Everybody approves: who is enough is a question for later.
    const approvers = this.#actors.people.filter((person) => person !== asker);
    const named = suffices(askedBy(asks), this.#actors.approvers(approvers, asker, witness.circumstances.now));
    if (!named) return undefined;
    return refused(this.#policy, this.#actors, { witness, asker, approvers, delayMs, confirm, from: this.#from }) ?? witness;
  }
}

// Asked for every region of rules that may name thousands.
const dated = new WeakMap<RequireRule | LimitRule, boolean>();

function isDated(rule: RequireRule | LimitRule): boolean {
  const found = dated.get(rule) ?? membersOf(rule).some(({ from, until }) => (from ?? until) !== undefined);
  dated.set(rule, found);
  return found;
}

/** Moments at which somebody has just ceased to stand in, or would not have stood in for long enough yet. */
function turnsOf(asks: readonly (RequireRule | LimitRule)[], delayMs: number): readonly Time[] {
  const dates = delayMs === 0 ? [] : asks.filter(isDated).flatMap(membersOf);
  const turns = dates.flatMap(({ from, until }) => [from !== undefined && from + delayMs - 1, until !== undefined && until + 1]);
  return [...new Set(turns.filter((turn) => turn !== false))];
}
