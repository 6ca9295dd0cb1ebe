import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "../../../src/base/time.ts";
import { type Cap, covering } from "../../../src/policy/analyze/covering.ts";
import { type ProgrammeRow, solve } from "../../../src/policy/analyze/programme.ts";
import { Budget } from "../../../src/policy/analyze/regions.ts";

const EVER = Number.POSITIVE_INFINITY;
const caps = fc.array(fc.record({ most: fc.bigInt({ min: 1n, max: 9n }), windowMs: fc.constantFrom(1, 2, 3, 4, EVER) }), {
  minLength: 1,
  maxLength: 3,
});

/** The cheapest way to cover so much time by windows, each at its price. */
function cheapestCover(lengthMs: number, of: readonly Cap[]): bigint {
  if (lengthMs <= 0) return 0n;
  return of.map(({ most, windowMs }) => most + cheapestCover(lengthMs - windowMs, of)).reduce((a, b) => (a < b ? a : b));
}

/** The same as a programme: what leaves at each moment, and a row for every window. */
function byProgramme(lengthMs: number, of: readonly Cap[], open: (moment: number) => boolean): bigint {
  const moments = [...Array(lengthMs).keys()];
  const rows = of.flatMap(({ most, windowMs }) =>
    moments.map((end): ProgrammeRow => ({ terms: moments.filter((at) => at <= end && at > end - windowMs).map((at) => [at, 1n]), most })),
  );
  const closed = moments.filter((moment) => !open(moment)).map((moment): ProgrammeRow => ({ terms: [[moment, 1n]], most: 0n }));
  const solved = solve({ objective: moments.map(() => 1n), rows: [...rows, ...closed] }, new Budget(1_000_000));
  if (solved.kind !== "optimal") throw new Error(`expected an optimum, got ${solved.kind}`);
  return solved.value;
}

describe("what leaves under sliding windows", () => {
  test.each([
    [
      3 * DAY_MS,
      [
        [10n, DAY_MS],
        [15n, 2 * DAY_MS],
      ],
      25n,
    ],
    [
      DAY_MS,
      [
        [50n, DAY_MS],
        [200n, 7 * DAY_MS],
      ],
      50n,
    ],
    [
      7 * DAY_MS,
      [
        [50n, DAY_MS],
        [200n, 7 * DAY_MS],
      ],
      200n,
    ],
    [
      8 * DAY_MS,
      [
        [50n, DAY_MS],
        [200n, 7 * DAY_MS],
      ],
      250n,
    ],
    [DAY_MS + 1, [[50n, DAY_MS]], 100n],
    [
      365 * DAY_MS,
      [
        [50n, DAY_MS],
        [700n, EVER],
      ],
      700n,
    ],
    [
      30 * DAY_MS,
      [
        [1n, HOUR_MS],
        [20n, DAY_MS],
      ],
      600n,
    ],
  ] as const)("in %d ms is the cheapest cover by windows", (lengthMs, windows, most) => {
    const of = windows.map(([each, windowMs]) => ({ most: each, windowMs }));
    expect(covering([[[0, lengthMs]]], of)).toBe(most);
  });

  test("is the cheapest cover of the time by windows, and what a programme finds", () => {
    fc.assert(
      fc.property(caps, fc.integer({ min: 1, max: 9 }), (of, lengthMs) => {
        const found = covering([[[0, lengthMs]]], of);
        expect(found).toBe(cheapestCover(lengthMs, of));
        expect(found).toBe(byProgramme(lengthMs, of, () => true));
      }),
      { numRuns: 150 },
    );
  });

  test("is what a programme finds, where some of the time is closed", () => {
    const moments = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(caps, moments, (of, some) => {
        const open = new Set(some);
        const sorted = [...some].sort((a, b) => a - b);
        const spans = sorted.reduce<[number, number][]>((all, at) => {
          const last = all.at(-1);
          if (last?.[1] === at) last[1]++;
          else all.push([at, at + 1]);
          return all;
        }, []);
        expect(covering([spans], of)).toBe(byProgramme(10, of, (moment) => open.has(moment)));
      }),
      { numRuns: 150 },
    );
  });

  test("is no less than what a programme finds, where caps bound one cell of two, and tight where one of them opens later", () => {
    const openings = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 4, max: 7 }));
    const whom = fc.constantFrom("both", "first", "second");
    const mixed = fc.array(fc.tuple(fc.bigInt({ min: 1n, max: 9n }), fc.constantFrom(1, 2, 3, EVER), whom), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.tuple(openings, openings), mixed, ([first, second], of) => {
        const cells = [{ name: "first", span: first } as const, { name: "second", span: second } as const];
        const bounds = (who: string, name: string) => who === "both" || who === name;
        const capsOf = of.map(([most, windowMs, who]): Cap => {
          const beside = cells.filter(({ name }) => !bounds(who, name)).map(({ span }) => [span]);
          return { most, windowMs, beside };
        });
        const places = cells.flatMap(({ name, span: [from, to] }) =>
          Array.from({ length: to - from }, (_, at) => ({ name, at: from + at })),
        );
        const rows = of.flatMap(([most, windowMs, who]) =>
          [...Array(8).keys()].map((end): ProgrammeRow => {
            const isIn = ({ name, at }: (typeof places)[number]) => bounds(who, name) && at <= end && at > end - windowMs;
            return { terms: places.flatMap((place, index) => (isIn(place) ? [[index, 1n] as const] : [])), most };
          }),
        );
        const found = covering(
          cells.map(({ span }) => [span]),
          capsOf,
        );
        const solved = solve({ objective: places.map(() => 1n), rows }, new Budget(1_000_000));
        fc.pre(found !== undefined);
        expect(solved.kind).toBe("optimal");
        if (solved.kind === "optimal") expect(found >= solved.value).toBe(true);
      }),
      { numRuns: 300 },
    );
    const [fees, payments] = [[[0, 720]], [[48, 720]]] as const;
    const all = [
      { most: 5000n, windowMs: 168 },
      { most: 1n, windowMs: 24, beside: [payments] },
    ];
    expect(covering([fees, payments], all)).toBe(20_002n);
  });
});
