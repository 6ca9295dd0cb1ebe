import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Clause } from "../../../src/intent/verdict.ts";
import { Inconclusive } from "../../../src/policy/analyze/inconclusive.ts";
import { type Approvers, type Asked, answersOnly, fewest, suffices } from "../../../src/policy/analyze/quorum.ts";
import { Budget } from "../../../src/policy/analyze/regions.ts";

const PEOPLE = ["ana", "ben", "cyd", "dee", "eve"];
const clauses: fc.Arbitrary<Clause> = fc.record({
  of: fc.constant("role"),
  members: fc.uniqueArray(fc.constantFrom(...PEOPLE), { maxLength: 4 }).map((people) => people.map((person) => ({ person }))),
  atLeast: fc.integer({ min: 1, max: 3 }),
});
const asked: fc.Arbitrary<readonly Asked[]> = fc.array(
  fc.array(fc.array(clauses, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }),
  {
    maxLength: 2,
  },
);

/** Every way to seat people, tried out. */
function seated(all: readonly Asked[], people: readonly string[]): boolean {
  const fill = (seats: readonly (readonly string[])[], free: readonly string[]): boolean => {
    const [first, ...rest] = seats;
    return (
      first === undefined ||
      free.some(
        (person) =>
          first.includes(person) &&
          fill(
            rest,
            free.filter((other) => other !== person),
          ),
      )
    );
  };
  const seatsOf = (list: readonly Clause[]) =>
    list.flatMap(({ members, atLeast }) => Array.from({ length: atLeast }, () => members.map(({ person }) => person)));
  return all.every((alternatives) => alternatives.some((list) => fill(seatsOf(list), people)));
}

const SETS = Array.from({ length: 1 << PEOPLE.length }, (_, set) => PEOPLE.filter((_, index) => (set & (1 << index)) !== 0));
const those = (people: readonly string[]): Approvers => ({ people: new Set(people), stands: () => true });
const budget = () => new Budget(1_000_000);

describe("what people could answer together", () => {
  test("suffices exactly where some way to seat them does", () => {
    fc.assert(
      fc.property(asked, (all) => {
        for (const people of SETS) expect(suffices(all, those(people))).toBe(seated(all, people));
      }),
      { numRuns: 300 },
    );
  });

  test("takes as few people as the smallest set that does", () => {
    fc.assert(
      fc.property(asked, (all) => {
        const enough = SETS.filter((people) => seated(all, people));
        const found = fewest(all, those(PEOPLE), budget());
        expect(found?.length).toBe(enough.length === 0 ? undefined : Math.min(...enough.map(({ length }) => length)));
        if (found !== undefined) expect(seated(all, found)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("is implied exactly where every set of people that answers the one answers the other", () => {
    fc.assert(
      fc.property(asked, asked, (weaker, stronger) => {
        const only = SETS.some((people) => seated(weaker, people) && !seated(stronger, people));
        const found = answersOnly(weaker, stronger, those(PEOPLE), budget());
        expect(found !== undefined).toBe(only);
        if (found !== undefined) expect([seated(weaker, found), seated(stronger, found)]).toEqual([true, false]);
      }),
      { numRuns: 500 },
    );
  });
});

test("what is looked at is paid for: people, in every set of clauses", () => {
  const members = Array.from({ length: 1000 }, (_, index) => ({ person: `p${index}` }));
  const all: Asked[] = [[Array.from({ length: 6 }, () => ({ of: "all", members, atLeast: 2 }))]];
  const everybody = those(members.map(({ person }) => person));
  expect(fewest(all, everybody, budget())?.length).toBe(12);
  expect(() => fewest(all, everybody, new Budget(1000))).toThrow(Inconclusive);
});
