import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { ArgumentValue, Circumstances, Effect, EffectKind } from "../intent/effect.ts";
import { UNLIMITED } from "../intent/effect.ts";
import { FIELDS, type Field, type FieldType, isAct, KIND_FIELDS } from "../intent/fields.ts";
import type { Intent } from "../intent/intent.ts";
import { totalsOf } from "./totals.ts";

/** A value of a field, by its type in the table of fields. */
interface FactTypes {
  readonly name: string;
  readonly integer: bigint;
  readonly flag: boolean;
  readonly arguments: { readonly [name: string]: ArgumentValue };
}
type FactOf<T extends FieldType> = FactTypes[T];
type FactFields = { readonly [F in Field]?: FactOf<(typeof FIELDS)[F]["type"]> | undefined };

/**
 * One effect as the policy sees it: its kind, and of the fields that its kind has those that are known. Names are qualified
 * as in `core.ts`. Undefined or absent is unknown. Made by {@link factsOf} alone, so that every value has the type of its field.
 */
export interface Facts extends FactFields {
  readonly kind: EffectKind;
  /** It stays in force even if the request is replaced in its lane. */
  readonly outlives?: true;
}

/**
 * The facts of each effect, in the order of the effects. A value of the wrong type, a negative integer or text that is not
 * well-formed becomes unknown; `hour` is always unknown, because the parser compiles hours into intervals of `date`.
 *
 * @throws TypeError or RangeError if the intent or the circumstances have another shape than their types say.
 */
export function factsOf(intent: Pick<Intent, "effects">, circumstances: Circumstances): readonly Facts[] {
  const { effects } = intent;
  if (!Array.isArray(effects)) throw new TypeError("effects: expected an array");
  const totals = totalsOf(effects);
  return effects.map((effect: Effect, index) =>
    factsOfKind(effect.kind, effect.outlives, (field) => read(field, effect, circumstances, totals[index])),
  );
}

/** Facts as JSON for the vault, which keeps them with every hold: integers are decimal strings, the top is `"unlimited"`. */
export function factsToJson(facts: Facts): JsonObject {
  const out: Record<string, Json> = { kind: facts.kind };
  if (facts.outlives) out.outlives = true;
  for (const field of KIND_FIELDS[facts.kind]) {
    const value = facts[field];
    if (value !== undefined) out[field] = toJson(value);
  }
  return out;
}

/**
 * The reverse of {@link factsToJson}. Members that are no fields of the kind are left out: no rule can speak of them.
 *
 * @throws `json/malformed` if the kind is none of ours or a member has not the form of its field.
 */
export function factsFromJson(json: JsonObject): Facts {
  const { kind, outlives } = json;
  if (typeof kind !== "string" || !isKind(kind)) return malformed("kind");
  return factsOfKind(kind, outlives === true ? true : undefined, (field) => {
    const member = json[field];
    if (member === undefined) return undefined;
    const value = fromJson(field, member);
    return hasType(field, value) ? value : malformed(field);
  });
}

/** Every field of the kind is set, known or not, so that all facts of a kind have one shape in the engine. */
function factsOfKind(kind: EffectKind, outlives: true | undefined, look: (field: Field) => unknown): Facts {
  if (!isKind(kind)) throw new TypeError("effect: expected a known kind");
  const facts: { kind: EffectKind; outlives?: true } & { -readonly [F in Field]?: unknown } = { kind };
  if (outlives === true) facts.outlives = true;
  for (const field of KIND_FIELDS[kind]) {
    const value = look(field);
    facts[field] = !hasType(field, value) ? undefined : typeof value === "bigint" && value > UNLIMITED ? UNLIMITED : value;
  }
  return facts as Facts;
}

/** The value that a field has, not yet checked. */
function read(field: Field, effect: Effect, circumstances: Circumstances, total: bigint | undefined): unknown {
  const { chain, to } = effect;
  switch (field) {
    case "account":
    case "party":
    case "contract":
      return qualified(chain, ":", effect[field]);
    case "to":
      // The `to` of an act (who is granted a session) is a person.
      return isAct(effect.kind) ? to : qualified(chain, ":", to);
    case "asset":
      return qualified(chain, "/", effect.asset);
    case "total":
      return total;
    case "args":
      // Copied: what was judged must not change under the charges.
      return effect.args && { ...effect.args };
    case "ownRecipient": {
      const { isOwn } = circumstances;
      // A chain whose accounts have many addresses has looked among all of them already.
      return effect.ownRecipient ?? (chain === undefined || to === undefined ? undefined : isOwn?.(chain, to));
    }
    case "recipientAge":
      return recipientAge(effect, circumstances);
    case "date":
      return BigInt(circumstances.now);
    case "hour":
      return undefined;
    case "requester":
    case "session":
    case "origin":
    case "mode":
      return circumstances[field];
    default:
      return effect[field];
  }
}

/** Without its chain an address or an asset is no name: the same text means something else on another chain. */
function qualified(chain: string | undefined, separator: ":" | "/", name: string | undefined): string | undefined {
  return chain === undefined || name === undefined ? undefined : `${chain}${separator}${name}`;
}

function recipientAge({ chain, to }: Effect, { now, addedAt }: Circumstances): bigint | undefined {
  const added = chain === undefined || to === undefined ? undefined : addedAt?.(chain, to);
  // A clock that stands before the entry was logged makes the entry new, not unknown.
  return added === undefined ? undefined : BigInt(Math.max(0, now - added));
}

function isKind(kind: string): kind is EffectKind {
  return Object.hasOwn(KIND_FIELDS, kind);
}

function hasType(field: Field, value: unknown): boolean {
  switch (FIELDS[field].type) {
    case "name":
      return typeof value === "string" && value.isWellFormed();
    case "integer":
      return typeof value === "bigint" && value >= 0n;
    case "flag":
      return typeof value === "boolean";
    case "arguments":
      return (
        value !== null &&
        typeof value === "object" &&
        Object.entries(value).every(([name, entry]) => name.isWellFormed() && isArgument(entry))
      );
  }
}

function isArgument(value: unknown): value is ArgumentValue {
  return typeof value === "bigint" || typeof value === "boolean" || (typeof value === "string" && value.isWellFormed());
}

function toJson(value: FactTypes[FieldType]): Json {
  if (typeof value === "bigint") return value >= UNLIMITED ? "unlimited" : value.toString();
  if (typeof value !== "object") return value;
  // Arguments keep their type: integers become {"int": "5"}.
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, typeof entry === "bigint" ? { int: entry.toString() } : entry]),
  );
}

function fromJson(field: Field, json: Json): unknown {
  switch (FIELDS[field].type) {
    case "integer":
      return json === "unlimited" ? UNLIMITED : integer(json);
    case "arguments":
      if (json === null || typeof json !== "object" || Array.isArray(json)) return undefined;
      return Object.fromEntries(Object.entries(json).map(([name, entry]) => [name, argument(entry)]));
    default:
      return json;
  }
}

function argument(json: Json | undefined): unknown {
  return json !== null && typeof json === "object" && "int" in json ? integer(json.int) : json;
}

function integer(json: Json | undefined): bigint | undefined {
  return typeof json === "string" && /^-?\d{1,80}$/.test(json) ? BigInt(json) : undefined;
}

function malformed(what: string): never {
  throw new CustodyError("json/malformed", `facts: expected ${what} in the form that factsToJson writes`);
}
