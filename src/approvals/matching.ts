/** Places of one kind: how many, and who may take one. */
export interface Places<T> {
  readonly capacity: number;
  readonly admits: (candidate: T) => boolean;
}

/**
 * Seats as many candidates as possible, each at most once: a maximum bipartite matching by augmenting paths (Kuhn).
 * Exact; polynomial in candidates and places.
 *
 * @returns for each of `places` who sits there, at most its capacity.
 */
export function seat<T>(candidates: readonly T[], places: readonly Places<T>[]): readonly (readonly T[])[] {
  const seated: T[][] = places.map(() => []);

  // Finds a seat for `candidate`, moving others on where that frees one; `tried` places are not tried twice.
  function find(candidate: T, tried: Set<number>): boolean {
    for (const [at, place] of places.entries()) {
      if (tried.has(at) || !place.admits(candidate)) continue;
      tried.add(at);
      const here = seated[at] ?? [];
      if (here.length < place.capacity) {
        here.push(candidate);
        return true;
      }
      const moved = here.findIndex((other) => find(other, tried));
      if (moved >= 0) {
        here[moved] = candidate;
        return true;
      }
    }
    return false;
  }

  for (const candidate of candidates) find(candidate, new Set());
  return seated;
}
