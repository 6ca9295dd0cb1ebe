import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { readJson } from "../base/json.ts";
import { isObject } from "../base/shape.ts";

/** A request's payload may be 4 Mi characters (as hexadecimal); its entry, escaped and with what was judged, fits in this. */
export const LINE_MAX_CHARACTERS = 16 * 1024 * 1024;
const MAX_DEPTH = 100;
const LIMITS = { maxBytes: 3 * LINE_MAX_CHARACTERS, maxDepth: MAX_DEPTH + 1, maxNodes: LINE_MAX_CHARACTERS };

/**
 * Reads one JSON object that is written in its canonical form, and refuses every other text of the same value: spaces, members
 * out of order or twice, escapes that are not needed, `1e3`. So a line that was read is known byte by byte.
 *
 * @param what - for the message: `entry`, `header` …
 * @throws `log/malformed`
 */
export function readCanonical(text: string, what: string): JsonObject {
  const problem = (expected: string) => new CustodyError("log/malformed", `${what}: expected ${expected}`);
  if (typeof text !== "string") throw problem("a text");
  if (text.length > LINE_MAX_CHARACTERS) throw problem(`at most ${LINE_MAX_CHARACTERS} characters, got ${text.length}`);
  const value = read(text);
  if (value === undefined) throw problem("JSON of safe integers");
  if (!isObject(value)) throw problem("an object");
  if (canonical(value) !== text) throw problem("canonical JSON (RFC 8785)");
  return value;
}

function read(text: string): Json | undefined {
  try {
    return readJson(text, LIMITS).value;
  } catch {
    return undefined;
  }
}

/** Whether {@link canonical} can write it as it is: plain data, not too deep, no fractions, no lone surrogates. */
export function isPlain(value: unknown, depth = 0): value is Json {
  if (depth > MAX_DEPTH) return false;
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0);
  if (typeof value === "boolean" || value === null) return true;
  if (typeof value !== "object") return false;
  if (Array.isArray(value)) return value.every((member) => isPlain(member, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && (member === undefined || isPlain(member, depth + 1)));
}

/** Whether an object has these members and no others. */
export function hasExactly(value: JsonObject, names: readonly string[]): boolean {
  return Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));
}
