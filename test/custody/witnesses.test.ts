import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { CustodyError } from "../../src/base/errors.ts";
import { reading } from "../../src/cli/chains.ts";
import { rehearseInCustody } from "../../src/custody/rehearsal.ts";
import { ACT_KINDS, EFFECT_KINDS } from "../../src/intent/effect.ts";
import { authorityOf } from "../../src/policy/analyze/authorities.ts";
import { channelsOf } from "../../src/policy/analyze/channels.ts";
import { diffPolicies } from "../../src/policy/analyze/diff.ts";
import { escalationsOf } from "../../src/policy/analyze/escalations.ts";
import { answer } from "../../src/policy/analyze/question.ts";
import { stolenSets } from "../../src/policy/analyze/stolen.ts";
import type { Policy } from "../../src/policy/core.ts";
import { typed } from "../policy/analyze/typed.ts";
import { NOW, policies } from "../policy/generate.ts";
import { document as documentWith, FRIEND, OTHER } from "./fixture.ts";
import { type Claim, credentials, deriveCoins, enact, examplesOf, neededBy } from "./witnessed.ts";

const FOLDER = new URL("../../examples/policies/", import.meta.url);
const NAMES = readdirSync(FOLDER)
  .map((name) => name.slice(0, -".json".length))
  .sort();
const FROM = Date.UTC(2026, 10, 23, 12);

const documentOf = (name: string): unknown => JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
const policyOf = (document: unknown): Policy => reading.policy(JSON.stringify(document));

beforeAll(() => deriveCoins("bip122:000000000019d6689c085ae165831e93"));

/** Everything that an audit shows one request of, with what it says of it. */
function claimsOf(policy: Policy, from: number): readonly Claim[] {
  const examples = examplesOf(policy);
  const modes = ["normal", ...policy.modes.keys()];
  const sets = stolenSets(policy, { k: 2 });
  const answers = [...EFFECT_KINDS, ...ACT_KINDS].flatMap((kind) =>
    modes.flatMap((mode) => {
      const found = answer(policy, { kinds: [kind], mode, from }, { examples });
      return found.kind === "yes" ? [found] : [];
    }),
  );
  const channels = sets.flatMap(({ people }) =>
    modes.flatMap((mode) => channelsOf(policy, { stolen: new Set(people), mode, from, horizonMs: 1e12 }, { examples })),
  );
  const escalations = sets.flatMap((set) => escalationsOf(policy, set, { from, examples }).flatMap(({ acts }) => acts));
  const shown = [
    ...answers,
    ...channels.map(({ witness, approvers, delayMs }) => ({ witness, approvers, delayMs })),
    ...escalations.map(({ witness, approvers, delayMs }) => ({ witness, approvers, delayMs })),
    ...authorityOf(policy, { from, examples }).map(({ witness, people, delayMs }) => ({
      witness,
      approvers: people?.slice(1) ?? [],
      delayMs,
    })),
  ];
  return shown.flatMap(({ witness, approvers, delayMs }) => (witness === undefined ? [] : [{ witness, approvers, delayMs }]));
}

/** What the code of a custody makes of a claim, without bytes: asked when its delay begins, and signed when it is over. */
function rehearsed(policy: Policy, { witness, approvers, delayMs }: Claim) {
  const from = witness.circumstances.now - delayMs;
  const step = { askedMs: 0, signedMs: delayMs, witness, approvers, times: 1n };
  const early = { ...step, signedMs: delayMs - 1 };
  return {
    inTime: rehearseInCustody(policy, { from, steps: [step] }),
    early: delayMs > 0 ? rehearseInCustody(policy, { from, steps: [early] }) : undefined,
  };
}

describe("what an audit shows of the worked policies", () => {
  test.each(NAMES)("%s: is let through by the code of a custody, with these answers and after this delay", (name) => {
    const policy = policyOf(documentOf(name));
    const claims = claimsOf(policy, FROM);
    expect(claims.length).toBeGreaterThan(10);
    for (const claim of claims) {
      const { inTime, early } = rehearsed(policy, claim);
      expect(inTime, JSON.stringify(inTime.steps, bare) + JSON.stringify(claim, bare)).toMatchObject({ complete: true });
      expect(early?.complete ?? false).toBe(false);
    }
  });

  test.each(NAMES)("%s: is signed in a real custody, as its own bytes", async (name) => {
    const document = documentOf(name);
    const policy = policyOf(document);
    const enacted = new Map<string, string>();
    for (const claim of distinct(claimsOf(policy, FROM))) {
      const done = await enact(document, policy, claim);
      if (done === undefined) continue;
      const what = JSON.stringify([done, claim], bare);
      const needs = neededBy(policy, claim);
      expect(done.needs, what).toEqual(needs);
      expect(done.kinds, what).toEqual([...(needs.length > 0 ? ["pending"] : []), ...(claim.delayMs > 0 ? ["pending"] : []), "signed"]);
      enacted.set(what, name);
    }
    expect(enacted.size).toBeGreaterThan(0);
  });

  test("of two of them is signed under one and not under the other", async () => {
    const [before, after] = ["hot-wallet", "hot-wallet-edited"].map(documentOf);
    const [old, edited] = [policyOf(before), policyOf(after)];
    const count = { newlyAllowed: 0, newlyDenied: 0, weaker: 0, stronger: 0 };
    const { differences } = diffPolicies(old, edited, { examples: examplesOf(edited) });
    for (const { change, witness } of differences) {
      const claim = { witness, approvers: ["cyd", "dee"], delayMs: 0 };
      const asked = async (document: unknown, policy: Policy, by: Policy) => {
        const done = await enact(document, by, claim);
        return (
          done && {
            ...done,
            rehearsed: rehearseInCustody(policy, {
              from: witness.circumstances.now,
              steps: [{ askedMs: 0, signedMs: 0, witness, approvers: [], times: 1n }],
            }),
          }
        );
      };
      const to = change === "newlyDenied" ? old : edited;
      const [was, is] = [await asked(before, old, to), await asked(after, edited, to)];
      if (was === undefined || is === undefined) continue;
      count[change]++;
      const end = (kinds: readonly string[]) => kinds.at(-1);
      if (change === "newlyAllowed") expect([end(was.kinds), end(is.kinds)]).toEqual(["denied", "signed"]);
      if (change === "newlyDenied") expect([end(was.kinds), end(is.kinds)]).toEqual(["signed", "denied"]);
      if (change === "weaker") expect(was.needs.length).toBeGreaterThan(is.needs.length);
      if (change === "stronger") expect(was.needs.length).toBeLessThan(is.needs.length);
    }
    expect(count.newlyAllowed + count.weaker).toBeGreaterThan(1);
  });
});

/** Random documents of real people: what they let pass waits, asks and confirms by requester, amount, date and session. */
const keyed = (index: number, kind = "secp256k1") => ({ kind, publicKey: credentials[index]?.publicKey });
const people = {
  owner: [{ kind: "unlock" }],
  ana: [keyed(0)],
  ben: [keyed(1)],
  cyd: [keyed(2), keyed(4, "secp256k1")],
  bot: [keyed(3, "service")],
};
const kinds = fc.constantFrom(["transfer"], ["modeChange"], ["transfer", "statement"], ["statement", "modeChange"]);
const isOf = (list: readonly string[], kind: string) => list.includes(kind);
const date = fc.constantFrom("2026-11-22", "2026-11-23T20:00:00Z", "2026-11-24T18:00:00Z", "2026-11-30");
const when = (of: readonly string[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.subarray(["owner", "ana", "ben", "cyd"], { minLength: 1 }).map((requester) => ({ requester })) },
    { weight: 1, arbitrary: date.map((from) => ({ date: { from } })) },
    { weight: 1, arbitrary: date.map((until) => ({ date: { until } })) },
    { weight: 1, arbitrary: fc.constantFrom("unlock", "secp256k1").map((session) => ({ session })) },
    ...(isOf(of, "transfer") && of.length === 1
      ? [{ weight: 2, arbitrary: fc.constantFrom("1 ETH", "0.5 ETH").map((min) => ({ asset: "ETH", amount: { min } })) }]
      : []),
  );
const approvals = fc
  .subarray(["owner", "ana", "ben", "cyd"], { minLength: 1, maxLength: 2 })
  .map((names) => names.map((of) => ({ of, atLeast: 1 })));
const requires = kinds.chain((of) =>
  fc.record({
    require: fc.constant(of),
    when: when(of),
    ...{
      approvals: fc.option(approvals, { nil: undefined }),
      delay: fc.constantFrom(undefined, "1h", "24h", "24h"),
      confirm: fc.constantFrom(undefined, true),
    },
  }),
);
const documents = fc
  .record({ asking: fc.array(requires, { minLength: 1, maxLength: 4 }), forbidden: fc.option(when([]), { nil: undefined }) })
  .map(({ asking, forbidden }) => {
    const rules = [
      { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "@book" } },
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
      { id: "acts", allow: ["modeChange", "statement"] },
      ...(forbidden === undefined || Object.keys(forbidden).length === 0
        ? []
        : [{ id: "not", forbid: ["transfer", "statement"], when: forbidden }]),
      ...asking
        .map((each, index) => ({ id: `r${index}`, ...Object.fromEntries(Object.entries(each).filter(([, value]) => value !== undefined)) }))
        .filter((each) => "approvals" in each || "delay" in each || "confirm" in each),
    ];
    const book = { friend: { chain: "eip155:1", address: FRIEND }, other: { chain: "eip155:1", address: OTHER } };
    return documentWith(rules, { more: { people, book } });
  });

describe("what an audit shows of random policies", () => {
  test("is signed in a real custody, after these answers and this delay", async () => {
    const count = { signed: 0, delayed: 0, answered: 0, late: 0 };
    await fc.assert(
      fc.asyncProperty(
        documents,
        fc.constantFrom("transfer", "modeChange", "statement"),
        fc.integer({ min: 1, max: 15 }),
        async (document, kind, set) => {
          let policy: Policy;
          try {
            policy = policyOf(document);
          } catch (cause) {
            // Of quorums that nobody can reach, the parser lets none pass.
            if (cause instanceof CustodyError) return;
            throw cause;
          }
          const by = new Set(["owner", "ana", "ben", "cyd"].filter((_, index) => (set & (1 << index)) !== 0));
          const claim = answer(policy, { kinds: [kind as "transfer"], by, from: FROM }, { examples: examplesOf(policy) });
          if (claim.kind !== "yes") return;
          const plain = await enact(document, policy, claim);
          if (plain === undefined) return;
          const done = plain.kinds.at(-1) === "signed" ? plain : await enact(document, policy, { ...claim, isEarly: true });
          const what = JSON.stringify([plain, done, claim, document], bare);
          expect(done?.kinds.at(-1), what).toBe("signed");
          // Nothing leaves before its delay is over.
          if (claim.delayMs > 0) expect(done?.kinds.slice(0, -1), what).toEqual(["pending", "pending"]);
          if (claim.delayMs === 0) expect(plain.needs, what).toEqual(neededBy(policy, claim));
          count.signed++;
          if (claim.delayMs > 0) count.delayed++;
          if (claim.approvers.length > 0) count.answered++;
          if (done !== plain) count.late++;
        },
      ),
      { numRuns: 100 },
    );
    expect(Math.min(count.signed, count.delayed, count.answered)).toBeGreaterThan(3);
  }, 120_000);

  test("is let through by the code of a custody, with these answers and after this delay", () => {
    const count = { shown: 0 };
    const credentialsOf = new Map(
      ["ana", "ben", "bot"].map((person, index) => [person, [keyed(index, person === "bot" ? "service" : "secp256k1")]]),
    );
    fc.assert(
      fc.property(policies, (drawn) => {
        const policy = { ...typed(drawn), people: credentialsOf as never };
        for (const claim of distinct(claimsOf(policy, NOW - 5))) {
          const { inTime, early } = rehearsed(policy, claim);
          expect(inTime, JSON.stringify([inTime.steps, claim], bare)).toMatchObject({ complete: true });
          expect(early?.complete ?? false).toBe(false);
          count.shown++;
        }
      }),
      { numRuns: 40 },
    );
    expect(count.shown).toBeGreaterThan(300);
  }, 120_000);
});

const bare = (_: string, value: unknown) => (typeof value === "bigint" ? `${value}` : value);

function distinct(claims: readonly Claim[]): readonly Claim[] {
  return [...new Map(claims.map((claim) => [JSON.stringify(claim, bare), claim])).values()];
}
