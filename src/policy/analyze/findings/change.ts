import { canonical, type Json, type JsonObject } from "../../../base/canonical.ts";
import { isObject } from "../../../base/shape.ts";
import type { Policy } from "../../core.ts";
import { parsePolicy } from "../../parse.ts";
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
    return parsePolicy(text, { parseAddress: (_chain, address) => address, maxBytes: 4 * text.length });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return undefined;
  }
}

/**
 * Whether one document differs from another only in forbids and limits that it has more, and allows that it has less: none of
 * these lets anything pass that was denied, or asks for less, whatever stands beside it.
 */
export function onlyNarrows(before: JsonObject, after: JsonObject): boolean {
  const withoutRules = (document: JsonObject) => canonical(mapRules(document, () => []));
  if (withoutRules(before) !== withoutRules(after)) return false;
  const now = new Map(everyList(after));
  return everyList(before).every(([mode, rules]) => {
    const [was, is] = [textsOf(rules), textsOf(now.get(mode) ?? [])];
    const more = [...is].filter(([text]) => !was.has(text)).map(([, rule]) => rule);
    const less = [...was].filter(([text]) => !is.has(text)).map(([, rule]) => rule);
    return more.every(({ forbid, limit }) => forbid !== undefined || limit !== undefined) && less.every(({ allow }) => allow !== undefined);
  });
}

function textsOf(rules: readonly JsonObject[]): ReadonlyMap<string, JsonObject> {
  return new Map(rules.map((rule) => [canonical(rule), rule]));
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
