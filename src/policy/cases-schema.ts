import type { JsonObject } from "../base/canonical.ts";
import type { EffectKind } from "../intent/effect.ts";
import { FIELDS, type Field, KIND_FIELDS } from "../intent/fields.ts";
import { REQUEST_KINDS } from "../intent/intent.ts";
import { ALL_KINDS } from "./rules.ts";
import { DURATION, object, ref, TIME, text } from "./schema.ts";

/** What the JSON of a policy's test cases says it is. */
export const CASES_FORMAT = "policy-cases/1";

/**
 * The JSON Schema (draft 2020-12) of the cases of `keyward policy test`, made from the tables of kinds and fields: for editors, and
 * for programs that write cases. Names, moments and addresses are only checked against a policy.
 */
export function casesSchema(): JsonObject {
  const optional = Object.keys(CIRCUMSTANCES);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "https://keyward.dev/schema/policy-cases-1.json",
    title: "Cases of a Keyward policy",
    ...object(
      { keyward: { const: CASES_FORMAT }, name: { type: "string" }, ...CIRCUMSTANCES, cases: { type: "array", items: ref("case") } },
      ["name", ...optional],
    ),
    $defs: {
      case: asking(
        {
          name: text("what a failure is told under"),
          after: { type: "array", items: ref("earlier"), description: "what was signed before, and counts" },
          approvedBy: { type: "array", items: { type: "string" }, description: "people who said yes" },
          waited: { ...DURATION, description: "how long the delay has run" },
          confirmed: { type: "boolean", description: "the requester was there" },
          expect: ref("expect"),
        },
        ["name", "expect"],
      ),
      earlier: {
        ...asking(
          { ago: { ...DURATION, description: "instead of `now`: before the case's own moment" }, times: { type: "integer", minimum: 0 } },
          [],
        ),
        not: { required: ["ago", "now"] },
      },
      request: { ...object(REQUEST, ["account"]), ...ACCOUNT_UNLESS_ACT },
      effect: { oneOf: ALL_KINDS.map(effect) },
      expect: { anyOf: [VERDICT, object({ verdict: VERDICT, reasons: ref("reasons"), needs: ref("needs") }, ["reasons", "needs"])] },
      reasons: {
        type: "array",
        items: { anyOf: [text("a code"), object({ code: { type: "string" }, rule: { type: "string" } }, ["rule"])] },
        description: "all that are to come",
      },
      needs: {
        type: "array",
        items: {
          anyOf: [
            text("the id of the rule that asks"),
            object({ kind: { enum: ["approvals", "delay", "confirm"] }, rule: { type: "string" }, delay: DURATION }, [
              "kind",
              "rule",
              "delay",
            ]),
          ],
        },
        description: "all that are to come",
      },
    },
  };
}

/** Fields of an effect that can be stated: of the others the request as a whole decides, or its circumstances. */
export function statedFields(kind: EffectKind): readonly Field[] {
  return KIND_FIELDS[kind].filter((field) => !NOT_OF_EFFECTS.has(field));
}

const NOT_OF_EFFECTS: ReadonlySet<Field> = new Set(["total", "recipientAge", "hour", "date", "requester", "session", "origin", "mode"]);

const VERDICT: JsonObject = { enum: ["allow", "pending", "deny"] };

const CIRCUMSTANCES: JsonObject = {
  requester: text("who asks, by name"),
  session: text("the kind of credential that began the session"),
  origin: text("where the request comes from, such as `https://app.example`"),
  now: TIME,
  mode: text("the mode that holds; `normal` where nothing is said"),
  listed: {
    type: "object",
    additionalProperties: TIME,
    description: 'since when the vault has known addresses: `{"alice": "2026-01-01"}`',
  },
  own: { type: "array", items: { type: "string" }, description: "addresses that are accounts of the vault" },
};

const REQUEST: JsonObject = {
  chain: { type: "string" },
  account: { type: "string" },
  kind: { enum: REQUEST_KINDS },
  payload: { description: "what is signed" },
};
// What is done to the custody itself is of no account.
const ACCOUNT_UNLESS_ACT: JsonObject = { anyOf: [{ properties: { kind: { const: "act" } } }, { required: ["account"] }] };

/** Who asks for what: effects, a request, or one whose members stand here themselves. */
function asking(more: JsonObject, required: readonly string[]): JsonObject {
  const effects: JsonObject = { type: "array", items: ref("effect") };
  const properties = { request: ref("request"), effects, ...REQUEST, ...CIRCUMSTANCES, ...more };
  const without = (...names: readonly string[]): JsonObject => ({ not: { anyOf: names.map((name) => ({ required: [name] })) } });
  const flat = Object.keys(REQUEST);
  return {
    ...object(
      properties,
      Object.keys(properties).filter((name) => !required.includes(name)),
    ),
    oneOf: [
      { required: ["effects"], ...without("request", ...flat) },
      { required: ["request"], ...without("effects", ...flat) },
      { required: ["chain", "kind", "payload"], ...ACCOUNT_UNLESS_ACT, ...without("request", "effects") },
    ],
  };
}

function effect(kind: EffectKind): JsonObject {
  const fields = statedFields(kind).map((field) => [field, { description: FIELDS[field].about, ...valueSchema(field) }] as const);
  const properties = {
    kind: { const: kind },
    ...Object.fromEntries(fields),
    at: { type: "array" },
    why: {},
    outlives: { type: "boolean" },
  };
  return object(properties, Object.keys(properties).slice(1));
}

const INTEGER: JsonObject = {
  anyOf: [
    { type: "integer", minimum: 0 },
    { type: "string", pattern: "^(unlimited|0|[1-9][0-9]{0,77})$" },
  ],
};

function valueSchema(field: Field): JsonObject {
  switch (FIELDS[field].type) {
    case "integer":
      return field === "amount" ? { type: "string", pattern: "^(unlimited|(0|[1-9][0-9]{0,77})(([.][0-9]{1,77})? [^ ]+)?)$" } : INTEGER;
    case "flag":
      return { type: "boolean" };
    case "arguments":
      return {
        type: "object",
        additionalProperties: {
          anyOf: [{ type: "string" }, { type: "boolean" }, { type: "object", properties: { int: INTEGER }, required: ["int"] }],
        },
      };
    case "name":
      return { type: "string" };
  }
}
