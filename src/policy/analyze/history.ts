import { canonical, type Json } from "../../base/canonical.ts";
import type { Time } from "../../base/time.ts";
import type { Circumstances, Effect } from "../../intent/effect.ts";
import type { Reason } from "../../intent/intent.ts";
import type { Charge, Judgement, Need } from "../../intent/verdict.ts";
import type { Policy, Rule } from "../core.ts";
import type { Standing } from "../counters.ts";
import { compile, type Evaluator } from "../evaluate.ts";
import { verdictOf } from "../verdict.ts";
import { everyRule } from "./dimensions.ts";
import { type NearLimit, Nearness, type NearTier } from "./nearness.ts";
import { type Drawing, Tally } from "./tally.ts";

/** A request that was asked once. */
export interface PastRequest extends Drawing {
  /** Where it stands: a line of a file, or a log entry. */
  readonly place: number;
  readonly effects: readonly Effect[];
  /** What the chain refused, and what else no policy lifts. */
  readonly refusals: readonly Reason[];
  readonly circumstances: Circumstances;
  /** What was decided then, where that is known. */
  readonly was?: Decided;
  /**
   * What became of it. `reserved`: a {@link PastEnd} says later whether it was signed. `nothing`: it was denied, or its signing is an
   * entry of its own. Absent is not known: it counts unless it is denied, as if everybody had agreed who is asked.
   */
  readonly became?: "signed" | "reserved" | "nothing";
}

/** How a reservation ended. */
export interface PastEnd extends Drawing {
  readonly ended: "signed" | "lapsed";
  readonly at: Time;
}

export interface Decided {
  readonly verdict: "allow" | "pending" | "deny";
  readonly needs: readonly Need[];
}

export const CHANGES = ["newly-allowed", "newly-pending", "newly-denied", "needs-differ"] as const;
export type Change = (typeof CHANGES)[number];

/** One request that is decided differently. */
export interface Difference {
  readonly place: number;
  readonly change: Change;
  readonly from: Decided["verdict"];
  readonly to: Decided["verdict"];
  readonly requester: string | undefined;
  readonly at: Time;
  readonly effects: readonly Effect[];
  /** Why it would be denied. */
  readonly reasons: readonly Reason[];
  /** What it would wait for. */
  readonly needs: readonly Need[];
}

export interface RuleUse {
  readonly rule: string;
  readonly type: Rule["type"];
  /** Requests that it matched, and those among them that were not denied. */
  readonly fired: number;
  readonly passed: number;
  /** Where it matched last. */
  readonly last: number | undefined;
}

/** What a policy makes of a history. */
export interface HistoryReport {
  readonly judged: number;
  readonly verdicts: { readonly [V in Decided["verdict"]]: number };
  /** All of them counted, and the first {@link MOST_SHOWN}. */
  readonly changes: { readonly [C in Change]: number };
  readonly differences: readonly Difference[];
  /** Every rule, in the document's order. */
  readonly rules: readonly RuleUse[];
  /** Limits that were filled to more than four fifths. */
  readonly nearLimits: readonly NearLimit[];
  /** Amounts that stayed just below one at which a rule says something else. */
  readonly nearTiers: readonly NearTier[];
  /** Allows by which nothing was ever let through: what nobody would miss. */
  readonly unused: readonly string[];
}

export const MOST_SHOWN = 1000;

/**
 * Goes through a history under a policy, as if it had been in force all along: what it lets through counts against what follows,
 * and what it denies does not, whatever was done then.
 *
 * @param options.against - another policy, whose decisions are compared with instead of those of then.
 */
export function replayHistory(
  policy: Policy,
  entries: Iterable<PastRequest | PastEnd>,
  options: { readonly against?: Policy } = {},
): HistoryReport {
  const history = new History(policy, options.against);
  for (const entry of entries) history.take(entry);
  return history.report();
}

/** The same entry by entry, for a history that is longer than memory. */
export class History {
  readonly #policy: Policy;
  readonly #course: Course;
  readonly #other: Course | undefined;
  readonly #nearness: Nearness;
  readonly #uses = new Map<string, { fired: number; passed: number; last: number | undefined }>();
  readonly #verdicts = { allow: 0, pending: 0, deny: 0 };
  readonly #changes = { "newly-allowed": 0, "newly-pending": 0, "newly-denied": 0, "needs-differ": 0 };
  readonly #differences: Difference[] = [];
  #judged = 0;

  constructor(policy: Policy, against?: Policy) {
    this.#policy = policy;
    this.#course = new Course(policy);
    this.#other = against && new Course(against);
    this.#nearness = new Nearness(policy);
    for (const { id } of everyRule(policy)) this.#uses.set(id, { fired: 0, passed: 0, last: undefined });
  }

  /** @returns how the request is decided differently, where it is. */
  take(entry: PastRequest | PastEnd): Difference | undefined {
    if ("ended" in entry) {
      this.#course.end(entry);
      this.#other?.end(entry);
      return undefined;
    }
    const before = this.#other?.judge(entry).decided ?? entry.was;
    const now = this.#course.judge(entry);
    this.#count(entry, now);
    return before === undefined ? undefined : this.#compare(entry, before, now);
  }

  report(): HistoryReport {
    const rules = everyRule(this.#policy).map(({ id, type }): RuleUse => {
      const use = this.#uses.get(id) ?? { fired: 0, passed: 0, last: undefined };
      return { rule: id, type, ...use };
    });
    return {
      judged: this.#judged,
      verdicts: this.#verdicts,
      changes: this.#changes,
      differences: this.#differences,
      rules,
      nearLimits: this.#nearness.limits,
      nearTiers: this.#nearness.tiers,
      unused: rules.flatMap(({ rule, type, passed }) => (type === "allow" && passed === 0 ? [rule] : [])),
    };
  }

  #count(request: PastRequest, { judgement, decided: { verdict }, standings }: Judged): void {
    this.#judged++;
    this.#verdicts[verdict]++;
    for (const id of judgement.hits) {
      const use = this.#uses.get(id);
      if (use === undefined) continue;
      use.fired++;
      use.last = request.place;
      if (verdict !== "deny") use.passed++;
    }
    if (verdict !== "deny") this.#nearness.look(request, standings);
  }

  #compare(request: PastRequest, before: Decided, { judgement, decided }: Judged): Difference | undefined {
    const change = changeOf(before, decided);
    if (change === undefined) return undefined;
    this.#changes[change]++;
    const { place, effects, circumstances } = request;
    const { requester, now } = circumstances;
    const verdicts = { from: before.verdict, to: decided.verdict };
    const { reasons, needs } = judgement;
    const difference: Difference = { place, change, ...verdicts, requester, at: now, effects, reasons, needs };
    if (this.#differences.length < MOST_SHOWN) this.#differences.push(difference);
    return difference;
  }
}

interface Judged {
  readonly judgement: Judgement;
  readonly decided: Decided;
  /** Where the counters of the limits that matched would stand. */
  readonly standings: readonly (readonly [Charge, Standing])[];
}

/** One policy on its way through a history, with counters of its own. */
class Course {
  readonly #evaluator: Evaluator;
  readonly #tally: Tally;

  constructor(policy: Policy) {
    this.#evaluator = compile(policy);
    this.#tally = new Tally(this.#evaluator.limits);
  }

  judge(request: PastRequest): Judged {
    const { effects, refusals, circumstances } = request;
    const { now } = circumstances;
    const counters = this.#tally.counters(request, now);
    const standings: (readonly [Charge, Standing])[] = [];
    const judgement = this.#evaluator.judge({ effects, refusals }, circumstances, {
      after(charge) {
        const standing = counters.after(charge);
        standings.push([charge, standing]);
        return standing;
      },
    });
    const { verdict } = verdictOf(judgement, () => false);
    const decided = { verdict, needs: judgement.needs };
    this.#draw(request, decided, judgement.charges);
    return { judgement, decided, standings };
  }

  end(end: PastEnd): void {
    if (end.ended === "signed") this.#tally.spend(end, end.at);
    else this.#tally.release(end, end.at);
  }

  #draw(request: PastRequest, { verdict }: Decided, charges: readonly Charge[]): void {
    const { was, became, circumstances } = request;
    if (verdict === "deny" || charges.length === 0) return;
    if (became === "reserved") this.#tally.reserve(request, circumstances.now, charges);
    // Nobody was asked to agree to what was denied, and what waited counts where it was signed.
    else if (became !== "nothing" || (was?.verdict === "deny" && verdict === "allow"))
      this.#tally.spend(request, circumstances.now, charges);
  }
}

function changeOf(before: Decided, now: Decided): Change | undefined {
  if (before.verdict === now.verdict) return now.verdict === "pending" && asks(before) !== asks(now) ? "needs-differ" : undefined;
  return ({ allow: "newly-allowed", pending: "newly-pending", deny: "newly-denied" } as const)[now.verdict];
}

/** What is asked for, whichever rule asks. */
function asks({ needs }: Decided): string {
  return canonical([...new Set(needs.map(({ rule: _rule, ...what }) => canonical(what as unknown as Json)))].sort());
}
