import type { Clause, Member } from "../intent/verdict.ts";
import { isService } from "./credentials.ts";
import { timeAt } from "./durations.ts";
import { quote } from "./problems.ts";
import { reachable } from "./quorum.ts";
import { countAt, items, members, namesOf, objectAt, type Spot, textAt } from "./surface.ts";
import { readTable, type Vocabulary } from "./vocabulary.ts";
import type { Reading } from "./when.ts";

/** All roles together stand for so many people at most: a role of a thousand in a thousand others is small to write. */
const MOST_MEMBERS = 100_000;

/** Reads `roles`: people, other roles as `role:name`, and people who stand in for a time. */
export function readRoles(spot: Spot | undefined, people: Vocabulary["people"]): Map<string, readonly Member[] | undefined> {
  const entries = readTable(spot, 1000, (row) =>
    items(row, 1000)?.map((item) => ({ item, text: typeof item.value === "string" ? item.value : undefined })),
  );
  const resolved = new Map<string, readonly Member[] | undefined>();
  let room = MOST_MEMBERS;
  const resolve = (role: string, within: readonly string[]): readonly Member[] => {
    const known = resolved.get(role);
    if (known !== undefined) return known;
    const found: Member[] = [];
    for (const { item, text } of entries.get(role) ?? []) {
      const inner = text?.startsWith("role:") ? text.slice(5) : undefined;
      if (inner === undefined) found.push(...memberAt(item, people, entries));
      else if (!entries.has(inner)) item.unknown("policy/unknown-name", "a name of roles", inner, entries.keys());
      else if (inner === role || within.includes(inner)) {
        item.wrong(
          "policy/role-cycle",
          `expected roles that do not contain themselves, got ${quote([...within, role, inner].join(" > "))}`,
        );
      } else {
        const those = resolve(inner, [...within, role]);
        room -= those.length;
        if (room < 0) item.wrong("policy/too-many", `expected roles that stand for at most ${MOST_MEMBERS} people together, got more`);
        else for (const member of those) found.push(member);
      }
    }
    const unique = distinct(found);
    resolved.set(role, unique);
    return unique;
  };
  for (const role of entries.keys()) resolve(role, []);
  return resolved;
}

function memberAt(spot: Spot, people: Vocabulary["people"], roles: ReadonlyMap<string, unknown>): readonly Member[] {
  if (typeof spot.value === "string") return isPerson(spot, spot.value, people, roles) ? [{ person: spot.value }] : [];
  const parts = members(spot, ["person"], ["from", "until"]);
  const person = parts?.person && textAt(parts.person, "a name of people");
  const from = parts?.from && timeAt(parts.from);
  const until = parts?.until && timeAt(parts.until);
  if (parts === undefined || parts.person === undefined || person === undefined || !isPerson(parts.person, person, people, roles))
    return [];
  if (!parts.from && !parts.until)
    spot.wrong("policy/missing-key", 'expected "from" or "until" (without dates, write the plain name), got neither');
  if (from !== undefined && until !== undefined && from >= until) parts.until?.wrong("policy/empty-range", 'expected a time after "from"');
  return [{ person, ...(from !== undefined && { from }), ...(until !== undefined && { until }) }];
}

function isPerson(spot: Spot, name: string, people: Vocabulary["people"], roles: ReadonlyMap<string, unknown>): boolean {
  if (people.has(name)) return true;
  if (roles.has(name))
    spot.wrong("policy/unknown-name", `expected a name of people; a role inside a role is written ${quote(`role:${name}`)}`);
  else spot.unknown("policy/unknown-name", "a name of people", name, people.keys());
  return false;
}

// Whoever is a member at all times needs no dates beside it.
function distinct(found: readonly Member[]): readonly Member[] {
  const always = new Set(found.filter(({ from, until }) => from === undefined && until === undefined).map(({ person }) => person));
  const seen = new Set<string>();
  return found.filter(({ person, from, until }) => {
    const key = JSON.stringify([person, from, until]);
    if (seen.has(key) || (always.has(person) && (from ?? until) !== undefined)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * Reads `approvals`: a list of clauses that must all be met, or `{"any": [[…], […]]}`. Reports a quorum that nobody's requests
 * could ever reach: each person fills one clause, whoever asks does not count, and neither does a service.
 *
 * @param requesters - who may ask at all; everybody if it is not known.
 */
export function approvalsAt(
  spot: Spot,
  reading: Pick<Reading, "names" | "budget">,
  requesters: ReadonlySet<string> | undefined,
): readonly (readonly Clause[])[] | undefined {
  const { people } = reading.names;
  const signers = new Set([...people.keys()].filter((person) => !isMachine(person, people)));
  const asking = requesters ?? new Set(people.keys());
  const lists = Array.isArray(spot.value) ? [spot] : alternatives(spot);
  const read = lists?.map((list) => clausesAt(list, reading, { signers, asking }));
  return read?.every((clauses) => clauses !== undefined) ? read : undefined;
}

function alternatives(spot: Spot): readonly Spot[] | undefined {
  if (objectAt(spot) === undefined) return undefined;
  const any = members(spot, ["any"])?.any;
  return any && items(any, 16);
}

function clausesAt(
  spot: Spot,
  reading: Pick<Reading, "names" | "budget">,
  everybody: { readonly signers: ReadonlySet<string>; readonly asking: ReadonlySet<string> },
): readonly Clause[] | undefined {
  const clauses = items(spot, 6)?.map((item) => clauseAt(item, reading));
  if (clauses === undefined || !clauses.every((clause) => clause !== undefined)) return undefined;
  if (!reachable({ clauses, ...everybody })) {
    const asked = clauses.map(({ of, atLeast }) => `${atLeast} of ${quote(of)}`).join(" and ");
    const why = "each person fills one clause, whoever asks does not count, and neither does a service";
    return spot.wrong("policy/unreachable-quorum", `expected a quorum that can be reached, got ${asked}: ${why}`);
  }
  return clauses;
}

function clauseAt(spot: Spot, { names, budget }: Pick<Reading, "names" | "budget">): Clause | undefined {
  const parts = members(spot, ["of", "atLeast"]);
  const of = parts?.of && textAt(parts.of, "a name of roles or people");
  const atLeast = parts?.atLeast && countAt(parts.atLeast, 1, 1000);
  if (parts?.of === undefined || of === undefined || atLeast === undefined) return undefined;
  const role = of.startsWith("role:") ? of.slice(5) : of;
  const everybody = names.approvers.get(role) ?? (names.people.has(of) ? [{ person: of }] : undefined);
  if (everybody === undefined)
    return parts.of.unknown("policy/unknown-name", "a name of roles or people", of, namesOf(names.roles.keys(), names.people.keys()));
  // Whether a clause can be filled is asked of everybody in it, and a thousand rules may name one role of thousands.
  return budget.spend(parts.of, everybody.length) ? { of, members: everybody, atLeast } : undefined;
}

/** Who of each role may fill a seat of a clause: a role may hold services, so that rules can speak of them together. */
export function approversOf(
  roles: ReadonlyMap<string, readonly Member[] | undefined>,
  people: Vocabulary["people"],
): Vocabulary["approvers"] {
  return new Map([...roles].map(([role, all]) => [role, all?.filter(({ person }) => !isMachine(person, people))]));
}

function isMachine(person: string, people: Vocabulary["people"]): boolean {
  return isService(people.get(person) ?? []);
}
