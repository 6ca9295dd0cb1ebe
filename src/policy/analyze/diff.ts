import { canonical } from "../../base/canonical.ts";
import type { LimitRule, Policy, RequireRule, Rule } from "../core.ts";
import { type Box, boxesOfRule, meet } from "./boxes.ts";
import { Space } from "./dimensions.ts";
import { feasible, only } from "./feasible.ts";
import { Inconclusive } from "./inconclusive.ts";
import { about, itemsOf, type Outcome, Outcomes, rulesIn, untilDenied } from "./items.ts";
import { Budget, Regions, type State } from "./regions.ts";
import { hasName, keyOf, type ValueSet } from "./sets.ts";
import { Stricter } from "./stricter.ts";
import { type Examples, judged, plainExamples, type Witness, witnessIn } from "./witness.ts";

/** A region in which two policies differ, by one request out of it. */
export interface Difference {
  readonly change:
    | "newlyAllowed"
    | "newlyDenied"
    /** Less is asked, or counted, than was. */
    | "weaker"
    /** More is asked, and nothing less. */
    | "stronger";
  readonly mode: string;
  readonly witness: Witness;
  /** Whether the interpreter said so again of the witness. */
  readonly shown: boolean;
  /** Rules of either policy that make the difference. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export type Diff =
  | { readonly kind: "exact"; readonly differences: readonly Difference[] }
  | { readonly kind: "inconclusive"; readonly differences: readonly Difference[]; readonly why: string };

export interface DiffOptions {
  readonly work?: number;
  readonly signal?: AbortSignal;
  readonly examples?: Examples;
}

const DEFAULT_WORK = 500_000;
/** A difference is told once for the same rules; more than so many are no longer read. */
const MOST_DIFFERENCES = 500;

/** Where two policies decide differently, in every mode that either has; what stays the same costs no work. */
export function diffPolicies(before: Policy, after: Policy, options: DiffOptions = {}): Diff {
  const budget = new Budget(options.work ?? DEFAULT_WORK, options.signal);
  const differences: Difference[] = [];
  try {
    for (const mode of new Set(["normal", "frozen", ...before.modes.keys(), ...after.modes.keys()])) {
      new Comparison({ before, after, mode, budget, examples: options.examples ?? plainExamples, differences }).run();
    }
    return { kind: "exact", differences };
  } catch (cause) {
    if (!(cause instanceof Inconclusive)) throw cause;
    return { kind: "inconclusive", differences, why: cause.message };
  }
}

interface Compared {
  readonly before: Policy;
  readonly after: Policy;
  readonly mode: string;
  readonly budget: Budget;
  readonly examples: Examples;
  readonly differences: Difference[];
}

const BEFORE = 0;
const AFTER = 1;

class Comparison {
  readonly #compared: Compared;
  readonly #space: Space;
  readonly #outcomes = new Outcomes();
  readonly #regions: Regions | undefined;
  readonly #changed: number;
  readonly #stricter: Stricter;
  readonly #requester: number;
  readonly #people: readonly string[];
  readonly #seen = new Map<State, Set<string>>();
  readonly #told = new Set<string>();

  constructor(compared: Compared) {
    this.#compared = compared;
    const { before, after, mode, budget } = compared;
    this.#space = new Space([before, after]);
    this.#requester = this.#space.at("requester");
    this.#people = [...new Set([...before.people.keys(), ...after.people.keys()])];
    this.#stricter = new Stricter(this.#space, [before, after], budget);
    const [old, now] = [rulesIn(before, mode), rulesIn(after, mode)];
    const asked = changedBoxes(this.#space, mode, old, now);
    this.#changed = this.#outcomes.number({ what: "asked" });
    if (asked.length === 0) return;
    const items = [
      ...about(itemsOf(this.#space, old, this.#outcomes, { side: BEFORE, counts: true }), asked),
      ...about(itemsOf(this.#space, now, this.#outcomes, { side: AFTER, counts: true }), asked),
      { outcome: this.#changed, boxes: asked },
    ];
    this.#regions = new Regions(this.#space, items, { keep: untilDenied(this.#outcomes), budget });
  }

  run(): void {
    if (this.#regions !== undefined) this.#walk(this.#regions, this.#regions.start, new Map());
  }

  #walk(regions: Regions, state: State, region: Map<number, ValueSet>): void {
    const still = [...state.settled, ...state.open.map(({ outcome }) => outcome)];
    if (!still.includes(this.#changed) || !this.#outcomes.of(still).some(({ what }) => what === "allowed")) return;
    const requester = region.get(this.#requester);
    const key = requester === undefined ? "" : keyOf(requester);
    const seen = this.#seen.get(state) ?? new Set();
    if (seen.has(key)) return;
    this.#seen.set(state, seen.add(key));
    const expansion = regions.expand(state);
    if (expansion === undefined) {
      this.#compare(this.#outcomes.of(state.settled), region);
      return;
    }
    for (const { values, state: next } of expansion.pieces) {
      if (feasible(this.#space, region, expansion.dimension, values))
        this.#walk(regions, next, new Map(region).set(expansion.dimension, values));
    }
  }

  #compare(outcomes: readonly Outcome[], region: Map<number, ValueSet>): void {
    const [old, now] = [BEFORE, AFTER].map((side) => decided(outcomes, side)) as [Decided, Decided];
    if (!old.allowed && !now.allowed) return;
    if (!old.allowed || !now.allowed) {
      this.#tell(now.allowed ? "newlyAllowed" : "newlyDenied", { old, now }, region);
      return;
    }
    const { names } = region.get(this.#requester) ?? this.#space.all(this.#requester);
    const asking = this.#people.filter((person) => hasName(names, person));
    const kept = this.#stricter.asks(now.asks, old.asks, asking) && this.#stricter.counts(now.counts, old.counts);
    if (!kept) this.#tell("weaker", { old, now }, region);
    else if (!this.#stricter.asks(old.asks, now.asks, asking) || !this.#stricter.counts(old.counts, now.counts))
      this.#tell("stronger", { old, now }, region);
  }

  #tell(change: Difference["change"], { old, now }: { readonly old: Decided; readonly now: Decided }, region: Map<number, ValueSet>): void {
    const [before, after] = [old, now].map(({ asks, counts }) => [...new Set([...asks, ...counts].map(({ id }) => id))].sort()) as [
      string[],
      string[],
    ];
    const { mode, examples, differences } = this.#compared;
    const key = canonical([change, before, after]);
    if (this.#told.has(key)) return;
    const person = this.#people.find((name) => hasName((region.get(this.#requester) ?? this.#space.all(this.#requester)).names, name));
    const chosen = person === undefined ? region : new Map(region).set(this.#requester, only(person));
    const witness = witnessIn(this.#space, chosen, examples);
    const shown = this.#shows(change, witness);
    // One that cannot be shown stays open for a request that can.
    if (shown) this.#told.add(key);
    if (differences.length >= MOST_DIFFERENCES) throw new Inconclusive(`more than ${MOST_DIFFERENCES} differences`);
    differences.push({ change, mode, witness, shown, before, after });
  }

  #shows(change: Difference["change"], witness: Witness): boolean {
    const [was, is] = [this.#compared.before, this.#compared.after].map((policy) => judged(policy, witness).reasons.length === 0);
    switch (change) {
      case "newlyAllowed":
        return !was && is === true;
      case "newlyDenied":
        return was === true && !is;
      default:
        return was === true && is === true;
    }
  }
}

interface Decided {
  readonly allowed: boolean;
  readonly asks: readonly (RequireRule | LimitRule)[];
  readonly counts: readonly LimitRule[];
}

function decided(outcomes: readonly Outcome[], side: number): Decided {
  const own = outcomes.filter((outcome) => "side" in outcome && outcome.side === side);
  return {
    allowed: own.some(({ what }) => what === "allowed") && !own.some(({ what }) => what === "denied"),
    asks: own.flatMap((outcome) => (outcome.what === "asks" ? [outcome.rule] : [])),
    counts: own.flatMap((outcome) => (outcome.what === "counts" ? [outcome.rule] : [])),
  };
}

/** Where a rule of either that the other has not speaks. A rule under another id is the same rule. */
function changedBoxes(space: Space, mode: string, before: readonly Rule[], after: readonly Rule[]): readonly Box[] {
  const [old, now] = [before, after].map((rules) => new Map(rules.map((rule) => [saidBy(rule), rule]))) as [
    Map<string, Rule>,
    Map<string, Rule>,
  ];
  const changed = [...[...old].filter(([said]) => !now.has(said)), ...[...now].filter(([said]) => !old.has(said))];
  return changed
    .flatMap(([, rule]) => boxesOfRule(space, rule))
    .flatMap((box) => {
      const both = meet(box, [[space.at("mode"), only(mode)]]);
      return both === undefined ? [] : [both];
    });
}

/** A rule without its id, as text. */
function saidBy({ id: _, ...rule }: Rule): string {
  return JSON.stringify(rule, (_key, value: unknown) => {
    if (typeof value === "bigint") return `${value}`;
    if (value instanceof Set) return [...value].sort();
    if (value instanceof Map) return [...value].sort(([a], [b]) => (a < b ? -1 : 1));
    return value;
  });
}
