import { DAY_MS, HOUR_MS, MINUTE_MS, type Time } from "../base/time.ts";
import type { Interval } from "./core.ts";
import { timeAt } from "./durations.ts";
import { quote } from "./problems.ts";
import { items, members, type Spot, textAt } from "./surface.ts";
import { readTable } from "./vocabulary.ts";

// Hours are closed before the first day and after the last possible `until`: rules of time zones so far off are guesses.
const FIRST: Time = Date.UTC(2025, 0, 1);
const LAST: Time = Date.UTC(2041, 0, 1);
const DAYS: readonly string[] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/**
 * Reads `hours` and compiles them into intervals of UTC milliseconds, both ends included. A moment is open if the wall clock
 * of the zone is within an opening range then, its date is not closed, and `until` has not begun (a date is the first instant
 * of that day in UTC). Where clocks go back, an hour that comes twice is open twice; where they go forward, the missing hour
 * is missing. The evaluator never reads time-zone data: what this platform knows of the zone is fixed at load.
 */
export function readHours(spot: Spot | undefined): Map<string, readonly Interval[] | undefined> {
  return readTable(spot, 16, (row) => {
    const parts = members(row, ["zone", "open", "until"], ["closed"]);
    const open = parts?.open && items(parts.open, 8)?.map(openingAt);
    const closed = parts?.closed ? items(parts.closed, 1000, 0)?.map(localDayAt) : [];
    const until = parts?.until && untilAt(parts.until);
    const zone = parts?.zone && zoneAt(parts.zone, until ?? FIRST);
    if (!zone || !open || !closed || until === undefined) return undefined;
    if (!open.every((entry) => entry !== undefined) || !closed.every((day) => day !== undefined)) return undefined;
    return compile(zone, open, new Set(closed), until);
  });
}

interface Opening {
  /** Weekdays, Monday is 0. */
  readonly days: ReadonlySet<number>;
  /** Milliseconds since local midnight; half-open. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** A stretch of time in which the zone's distance from UTC does not change; half-open. */
interface Period {
  readonly from: Time;
  readonly to: Time;
  readonly offsetMs: number;
}

function compile(periods: readonly Period[], open: readonly Opening[], closed: ReadonlySet<number>, until: Time): Interval[] {
  const ranges: [from: Time, to: Time][] = [];
  for (const { from, to, offsetMs } of periods) {
    const end = Math.min(to, until);
    for (let day = Math.floor((from + offsetMs) / DAY_MS); day * DAY_MS - offsetMs < end; day++) {
      if (closed.has(day)) continue;
      const weekday = (day + 3) % 7; // 1970-01-01 was a Thursday.
      for (const { days, fromMs, toMs } of open) {
        if (!days.has(weekday)) continue;
        const start = Math.max(from, day * DAY_MS + fromMs - offsetMs);
        const stop = Math.min(end, day * DAY_MS + toMs - offsetMs);
        if (start < stop) ranges.push([start, stop]);
      }
    }
  }
  return joined(ranges).map(([from, to]) => [BigInt(from), BigInt(to - 1)] as const);
}

function joined(ranges: [from: Time, to: Time][]): [from: Time, to: Time][] {
  const out: [from: Time, to: Time][] = [];
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

function zoneAt(spot: Spot, until: Time): readonly Period[] | undefined {
  const name = textAt(spot, 'an IANA time zone such as "Europe/Zurich"');
  if (name === undefined) return undefined;
  const periods = /^(?:UTC|[A-Z][A-Za-z_]+(?:\/[A-Z][A-Za-z0-9_+-]*)+)$/.test(name) ? periodsOf(name, until) : undefined;
  return periods ?? spot.wrong("policy/bad-hours", `expected an IANA time zone such as "Europe/Zurich", got ${quote(name)}`);
}

function periodsOf(zone: string, until: Time): readonly Period[] | undefined {
  const clock = wallClock(zone);
  if (clock === undefined) return undefined;
  const periods: Period[] = [];
  let from = FIRST;
  let offset = clock(FIRST);
  // No zone has ever moved its clocks and back within two days, so a look at every second day misses no change.
  for (let day = FIRST + 2 * DAY_MS; day < until + 2 * DAY_MS; day += 2 * DAY_MS) {
    const next = clock(day);
    if (next === offset) continue;
    let [before, after] = [day - 2 * DAY_MS, day];
    while (after - before > 1000) {
      const middle = Math.floor((before + after) / 2000) * 1000;
      if (clock(middle) === offset) before = middle;
      else after = middle;
    }
    periods.push({ from, to: after, offsetMs: offset });
    [from, offset] = [after, next];
  }
  periods.push({ from, to: Number.POSITIVE_INFINITY, offsetMs: offset });
  return periods;
}

/** Distance of the zone's wall clock from UTC at an instant, in milliseconds; nothing if the platform has no such zone. */
function wallClock(zone: string): ((time: Time) => number) | undefined {
  let format: Intl.DateTimeFormat;
  try {
    const numeric = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" } as const;
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      ...numeric,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
  return (time) => {
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (format.format(time).match(/\d+/g) ?? []).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second) - time;
  };
}

/** Reads `Mon-Fri 09:00-17:00` or `Sat,Sun 10:00-24:00`. */
function openingAt(spot: Spot): Opening | undefined {
  const text = textAt(spot, 'opening hours such as "Mon-Fri 09:00-17:00"');
  if (text === undefined) return undefined;
  const match = /^([A-Za-z,-]{3,40}) ([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])$/.exec(text);
  const days = daysOf(match?.[1] ?? "");
  const [fromMs, toMs] = [
    Number(match?.[2]) * HOUR_MS + Number(match?.[3]) * MINUTE_MS,
    Number(match?.[4]) * HOUR_MS + Number(match?.[5]) * MINUTE_MS,
  ];
  if (!match || !days || fromMs > DAY_MS || toMs > DAY_MS)
    return spot.wrong("policy/bad-hours", `expected opening hours such as "Mon-Fri 09:00-17:00", got ${quote(text)}`);
  if (fromMs >= toMs)
    return spot.wrong(
      "policy/bad-hours",
      `expected an opening before its closing on the same day (over midnight, write two), got ${quote(text)}`,
    );
  return { days, fromMs, toMs };
}

function daysOf(text: string): ReadonlySet<number> | undefined {
  const out = new Set<number>();
  for (const part of text.split(",")) {
    const [first, last = first, ...rest] = part.split("-").map((name) => DAYS.indexOf(name));
    if (first === undefined || last === undefined || first < 0 || last < 0 || rest.length > 0) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      out.add(day);
      if (day === last) break;
    }
  }
  return out;
}

/** A date of the zone's calendar, in days since 1970-01-01. */
function localDayAt(spot: Spot): number | undefined {
  const time = timeAt(spot);
  if (time === undefined) return undefined;
  return time % DAY_MS === 0 ? time / DAY_MS : spot.wrong("policy/bad-time", 'expected a date such as "2026-12-25"');
}

function untilAt(spot: Spot): Time | undefined {
  const until = timeAt(spot);
  if (until === undefined) return undefined;
  if (until > FIRST && until <= LAST) return until;
  return spot.wrong(
    "policy/bad-time",
    `expected a time between 2025 and 2041, got ${quote(String(spot.value))}: rules of time zones further off are guesses`,
  );
}
