import type { JsonObject } from "../../base/canonical.ts";
import { OUTFLOW } from "../../intent/fields.ts";
import type { Condition, Policy } from "../core.ts";
import type { Attack } from "./attack.ts";
import { type Cell, cellsOf } from "./cells.ts";
import type { Channel } from "./channel.ts";
import { concernedOf } from "./concerned.ts";
import { bound, type Opening } from "./covering.ts";
import { everyRule } from "./dimensions.ts";
import { channelBy, channelOf, endlessOf, shownOf } from "./endless.ts";
import { type Goal, goalOf, rounded, unitsOf } from "./goal.ts";
import { groundOf } from "./ground.ts";
import { Inconclusive } from "./inconclusive.ts";
import { type Lot, merged } from "./merge.ts";
import { within } from "./moments.ts";
import type { Take } from "./plan.ts";
import type { AnswerOptions } from "./question.ts";
import { Budget } from "./regions.ts";
import { type Rehearsed, rehearse } from "./rehearse.ts";
import { componentsOf, type Schedule, schedule, spendUpTo } from "./schedule.ts";
import { type Sequence, sequenceBy } from "./sequence.ts";
import { startsOf } from "./starts.ts";
import { Steps } from "./steps.ts";
import { Thieves } from "./thieves.ts";
import { type Examples, plainExamples } from "./witness.ts";

/**
 * - `exact`: nothing more can leave, and the sequence that lets this much leave was replayed.
 * - `upper bound`: nothing more can leave; the sequence shows that `shown` can.
 * - `inconclusive`: more may leave than any number here says, and nobody may take it for safe.
 */
export type Status = "exact" | "upper bound" | "inconclusive";

/** What an attack can take of one asset, or of everything that a unit of account counts. */
export interface Loss {
  readonly stolen: readonly string[];
  readonly mode: string;
  readonly horizonMs: number;
  /** Qualified (`eip155:1/native`), or the name of a unit in `values`. */
  readonly what: { readonly asset: string } | { readonly unit: string };
  readonly status: Status;
  /** Smallest units, fees included; nothing where there is no bound, and `channel` says through what. */
  readonly amount: bigint | undefined;
  /** What the sequence takes. */
  readonly shown: bigint;
  /** What of `shown` goes as fees. */
  readonly fees: bigint;
  readonly sequence: Sequence;
  readonly channel?: Channel;
  /** Why it is not exact. */
  readonly why?: string;
}

const DEFAULT_WORK = 200_000;

/**
 * The most of an asset, or of everything that a unit of account counts, that the stolen people can have signed in any stretch of
 * time so long, with the sequence of requests that takes it. A number is `exact` only where that sequence, judged request by
 * request by the plain interpreter, takes just as much as nothing can exceed. In a mode that ends by itself it is what they take while
 * the mode lasts.
 *
 * @param options - `work` is granted once to what can be taken at all, and once to when it is taken, over all beginnings of the attack.
 */
export function maximumLoss(policy: Policy, attack: Attack, what: Loss["what"], options: AnswerOptions = {}): Loss {
  options.signal?.throwIfAborted();
  const stolen = [...attack.stolen];
  const { channel, ...loss } = ofConcerned(policy, attack, what, options);
  return { ...loss, stolen, horizonMs: attack.horizonMs, ...(channel && { channel: { ...channel, stolen } }) };
}

/** What the people lose on whom it depends, with all the work that is granted, so that it does not depend on who was asked about before. */
function ofConcerned(policy: Policy, attack: Attack, what: Loss["what"], options: AnswerOptions): Loss {
  try {
    const { people, powers } = concernedOf(policy, attack, goalOf(policy, what).assets);
    const { lastsMs = Number.POSITIVE_INFINITY } = policy.modes.get(attack.mode) ?? {};
    // Whoever has it in a mode that ends by itself has no longer.
    const horizonMs = Math.min(attack.horizonMs, lastsMs);
    const asking = { ...attack, stolen: new Set(people), horizonMs };
    const losses = lossesOf(policy, attack, options);
    const key = JSON.stringify([attack.mode, horizonMs, what, powers]);
    const alike = losses.get(key) ?? new Map<string, Loss>();
    losses.set(key, alike);
    const names = JSON.stringify(people);
    const [like] = alike.values();
    const loss = alike.get(names) ?? (like && byOthers(like, people, policy, what)) ?? found(policy, asking, what, options);
    alike.set(names, loss);
    return loss;
  } catch (cause) {
    if (!(cause instanceof Inconclusive)) throw cause;
    return inconclusive(attack, what, cause);
  }
}

/** The same loss by people with the same powers, each in the place of another; nothing if the interpreter does not say so again. */
function byOthers(loss: Loss, people: readonly string[], policy: Policy, what: Loss["what"]): Loss | undefined {
  const sequence = sequenceBy(loss.sequence, new Map(loss.stolen.map((person, index) => [person, people[index] ?? person])));
  const { steps, taken } = rehearse(policy, sequence);
  const [step] = sequence.steps;
  const again = takenOf(goalOf(policy, what), taken);
  if (!steps.every(({ kind }) => kind === "passed") || again.shown !== loss.shown || again.fees !== loss.fees) return undefined;
  const channel = loss.channel && step && channelBy(loss.channel, policy, step);
  return { ...loss, stolen: people, sequence, ...(channel && { channel }) };
}

function found(policy: Policy, attack: Attack, what: Loss["what"], options: AnswerOptions): Loss {
  try {
    return new Search(policy, attack, what, options).run();
  } catch (cause) {
    if (!(cause instanceof Inconclusive)) throw cause;
    return inconclusive(attack, what, cause);
  }
}

function inconclusive(attack: Attack, what: Loss["what"], { message }: Inconclusive): Loss {
  return { ...asked(attack, what), ...NOTHING_TAKEN, status: "inconclusive", amount: undefined, why: message };
}

/** How a policy was asked about last, and the losses that were found. */
interface Lately {
  readonly how: string;
  readonly examples: Examples;
  /** By what they depend on, and then by people with the same powers. */
  readonly losses: Map<string, Map<string, Loss>>;
}

// A report asks in one way for everybody who may have been robbed.
const lately = new WeakMap<Policy, Lately>();

function lossesOf(policy: Policy, { from, detectionMs }: Attack, { work = DEFAULT_WORK, examples = plainExamples }: AnswerOptions) {
  const how = JSON.stringify([from, detectionMs ?? "", work]);
  const last = lately.get(policy);
  if (last?.how === how && last.examples === examples) return last.losses;
  const losses = new Map<string, Map<string, Loss>>();
  lately.set(policy, { how, examples, losses });
  return losses;
}

/** The assets that a policy names, qualified, and the units that its limits count in. */
export function reachableOf(policy: Policy): readonly Loss["what"][] {
  const assets = new Set<string>();
  for (const { chain, asset } of Object.values((policy.document.assets ?? {}) as { readonly [name: string]: JsonObject })) {
    if (typeof chain === "string" && typeof asset === "string") assets.add(`${chain}/${asset}`);
  }
  const paying = everyRule(policy).filter(({ kinds }) => OUTFLOW.some((kind) => kinds.includes(kind)));
  for (const { when } of paying) addAssets(when, assets);
  const units = unitsOf(policy);
  for (const worth of units.values()) for (const asset of worth.keys()) assets.add(asset);
  return [...[...assets].sort().map((asset) => ({ asset })), ...[...units.keys()].sort().map((unit) => ({ unit }))];
}

function addAssets(condition: Condition, into: Set<string>): void {
  if (condition.op === "all" || condition.op === "any") for (const part of condition.of) addAssets(part, into);
  else if (condition.op === "not") addAssets(condition.of, into);
  else if (condition.op === "in" && condition.field === "asset") for (const asset of condition.values) into.add(asset);
}

const NOTHING_TAKEN = { shown: 0n, fees: 0n, sequence: { from: 0, steps: [] } } as const;

function asked({ stolen, mode, horizonMs }: Attack, what: Loss["what"]): Pick<Loss, "stolen" | "mode" | "horizonMs" | "what"> {
  return { stolen: [...stolen], mode, horizonMs, what };
}

/** Starts that are looked at: hours that differ from week to week may have more. */
const MOST_STARTS = 2000;

/** One step of work bounds so many cells. */
const LOTS_A_STEP = 16;

/** Ways without a limit that are tried to be shown. */
const MOST_TRIES = 20;

class Search {
  readonly #policy: Policy;
  readonly #attack: Attack;
  readonly #what: Loss["what"];
  readonly #options: AnswerOptions;
  readonly #goal: Goal;
  readonly #budget: Budget;
  /** For all beginnings together. */
  readonly #scheduling: Budget;
  readonly #steps: Steps;

  constructor(policy: Policy, attack: Attack, what: Loss["what"], options: AnswerOptions) {
    const { work = DEFAULT_WORK, signal, examples = plainExamples } = options;
    this.#policy = policy;
    this.#attack = attack;
    this.#what = what;
    this.#options = options;
    this.#goal = goalOf(policy, what);
    this.#budget = new Budget(work, signal);
    this.#scheduling = new Budget(work, signal);
    this.#steps = new Steps(groundOf(policy).space, new Thieves(policy, attack), examples, this.#budget);
  }

  run(): Loss {
    const { from, horizonMs } = this.#attack;
    // What cannot be signed before the attack is over, or is closed for good by then, is no loss.
    const inTime = ({ delayMs, spans }: Cell) => delayMs < horizonMs && spans.some(([, closes]) => closes > from + delayMs);
    const cells = cellsOf(this.#policy, this.#attack, this.#goal.assets, this.#budget).filter(inTime);
    if (cells.length === 0)
      return { ...asked(this.#attack, this.#what), ...NOTHING_TAKEN, status: "exact", amount: 0n, sequence: { from, steps: [] } };
    return this.#endless(cells) ?? this.#bounded(merged(cells, this.#budget));
  }

  #endless(cells: readonly Cell[]): Loss | undefined {
    const all = endlessOf(cells, this.#steps);
    for (const endless of all.slice(0, MOST_TRIES)) {
      const sequence = shownOf(endless, this.#policy, this.#attack, this.#steps);
      const rehearsed = rehearse(this.#policy, sequence);
      const [step] = sequence.steps;
      if (step === undefined || rehearsed.steps[0]?.kind !== "passed") continue;
      const channel = channelOf(endless, this.#policy, this.#attack, step);
      return {
        ...asked(this.#attack, this.#what),
        status: "exact",
        amount: undefined,
        ...takenOf(this.#goal, rehearsed.taken),
        sequence,
        channel,
      };
    }
    if (all.length > 0) throw new Inconclusive("a way without a limit was found that no single request could be shown for");
    return undefined;
  }

  #bounded(lots: readonly Lot[]): Loss {
    const { upper, takes, from, complete } = this.#worst(componentsOf(lots));
    const sequence = this.#sequence(takes, from);
    const taken = takenOf(this.#goal, rehearse(this.#policy, sequence).taken);
    const amount = rounded(this.#goal, upper);
    const result = { ...asked(this.#attack, this.#what), amount, ...taken, sequence };
    if (taken.shown === amount) return { ...result, status: "exact" };
    const why = complete
      ? "no sequence was found that takes all that the limits let through"
      : "opening hours were left aside: there are more beginnings than were looked at";
    return { ...result, status: "upper bound", why };
  }

  /** The worst beginning: by the bound that holds for all of them where one reaches it, else each looked at. */
  #worst(parts: readonly (readonly Lot[])[]): Schedule & { readonly from: number; readonly complete: boolean } {
    const { horizonMs, from: first } = this.#attack;
    const bounds = this.#bounds(parts.map((lots) => lots.map((lot) => ({ lot, spans: [[lot.delayMs, horizonMs]] }))));
    const always = sum(bounds);
    let best: Schedule & { readonly from: number } = { upper: 0n, shown: -1n, takes: [], from: first };
    let upper = 0n;
    let many = 0;
    for (const from of startsOf(parts.flat(), horizonMs, first)) {
      // The first is looked at whatever it takes; its own work is bounded.
      if (++many > MOST_STARTS || (many > 1 && this.#scheduling.left <= 0)) return { ...best, upper: always, complete: false };
      const during = { from, horizonMs };
      const opened = parts.map((lots) => openings(lots, during));
      const own = isThroughout(opened.flat(), parts.flat(), during) ? bounds : this.#bounds(opened);
      if (sum(own) <= best.shown) continue;
      const found = this.#schedule(opened, own);
      if (found.upper > upper) upper = found.upper;
      if (found.shown > best.shown) best = { ...found, from };
      if (best.shown >= always) return { ...best, upper: always, complete: true };
    }
    return { ...best, upper: upper < always ? upper : always, complete: true };
  }

  #bounds(parts: readonly (readonly Opening[])[]): readonly bigint[] {
    return parts.map((opened) => {
      spendUpTo(this.#scheduling, 1 + Math.floor(opened.length / LOTS_A_STEP));
      return bound(opened, this.#goal);
    });
  }

  #schedule(parts: readonly (readonly Opening[])[], bounds: readonly bigint[]): Schedule {
    const { examples = plainExamples } = this.#options;
    const how = { goal: this.#goal, examples, budget: this.#scheduling };
    const found = parts.map((opened, index) => schedule(opened, bounds[index] ?? 0n, how));
    return {
      upper: sum(found.map(({ upper }) => upper)),
      shown: sum(found.map(({ shown }) => shown)),
      takes: found.flatMap(({ takes }) => takes),
    };
  }

  #sequence(takes: readonly Take[], from: number): Sequence {
    const sorted = [...takes].sort((a, b) => a.moment - b.moment);
    return { from, steps: sorted.map((take) => this.#steps.of(take, from)) };
  }
}

function takenOf(goal: Goal, taken: Rehearsed["taken"]): Pick<Loss, "shown" | "fees"> {
  const worth = (part: "amount" | "fees") =>
    goal.assets.reduce((sum, asset) => sum + (taken.get(asset)?.[part] ?? 0n) * goal.worth(asset), 0n);
  return { shown: rounded(goal, worth("amount")), fees: rounded(goal, worth("fees")) };
}

type During = Pick<Attack, "from" | "horizonMs">;

/** Where lots are open in an attack that begins at a moment. */
function openings(lots: readonly Lot[], { from, horizonMs }: During): readonly Opening[] {
  const spans = ({ spans: open, delayMs }: Lot) => within(open, [from + delayMs, from + horizonMs]);
  return lots.map((lot) => ({ lot, spans: spans(lot) })).filter((opening) => opening.spans.length > 0);
}

/** Whether nothing ever closes: then what can be taken at most is the same at every beginning. */
function isThroughout(opened: readonly Opening[], lots: readonly Lot[], { from, horizonMs }: During): boolean {
  const isAll = ({ lot, spans: [span] }: Opening) => span?.[0] === from + lot.delayMs && span[1] === from + horizonMs;
  return opened.length === lots.length && opened.every(isAll);
}

function sum(of: readonly bigint[]): bigint {
  return of.reduce((total, one) => total + one, 0n);
}
