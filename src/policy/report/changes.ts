import { canonical, type Json, type JsonObject } from "../../base/canonical.ts";
import { isObject } from "../../base/shape.ts";

/** One entry of a document that another has not, or has otherwise. */
export interface Change {
  /** `rules four-eyes`, `assets ETH`, `name`. */
  readonly place: string;
  /** As canonical JSON; nothing where the entry is new, or gone. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What differs between two documents, entry by entry, rules first. All of it: what is left out would be approved as well. */
export function changesOf(from: JsonObject, to: JsonObject): readonly Change[] {
  const sections = [...new Set(["rules", ...Object.keys(from), ...Object.keys(to)])];
  return sections.flatMap((section) => {
    const [before, after] = [entriesOf(from[section]), entriesOf(to[section])];
    return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
      const [old, now] = [before.get(name), after.get(name)];
      return old === now ? [] : [{ place: name === "" ? section : `${section} ${name}`, before: old, after: now }];
    });
  });
}

/** Rules by their id, tables by name, everything else as one entry. */
function entriesOf(value: Json | undefined): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (Array.isArray(value)) return new Map(value.map((item: Json, at) => [idOf(item) ?? `[${at}]`, canonical(item)]));
  if (!isObject(value)) return new Map([["", canonical(value)]]);
  return new Map(Object.entries(value).map(([name, item]) => [name, canonical(item ?? null)]));
}

function idOf(item: Json): string | undefined {
  return isObject(item) && typeof item.id === "string" ? item.id : undefined;
}
