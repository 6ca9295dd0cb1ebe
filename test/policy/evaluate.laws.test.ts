import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical, type Json } from "../../src/base/canonical.ts";
import type { Charge, Judgement, Need } from "../../src/intent/verdict.ts";
import type { Rule } from "../../src/policy/core.ts";
import { emptyCounters } from "../../src/policy/counters.ts";
import { compile } from "../../src/policy/evaluate.ts";
import { factsFromJson, factsOf, factsToJson } from "../../src/policy/facts.ts";
import { judgeLayers } from "../../src/policy/layers.ts";
import { circumstances, counters, intents, policies, policyOf, rules } from "./generate.ts";

const runs = { numRuns: 800 };
const isDenied = ({ reasons }: Judgement) => reasons.length > 0;
const named = (needs: readonly Need[]) => new Set(needs.map((need) => `${need.rule} ${need.kind}`));
const sorted = (charges: readonly Charge[]) =>
  charges.map((charge) => `${charge.limit} ${charge.bucket} ${charge.replaceable} ${charge.lasting}`).sort();
const only = (type: Rule["type"], list: readonly Rule[]) => list.filter((rule) => rule.type === type);
const others = (type: Rule["type"], list: readonly Rule[]) => list.filter((rule) => rule.type !== type);

/** Is `narrow` at most as permissive as `wide`? */
function expectNarrower(narrow: Judgement, wide: Judgement): void {
  if (isDenied(narrow)) return;
  expect(isDenied(wide)).toBe(false);
  for (const need of named(wide.needs)) expect(named(narrow.needs)).toContain(need);
}

describe("laws of the evaluator", () => {
  test("adding an allow only widens", () => {
    fc.assert(
      fc.property(rules("a"), rules("b", 3), intents, circumstances, counters, (base, more, intent, when, standing) => {
        const judge = (list: readonly Rule[]) => compile(policyOf(list)).judge(intent, { ...when, mode: "normal" }, standing);
        expectNarrower(judge(base), judge([...base, ...only("allow", more)]));
      }),
      runs,
    );
  });

  test("adding a forbid, a require or a limit only narrows", () => {
    fc.assert(
      fc.property(rules("a"), rules("b", 6), intents, circumstances, counters, (base, more, intent, when, standing) => {
        const judge = (list: readonly Rule[]) => compile(policyOf(list)).judge(intent, { ...when, mode: "normal" }, standing);
        expectNarrower(judge([...base, ...others("allow", more)]), judge(base));
      }),
      runs,
    );
  });

  test("the order of rules does not matter", () => {
    const shuffled = rules("a").chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length })));
    fc.assert(
      fc.property(shuffled, intents, circumstances, counters, ([list, other], intent, when, standing) => {
        const [a, b] = [list, other].map((each) => compile(policyOf(each)).judge(intent, when, standing));
        expect(isDenied(a!)).toBe(isDenied(b!));
        expect(named(a!.needs)).toEqual(named(b!.needs));
        expect(sorted(a!.charges)).toEqual(sorted(b!.charges));
        expect([...a!.hits].sort()).toEqual([...b!.hits].sort());
      }),
      runs,
    );
  });

  test("the order of effects does not matter", () => {
    const shuffled = intents.chain((intent) =>
      fc.tuple(fc.constant(intent), fc.shuffledSubarray([...intent.effects], { minLength: intent.effects.length })),
    );
    fc.assert(
      fc.property(policies, shuffled, circumstances, counters, (policy, [intent, effects], when, standing) => {
        const a = compile(policy).judge(intent, when, standing);
        const b = compile(policy).judge({ effects, refusals: [] }, when, standing);
        expect(isDenied(a)).toBe(isDenied(b));
        expect({ needs: a.needs, charges: a.charges, hits: a.hits }).toEqual({ needs: b.needs, charges: b.charges, hits: b.hits });
      }),
      runs,
    );
  });

  test("ignorance never widens: what is learned later may only allow more", () => {
    // Take one member of one effect away: the judgement may not get better. (`outlives` and `ownRecipient` aside, absent is unknown.)
    const masked = intents
      .filter(({ effects }) => effects.length > 0)
      .chain((intent) =>
        fc.tuple(
          fc.constant(intent),
          fc.nat(intent.effects.length - 1),
          fc.constantFrom("chain", "account", "asset", "to", "amount", "contract", "selector", "args", "expiry", "class"),
        ),
      );
    fc.assert(
      fc.property(policies, masked, circumstances, (policy, [intent, at, member], when) => {
        const effects = intent.effects.map((effect, index) =>
          index === at ? { ...effect, [member]: undefined } : effect,
        ) as unknown as typeof intent.effects;
        const evaluator = compile(policy);
        expectNarrower(evaluator.judge({ effects, refusals: [] }, when, emptyCounters), evaluator.judge(intent, when, emptyCounters));
      }),
      runs,
    );
  });

  test("a further layer only narrows", () => {
    fc.assert(
      fc.property(policies, policies, intents, circumstances, counters, (vault, session, intent, when, standing) => {
        const [outer, inner] = [
          { evaluator: compile(vault), prefix: "" },
          { evaluator: compile(session), prefix: "" },
        ];
        const both = judgeLayers([outer, inner], intent, when, standing);
        expectNarrower(both, outer.evaluator.judge(intent, when, standing));
        expectNarrower(both, inner.evaluator.judge(intent, when, standing));
      }),
      runs,
    );
  });
});

describe("facts as JSON", () => {
  test("come back as they were, and weigh the same", () => {
    fc.assert(
      fc.property(policies, intents, circumstances, (policy, intent, when) => {
        const facts = factsOf(intent, when);
        const back = facts.map((each) => factsFromJson(JSON.parse(canonical(factsToJson(each)))));
        expect(back).toEqual(facts);
        expect(compile(policy).weigh(back)).toEqual(compile(policy).weigh(facts));
      }),
      runs,
    );
  });

  test("that are damaged are refused, and members of no field are left out", () => {
    const good = { kind: "transfer", amount: "5", date: "1" };
    for (const damage of [
      { kind: "constructor" },
      { kind: 5 },
      { amount: 5 },
      { amount: "-5" },
      { amount: "0x5" },
      { to: 7 },
      { ownRecipient: "yes" },
    ]) {
      expect(() => factsFromJson({ ...good, ...damage } as { [name: string]: Json }), JSON.stringify(damage)).toThrow(
        expect.objectContaining({ code: "json/malformed" }),
      );
    }
    expect(() => factsFromJson({ kind: "call", args: { x: { int: "1e3" } } })).toThrow(expect.objectContaining({ code: "json/malformed" }));
    expect(factsFromJson({ ...good, nonsense: 1, gas: "7" })).toEqual({ kind: "transfer", amount: 5n, date: 1n });
  });

  test("keep what outlives a replacement, and an argument named like the prototype", () => {
    const args = Object.fromEntries([
      ["__proto__", 5n],
      ["x", "a"],
    ]);
    const [facts] = factsOf({ effects: [{ kind: "call", at: [], outlives: true, args }] }, { now: 0, mode: "normal" });
    expect(factsToJson(facts!)).toMatchObject({ kind: "call", outlives: true });
    const back = factsFromJson(JSON.parse(canonical(factsToJson(facts!))));
    expect(back.outlives).toBe(true);
    expect(Object.entries(back.args!)).toEqual([
      ["__proto__", 5n],
      ["x", "a"],
    ]);
  });
});
