import type { Clause } from "../intent/verdict.ts";

/**
 * Whether some request could ever gather the approvals: every clause filled by different people out of `signers`, none of
 * them the one who asks. Dates are left aside: a clause that is filled by somebody standing in can be reached.
 *
 * Hall's theorem: clauses can be filled by different people exactly if for every set of clauses there are at least as many
 * people who are in one of them as the clauses ask for together. With at most six clauses that is 63 sets.
 */
export function reachable(quorum: {
  readonly clauses: readonly Clause[];
  readonly signers: ReadonlySet<string>;
  readonly asking: ReadonlySet<string>;
}): boolean {
  const { clauses, signers, asking } = quorum;
  const clausesOf = new Map<string, number>();
  clauses.forEach(({ members }, index) => {
    for (const { person } of members) if (signers.has(person)) clausesOf.set(person, (clausesOf.get(person) ?? 0) | (1 << index));
  });
  const people = new Map<number, number>();
  for (const mask of clausesOf.values()) people.set(mask, (people.get(mask) ?? 0) + 1);

  // Clauses in a set that has nobody to spare: whoever is in one of them cannot ask.
  let tight = 0;
  for (let set = 1; set < 1 << clauses.length; set++) {
    let spare = 0;
    for (const [mask, count] of people) if ((mask & set) !== 0) spare += count;
    clauses.forEach(({ atLeast }, index) => {
      if ((set & (1 << index)) !== 0) spare -= atLeast;
    });
    if (spare < 0) return false;
    if (spare === 0) tight |= set;
  }
  for (const person of asking) if (((clausesOf.get(person) ?? 0) & tight) === 0) return true;
  return false;
}
