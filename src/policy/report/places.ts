import type { Position } from "../../base/errors.ts";
import { type JsonText, type Path, readJson } from "../../base/json.ts";
import { isObject } from "../../base/shape.ts";
import { itemsOf, rows } from "./names.ts";

/**
 * Where each rule begins in the text of a policy; the beginning of the text for what is no rule of it.
 *
 * @param text - of a policy that was parsed.
 */
export function placesIn(text: string | Uint8Array): (rule: string | undefined) => Position {
  const json = readJson(text, { maxDepth: 64, maxNodes: 2_000_000 });
  const paths = pathsOf(json);
  return (rule) => json.at((rule === undefined ? undefined : paths.get(rule)) ?? []);
}

function pathsOf({ value }: JsonText): ReadonlyMap<string, Path> {
  const document = isObject(value) ? value : {};
  const lists = [
    { rules: document.rules, below: ["rules"] as Path },
    ...rows(document.modes).map(([mode, row]) => ({ rules: row.rules, below: ["modes", mode, "rules"] as Path })),
  ];
  return new Map(
    lists.flatMap(({ rules, below }) =>
      itemsOf(rules).flatMap((rule, at) => (isObject(rule) && typeof rule.id === "string" ? [[rule.id, [...below, at]] as const] : [])),
    ),
  );
}
