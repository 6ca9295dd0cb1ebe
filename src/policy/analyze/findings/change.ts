import { canonical, type Json, type JsonObject } from "../../../base/canonical.ts";
import { isObject } from "../../../base/shape.ts";
import type { ParseAddress, Policy } from "../../core.ts";
import { parsePolicy, readerOfRules } from "../../parse.ts";
import { PolicyError } from "../../problems.ts";

// Suggestions are whole documents, so that they are read, checked and compared like any other.

/** The rule as the document has it, of whatever mode. */
export function writtenRule(document: JsonObject, id: string): JsonObject | undefined {
  return everyList(document)
    .flatMap(([, rules]) => rules)
    .find((rule) => rule.id === id);
}

/** With one more rule at the end of a mode's rules, under this id or the next that is free. */
export function withRule(document: JsonObject, mode: string, rule: JsonObject & { readonly id: string }): JsonObject {
  const taken = new Set(everyList(document).flatMap(([, rules]) => rules.map(({ id }) => id)));
  let { id } = rule;
  for (let number = 2; taken.has(id); number++) id = `${rule.id}-${number}`;
  return mapRules(document, (rules, of) => (of === mode ? [...rules, { ...rule, id }] : rules));
}

/** With a rule as `change` makes it, or without the rule where that is nothing; several take its place where that is a list. */
export function withChanged(
  document: JsonObject,
  id: string,
  change: (rule: JsonObject) => JsonObject | readonly JsonObject[],
): JsonObject {
  return mapRules(document, (rules) => rules.flatMap((rule) => (rule.id === id ? change(rule) : rule)));
}

/** A rule's `when` with these fields in place of its own. */
export function narrowed(rule: JsonObject, fields: JsonObject): JsonObject {
  const { when } = rule;
  return { ...rule, when: { ...(isObject(when) ? when : {}), ...fields } };
}

/** A rule's `when` without these fields; nothing if it says more than plain fields, which may hold them deeper. */
export function whenWithout(rule: JsonObject, fields: readonly string[]): JsonObject | undefined {
  const { when = {} } = rule;
  if (!isObject(when) || ["any", "all", "not"].some((key) => when[key] !== undefined)) return undefined;
  return Object.fromEntries(Object.entries(when).filter(([field]) => !fields.includes(field)));
}

/** The document as a policy; nothing if it is not right. Its addresses are those of a document that was read, and so were checked. */
export function reparsed(document: JsonObject): Policy | undefined {
  const text = canonical(document);
  try {
    return parsePolicy(text, { parseAddress, maxBytes: 4 * text.length });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return undefined;
  }
}

const parseAddress: ParseAddress = (_chain, address) => address;

/** The same of a document that was changed from one that is right; quicker, where it differs from it in rules alone. */
export function redrafted(document: JsonObject, changed: JsonObject): Policy | undefined {
  if (!isSameBesideRules(document, changed)) return reparsed(changed);
  const read = readers.get(document) ?? readerOfRules(document, { parseAddress });
  readers.set(document, read);
  return read(changed);
}

const readers = new WeakMap<JsonObject, (draft: JsonObject) => Policy | undefined>();

/**
 * Whether one document differs from another only in forbids, limits and requires that it has more, in allows that it has less, and in
 * those that say the same of more kinds, or allow it of fewer: none of these lets anything pass that was denied, asks for less, or
 * keeps consent for longer, whatever stands beside it. A require that delays is none of them: what waits longer may be consented to
 * for longer.
 */
export function onlyNarrows(before: JsonObject, after: JsonObject): boolean {
  if (!isSameBesideRules(before, after)) return false;
  const now = new Map(everyList(after));
  return everyList(before).every(([mode, rules]) => {
    const [less, more] = differing(rules, now.get(mode) ?? []);
    const byId = new Map(less.map((rule) => [rule.id, rule]));
    const added = more.filter((rule) => {
      const was = byId.get(rule.id);
      if (was === undefined || !isNarrower(was, rule)) return true;
      byId.delete(rule.id);
      return false;
    });
    return (
      added.every((rule) => rule.forbid !== undefined || rule.limit !== undefined || asksAtOnce(rule)) &&
      [...byId.values()].every(({ allow }) => allow !== undefined)
    );
  });
}

// What is the same object is the same, and a suggestion shares most of its document.
function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && canonical(a) === canonical(b));
}

function isSameBesideRules(before: JsonObject, after: JsonObject): boolean {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  keys.delete("rules");
  keys.delete("modes");
  const modes = ({ modes }: JsonObject) => mapRules({ ...(modes !== undefined && { modes }) }, () => []);
  return isSame(modes(before), modes(after)) && [...keys].every((key) => isSame(before[key], after[key]));
}

/** Rules that only the one list has, and that only the other has. */
function differing(before: readonly JsonObject[], after: readonly JsonObject[]): readonly [readonly JsonObject[], readonly JsonObject[]] {
  const shared = new Set(before.filter((rule) => after.includes(rule)));
  const textsOf = (rules: readonly JsonObject[]) =>
    new Map(rules.filter((rule) => !shared.has(rule)).map((rule) => [canonical(rule), rule]));
  const [was, is] = [textsOf(before), textsOf(after)];
  const only = (one: typeof was, other: typeof was) => [...one].filter(([text]) => !other.has(text)).map(([, rule]) => rule);
  return [only(was, is), only(is, was)];
}

function asksAtOnce({ require, delay }: JsonObject): boolean {
  return require !== undefined && delay === undefined;
}

/** Whether a rule differs from another only in that it forbids, counts or asks of more kinds, or allows fewer. */
function isNarrower(was: JsonObject, is: JsonObject): boolean {
  const type = (["allow", "forbid", "limit", "require"] as const).find((one) => isKinds(was[one]) && isKinds(is[one]));
  if (type === undefined || (type === "require" && !asksAtOnce(was))) return false;
  const [{ [type]: had, ...before }, { [type]: has, ...after }] = [was, is];
  const [larger, smaller] = type === "allow" ? [had, has] : [has, had];
  return isSame(before, after) && isKinds(larger) && isKinds(smaller) && smaller.every((kind) => larger.includes(kind));
}

function isKinds(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function mapRules(document: JsonObject, change: (rules: readonly JsonObject[], mode: string) => readonly JsonObject[]): JsonObject {
  const { rules, modes } = document;
  const within = Object.entries(isObject(modes) ? modes : {}).map(([name, mode]): [string, Json | undefined] => [
    name,
    isObject(mode) && isList(mode.rules) ? { ...mode, rules: change(mode.rules, name) } : mode,
  ]);
  return {
    ...document,
    ...(isList(rules) && { rules: change(rules, "normal") }),
    ...(within.length > 0 && { modes: Object.fromEntries(within) }),
  };
}

function everyList(document: JsonObject): readonly (readonly [mode: string, rules: readonly JsonObject[]])[] {
  const { rules, modes } = document;
  const within = Object.entries(isObject(modes) ? modes : {}).map(
    ([name, mode]) => [name, isObject(mode) ? mode.rules : undefined] as const,
  );
  return [["normal", rules] as const, ...within].flatMap(([mode, list]) => (isList(list) ? [[mode, list] as const] : []));
}

function isList(value: Json | undefined): value is readonly JsonObject[] {
  return Array.isArray(value);
}
