import type { Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";

/** The last moment that ECMAScript's dates reach. */
export const LATEST: Time = 8_640_000_000_000_000;

/**
 * Readers of one member each, for documents that come from other people: anything that is not exactly what is written
 * here is `approval/malformed`.
 */

/** An object with these members and no others. */
export function objectOf<K extends string>(value: Json | undefined, names: readonly K[]): Readonly<Record<K, Json | undefined>> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return malformed(`expected an object with ${names.join(", ")}`);
  const keys = Object.keys(value);
  if (keys.length !== names.length || !names.every((name) => Object.hasOwn(value, name))) {
    return malformed(`expected exactly the members ${names.join(", ")}`);
  }
  return value as Readonly<Record<K, Json | undefined>>;
}

/** Well-formed text of 1–200 UTF-16 units. */
export function nameOf(value: Json | undefined, what: string): string {
  if (typeof value !== "string" || value.length === 0 || value.length > 200 || !value.isWellFormed()) {
    return malformed(`${what}: expected 1–200 characters`);
  }
  return value;
}

/** Names in ascending order of their UTF-16 units, each once, at least one. */
export function sortedNamesOf(value: Json | undefined, what: string): readonly string[] {
  if (!Array.isArray(value)) return malformed(`${what}: expected a list of names`);
  const names = value.map((name: Json) => nameOf(name, what));
  const ascending = names.every((name, at) => at === 0 || (names[at - 1] as string) < name);
  if (names.length === 0 || names.length > 1000 || !ascending) return malformed(`${what}: expected 1–1000 names, sorted, each once`);
  return names;
}

/** Lowercase hexadecimal of exactly so many bytes. */
export function hexOf(value: Json | undefined, bytes: number, what: string): string {
  if (typeof value !== "string" || value.length !== 2 * bytes || !/^[0-9a-f]*$/.test(value)) {
    return malformed(`${what}: expected ${bytes} bytes in lowercase hexadecimal`);
  }
  return value;
}

/** A safe integer of at least 0. */
export function countOf(value: Json | undefined, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
    return malformed(`${what}: expected a whole number of at least 0`);
  }
  return value;
}

/** Milliseconds since 1970, as long as they are a date. */
export function timeOf(value: Json | undefined, what: string): Time {
  const time = countOf(value, what);
  return time <= LATEST ? time : malformed(`${what}: expected a time that can be written as a date`);
}

export function malformed(what: string): never {
  throw new CustodyError("approval/malformed", `approval: ${what}`);
}
