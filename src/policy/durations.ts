import { CustodyError } from "../base/errors.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, parseTime, type Time } from "../base/time.ts";
import { quote } from "./problems.ts";
import { type Spot, textAt } from "./surface.ts";

const UNITS: { readonly [unit: string]: number | undefined } = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
const EXAMPLES = 'a duration such as "15m", "24h" or "7d"';

/** Reads `15m`, `24h` or `7d` as milliseconds within bounds, both included. */
export function durationAt(spot: Spot, least: string, most: string): number | undefined {
  const text = textAt(spot, EXAMPLES);
  if (text === undefined) return undefined;
  const ms = milliseconds(text);
  if (ms === undefined) return spot.wrong("policy/bad-duration", `expected ${EXAMPLES}, got ${quote(text)}`);
  if (ms < (milliseconds(least) ?? 0) || ms > (milliseconds(most) ?? 0)) {
    return spot.wrong("policy/bad-duration", `expected from ${least} to ${most}, got ${quote(text)}`);
  }
  return ms;
}

/** Reads an RFC 3339 instant in UTC, or a date as its first instant. */
export function timeAt(spot: Spot): Time | undefined {
  const text = textAt(spot, 'a time such as "2026-12-31" or "2026-12-31T18:00:00Z"');
  if (text === undefined) return undefined;
  try {
    return parseTime(text);
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error;
    return spot.wrong("policy/bad-time", `expected UTC such as "2026-12-31" or "2026-12-31T18:00:00Z", got ${quote(text)}`);
  }
}

/** Without bounds; nothing for any other text. */
export function milliseconds(text: string): number | undefined {
  const match = /^(0|[1-9][0-9]{0,5})([mhd])$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}
