import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escalationsOf } from "../../../src/policy/analyze/escalations.ts";
import type { Policy } from "../../../src/policy/core.ts";
import { full, parse } from "../documents.ts";
import { actPolicies, can, EFFECTS, FROM, objecting, type Passing, PEOPLE, passing, passingOf, SETS } from "./small.ts";

const ACTS = EFFECTS.filter(
  ({ kind, direction }) => (kind === "policyEdit" && direction !== "tightens") || kind === "modeChange" || kind === "export",
);
const MODES = ["normal", "emergency", "frozen"];

/** How soon everything is reached, by trying every act at every place again and again until nothing is reached sooner. */
function soonest(requests: ReadonlyMap<string, readonly Passing[]>, stolen: readonly string[], hindered: boolean): number {
  const after = new Map<string, number>([[JSON.stringify(["normal", stolen]), 0]]);
  let everything = Number.POSITIVE_INFINITY;
  for (let before = ""; before !== JSON.stringify([[...after], everything]); ) {
    before = JSON.stringify([[...after], everything]);
    for (const [key, waited] of [...after]) {
      const [mode, people] = JSON.parse(key) as [string, string[]];
      for (const request of requests.get(mode) ?? []) {
        if (!can(request, people) || (!hindered && objecting(request, people).length > 0)) continue;
        const { effect, delayMs } = request;
        const then = waited + delayMs;
        const go = (place: [string, readonly string[]]) => {
          const next = JSON.stringify(place);
          if (then < (after.get(next) ?? Number.POSITIVE_INFINITY)) after.set(next, then);
        };
        if (effect.kind === "modeChange") go([effect.toMode as string, people]);
        else if (effect.part === "people") go([mode, PEOPLE]);
        else if (effect.kind === "export" || effect.part === "rules" || (effect.part === "modes" && mode === "emergency"))
          everything = Math.min(everything, then);
      }
    }
  }
  return everything;
}

/** Without dates: an act then can be done at any moment, and an escalation is as long as its delays. */
function timeless(policy: Policy): boolean {
  return !JSON.stringify([policy.rules, [...policy.modes]], (_, value) =>
    value instanceof Set ? [...value] : typeof value === "bigint" ? `${value}` : value,
  ).match(/"date"|"from"/);
}

describe("escalations", () => {
  test("reach everything exactly as soon as acts do, tried one after the other", () => {
    const count = { reached: 0, chained: 0, not: 0 };
    fc.assert(
      fc.property(actPolicies.filter(timeless), (policy) => {
        const requests = new Map(MODES.map((mode) => [mode, passing(policy, mode, ACTS)]));
        for (const people of SETS.filter(({ length }) => length > 0)) {
          const all = escalationsOf(policy, { people }, { from: FROM });
          expect(all.filter(({ undecided }) => undecided)).toEqual([]);
          const found = all.filter(({ everything }) => everything);
          const [hindered, free] = [true, false].map((mayObject) => soonest(requests, people, mayObject)) as [number, number];
          expect(Math.min(...found.map(({ afterMs }) => afterMs)), `${people}`).toBe(hindered);
          const unseen = found.filter(({ objectors }) => objectors.length === 0);
          expect(Math.min(...unseen.map(({ afterMs }) => afterMs)), `${people} unseen`).toBe(free);
          count[hindered === Number.POSITIVE_INFINITY ? "not" : "reached"]++;
          for (const { acts, afterMs } of all) {
            if (acts.length > 1) count.chained++;
            expect(afterMs).toBe(acts.reduce((sum, { delayMs }) => sum + delayMs, 0));
            let mode = "normal";
            let held: readonly string[] = people;
            for (const { rule, witness, delayMs } of acts) {
              const request = passingOf(policy, witness) as Passing;
              expect(request).toBeDefined();
              expect([request.mode, request.delayMs, can(request, held)]).toEqual([mode, delayMs, true]);
              expect(request.hits).toContain(rule);
              if (request.effect.kind === "modeChange") mode = request.effect.toMode as string;
              if (request.effect.part === "people") held = PEOPLE;
            }
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(
      Object.values(count).every((times) => times > 0),
      JSON.stringify(count),
    ).toBe(true);
  }, 120_000);

  test("by one part of the policy say what that part gives, and not more", () => {
    const document = full();
    document.rules.push({ id: "clerk", allow: ["policyEdit"], when: { requester: "ana", part: ["book", "list"] } });
    document.rules.push({ id: "keys", allow: ["policyEdit"], when: { requester: "ben", part: "people" } });
    document.rules[5].when = { all: [{ not: { direction: "tightens" } }, { requester: "role:finance" }] };
    const texts = (person: string) =>
      escalationsOf(parse(document), { people: [person] }).map(({ text, everything }) => `${everything} ${text}`);
    expect(texts("ana")).toEqual(["false ana can add recipients, so that all that limits let leave can go to any address, at once"]);
    expect(texts("cyd")).toEqual([]);
    // Whoever replaces keys is everybody, and everybody together edits the rules.
    expect(texts("ben")).toEqual([
      "false ben can add recipients, so that all that limits let leave can go to any address, at once",
      "true ben can rewrite the rules, so that anything may be signed, after 24h",
    ]);
    const [, ben] = escalationsOf(parse(document), { people: ["ben"] });
    expect(ben?.acts.map(({ rule, delayMs }) => [rule, delayMs])).toEqual([
      ["keys", 0],
      ["edit", 86_400_000],
    ]);
  });

  test("say who can object, and the way on which nobody can", () => {
    const document = full();
    document.rules[5].approvals = [{ of: "finance", atLeast: 1 }];
    document.rules.push(
      { id: "slow", allow: ["export"], when: { requester: "cyd" } },
      { id: "wait", require: ["export"], delay: "7d", expires: "14d" },
      { id: "keys", forbid: ["policyEdit"], when: { part: ["people", "roles"] } },
    );
    const found = escalationsOf(parse(document), { people: ["cyd", "dee"] });
    expect(found.map(({ afterMs, objectors }) => [afterMs, objectors])).toEqual([
      [86_400_000, ["eve"]],
      [7 * 86_400_000, []],
    ]);
  });

  test("that were not decided are said to be open", () => {
    const found = escalationsOf(parse(full()), { people: ["ana"] }, { work: 1 });
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ undecided, everything }) => undecided === true && !everything)).toBe(true);
  });
});
