import type { Json, JsonObject } from "../../base/canonical.ts";
import { isObject } from "../../base/shape.ts";
import type { EffectKind } from "../../intent/effect.ts";
import { OUTFLOW } from "../../intent/fields.ts";
import { conditionsOf, durationWords, type Said, type Spoken, saidText } from "./conditions.ts";
import { grouped, itemsOf, listed, rows } from "./names.ts";
import { approvalsText, Roster } from "./roster.ts";

/** A rule in plain words: what it does, to what, and under which conditions. */
export interface RuleText {
  readonly id: string;
  /** `normal` for top-level rules, which judge acts in every mode. */
  readonly mode: string;
  readonly type: "allow" | "forbid" | "require" | "limit";
  /** `Allows transfers`. */
  readonly does: string;
  /** All of which must hold; empty: always. */
  readonly when: readonly Said[];
  /** What else there is to say, in whole sentences. */
  readonly also: readonly string[];
}

/**
 * Every rule of a document in words, mode by mode, in its order. Nothing of a rule is left out, but for long lists: of more than twenty
 * names the rest is counted.
 *
 * @param document - of a policy that was parsed.
 */
export function rulesOf(document: JsonObject): readonly RuleText[] {
  const roster = new Roster(document);
  const modes = [["normal", document] as const, ...rows(document.modes)];
  return modes.flatMap(([mode, { rules }]) => itemsOf(rules).flatMap((rule) => (isObject(rule) ? ruleText(rule, mode, roster) : [])));
}

/** One paragraph: `Allows transfers if the asset is ETH and the recipient is acme.` */
export function ruleSentence({ does, when, also }: RuleText): string {
  return [`${does}${when.length === 0 ? "" : ` if ${saidText(when)}`}.`, ...also].join(" ");
}

function ruleText(rule: JsonObject, mode: string, roster: Roster): readonly RuleText[] {
  const type = TYPES.find((known) => rule[known] !== undefined);
  if (type === undefined) return [];
  const names = itemsOf(rule[type]).map(String);
  const kinds = names.flatMap((name): readonly string[] => (name === "outflow" ? OUTFLOW : [name])) as readonly EffectKind[];
  const spoken: Spoken = { roster, kinds };
  return [{ id: String(rule.id), mode, type, when: conditionsOf(rule.when, spoken), ...wordsOf(type, rule, kindsText(names), roster) }];
}

const TYPES = ["allow", "forbid", "require", "limit"] as const;

function wordsOf(type: RuleText["type"], rule: JsonObject, what: string, roster: Roster): Pick<RuleText, "does" | "also"> {
  switch (type) {
    case "allow":
      return { does: `Allows ${what}`, also: [] };
    case "forbid":
      return { does: `Forbids ${what}`, also: ["No allow changes that."] };
    case "require":
      return {
        does: `Asks for ${needsText(rule, roster)} before ${what}`,
        also: [`A request waits for at most ${durationWords(rule.expires ?? "72h")}.`],
      };
    case "limit":
      return {
        does: `Lets through at most ${maxText(rule.max)} ${what} ${windowText(rule)}${byText(rule.by)}`,
        also: [
          rule.beyond === undefined
            ? "What would go beyond is denied."
            : `What goes beyond needs the approval of ${approvalsText(isObject(rule.beyond) ? rule.beyond.approvals : undefined, roster)}.`,
        ],
      };
  }
}

function needsText({ approvals, delay, confirm }: JsonObject, roster: Roster): string {
  return listed([
    ...(approvals === undefined ? [] : [`the approval of ${approvalsText(approvals, roster)}`]),
    ...(delay === undefined ? [] : [`a delay of ${durationWords(delay)}`]),
    ...(confirm === true ? ["the requester's own confirmation"] : []),
  ]);
}

/** `50 ETH of`, or `3` where effects are counted. */
function maxText(max: Json | undefined): string {
  const text = grouped(String(max));
  return text.includes(" ") ? `${text} of` : text;
}

function windowText({ ever, per }: JsonObject): string {
  return ever === true ? "over the whole life of the vault" : `within any ${durationWords(per)}`;
}

function byText(by: Json | undefined): string {
  if (by === undefined) return "";
  const fields = (Array.isArray(by) ? (by as readonly Json[]) : [by]).map((field) => EACH[String(field)] ?? String(field));
  return `, counted apart for each ${listed(fields)}`;
}

const EACH: { readonly [field: string]: string } = { requester: "requester", to: "recipient", account: "account" };

function kindsText(names: readonly string[]): string {
  return listed(
    names.map((name) =>
      name === "outflow" ? `all that leaves (${listed(OUTFLOW.map((kind) => KINDS[kind]))})` : KINDS[name as EffectKind],
    ),
  );
}

/** What people call effects of each kind, many of them. */
export const KINDS: { readonly [K in EffectKind]: string } = {
  transfer: "transfers",
  allowance: "allowances",
  signedAllowance: "signed allowances",
  operatorAllowance: "operator allowances",
  order: "orders",
  swap: "swaps",
  call: "calls",
  delegatecall: "delegatecalls",
  delegation: "delegations",
  accountControl: "changes of who controls the account",
  deploy: "deployments",
  fee: "fees",
  statement: "statements",
  typedData: "typed data",
  unknown: "what was not understood",
  policyEdit: "edits of the policy",
  modeChange: "changes of the mode",
  grant: "grants of sessions",
  slotChange: "changes of how the vault opens",
  export: "exports",
  import: "imports",
  restore: "restores",
  rotate: "rotations of keys",
  keyState: "changes of a key's state",
  erase: "erasures",
};
