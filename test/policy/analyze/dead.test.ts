import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Judgement } from "../../../src/intent/verdict.ts";
import { deadRules } from "../../../src/policy/analyze/dead.ts";
import { Space } from "../../../src/policy/analyze/dimensions.ts";
import { type Approvers, type Asked, suffices } from "../../../src/policy/analyze/quorum.ts";
import type { Policy } from "../../../src/policy/core.ts";
import { emptyCounters } from "../../../src/policy/counters.ts";
import { factsOf } from "../../../src/policy/facts.ts";
import { interpret } from "../../../src/policy/interpret.ts";
import { circumstances, effects, PEOPLE, policies } from "../generate.ts";
import { isInside, typed } from "./typed.ts";

const SETS = Array.from({ length: 1 << PEOPLE.length }, (_, set) => PEOPLE.filter((_, index) => (set & (1 << index)) !== 0));

/** All that a judgement lets happen: denied, or which people can answer it, how long it waits and whether somebody must be there. */
function outcome({ reasons, needs }: Judgement, requester: string): string {
  if (reasons.length > 0) return "denied";
  const asked = needs.flatMap((need): Asked[] => (need.kind === "approvals" ? [need.alternatives] : []));
  const answering = SETS.map(
    (people): Approvers => ({ people: new Set(people.filter((person) => person !== requester)), stands: () => true }),
  ).map((people) => suffices(asked, people));
  return JSON.stringify([
    answering,
    Math.max(0, ...needs.flatMap((need) => (need.kind === "delay" ? [need.delayMs] : []))),
    needs.some(({ kind }) => kind === "confirm"),
  ]);
}

function without(policy: Policy, rule: string): Policy {
  return { ...policy, rules: policy.rules.filter(({ id }) => id !== rule) };
}

describe("rules that are said to be dead", () => {
  test("change no outcome when they are left out", () => {
    let said = 0;
    fc.assert(
      fc.property(policies, fc.array(fc.tuple(effects, circumstances), { minLength: 40, maxLength: 40 }), (drawn, tries) => {
        const policy = typed(drawn);
        const found = deadRules(policy);
        expect(found.kind).toBe("exact");
        if (found.kind !== "exact") return;
        for (const { rule, why } of found.dead) {
          const fewer = without(policy, rule);
          said++;
          for (const [effect, drawnMoment] of tries) {
            const requester = drawnMoment.requester ?? "ana";
            const moment = { ...drawnMoment, mode: "normal", requester };
            const intent = { effects: [effect], refusals: [] };
            const [facts] = factsOf(intent, moment);
            if (facts === undefined || !isInside(new Space([policy]), facts)) continue;
            const before = outcome(interpret(policy, intent, moment, emptyCounters), requester);
            expect(outcome(interpret(fewer, intent, moment, emptyCounters), requester), `${rule} ${why}`).toBe(before);
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(said).toBeGreaterThan(100);
  });
});
