import type { Policy, Rule } from "../core.ts";
import { approvalsOf } from "./actors.ts";
import { type Box, covers, meet } from "./boxes.ts";
import { Space } from "./dimensions.ts";
import { Inconclusive } from "./inconclusive.ts";
import { itemsOf, type Outcome, Outcomes, rulesIn } from "./items.ts";
import { Nearby } from "./nearby.ts";
import { Budget, type Item, type Keep, type Kept, type Piece, Regions, type State } from "./regions.ts";
import { Stricter } from "./stricter.ts";

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
  const rules = rulesIn(policy, mode);
  let undecided = rules;
  try {
    const walk = new Walk(policy, rules, new Budget(work, signal));
    try {
      walk.run();
    } finally {
      undecided = walk.dead;
    }
    return { kind: "exact", dead: walk.dead.map((rule) => ({ rule: rule.id, mode, why: walk.why(rule) })) };
  } catch (cause) {
    if (!(cause instanceof Inconclusive)) throw cause;
    return { kind: "inconclusive", undecided: undecided.map(({ id }) => id), why: cause.message };
  }
}

/** A part of where a rule allows or denies. */
interface Part {
  readonly rule: Rule;
  readonly box: Box;
}

class Walk {
  readonly #budget: Budget;
  readonly #outcomes = new Outcomes();
  readonly #regions: Regions;
  /** What each rule says, in the order of the policy. */
  readonly #drawn: ReadonlyMap<Rule, readonly Item[]>;
  /** Rules that are not known to matter yet, and what they alone say. */
  readonly #idle: Set<Rule>;
  readonly #undecided = new Set<number>();
  readonly #space: Space;
  readonly #allow: number;
  readonly #several = new Map<string, number>();
  /** By the outcome of one rule. */
  readonly #alike: number[] = [];
  readonly #people: readonly string[];
  readonly #stricter: Stricter;
  #parts: { readonly allows: Nearby<Part>; readonly denies: Nearby<Part> } | undefined;

  constructor(policy: Policy, rules: readonly Rule[], budget: Budget) {
    this.#budget = budget;
    this.#people = [...policy.people.keys()];
    this.#stricter = new Stricter([policy], budget);
    this.#space = new Space([policy]);
    this.#allow = this.#outcomes.number({ what: "allowed", side: SEVERAL });
    this.#drawn = new Map(
      rules.map((rule) => [rule, itemsOf(this.#space, [rule], this.#outcomes, { side: ONE, apart: true, counts: true })]),
    );
    this.#idle = new Set(rules);
    const items = [...this.#drawn.values()].flat();
    for (const { outcome } of items) this.#undecided.add(outcome);
    this.#regions = new Regions(this.#space, items, { keep: this.#keep, budget, once: true });
  }

  get dead(): readonly Rule[] {
    return [...this.#idle];
  }

  /** Why a rule that does not matter does not, looked at where it speaks alone. */
  why(rule: Rule): DeadRule["why"] {
    const boxes = this.#speaks(rule);
    if (boxes.length === 0) return "unsatisfiable";
    const { allows, denies } = this.#others();
    const isAllowed = (where: (box: Box) => boolean) =>
      boxes.some((box) => allows.some(box, (part) => part.rule !== rule && where(meet(part.box, box) ?? box)));
    const isOpen = (box: Box) =>
      this.#isOpen(
        box,
        denies.meeting(box).filter((part) => part.rule !== rule),
      );
    switch (rule.type) {
      case "allow":
        return boxes.some(isOpen) ? "redundant" : "forbidden";
      case "forbid":
        return isAllowed(() => true) ? "covered" : "guard";
      default:
        return isAllowed(isOpen) ? "covered" : "idle";
    }
  }

  /** Wherever it does, also where a limit only counts. */
  #speaks(rule: Rule): readonly Box[] {
    const [first] = this.#drawn.get(rule) ?? [];
    return first?.boxes ?? [];
  }

  /** Whether a box is more than those that deny. */
  #isOpen(box: Box, denies: readonly Part[]): boolean {
    if (denies.length === 0) return true;
    if (denies.some((part) => covers(part.box, box))) return false;
    const [here, denied] = [0, 1];
    const items: Item[] = [
      { outcome: here, boxes: [box] },
      { outcome: denied, boxes: denies.map((part) => part.box) },
    ];
    const regions = new Regions(this.#space, items, { budget: this.#budget, once: true });
    const seen = new Set<State>();
    const search = (state: State): boolean => {
      if (seen.has(state)) return false;
      seen.add(state);
      const isHere = state.settled.has(here) || state.open.some(({ outcome }) => outcome === here);
      if (!isHere || state.settled.has(denied)) return false;
      const expansion = regions.expand(state);
      return expansion === undefined || expansion.pieces.some((piece) => search(piece.state));
    };
    return search(regions.start);
  }

  /** What allows and what denies, alone. */
  #others(): { readonly allows: Nearby<Part>; readonly denies: Nearby<Part> } {
    if (this.#parts !== undefined) return this.#parts;
    const parts = [...this.#drawn].flatMap(([rule, items]) =>
      items.flatMap(({ outcome, boxes }) => boxes.map((box) => ({ rule, box, what: this.#outcomes.at(outcome).what }))),
    );
    const that = (does: Outcome["what"]) =>
      new Nearby<Part>(
        parts.filter(({ what }) => what === does),
        this.#budget,
      );
    this.#parts = { allows: that("allowed"), denies: that("denied") };
    return this.#parts;
  }

  run(): void {
    const seen = new Set<State>();
    const stack: Pick<Piece, "state">[] = [{ state: this.#regions.start }];
    for (let state = stack.pop()?.state; state !== undefined; state = stack.pop()?.state) {
      if (seen.has(state)) continue;
      seen.add(state);
      if (!this.#useful(state)) continue;
      const expansion = this.#regions.expand(state);
      if (expansion === undefined) this.#mark(state.settled);
      else stack.push(...expansion.pieces);
    }
  }

  /**
   * What can still show that some rule matters: nothing where nothing is allowed, and nothing where several forbid. Of rules that
   * are alike to the others only is kept whether there is none, one, or several: those that are known to matter count as several.
   */
  readonly #keep: Keep = ({ settled, open }) => {
    const allows: number[] = [];
    const forbids: number[] = [];
    const asked = new Map<number, number>();
    const several = new Set<number>();
    for (const number of settled) {
      const { what } = this.#outcomes.at(number);
      if (what === "allowed") allows.push(number);
      else if (what === "denied") {
        forbids.push(number);
        if (forbids.length > 1) return NOTHING_MATTERS;
      } else if (what === "asks") {
        const alike = this.#alikeTo(number);
        if (asked.has(alike) || !this.#undecided.has(number)) several.add(alike);
        asked.set(alike, number);
      }
    }
    const [forbid] = forbids;
    const mayAllow = allows.length > 0 || this.#anyOf(open, "allowed");
    if (!mayAllow || (forbid !== undefined && !this.#undecided.has(forbid))) return NOTHING_MATTERS;
    const denied = forbid !== undefined;
    const allowed = allows.length > 1 || (denied && allows.length > 0) || allows.some((number) => !this.#undecided.has(number));
    const asks = !denied && (this.#mayAsk(asked.values(), several) || this.#mayAsk(open, several));
    return {
      open: (number) => {
        switch (this.#outcomes.at(number).what) {
          case "allowed":
            return !allowed;
          case "asks":
            return asks && !several.has(this.#alikeTo(number));
          case "counts":
            return !denied && this.#undecided.has(number);
          default:
            return true;
        }
      },
      settled: (number) => {
        switch (this.#outcomes.at(number).what) {
          case "allowed":
            return allowed ? this.#allow : number;
          case "asks": {
            const alike = this.#alikeTo(number);
            return !asks ? undefined : several.has(alike) ? alike : number;
          }
          case "counts":
            return !denied && this.#undecided.has(number) ? number : undefined;
          default:
            return number;
        }
      },
    };
  };

  #anyOf(numbers: Iterable<number>, what: Outcome["what"]): boolean {
    for (const number of numbers) if (this.#outcomes.at(number).what === what) return true;
    return false;
  }

  /** Whether one of them may still be the only one that asks for what it does. */
  #mayAsk(numbers: Iterable<number>, several: ReadonlySet<number>): boolean {
    for (const number of numbers) {
      if (this.#outcomes.at(number).what === "asks" && this.#undecided.has(number) && !several.has(this.#alikeTo(number))) return true;
    }
    return false;
  }

  /** The outcome of several rules that ask for the same as this one. */
  #alikeTo(number: number): number {
    const known = this.#alike[number];
    if (known !== undefined) return known;
    const outcome = this.#outcomes.at(number);
    if (outcome.what !== "asks") throw new TypeError("outcome: expected one of a rule that asks for something");
    const { rule } = outcome;
    const { delayMs, confirm, expiresMs } = rule.type === "require" ? rule : {};
    const text = JSON.stringify([approvalsOf(rule), delayMs, confirm, expiresMs]);
    const alike = this.#several.get(text) ?? this.#outcomes.number({ what: "asks", side: SEVERAL, rule });
    this.#several.set(text, alike);
    this.#alike[number] = alike;
    return alike;
  }

  /** Whether something here is not known to matter yet. */
  #useful({ settled, open }: State): boolean {
    for (const number of settled) if (this.#undecided.has(number)) return true;
    return open.some(({ outcome }) => this.#undecided.has(outcome));
  }

  /** Those that matter where all this holds, and nothing else. */
  #mark(settled: ReadonlySet<number>): void {
    const outcomes = this.#outcomes.of(settled);
    if (!outcomes.some(({ what }) => what === "allowed")) return;
    const denied = outcomes.some(({ what }) => what === "denied");
    const asks = outcomes.flatMap((outcome) => (outcome.what === "asks" ? [outcome.rule] : []));
    for (const number of settled) {
      const outcome = this.#outcomes.at(number);
      if (!this.#undecided.has(number) || !("rule" in outcome) || outcome.rule === undefined) continue;
      // Where something is denied or allowed by several, none of those is an open question here.
      const matters =
        outcome.what === "asks"
          ? !this.#stricter.asks(
              asks.filter((rule) => rule !== outcome.rule),
              [outcome.rule],
              this.#people,
            )
          : outcome.what === "denied" || !denied;
      if (matters) this.#matters(outcome.rule);
    }
  }

  #matters(rule: Rule): void {
    this.#idle.delete(rule);
    for (const { outcome } of this.#drawn.get(rule) ?? []) this.#undecided.delete(outcome);
  }
}

/** Outcomes of one rule; and those that stand for several rules, or for one that is known to matter. */
const ONE = 0;
const SEVERAL = 1;

const NOTHING_MATTERS: Kept = { open: () => false, settled: () => undefined };
