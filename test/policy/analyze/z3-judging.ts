import { isAct } from "../../../src/intent/fields.ts";
import type { Condition, LimitRule, Policy, Rule } from "../../../src/policy/core.ts";
import { and, type Encoding, type Formula, implies, not, or } from "./z3-encoding.ts";

/** What happens to an effect under some rules, as formulas. */
export interface Fate {
  readonly allowed: Formula;
  readonly delay: Formula;
  readonly confirm: Formula;
  readonly answeredBy: (has: (person: string) => Formula) => Formula;
}

export class Judging {
  readonly #encoding: Encoding;
  readonly #matches = new Map<Rule, Formula>();
  readonly #exceeds = new Map<Rule, Formula>();

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  matches(rule: Rule): Formula {
    return kept(this.#matches, rule, () => this.#encoding.matches(rule));
  }

  /** A limit that is too little for the effect alone. */
  exceeded(limit: LimitRule): Formula {
    return kept(this.#exceeds, limit, () => this.#encoding.define(and([this.matches(limit), this.#encoding.exceeds(limit)])));
  }

  /** @param exceeded - where a limit is too little: as if nothing had been signed before, where it is absent. */
  fateOf(rules: readonly Rule[], exceeded: (limit: LimitRule) => Formula = (limit) => this.exceeded(limit)): Fate {
    const allow = rules.flatMap((rule) => (rule.type === "allow" ? [this.matches(rule)] : []));
    const deny = rules.flatMap((rule) => {
      if (rule.type === "forbid") return [this.matches(rule)];
      return rule.type === "limit" && rule.beyond.length === 0 ? [exceeded(rule)] : [];
    });
    const requires = rules.filter((rule) => rule.type === "require");
    const delays = requires.filter(({ delayMs }) => delayMs > 0).sort((a, b) => b.delayMs - a.delayMs);
    return {
      allowed: this.#encoding.define(and([or(allow), not(or(deny))])),
      delay: delays.reduceRight((shorter, rule) => `(ite ${this.matches(rule)} ${rule.delayMs} ${shorter})`, "0"),
      confirm: or(requires.filter(({ confirm }) => confirm).map((rule) => this.matches(rule))),
      answeredBy: (has) =>
        and(
          rules.flatMap((rule) => {
            if (rule.type === "require" && rule.approvals.length > 0)
              return [implies(this.matches(rule), this.#encoding.answers(rule.approvals, has))];
            if (rule.type === "limit" && rule.beyond.length > 0) return [implies(exceeded(rule), this.#encoding.answers(rule.beyond, has))];
            return [];
          }),
        ),
    };
  }
}

/** Top-level rules for acts and in `normal`; a mode's own for what is signed in it. */
export function rulesOf(policy: Policy, judged: "acts" | { readonly mode: string }): readonly Rule[] {
  const acts = judged === "acts";
  const rules = acts || judged.mode === "normal" ? policy.rules : (policy.modes.get(judged.mode)?.rules ?? []);
  return rules.map((rule) => ({ ...rule, kinds: rule.kinds.filter((kind) => isAct(kind) === acts) }));
}

/** Every argument that some condition names. */
export function argumentsOf(conditions: readonly Condition[]): ReadonlySet<string> {
  return new Set(
    conditions.flatMap((condition): readonly string[] => {
      if (condition.op === "argument") return [condition.name];
      if (condition.op === "not") return [...argumentsOf([condition.of])];
      return condition.op === "all" || condition.op === "any" ? [...argumentsOf(condition.of)] : [];
    }),
  );
}

function kept<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}
