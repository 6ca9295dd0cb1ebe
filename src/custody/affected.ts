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
    const had = members(rolesBefore[role]);
    const has = members(rolesAfter[role]);
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

function members(role: Json | undefined): ReadonlySet<string> {
  return new Set(Array.isArray(role) ? role.map(canonical) : []);
}

/** A member is a name, or `{ person, from, until }` for dated cover. */
function personOf(member: string): string {
  const value = JSON.parse(member) as string | { readonly person: string };
  return typeof value === "string" ? value : value.person;
}

function text(value: Json | undefined): string {
  return value === undefined ? "" : canonical(value);
}
