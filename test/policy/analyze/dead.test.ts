import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/base/canonical.ts";
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
import { hotWallet, read } from "./worked.ts";

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

  test("are none that alone ask somebody who could object, for a time only, or for consent that is not kept as long", () => {
    const asking = (rules: readonly JsonObject[]) => ({
      ...hotWallet(),
      immutable: true,
      rules: [
        { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "@payees", requester: "role:ops" } },
        { id: "fees", allow: ["fee"] },
        ...rules,
      ],
    });
    const approvals = (of: string) => [{ of, atLeast: 1 }];
    const wait = { id: "wait", require: ["transfer"], delay: "24h", expires: "7d" };
    const dead = (...rules: readonly JsonObject[]) => {
      const found = deadRules(read(asking(rules)));
      return found.kind === "exact" ? found.dead.map(({ rule }) => rule) : found;
    };
    const cyd = { id: "cyd", require: ["transfer"], approvals: approvals("cyd"), expires: "7d" };
    const either = { id: "either", require: ["transfer"], approvals: approvals("finance"), expires: "7d" };
    expect(dead(cyd, { ...either, approvals: approvals("cyd") }, wait)).toEqual(["cyd", "either"]);
    expect(dead(cyd, either, wait)).toEqual([]);
    expect(dead(cyd, { ...cyd, id: "shorter", expires: "1h" })).toEqual(["cyd"]);
    const deputy = { ...cyd, id: "deputy", approvals: approvals("deputy") };
    const roles = { deputy: [{ person: "cyd", until: "2027-01-01" }] };
    const found = deadRules(read({ ...asking([cyd, deputy]), roles: { ...(hotWallet().roles as JsonObject), ...roles } }));
    expect(found).toEqual({ kind: "exact", dead: [] });
  });

  test("say whether others allow it too, or forbid it", () => {
    const part = {
      id: "part",
      allow: ["transfer"],
      when: { asset: "ETH", to: "@payees", requester: "role:ops", amount: { max: "5 ETH" } },
    };
    const whole = { ...part, id: "whole", when: { ...part.when, amount: { max: "9 ETH" } } };
    const found = (...rules: readonly JsonObject[]) => {
      const fees = { id: "fees", allow: ["fee"] };
      const dead = deadRules(read({ ...hotWallet(), immutable: true, rules: [fees, ...rules] }));
      return dead.kind === "exact" ? dead.dead.map(({ rule, why }) => `${rule}: ${why}`) : dead;
    };
    const no = (min: string) => ({ id: "no", forbid: ["transfer"], when: { asset: "ETH", amount: { min } } });
    expect(found(whole, part)).toEqual(["part: redundant"]);
    expect(found(whole, part, no("1 ETH"))).toEqual(["whole: redundant", "part: redundant"]);
    expect(found(part, no("0 ETH"))).toEqual(["part: forbidden"]);
    expect(found(part, no("6 ETH"))).toEqual(["no: guard"]);
  });

  test("are undecided where the work does not reach, however little it is", () => {
    const policy = read(hotWallet());
    const all = policy.rules.length;
    const exact = deadRules(policy);
    for (let work = 0; ; work++) {
      const found = deadRules(policy, { work });
      if (found.kind === "exact") {
        expect(found).toEqual(exact);
        expect(work).toBeGreaterThan(5);
        return;
      }
      expect(found.undecided.length).toBeLessThanOrEqual(all);
    }
  });
});
