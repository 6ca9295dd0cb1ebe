import type { Time } from "../base/time.ts";
import { type ApprovalsNeed, isMember, missing } from "./quorum.ts";

export type Minimum =
  /** A smallest set of people who together meet every need. */
  | { readonly kind: "people"; readonly people: readonly string[] }
  /** Not even everybody together would. */
  | { readonly kind: "nobody" }
  /** The search was given up at its budget: nothing is known. */
  | { readonly kind: "inconclusive" };

const BUDGET = 20_000;

/**
 * The fewest people who meet all of `needs` at once: over several needs the same person counts again, within one need once.
 *
 * Exact: tries sets by rising size. People who are in exactly the same clauses are interchangeable, so only how many of
 * each sort are taken is tried; roles make few sorts.
 */
export function minimum(needs: readonly ApprovalsNeed[], submitters: readonly string[], now: Time): Minimum {
  const meets = (people: readonly string[]) => needs.every((need) => missing(need, people, submitters, now).kind === "met");
  const sorts = sortsOfPeople(needs, submitters, now);
  const everybody = sorts.flat();
  if (!meets(everybody)) return { kind: "nobody" };
  let tried = 0;
  for (let size = 0; size <= everybody.length; size++) {
    for (const people of choose(sorts, size)) {
      if (meets(people)) return { kind: "people", people: [...people].sort() };
      if (++tried >= BUDGET) return { kind: "inconclusive" };
    }
  }
  throw new Error("unreachable: everybody meets the needs, no set of people does");
}

function sortsOfPeople(needs: readonly ApprovalsNeed[], submitters: readonly string[], now: Time): readonly (readonly string[])[] {
  const clauses = needs.flatMap((need) => need.alternatives.flat());
  const sorts = new Map<string, string[]>();
  const people = new Set(clauses.flatMap(({ members }) => members.map(({ person }) => person)));
  for (const person of [...people].sort()) {
    if (submitters.includes(person)) continue;
    const sort = clauses.map((clause) => (isMember(clause, person, now) ? "1" : "0")).join("");
    if (sort.includes("1")) sorts.set(sort, [...(sorts.get(sort) ?? []), person]);
  }
  return [...sorts.values()];
}

// Every way to take `size` people from the sorts, always the first ones of a sort.
function* choose(sorts: readonly (readonly string[])[], size: number): Generator<readonly string[]> {
  const [sort, ...others] = sorts;
  if (sort === undefined) {
    if (size === 0) yield [];
    return;
  }
  for (let taken = Math.min(size, sort.length); taken >= 0; taken--) {
    for (const rest of choose(others, size - taken)) yield [...sort.slice(0, taken), ...rest];
  }
}
