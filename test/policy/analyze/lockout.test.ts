import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lockOutsOf } from "../../../src/policy/analyze/lockouts.ts";
import { full, parse } from "../documents.ts";
import { can, EFFECTS, FROM, type Passing, PEOPLE, passing, SETS, smallPolicies } from "./small.ts";

/** What each lock-out speaks of, in the small world: in which mode, and of which requests. */
const GOALS: readonly {
  readonly mode: string;
  readonly what: string;
  readonly expected: boolean;
  readonly of: (request: Passing) => boolean;
}[] = [
  ...["normal", "emergency"].flatMap((mode) =>
    (["A", "B"] as const).map((name) => ({
      ...{ mode, what: `paying ${name}`, expected: false },
      of: ({ effect }: Passing) => effect.kind === "transfer" && effect.asset === (name === "A" ? "native" : "erc20:0xaa"),
    })),
  ),
  { mode: "normal", what: "editing the policy", expected: true, of: ({ effect }) => effect.kind === "policyEdit" },
  {
    ...{ mode: "normal", what: "replacing people and their keys", expected: true },
    of: ({ effect }) => effect.kind === "policyEdit" && effect.part === "people" && effect.direction === "governs",
  },
  { mode: "normal", what: "freezing", expected: true, of: ({ effect }) => effect.kind === "modeChange" && effect.toMode === "frozen" },
  ...["frozen", "emergency"].map((mode) => ({
    ...{ mode, what: `leaving mode ${mode}`, expected: true },
    of: ({ effect }: Passing) => effect.kind === "modeChange" && effect.toMode !== mode,
  })),
];

describe("lock-outs", () => {
  test("are the smallest sets of people without whom no request passes, tried one by one", () => {
    const sizes = new Map<number, number>();
    fc.assert(
      fc.property(smallPolicies, (policy) => {
        const found = lockOutsOf(policy, { from: FROM });
        for (const mode of ["normal", "emergency", "frozen"]) {
          const requests = passing(
            policy,
            mode,
            EFFECTS.filter(({ kind }) => kind === "transfer" || kind === "policyEdit" || kind === "modeChange"),
          );
          for (const { what, expected, of } of GOALS.filter((goal) => goal.mode === mode)) {
            const own = requests.filter(of);
            const blocking = SETS.filter(
              (absent) =>
                !own.some((request) =>
                  can(
                    request,
                    PEOPLE.filter((person) => !absent.includes(person)),
                  ),
                ),
            );
            const size = Math.min(...blocking.map(({ length }) => length));
            const told = found.filter((lockOut) => lockOut.mode === mode && lockOut.what === what);
            expect(told.every(({ status }) => status === "exact")).toBe(true);
            const sets = told.map(({ absent }) => absent.join()).sort();
            sizes.set(size, (sizes.get(size) ?? 0) + 1);
            // What nobody can pay as it is, is no lock-out.
            if (size === 0 && !expected) expect(sets.filter((set) => set !== "")).toEqual([]);
            else
              expect(sets, `${mode} ${what}`).toEqual(
                blocking
                  .filter(({ length }) => length === size)
                  .map((set) => set.join())
                  .sort(),
              );
          }
        }
      }),
      { numRuns: 60 },
    );
    for (const size of [0, 1, 2]) expect(sizes.get(size), `${size}`).toBeGreaterThan(10);
  }, 120_000);

  test("say single points of failure first, and what is blocked as it is", () => {
    const found = lockOutsOf(parse(full())).map(({ mode, what, absent }) => `${mode} ${what}: ${absent.join("+")}`);
    expect(found).toEqual([
      "normal freezing: ",
      "frozen leaving mode frozen: ",
      "normal replacing people and their keys: cyd",
      "normal replacing people and their keys: dee",
      "normal replacing people and their keys: eve",
      "normal paying USDC: ana+ben",
      "normal editing the policy: cyd+dee+eve",
    ]);
  });

  test("of a policy that shall never change are none of its edits", () => {
    const document = full();
    document.immutable = true;
    document.rules = document.rules.filter(({ id }: { id: string }) => !id.startsWith("edit"));
    expect(lockOutsOf(parse(document)).filter(({ what }) => what.includes("edit"))).toEqual([]);
  });

  test("that would take more work than was granted are not said to be none", () => {
    const found = lockOutsOf(parse(full()), { work: 1 }).filter(({ what }) => what !== "freezing" && !what.startsWith("leaving"));
    expect(found.map(({ what, status }) => `${what}: ${status}`)).toEqual([
      "paying USDC: inconclusive",
      "editing the policy: inconclusive",
      "replacing people and their keys: inconclusive",
    ]);
  });
});
