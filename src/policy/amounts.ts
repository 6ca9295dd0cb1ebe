import { UNLIMITED } from "../intent/effect.ts";
import { quote } from "./problems.ts";
import type { Spot } from "./surface.ts";

/** A decimal number and the name of what it counts, such as `0.05 ETH`. Exact: digits, never floating point. */
export interface NamedAmount {
  readonly digits: Decimal;
  readonly name: string;
}

/** `whole` digits and `fraction` digits of a decimal number; `1.50` has the fraction `50`. */
export interface Decimal {
  readonly whole: string;
  readonly fraction: string;
}

const DECIMAL = /^(0|[1-9][0-9]{0,77})(?:\.([0-9]{1,77}))?$/;

export function readDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text);
  return match?.[1] === undefined ? undefined : { whole: match[1], fraction: match[2] ?? "" };
}

/** Splits `0.05 ETH`, and says what is wrong with anything else. */
export function namedAmountAt(spot: Spot): NamedAmount | undefined {
  const { value } = spot;
  const example = 'an amount with its asset such as "0.05 ETH"';
  if (typeof value === "number") return spot.wrong("policy/bad-amount", `expected ${example}, got the number ${value}: amounts are texts`);
  if (typeof value !== "string") return spot.expected(example);
  if (value.includes("%")) {
    const why = "a percentage depends on a balance, which the bytes to be signed do not prove";
    return spot.wrong("policy/bad-amount", `expected ${example}, got ${quote(value)}: ${why}`);
  }
  const space = value.indexOf(" ");
  const digits = readDecimal(space < 0 ? "" : value.slice(0, space));
  const name = value.slice(space + 1);
  if (digits === undefined || name === "" || name.includes(" "))
    return spot.wrong("policy/bad-amount", `expected ${example}, got ${quote(value)}`);
  return { digits, name };
}

/**
 * Smallest units of a decimal number. More decimals than there are is an error, trailing zeros included: whoever wrote them
 * had another asset in mind.
 */
export function unitsAt(spot: Spot, digits: Decimal, of: { readonly name: string; readonly decimals: number }): bigint | undefined {
  const { whole, fraction } = digits;
  if (fraction.length > of.decimals) {
    return spot.wrong("policy/too-many-decimals", `expected at most ${of.decimals} decimals of ${of.name}, got ${fraction.length}`);
  }
  const units = BigInt(whole + fraction.padEnd(of.decimals, "0"));
  return units < UNLIMITED ? units : spot.wrong("policy/bad-amount", `expected less than 2^256 smallest units of ${of.name}, got more`);
}

/** The reverse, as a policy would write it: `0.05 ETH`. */
export function writeAmount(units: bigint, of: { readonly name: string; readonly decimals: number }): string {
  const digits = units.toString().padStart(of.decimals + 1, "0");
  const point = digits.length - of.decimals;
  const fraction = digits.slice(point).replace(/0+$/, "");
  return `${digits.slice(0, point)}${fraction === "" ? "" : "."}${fraction} ${of.name}`;
}
