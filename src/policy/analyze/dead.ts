import type { LimitRule, Policy, RequireRule, Rule } from "../core.ts";
import { type Box, boxesOfRule } from "./boxes.ts";
import { Space } from "./dimensions.ts";
import { Inconclusive } from "./inconclusive.ts";
import { about, itemsOf, type Outcome, Outcomes, rulesIn } from "./items.ts";
import { type Approvers, type Asked, answersOnly } from "./quorum.ts";
import { Budget, type Item, type Keep, Regions, type State } from "./regions.ts";

/** A rule that can never change an outcome. */
export interface DeadRule {
  readonly rule: string;
  readonly mode: string;
  readonly why: /** An allow: whatever it allows, other rules allow too. */
    | "redundant"
    /** An allow of which other rules forbid everything. */
    | "forbidden"
    /** A forbid of what nothing allows now: it stands against an allow that may come. */
    | "guard"
    /** A forbid, require or limit that others make up for wherever it speaks. */
    | "covered"
    /** It asks for something where nothing is allowed. */
    | "idle"
    /** Its conditions exclude each other. */
    | "unsatisfiable";
}

export type DeadRules =
  | { readonly kind: "exact"; readonly dead: readonly DeadRule[] }
  /** Those that were not proven to matter when the work ran out are named: nothing is said of them. */
  | { readonly kind: "inconclusive"; readonly undecided: readonly string[]; readonly why: string };

/** Every rule of a mode that could be left out without any change. One walk through the regions, for all rules at once. */
export function deadRules(
  policy: Policy,
  { mode = "normal", work = 1_000_000, signal }: { readonly mode?: string; readonly work?: number; readonly signal?: AbortSignal } = {},
): DeadRules {
  const walk = new Walk(policy, rulesIn(policy, mode), new Budget(work, signal));
  try {
    walk.run();
  } catch (cause) {
    if (!(cause instanceof Inconclusive)) throw cause;
    return { kind: "inconclusive", undecided: walk.dead.map(({ id }) => id), why: cause.message };
  }
  return { kind: "exact", dead: walk.dead.map((rule) => ({ rule: rule.id, mode, why: walk.why(rule) })) };
}

class Walk {
  readonly #rules: readonly Rule[];
  readonly #budget: Budget;
  readonly #outcomes = new Outcomes();
  readonly #regions: Regions;
  readonly #live = new Set<Rule>();
  readonly #space: Space;
  readonly #allow: number;
  readonly #people: ReadonlySet<string>;
  /** What allows and what denies alone, by rule. */
  readonly #plain = new Outcomes();
  readonly #plainItems = new Map<Rule, readonly Item[]>();
  readonly #approvals = new Map<Rule, string>();
  readonly #asksMore = new Map<string, boolean>();

  constructor(policy: Policy, rules: readonly Rule[], budget: Budget) {
    this.#rules = rules;
    this.#budget = budget;
    this.#people = new Set(policy.people.keys());
    this.#space = new Space([policy]);
    this.#allow = this.#outcomes.number({ what: "allowed", side: 0 });
    const items = itemsOf(this.#space, rules, this.#outcomes, { apart: true, counts: true });
    this.#regions = new Regions(this.#space, items, { keep: this.#keep, budget });
  }

  get dead(): readonly Rule[] {
    return this.#rules.filter((rule) => !this.#live.has(rule));
  }

  /** Why a rule that does not matter does not, looked at where it speaks alone. */
  why(rule: Rule): DeadRule["why"] {
    const boxes = boxesOfRule(this.#space, rule);
    if (boxes.length === 0) return "unsatisfiable";
    const others = this.#rules.filter((other) => other !== rule);
    switch (rule.type) {
      case "allow":
        return this.#some(boxes, others, { allowed: false, denied: true }) ? "redundant" : "forbidden";
      case "forbid":
        return this.#some(boxes, others, { allowed: true, denied: false }) ? "covered" : "guard";
      default:
        return this.#some(boxes, others, { allowed: true, denied: true }) ? "covered" : "idle";
    }
  }

  /** Whether there is a point in the boxes that others allow, and do not deny, as far as either is looked at. */
  #some(boxes: readonly Box[], others: readonly Rule[], look: { readonly allowed: boolean; readonly denied: boolean }): boolean {
    const outcomes = this.#plain;
    const here = outcomes.number({ what: "asked" });
    const items = others
      .flatMap((rule) => this.#itemsOf(rule))
      .filter(({ outcome }) => {
        const { what } = outcomes.at(outcome);
        return (what === "allowed" && look.allowed) || (what === "denied" && look.denied);
      });
    const regions = new Regions(this.#space, [...about(items, boxes), { outcome: here, boxes }], { budget: this.#budget });
    const seen = new Set<State>();
    const search = (state: State): boolean => {
      if (seen.has(state)) return false;
      seen.add(state);
      const still = new Set([...state.settled, ...state.open.map(({ outcome }) => outcome)]);
      if (!still.has(here) || outcomes.of(state.settled).some(({ what }) => what === "denied")) return false;
      if (look.allowed && !outcomes.of(still).some(({ what }) => what === "allowed")) return false;
      const expansion = regions.expand(state);
      return expansion === undefined || expansion.pieces.some((piece) => search(piece.state));
    };
    return search(regions.start);
  }

  #itemsOf(rule: Rule): readonly Item[] {
    const known = this.#plainItems.get(rule) ?? itemsOf(this.#space, [rule], this.#plain);
    this.#plainItems.set(rule, known);
    return known;
  }

  run(): void {
    const seen = new Set<State>();
    const stack = [this.#regions.start];
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      if (seen.has(state)) continue;
      seen.add(state);
      if (!this.#useful(state)) continue;
      const expansion = this.#regions.expand(state);
      if (expansion === undefined) this.#mark(this.#outcomes.of(state.settled));
      else for (const piece of expansion.pieces) stack.push(piece.state);
    }
  }

  /** What can still show that some rule matters: nothing where nothing is allowed, and nothing where several forbid. */
  readonly #keep: Keep = ({ settled, open }) => {
    const kinds = (numbers: ReadonlySet<number>, what: Outcome["what"]) =>
      [...numbers].filter((number) => this.#outcomes.at(number).what === what);
    const allows = kinds(settled, "allowed");
    const forbids = kinds(settled, "denied");
    const nothing = { open: () => false, settled: () => undefined };
    if (allows.length === 0 && kinds(open, "allowed").length === 0) return nothing;
    if (forbids.length > 1) return nothing;
    const several = allows.length > 1 || (forbids.length > 0 && allows.length > 0) || allows.includes(this.#allow);
    return {
      open: (number) => {
        const { what } = this.#outcomes.at(number);
        if (what === "allowed") return !several;
        return what === "denied" || forbids.length === 0;
      },
      settled: (number) => {
        const { what } = this.#outcomes.at(number);
        if (what === "allowed") return several ? this.#allow : number;
        return what === "denied" || forbids.length === 0 ? number : undefined;
      },
    };
  };

  /** Whether something here is not known to matter yet. */
  #useful({ settled, open }: State): boolean {
    return [...settled, ...open.map(({ outcome }) => outcome)].some((number) => {
      const outcome = this.#outcomes.at(number);
      return "rule" in outcome && outcome.rule !== undefined && !this.#live.has(outcome.rule);
    });
  }

  #mark(outcomes: readonly Outcome[]): void {
    const rulesThat = (what: Outcome["what"]) =>
      outcomes.flatMap((outcome) => (outcome.what === what && "rule" in outcome && outcome.rule !== undefined ? [outcome.rule] : []));
    if (!outcomes.some(({ what }) => what === "allowed")) return;
    const forbids = rulesThat("denied");
    const [forbid, another] = forbids;
    if (forbid !== undefined) {
      if (another === undefined) this.#live.add(forbid);
      return;
    }
    const [allow, other] = rulesThat("allowed");
    if (allow !== undefined && other === undefined) this.#live.add(allow);
    for (const rule of rulesThat("counts")) this.#live.add(rule);
    const asking = rulesThat("asks") as readonly (RequireRule | LimitRule)[];
    for (const rule of asking) {
      const rest = asking.filter((one) => one !== rule);
      if (!this.#live.has(rule) && this.#adds(rule, rest)) this.#live.add(rule);
    }
  }

  /** Whether a rule asks for something that the others do not ask for already, whoever asks. */
  #adds(rule: RequireRule | LimitRule, others: readonly (RequireRule | LimitRule)[]): boolean {
    if (rule.type === "require") {
      const requires = others.filter((other) => other.type === "require");
      if (rule.confirm && !requires.some(({ confirm }) => confirm)) return true;
      if (rule.delayMs > Math.max(0, ...requires.map(({ delayMs }) => delayMs))) return true;
    }
    const own = this.#approvalsOf(rule);
    const beside = new Map(others.map((other) => [this.#approvalsOf(other), askedBy(other)]));
    if (own === NONE || beside.has(own)) return false;
    beside.delete(NONE);
    // Hundreds of rules ask a few roles for the same, and mostly one of them alone asks for enough.
    const isMore = (texts: readonly string[]): boolean => {
      const key = JSON.stringify([own, texts]);
      const known =
        this.#asksMore.get(key) ??
        this.#isMore(
          askedBy(rule),
          texts.map((text) => beside.get(text) ?? []),
        );
      this.#asksMore.set(key, known);
      return known;
    };
    const texts = [...beside.keys()].sort();
    return texts.every((text) => isMore([text])) && isMore(texts);
  }

  #isMore(asked: Asked, others: readonly Asked[]): boolean {
    return [undefined, ...this.#people].some((requester) => {
      const approvers: Approvers = { people: new Set([...this.#people].filter((person) => person !== requester)), stands: () => true };
      return answersOnly(others, [asked], approvers, this.#budget) !== undefined;
    });
  }

  /** One text for rules that ask for the same approvals. */
  #approvalsOf(rule: RequireRule | LimitRule): string {
    const known = this.#approvals.get(rule) ?? JSON.stringify(askedBy(rule));
    this.#approvals.set(rule, known);
    return known;
  }
}

const NONE = "[]";

function askedBy(rule: RequireRule | LimitRule): Asked {
  return rule.type === "require" ? rule.approvals : rule.beyond;
}
