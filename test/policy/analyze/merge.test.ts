import { describe, expect, test } from "vitest";
import type { Cell } from "../../../src/policy/analyze/cells.ts";
import type { Draw } from "../../../src/policy/analyze/draws.ts";
import { Inconclusive } from "../../../src/policy/analyze/inconclusive.ts";
import { merged } from "../../../src/policy/analyze/merge.ts";
import { Budget } from "../../../src/policy/analyze/regions.ts";
import { NOTHING } from "../../../src/policy/analyze/sets.ts";

const EVER = [[0, Number.POSITIVE_INFINITY]] as const;

function drawOn(id: string): Draw {
  const limit = {
    ...({ type: "limit", id, kinds: ["transfer"], when: { op: "always" }, measure: { type: "count" } } as const),
    ...{ max: 1n, windowMs: 1000, by: [], beyond: [] },
  };
  return { key: id, limit, capacity: 1n, weight: undefined, buckets: { requester: "ana", to: NOTHING, account: NOTHING } };
}

function cellOf(counter: string, most: bigint): Cell {
  return { asset: "eip155:1/native", amounts: [[1n, most]], draws: [drawOn(counter)], delayMs: 0, spans: EVER, several: false, faces: [] };
}

describe("ways of taking", () => {
  test("that another does as well are left out", () => {
    const lots = merged([cellOf("a", 5n), cellOf("a", 9n), cellOf("b", 5n)], new Budget(0));
    expect(lots.map(({ draws: [draw], most }) => [draw?.key, most])).toEqual([
      ["a", 9n],
      ["b", 5n],
    ]);
  });

  test("of which none does what another does cost work for each pair of them, and no more than is granted", () => {
    const cells = Array.from({ length: 1000 }, (_, index) => cellOf(`counter ${index}`, 5n));
    expect(merged(cells, new Budget(10_000))).toHaveLength(1000);
    expect(() => merged(cells, new Budget(1000))).toThrow(Inconclusive);
  });
});
