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
type FactFields = { readonly [F in Field]?: FactOf<(typeof FIELDS)[F]["type"]> };

/**
 * One effect as the policy sees it: its kind, and of the fields that its kind has those that are known. Names are qualified
 * as in `core.ts`. Absent is unknown. Made by {@link factsOf} alone, so that every value has the type of its field.
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
  return effects.map((effect: Effect, index) => {
    const values: Values = {
      ...plain(effect),
      ...qualified(effect),
      ...moment(circumstances),
      ...recipient(effect, circumstances),
      total: totals[index],
    };
    return ofKind(effect.kind, values, effect.outlives === true);
  });
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
  const values: Values = {};
  for (const field of KIND_FIELDS[kind]) {
    const member = json[field];
    if (member === undefined) continue;
    const value = fromJson(field, member);
    if (!hasType(field, value)) return malformed(field);
    values[field] = value;
  }
  return ofKind(kind, values, outlives === true);
}

type Values = { -readonly [F in Field]?: unknown };

function ofKind(kind: EffectKind, values: Values, outlives: boolean): Facts {
  if (!isKind(kind)) throw new TypeError("effect: expected a known kind");
  const facts: { kind: EffectKind; outlives?: true } & Values = { kind };
  if (outlives) facts.outlives = true;
  for (const field of KIND_FIELDS[kind]) {
    const value = values[field];
    if (value !== undefined && hasType(field, value)) facts[field] = typeof value === "bigint" && value > UNLIMITED ? UNLIMITED : value;
  }
  return facts as Facts;
}

function plain(effect: Effect): Values {
  const { amount, tokenId, selector, args, expiry, gas, feeRate, ownRecipient, replayable, sighash, change, inputs, outputs } = effect;
  const { domain, primaryType, part, direction, what, toMode, chain } = effect;
  const copied = args !== null && typeof args === "object" ? { ...args } : undefined;
  const call = { selector, function: effect.function, args: copied, gas, feeRate, domain, primaryType, class: effect.class };
  const act = { part, direction, what, toMode };
  return { chain, amount, tokenId, expiry, ownRecipient, replayable, sighash, change, inputs, outputs, ...call, ...act };
}

// Without its chain an address or an asset is no name: the same text means something else on another chain.
function qualified(effect: Effect): Values {
  const { kind, chain, account, to, party, contract, asset } = effect;
  const address = (text: string | undefined) => (chain === undefined || text === undefined ? undefined : `${chain}:${text}`);
  return {
    account: address(account),
    // The `to` of an act (who is granted a session) is a person.
    to: isAct(kind) ? to : address(to),
    party: address(party),
    contract: address(contract),
    asset: chain === undefined || asset === undefined ? undefined : `${chain}/${asset}`,
  };
}

function moment({ now, requester, session, origin, mode }: Circumstances): Values {
  return { date: BigInt(now), requester, session, origin, mode };
}

function recipient({ chain, to, ownRecipient }: Effect, { now, addedAt, isOwn }: Circumstances): Values {
  if (chain === undefined || to === undefined) return {};
  const added = addedAt?.(chain, to);
  return {
    // A clock that stands before the entry was logged makes the entry new, not unknown.
    recipientAge: added === undefined ? undefined : BigInt(Math.max(0, now - added)),
    ownRecipient: isOwn === undefined ? ownRecipient : isOwn(chain, to),
  };
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
