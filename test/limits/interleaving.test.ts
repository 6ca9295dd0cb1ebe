import { describe, expect, test } from "vitest";
import { explore, type Faults, type World } from "./explorer.ts";

/** Three processes, each with its own intent, under a limit that one of them fills. */
const world: World = { intents: [0, 1, 2], max: 1n, windowMs: 2, leaseMs: 1, ticks: 5, crashes: 0, slack: 0 };
const slow: World = { ...world, leaseMs: 2, slack: 1 };

describe("in every interleaving nothing exceeds a limit, nothing leaves unrecorded, and a crash only over-counts until its lease ends", () => {
  const worlds: readonly (readonly [name: string, world: World, atLeast: number])[] = [
    ["three processes", world, 20_000],
    ["each may crash at any point and begin again", { ...world, ticks: 3, crashes: 1 }, 20_000],
    ["two processes that ask for the same intent, and a third", { ...world, intents: [0, 0, 1], ticks: 4 }, 20_000],
    ["room for two", { ...world, max: 2n, ticks: 4 }, 10_000],
    ["a lease that outlasts the window", { ...world, windowMs: 1, leaseMs: 3, ticks: 4 }, 2_000],
    ["commits that take a while, recorded as late as they may happen", slow, 3_000],
  ];
  test.each(worlds)(
    "%s",
    (_, each, atLeast) => {
      const { states, handedOver, violation } = explore(each);
      expect(violation).toBeUndefined();
      expect(states).toBeGreaterThan(atLeast);
      expect(handedOver).toBeGreaterThan(500);
    },
    60_000,
  );
});

describe("the same explorer finds what goes wrong when", () => {
  const found = (faults: Faults, each: World = world) => explore(each, faults).violation;

  test("the signature leaves before its record", () => {
    expect(found({ outputFirst: true })).toMatch(/^handed over unrecorded/);
  });

  test("whoever wakes too late may still spend", () => {
    expect(found({ noFence: true })).toMatch(/^over the limit/);
  });

  test("the headroom of a reservation is used again without a written lapse, and its lease is not looked at", () => {
    expect(found({ unwrittenLapse: true, noLease: true })).toMatch(/^over the limit/);
    // Each of the two is enough by itself, while the root is compared and time is the store's.
    expect(found({ unwrittenLapse: true }, { ...world, ticks: 4 })).toBeUndefined();
    expect(found({ noLease: true }, { ...world, ticks: 4 })).toBeUndefined();
  });

  test("a commit does not compare the root that it was judged on", () => {
    expect(found({ rootNotCompared: true })).toMatch(/^over the limit/);
  });

  test("a commit may happen later than it is recorded", () => {
    expect(found({ commitNotFenced: true })).toMatch(/^(over the limit|counted less)/);
  });

  test("counters are asked for the moment that is recorded instead of the moment that is", () => {
    expect(found({ countersAskedAhead: true }, slow)).toMatch(/^over the limit/);
  });
});
