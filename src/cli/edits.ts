import type { JsonObject } from "../base/canonical.ts";
import { changesOf } from "../policy/report/changes.ts";
import { plain, type Style } from "./style.ts";

/** What one policy document has that another has not, entry by entry: for the eyes of whoever approves the change. */
export function editLines(from: JsonObject, to: JsonObject, style: Style): string[] {
  return changesOf(from, to).flatMap(({ place, before, after }) => [
    ...(before === undefined ? [] : [`  ${style.bad(`- ${plain(place)}`)}  ${plain(before)}`]),
    ...(after === undefined ? [] : [`  ${style.good(`+ ${plain(place)}`)}  ${plain(after)}`]),
  ]);
}
