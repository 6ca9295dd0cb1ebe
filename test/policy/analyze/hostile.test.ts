import { describe, expect, test } from "vitest";
import { FIELDS, type Field } from "../../../src/intent/fields.ts";
import { authorityOf } from "../../../src/policy/analyze/authorities.ts";
import { channelsOf } from "../../../src/policy/analyze/channels.ts";
import { deadRules } from "../../../src/policy/analyze/dead.ts";
import { diffPolicies, isProvenNarrower } from "../../../src/policy/analyze/diff.ts";
import { maximumLoss, reachableOf } from "../../../src/policy/analyze/loss.ts";
import { answer } from "../../../src/policy/analyze/question.ts";
import { stolenSets } from "../../../src/policy/analyze/stolen.ts";
import type { Condition, Policy, Rule } from "../../../src/policy/core.ts";
import { policyOf } from "../generate.ts";
import { readRealistic } from "./realistic.ts";

const WIDE: readonly Field[] = ["amount", "feeRate", "inputs", "outputs", "expiry", "tokenId", "recipientAge", "date"].filter(
  (field): field is Field => FIELDS[field as Field].type === "integer",
);

/** Rules of which each is wide in all but a few fields, so that regions multiply: the worst there is for an analysis by regions. */
function wide(count: number): Policy {
  let state = 11;
  const draw = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const rules = Array.from({ length: count }, (_, index): Rule => {
    const of = [0, 1, 2].map((): Condition => {
      const low = BigInt(draw(1000));
      return { op: "within", field: WIDE[draw(WIDE.length)] as Field, intervals: [[low, low + BigInt(300 + draw(400))]] };
    });
    const id = `w${index}`;
    const base = { id, kinds: ["transfer"] as const, when: { op: "all", of } as const };
    const clause = { of: "ana", members: [{ person: "ana" }], atLeast: 1 };
    if (index % 3 === 0) return { ...base, type: "allow" };
    if (index % 3 === 1) return { ...base, type: "forbid" };
    return { ...base, type: "require", approvals: [[clause]], delayMs: index, confirm: false, expiresMs: 1 };
  });
  return policyOf(rules);
}

describe("rules that are made to be hard", () => {
  const policy = wide(150);
  const fewer = { ...policy, rules: policy.rules.slice(1) };
  const attack = { stolen: new Set(["ana"]), mode: "normal", horizonMs: 86_400_000, from: 0 };

  test("are left undecided where the work runs out, by every question, and never called safe", () => {
    const work = 200;
    expect(deadRules(policy, { work }).kind).toBe("inconclusive");
    expect(diffPolicies(policy, fewer, { work }).kind).toBe("inconclusive");
    expect(isProvenNarrower(policy, fewer, { work })).toBe(false);
    for (const fewerThan of [1, 2]) expect(answer(policy, { kinds: ["transfer"], fewerThan }, { work: 3 }).kind).toBe("inconclusive");
    expect(maximumLoss(policy, attack, { asset: "eip155:1/native" }, { work: 3 })).toMatchObject({
      status: "inconclusive",
      amount: undefined,
    });
  });

  test("are decided with enough work as with more", () => {
    const small = wide(24);
    for (const fewerThan of [1, 2]) {
      const kinds = [1, 10, 100, 1_000, 20_000].map((work) => answer(small, { kinds: ["transfer"], fewerThan }, { work }).kind);
      const decided = new Set(kinds.filter((kind) => kind !== "inconclusive"));
      expect(decided.size).toBe(1);
      expect(kinds.at(-1)).not.toBe("inconclusive");
    }
  });

  test("end when they are told to", () => {
    const aborted = AbortSignal.abort();
    expect(() => answer(policy, { kinds: ["transfer"] }, { signal: aborted })).toThrow(aborted.reason);
    expect(() => deadRules(policy, { signal: aborted })).toThrow(aborted.reason);
    expect(() => diffPolicies(policy, fewer, { signal: aborted })).toThrow(aborted.reason);
  });
});

describe("names that mean something to JavaScript, or look alike", () => {
  const address = (number: number) => `0x${String(number).padStart(40, "0")}`;
  // Latin and Cyrillic a; members that every object has.
  const people = ["constructor", "toString", "valueOf", "hasOwnProperty"];
  const document = {
    keyward: "policy/1",
    name: "pаy and pay",
    immutable: true,
    assets: { constructor: { chain: "eip155:1", asset: "native", decimals: 18 } },
    book: Object.fromEntries(people.map((name, index) => [`${name}-b`, { chain: "eip155:1", address: address(index + 1) }])),
    people: Object.fromEntries(people.map((name, index) => [name, [{ kind: "eip712", address: address(index + 10) }]])),
    roles: { isPrototypeOf: people },
    rules: [
      { id: "fees", allow: ["fee"], when: { asset: "constructor", amount: { max: "1 constructor" } } },
      { id: "pay", allow: ["transfer"], when: { asset: "constructor", requester: "role:isPrototypeOf" } },
      { id: "ask", require: ["transfer"], approvals: [{ of: "isPrototypeOf", atLeast: 2 }] },
      { id: "constructor", limit: ["outflow"], when: { asset: "constructor" }, max: "3 constructor", per: "24h" },
    ],
  };

  test("are names like any other in every answer", () => {
    const policy = readRealistic(document);
    const attack = { stolen: new Set(people.slice(0, 3)), mode: "normal", horizonMs: 86_400_000, from: 0 };
    expect(answer(policy, { kinds: ["transfer"], fewerThan: 2 })).toMatchObject({ kind: "no" });
    expect(answer(policy, { kinds: ["transfer"], fewerThan: 3 })).toMatchObject({ kind: "yes" });
    expect(deadRules(policy)).toEqual({ kind: "exact", dead: [] });
    expect(diffPolicies(policy, policy)).toMatchObject({ kind: "exact", differences: [] });
    expect(reachableOf(policy)).toContainEqual({ asset: "eip155:1/native" });
    expect(maximumLoss(policy, attack, { asset: "eip155:1/native" })).toMatchObject({ status: "exact", amount: 3n * 10n ** 18n });
    expect(stolenSets(policy, { k: 1 }).map(({ name }) => name)).toEqual(expect.arrayContaining(people));
    expect(authorityOf(policy).length).toBeGreaterThan(0);
    expect(channelsOf(policy, attack)).toEqual([]);
  });

  test("that would be an object's prototype are refused at their place", () => {
    const text = JSON.stringify(document).replace('"toString":[', '"__proto__":[');
    expect(() => readRealistic(JSON.parse(text))).toThrow(/people/);
  });
});
