import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Judgement } from "../../../src/intent/verdict.ts";
import { diffPolicies } from "../../../src/policy/analyze/diff.ts";
import { Space } from "../../../src/policy/analyze/dimensions.ts";
import { type Approvers, type Asked, suffices } from "../../../src/policy/analyze/quorum.ts";
import type { Policy, Rule } from "../../../src/policy/core.ts";
import { emptyCounters } from "../../../src/policy/counters.ts";
import { factsOf } from "../../../src/policy/facts.ts";
import { interpret } from "../../../src/policy/interpret.ts";
import { full, parse } from "../documents.ts";
import { circumstances, effects, PEOPLE, policies, rules } from "../generate.ts";
import { isInside, typed } from "./typed.ts";

const SETS = Array.from({ length: 1 << PEOPLE.length }, (_, set) => PEOPLE.filter((_, index) => (set & (1 << index)) !== 0));

/** By set of people, whether they could bring it about; and what stands in their way beside them. */
function power({ reasons, needs }: Judgement, requester: string) {
  const asked = needs.flatMap((need): Asked[] => (need.kind === "approvals" ? [need.alternatives] : []));
  const able = SETS.map((people) => {
    const approvers: Approvers = { people: new Set(people.filter((person) => person !== requester)), stands: () => true };
    return reasons.length === 0 && suffices(asked, approvers);
  });
  return {
    able,
    delayMs: Math.max(0, ...needs.flatMap((need) => (need.kind === "delay" ? [need.delayMs] : []))),
    confirm: needs.some(({ kind }) => kind === "confirm"),
  };
}

const edits = fc.oneof(
  fc.record({ drop: fc.nat(6) }).map(
    ({ drop }) =>
      (list: readonly Rule[]) =>
        list.filter((_, index) => index !== drop),
  ),
  rules("x", 2).map((more) => (list: readonly Rule[]) => [...list, ...more]),
  fc.record({ at: fc.nat(6), more: rules("y", 1) }).map(
    ({ at, more }) =>
      (list: readonly Rule[]) =>
        list.map((rule, index) => (index === at ? (more[0] ?? rule) : rule)),
  ),
);

const MODES: readonly string[] = ["normal", "frozen", "emergency"];

describe("the difference of two policies", () => {
  test("names every way in which one lets more happen than the other", () => {
    const count = { same: 0, narrower: 0, wider: 0 };
    fc.assert(
      fc.property(policies, edits, fc.array(fc.tuple(effects, circumstances), { minLength: 40, maxLength: 40 }), (drawn, edit, tries) => {
        const before = typed(drawn);
        const after: Policy = typed({ ...drawn, rules: edit(drawn.rules) });
        const found = diffPolicies(before, after);
        expect(found.kind).toBe("exact");
        const loosens = found.differences.some(({ change }) => change === "newlyAllowed" || change === "weaker");
        count[found.differences.length === 0 ? "same" : loosens ? "wider" : "narrower"]++;
        if (loosens) return;
        for (const [effect, moment] of tries) {
          const requester = moment.requester ?? "ana";
          const when = { ...moment, requester, mode: moment.mode === "nowhere" || moment.mode === "constructor" ? "normal" : moment.mode };
          const intent = { effects: [effect], refusals: [] };
          const [facts] = factsOf(intent, when);
          // Nobody changes to the mode that holds already, nor to one that there is not.
          if (effect.kind === "modeChange" && (effect.toMode === when.mode || !MODES.includes(effect.toMode ?? ""))) continue;
          if (facts === undefined || !isInside(new Space([before, after]), facts)) continue;
          const [was, is] = [before, after].map((policy) => power(interpret(policy, intent, when, emptyCounters), requester)) as [
            ReturnType<typeof power>,
            ReturnType<typeof power>,
          ];
          if (found.differences.length === 0) expect(is).toEqual(was);
          is.able.forEach((able, index) => {
            if (able) expect([was.able[index], is.delayMs >= was.delayMs, is.confirm || !was.confirm]).toEqual([true, true, true]);
          });
        }
      }),
      { numRuns: 300 },
    );
    expect(Math.min(count.same, count.narrower, count.wider)).toBeGreaterThan(20);
  });

  describe("of changes of the mode", () => {
    const document = (allow: object, more: readonly object[] = []) => {
      const draft = full();
      draft.rules.push({ id: "stop", allow: ["modeChange"], ...allow }, ...more);
      return parse(draft);
    };
    const between = (before: Policy, after: Policy) => {
      const { kind, differences } = diffPolicies(before, after);
      expect(kind).toBe("exact");
      return differences.map(({ change, witness }) => `${change} ${witness.circumstances.mode} ${witness.effects[0]?.toMode}`);
    };

    test("shows none to the mode that holds already, which a custody refuses", () => {
      const nowhere = { when: { toMode: "frozen", mode: "frozen" } };
      const anywhere = { when: { toMode: "frozen" } };
      const none = parse(full());
      expect(between(none, document(nowhere))).toEqual([]);
      expect(between(none, document(anywhere))).toEqual(["newlyAllowed normal frozen"]);
      expect(between(document(anywhere), document(nowhere))).toEqual(["newlyDenied normal frozen"]);
      const staying = {
        when: {
          any: [
            { mode: "frozen", toMode: "frozen" },
            { mode: "frozen", toMode: "normal" },
          ],
        },
      };
      expect(between(none, document(staying))).toEqual(["newlyAllowed frozen normal"]);
      expect(between(none, document({ when: { mode: "emergency" } }))).toEqual(["newlyAllowed emergency normal"]);
    });

    test("on random policies shows only such as a custody could sign", () => {
      let shown = 0;
      fc.assert(
        fc.property(policies, edits, (drawn, edit) => {
          const modal = ({ kinds, ...rule }: Rule): Rule => ({ ...rule, kinds: [...new Set([...kinds, "modeChange"])] }) as Rule;
          const [before, after] = [drawn.rules, edit(drawn.rules)].map((list) => typed({ ...drawn, rules: list.map(modal) })) as [
            Policy,
            Policy,
          ];
          for (const { witness } of diffPolicies(before, after).differences) {
            for (const { kind, toMode } of witness.effects) {
              if (kind !== "modeChange") continue;
              expect(toMode).not.toBe(witness.circumstances.mode);
              expect(MODES).toContain(toMode);
              shown++;
            }
          }
        }),
        { numRuns: 200 },
      );
      expect(shown).toBeGreaterThan(5);
    });
  });
});
