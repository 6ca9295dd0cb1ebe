import type { Policy, Rule } from "../core.ts";
import { type Beside, besidesOf } from "./beside.ts";
import { type Compared, Comparison, type Difference as Found, modesOf, Shared } from "./comparison.ts";
import { everyRule } from "./dimensions.ts";
import { only } from "./feasible.ts";
import { Inconclusive } from "./inconclusive.ts";
import { Budget } from "./regions.ts";
import { Said } from "./said.ts";
import { type Examples, judged, plainExamples, type Witness, witnessIn } from "./witness.ts";

/** A region in which two policies differ, by one request out of it. */
export interface Difference {
  readonly change:
    | "newlyAllowed"
    | "newlyDenied"
    /** Less is asked, or counted, than was; or fewer people can object. */
    | "weaker"
    /** More is asked, and nothing less. */
    | "stronger";
  /** Acts are judged alike in every mode: theirs is one of them. */
  readonly mode: string;
  readonly witness: Witness;
  /** Whether the interpreter said so again of the witness. */
  readonly shown: boolean;
  /** Rules of either policy that speak of the witness and that the other has not. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface Compare {
  readonly differences: readonly Difference[];
  /** What differs beside the rules, and keeps either from passing for the narrower. */
  readonly beside: readonly Beside[];
}

export type Diff = ({ readonly kind: "exact" } & Compare) | ({ readonly kind: "inconclusive"; readonly why: string } & Compare);

export interface DiffOptions {
  /** How much work it may take, in steps that are alike on every machine. */
  readonly work?: number;
  readonly signal?: AbortSignal;
  readonly examples?: Examples;
}

const DEFAULT_WORK = 500_000;
/** More differences than so many are no longer read. */
const MOST_DIFFERENCES = 500;

/**
 * Where two policies decide differently, in every mode that either has. They are compared as they are judged: with lists, roles,
 * hours and amounts resolved. What stays the same costs no work.
 */
export function diffPolicies(before: Policy, after: Policy, options: DiffOptions = {}): Diff {
  const telling = new Telling(before, after, options.examples ?? plainExamples);
  const beside = besidesOf(before, after);
  try {
    for (const [compared, found, space] of comparisons(before, after, options)) telling.add(compared, found, space);
    return { kind: "exact", differences: telling.differences, beside };
  } catch (cause) {
    if (!(cause instanceof Inconclusive)) throw cause;
    return { kind: "inconclusive", differences: telling.differences, beside, why: cause.message };
  }
}

/**
 * Whether it is proven that `after` allows nothing that `before` did not and weakens nothing: no approval, no objection, no delay, no
 * confirmation, no limit, whatever was signed before and in whatever mode. What could not be decided within the work is not proven.
 */
export function isProvenNarrower(before: Policy, after: Policy, options: Pick<DiffOptions, "work" | "signal"> = {}): boolean {
  if (besidesOf(before, after).length > 0) return false;
  try {
    for (const [, { change }] of comparisons(before, after, options)) if (change === "newlyAllowed" || change === "weaker") return false;
    return true;
  } catch (cause) {
    if (cause instanceof Inconclusive) return false;
    throw cause;
  }
}

function* comparisons(
  before: Policy,
  after: Policy,
  { work, signal }: Pick<DiffOptions, "work" | "signal">,
): Generator<[Compared, Found, Comparison]> {
  const shared = new Shared(before, after, new Budget(work ?? DEFAULT_WORK, signal));
  for (const compared of [{ what: "acts" } as const, ...modesOf(before, after).map((mode) => ({ what: "signing", mode }) as const)]) {
    const comparison = new Comparison(before, after, compared, shared);
    for (const found of comparison.differences()) yield [compared, found, comparison];
  }
}

/** Differences with a request each, told once for the same rules. */
class Telling {
  readonly differences: Difference[] = [];
  readonly #before: Policy;
  readonly #after: Policy;
  readonly #examples: Examples;
  readonly #told = new Set<string>();
  /** Rules that the other policy has not, by their id, with what each is. */
  readonly #own: readonly [Own, Own];

  constructor(before: Policy, after: Policy, examples: Examples) {
    this.#before = before;
    this.#after = after;
    this.#examples = examples;
    const said = new Said();
    const own = (mine: Policy, other: Policy): Own => {
      const others = new Set(everyRule(other).map((rule) => said.by(rule)));
      return new Map(everyRule(mine).flatMap((rule) => (others.has(said.by(rule)) ? [] : [[rule.id, rule.type]])));
    };
    this.#own = [own(before, after), own(after, before)];
  }

  add(compared: Compared, { change, region, requester, key }: Found, { space }: Comparison): void {
    const mode = compared.what === "acts" ? "acts" : compared.mode;
    if (this.#told.has(`${mode} ${key}`)) return;
    const chosen = requester === undefined ? region : new Map(region).set(space.at("requester"), only(requester));
    const witness = witnessIn(space, chosen, this.#examples);
    const [was, is] = [judged(this.#before, witness), judged(this.#after, witness)];
    const shown = shows(change, this.#mayPass(this.#before, witness), this.#mayPass(this.#after, witness));
    // One that cannot be shown stays open for a request that can.
    if (shown) this.#told.add(`${mode} ${key}`);
    const blamed = (hits: readonly string[], own: Own) => hits.filter((id) => matters(change, own.get(id))).sort();
    const [before, after] = [blamed(was.hits, this.#own[0]), blamed(is.hits, this.#own[1])];
    const same = JSON.stringify([change, mode, witness.effects[0]?.kind, before, after, shown]);
    if (this.#told.has(same)) return;
    this.#told.add(same);
    if (this.differences.length >= MOST_DIFFERENCES) throw new Inconclusive(`more than ${MOST_DIFFERENCES} differences`);
    this.differences.push({ change, mode: witness.circumstances.mode, witness, shown, before, after });
  }

  #mayPass(policy: Policy, witness: Witness): boolean {
    const { requester } = witness.circumstances;
    return judged(policy, witness).reasons.length === 0 && (requester === undefined || policy.people.has(requester));
  }
}

type Own = ReadonlyMap<string, Rule["type"]>;

/** Whether a rule of this type can have made the change. */
function matters(change: Difference["change"], type: Rule["type"] | undefined): boolean {
  if (type === undefined) return false;
  return change === "newlyAllowed" || change === "newlyDenied" || type === "require" || type === "limit";
}

function shows(change: Difference["change"], was: boolean, is: boolean): boolean {
  switch (change) {
    case "newlyAllowed":
      return !was && is;
    case "newlyDenied":
      return was && !is;
    case "weaker":
    case "stronger":
      return was && is;
  }
}
