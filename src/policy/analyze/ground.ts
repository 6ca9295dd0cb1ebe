import type { EffectKind } from "../../intent/effect.ts";
import type { Policy } from "../core.ts";
import { Space } from "./dimensions.ts";
import { type ItemOptions, itemsOf, Outcomes, rulesIn } from "./items.ts";
import type { Item } from "./regions.ts";

/** What every walk through one policy begins with: made once, however many questions are asked. */
export class Ground {
  readonly space: Space;
  readonly outcomes = new Outcomes();
  readonly #policy: Policy;
  readonly #items = new Map<string, readonly OfRule[]>();

  constructor(policy: Policy, space = new Space([policy])) {
    this.#policy = policy;
    this.space = space;
  }

  /** The rules in force in a mode that judge one of these kinds. */
  items(mode: string, kinds: ReadonlySet<EffectKind>, options: Pick<ItemOptions, "counts"> = {}): readonly Item[] {
    const key = `${options.counts ?? false} ${mode}`;
    const known =
      this.#items.get(key) ??
      rulesIn(this.#policy, mode).map(
        (rule): OfRule => ({ kinds: rule.kinds, items: itemsOf(this.space, [rule], this.outcomes, options) }),
      );
    this.#items.set(key, known);
    return known.flatMap((rule) => (rule.kinds.some((kind) => kinds.has(kind)) ? rule.items : []));
  }
}

interface OfRule {
  readonly kinds: readonly EffectKind[];
  readonly items: readonly Item[];
}

const grounds = new WeakMap<Policy, Ground>();

/** @throws Inconclusive where a rule falls apart into too many parts. */
export function groundOf(policy: Policy): Ground {
  const ground = grounds.get(policy) ?? new Ground(policy);
  grounds.set(policy, ground);
  return ground;
}
