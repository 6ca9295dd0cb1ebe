import { utf8 } from "./bytes.ts";
import { unreachable } from "./errors.ts";

/** JSON as we keep it: numbers are safe integers only; amounts are decimal strings, bytes are hexadecimal strings. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/**
 * The one byte form of a JSON value: RFC 8785 (keys sorted by UTF-16 unit, no spaces), restricted to safe integers and
 * well-formed strings. Members that are `undefined` are left out. What is hashed, signed or stored is written by this.
 */
export function canonical(value: Json): string {
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) throw new Error("unreachable: a lone surrogate in a canonical string");
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return unreachable("a number that is no safe integer");
      return String(value);
    default:
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
      return object(value as JsonObject);
  }
}

/** {@link canonical} as UTF-8. */
export function canonicalBytes(value: Json): Uint8Array {
  return utf8(canonical(value));
}

function object(value: JsonObject): string {
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) members.push(`${canonical(key)}:${canonical(member)}`);
  }
  return `{${members.join(",")}}`;
}
