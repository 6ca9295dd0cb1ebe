import { describe, expect, test } from "vitest";
import type { Interval } from "../../src/policy/core.ts";
import { parse } from "./documents.ts";

function intervals(hours: object): readonly Interval[] {
  const document = {
    keyward: "policy/1",
    name: "hours",
    immutable: true,
    hours: { desk: hours },
    rules: [{ id: "r", forbid: ["statement"], when: { hour: "desk" } }],
  };
  const when = parse(document).rules[0]?.when;
  if (when?.op !== "within" || when.field !== "date") throw new Error("hours are no intervals of date");
  return when.intervals;
}

const isOpen = (list: readonly Interval[], time: number) => list.some(([low, high]) => low <= BigInt(time) && BigInt(time) <= high);
const iso = (list: readonly Interval[], from: string, until: string) =>
  list
    .filter(([low]) => low >= BigInt(Date.parse(from)) && low < BigInt(Date.parse(until)))
    .map(([low, high]) => `${new Date(Number(low)).toISOString()} ${new Date(Number(high) + 1).toISOString()}`);

describe("hours", () => {
  const desk = intervals({ zone: "Europe/Zurich", open: ["Mon-Fri 09:00-17:00"], closed: ["2026-12-25"], until: "2027-12-31" });

  test("follow summer time, closed days and the end", () => {
    expect(iso(desk, "2026-03-26T00:00Z", "2026-04-01T00:00Z")).toEqual([
      "2026-03-26T08:00:00.000Z 2026-03-26T16:00:00.000Z",
      "2026-03-27T08:00:00.000Z 2026-03-27T16:00:00.000Z",
      "2026-03-30T07:00:00.000Z 2026-03-30T15:00:00.000Z",
      "2026-03-31T07:00:00.000Z 2026-03-31T15:00:00.000Z",
    ]);
    expect(iso(desk, "2026-12-24T00:00Z", "2026-12-29T00:00Z")).toEqual([
      "2026-12-24T08:00:00.000Z 2026-12-24T16:00:00.000Z",
      "2026-12-28T08:00:00.000Z 2026-12-28T16:00:00.000Z",
    ]);
    expect(desk.at(-1)?.map((end) => new Date(Number(end)).toISOString())).toEqual([
      "2027-12-30T08:00:00.000Z",
      "2027-12-30T15:59:59.999Z",
    ]);
  });

  test("are sorted and disjoint, and join where they touch", () => {
    const whole = intervals({
      zone: "UTC",
      open: ["Mon-Sun 00:00-12:00", "Sat-Tue 10:00-24:00", "Wed,Thu,Fri 12:00-24:00"],
      until: "2026-01-01",
    });
    expect(whole).toEqual([[BigInt(Date.UTC(2025, 0, 1)), BigInt(Date.UTC(2026, 0, 1)) - 1n]]);
    for (let i = 1; i < desk.length; i++) expect(desk[i]![0]).toBeGreaterThan(desk[i - 1]![1] + 1n);
  });

  test("an hour that comes twice is open twice, one that is skipped is missing", () => {
    const night = intervals({ zone: "Europe/Zurich", open: ["Sun 02:00-03:00"], until: "2027-01-01" });
    expect(iso(night, "2026-03-28T00:00Z", "2026-03-30T00:00Z")).toEqual([]);
    expect(iso(night, "2026-10-24T00:00Z", "2026-10-26T00:00Z")).toEqual(["2026-10-25T00:00:00.000Z 2026-10-25T02:00:00.000Z"]);
    expect(iso(night, "2026-10-31T00:00Z", "2026-11-02T00:00Z")).toEqual(["2026-11-01T01:00:00.000Z 2026-11-01T02:00:00.000Z"]);
  });

  // An independent reading of the wall clock, hour by hour, over zones with odd offsets and odd changes.
  test.each([
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Cairo",
    "UTC",
  ])("in %s agree with the wall clock", (zone) => {
    const list = intervals({ zone, open: ["Mon-Fri 08:30-17:00", "Sat 00:00-24:00"], until: "2026-12-30" });
    const clock = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    for (let time = Date.UTC(2026, 1, 1); time < Date.UTC(2026, 11, 1); time += 3_599_000 * 5) {
      const parts = Object.fromEntries(clock.formatToParts(time).map(({ type, value }) => [type, value]));
      const minutes = Number(parts.hour) * 60 + Number(parts.minute);
      const expected = parts.weekday === "Sat" || (parts.weekday !== "Sun" && minutes >= 510 && minutes < 1020);
      if (isOpen(list, time) !== expected) expect.unreachable(`${new Date(time).toISOString()} ${JSON.stringify(parts)}`);
    }
  });

  test("of several names are any of them", () => {
    const hours = {
      a: { zone: "UTC", open: ["Mon 09:00-10:00"], until: "2026-01-01" },
      b: { zone: "UTC", open: ["Tue 09:00-10:00"], until: "2026-01-01" },
    };
    const when = parse({
      keyward: "policy/1",
      name: "x",
      immutable: true,
      hours,
      rules: [{ id: "r", forbid: ["fee"], when: { hour: ["a", "b"] } }],
    }).rules[0]?.when;
    expect(when).toMatchObject({
      op: "any",
      of: [
        { op: "within", field: "date" },
        { op: "within", field: "date" },
      ],
    });
  });
});
