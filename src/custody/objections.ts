import type { ApprovalsNeed } from "../approvals/quorum.ts";
import { canonical, type Json } from "../base/canonical.ts";
import type { Member, Need } from "../intent/verdict.ts";

/**
 * Everybody whom the needs of a request have ever named, each with their dates, once. A no needs less to count than a yes: whoever
 * could have answered keeps it, whatever the request is turned into afterwards.
 */
export function namedBy(before: readonly Member[], needs: readonly Need[]): readonly Member[] {
  const members = approvalsOf(needs).flatMap(({ alternatives }) => alternatives.flat().flatMap((clause) => clause.members));
  return [...new Map([...before, ...members].map((member) => [canonical(member as unknown as Json), member])).values()];
}

export function approvalsOf(needs: readonly Need[]): readonly ApprovalsNeed[] {
  return needs.filter((need) => need.kind === "approvals");
}
