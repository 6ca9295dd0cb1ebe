import type { Field } from "../../../intent/fields.ts";
import { KIND_FIELDS } from "../../../intent/fields.ts";
import type { Condition } from "../../core.ts";
import type { DeadRule } from "../dead.ts";
import { withChanged, writtenRule } from "./change.ts";
import { type Check, type Evidence, type Found, signing } from "./evidence.ts";
import { listText } from "./words.ts";

const WHY: { readonly [W in DeadRule["why"]]: { readonly text: string; readonly severity: "note" | "warning"; readonly idle: boolean } } = {
  redundant: { text: "changes nothing: whatever it allows, other rules allow too", severity: "note", idle: true },
  forbidden: { text: "allows nothing: other rules forbid all of it", severity: "warning", idle: false },
  guard: { text: "forbids what nothing allows now: it stands against an allow that may come", severity: "note", idle: false },
  covered: { text: "changes nothing: wherever it speaks, others ask for as much", severity: "note", idle: false },
  idle: { text: "asks for something where nothing is allowed", severity: "warning", idle: false },
  unsatisfiable: { text: "never speaks: its conditions exclude each other", severity: "warning", idle: true },
};

export const deadRule: Check = {
  id: "dead-rule",
  severity: "warning",
  about: "A rule that can never change an outcome; a forbid against a future allow is a note",
  advice: "Leave it out, or mend what it was meant to say",
  scope: "mode",
  find: (evidence) => {
    const own = new Set(evidence.own.map(({ id }) => id));
    return evidence.dead
      .filter(({ rule }) => own.has(rule))
      .map(({ rule, why }): Found => {
        const { text, severity, idle } = WHY[why];
        const change = { text: `leave ${rule} out`, document: withChanged(evidence.policy.document, rule, () => []) };
        return { rule, severity, text: `${rule} ${text}`, ...(idle && { change }) };
      });
  },
};

export const mixedKinds: Check = {
  id: "mixed-kinds",
  severity: "note",
  about: "An `allow` of payments together with kinds that have no amount or recipient, so that it can bound neither",
  advice: "Write a rule for each, with the fields that it has",
  scope: "mode",
  find: (evidence) =>
    evidence.allows.flatMap((rule): readonly Found[] => {
      const kinds = signing(rule.kinds);
      const fields: readonly Field[] = ["amount", "to"];
      const money = kinds.filter((kind) => fields.every((field) => KIND_FIELDS[kind].includes(field)));
      const others = kinds.filter((kind) => !money.includes(kind));
      if (money.length === 0 || others.length === 0 || others.every((kind) => kind === "fee")) return [];
      const document = withChanged(evidence.policy.document, rule.id, (written) => [
        { ...written, allow: [...rule.kinds.filter((kind) => !others.includes(kind))] },
        { ...written, id: `${rule.id}-others`.slice(0, 64), allow: others },
      ]);
      const text = `${rule.id} allows ${listText(money)} together with ${listText(others)}, so it cannot bound an amount or a recipient`;
      return [{ rule: rule.id, text, change: { text: `write ${listText(others)} as a rule of its own`, document } }];
    }),
};

export const negatedUnknown: Check = {
  id: "negated-unknown",
  severity: "note",
  about: "An `allow` or `forbid` with `not` over a field that can be unknown: unknown is not the opposite",
  advice: "Say what is allowed, not what is not",
  scope: "mode",
  find: (evidence) =>
    evidence.own.flatMap((rule): readonly Found[] => {
      if ((rule.type !== "allow" && rule.type !== "forbid") || writtenRule(evidence.policy.document, rule.id) === undefined) return [];
      const fields = [...negated(evidence, rule.when, false)];
      if (fields.length === 0) return [];
      const then = rule.type === "allow" ? "does not allow" : "forbids";
      return [
        {
          rule: rule.id,
          text: `${rule.id} says not over ${listText(fields)}: where ${fields.length === 1 ? "that is" : "one of them is"} unknown, it ${then}`,
        },
      ];
    }),
};

function negated(evidence: Evidence, condition: Condition, inside: boolean): ReadonlySet<string> {
  switch (condition.op) {
    case "always":
      return new Set();
    case "all":
    case "any":
      return new Set(condition.of.flatMap((part) => [...negated(evidence, part, inside)]));
    case "not":
      return negated(evidence, condition.of, !inside);
    case "argument":
      return new Set(inside ? [`the argument ${condition.name}`] : []);
    default:
      return new Set(inside && evidence.space.all(evidence.space.at(condition.field)).unknown ? [condition.field] : []);
  }
}
