import type { EffectKind } from "../../intent/effect.ts";
import { isAct } from "../../intent/fields.ts";
import type { LimitRule, Policy, RequireRule, Rule } from "../core.ts";
import { type Box, boxesOfRule, meet, ofKinds } from "./boxes.ts";
import { KIND, Space } from "./dimensions.ts";
import { feasible, only } from "./feasible.ts";
import { about, itemsOf, type Outcome, Outcomes, untilDenied } from "./items.ts";
import { BOXES_A_STEP, type Budget, type Item, Regions, type State } from "./regions.ts";
import { Said } from "./said.ts";
import { hasName, keyOf, NOTHING, type ValueSet } from "./sets.ts";
import { Stricter } from "./stricter.ts";

/** Which requests are compared: acts, which the top-level rules judge in every mode, or what is signed in one mode. */
export type Compared = { readonly what: "acts" } | { readonly what: "signing"; readonly mode: string };

export interface Difference {
  readonly change: "newlyAllowed" | "newlyDenied" | "weaker" | "stronger";
  readonly region: ReadonlyMap<number, ValueSet>;
  /** One who asks, if it says anything of that. */
  readonly requester: string | undefined;
  /** One text for differences of the same rules about the same kinds. */
  readonly key: string;
}

/** Every mode in which requests are made under either. */
export function modesOf(before: Policy, after: Policy): readonly string[] {
  return [...new Set(["normal", "frozen", ...before.modes.keys(), ...after.modes.keys()])];
}

const BEFORE = 0;
const AFTER = 1;

/** What the comparisons of two policies have in common. */
export class Shared {
  readonly space: Space;
  readonly budget: Budget;
  readonly said = new Said();
  readonly stricter: Stricter;
  readonly #drawn = new Map<number, readonly { readonly outcome: Outcome; readonly boxes: readonly Box[] }[]>();

  constructor(before: Policy, after: Policy, budget: Budget) {
    this.space = new Space([before, after]);
    this.budget = budget;
    this.stricter = new Stricter([before, after], budget, this.said);
  }

  /** Rules as items of a diagram. What two rules say alike, in one policy or the other, is worked out once. */
  items(rules: readonly Rule[], side: number, outcomes: Outcomes): readonly Item[] {
    return rules.flatMap((rule) => {
      const number = this.said.by(rule);
      const drawn = this.#drawn.get(number) ?? this.#draw(rule);
      this.#drawn.set(number, drawn);
      return drawn.map(({ outcome, boxes }) => {
        const own = "rule" in outcome ? { ...outcome, side, rule } : { ...outcome, side };
        return { outcome: outcomes.number(own as Outcome), boxes };
      });
    });
  }

  #draw(rule: Rule) {
    const outcomes = new Outcomes();
    const items = itemsOf(this.space, [rule], outcomes, { counts: true });
    this.budget.spend(items.reduce((sum, { boxes }) => sum + boxes.length, 0));
    return items.map(({ outcome, boxes }) => ({ outcome: outcomes.at(outcome), boxes }));
  }
}

/** Two policies, region by region. What both say alike costs no work, and is not looked at. */
export class Comparison {
  readonly space: Space;
  readonly #policies: readonly [before: Policy, after: Policy];
  readonly #budget: Budget;
  readonly #outcomes = new Outcomes();
  readonly #regions: Regions | undefined;
  readonly #changed: number;
  readonly #stricter: Stricter;
  readonly #people: readonly string[];
  readonly #requester: number;
  readonly #amount: number;
  readonly #total: number;
  readonly #seen = new Map<State, Set<string>>();
  readonly #counted: readonly [ReadonlyMap<string, LimitRule>, ReadonlyMap<string, LimitRule>];

  constructor(before: Policy, after: Policy, compared: Compared, shared: Shared) {
    const { space, budget, stricter, said } = shared;
    this.#policies = [before, after];
    this.#budget = budget;
    this.#stricter = stricter;
    this.space = space;
    this.#requester = this.space.at("requester");
    this.#amount = this.space.at("amount");
    this.#total = this.space.at("total");
    this.#people = [...new Set([...before.people.keys(), ...after.people.keys()])];
    const rules = [judging(before, compared), judging(after, compared)] as const;
    this.#counted = [countedBy(before, rules[0]), countedBy(after, rules[1])];
    this.#changed = this.#outcomes.number({ what: "asked" });
    const asked = this.#whereChanged(rules, compared, said);
    if (asked.length === 0) return;
    const items = rules.flatMap((judged, side) => shared.items(judged, side, this.#outcomes));
    this.#regions = new Regions(this.space, [...about(items, asked, budget), { outcome: this.#changed, boxes: asked }], {
      keep: untilDenied(this.#outcomes),
      budget,
    });
  }

  /** Every difference, in the order of the regions. @throws Inconclusive when the budget is spent. */
  *differences(): Generator<Difference> {
    if (this.#regions !== undefined) yield* this.#walk(this.#regions, this.#regions.start, new Map());
  }

  /** Where a rule of either speaks that the other has not, and wherever somebody asks who is no person of the other. */
  #whereChanged([old, now]: readonly [readonly Rule[], readonly Rule[]], compared: Compared, said: Said): readonly Box[] {
    // A limit is another one as well where it counts other things than those that are compared.
    const numbered = (rules: readonly Rule[], side: number) =>
      new Map(rules.map((rule) => [said.by(this.#counted[side]?.get(rule.id) ?? rule), rule]));
    const [before, after] = [numbered(old, BEFORE), numbered(now, AFTER)];
    const changed = [...[...before].filter(([text]) => !after.has(text)), ...[...after].filter(([text]) => !before.has(text))];
    const boxes = changed.flatMap(([, rule]) => boxesOfRule(this.space, rule));
    const [those, these] = this.#policies;
    const newcomers = this.#people.filter((person) => !those.people.has(person) || !these.people.has(person));
    if (newcomers.length > 0) {
      const kinds = [...new Set([...old, ...now].flatMap((rule) => rule.kinds))];
      const asking: Box = [[this.#requester, { ...NOTHING, names: { not: false, values: new Set(newcomers) } }]];
      boxes.push(...ofKinds(this.space, kinds, [asking]));
    }
    if (compared.what === "acts") return boxes.flatMap((box) => this.#leftOf(box));
    const inMode: Box = [[this.space.at("mode"), only(compared.mode)]];
    return boxes.map((box) => meet(box, inMode)).filter((box) => box !== undefined);
  }

  /** What of a box can happen: nobody changes to the mode that holds already, nor to one that there is not. */
  #leftOf(box: Box): readonly Box[] {
    const kinds = box.find(([dimension]) => dimension === KIND)?.[1].names ?? this.space.all(KIND).names;
    if (!hasName(kinds, "modeChange")) return [box];
    const others = meet(box, [[KIND, { ...NOTHING, names: { not: true, values: new Set(["modeChange"]) } }]]);
    const modes = modesOf(...this.#policies);
    const changes = modes.map((mode) => {
      const to = new Set(modes.filter((other) => other !== mode));
      const sides = { kind: only("modeChange"), mode: only(mode), toMode: { ...NOTHING, names: { not: false, values: to } } };
      const part = Object.entries(sides).map(([name, values]) => [this.space.at(name), values] as const);
      return meet(
        box,
        part.sort(([a], [b]) => a - b),
      );
    });
    return [others, ...changes].filter((left) => left !== undefined);
  }

  *#walk(regions: Regions, state: State, region: ReadonlyMap<number, ValueSet>): Generator<Difference> {
    const still = [...state.settled, ...state.open.map(({ outcome }) => outcome)];
    if (!still.includes(this.#changed) || !this.#outcomes.of(still).some(({ what }) => what === "allowed")) return;
    const key = this.#keyOf(region);
    const seen = this.#seen.get(state) ?? new Set();
    if (seen.has(key)) return;
    this.#seen.set(state, seen.add(key));
    const expansion = regions.expand(state);
    // What an expansion costs is what it copies.
    this.#budget.spend(Math.floor(((expansion?.pieces.length ?? 0) * state.open.length) / BOXES_A_STEP));
    if (expansion === undefined) {
      this.#budget.spend(Math.floor(state.settled.size / BOXES_A_STEP));
      yield* this.#compare(this.#outcomes.of(state.settled), region);
      return;
    }
    for (const { values, state: next } of expansion.pieces) {
      if (feasible(this.space, region, expansion.dimension, values))
        yield* this.#walk(regions, next, new Map(region).set(expansion.dimension, values));
    }
  }

  /** What earlier choices still say when later ones are made: who asks, and that a request's total is no less than its amount. */
  #keyOf(region: ReadonlyMap<number, ValueSet>): string {
    const requester = region.get(this.#requester);
    const amount = region.get(this.#amount);
    const least = amount === undefined || region.has(this.#total) ? "" : String(amount.integers[0]?.[0]);
    return `${requester === undefined ? "" : keyOf(requester)} ${least}`;
  }

  *#compare(outcomes: readonly Outcome[], region: ReadonlyMap<number, ValueSet>): Generator<Difference> {
    const [old, now] = [this.#decided(outcomes, BEFORE), this.#decided(outcomes, AFTER)];
    const { names } = region.get(this.#requester) ?? this.space.all(this.#requester);
    const [those, these] = this.#policies;
    const asking = this.#people.filter((person) => hasName(names, person));
    const both = asking.filter((person) => those.people.has(person) && these.people.has(person));
    const differ = (change: Difference["change"], requester: string | undefined): Difference => ({
      change,
      region,
      requester,
      key: JSON.stringify([change, [...(region.get(0)?.names.values ?? [])], old.ids, now.ids]),
    });
    const added = asking.find((person) => !those.people.has(person));
    const removed = asking.find((person) => !these.people.has(person));
    if (added !== undefined && now.allowed) yield differ("newlyAllowed", added);
    if (removed !== undefined && old.allowed) yield differ("newlyDenied", removed);
    if (both.length === 0 && asking.length > 0) return;
    const change = this.#changeOf(old, now, both);
    if (change !== undefined) yield differ(change, both[0]);
  }

  #changeOf(old: Decided, now: Decided, requesters: readonly string[]): Difference["change"] | undefined {
    if (old.allowed !== now.allowed) return now.allowed ? "newlyAllowed" : "newlyDenied";
    if (!now.allowed) return undefined;
    const isStricter = (one: Decided, other: Decided) =>
      this.#stricter.asks(one.asks, other.asks, requesters) && this.#stricter.counts(one.counts, other.counts);
    if (!isStricter(now, old)) return "weaker";
    return isStricter(old, now) ? undefined : "stronger";
  }

  #decided(outcomes: readonly Outcome[], side: number): Decided {
    const own = outcomes.filter((outcome) => "side" in outcome && outcome.side === side);
    const asks = own.flatMap((outcome) => (outcome.what === "asks" ? [outcome.rule] : []));
    const limits = own.flatMap((outcome) => (outcome.what === "counts" ? [outcome.rule] : []));
    return {
      allowed: own.some(({ what }) => what === "allowed") && !own.some(({ what }) => what === "denied"),
      asks,
      counts: limits.map((limit) => this.#counted[side]?.get(limit.id) ?? limit),
      ids: [...asks, ...limits].map(({ id }) => id).sort(),
    };
  }
}

interface Decided {
  readonly allowed: boolean;
  readonly asks: readonly (RequireRule | LimitRule)[];
  readonly counts: readonly LimitRule[];
  readonly ids: readonly string[];
}

/** The rules that judge what is compared, narrowed to it. */
function judging(policy: Policy, compared: Compared): readonly Rule[] {
  if (compared.what === "acts") return narrowed(policy.rules, isAct);
  const signing = compared.mode === "normal" ? policy.rules : (policy.modes.get(compared.mode)?.rules ?? []);
  return narrowed(signing, (kind) => !isAct(kind));
}

function narrowed(rules: readonly Rule[], judges: (kind: EffectKind) => boolean): readonly Rule[] {
  return rules.flatMap((rule) => {
    const kinds = rule.kinds.filter(judges);
    if (kinds.length === rule.kinds.length) return [rule];
    return kinds.length === 0 ? [] : [{ ...rule, kinds }];
  });
}

/** What limits count: all that the top-level rule speaks of, acts and payments alike. */
function countedBy({ rules }: Policy, judged: readonly Rule[]): ReadonlyMap<string, LimitRule> {
  const inForce = new Set(judged.map(({ id }) => id));
  return new Map(rules.flatMap((rule) => (rule.type === "limit" && inForce.has(rule.id) ? [[rule.id, rule] as const] : [])));
}
