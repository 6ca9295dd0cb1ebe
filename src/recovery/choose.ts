import { CustodyError } from "../base/errors.ts";
import type { Share } from "./share.ts";

/**
 * Which of the shares at hand are put together: sets of just as many as are needed, by their places in `shares`, so many sets that every
 * share is in one. All sets have to give the same secret.
 *
 * @throws `recovery/mixed-shares` if they are not of one splitting, or one is there twice; `recovery/too-few-shares`.
 */
export function chooseSets(shares: readonly Share[]): readonly (readonly number[])[] {
  const [first] = shares;
  if (first === undefined) throw new CustodyError("recovery/too-few-shares", "expected shares, got none");
  for (const [at, share] of shares.entries()) checkSame(first, share, at);
  const groups = [...groupsOf(shares).values()];
  for (const members of groups) checkGroup(shares, members);
  if (groups.length < first.groupThreshold) {
    throw new CustodyError("recovery/too-few-shares", `expected shares of ${first.groupThreshold} groups, got ${groups.length}`);
  }
  const chunks = groups.map((members) => covering(members, shares[members[0] ?? 0]?.memberThreshold ?? 1));
  const rounds = Math.max(...chunks.map(({ length }) => length));
  return covering(chunks, first.groupThreshold).flatMap((chosen) =>
    Array.from({ length: rounds }, (_, round) => chosen.flatMap((group) => group[round % group.length] ?? [])),
  );
}

/** Sets of `size` that have each item in at least one of them. */
function covering<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const sets = Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
  return sets.map((set) => [...set, ...items.slice(0, size - set.length)]);
}

const SAME = ["identifier", "extendable", "iterationExponent", "groupThreshold", "groupCount", "length"] as const;

function checkSame(first: Share, share: Share, at: number): void {
  const other = SAME.find((field) => share[field] !== first[field]);
  if (other !== undefined) throw mixed(`shares 1 and ${at + 1} are of different splittings`);
}

/** Places of the shares by their group. */
function groupsOf(shares: readonly Share[]): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  for (const [at, { groupIndex }] of shares.entries()) groups.set(groupIndex, [...(groups.get(groupIndex) ?? []), at]);
  return groups;
}

function checkGroup(shares: readonly Share[], members: readonly number[]): void {
  const [first = 0] = members;
  const seen = new Map<number, number>();
  for (const at of members) {
    const share = shares[at];
    if (share === undefined) throw new Error("unreachable: a member that is no share");
    const before = seen.get(share.memberIndex);
    if (before !== undefined) throw mixed(`shares ${before + 1} and ${at + 1} are the same share of their group`);
    if (share.memberThreshold !== shares[first]?.memberThreshold)
      throw mixed(`shares ${first + 1} and ${at + 1} are of different splittings`);
    seen.set(share.memberIndex, at);
  }
  const needed = shares[first]?.memberThreshold ?? 1;
  if (members.length < needed) {
    const group = (shares[first]?.groupIndex ?? 0) + 1;
    throw new CustodyError("recovery/too-few-shares", `group ${group}: expected ${needed} shares, got ${members.length}`);
  }
}

function mixed(what: string): CustodyError {
  return new CustodyError("recovery/mixed-shares", what);
}
