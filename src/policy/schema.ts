import type { Json, JsonObject } from "../base/canonical.ts";
import type { EffectKind } from "../intent/effect.ts";
import { FIELDS, type Field, KIND_FIELDS } from "../intent/fields.ts";
import type { Credential } from "./core.ts";
import { CREDENTIAL_KINDS } from "./credentials.ts";
import { REQUIRED_KEYS } from "./parse.ts";
import { CHANGES, CLASSES, DIRECTIONS, PARTS } from "./references.ts";
import { ALL_KINDS, LIMIT_BY, RULE_ID, RULE_TYPES } from "./rules.ts";

/**
 * The JSON Schema (draft 2020-12) of a policy document, made from the tables of kinds and fields: for editors, and for programs
 * that write policies. It describes structure; what names, units and rules mean together only the parser checks.
 */
export function policySchema(): JsonObject {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "https://keyward.dev/schema/policy-1.json",
    title: "Keyward policy",
    ...object(
      {
        keyward: { const: "policy/1" },
        name: { type: "string", minLength: 1, maxLength: 100 },
        semantics: { type: "integer", minimum: 1 },
        immutable: { type: "boolean" },
        assets: named(
          object({
            chain: CHAIN,
            asset: text("`native`, `erc20:0x…`, `erc721:0x…` or `erc1155:0x…`"),
            decimals: { type: "integer", minimum: 0, maximum: 36 },
          }),
        ),
        contracts: named(
          object(
            {
              chain: CHAIN,
              address: ADDRESS,
              kind: { type: "string", pattern: "^[a-z][a-z0-9-]{0,39}$" },
              functions: listOf(text("as Solidity writes it: `deposit(uint256 amount, address to)`")),
            },
            ["functions"],
          ),
        ),
        book: named(object({ chain: CHAIN, address: ADDRESS })),
        lists: named({ ...listOf(text("a name of the book")), minItems: 0 }),
        people: named(listOf(credential())),
        roles: named(
          listOf({
            anyOf: [
              text("a person, or `role:name`"),
              object({ person: text("who stands in"), from: TIME, until: TIME }, ["from", "until"]),
            ],
          }),
        ),
        rules: ref("rules"),
        hours: named(
          object(
            {
              zone: text("an IANA time zone"),
              open: listOf(text("such as `Mon-Fri 09:00-17:00`")),
              closed: { ...listOf(TIME), minItems: 0 },
              until: TIME,
            },
            ["closed"],
          ),
        ),
        values: named(
          object({
            decimals: { type: "integer", minimum: 0, maximum: 18 },
            ceiling: { type: "object", additionalProperties: text("price of one whole asset") },
            until: TIME,
          }),
        ),
        modes: named(object({ rules: ref("rules"), lasts: DURATION }, ["lasts"])),
      },
      ["semantics", "immutable", "assets", "contracts", "book", "lists", "people", "roles", "hours", "values", "modes"],
    ),
    required: REQUIRED_KEYS,
    $defs: {
      rules: { type: "array", maxItems: 10_000, items: { oneOf: RULE_TYPES.map(rule) } },
      kinds: listOf({ enum: [...ALL_KINDS, "outflow"] }),
      approvals: { anyOf: [ref("clauses"), object({ any: listOf(ref("clauses")) })] },
      clauses: listOf(object({ of: text("a role or a person"), atLeast: { type: "integer", minimum: 1 } })),
      when: when(),
    },
  };
}

const CHAIN: JsonObject = { type: "string", pattern: "^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$" };
const ADDRESS: JsonObject = { type: "string", description: "in its chain's checked form", minLength: 1, maxLength: 128 };
export const TIME: JsonObject = { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?Z)?$" };
export const DURATION: JsonObject = { type: "string", pattern: "^(0|[1-9][0-9]{0,5})[mhd]$" };
const INTEGER: JsonObject = { anyOf: [{ type: "integer" }, { type: "string", pattern: "^-?(0|[1-9][0-9]{0,77})$" }] };
const AMOUNT: JsonObject = {
  type: "string",
  pattern: "^(unlimited|(0|[1-9][0-9]{0,77})([.][0-9]{1,77})? [^ ]+)$",
  description: "such as `0.05 ETH`",
};

function rule(type: (typeof RULE_TYPES)[number]): JsonObject {
  const common = { id: { type: "string", pattern: RULE_ID.source }, [type]: ref("kinds"), when: ref("when") };
  switch (type) {
    case "allow":
    case "forbid":
      return object(common, ["when"]);
    case "require": {
      const needs = { approvals: ref("approvals"), delay: DURATION, confirm: { type: "boolean" }, expires: DURATION };
      return object({ ...common, ...needs }, ["when", ...Object.keys(needs)]);
    }
    case "limit": {
      const by = { enum: LIMIT_BY };
      const max = {
        anyOf: [
          { type: "integer", minimum: 0 },
          { type: "string", pattern: "^[0-9]", description: "an amount, a value or a count" },
        ],
      };
      const window = { per: DURATION, ever: { const: true } };
      const rest = { by: { anyOf: [by, listOf(by)] }, beyond: object({ approvals: ref("approvals") }) };
      return {
        ...object({ ...common, max, ...window, ...rest }, ["when", ...Object.keys(window), ...Object.keys(rest)]),
        oneOf: [{ required: ["per"] }, { required: ["ever"] }],
      };
    }
  }
}

function when(): JsonObject {
  const fields = (Object.keys(FIELDS) as Field[]).map((field) => [field, { description: describe(field), ...fieldSchema(field) }] as const);
  const several = listOf(ref("when"));
  return {
    type: "object",
    properties: { ...Object.fromEntries(fields), any: several, all: several, not: ref("when") },
    additionalProperties: false,
  };
}

function describe(field: Field): string {
  const kinds = ALL_KINDS.filter((kind: EffectKind) => KIND_FIELDS[kind].includes(field));
  return `${FIELDS[field].about} (${kinds.length === ALL_KINDS.length ? "every kind" : kinds.join(", ")})`;
}

const ENUMS: { readonly [F in Field]?: readonly string[] } = {
  part: PARTS,
  direction: DIRECTIONS,
  change: CHANGES,
  class: CLASSES,
  session: CREDENTIAL_KINDS,
};

function fieldSchema(field: Field): JsonObject {
  const info: { readonly type: string; readonly unit?: string } = FIELDS[field];
  if (info.type === "flag") return { type: "boolean" };
  if (info.type === "arguments")
    return { type: "object", minProperties: 1, additionalProperties: { anyOf: [{ type: "boolean" }, INTEGER, names(), range(INTEGER)] } };
  if (info.type === "name") return names(ENUMS[field]);
  switch (info.unit) {
    case "amount":
      return { anyOf: [AMOUNT, range(AMOUNT)] };
    case "duration":
      return { anyOf: [DURATION, range(DURATION)] };
    case "instant":
      return { ...object({ from: TIME, until: TIME }, ["from", "until"]), minProperties: 1 };
    case "seconds": {
      const moment = { anyOf: [TIME, INTEGER, { const: "unlimited" }] };
      return { anyOf: [moment, range(moment)] };
    }
    default:
      return { anyOf: [INTEGER, range(INTEGER)] };
  }
}

function names(options?: readonly string[]): JsonObject {
  const name: JsonObject = options ? { enum: options } : { type: "string" };
  return { anyOf: [name, listOf(name)] };
}

function range(of: JsonObject): JsonObject {
  return { ...object({ min: of, max: of }, ["min", "max"]), minProperties: 1 };
}

export function object(properties: JsonObject, optional: readonly string[] = []): JsonObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

function named(of: Json): JsonObject {
  return { type: "object", propertyNames: { minLength: 1, maxLength: 64 }, additionalProperties: of };
}

export function listOf(items: JsonObject): JsonObject {
  return { type: "array", minItems: 1, items };
}

function credential(): JsonObject {
  const key = { type: "string", pattern: "^0[23][0-9a-fA-F]{64}$" };
  const wallet = { type: "string", pattern: "^0x[0-9a-fA-F]{40}$" };
  const names: { readonly [K in Credential["kind"]]: JsonObject } = {
    unlock: {},
    secp256k1: { publicKey: key },
    eip712: { address: wallet },
    service: { publicKey: key },
  };
  return { oneOf: CREDENTIAL_KINDS.map((kind) => object({ kind: { const: kind }, ...names[kind] })) };
}

export function text(description: string): JsonObject {
  return { type: "string", description };
}

export function ref(name: string): JsonObject {
  return { $ref: `#/$defs/${name}` };
}
