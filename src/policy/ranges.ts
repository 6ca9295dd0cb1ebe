import type { BookAsset } from "../intent/book.ts";
import { UNLIMITED } from "../intent/effect.ts";
import { namedAmountAt, unitsAt } from "./amounts.ts";
import type { Interval } from "./core.ts";
import { durationAt, timeAt } from "./durations.ts";
import { quote } from "./problems.ts";
import { members, type Spot } from "./surface.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What an integer field counts, by the table of fields. */
export type UnitName = "amount" | "seconds" | "duration" | "instant" | "count";

export interface Counted {
  /** The asset that the same `when` pins, if one; `null` if what it pins was wrong and is reported there. */
  readonly asset: BookAsset | null | undefined;
  readonly names: Vocabulary;
  readonly top: bigint;
  readonly bottom?: bigint;
}

/**
 * Reads what an integer field must be: an exact value, or `{min, max}` with both ends included; an instant is
 * `{from, until}`, half-open.
 */
export function rangeAt(spot: Spot, unit: UnitName, counted: Counted): readonly Interval[] | undefined {
  const bounds = typeof spot.value === "object" && spot.value !== null && !Array.isArray(spot.value);
  if (unit === "instant") return bounds ? instants(spot) : spot.expected('an object such as {"from": "2026-12-20", "until": "2027-01-05"}');
  if (bounds) return minMax(spot, unit, counted);
  const exact = valueAt(spot, unit, counted);
  return exact === undefined ? undefined : [[exact, exact]];
}

function minMax(spot: Spot, unit: Exclude<UnitName, "instant">, counted: Counted): readonly Interval[] | undefined {
  const parts = members(spot, [], ["min", "max"]);
  if (parts === undefined) return undefined;
  if (!parts.min && !parts.max) return spot.wrong("policy/missing-key", 'expected "min" or "max", got neither');
  const min = parts.min ? valueAt(parts.min, unit, counted) : (counted.bottom ?? 0n);
  const max = parts.max ? valueAt(parts.max, unit, counted) : counted.top;
  if (min === undefined || max === undefined) return undefined;
  return min <= max ? [[min, max]] : spot.wrong("policy/empty-range", 'expected "min" not above "max"');
}

function instants(spot: Spot): readonly Interval[] | undefined {
  const parts = members(spot, [], ["from", "until"]);
  if (parts === undefined) return undefined;
  if (!parts.from && !parts.until) return spot.wrong("policy/missing-key", 'expected "from" or "until", got neither');
  const from = parts.from ? timeAt(parts.from) : 0;
  const until = parts.until ? timeAt(parts.until) : undefined;
  if (from === undefined || (parts.until && until === undefined)) return undefined;
  if (until === undefined) return [[BigInt(from), UNLIMITED]];
  return from < until ? [[BigInt(from), BigInt(until) - 1n]] : spot.wrong("policy/empty-range", 'expected "from" before "until"');
}

function valueAt(spot: Spot, unit: Exclude<UnitName, "instant">, counted: Counted): bigint | undefined {
  if (spot.value === "unlimited" && (unit === "amount" || unit === "seconds")) return UNLIMITED;
  switch (unit) {
    case "amount":
      return amountAt(spot, counted);
    case "duration": {
      const ms = durationAt(spot, "0m", "3650d");
      return ms === undefined ? undefined : BigInt(ms);
    }
    case "seconds": {
      if (typeof spot.value !== "string" || /^[0-9]*$/.test(spot.value)) return integerAt(spot, counted);
      const time = timeAt(spot);
      return time === undefined ? undefined : BigInt(Math.floor(time / 1000));
    }
    case "count":
      return integerAt(spot, counted);
  }
}

function amountAt(spot: Spot, { asset, names }: Counted): bigint | undefined {
  const amount = namedAmountAt(spot);
  if (amount === undefined) return undefined;
  if (!names.assets.has(amount.name))
    return spot.unknown("policy/unknown-name", "an amount of a named asset", amount.name, names.assets.keys());
  const named = names.assets.get(amount.name);
  if (named === undefined || asset === null) return undefined;
  if (asset?.name !== named.name) {
    const pinned = asset === undefined ? "it pins none" : `it pins ${quote(asset.name)}`;
    return spot.wrong(
      "policy/amount-without-asset",
      `expected the same when to pin "asset" to ${quote(named.name)}, but ${pinned}: an amount means nothing without its asset`,
    );
  }
  return unitsAt(spot, amount.digits, named);
}

/** An integer as a number or, if it is large, as decimal text. */
export function integerAt(spot: Spot, { top, bottom = 0n }: { readonly top: bigint; readonly bottom?: bigint }): bigint | undefined {
  const { value } = spot;
  const integer =
    typeof value === "number" || (typeof value === "string" && /^-?(?:0|[1-9][0-9]{0,77})$/.test(value)) ? BigInt(value) : undefined;
  if (integer === undefined)
    return spot.wrong(
      "policy/bad-value",
      `expected an integer such as 7 or "7", got ${typeof value === "string" ? quote(value) : typeof value}`,
    );
  return integer >= bottom && integer <= top
    ? integer
    : spot.wrong("policy/bad-value", `expected an integer from ${bottom} to ${top}, got ${integer}`);
}
