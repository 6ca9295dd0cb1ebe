import { type EffectKind, UNLIMITED } from "../../intent/effect.ts";
import { isAct } from "../../intent/fields.ts";
import type { Condition, LimitRule, Policy, RequireRule, Rule } from "../core.ts";
import { type Box, boxesOf, boxesOfRule, ofKinds } from "./boxes.ts";
import type { Space } from "./dimensions.ts";
import { excessOf } from "./excess.ts";
import { Nearby } from "./nearby.ts";
import type { Budget, Item, Keep } from "./regions.ts";
import { NOTHING } from "./sets.ts";

/** What can be said of an effect under a policy, or of one that is asked about. */
export type Outcome =
  /** `topic`: which of several questions at once. */
  | { readonly what: "asked"; readonly topic?: number }
  | { readonly what: "allowed"; readonly side: number; readonly rule?: Rule }
  | { readonly what: "denied"; readonly side: number; readonly rule?: Rule }
  /** Approvals, a delay or a confirmation; of a limit, what its excess needs. */
  | { readonly what: "asks"; readonly side: number; readonly rule: RequireRule | LimitRule }
  /** It is asked at a moment that matters to who may answer: keeps moments apart. */
  | { readonly what: "marked"; readonly mark: number }
  /** It is counted. */
  | { readonly what: "counts"; readonly side: number; readonly rule: LimitRule };

/** The outcomes of one diagram, by number. */
export class Outcomes {
  readonly #list: Outcome[] = [];
  readonly #numbers = new Map<string, number>();

  number(outcome: Outcome): number {
    const which = "mark" in outcome ? outcome.mark : "topic" in outcome ? outcome.topic : "side" in outcome ? outcome.side : "";
    const key = `${outcome.what} ${which} ${"rule" in outcome ? outcome.rule?.id : ""}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#list.push(outcome);
    this.#numbers.set(key, this.#list.length - 1);
    return this.#list.length - 1;
  }

  at(number: number): Outcome {
    const outcome = this.#list[number];
    if (outcome === undefined) throw new TypeError("outcome: expected a number that was given out");
    return outcome;
  }

  of(numbers: Iterable<number>): readonly Outcome[] {
    return [...numbers].map((number) => this.at(number));
  }
}

/** Rules that judge in a mode: top-level rules judge acts in every mode, and everything in `normal`. */
export function rulesIn(policy: Policy, mode: string): readonly Rule[] {
  if (mode === "normal") return policy.rules;
  const signing = policy.modes.get(mode)?.rules ?? [];
  return [...narrowed(policy.rules, isAct), ...narrowed(signing, (kind) => !isAct(kind))];
}

function narrowed(rules: readonly Rule[], judges: (kind: EffectKind) => boolean): readonly Rule[] {
  return rules.flatMap((rule) => {
    const kinds = rule.kinds.filter(judges);
    return kinds.length === 0 ? [] : [{ ...rule, kinds }];
  });
}

export interface ItemOptions {
  /** Which of several policies in one diagram. */
  readonly side?: number;
  /** Every allow and forbid an outcome of its own, to tell which of them matters. */
  readonly apart?: boolean;
  /** What limits count. */
  readonly counts?: boolean;
}

/** A policy's rules in force as items of a diagram. */
export function itemsOf(space: Space, rules: readonly Rule[], outcomes: Outcomes, options: ItemOptions = {}): readonly Item[] {
  return rules.flatMap((rule) => itemsOfRule(space, rule, outcomes, options));
}

function itemsOfRule(
  space: Space,
  rule: Rule,
  outcomes: Outcomes,
  { side = 0, apart = false, counts = false }: ItemOptions,
): readonly Item[] {
  const item = (outcome: Outcome, boxes: readonly Box[]): Item => ({ outcome: outcomes.number(outcome), boxes });
  const blamed = apart ? { rule } : {};
  switch (rule.type) {
    case "allow":
      return [item({ what: "allowed", side, ...blamed }, boxesOfRule(space, rule))];
    case "forbid":
      return [item({ what: "denied", side, ...blamed }, boxesOfRule(space, rule))];
    case "require":
      return [item({ what: "asks", side, rule }, boxesOfRule(space, rule))];
    case "limit": {
      const tooMuch: Outcome = rule.beyond.length > 0 ? { what: "asks", side, rule } : { what: "denied", side, ...blamed };
      const over = item(tooMuch, excessBoxes(space, rule));
      return counts ? [item({ what: "counts", side, rule }, boxesOfRule(space, rule)), over] : [over];
    }
  }
}

function excessBoxes(space: Space, limit: LimitRule): readonly Box[] {
  return excessOf(limit).flatMap(({ kinds, over }) => {
    const both: Condition = { op: "all", of: [limit.when, over] };
    return ofKinds(space, kinds, boxesOf(space, both, "possibly"));
  });
}

/**
 * The part of the boxes that the question is about: what meets none of them has no say.
 *
 * @throws Inconclusive when the budget is spent, where one is given.
 */
export function about(items: readonly Item[], asked: readonly Box[], budget?: Budget): readonly Item[] {
  if (asked.some((box) => box.length === 0)) return items;
  const where = new Nearby(
    asked.map((box) => ({ box })),
    budget,
  );
  return items.flatMap(({ outcome, boxes }) => {
    const near = boxes.filter((box) => where.some(box));
    return near.length === 0 ? [] : [{ outcome, boxes: near }];
  });
}

/** Drops every outcome of a side as soon as it is denied there for certain: nothing else of it matters any more. */
export function untilDenied(outcomes: Outcomes): Keep {
  return ({ settled, open }) => {
    const denied = new Set<number>();
    const mayAllow = new Set<number>();
    const sides = new Set<number>();
    for (const [numbers, certain] of [
      [settled, true],
      [open, false],
    ] as const) {
      for (const number of numbers) {
        const outcome = outcomes.at(number);
        if (!("side" in outcome)) continue;
        sides.add(outcome.side);
        if (outcome.what === "allowed") mayAllow.add(outcome.side);
        if (outcome.what === "denied" && certain) denied.add(outcome.side);
      }
    }
    const over = [...sides].filter((side) => denied.has(side) || !mayAllow.has(side));
    if (over.length === 0) return undefined;
    const matters = (number: number) => {
      const outcome = outcomes.at(number);
      return !("side" in outcome) || !over.includes(outcome.side);
    };
    return { open: matters, settled: (number) => (matters(number) ? number : undefined) };
  };
}

/** Moments at which somebody begins or ends to stand in for somebody, as items that keep them apart. */
export function marksOf(space: Space, rules: readonly Rule[], outcomes: Outcomes): readonly Item[] {
  const moments = new Map<string, Box>();
  for (const rule of rules) {
    const alternatives = rule.type === "require" ? rule.approvals : rule.type === "limit" ? rule.beyond : [];
    for (const { from = 0, until } of alternatives.flat().flatMap(({ members }) => members)) {
      if (from === 0 && until === undefined) continue;
      const last = until === undefined ? UNLIMITED : BigInt(until) - 1n;
      moments.set(`${from} ${last}`, [[space.at("date"), { ...NOTHING, integers: [[BigInt(from), last]] }]]);
    }
  }
  return [...moments.values()].map((box, mark) => ({ outcome: outcomes.number({ what: "marked", mark }), boxes: [box] }));
}
