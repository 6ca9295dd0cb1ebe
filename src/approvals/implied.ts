import type { Clause, Member } from "../intent/verdict.ts";
import { seat } from "./matching.ts";
import type { ApprovalsNeed } from "./quorum.ts";

/**
 * Whether everybody who meets `old`, at any moment, meets `fresh` too. Approvals that were given while `old` was in force
 * count for `fresh` only then.
 *
 * Conservative: true is always right; false may be wrong. True is said where for each alternative of `old` some alternative
 * of `fresh` can be filled from the seats of the old one: a seat of an old clause fills a seat of a new clause if every
 * member of the old is a member of the new, at least for as long. Not seen is what follows only from counting (two of
 * {ana, ben} always includes ana) or from several alternatives together.
 */
export function implies(old: ApprovalsNeed, fresh: ApprovalsNeed): boolean {
  return old.alternatives.every((from) => fresh.alternatives.some((to) => fills(from, to)));
}

function fills(from: readonly Clause[], to: readonly Clause[]): boolean {
  const seats = from.flatMap((clause) => Array.from({ length: Math.min(clause.atLeast, clause.members.length) }, () => clause));
  const filled = seat(
    seats,
    to.map((clause) => ({ capacity: clause.atLeast, admits: (old) => includes(clause, old) })),
  );
  return to.every((clause, at) => (filled[at]?.length ?? 0) >= clause.atLeast);
}

function includes(clause: Clause, old: Clause): boolean {
  return old.members.every((member) => clause.members.some((other) => coversDates(other, member)));
}

function coversDates(wide: Member, narrow: Member): boolean {
  if (wide.person !== narrow.person) return false;
  return (wide.from ?? -Infinity) <= (narrow.from ?? -Infinity) && (wide.until ?? Infinity) >= (narrow.until ?? Infinity);
}
