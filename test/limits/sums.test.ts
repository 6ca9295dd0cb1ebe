import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TimedSums, type Work } from "../../src/limits/sums.ts";

describe("sums of amounts in time", () => {
  test("agree with adding up by hand, in whatever order amounts come and go", () => {
    const change = fc.record({ time: fc.integer({ min: 0, max: 12 }), amount: fc.bigInt({ min: 0n, max: 9n }), drop: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const sums = new TimedSums({ steps: 0 });
        const there: { time: number; amount: bigint }[] = [];
        for (const { time, amount, drop } of changes) {
          if (drop && there.length > 0) {
            const [gone] = there.splice(time % there.length, 1);
            if (gone) sums.remove(gone.time, gone.amount);
          } else {
            there.push({ time, amount });
            sums.add(time, amount);
          }
          for (const from of [Number.NEGATIVE_INFINITY, -1, 0, 3, 6, 11, 12, 13]) {
            const expected = there.filter((entry) => entry.time > from).reduce((sum, entry) => sum + entry.amount, 0n);
            expect(sums.after(from)).toBe(expected);
          }
          expect(sums.times).toEqual([...new Set(there.map((entry) => entry.time))].sort((a, b) => a - b));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("take logarithmic work to read, and constant work to append and to drop at either end", () => {
    const work: Work = { steps: 0 };
    const sums = new TimedSums(work);
    const size = 1 << 16;
    for (let time = 0; time < size; time++) sums.add(time, 1n);
    expect(work.steps).toBeLessThan(8 * size);

    const most = (action: () => void) => {
      const before = work.steps;
      action();
      return work.steps - before;
    };
    for (const from of [-1, 0, 77, size / 2, size - 2, size]) {
      expect(most(() => sums.after(from))).toBeLessThanOrEqual(18);
    }
    expect(most(() => sums.remove(size - 1, 1n))).toBeLessThanOrEqual(20);
    expect(most(() => sums.remove(0, 1n))).toBeLessThanOrEqual(20);
    expect(most(() => sums.add(0, 1n))).toBeLessThanOrEqual(20);
    expect(sums.after(-1)).toBe(BigInt(size - 1));
  });

  test("refuse to take back what was never added", () => {
    expect(() => new TimedSums({ steps: 0 }).remove(1, 1n)).toThrow("unreachable");
  });
});
