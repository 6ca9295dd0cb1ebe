import type { Json, JsonObject } from "./canonical.ts";
import { CustodyError, type ErrorCode } from "./errors.ts";

// Reads the shape of JSON values at the edge, without a schema. `where` begins the message (`request: payload`), `code` is the
// error of the folder that reads. Neither values nor unknown members are
// repeated in a message, only their type: they may be a secret in the wrong place.

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object with all of `required`, any of `optional`, and nothing else. */
export function expectObject(
  value: unknown,
  keys: { readonly required?: readonly string[]; readonly optional?: readonly string[] },
  where: string,
  code: ErrorCode = "request/malformed",
): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return misfit("an object", value, where, code);
  const { required = [], optional = [] } = keys;
  for (const key of Object.keys(value)) {
    if (!required.includes(key) && !optional.includes(key)) {
      const known = [...required, ...optional].join(", ") || "none";
      throw new CustodyError(code, `${where}: expected only the members ${known}, got another`);
    }
  }
  for (const key of required) {
    if (!Object.hasOwn(value, key)) throw new CustodyError(code, `${where}: expected the member ${key}, got none`);
  }
  return value as JsonObject;
}

export function expectArray(value: unknown, where: string, code: ErrorCode = "request/malformed"): readonly Json[] {
  return Array.isArray(value) ? value : misfit("a list", value, where, code);
}

/** A text of at most `maxLength` UTF-16 units. */
export function expectString(value: unknown, where: string, code: ErrorCode = "request/malformed", maxLength = 2 ** 20): string {
  if (typeof value !== "string") return misfit("a text", value, where, code);
  if (value.length > maxLength) throw new CustodyError(code, `${where}: expected at most ${maxLength} characters, got ${value.length}`);
  return value;
}

export function expectBoolean(value: unknown, where: string, code: ErrorCode = "request/malformed"): boolean {
  return typeof value === "boolean" ? value : misfit("true or false", value, where, code);
}

/** A safe integer that is not negative. */
export function expectInteger(value: unknown, where: string, code: ErrorCode = "request/malformed"): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : misfit("an integer from 0", value, where, code);
}

/** A decimal text such as `"25000000"` without sign or leading zeros, below 2^256: how bigints stand in our JSON. */
export function expectBigint(value: unknown, where: string, code: ErrorCode = "request/malformed"): bigint {
  if (typeof value !== "string" || !/^(?:0|[1-9][0-9]{0,77})$/.test(value)) return misfit("a decimal integer as text", value, where, code);
  const integer = BigInt(value);
  return integer < 2n ** 256n ? integer : misfit("less than 2^256", value, where, code);
}

/** One of a fixed set of texts. */
export function expectOneOf<T extends string>(
  value: unknown,
  options: readonly T[],
  where: string,
  code: ErrorCode = "request/malformed",
): T {
  return options.find((option) => option === value) ?? misfit(`one of ${options.join(", ")}`, value, where, code);
}

function misfit(expected: string, value: unknown, where: string, code: ErrorCode): never {
  const got = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value === "string" ? "a text" : typeof value;
  throw new CustodyError(code, `${where}: expected ${expected}, got ${got}`);
}
