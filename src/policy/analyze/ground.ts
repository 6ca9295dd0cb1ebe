import type { EffectKind } from "../../intent/effect.ts";
import type { Policy } from "../core.ts";
import { Space } from "./dimensions.ts";
import { itemsOf, Outcomes, rulesIn } from "./items.ts";
import type { Item } from "./regions.ts";

/** What every walk through one policy begins with: made once, however many questions are asked. */
export class Ground {
  readonly space: Space;
  readonly outcomes = new Outcomes();
  readonly #policy: Policy;
  readonly #items = new Map<string, readonly { readonly kinds: readonly EffectKind[]; readonly items: readonly Item[] }[]>();

  constructor(policy: Policy, space = new Space([policy])) {
    this.#policy = policy;
    this.space = space;
  }

  /** The rules in force in a mode that judge one of these kinds. */
  items(mode: string, kinds: ReadonlySet<EffectKind>): readonly Item[] {
    const known =
      this.#items.get(mode) ??
      rulesIn(this.#policy, mode).map((rule) => ({ kinds: rule.kinds, items: itemsOf(this.space, [rule], this.outcomes) }));
    this.#items.set(mode, known);
    return known.flatMap((rule) => (rule.kinds.some((kind) => kinds.has(kind)) ? rule.items : []));
  }
}

const grounds = new WeakMap<Policy, Ground>();

/** @throws Inconclusive where a rule falls apart into too many parts. */
export function groundOf(policy: Policy): Ground {
  const ground = grounds.get(policy) ?? new Ground(policy);
  grounds.set(policy, ground);
  return ground;
}
