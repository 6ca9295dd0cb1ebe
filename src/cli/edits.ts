import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { plain, type Style } from "./style.ts";

/**
 * What one policy document has that another has not, entry by entry, rules first: for the eyes of whoever approves the change. All of
 * it: what is left out would be approved as well.
 */
export function editLines(from: JsonObject, to: JsonObject, style: Style): string[] {
  const sections = [...new Set(["rules", ...Object.keys(from), ...Object.keys(to)])];
  return sections.flatMap((section) => sectionLines(section, entriesOf(from[section]), entriesOf(to[section]), style));
}

type Entries = ReadonlyMap<string, string>;

function sectionLines(section: string, before: Entries, after: Entries, style: Style): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    if (old === now) return [];
    const place = plain(name === "" ? section : `${section} ${name}`);
    return [
      ...(old === undefined ? [] : [`  ${style.bad(`- ${place}`)}  ${plain(old)}`]),
      ...(now === undefined ? [] : [`  ${style.good(`+ ${place}`)}  ${plain(now)}`]),
    ];
  });
}

/** Rules by their id, tables by name, everything else as one entry. */
function entriesOf(value: Json | undefined): Entries {
  if (value === undefined) return new Map();
  if (Array.isArray(value)) return new Map(value.map((item: Json, at) => [nameOf(item) ?? `[${at}]`, canonical(item)]));
  if (value === null || typeof value !== "object") return new Map([["", canonical(value)]]);
  return new Map(Object.entries(value as JsonObject).map(([name, item]) => [name, canonical(item ?? null)]));
}

function nameOf(item: Json): string | undefined {
  const id = item !== null && typeof item === "object" && "id" in item ? item.id : undefined;
  return typeof id === "string" ? id : undefined;
}
