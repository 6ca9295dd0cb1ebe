import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { implies } from "../../src/approvals/implied.ts";
import { minimum } from "../../src/approvals/minimum.ts";
import { missing } from "../../src/approvals/quorum.ts";
import { anyNeed, anyPeople, clause, MOMENTS, meets, need, PEOPLE, subsets } from "./sample.ts";

const moment = fc.constantFrom(...MOMENTS);

describe("a need", () => {
  const finance = need([clause("finance", ["cyd", "dee", "eve"], 2)]);

  test("is met by enough different people of the clause", () => {
    expect(missing(finance, ["cyd", "eve"], ["ana"], 0)).toEqual({ kind: "met", people: ["cyd", "eve"] });
    expect(missing(finance, ["cyd"], ["ana"], 0)).toEqual({
      kind: "short",
      alternatives: [[{ of: "finance", missing: 1, candidates: ["dee", "eve"] }]],
    });
  });

  test("is not met by one person twice", () => {
    expect(missing(finance, ["cyd", "cyd"], [], 0).kind).toBe("short");
  });

  test("is never met with a submitter's approval, nor is a submitter named as who could still approve", () => {
    expect(missing(finance, ["cyd", "dee"], ["dee"], 0)).toEqual({
      kind: "short",
      alternatives: [[{ of: "finance", missing: 1, candidates: ["eve"] }]],
    });
  });

  test("is not met by one person filling two clauses", () => {
    const two = need([clause("finance", ["cyd", "dee"], 1), clause("legal", ["cyd"], 1)]);
    expect(missing(two, ["cyd"], [], 0).kind).toBe("short");
    // Cyd comes first and could take finance; the matching moves her to legal.
    expect(missing(two, ["cyd", "dee"], [], 0).kind).toBe("met");
    expect(missing(two, ["dee", "cyd"], [], 0).kind).toBe("met");
  });

  test("is met by any one alternative", () => {
    const either = need([clause("finance", ["cyd", "dee"], 2)], [clause("board", ["zoe"], 1)]);
    expect(missing(either, ["zoe"], [], 0)).toEqual({ kind: "met", people: ["zoe"] });
    expect(missing(either, ["cyd"], [], 0)).toMatchObject({
      kind: "short",
      alternatives: [[{ missing: 1 }], [{ of: "board", missing: 1 }]],
    });
    expect(missing(need(), ["zoe"], [], 0)).toEqual({ kind: "short", alternatives: [] });
  });

  test("counts a stand-in from the first moment of the absence until before its end", () => {
    const dated = need([{ of: "cfo", members: [{ person: "gus", from: 10, until: 20 }], atLeast: 1 }]);
    expect([9, 10, 19, 20].map((now) => missing(dated, ["gus"], [], now).kind)).toEqual(["short", "met", "met", "short"]);
    expect(missing(dated, [], [], 9)).toMatchObject({ alternatives: [[{ candidates: [] }]] });
  });

  test("is met exactly where trying every way to seat people says so", () => {
    fc.assert(
      fc.property(anyNeed, anyPeople, fc.array(fc.constantFrom(...PEOPLE), { maxLength: 1 }), moment, (any, approvers, submitters, now) => {
        const quorum = missing(any, approvers, submitters, now);
        expect(quorum.kind === "met").toBe(meets(any, approvers, submitters, now));
        if (quorum.kind === "met") {
          expect(meets(any, quorum.people, submitters, now)).toBe(true);
          expect(new Set(quorum.people).size).toBe(quorum.people.length);
        } else for (const short of quorum.alternatives) expect(short.length).toBeGreaterThan(0);
      }),
      { numRuns: 1500 },
    );
  });
});

describe("the fewest people", () => {
  test("are counted once over several needs", () => {
    const needs = [need([clause("finance", ["cyd", "dee", "eve"], 2)]), need([clause("legal", ["eve", "lou"], 1)])];
    expect(minimum(needs, [], 0)).toMatchObject({ kind: "people", people: { length: 2 } });
    expect(minimum(needs, ["eve"], 0)).toEqual({ kind: "people", people: ["cyd", "dee", "lou"] });
    expect(minimum(needs, ["cyd", "dee"], 0)).toEqual({ kind: "nobody" });
    expect(minimum([], [], 0)).toEqual({ kind: "people", people: [] });
  });

  test("are as few as trying every set of people finds", () => {
    fc.assert(
      fc.property(
        fc.array(anyNeed, { maxLength: 3 }),
        fc.array(fc.constantFrom(...PEOPLE), { maxLength: 1 }),
        moment,
        (needs, submitters, now) => {
          const enough = subsets(PEOPLE).filter((people) => needs.every((one) => meets(one, people, submitters, now)));
          const result = minimum(needs, submitters, now);
          if (enough.length === 0) expect(result).toEqual({ kind: "nobody" });
          else expect(result).toMatchObject({ kind: "people", people: { length: Math.min(...enough.map((people) => people.length)) } });
          if (result.kind === "people") expect(needs.every((one) => meets(one, result.people, submitters, now))).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("are searched within a budget: too many sorts of people are inconclusive, never wrong", () => {
    const names = Array.from({ length: 24 }, (_, i) => `p${i}`);
    // Every person is in a different set of clauses, and any twelve of one half are needed.
    const needs = names.map((_, i) => need([clause(`c${i}`, names.slice(i), Math.min(12, 24 - i))]));
    expect(minimum(needs, [], 0).kind).toBe("inconclusive");
  });
});

describe("a need implied by an earlier one", () => {
  const finance = ["cyd", "dee", "eve"];

  test("is the same, a smaller number, or a larger circle; nothing stricter", () => {
    const old = need([clause("finance", finance, 2)]);
    expect(implies(old, old)).toBe(true);
    expect(implies(old, need([clause("finance", finance, 1)]))).toBe(true);
    expect(implies(old, need([clause("all", [...finance, "fay"], 2)]))).toBe(true);
    expect(implies(old, need([clause("x", finance, 1), clause("y", finance, 1)]))).toBe(true);
    expect(implies(old, need([clause("board", ["zoe"], 1)], [clause("finance", finance, 2)]))).toBe(true);
    expect(implies(old, need([clause("finance", finance, 3)]))).toBe(false);
    expect(implies(old, need([clause("finance", ["cyd", "dee"], 2)]))).toBe(false);
    expect(implies(old, need([clause("finance", finance, 2), clause("legal", ["lou"], 1)]))).toBe(false);
    expect(implies(old, need())).toBe(false);
    expect(implies(need([clause("finance", finance, 2)], [clause("board", ["zoe"], 1)]), old)).toBe(false);
  });

  test("counts the dates of a stand-in", () => {
    const dated = (from?: number, until?: number) =>
      need([
        { of: "cfo", members: [{ person: "gus", ...(from !== undefined && { from }), ...(until !== undefined && { until }) }], atLeast: 1 },
      ]);
    expect(implies(dated(1, 2), dated())).toBe(true);
    expect(implies(dated(1, 2), dated(0, 3))).toBe(true);
    expect(implies(dated(), dated(1, 2))).toBe(false);
    expect(implies(dated(1, 3), dated(1, 2))).toBe(false);
    expect(implies(dated(0, 2), dated(1, 2))).toBe(false);
  });

  test("is never claimed where some people at some moment meet the old need and not the new", () => {
    let claimed = 0;
    fc.assert(
      fc.property(anyNeed, anyNeed, fc.boolean(), (old, other, related) => {
        const fresh = related
          ? { ...other, alternatives: [...old.alternatives.map((clauses) => clauses.slice(1)), ...other.alternatives] }
          : other;
        if (!implies(old, fresh)) return;
        claimed++;
        for (const now of MOMENTS) {
          for (const people of subsets(PEOPLE)) if (meets(old, people, [], now)) expect(meets(fresh, people, [], now)).toBe(true);
        }
      }),
      { numRuns: 1500 },
    );
    expect(claimed).toBeGreaterThan(100);
  });

  test("every need implies itself", () => {
    fc.assert(
      fc.property(anyNeed, (any) => {
        const reachable = {
          ...any,
          alternatives: any.alternatives.map((clauses) => clauses.filter(({ members, atLeast }) => members.length >= atLeast)),
        };
        expect(implies(reachable, reachable)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
