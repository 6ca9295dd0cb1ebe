import { afterAll, describe, expect, test } from "vitest";
import { acceptedShare, fuzz, LEAST_SHARE, merged, type Report } from "./fuzz/engine.ts";
import { TARGETS } from "./fuzz/targets.ts";

const COUNT = 20_000;
const SLICE = 1_000;
const SEED = 1;

/** In slices, so that each is far from its timeout wherever the cores are shared. More of it: `npm run fuzz`. */
describe("20,000 inputs, most of them mutated, over all that is read", () => {
  const reports: Report[] = [];

  for (let from = 0; from < COUNT; from += SLICE) {
    test(`from ${from}: each is refused with a code or means what others say it means, in bounded work`, { timeout: 120_000 }, async () => {
      const report = await fuzz({ targets: TARGETS, seed: SEED, from, count: SLICE });
      expect(report.findings).toEqual([]);
      expect(report.count).toBe(SLICE);
      reports.push(report);
    });
  }

  test("of every kind more than one in a hundred is accepted: they are no noise", () => {
    const { scores, count } = merged(reports);
    expect(count).toBe(COUNT);
    const shares = [...scores].map(([name, score]) => ({ name, share: acceptedShare(score) }));
    expect(shares).toHaveLength(TARGETS.length);
    expect(shares.filter(({ share }) => share <= LEAST_SHARE)).toEqual([]);
  });

  afterAll(() => {
    const { scores } = merged(reports);
    const shares = [...scores].map(([name, score]) => `${name} ${Math.round(100 * acceptedShare(score))} %`);
    process.stdout.write(`accepted of the fuzzer's inputs: ${shares.join(", ")}\n`);
  });
});
