import fc from "fast-check";
import { expect, test } from "vitest";
import { ACT_KINDS, EFFECT_KINDS, type EffectKind } from "../../../src/intent/effect.ts";
import { type Box, boxesOf, ofKinds } from "../../../src/policy/analyze/boxes.ts";
import { groundOf } from "../../../src/policy/analyze/ground.ts";
import { about, itemsOf, Outcomes, rulesIn } from "../../../src/policy/analyze/items.ts";
import type { Item } from "../../../src/policy/analyze/regions.ts";
import { conditions, policies } from "../generate.ts";
import { realisticPolicy } from "./realistic.ts";
import { typed, typedRule } from "./typed.ts";

const kinds = fc.subarray<EffectKind>([...EFFECT_KINDS, ...ACT_KINDS], { minLength: 1 });
// A question asks where something is certainly so; where it is only possibly so, values are unknown too.
const how = fc.constantFrom("certainly", "possibly");
const topics = fc.array(fc.record({ kinds, when: conditions, how }).map(typedRule), { minLength: 1, maxLength: 3 });

/** What each rule says, by its words. */
function saidBy(items: readonly Item[], outcomes: Outcomes) {
  return items.map(({ outcome, boxes }) => {
    const said = outcomes.at(outcome);
    return { what: said.what, rule: "rule" in said ? said.rule?.id : undefined, boxes };
  });
}

test("rules that are left out before they are drawn have no say in what is asked about", () => {
  let left = 0;
  fc.assert(
    fc.property(policies, topics, fc.constantFrom("normal", "emergency", "frozen"), fc.boolean(), (drawn, asking, mode, counts) => {
      const policy = typed(drawn);
      const ground = groundOf(policy);
      const { space } = ground;
      fc.pre(asking.every(({ when }) => space.knows(when)));
      const asked = asking.flatMap((topic): readonly Box[] => ofKinds(space, topic.kinds, boxesOf(space, topic.when, topic.how)));
      const outcomes = new Outcomes();
      const all = about(itemsOf(space, rulesIn(policy, mode), outcomes, { counts }), asked);
      const allows = all.some(({ outcome }) => outcomes.at(outcome).what === "allowed");
      const found = ground.items(mode, asked, { counts });
      expect(saidBy(found, ground.outcomes)).toEqual(allows ? saidBy(all, outcomes) : []);
      if (found.length > 0 && found.length < rulesIn(policy, mode).length) left++;
    }),
    { numRuns: 1500 },
  );
  expect(left).toBeGreaterThan(100);
});

test("of many rules about single assets a question about one draws few", () => {
  const policy = realisticPolicy(300);
  const ground = groundOf(policy);
  const asset = { op: "in", field: "asset", values: new Set(["eip155:1/native"]) } as const;
  const asked = ofKinds(ground.space, ["transfer"], boxesOf(ground.space, asset, "certainly"));
  const outcomes = new Outcomes();
  const said = saidBy(ground.items("normal", asked), ground.outcomes);
  expect(said).toEqual(saidBy(about(itemsOf(ground.space, policy.rules, outcomes), asked), outcomes));
  expect(said.length).toBeGreaterThan(0);
  expect(said.length).toBeLessThan(30);
});
