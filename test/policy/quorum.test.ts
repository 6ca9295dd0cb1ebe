import fc from "fast-check";
import { expect, test } from "vitest";
import { reachable } from "../../src/policy/quorum.ts";

// The naive model: try every way to put people into places, for every person who may ask.
function naive(clauses: { people: string[]; atLeast: number }[], signers: ReadonlySet<string>, asking: ReadonlySet<string>): boolean {
  const fill = (places: string[][], used: ReadonlySet<string>): boolean => {
    const [place, ...rest] = places;
    return place === undefined || place.some((person) => !used.has(person) && fill(rest, new Set([...used, person])));
  };
  return [...asking].some((asker) =>
    fill(
      clauses.flatMap(({ people, atLeast }) =>
        Array.from({ length: atLeast }, () => people.filter((person) => person !== asker && signers.has(person))),
      ),
      new Set(),
    ),
  );
}

test("a quorum is reachable exactly if some way to fill every place exists", () => {
  const person = fc.constantFrom("a", "b", "c", "d", "e");
  const people = fc.uniqueArray(person, { maxLength: 5 });
  const clause = fc.record({ people, atLeast: fc.integer({ min: 1, max: 3 }) });
  const counts = { yes: 0, no: 0 };
  fc.assert(
    fc.property(fc.array(clause, { minLength: 1, maxLength: 3 }), people, people, (clauses, signs, asks) => {
      const [signers, asking] = [new Set(signs), new Set(asks)];
      const core = clauses.map(({ people, atLeast }) => ({ of: "x", atLeast, members: people.map((name) => ({ person: name })) }));
      const answer = reachable({ clauses: core, signers, asking });
      counts[answer ? "yes" : "no"]++;
      expect(answer).toBe(naive(clauses, signers, asking));
    }),
    { numRuns: 1500 },
  );
  expect(Math.min(counts.yes, counts.no)).toBeGreaterThan(50);
});
