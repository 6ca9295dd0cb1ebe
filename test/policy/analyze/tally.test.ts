import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IntentId } from "../../../src/intent/intent.ts";
import type { Charge } from "../../../src/intent/verdict.ts";
import type { Hold, HoldState } from "../../../src/limits/hold.ts";
import { Ledger } from "../../../src/limits/ledger.ts";
import { Tally } from "../../../src/policy/analyze/tally.ts";
import type { LimitRule } from "../../../src/policy/core.ts";

const DAY = 86_400_000;
const WINDOWS = { hour: 3_600_000, week: 7 * DAY, ever: "ever" } as const;
const limits = Object.entries(WINDOWS).map(
  ([id, windowMs]): LimitRule => ({
    ...{
      id,
      type: "limit",
      kinds: ["transfer"],
      when: { op: "always" },
      measure: { type: "count" },
      max: 10n,
      windowMs,
      by: [],
      beyond: [],
    },
  }),
);

interface Drawn extends Hold {
  readonly charges: readonly Charge[];
}

const charge = fc.record({
  limit: fc.constantFrom("hour", "week", "ever"),
  bucket: fc.constantFrom("", "b"),
  replaceable: fc.bigInt({ min: 0n, max: 9n }),
  lasting: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 9n })),
});
const move = fc.record({
  what: fc.constantFrom("reserve", "spend", "at once", "release", "ask", "ask"),
  id: fc.constantFrom(..."abcdef"),
  laned: fc.boolean(),
  waitMs: fc.constantFrom(0, 1, 3_599_999, 3_600_000, DAY, 7 * DAY, 40 * DAY),
  charges: fc.uniqueArray(charge, { maxLength: 3, selector: ({ limit, bucket }) => limit + bucket }),
});

describe("the counters of a history", () => {
  test("are those of the ledger, whatever is reserved, spent, replaced and given back", () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const tally = new Tally(limits);
        const ledger = new Ledger<Drawn>({
          weigh: (hold) => hold.charges,
          window: (limit) => WINDOWS[limit as keyof typeof WINDOWS],
          carried: (limit, bucket) => carried.get(`${limit}/${bucket}`) ?? 0n,
        });
        const held = new Map<string, Drawn>();
        const carried = new Map<string, bigint>();
        let now = 1_000_000_000_000;
        for (const { what, id, laned, waitMs, charges } of moves) {
          now += waitMs;
          for (const { holds, charges } of ledger.prunable(now, 35 * DAY)) {
            for (const { limit, bucket, replaceable, lasting } of charges)
              carried.set(`${limit}/${bucket}`, (carried.get(`${limit}/${bucket}`) ?? 0n) + replaceable + lasting);
            for (const hold of holds) {
              ledger.apply(hold, undefined);
              held.delete(hold.id);
            }
          }
          // The ledger forgets a lane in all counters at once; for as long as it cannot, the two say other things of replacements.
          if ([...held.values()].some(({ state, at }) => state !== "reserved" && at <= now - 35 * DAY)) return;
          const before = held.get(id);
          // A request keeps its lane, and what was signed stays signed.
          const lane = before === undefined ? (laned ? "lane" : undefined) : before.lane;
          const asked = { id, lane };
          const put = (state: HoldState, drawn: readonly Charge[]) => {
            const base = {
              id,
              intent: id as IntentId,
              state,
              fence: "f",
              leaseUntil: now,
              at: now,
              requester: "",
              facts: null,
              charges: drawn,
            };
            const hold: Drawn = lane === undefined ? base : { ...base, lane };
            ledger.apply(before, hold);
            held.set(id, hold);
          };
          if (what === "reserve" && before?.state !== "spent") {
            tally.reserve(asked, now, charges);
            put("reserved", charges);
          } else if (what === "at once" && before === undefined) {
            tally.spend(asked, now, charges);
            put("spent", charges);
          } else if (what === "spend" && before?.state === "reserved") {
            tally.spend(asked, now);
            put("spent", before.charges);
          } else if (what === "release" && before?.state === "reserved") {
            tally.release(asked, now);
            put("lapsed", before.charges);
          } else if (what === "ask") {
            for (const each of charges) {
              const { used, after } = ledger.after(each, { now, intent: id as IntentId, ...(lane !== undefined && { lane }) });
              expect(tally.counters(asked, now).after(each)).toEqual({ used, after });
              compared++;
            }
          }
        }
      }),
      { numRuns: 5000 },
    );
    expect(compared).toBeGreaterThan(1000);
  });

  test("time that runs back does not open a window again", () => {
    const tally = new Tally(limits);
    const asked: Charge = { limit: "hour", bucket: "", replaceable: 3n, lasting: 0n };
    tally.spend({ id: "a" }, 2 * DAY, [asked]);
    expect(tally.counters({ id: "b" }, DAY).after(asked)).toEqual({ used: 3n, after: 6n });
    tally.spend({ id: "b" }, DAY, [asked]);
    expect(tally.counters({ id: "c" }, 2 * DAY + 3_599_999).after(asked).used).toBe(6n);
    expect(tally.counters({ id: "c" }, 2 * DAY + 3_600_000).after(asked).used).toBe(0n);
  });

  test("a lifetime total stays when what made it is forgotten", () => {
    const tally = new Tally(limits);
    const asked: Charge = { limit: "ever", bucket: "", replaceable: 3n, lasting: 1n };
    for (let n = 0; n < 10_000; n++) tally.spend({ id: `${n}` }, n * DAY, [asked]);
    expect(tally.counters({ id: "x" }, 20_000 * DAY).after(asked)).toEqual({ used: 40_000n, after: 40_004n });
  });
});
