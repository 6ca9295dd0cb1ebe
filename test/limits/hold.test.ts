import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/base/canonical.ts";
import type { IntentId } from "../../src/intent/intent.ts";
import { type Hold, lapse, reserve, retake, spend, takeBack } from "../../src/limits/hold.ts";
import { holdFromJson, holdToJson } from "../../src/limits/record.ts";

const intent = "ab".repeat(32) as IntentId;
const asked = { id: "hold-1", intent, lane: "eip155:1 0xA 7", requester: "ana", facts: [{ kind: "transfer", amount: "5" }] as Json };
const reserved = reserve(asked, { fence: "f1", leaseUntil: 2000 }, 1000);

describe("a hold", () => {
  test("is reserved with its fence, its lease and its time", () => {
    expect(reserved).toEqual({ ...asked, state: "reserved", fence: "f1", leaseUntil: 2000, at: 1000 });
  });

  test("keeps members that its caller adds", () => {
    const hold = reserve({ ...asked, session: "s1" }, { fence: "f1", leaseUntil: 2000 }, 1000);
    const outcome = spend(hold, "f1", 1500);
    expect(outcome.kind === "spent" && outcome.hold.session).toBe("s1");
  });

  test("is spent by its fence while the lease runs, to the last millisecond before its end", () => {
    expect(spend(reserved, "f1", 1999)).toEqual({ kind: "spent", hold: { ...reserved, state: "spent", at: 1999 } });
    expect(spend(reserved, "f1", 2000)).toEqual({ kind: "refused", why: "late" });
    expect(spend(reserved, "f1", Number.NaN)).toEqual({ kind: "refused", why: "late" });
    expect(spend(reserved, "f2", 1500)).toEqual({ kind: "refused", why: "taken" });
  });

  test("lapses only when its lease is over, so that it can never be both spent and lapsed at one moment", () => {
    expect(lapse(reserved, 1999)).toEqual({ kind: "refused", why: "leased" });
    const outcome = lapse(reserved, 2000);
    expect(outcome).toEqual({ kind: "lapsed", hold: { ...reserved, state: "lapsed", at: 2000 } });
    for (let now = 1000; now < 3000; now += 100) {
      expect(spend(reserved, "f1", now).kind === "spent" && lapse(reserved, now).kind === "lapsed").toBe(false);
    }
  });

  test("taken back is no longer spent by its fence, though the lease runs; a spent one is not taken back", () => {
    const back = takeBack(reserved, 1200);
    expect(back).toEqual({ ...reserved, state: "lapsed", at: 1200 });
    expect(back && spend(back, "f1", 1300)).toEqual({ kind: "refused", why: "lapsed" });
    const spent = spend(reserved, "f1", 1100);
    expect(spent.kind === "spent" && takeBack(spent.hold, 1200)).toBe(undefined);
  });

  test("once lapsed is not spent by whoever wakes too late, nor lapsed again", () => {
    const lapsed: Hold = { ...reserved, state: "lapsed", at: 2000 };
    expect(spend(lapsed, "f1", 1500)).toEqual({ kind: "refused", why: "lapsed" });
    expect(lapse(lapsed, 3000)).toEqual({ kind: "refused", why: "not-reserved" });
  });

  test("once spent stays as it is", () => {
    const spent: Hold = { ...reserved, state: "spent", at: 1500 };
    expect(spend(spent, "f1", 1600)).toEqual({ kind: "refused", why: "spent" });
    expect(lapse(spent, 9000)).toEqual({ kind: "refused", why: "not-reserved" });
    expect(retake(spent, asked, { fence: "f2", leaseUntil: 9999 }, 9000)).toEqual({ kind: "refused", why: "spent" });
  });

  test("asked again passes to the new fence, and the old one can no longer spend", () => {
    for (const hold of [reserved, { ...reserved, state: "lapsed", at: 2000 } as const]) {
      const outcome = retake(hold, { requester: "ben", facts: [] }, { fence: "f2", leaseUntil: 4000 }, 3000);
      expect(outcome.kind).toBe("reserved");
      if (outcome.kind !== "reserved") continue;
      expect(outcome.hold).toEqual({ ...reserved, requester: "ben", facts: [], fence: "f2", leaseUntil: 4000, at: 3000 });
      expect(spend(outcome.hold, "f1", 3500)).toEqual({ kind: "refused", why: "taken" });
      expect(spend(outcome.hold, "f2", 3500).kind).toBe("spent");
    }
  });

  test("is never reserved without a fence, with a used one, or with a lease that is over", () => {
    expect(() => reserve(asked, { fence: "", leaseUntil: 2000 }, 1000)).toThrow("unreachable");
    expect(() => reserve(asked, { fence: "f", leaseUntil: 1000 }, 1000)).toThrow("unreachable");
    expect(() => reserve(asked, { fence: "f", leaseUntil: Number.NaN }, 1000)).toThrow("unreachable");
    expect(() => retake(reserved, asked, { fence: "f1", leaseUntil: 5000 }, 3000)).toThrow("unreachable");
  });
});

describe("the record of a hold", () => {
  test("is read back as it was written, with and without a lane", () => {
    const { lane, ...alone } = reserved;
    for (const hold of [reserved, alone, { ...reserved, state: "spent", facts: null } as const]) {
      expect(holdFromJson(JSON.parse(JSON.stringify(holdToJson(hold))))).toEqual(hold);
    }
    expect(lane).toBeDefined();
    expect(Object.keys(holdToJson(alone))).not.toContain("lane");
  });

  test("is refused with any member missing, of another type, or unknown", () => {
    const json = holdToJson(reserved) as Record<string, Json>;
    const damaged = expect.objectContaining({ code: "vault/damaged" });
    const bad: Json[] = [null, [], "hold", 7, {}, { ...json, extra: 1 }, { ...json, state: "released" }, { ...json, state: "toString" }];
    bad.push(
      { ...json, at: 1.5 },
      { ...json, at: -1 },
      { ...json, leaseUntil: "2000" },
      { ...json, fence: "" },
      { ...json, intent: "AB".repeat(32) },
    );
    bad.push({ ...json, lane: null }, { ...json, lane: "" });
    for (const name of Object.keys(json)) {
      const { [name]: _, ...rest } = json;
      if (name !== "lane") bad.push(rest);
      if (name !== "facts") bad.push({ ...json, [name]: true });
    }
    for (const value of bad) expect(() => holdFromJson(value), JSON.stringify(value)).toThrow(damaged);
    expect(() => holdFromJson(undefined)).toThrow(damaged);
    expect(holdFromJson(json as JsonObject)).toEqual(reserved);
  });
});
