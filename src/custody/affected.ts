import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import type { Policy } from "../policy/core.ts";
import type { AskedRequest } from "./records.ts";

/**
 * Whom a policy edit is about: people whose credentials it changes, and people who would leave or enter a role. They cannot
 * end it with a no, or nobody could ever be removed.
 */
export function affectedBy(policy: Policy, request: AskedRequest): ReadonlySet<string> {
  const payload = request.payload as JsonObject;
  if (request.kind !== "act" || payload.act !== "policyEdit") return new Set();
  const next = payload.policy as JsonObject;
  const affected = new Set<string>();
  const before = section(policy.document, "people");
  const after = section(next, "people");
  for (const person of names(before, after)) if (text(before[person]) !== text(after[person])) affected.add(person);
  const rolesBefore = section(policy.document, "roles");
  const rolesAfter = section(next, "roles");
  for (const role of names(rolesBefore, rolesAfter)) {
    const had = members(rolesBefore, role);
    const has = members(rolesAfter, role);
    for (const member of had) if (!has.has(member)) affected.add(personOf(member));
    for (const member of has) if (!had.has(member)) affected.add(personOf(member));
  }
  return affected;
}

function section(document: JsonObject, name: string): JsonObject {
  return (document[name] ?? {}) as JsonObject;
}

function names(a: JsonObject, b: JsonObject): ReadonlySet<string> {
  return new Set([...Object.keys(a), ...Object.keys(b)]);
}

/** Everybody in a role, in the roles inside it as well: who is named in another way only has neither left nor entered. */
function members(roles: JsonObject, role: string, found = new Set<string>(), seen = new Set<string>()): ReadonlySet<string> {
  const list = roles[role];
  if (seen.has(role) || !Array.isArray(list)) return found;
  seen.add(role);
  for (const member of list) {
    if (typeof member === "string" && member.startsWith("role:")) members(roles, member.slice("role:".length), found, seen);
    else found.add(canonical(member));
  }
  return found;
}

/** A member is a name, or `{ person, from, until }` for dated cover. */
function personOf(member: string): string {
  const value = JSON.parse(member) as string | { readonly person: string };
  return typeof value === "string" ? value : value.person;
}

function text(value: Json | undefined): string {
  return value === undefined ? "" : canonical(value);
}
