import { equal } from "../base/bytes.ts";
import { canonicalBytes, type Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { readJson } from "../base/json.ts";

/** What was written is bounded where it is written; deeper than this nothing is. */
const MAX_DEPTH = 256;

/**
 * Reads JSON that we wrote ourselves: valid only if writing it again gives the same bytes. `JSON.parse` would not do: in V8 13.6
 * (Node 24) it takes some member names that are written with a backslash for others.
 *
 * @throws `vault/damaged`
 */
export function parseCanonical(bytes: Uint8Array, what: string): Json {
  try {
    const { value } = readJson(bytes, { maxBytes: bytes.length, maxDepth: MAX_DEPTH, maxNodes: bytes.length });
    if (equal(canonicalBytes(value), bytes)) return value;
  } catch {
    // No JSON or too deep: damaged as well. Its error would tell a place and a character of what was decrypted.
    throw damaged(what);
  }
  throw damaged(what);
}

export function damaged(what: string): CustodyError {
  return new CustodyError("vault/damaged", `${what}: not as it was written`);
}

export function isHex(value: Json | undefined, digits: number): value is string {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]*$/.test(value);
}

export function isInteger(value: Json | undefined, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}
