/** How often something may still be tried. Parts of a search share it, so that none of them starves the others. */
export class Tries {
  #left: number;

  /** @param most - a fraction is no try. */
  constructor(most: number) {
    this.#left = Math.floor(most);
  }

  /** The candidates in their order, as long as there are tries. */
  *of<T>(candidates: Iterable<T>): Generator<T, void> {
    for (const candidate of candidates) {
      if (this.#left <= 0) return;
      this.#left--;
      yield candidate;
    }
  }

  /** What all parts find: each with an equal share of the tries that the parts before it left. A part without a try is left out. */
  shared<P, F>(parts: readonly P[], search: (part: P, share: Tries) => readonly F[]): readonly F[] {
    return parts.flatMap((part, index) => {
      if (this.#left <= 0) return [];
      const given = Math.ceil(this.#left / (parts.length - index));
      const share = new Tries(given);
      const found = search(part, share);
      this.#left -= given - share.#left;
      return found;
    });
  }
}
