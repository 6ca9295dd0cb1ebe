import type { Policy } from "../core.ts";
import type { StolenSet } from "./attack.ts";

export interface StolenOptions {
  /** Every so many people together; 1 where it is absent, which is everybody alone. */
  readonly k?: number;
  /** At most so many sets: those that come first. */
  readonly most?: number;
}

const DEFAULT_MOST = 300;

/**
 * Whom a thief may have robbed: everybody alone, every role, two roles together, and every k people. Sets of the same people are
 * one. What a bound leaves out is what {@link leftOut} says.
 */
export function stolenSets(policy: Policy, options: StolenOptions = {}): readonly StolenSet[] {
  return firstOf(found(policy, options), options.most ?? DEFAULT_MOST).sets;
}

/** What of the sets is not looked at, in words; nothing where all of them are. */
export function leftOut(policy: Policy, { k = 1, most = DEFAULT_MOST }: StolenOptions = {}): string | undefined {
  if (!firstOf(found(policy, { k }), most).more) return undefined;
  return `stolen sets: only the first ${most} of all people, roles, pairs of roles and every ${k} people were looked at`;
}

function firstOf(sets: Iterable<StolenSet>, most: number): { readonly sets: readonly StolenSet[]; readonly more: boolean } {
  const first: StolenSet[] = [];
  for (const set of sets) {
    if (first.length >= most) return { sets: first, more: true };
    first.push(set);
  }
  return { sets: first, more: false };
}

function* found(policy: Policy, { k = 1 }: StolenOptions): Generator<StolenSet> {
  const people = [...policy.people.keys()];
  const roles = rolesOf(policy);
  const told = new Set<string>();
  for (const set of candidates(people, roles, k)) {
    const members = people.filter((person) => set.includes(person));
    const key = JSON.stringify(members);
    if (members.length === 0 || told.has(key)) continue;
    told.add(key);
    yield { name: nameOf(members, roles), people: members };
  }
}

type Roles = ReadonlyMap<string, ReadonlySet<string>>;

/** Whoever stands in at some time is of the role: the thief chooses the time. */
function rolesOf(policy: Policy): Roles {
  return new Map([...policy.roles].map(([role, members]) => [role, new Set(members.map(({ person }) => person))]));
}

function* candidates(people: readonly string[], roles: Roles, k: number): Generator<readonly string[]> {
  for (const person of people) yield [person];
  const sets = [...roles.values()].map((members) => [...members]);
  yield* sets;
  for (const [index, one] of sets.entries()) for (const other of sets.slice(index + 1)) yield [...one, ...other];
  yield* combinations(people, k);
}

function* combinations(people: readonly string[], k: number): Generator<readonly string[]> {
  if (k <= 0) {
    yield [];
    return;
  }
  for (let first = 0; first + k <= people.length; first++) {
    for (const rest of combinations(people.slice(first + 1), k - 1)) yield [people[first] as string, ...rest];
  }
}

/**
 * `ana`, `role:ops`, `role:ops + cyd`: as few names as roles that lie wholly inside give, the largest first. What is left of a set
 * are people by name.
 *
 * @param people - in the order in which they shall be named.
 */
export function nameOf(people: readonly string[], roles: Roles): string {
  const left = new Set(people);
  const named: string[] = [];
  if (people.length > 1) {
    const inside = [...roles].filter(([, members]) => members.size > 1 && [...members].every((person) => left.has(person)));
    for (const [role, members] of inside.sort(([, a], [, b]) => b.size - a.size)) {
      // A role that shares people with one that is named already would say too much of either.
      if (![...members].every((person) => left.has(person))) continue;
      named.push(`role:${role}`);
      for (const person of members) left.delete(person);
    }
  }
  return [...named, ...left].join(" + ");
}
