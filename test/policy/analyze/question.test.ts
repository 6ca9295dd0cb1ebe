import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EffectKind } from "../../../src/intent/effect.ts";
import { Space } from "../../../src/policy/analyze/dimensions.ts";
import { answer } from "../../../src/policy/analyze/question.ts";
import { suffices } from "../../../src/policy/analyze/quorum.ts";
import { compileCondition, TRUE } from "../../../src/policy/condition.ts";
import { emptyCounters } from "../../../src/policy/counters.ts";
import { factsOf } from "../../../src/policy/facts.ts";
import { interpret } from "../../../src/policy/interpret.ts";
import { full, parse } from "../documents.ts";
import { circumstances, conditions, effects, PEOPLE, policies } from "../generate.ts";
import { isInside, typed, typedRule } from "./typed.ts";

const questions = fc
  .record({ kinds: fc.constant<readonly EffectKind[]>(["transfer", "fee", "allowance", "call", "policyEdit", "export"]), when: conditions })
  .map(typedRule)
  .filter(({ kinds }) => kinds.length > 0);

describe("a question about a policy", () => {
  test("that is answered with no has no answer among random requests, and a yes is shown", () => {
    const count = { no: 0, yes: 0, inconclusive: 0 };
    fc.assert(
      fc.property(
        policies,
        questions,
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.tuple(effects, circumstances), { minLength: 60, maxLength: 60 }),
        (drawn, question, fewerThan, tries) => {
          const policy = typed(drawn);
          const found = answer(policy, { ...question, fewerThan });
          count[found.kind]++;
          if (found.kind !== "no") return;
          const asks = compileCondition(question.when);
          for (const [effect, drawnCircumstances] of tries) {
            const moment = { ...drawnCircumstances, mode: "normal", requester: drawnCircumstances.requester ?? "ana", session: "unlock" };
            const intent = { effects: [effect], refusals: [] };
            const [facts] = factsOf(intent, moment);
            if (
              facts === undefined ||
              !isInside(new Space([policy], [question.when]), facts) ||
              !question.kinds.includes(effect.kind) ||
              asks(facts) !== TRUE
            )
              continue;
            const { reasons, needs } = interpret(policy, intent, moment, emptyCounters);
            if (reasons.length > 0) continue;
            const asked = needs.flatMap((need) => (need.kind === "approvals" ? [need.alternatives] : []));
            const enough = [[], ...PEOPLE.map((one) => [one]), ["ana", "ben"], ["ana", "bot"], ["ben", "bot"]]
              .filter((people) => people.length < fewerThan && !people.includes(moment.requester))
              .find((people) =>
                suffices(asked, {
                  people: new Set(people),
                  stands: ({ from = 0, until = Number.POSITIVE_INFINITY }) => from <= moment.now && moment.now < until,
                }),
              );
            expect(
              enough,
              JSON.stringify({ effect: effect.kind }, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
            ).toBeUndefined();
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(count.yes).toBeGreaterThan(50);
  });

  test("from a moment on chooses no date that is over, and waits for its delay", () => {
    const document = full();
    document.rules.push({ id: "early", allow: ["export"], when: { requester: "ana", date: { until: "2027-01-02" } } });
    document.rules.push({ id: "wait", require: ["export"], delay: "24h" });
    const asked = (from: string) => answer(parse(document), { kinds: ["export"], from: Date.parse(from) });
    const yes = asked("2026-12-31");
    expect(yes.kind === "yes" && yes.delayMs).toBe(86_400_000);
    expect(yes.kind === "yes" && yes.witness.circumstances.now).toBe(Date.parse("2027-01-01"));
    expect(asked("2027-01-01").kind).toBe("no");
    expect(asked("2027-01-03").kind).toBe("no");
  });

  test("says who could object for as long as it waits, beside those it is about", () => {
    const edit = answer(parse(full()), { kinds: ["policyEdit"], by: new Set(["cyd", "dee", "eve"]), fewerThan: 3 });
    expect(edit.kind === "yes" && [edit.witness.circumstances.requester, edit.objectors]).toEqual(["cyd", []]);
    const loosens = { op: "in", field: "direction", values: new Set(["loosens"]) } as const;
    const document = full();
    document.rules.find(({ id }: { id: string }) => id === "edit-slow").approvals = [{ of: "finance", atLeast: 1 }];
    document.rules.push({ id: "keys", forbid: ["policyEdit"], when: { part: ["people", "roles"] } });
    const anybody = answer(parse(document), { kinds: ["policyEdit"], when: loosens });
    expect(anybody.kind === "yes" && [anybody.approvers, anybody.objectors]).toEqual([["dee"], ["eve"]]);
  });

  test("is answered with a request that could be asked for before its delay", () => {
    const document = full();
    const during = (date: object) => [
      { id: "in-time", allow: ["export"], when: { requester: "ana", date } },
      { id: "wait", require: ["export"], delay: "24h" },
    ];
    const asked = (date: object) => answer(parse({ ...document, rules: [...document.rules, ...during(date)] }), { kinds: ["export"] });
    const yes = asked({ from: "2026-06-01" });
    expect(yes.kind === "yes" && yes.witness.circumstances.now).toBe(Date.parse("2026-06-02"));
    expect(asked({ from: "2026-06-01", until: "2026-06-02" }).kind).toBe("inconclusive");
  });

  test("of a change to the mode that holds already is answered with no: a custody denies it", () => {
    const document = full();
    document.rules.push({ id: "modes", allow: ["modeChange"] });
    const asked = (mode: string, toMode: string) =>
      answer(parse(document), { kinds: ["modeChange"], when: { op: "in", field: "toMode", values: new Set([toMode]) }, mode }).kind;
    expect([asked("normal", "normal"), asked("normal", "frozen"), asked("frozen", "normal")]).toEqual(["no", "yes", "yes"]);
  });

  test("of a field that a kind has not is answered with no for that kind", () => {
    const when = { op: "within", field: "amount", intervals: [[1n, 2n ** 255n]] } as const;
    expect(answer(parse(full()), { kinds: ["policyEdit"] }).kind).toBe("yes");
    expect(answer(parse(full()), { kinds: ["policyEdit"], when }).kind).toBe("no");
    // Beside a kind that has it, only that one is what is asked about.
    const both = answer(parse(full()), { kinds: ["policyEdit", "transfer"], when });
    expect(both.kind === "yes" && both.witness.effects[0]?.kind).toBe("transfer");
  });
});
