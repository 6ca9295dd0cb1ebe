import type { Policy, Rule } from "../core.ts";
import type { Box } from "./boxes.ts";
import { Space } from "./dimensions.ts";
import { hullOf, maySpeakIn } from "./hull.ts";
import { about, type ItemOptions, itemsOf, Outcomes, rulesIn } from "./items.ts";
import type { Item } from "./regions.ts";

/** What every walk through one policy begins with: made once, however many questions are asked. */
export class Ground {
  readonly space: Space;
  readonly outcomes = new Outcomes();
  readonly #policy: Policy;
  readonly #rules = new Map<string, readonly Rule[]>();
  readonly #drawn = { says: new Map<Rule, readonly Item[]>(), counts: new Map<Rule, readonly Item[]>() };

  constructor(policy: Policy, space = new Space([policy])) {
    this.#policy = policy;
    this.space = space;
  }

  /**
   * What the rules in force in a mode say of what is asked about; nothing where none of them allows any of it, as nothing else then
   * matters. Only rules that may have a say are drawn, which is most of the work where there are thousands.
   *
   * @throws Inconclusive where one of them falls apart into too many parts.
   */
  items(mode: string, asked: readonly Box[], options: Pick<ItemOptions, "counts"> = {}): readonly Item[] {
    if (asked.length === 0) return [];
    const hull = hullOf(asked);
    const near = this.#inForce(mode).filter((rule) => maySpeakIn(this.space, rule, hull));
    const said = (rules: readonly Rule[]) =>
      about(
        rules.flatMap((rule) => this.#draw(rule, options)),
        asked,
      );
    return said(near.filter(({ type }) => type === "allow")).length === 0 ? [] : said(near);
  }

  #inForce(mode: string): readonly Rule[] {
    const rules = this.#rules.get(mode) ?? rulesIn(this.#policy, mode);
    this.#rules.set(mode, rules);
    return rules;
  }

  #draw(rule: Rule, options: Pick<ItemOptions, "counts">): readonly Item[] {
    const drawn = options.counts ? this.#drawn.counts : this.#drawn.says;
    const items = drawn.get(rule) ?? itemsOf(this.space, [rule], this.outcomes, options);
    drawn.set(rule, items);
    return items;
  }
}

const grounds = new WeakMap<Policy, Ground>();

export function groundOf(policy: Policy): Ground {
  const ground = grounds.get(policy) ?? new Ground(policy);
  grounds.set(policy, ground);
  return ground;
}
