import type { Json } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";

/** `message.details[0].token: expected an address, got a list`: the place and what kind of value came, never the value. */
export function expected(where: string, what: string, got: string): CustodyError {
  return new CustodyError("chain/malformed", `${short(where)}: expected ${what}, got ${got}`);
}

/** {@link expected} for a value of another type, or of no form that is read. */
export function unfit(where: string, what: string, value: Json | undefined): CustodyError {
  return expected(where, what, typeName(value));
}

export function tooLarge(where: string, most: number, what: string): CustodyError {
  return new CustodyError("chain/too-large", `${short(where)}: expected at most ${most} ${what}, got more`);
}

export function isObject(value: Json | undefined): value is { readonly [name: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeName(value: Json | undefined): string {
  if (value === undefined) return "none";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "another text";
  return typeof value === "number" ? "another number" : typeof value === "object" ? "another object" : `a ${typeof value}`;
}

/** Names can be long, and the end of a place says the most. */
function short(where: string): string {
  return where.length <= 200 ? where : `…${where.slice(-200)}`;
}
