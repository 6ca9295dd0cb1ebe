import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Programme, type ProgrammeRow, type Solved, solve } from "../../../src/policy/analyze/programme.ts";
import { Budget } from "../../../src/policy/analyze/regions.ts";

const plenty = () => new Budget(1_000_000);

const factor = fc.bigInt({ min: -4n, max: 6n });

/** Every variable is kept below a few, so that all points can be tried. */
const boxed = fc.integer({ min: 1, max: 4 }).chain((variables) =>
  fc.record({
    objective: fc.array(fc.bigInt({ min: -3n, max: 7n }), { minLength: variables, maxLength: variables }),
    tops: fc.array(fc.bigInt({ min: 0n, max: 5n }), { minLength: variables, maxLength: variables }),
    rows: fc.array(
      fc.record({
        terms: fc.array(fc.tuple(fc.nat({ max: variables - 1 }), factor), { maxLength: 5 }),
        most: fc.bigInt({ min: -6n, max: 18n }),
      }),
      { maxLength: 5 },
    ),
  }),
);

function programmeOf({ objective, tops, rows }: { objective: bigint[]; tops: bigint[]; rows: ProgrammeRow[] }): Programme {
  return { objective, rows: [...tops.map((most, variable): ProgrammeRow => ({ terms: [[variable, 1n]], most })), ...rows] };
}

function worth({ objective }: Programme, at: readonly bigint[]): bigint {
  return objective.reduce((sum, one, variable) => sum + one * (at[variable] ?? 0n), 0n);
}

function keeps({ rows }: Programme, at: readonly bigint[]): boolean {
  return (
    at.every((value) => value >= 0n) &&
    rows.every(({ terms, most }) => terms.reduce((sum, [variable, times]) => sum + times * (at[variable] ?? 0n), 0n) <= most)
  );
}

function* points(tops: readonly bigint[]): Generator<readonly bigint[]> {
  const [top, ...others] = tops;
  if (top === undefined) yield [];
  else for (const rest of points(others)) for (let value = 0n; value <= top; value++) yield [value, ...rest];
}

function tried(programme: Programme, tops: readonly bigint[]): bigint | undefined {
  let best: bigint | undefined;
  for (const at of points(tops)) {
    if (!keeps(programme, at)) continue;
    const own = worth(programme, at);
    if (best === undefined || own > best) best = own;
  }
  return best;
}

describe("an integer programme", () => {
  test("has the answer that trying every point has", () => {
    const count = { optimal: 0, infeasible: 0 };
    fc.assert(
      fc.property(boxed, (drawn) => {
        const programme = programmeOf(drawn);
        const best = tried(programme, drawn.tops);
        const found = solve(programme, plenty());
        if (best === undefined) {
          expect(found).toEqual({ kind: "infeasible" });
          count.infeasible++;
          return;
        }
        if (found.kind !== "optimal") throw new Error(found.kind);
        expect(found.value).toBe(best);
        expect(worth(programme, found.at)).toBe(best);
        expect(keeps(programme, found.at)).toBe(true);
        count.optimal++;
      }),
      { numRuns: 3000 },
    );
    expect(count.optimal).toBeGreaterThan(1000);
    expect(count.infeasible).toBeGreaterThan(200);
  });

  test("is unbounded exactly where points are worth ever more", () => {
    const count = { optimal: 0, infeasible: 0, unbounded: 0, inconclusive: 0, bound: 0 };
    fc.assert(
      fc.property(boxed, ({ objective, rows }) => {
        const programme = { objective, rows };
        const found = solve(programme, new Budget(20_000));
        count[found.kind]++;
        const worthIn = (most: bigint) =>
          tried(
            programmeOf({ objective, rows, tops: objective.map(() => most) }),
            objective.map(() => most),
          );
        const near = worthIn(4n);
        if (found.kind === "optimal") expect(found.value >= (near ?? found.value)).toBe(true);
        if (found.kind === "infeasible") expect(near).toBeUndefined();
        if (found.kind !== "unbounded") return;
        const far = solve(programmeOf({ objective, rows, tops: objective.map(() => 10n ** 12n) }), plenty());
        if (far.kind !== "optimal") throw new Error(far.kind);
        expect(far.value > 10n ** 9n).toBe(true);
      }),
      { numRuns: 800 },
    );
    expect(count.unbounded).toBeGreaterThan(100);
    expect(count.inconclusive + count.bound).toBeLessThan(20);
  });

  test("of numbers a thousand billion billion billion times as large has an answer as many times as large", () => {
    const times = 10n ** 30n;
    fc.assert(
      fc.property(boxed, (drawn) => {
        // Only what a variable is measured in changes, so its factors in rows do not.
        const small = programmeOf({
          ...drawn,
          rows: drawn.rows.map(({ terms, most }) => ({ terms: terms.map(([v, f]) => [v, f < 0n ? -1n : 1n]), most })),
        });
        const relaxed = solve(small, plenty());
        const scaled = solve({ objective: small.objective.map((one) => one * times), rows: small.rows }, plenty());
        if (relaxed.kind === "optimal") expect(scaled).toMatchObject({ kind: "optimal", value: relaxed.value * times });
        else expect(scaled).toEqual(relaxed);
        const stretched = solve({ ...small, rows: small.rows.map(({ terms, most }) => ({ terms, most: most * times })) }, plenty());
        if (relaxed.kind === "optimal" && stretched.kind === "optimal") expect(stretched.value >= relaxed.value * times).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("of windows that slide is solved at any size of amounts", () => {
    // Three cells over eight slots: all cells share 50 in three slots, the second has 20 in five, the third at most 7 once.
    const eth = 10n ** 18n;
    const cells = 3;
    const slots = 8;
    const window = (which: readonly number[], width: number, most: bigint): ProgrammeRow[] =>
      Array.from({ length: slots }, (_, from) => ({
        terms: Array.from({ length: Math.min(width, slots - from) }, (_, step) => from + step).flatMap((slot) =>
          which.map((cell) => [cell * slots + slot, 1n] as const),
        ),
        most,
      }));
    const objective = Array<bigint>(cells * slots).fill(1n);
    const rows = [...window([0, 1, 2], 3, 50n * eth), ...window([1, 2], 5, 20n * eth), ...window([0], 1, 7n * eth)];
    // Per window of three slots 50, but the first cell gives 21 of it and the others 20 in five: 7 a slot, and twice 20.
    expect(solve({ objective, rows }, plenty())).toMatchObject({ kind: "optimal", value: 8n * 7n * eth + 2n * 20n * eth });
  });

  test("that is degenerate comes to an end", () => {
    // Beale's example, on which the simplex method goes round in circles; in integers.
    const rows: ProgrammeRow[] = [
      {
        terms: [
          [0, 25n],
          [1, -6000n],
          [2, -4n],
          [3, 900n],
        ],
        most: 0n,
      },
      {
        terms: [
          [0, 25n],
          [1, -4500n],
          [2, -1n],
          [3, 150n],
        ],
        most: 0n,
      },
      { terms: [[2, 1n]], most: 100n },
    ];
    const found = solve({ objective: [75n, -15000n, 2n, -600n], rows }, plenty());
    expect(found).toMatchObject({ kind: "optimal" });
  });

  test("with nothing in it, with nothing to gain, or with what no row holds, is answered without a search", () => {
    const none = new Budget(0);
    expect(solve({ objective: [], rows: [] }, none)).toEqual({ kind: "optimal", value: 0n, at: [] });
    expect(solve({ objective: [], rows: [{ terms: [], most: -1n }] }, none)).toEqual({ kind: "infeasible" });
    expect(solve({ objective: [-1n, 0n], rows: [{ terms: [[0, 2n]], most: 3n }] }, none)).toEqual({
      kind: "optimal",
      value: 0n,
      at: [0n, 0n],
    });
    expect(solve({ objective: [0n, 1n], rows: [{ terms: [[0, 2n]], most: 3n }] }, plenty())).toEqual({ kind: "unbounded" });
    expect(
      solve(
        {
          objective: [1n],
          rows: [
            {
              terms: [
                [0, 1n],
                [0, -1n],
              ],
              most: 3n,
            },
          ],
        },
        plenty(),
      ),
    ).toEqual({ kind: "unbounded" });
  });

  test("whose budget ends says what is proven, and no more", () => {
    const kinds = new Set<Solved["kind"]>();
    fc.assert(
      fc.property(boxed, fc.nat({ max: 12 }), (drawn, work) => {
        const programme = programmeOf(drawn);
        const found = solve(programme, new Budget(work));
        kinds.add(found.kind);
        const best = tried(programme, drawn.tops);
        if (found.kind === "optimal") expect(found.value).toBe(best);
        if (found.kind === "infeasible") expect(best).toBeUndefined();
        expect(found.kind).not.toBe("unbounded");
        if (found.kind !== "bound" || best === undefined) return;
        expect(found.upper >= best && best >= found.value).toBe(true);
        expect(keeps(programme, found.at)).toBe(true);
        expect(worth(programme, found.at)).toBe(found.value);
      }),
      { numRuns: 3000 },
    );
    expect(kinds).toContain("bound");
    expect(kinds).toContain("inconclusive");
  });

  test("ends where it is told to", () => {
    const aborted = AbortSignal.abort();
    const rows: ProgrammeRow[] = [
      {
        terms: [
          [0, 2n],
          [1, 3n],
        ],
        most: 7n,
      },
    ];
    expect(() => solve({ objective: [1n, 1n], rows }, new Budget(100, aborted))).toThrow(aborted.reason);
  });
});
