import type { JsonObject } from "../base/canonical.ts";
import type { BookAsset } from "../intent/book.ts";
import { type EffectKind, UNLIMITED } from "../intent/effect.ts";
import { FIELDS, type Field, KIND_FIELDS } from "../intent/fields.ts";
import { argumentsAt } from "./arguments.ts";
import type { Condition, Interval, ParseAddress } from "./core.ts";
import { rangeAt } from "./ranges.ts";
import { type Budget, hoursAt, NAME_FIELDS, namesAt } from "./references.ts";
import { requesterAt } from "./requesters.ts";
import { entries, flagAt, items, objectAt, type Spot } from "./surface.ts";
import type { NamedContract, Vocabulary } from "./vocabulary.ts";

/** What a condition is read with. */
export interface Reading {
  readonly names: Vocabulary;
  readonly parseAddress: ParseAddress;
  readonly budget: Budget;
  /** Kinds of the rule that the condition belongs to. */
  readonly kinds: readonly EffectKind[];
}

/** Fields that the same `when`, or one around it, pins to a single value. */
export interface Pinned {
  /** `null`: what it pins was wrong, and is reported there. */
  readonly asset?: BookAsset | null;
  readonly contract?: NamedContract;
  readonly function?: string;
}

const ALWAYS: Condition = { op: "always" };
const COMBINED = ["any", "all", "not"] as const;

/** Reads a `when`: fields that must all hold, and `any`, `all`, `not` of further ones. */
export function whenAt(spot: Spot | undefined, reading: Reading, around: Pinned = {}): Condition | undefined {
  if (spot === undefined) return ALWAYS;
  const object = objectAt(spot);
  if (object === undefined) return undefined;
  const pinned = { ...around, ...pinnedBy(spot, reading) };
  const parts = entries(spot, object).map(([name, part]) => partAt(name, part, reading, pinned));
  return parts.every((part) => part !== undefined) ? all(parts) : undefined;
}

/** What the fields of one `when` pin; a list with several values pins nothing. */
export function pinnedBy(spot: Spot, { names }: Pick<Reading, "names">): Pinned {
  const { value } = spot;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const object = value as JsonObject;
  const asset = single(object.asset);
  const contract = single(object.contract);
  const called = single(object.function);
  const named = contract === undefined ? undefined : names.contracts.get(contract);
  return {
    ...(asset !== undefined && { asset: names.assets.get(asset) ?? null }),
    ...(named !== undefined && { contract: named }),
    ...(called !== undefined && { function: called }),
  };
}

function partAt(name: string, spot: Spot, reading: Reading, pinned: Pinned): Condition | undefined {
  if (name === "not") return inner(spot, reading, pinned, (of) => ({ op: "not", of }));
  if (name === "any" || name === "all") {
    const of = items(spot, 10_000)?.map((item) => inner(item, reading, pinned, (condition) => condition));
    if (of === undefined || !of.every((condition) => condition !== undefined)) return undefined;
    return name === "all" ? all(of) : of.length === 1 && of[0] ? of[0] : { op: "any", of };
  }
  const field = (Object.keys(FIELDS) as Field[]).find((known) => known === name);
  if (field === undefined) return unknownField(name, spot, reading);
  const without = reading.kinds.find((kind) => !KIND_FIELDS[kind].includes(field));
  if (without !== undefined) {
    return spot.wrongKey(
      "policy/field-not-of-kind",
      `expected a field that every kind of the rule has, got ${field}, which ${without} has not`,
    );
  }
  return fieldAt(field, spot, reading, pinned);
}

function inner(spot: Spot, reading: Reading, pinned: Pinned, wrap: (condition: Condition) => Condition): Condition | undefined {
  if (objectAt(spot) === undefined) return undefined;
  if (Object.keys(spot.value as object).length === 0) return spot.wrong("policy/bad-value", "expected at least one condition, got none");
  const condition = whenAt(spot, reading, pinned);
  return condition && wrap(condition);
}

function unknownField(name: string, spot: Spot, { kinds }: Reading): undefined {
  const known = (Object.keys(FIELDS) as Field[]).filter((field) => kinds.every((kind) => KIND_FIELDS[kind].includes(field)));
  return spot.unknownKey("a field", name, [...known, ...COMBINED]);
}

function fieldAt(field: Field, spot: Spot, reading: Reading, pinned: Pinned): Condition | undefined {
  switch (field) {
    case "requester":
      return requesterAt(spot, reading);
    case "hour":
      return hoursAt(spot, reading.names, reading.budget);
    case "args":
      return argumentsAt(spot, reading, pinned);
    case "ownRecipient":
    case "replayable": {
      const value = flagAt(spot);
      return value === undefined ? undefined : { op: "is", field, value };
    }
    case "amount":
    case "total":
    case "tokenId":
    case "expiry":
    case "feeRate":
    case "gas":
    case "inputs":
    case "outputs":
    case "date":
    case "recipientAge": {
      const intervals: readonly Interval[] | undefined = rangeAt(spot, FIELDS[field].unit, {
        top: UNLIMITED,
        asset: pinned.asset,
        names: reading.names,
      });
      return intervals && { op: "within", field, intervals };
    }
    default: {
      const values = namesAt(spot, NAME_FIELDS[field], field, reading, pinned);
      return values && { op: "in", field, values };
    }
  }
}

function all(parts: readonly Condition[]): Condition {
  const of = parts.flatMap((part) => (part.op === "all" ? part.of : part.op === "always" ? [] : [part]));
  const [only] = of;
  return only === undefined ? ALWAYS : of.length === 1 ? only : { op: "all", of };
}

function single(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.length === 1 && typeof value[0] === "string" ? value[0] : undefined;
}
