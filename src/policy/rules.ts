import type { Json, JsonObject } from "../base/canonical.ts";
import { HOUR_MS } from "../base/time.ts";
import { ACT_KINDS, EFFECT_KINDS, type EffectKind } from "../intent/effect.ts";
import { KIND_FIELDS, OUTFLOW } from "../intent/fields.ts";
import type { Clause } from "../intent/verdict.ts";
import { namedAmountAt, unitsAt } from "./amounts.ts";
import type { LimitRule, ParseAddress, RequireRule, Rule } from "./core.ts";
import { durationAt } from "./durations.ts";
import { approvalsAt } from "./people.ts";
import { quote } from "./problems.ts";
import { integerAt } from "./ranges.ts";
import { type Budget, qualifiedAsset } from "./references.ts";
import { requestersAt } from "./requesters.ts";
import { flagAt, items, type Members, members, namesOf, objectAt, oneOf, type Spot, textAt } from "./surface.ts";
import type { Vocabulary } from "./vocabulary.ts";
import { pinnedBy, type Reading, whenAt } from "./when.ts";

export const RULE_TYPES = ["allow", "forbid", "require", "limit"] as const;
export const ALL_KINDS: readonly EffectKind[] = [...EFFECT_KINDS, ...ACT_KINDS];
export const LIMIT_BY = ["requester", "to", "account"] as const;
/** Keys of a rule beside `id`, its type and `when`. */
export const RULE_KEYS = {
  allow: [],
  forbid: [],
  require: ["approvals", "delay", "confirm", "expires"],
  limit: ["max", "per", "ever", "by", "beyond"],
} as const satisfies { readonly [T in (typeof RULE_TYPES)[number]]: readonly string[] };
export const DEFAULT_EXPIRES_MS = 72 * HOUR_MS;
export const RULE_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** What rules of one document are read with. */
export interface RuleReading {
  readonly names: Vocabulary;
  readonly parseAddress: ParseAddress;
  readonly budget: Budget;
  /** Rules that were read before, by what they were read from. */
  readonly read?: Map<Json, Rule>;
  /** Ids that were seen, over all modes: reasons and the log blame a rule by its id alone. */
  readonly ids: Set<string>;
}

/** Rules with their places. Those that are wrong are left out, and then it is not `complete`. */
export interface RuleList {
  readonly complete: boolean;
  readonly placed: readonly { readonly rule: Rule; readonly spot: Spot }[];
}

export function rulesAt(spot: Spot | undefined, reading: RuleReading): RuleList {
  const list = spot && items(spot, 10_000, 0);
  if (spot && list && reading.ids.size + list.length > 10_000) {
    spot.wrong("policy/too-many", "expected at most 10000 rules over all modes, got more");
    return { complete: false, placed: [] };
  }
  const placed = (list ?? []).flatMap((item) => {
    const rule = readBefore(item, reading) ?? ruleAt(item, reading);
    if (rule) reading.read?.set(item.value, rule);
    return rule ? [{ rule, spot: item }] : [];
  });
  return { complete: placed.length === list?.length, placed };
}

/** Of two that have one id neither is taken from before: it is then read, and found to be wrong. */
function readBefore({ value }: Spot, { read, ids }: RuleReading): Rule | undefined {
  const rule = read?.get(value);
  if (rule === undefined || ids.has(rule.id)) return undefined;
  ids.add(rule.id);
  return rule;
}

function ruleAt(spot: Spot, reading: RuleReading): Rule | undefined {
  const object = objectAt(spot);
  if (object === undefined) return undefined;
  const [type, other] = RULE_TYPES.filter((known) => object[known] !== undefined);
  if (type === undefined || other !== undefined) {
    const got = type === undefined ? `the keys ${quote(Object.keys(object).join(", "))}` : `${type} and ${other}`;
    return spot.wrong("policy/missing-key", `expected one of ${RULE_TYPES.join(", ")} with a list of kinds, got ${got}`);
  }
  const parts = members(spot, ["id", type], ["when", ...RULE_KEYS[type]]);
  const id = parts?.id && idAt(parts.id, reading.ids);
  const kinds = parts?.[type] && kindsAt(parts[type]);
  if (parts === undefined || kinds === undefined) return undefined;
  const inner: Reading = { ...reading, kinds };
  const when = whenAt(parts.when, inner);
  const rest = restOf(type, spot, parts, inner);
  return id === undefined || when === undefined || rest === undefined ? undefined : { id, kinds, when, ...rest };
}

type Rest = { type: "allow" | "forbid" } | Omit<RequireRule, "id" | "kinds" | "when"> | Omit<LimitRule, "id" | "kinds" | "when">;

function restOf(type: Rule["type"], spot: Spot, parts: Members, reading: Reading): Rest | undefined {
  switch (type) {
    case "allow":
    case "forbid":
      return { type };
    case "require":
      return requireAt(spot, parts, reading);
    case "limit":
      return limitAt(spot, parts, reading);
  }
}

function idAt(spot: Spot, ids: Set<string>): string | undefined {
  const what = 'an id of lowercase letters, digits, ".", "_" or "-", at most 64';
  const id = textAt(spot, what);
  if (id === undefined) return undefined;
  if (!RULE_ID.test(id)) return spot.wrong("policy/bad-value", `expected ${what}, got ${quote(id)}`);
  if (ids.has(id)) return spot.wrong("policy/duplicate-rule", `expected ids that differ, got ${quote(id)} again`);
  ids.add(id);
  return id;
}

function kindsAt(spot: Spot): readonly EffectKind[] | undefined {
  const names = items(spot, 50)?.map((item): readonly EffectKind[] | undefined => {
    const name = oneOf(item, [...ALL_KINDS, "outflow"], "a kind", "policy/unknown-kind");
    return name === "outflow" ? OUTFLOW : name && [name];
  });
  return names?.every((kinds) => kinds !== undefined) ? [...new Set(names.flat())] : undefined;
}

function requireAt(spot: Spot, parts: Members, reading: Reading): Rest | undefined {
  const approvals = parts.approvals ? approvalsAt(parts.approvals, reading, requestersOf(parts, reading)) : [];
  const delayMs = parts.delay ? durationAt(parts.delay, "1m", "365d") : 0;
  const confirm = parts.confirm ? flagAt(parts.confirm) : false;
  const expiresMs = parts.expires ? durationAt(parts.expires, "1m", "365d") : DEFAULT_EXPIRES_MS;
  if (!approvals || delayMs === undefined || confirm === undefined || expiresMs === undefined) return undefined;
  if (approvals.length === 0 && delayMs === 0 && !confirm) {
    return spot.wrong("policy/requires-nothing", 'expected "approvals", "delay" or "confirm": true, got none of them');
  }
  if (delayMs > 0 && delayMs >= expiresMs) {
    const lasts = parts.expires ? "" : ' (72h, as "expires" is not written)';
    return parts.delay?.wrong(
      "policy/delay-not-below-expiry",
      `expected a delay below the time a request may wait${lasts}: it would expire before it could be signed`,
    );
  }
  return { type: "require", approvals, delayMs, confirm, expiresMs };
}

function limitAt(spot: Spot, parts: Members, reading: Reading): Rest | undefined {
  if (parts.max === undefined) return spot.wrong("policy/missing-key", 'expected the key "max", got none');
  const measured = measureAt(parts.max, parts, reading);
  const windowMs = windowAt(spot, parts);
  const by = parts.by ? byAt(parts.by, reading) : [];
  const beyond = parts.beyond ? beyondAt(parts.beyond, parts, reading) : [];
  if (!measured || windowMs === undefined || !by || !beyond) return undefined;
  return { type: "limit", ...measured, windowMs, by, beyond };
}

function windowAt(spot: Spot, parts: Members): number | "ever" | undefined {
  if ((parts.per === undefined) === (parts.ever === undefined)) {
    return spot.wrong("policy/missing-key", 'expected either "per" with a duration or "ever": true');
  }
  if (parts.per) return durationAt(parts.per, "1m", "35d");
  if (parts.ever?.value === true) return "ever";
  return parts.ever?.expected("true");
}

/** `max` says what is counted: a number of effects, an amount of one asset, or a value in a unit of account. */
function measureAt(max: Spot, parts: Members, reading: Reading): Pick<LimitRule, "measure" | "max" | "unit"> | undefined {
  const { names, kinds } = reading;
  if (typeof max.value === "number" || (typeof max.value === "string" && /^[0-9]+$/.test(max.value))) {
    const count = integerAt(max, { top: 2n ** 53n });
    return count === undefined ? undefined : { measure: { type: "count" }, max: count };
  }
  const amount = namedAmountAt(max);
  if (amount === undefined) return undefined;
  const without = kinds.find((kind) => !KIND_FIELDS[kind].includes("amount"));
  if (without !== undefined)
    return max.wrong("policy/field-not-of-kind", `expected a count such as 3, got an amount, which ${without} has not`);
  const { name, digits } = amount;
  if (names.values.has(name)) {
    const unit = names.values.get(name);
    const most = unit && unitsAt(max, digits, unit);
    if (unit === undefined || most === undefined) return undefined;
    const { decimals, until, worth } = unit;
    return { measure: { type: "value", unit: name, until, worth }, max: most, unit: { name, decimals } };
  }
  if (!names.assets.has(name))
    return max.unknown("policy/unknown-name", "a name of assets or values", name, namesOf(names.assets.keys(), names.values.keys()));
  const asset = names.assets.get(name);
  if (asset === undefined) return undefined;
  const pinned = parts.when && pinnedBy(parts.when, reading).asset;
  if (pinned === null) return undefined;
  if (pinned?.name !== name) {
    return max.wrong(
      "policy/amount-without-asset",
      `expected "when" to pin "asset" to ${quote(name)}: a limit in an asset counts that asset alone (sum several in a unit of "values")`,
    );
  }
  const most = unitsAt(max, digits, asset);
  if (most === undefined) return undefined;
  return { measure: { type: "amount", asset: qualifiedAsset(asset) }, max: most, unit: { name, decimals: asset.decimals } };
}

function byAt(spot: Spot, { kinds }: Reading): LimitRule["by"] | undefined {
  const list = (Array.isArray(spot.value) ? items(spot, LIMIT_BY.length) : [spot])?.map((item) => {
    const field = oneOf(item, LIMIT_BY, "what splits a counter");
    const without = field && kinds.find((kind) => !KIND_FIELDS[kind].includes(field));
    return without === undefined
      ? field
      : item.wrong("policy/field-not-of-kind", `expected a field that every kind of the rule has, got ${field}, which ${without} has not`);
  });
  return list?.every((field) => field !== undefined) ? [...new Set(list)] : undefined;
}

function beyondAt(spot: Spot, parts: Members, reading: Reading): readonly (readonly Clause[])[] | undefined {
  const approvals = members(spot, ["approvals"])?.approvals;
  return approvals && approvalsAt(approvals, reading, requestersOf(parts, reading));
}

/** Who may ask, where the rule's own `when` says it. */
function requestersOf({ when }: Members, reading: Reading): ReadonlySet<string> | undefined {
  const requester = (when?.value as JsonObject | undefined)?.requester;
  if (when === undefined || requester === undefined) return undefined;
  const people = requestersAt(when.below("requester", requester), reading);
  return people && new Set(people.map(({ person }) => person));
}
