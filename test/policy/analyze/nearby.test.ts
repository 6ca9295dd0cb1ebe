import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Box, meets } from "../../../src/policy/analyze/boxes.ts";
import { Inconclusive } from "../../../src/policy/analyze/inconclusive.ts";
import { Nearby } from "../../../src/policy/analyze/nearby.ts";
import { Budget } from "../../../src/policy/analyze/regions.ts";
import { isEmpty, named, type ValueSet } from "../../../src/policy/analyze/sets.ts";

/** Few names, so that boxes often meet; one list that is too long to be taken apart; and the name that stands for the unknown. */
const LONG = Array.from({ length: 70 }, (_, index) => `n${index}`);
const names = fc.oneof(
  { weight: 8, arbitrary: fc.uniqueArray(fc.constantFrom("n0", "n1", "n2", "n3", "n4", "n5"), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant(LONG) },
  { weight: 1, arbitrary: fc.constant([""]) },
);
const intervals = fc.option(
  fc.tuple(fc.bigInt({ min: 0n, max: 5n }), fc.bigInt({ min: 0n, max: 5n })).map(([low, more]) => [low, low + more] as const),
  { nil: undefined, freq: 3 },
);
const values: fc.Arbitrary<ValueSet> = fc
  .record({
    names: fc.record({
      not: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
      values: names.map((list) => new Set(list)),
    }),
    integers: intervals.map((interval) => (interval === undefined ? [] : [interval])),
    flags: fc.subarray([false, true], { maxLength: 1 }),
    unknown: fc.boolean(),
  })
  .filter((set) => !isEmpty(set));
const onlyNames = names.filter((list) => list.length > 0).map((list) => named(new Set(list)));
const boxes: fc.Arbitrary<Box> = fc
  .tuple(...[0, 1, 2, 3].map(() => fc.option(fc.oneof({ weight: 3, arbitrary: onlyNames }, values), { nil: undefined, freq: 2 })))
  .map((sides) => sides.flatMap((set, dimension) => (set === undefined ? [] : [[dimension, set] as const])));

describe("what is near a box", () => {
  test("is exactly what meets it, each once", () => {
    let found = 0;
    let left = 0;
    fc.assert(
      fc.property(fc.array(boxes, { maxLength: 120, size: "max" }), fc.array(boxes, { minLength: 5, maxLength: 5 }), (all, asked) => {
        const placed = all.map((box, index) => ({ box, index }));
        const nearby = new Nearby(placed, new Budget(1_000_000));
        for (const box of asked) {
          const wanted = placed.filter((each) => meets(each.box, box)).map(({ index }) => index);
          const near = nearby.meeting(box).map(({ index }) => index);
          expect(near.sort((a, b) => a - b)).toEqual(wanted);
          expect(nearby.some(box)).toBe(wanted.length > 0);
          for (const one of wanted.slice(0, 3)) expect(nearby.some(box, ({ index }) => index === one)).toBe(true);
          expect(nearby.some(box, () => false)).toBe(false);
          found += wanted.length;
          left += placed.length - wanted.length;
        }
      }),
      { numRuns: 200 },
    );
    expect(found).toBeGreaterThan(1000);
    expect(left).toBeGreaterThan(1000);
  });

  test("is found without a look at each, and what is looked at is paid for", () => {
    const all = Array.from({ length: 5000 }, (_, index) => ({ box: [[0, named(new Set([`n${index}`]))]] as Box }));
    const budget = new Budget(100);
    const nearby = new Nearby(all, budget);
    for (let index = 0; index < 5000; index++) expect(nearby.meeting([[0, named(new Set([`n${index}`]))]])).toEqual([all[index]]);
    expect(budget.left).toBeGreaterThan(50);
    // Nothing tells these apart.
    const everywhere = new Nearby(
      all.map(() => ({ box: [[1, named(new Set(["n0"]))]] as Box })),
      new Budget(100),
    );
    const looks = () => Array.from({ length: 10 }, () => everywhere.meeting([[0, named(new Set(["n0"]))]]));
    expect(looks).toThrow(Inconclusive);
  });
});
