import { CustodyError } from "./errors.ts";

/** Milliseconds since 1970-01-01T00:00:00Z, a safe integer. */
export type Time = number;

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** RFC 3339 in UTC with milliseconds: `2026-11-22T12:00:00.000Z`. */
export function formatTime(time: Time): string {
  return new Date(time).toISOString();
}

/**
 * Reads an RFC 3339 UTC instant such as `2026-11-22T12:00:00Z` (up to three decimals), or a date alone, which is its
 * first instant. Local times and offsets are refused: a policy must mean the same everywhere.
 *
 * @throws `request/malformed` if the text is anything else, or names a day that does not exist.
 */
export function parseTime(text: string): Time {
  const match = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})(\.\d{1,3})?Z)?$/.exec(text);
  if (match) {
    const [, date, clock = "00:00:00", fraction = ".0"] = match;
    const canonical = `${date}T${clock}.${fraction.slice(1).padEnd(3, "0")}Z`;
    const time = Date.parse(canonical);
    if (Number.isSafeInteger(time) && formatTime(time) === canonical) return time;
  }
  throw new CustodyError("request/malformed", `time: expected UTC such as 2026-11-22T12:00:00Z, got ${text.length} other characters`);
}
