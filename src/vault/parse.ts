import { equal, fromUtf8 } from "../base/bytes.ts";
import { canonicalBytes, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";

/**
 * Reads JSON that we wrote ourselves: valid only if writing it again gives the same bytes, so that spaces, duplicate keys and
 * numbers in other forms are refused without a parser of our own.
 *
 * @throws `vault/damaged`
 */
export function parseCanonical(bytes: Uint8Array, what: string): Json {
  try {
    const value = JSON.parse(fromUtf8(bytes)) as Json;
    if (equal(canonicalBytes(value), bytes)) return value;
  } catch {
    // No JSON, no canonical form, or nested beyond the stack: damaged in every case. The platform's error quotes what was decrypted.
    throw damaged(what);
  }
  throw damaged(what);
}

export function damaged(what: string): CustodyError {
  return new CustodyError("vault/damaged", `${what}: not as it was written`);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isHex(value: Json | undefined, digits: number): value is string {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]*$/.test(value);
}

export function isInteger(value: Json | undefined, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}
