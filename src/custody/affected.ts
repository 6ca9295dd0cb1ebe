import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import type { Member } from "../intent/verdict.ts";
import type { Credential, Policy } from "../policy/core.ts";
import { parsePolicy } from "../policy/parse.ts";
import type { AskedRequest } from "./records.ts";

/**
 * Whom a policy edit is about: people who lose a credential by it, and people whom it takes out of a role that rules in force
 * name. They cannot end it with a no, or nobody could ever be removed.
 *
 * Everybody else keeps their no, so that it cannot be taken from them by the way an edit is written: a credential more, the same
 * key in capitals, a role that no rule names, a role under another name, or one that goes as a whole together with its rules.
 *
 * @param policy - the one in force.
 */
export function affectedBy(policy: Policy, request: AskedRequest): ReadonlySet<string> {
  const payload = request.payload as JsonObject;
  if (request.kind !== "act" || payload.act !== "policyEdit") return new Set();
  // The vault has read the document with its chains before anybody is asked; here it is about people alone.
  const next = parsePolicy(canonical(payload.policy as Json), { parseAddress: (_chain, text) => text });
  const before = placesOf(policy);
  const after = placesOf(next);
  const isBroughtInElsewhere = (person: string) =>
    [...after].some(([name, people]) => people.has(person) && !before.get(name)?.has(person));
  const affected = new Set<string>();
  for (const [person, credentials] of policy.people) if (losesOne(credentials, next.people.get(person))) affected.add(person);
  for (const person of takenOut(policy, next, before)) if (!isBroughtInElsewhere(person)) affected.add(person);
  return affected;
}

function losesOne(before: readonly Credential[], after: readonly Credential[] = []): boolean {
  const kept = new Set(after.map((credential) => canonical(credential)));
  return before.some((credential) => !kept.has(canonical(credential)));
}

/** People by the names under which rules speak of them: `role:finance`, or their own. */
type Places = ReadonlyMap<string, ReadonlySet<string>>;

function placesOf({ document, roles, people }: Policy): Places {
  const places = new Map<string, ReadonlySet<string>>();
  const add = (text: string, isClause: boolean) => {
    const role = text.startsWith(ROLE) ? text.slice(ROLE.length) : isClause ? text : undefined;
    const members = role === undefined ? undefined : roles.get(role);
    if (members !== undefined) places.set(`${ROLE}${role}`, new Set(members.map(({ person }) => person)));
    else if (people.has(text)) places.set(text, new Set([text]));
  };
  const walk = (value: Json | undefined, of: string) => {
    if (typeof value === "string") {
      if (SPEAKS_OF_PEOPLE.has(of)) add(value, of === "of");
    } else if (Array.isArray(value)) for (const item of value) walk(item, of);
    else if (typeof value === "object" && value !== null) for (const [name, member] of Object.entries(value)) walk(member, name);
  };
  walk(document.rules, "");
  walk(document.modes, "");
  return places;
}

const ROLE = "role:";
const SPEAKS_OF_PEOPLE: ReadonlySet<string> = new Set(["of", "requester"]);

/** Who is in a role of these places and, or for a part of the time, not in the role of that name in the next policy. */
function takenOut(policy: Policy, next: Policy, places: Places): ReadonlySet<string> {
  const out = new Set<string>();
  for (const name of places.keys()) {
    const role = name.slice(ROLE.length);
    const after = name.startsWith(ROLE) ? next.roles.get(role) : undefined;
    if (after === undefined) continue;
    const stays = new Map<string, readonly Member[]>();
    for (const member of after) stays.set(member.person, [...(stays.get(member.person) ?? []), member]);
    for (const member of policy.roles.get(role) ?? []) {
      if (!stays.get(member.person)?.some((still) => covers(still, member))) out.add(member.person);
    }
  }
  return out;
}

function covers(still: Member, { from = 0, until = Number.POSITIVE_INFINITY }: Member): boolean {
  return (still.from ?? 0) <= from && (still.until ?? Number.POSITIVE_INFINITY) >= until;
}
