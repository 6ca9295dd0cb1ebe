import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EffectKind } from "../../../src/intent/effect.ts";
import { deadRules } from "../../../src/policy/analyze/dead.ts";
import { diffPolicies } from "../../../src/policy/analyze/diff.ts";
import { answer, type Question } from "../../../src/policy/analyze/question.ts";
import type { Condition, Credential, Policy, Rule } from "../../../src/policy/core.ts";
import { parsePolicy } from "../../../src/policy/parse.ts";
import { parseAddress } from "../addresses.ts";
import { conditions, PEOPLE, policies, rules } from "../generate.ts";
import { readRealistic, realisticDocument, realisticPolicy } from "./realistic.ts";
import { typed, typedRule } from "./typed.ts";
import { openZ3, type Z3 } from "./z3.ts";
import { differenceScripts, mattersScripts, questionScript } from "./z3-questions.ts";

let z3: Z3;
beforeAll(async () => {
  z3 = await openZ3();
});
afterAll(() => z3.close());

/** Some of the people are machines, and sign in otherwise than the others. */
const peopled = fc.tuple(policies, fc.uniqueArray(fc.constantFrom(...PEOPLE))).map(([drawn, machines]): Policy => {
  const people = new Map<string, readonly Credential[]>([
    ["ana", [{ kind: "unlock" }, { kind: "secp256k1", publicKey: "02" }]],
    ["ben", [{ kind: "eip712", address: "0x01" }]],
    ["bot", [{ kind: "unlock" }]],
  ]);
  for (const machine of machines) people.set(machine, [{ kind: "service", publicKey: "03" }]);
  return typed({ ...drawn, people, rules: drawn.rules.filter(({ when }) => !paysPeople(when)) });
});

const FEW: readonly EffectKind[] = ["transfer", "fee", "allowance", "call", "policyEdit", "export"];
const questions = fc
  .record({ kinds: fc.constant(FEW), when: conditions })
  .map(typedRule)
  .filter(({ kinds, when }) => kinds.length > 0 && !paysPeople(when));

/** Payments go to addresses: the parser turns whatever is written into one. */
function paysPeople(condition: Condition): boolean {
  if (condition.op === "not") return paysPeople(condition.of);
  if (condition.op === "all" || condition.op === "any") return condition.of.some(paysPeople);
  return condition.op === "in" && condition.field === "to" && PEOPLE.some((person) => condition.values.has(person));
}

async function sampled<T>(arbitrary: fc.Arbitrary<T>, numRuns: number, check: (value: T) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns });
}

describe("z3, which knows nothing of boxes and regions", () => {
  test("answers random questions about random policies alike", async () => {
    const count = { yes: 0, no: 0, inconclusive: 0 };
    const asked = fc.record(
      {
        fewerThan: fc.integer({ min: 1, max: 3 }),
        by: fc.uniqueArray(fc.constantFrom(...PEOPLE), { minLength: 1 }).map((people) => new Set(people)),
        mode: fc.constantFrom("normal", "emergency"),
      },
      { requiredKeys: [] },
    );
    await sampled(fc.tuple(peopled, questions, asked), 150, async ([policy, question, more]) => {
      const whole = { ...question, ...more } as Question;
      const found = answer(policy, whole);
      count[found.kind]++;
      if (found.kind === "inconclusive") return;
      expect(await z3.isSatisfiable(questionScript(policy, whole))).toBe(found.kind === "yes");
    });
    expect(Math.min(count.yes, count.no)).toBeGreaterThan(20);
    expect(count.inconclusive).toBeLessThan(20);
  });

  test("answers questions about realistic policies alike", async () => {
    const count = { yes: 0, no: 0 };
    for (let seed = 1; seed <= 5; seed++) {
      const policy = realisticPolicy(10 + 10 * seed, { seed });
      for (const fewerThan of [1, 2]) {
        for (const least of [4_900n * 10n ** 6n, 4_900n * 10n ** 18n, 10n ** 24n]) {
          const by = seed % 3 === 0 ? { by: new Set(["p1", "p2", "p5"]) } : {};
          const question: Question = {
            kinds: ["transfer"],
            when: { op: "within", field: "amount", intervals: [[least, 2n ** 255n]] },
            fewerThan,
            ...by,
          };
          const found = answer(policy, question);
          if (found.kind === "inconclusive") throw new Error(found.why);
          count[found.kind]++;
          expect(await z3.isSatisfiable(questionScript(policy, question))).toBe(found.kind === "yes");
        }
      }
    }
    expect(Math.min(count.yes, count.no)).toBeGreaterThan(5);
  });

  test(
    "finds rules that matter alike",
    async () => {
      const count = { dead: 0, live: 0 };
      await sampled(peopled, 30, async (policy) => {
        const found = deadRules(policy);
        if (found.kind !== "exact") throw new Error(found.why);
        const dead = new Set(found.dead.map(({ rule }) => rule));
        const scripts = mattersScripts(policy);
        for (const rule of policy.rules) {
          count[dead.has(rule.id) ? "dead" : "live"]++;
          const matters = await z3.isSatisfiable(`${scripts.common}\n${scripts.of(rule)}`);
          // What a rule asks on top of others is looked at for everybody at once, and a total apart from its amount: so one that does
          // nothing may be kept, but none that does something is called dead.
          if (dead.has(rule.id) || ((rule.type === "allow" || rule.type === "forbid") && !speaksOfTotals(policy)))
            expect([rule.id, matters]).toEqual([rule.id, !dead.has(rule.id)]);
        }
      });
      expect(Math.min(count.dead, count.live)).toBeGreaterThan(20);
    },
    TIMEOUT,
  );

  test(
    "finds rules of a realistic policy that matter alike",
    async () => {
      const policy = realisticPolicy(30, { seed: 3 });
      const found = deadRules(policy);
      if (found.kind !== "exact") throw new Error(found.why);
      const dead = new Set(found.dead.map(({ rule }) => rule));
      const scripts = mattersScripts(policy);
      for (const rule of policy.rules) {
        const matters = await z3.isSatisfiable(`${scripts.common}\n${scripts.of(rule)}`);
        expect([rule.id, matters]).toEqual([rule.id, !dead.has(rule.id)]);
      }
    },
    TIMEOUT,
  );

  test(
    "finds rules of the worked policies that matter alike",
    async () => {
      for (const name of WORKED) {
        const policy = worked(name);
        const found = deadRules(policy);
        if (found.kind !== "exact") throw new Error(found.why);
        const dead = new Set(found.dead.map(({ rule }) => rule));
        const scripts = mattersScripts(policy);
        for (const rule of policy.rules) {
          const matters = await z3.isSatisfiable(`${scripts.common}\n${scripts.of(rule)}`);
          expect([name, rule.id, matters]).toEqual([name, rule.id, !dead.has(rule.id)]);
        }
      }
    },
    TIMEOUT,
  );

  test(
    "finds two random policies alike where their difference is empty, and what it is where it is not",
    async () => {
      const count = { same: 0, wider: 0, narrower: 0, asks: 0 };
      await sampled(fc.tuple(policies, edits), 50, async ([drawn, edit]) => {
        const before = typed(drawn);
        await compare(before, typed({ ...drawn, rules: edit(drawn.rules) }), count);
      });
      expect(Math.min(count.same, count.wider, count.narrower)).toBeGreaterThan(1);
    },
    TIMEOUT,
  );

  test(
    "finds realistic policies alike where their difference is empty, and what it is where it is not",
    async () => {
      const count = { same: 0, wider: 0, narrower: 0, asks: 0 };
      for (let seed = 1; seed <= 8; seed++) {
        const document = realisticDocument(40, { seed });
        const changed = document.rules.flatMap((rule, index) => {
          if (index !== 2 + 4 * seed) return [rule];
          return seed % 2 === 0 ? [] : [{ ...rule, when: { ...rule.when, chain: "eip155:3" } }];
        });
        await compare(readRealistic(document), readRealistic({ ...document, rules: changed }), count);
      }
      expect(count.same).toBeLessThan(8);
    },
    TIMEOUT,
  );

  test(
    "finds what an edit of the hot wallet changes, and what the same edit back does",
    async () => {
      const count = { same: 0, wider: 0, narrower: 0, asks: 0 };
      const [before, after] = [worked("hot-wallet"), worked("hot-wallet-edited")];
      await compare(before, after, count);
      await compare(after, before, count);
      expect(count).toMatchObject({ same: 0, wider: 1, narrower: 1, asks: 2 });
    },
    TIMEOUT,
  );
});

const TIMEOUT = 120_000;
const WORKED = ["hot-wallet", "hot-wallet-edited", "team-treasury", "spending-agent", "btc-sweep"];

function worked(name: string): Policy {
  return parsePolicy(readFileSync(new URL(`../../../examples/policies/${name}.json`, import.meta.url)), { parseAddress });
}

function speaksOfTotals({ rules: list }: Policy): boolean {
  return JSON.stringify(
    list.map(({ when }) => when),
    (_, value) => (typeof value === "bigint" ? null : value),
  ).includes('"total"');
}

const edits = fc.oneof(
  fc.nat(6).map((drop) => (list: readonly Rule[]) => list.filter((_, index) => index !== drop)),
  rules("x", 2).map((more) => (list: readonly Rule[]) => [...list, ...more]),
);

async function compare(
  before: Policy,
  after: Policy,
  count: { same: number; wider: number; narrower: number; asks: number },
): Promise<void> {
  const found = diffPolicies(before, after);
  if (found.kind !== "exact") return;
  const scripts = differenceScripts(before, after);
  const changes = new Set(found.differences.filter(({ shown }) => shown).map(({ change }) => change));
  if (found.differences.length === 0) count.same++;
  for (const [what, change] of [
    ["wider", "newlyAllowed"],
    ["narrower", "newlyDenied"],
  ] as const) {
    if (changes.has(change)) count[what]++;
    // What is shown is there; what is there is among the differences, shown or not.
    const there = await z3.isSatisfiable(scripts[what]);
    if (changes.has(change)) expect([change, there]).toEqual([change, true]);
    if (there) expect(found.differences.map(({ change: name }) => name)).toContain(change);
  }
  if (!(await z3.isSatisfiable(scripts.asks))) return;
  count.asks++;
  expect(found.differences.some(({ change }) => change === "weaker" || change === "stronger")).toBe(true);
}
