import type { Json, JsonObject } from "../../../base/canonical.ts";
import { DAY_MS, parseTime } from "../../../base/time.ts";
import { everyRule } from "../dimensions.ts";
import type { Check, Evidence, Found } from "./evidence.ts";
import { momentText } from "./words.ts";

/** So long before its end something is told of. */
const SOON_MS = 30 * DAY_MS;

export const endsSoon: Check = {
  id: "ends-soon",
  severity: "error",
  about: "Values or hours that ended, or end within 30 days: what depends on them is denied from then on",
  advice: "Write later dates, with values that are still true",
  scope: "document",
  find: (evidence) => {
    const text = JSON.stringify([evidence.policy.document.rules, evidence.policy.document.modes]);
    const hours = Object.entries(tableOf(evidence.policy.document.hours)).flatMap(([name, row]) => {
      const { until } = tableOf(row);
      return typeof until === "string" && text.includes(JSON.stringify(name))
        ? [ending(evidence, parseTime(until), `the hours ${name}`)]
        : [];
    });
    const units = new Map(
      everyRule(evidence.policy).flatMap((rule) =>
        rule.type === "limit" && rule.measure.type === "value" ? [[rule.measure.unit, rule.measure.until] as const] : [],
      ),
    );
    return [...hours, ...[...units].map(([unit, until]) => ending(evidence, until, `the values in ${unit}`))].flat();
  },
};

function ending({ options: { from } }: Evidence, until: number, what: string): readonly Found[] {
  if (until - from > SOON_MS) return [];
  if (until <= from) return [{ text: `${what} ended at ${momentText(until)}: what depends on them is denied` }];
  return [{ severity: "warning", text: `${what} end at ${momentText(until)}: what depends on them is denied from then on` }];
}

function tableOf(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
