import { describe, expect, test } from "vitest";
import { DOCUMENT_TARGETS } from "./documents/index.ts";
import { acceptedShare, fuzz } from "./engine.ts";

/** A slice that always runs, the same one each time; `npm run fuzz` goes on from there. */
const SEED = 1;
const COUNT = 300;
/** Of those whose inputs cost most. */
const FEWER: ReadonlyMap<string, number> = new Map([
  ["policy", 120],
  ["exported log", 150],
  ["vault records", 100],
  ["approval request", 80],
]);

describe("documents that were changed are refused, or mean what second implementations say", () => {
  test.each(DOCUMENT_TARGETS.map((target) => [target.name, target] as const))("%s", async (name, target) => {
    const { scores, findings } = await fuzz({ targets: [target], seed: SEED, count: FEWER.get(name) ?? COUNT });
    expect(findings).toEqual([]);
    // Inputs of which hardly any, or nearly all, are accepted show nothing.
    for (const score of scores.values()) {
      expect(acceptedShare(score)).toBeGreaterThan(0.05);
      expect(acceptedShare(score)).toBeLessThan(0.9);
    }
  });

  test("have names of their own", () => {
    expect(new Set(DOCUMENT_TARGETS.map(({ name }) => name)).size).toBe(DOCUMENT_TARGETS.length);
  });
});
