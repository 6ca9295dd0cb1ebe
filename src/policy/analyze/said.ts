import type { Rule } from "../core.ts";

/**
 * What rules say, by number: equal numbers are one rule, whatever its id is and however its amounts are written for people. A
 * number stands for a list as well, so that ten thousand addresses are read once, however many rules name them.
 */
export class Said {
  readonly #known = new WeakMap<object, number>();
  readonly #numbers = new Map<string, number>();

  by(rule: Rule): number {
    const { id: _, ...said } = rule;
    return this.#once(rule, () => this.#text({ ...said, unit: undefined, kinds: [...rule.kinds].sort() }));
  }

  /** What it speaks of, alone. */
  scopeOf({ kinds, when }: Pick<Rule, "kinds" | "when">): string {
    return this.#text([[...kinds].sort(), when]);
  }

  #once(value: object, text: () => string): number {
    let number = this.#known.get(value);
    if (number === undefined) {
      const said = text();
      number = this.#numbers.get(said) ?? this.#numbers.size;
      this.#numbers.set(said, number);
      this.#known.set(value, number);
    }
    return number;
  }

  #text(value: unknown): string {
    return JSON.stringify(value, (_key, member: unknown) => {
      if (typeof member === "bigint") return `${member}`;
      if (member instanceof Set) return { set: this.#once(member, () => JSON.stringify([...member].sort())) };
      if (member instanceof Map) return [...member].sort(([a], [b]) => (a < b ? -1 : 1));
      return member;
    });
  }
}
