import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UNLIMITED } from "../../src/intent/effect.ts";
import type { IntentId } from "../../src/intent/intent.ts";
import type { Charge } from "../../src/intent/verdict.ts";
import type { Hold, HoldState } from "../../src/limits/hold.ts";
import { Ledger, type Limits, type Standing } from "../../src/limits/ledger.ts";

/** A hold whose facts say outright what it draws. */
interface Drawing extends Hold {
  readonly draws: readonly Charge[];
}

const WINDOWS: { readonly [limit: string]: number | "ever" } = { hour: 10, day: 25, life: "ever" };
const CARRIED = 3n;
const limits: Limits<Drawing> = {
  weigh: (hold) => hold.draws,
  window: (limit) => WINDOWS[limit] ?? 0,
  carried: (limit, bucket) => (limit === "life" && bucket === "" ? CARRIED : 1000n),
  max: () => 20n,
};

const charge = (limit: string, replaceable: bigint, lasting = 0n, bucket = ""): Charge => ({ limit, bucket, replaceable, lasting });

function hold(name: string, state: HoldState, at: number, draws: readonly Charge[], lane?: string): Drawing {
  const base = { id: name, intent: name as IntentId, state, fence: "f", leaseUntil: at + 5, at, requester: "ana", facts: null, draws };
  return lane === undefined ? base : { ...base, lane };
}

function ledgerOf(...holds: readonly Drawing[]): Ledger<Drawing> {
  const ledger = new Ledger(limits);
  for (const each of holds) ledger.apply(undefined, each);
  return ledger;
}

/** The rules of design, read aloud and slowly: every hold is looked at for every question. */
function naive(
  holds: readonly Drawing[],
  asked: Charge,
  asker: { lane?: string; intent?: IntentId; now: number },
  fullUntil = Number.NEGATIVE_INFINITY,
): Standing {
  const window = WINDOWS[asked.limit] ?? 0;
  const carried = asked.limit === "life" ? (limits.carried?.(asked.limit, asked.bucket) ?? 0n) : 0n;
  const sum = (now: number, all: readonly Drawing[]) => {
    const counts = (at: number) => window === "ever" || at > now - window;
    const moment = (one: Drawing) => (one.state === "reserved" ? Number.POSITIVE_INFINITY : one.at);
    const drawing = all.filter(({ state }) => state !== "lapsed");
    const part = (one: Drawing, which: "replaceable" | "lasting") =>
      one.draws
        .filter(({ limit, bucket }) => limit === asked.limit && bucket === asked.bucket)
        .reduce((total, each) => total + each[which], 0n);
    const touches = (one: Drawing) => one.draws.some(({ limit, bucket }) => limit === asked.limit && bucket === asked.bucket);
    let total = carried;
    for (const one of drawing) if (counts(moment(one))) total += part(one, "lasting");
    for (const lane of new Set(drawing.map((one) => one.lane ?? one.intent))) {
      const members = drawing.filter((one) => (one.lane ?? one.intent) === lane && touches(one));
      if (members.length === 0) continue;
      const largest = members.map((one) => part(one, "replaceable")).reduce((a, b) => (a > b ? a : b));
      if (counts(Math.max(...members.map(moment)))) total += largest;
    }
    return total < UNLIMITED ? total : UNLIMITED;
  };
  const others = holds.filter(({ intent }) => intent !== asker.intent);
  const own = holds.find(({ intent }) => intent === asker.intent);
  const lane = own ? own.lane : asker.lane;
  const claim = hold(asker.intent ?? "nobody", "reserved", asker.now, [asked], lane);
  const known = (now: number) => ({ used: sum(now, others), after: sum(now, [...others, claim]) });
  const standing = (now: number) => {
    const { used, after } = known(now);
    const unknown = now < fullUntil && used < 20n ? 20n - used : 0n;
    return { used: used + unknown, after: after + unknown < UNLIMITED ? after + unknown : UNLIMITED };
  };
  const now = standing(asker.now);
  if (now.after <= 20n || window === "ever") return now;
  for (let time = Math.max(asker.now, fullUntil); time < asker.now + 160; time++)
    if (standing(time).after <= 20n) return { ...now, freesAt: time };
  return now;
}

const anyCharge = fc.record({
  limit: fc.constantFrom("hour", "day", "life"),
  bucket: fc.constantFrom("", "b"),
  replaceable: fc.oneof(fc.bigInt({ min: 0n, max: 12n }), fc.constant(UNLIMITED)),
  lasting: fc.bigInt({ min: 0n, max: 3n }),
});
const anyLane = fc.option(fc.constantFrom("L", "M"), { nil: undefined });
const anyHold = fc
  .record({
    name: fc.constantFrom("i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7"),
    state: fc.constantFrom<HoldState>("reserved", "spent", "spent", "lapsed"),
    at: fc.integer({ min: 0, max: 40 }),
    draws: fc.array(anyCharge, { maxLength: 3 }),
    lane: anyLane,
  })
  .map(({ name, state, at, draws, lane }) => hold(name, state, at, draws, lane));
const anyQuestion = fc.record({
  asked: anyCharge,
  now: fc.integer({ min: 0, max: 70 }),
  lane: anyLane,
  intent: fc.option(fc.constantFrom("i0", "i3", "i9"), { nil: undefined }),
});

type Question = { asked: Charge; now: number; lane: string | undefined; intent: string | undefined };
function askerOf({ now, lane, intent }: Question) {
  return { now, ...(lane !== undefined && { lane }), ...(intent !== undefined && { intent: intent as IntentId }) };
}

/** What changes a list of holds makes, one per intent: put where there is none, exchanged or dropped where there is one. */
function changesOf(drawn: readonly Drawing[]): { changes: [Drawing | undefined, Drawing | undefined][]; holds: Drawing[] } {
  const there = new Map<string, Drawing>();
  const changes = drawn.map((next, index): [Drawing | undefined, Drawing | undefined] => {
    const before = there.get(next.intent);
    const after = before !== undefined && index % 4 === 3 ? undefined : next;
    if (after) there.set(next.intent, after);
    else there.delete(next.intent);
    return [before, after];
  });
  return { changes, holds: [...there.values()] };
}

describe("counters over holds", () => {
  test("agree with a naive model on random holds, lanes, states and times", () => {
    fc.assert(
      fc.property(fc.array(anyHold, { maxLength: 14 }), fc.array(anyQuestion, { minLength: 4, maxLength: 8 }), (drawn, questions) => {
        const { changes, holds } = changesOf(drawn);
        const ledger = new Ledger(limits);
        for (const [before, after] of changes) ledger.apply(before, after);
        for (const question of questions) {
          const asker = askerOf(question);
          expect(ledger.after(question.asked, asker)).toEqual(naive(holds, question.asked, asker));
        }
      }),
      { numRuns: 500 },
    );
  });

  test("that somebody else may have spent are full until the moment that is said, and free by themselves then", () => {
    const anyFull = fc.dictionary(fc.constantFrom("hour", "day", "life"), fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constant(Infinity)));
    fc.assert(
      fc.property(
        fc.array(anyHold, { maxLength: 10 }),
        fc.array(anyQuestion, { minLength: 4, maxLength: 8 }),
        anyFull,
        (drawn, questions, full) => {
          const { changes, holds } = changesOf(drawn);
          const ledger = new Ledger({ ...limits, fullUntil: (limit) => full[limit] });
          for (const [before, after] of changes) ledger.apply(before, after);
          for (const question of questions) {
            const [asker, { asked, now }] = [askerOf(question), question];
            const standing = ledger.after(asked, asker);
            expect(standing).toEqual(naive(holds, asked, asker, full[asked.limit]));
            // Nothing that weighs anything passes before.
            const own = holds.find(({ intent }) => intent === asker.intent);
            const draws = asked.lasting > 0n || (asked.replaceable > 0n && own === undefined && asker.lane === undefined);
            if (draws && now < (full[asked.limit] ?? 0)) expect(standing.after > 20n).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("are exactly what they were when changes are taken back in reverse", () => {
    fc.assert(
      fc.property(
        fc.array(anyHold, { maxLength: 12 }),
        fc.nat(12),
        fc.array(anyQuestion, { minLength: 3, maxLength: 6 }),
        (drawn, kept, questions) => {
          const { changes } = changesOf(drawn);
          const first = changes.slice(0, kept);
          const ledger = new Ledger(limits);
          for (const [before, after] of first) ledger.apply(before, after);
          const answers = () => questions.map((question) => ledger.after(question.asked, askerOf(question)));
          const expected = answers();
          const undone = changes.slice(kept);
          for (const [before, after] of undone) ledger.apply(before, after);
          for (const [before, after] of undone.reverse()) ledger.apply(after, before);
          expect(answers()).toEqual(expected);
          for (const [before, after] of first.reverse()) ledger.apply(after, before);
          for (const { asked } of questions) {
            const empty = asked.limit === "life" ? (limits.carried?.(asked.limit, asked.bucket) ?? 0n) : 0n;
            expect(ledger.after(asked, { now: 0 }).used).toBe(empty);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("let a spent amount go exactly when its window has passed", () => {
    const ledger = ledgerOf(hold("a", "spent", 100, [charge("hour", 5n)]));
    expect(ledger.after(charge("hour", 1n), { now: 109 })).toEqual({ used: 5n, after: 6n });
    expect(ledger.after(charge("hour", 1n), { now: 110 })).toEqual({ used: 0n, after: 1n });
    expect(ledger.after(charge("hour", 1n), { now: 90 })).toEqual({ used: 5n, after: 6n });
  });

  test("count what is reserved at any age, and nothing of what has lapsed", () => {
    const ledger = ledgerOf(hold("a", "reserved", 0, [charge("hour", 5n)]), hold("b", "lapsed", 1000, [charge("hour", 7n)]));
    expect(ledger.after(charge("hour", 0n), { now: 1000 }).used).toBe(5n);
  });

  test("count an exact replacement once, at the larger amount and the later time, and what outlives it always", () => {
    const ledger = ledgerOf(hold("a", "spent", 100, [charge("hour", 5n, 1n)], "nonce 7"));
    expect(ledger.after(charge("hour", 3n, 2n), { now: 105, lane: "nonce 7" })).toEqual({ used: 6n, after: 8n });
    expect(ledger.after(charge("hour", 9n), { now: 105, lane: "nonce 7" })).toEqual({ used: 6n, after: 10n });
    expect(ledger.after(charge("hour", 9n), { now: 105, lane: "nonce 8" })).toEqual({ used: 6n, after: 15n });
    expect(ledger.after(charge("hour", 9n), { now: 105 })).toEqual({ used: 6n, after: 15n });
    ledger.apply(undefined, hold("b", "spent", 106, [charge("hour", 3n, 2n)], "nonce 7"));
    expect(ledger.after(charge("hour", 0n), { now: 109 }).used).toBe(8n);
    expect(ledger.after(charge("hour", 0n), { now: 110 }).used).toBe(7n);
    expect(ledger.after(charge("hour", 0n), { now: 116 }).used).toBe(0n);
  });

  test("never count an intent against itself, whatever state its hold is in", () => {
    const asker = { now: 105, intent: "a" as IntentId };
    for (const state of ["reserved", "spent", "lapsed"] as const) {
      const ledger = ledgerOf(hold("a", state, 100, [charge("hour", 18n)]), hold("b", "spent", 100, [charge("hour", 2n)]));
      expect(ledger.after(charge("hour", 18n), asker)).toEqual({ used: 2n, after: 20n });
    }
  });

  test("never stand below what is asked, and stop at unlimited without losing what is below it", () => {
    const all = hold("a", "spent", 100, [charge("hour", UNLIMITED)]);
    const ledger = ledgerOf(hold("b", "spent", 100, [charge("hour", 4n)]), all);
    expect(ledger.after(charge("hour", UNLIMITED, UNLIMITED), { now: 105 })).toEqual({ used: UNLIMITED, after: UNLIMITED });
    ledger.apply(all, undefined);
    expect(ledger.after(charge("hour", 1n), { now: 105 })).toEqual({ used: 4n, after: 5n });
  });

  test("keep buckets and limits apart, and add lifetime totals that were carried", () => {
    const ledger = ledgerOf(hold("a", "spent", 0, [charge("life", 5n), charge("hour", 2n, 0n, "ben")]));
    expect(ledger.after(charge("life", 1n), { now: 1e9 })).toEqual({ used: 5n + CARRIED, after: 6n + CARRIED });
    expect(ledger.after(charge("hour", 0n), { now: 1 }).used).toBe(0n);
    expect(ledger.after(charge("hour", 0n, 0n, "ben"), { now: 1 }).used).toBe(2n);
  });

  test("say when a charge would fit, and say nothing where only others can make room", () => {
    const ledger = ledgerOf(
      hold("a", "spent", 100, [charge("hour", 8n)]),
      hold("b", "spent", 103, [charge("hour", 8n)]),
      hold("c", "spent", 105, [charge("hour", 4n)]),
    );
    expect(ledger.after(charge("hour", 8n), { now: 106 })).toEqual({ used: 20n, after: 28n, freesAt: 110 });
    expect(ledger.after(charge("hour", 9n), { now: 106 }).freesAt).toBe(113);
    expect(ledger.after(charge("hour", 20n), { now: 106 }).freesAt).toBe(115);
    expect(ledger.after(charge("hour", 21n), { now: 106 }).freesAt).toBeUndefined();
    ledger.apply(undefined, hold("d", "reserved", 106, [charge("hour", 15n)]));
    expect(ledger.after(charge("hour", 6n), { now: 106 }).freesAt).toBeUndefined();
    expect(ledgerOf(hold("e", "spent", 0, [charge("life", 20n)])).after(charge("life", 1n), { now: 5 }).freesAt).toBeUndefined();
  });

  test("are read in logarithmic work, however many holds there are", () => {
    const { max: _, ...unbounded } = limits;
    const ledger = new Ledger(unbounded);
    const size = 20_000;
    for (let i = 0; i < size; i++) {
      const reserved = hold(`i${i}`, "reserved", i, [charge("hour", 1n), charge("day", 1n)]);
      ledger.apply(undefined, reserved);
      ledger.apply(reserved, { ...reserved, state: "spent" });
    }
    expect(ledger.work.steps).toBeLessThan(12 * size);
    const before = ledger.work.steps;
    ledger.after(charge("hour", 1n), { now: size / 2, intent: "i77" as IntentId });
    expect(ledger.work.steps - before).toBeLessThanOrEqual(20);
  });

  test("list what has left every window for pruning, a lane only when all of it has", () => {
    const old = [hold("a", "spent", 10, [charge("life", 5n), charge("hour", 1n)]), hold("b", "lapsed", 15, [charge("life", 5n)])];
    const stuck = hold("c", "reserved", 0, [charge("life", 5n)]);
    const lane = [hold("d", "spent", 5, [charge("life", 9n, 1n)], "L"), hold("e", "spent", 8, [charge("life", 7n, 1n)], "L")];
    const ledger = ledgerOf(...old, stuck, ...lane, hold("f", "spent", 50, [charge("life", 1n)], "L"));
    expect(ledger.prunable(40, 25)).toEqual([
      { holds: [old[0]], charges: [charge("life", 5n), charge("hour", 1n)] },
      { holds: [old[1]], charges: [] },
    ]);
    expect(ledger.prunable(39, 25).flatMap(({ holds }) => holds)).toEqual([old[0]]);
    const lanes = ledger.prunable(75, 25).find(({ holds }) => holds.length === 3);
    expect(lanes?.charges).toEqual([charge("life", 9n, 2n)]);
    expect(ledger.prunable(1e9, 25).flatMap(({ holds }) => holds)).not.toContain(stuck);
  });

  test("refuse a second hold of one intent, and a change of a hold that is not there", () => {
    const a = hold("a", "reserved", 1, []);
    const ledger = ledgerOf(a);
    expect(() => ledger.apply(undefined, hold("a", "reserved", 2, []))).toThrow("unreachable");
    expect(() => ledger.apply({ ...a, state: "spent" }, undefined)).toThrow("unreachable");
    expect(() => ledgerOf().apply(a, undefined)).toThrow("unreachable");
    expect(() => ledgerOf(hold("b", "spent", 1, [charge("hour", -1n)]))).toThrow("unreachable");
  });
});
