import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Effect, UNLIMITED } from "../../../src/intent/effect.ts";
import type { Charge } from "../../../src/intent/verdict.ts";
import { type Decided, type PastEnd, type PastRequest, replayHistory } from "../../../src/policy/analyze/history.ts";
import type { LimitRule, Policy, Rule } from "../../../src/policy/core.ts";
import { interpret } from "../../../src/policy/interpret.ts";
import { NOW, PEOPLE, policies, policyOf, effects as someEffects } from "../generate.ts";

const HOUR = 3_600_000;

type Entry = PastRequest | PastEnd;

/** Requests in the order of time; what was reserved is signed, lapses, or stays open. */
const histories = fc
  .array(
    fc.record({
      effects: fc.array(someEffects, { minLength: 1, maxLength: 2 }),
      requester: fc.constantFrom(...PEOPLE),
      mode: fc.constantFrom("normal", "normal", "emergency"),
      waitMs: fc.constantFrom(0, 1, HOUR - 1, HOUR, 24 * HOUR),
      lane: fc.constantFrom(undefined, undefined, "a", "b"),
      was: fc.constantFrom<Decided["verdict"] | undefined>(undefined, "allow", "pending", "deny"),
      became: fc.constantFrom<PastRequest["became"]>(undefined, "signed", "reserved", "nothing"),
      ended: fc.constantFrom<PastEnd["ended"] | undefined>("signed", "lapsed", undefined),
    }),
    { maxLength: 12 },
  )
  .map((drawn): readonly Entry[] => {
    let now = NOW;
    return drawn.flatMap(({ effects, requester, mode, waitMs, lane, was, became, ended }, place): Entry[] => {
      now += waitMs;
      const asked = { id: `${place}`, lane };
      const circumstances = { requester, now, mode };
      const request: PastRequest = {
        ...asked,
        ...{ place, effects, refusals: [], circumstances },
        ...(was !== undefined && { was: { verdict: was, needs: [] } }),
        ...(became !== undefined && { became }),
      };
      const end = became === "reserved" && ended !== undefined ? [{ ...asked, ended, at: now }] : [];
      return [request, ...end];
    });
  });

interface Held {
  readonly lane: string;
  readonly charges: readonly Charge[];
  at: number | undefined;
}

/** Read aloud: every request is judged by the plain interpreter, against all that counts at its moment. */
function naively(policy: Policy, entries: readonly Entry[]): readonly Decided["verdict"][] {
  const held = new Map<string, Held>();
  const rules = [...policy.rules, ...[...policy.modes.values()].flatMap((mode) => mode.rules)];
  const windowOf = (limit: string) => (rules.find(({ id }) => id === limit) as LimitRule).windowMs;
  const sum = ({ limit, bucket }: Charge, now: number, all: readonly Held[]) => {
    const window = windowOf(limit);
    const moment = ({ at }: Held) => at ?? Number.POSITIVE_INFINITY;
    const counts = (at: number) => window === "ever" || at > now - window;
    const drawn = all.flatMap((one) =>
      one.charges.filter((charge) => charge.limit === limit && charge.bucket === bucket).map((charge) => ({ one, charge })),
    );
    let total = 0n;
    for (const { one, charge } of drawn) if (counts(moment(one))) total += charge.lasting;
    for (const lane of new Set(drawn.map(({ one }) => one.lane))) {
      const together = drawn.filter(({ one }) => one.lane === lane);
      if (counts(Math.max(...together.map(({ one }) => moment(one)))))
        total += together.map(({ charge }) => charge.replaceable).reduce((a, b) => (a > b ? a : b));
    }
    return total < UNLIMITED ? total : UNLIMITED;
  };
  const verdicts: Decided["verdict"][] = [];
  for (const entry of entries) {
    if ("ended" in entry) {
      const mine = held.get(entry.id);
      if (mine !== undefined && entry.ended === "signed") mine.at = entry.at;
      else if (entry.ended === "lapsed") held.delete(entry.id);
      continue;
    }
    const { now } = entry.circumstances;
    const lane = entry.lane ?? `alone ${entry.id}`;
    const { reasons, needs, charges } = interpret(policy, { effects: entry.effects, refusals: [] }, entry.circumstances, {
      after: (charge) => ({ used: 0n, after: sum(charge, now, [...held.values(), { lane, charges: [charge], at: undefined }]) }),
    });
    const verdict = reasons.length > 0 ? "deny" : needs.length > 0 ? "pending" : "allow";
    verdicts.push(verdict);
    const counts = entry.became !== "nothing" || (entry.was?.verdict === "deny" && verdict === "allow");
    if (verdict !== "deny" && counts) held.set(entry.id, { lane, charges, at: entry.became === "reserved" ? undefined : now });
  }
  return verdicts;
}

describe("a history that is replayed", () => {
  test("is decided as the plain interpreter decides it, with sums over all that counts", () => {
    const seen = { allow: 0, pending: 0, deny: 0, limited: 0 };
    fc.assert(
      fc.property(policies, histories, (policy, entries) => {
        const expected = naively(policy, entries);
        const requests = entries.filter((entry): entry is PastRequest => !("ended" in entry));
        const report = replayHistory(policy, entries);
        for (const verdict of ["allow", "pending", "deny"] as const) {
          expect(report.verdicts[verdict]).toBe(expected.filter((each) => each === verdict).length);
          seen[verdict] += report.verdicts[verdict];
        }
        const differing = requests.flatMap(({ was, place }, at) => (was !== undefined && was.verdict !== expected[at] ? [place] : []));
        expect(report.differences.filter(({ change }) => change !== "needs-differ").map(({ place }) => place)).toEqual(differing);
        seen.limited += report.differences.filter(({ reasons }) => reasons.some(({ code }) => code === "limit/exceeded")).length;
      }),
      { numRuns: 1500 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(10);
  });

  test("against the same policy differs in nothing", () => {
    fc.assert(
      fc.property(policies, histories, (policy, entries) => {
        expect(replayHistory(policy, entries, { against: policy }).differences).toEqual([]);
      }),
    );
  });

  const transfer = (amount: bigint): Effect => ({
    kind: "transfer",
    at: [],
    chain: "eip155:1",
    asset: "native",
    account: "0x01",
    to: "0x02",
    amount,
  });
  const asked = (place: number, amount: bigint, more: Partial<PastRequest> = {}): PastRequest => ({
    ...{ place, id: `${place}`, effects: [transfer(amount)], refusals: [], circumstances: { requester: "ana", now: NOW, mode: "normal" } },
    ...more,
  });
  const allow: Rule = { id: "pay", type: "allow", kinds: ["transfer"], when: { op: "within", field: "amount", intervals: [[0n, 99n]] } };
  const tier: Rule = {
    ...{ id: "eyes", type: "require", kinds: ["transfer"], when: { op: "within", field: "total", intervals: [[50n, UNLIMITED]] } },
    ...{ approvals: [], delayMs: 1000, confirm: false, expiresMs: HOUR },
  };
  const spare: Rule = { id: "spare", type: "allow", kinds: ["call"], when: { op: "always" } };

  test("tells amounts within a tenth below a tier, the nearest of them, and never what is above or far below", () => {
    const { nearTiers, unused, rules } = replayHistory(
      policyOf([allow, tier, spare]),
      [44n, 45n, 49n, 50n, 89n, 90n, 99n].map((amount, place) => asked(place, amount)),
    );
    expect(nearTiers).toEqual([
      { rule: "eyes", type: "require", field: "total", tier: 50n, amount: 49n, place: 2, times: 2 },
      { rule: "pay", type: "allow", field: "amount", tier: 100n, amount: 99n, place: 6, times: 2 },
    ]);
    expect(unused).toEqual(["spare"]);
    expect(rules.map(({ rule, fired, passed }) => [rule, fired, passed])).toEqual([
      ["pay", 7, 7],
      ["eyes", 4, 4],
      ["spare", 0, 0],
    ]);
  });

  test("an allow that matched only what was denied otherwise is unused", () => {
    const never: Rule = { id: "never", type: "forbid", kinds: ["transfer"], when: { op: "always" } };
    const { unused, rules } = replayHistory(policyOf([allow, never]), [asked(0, 1n)]);
    expect(unused).toEqual(["pay"]);
    expect(rules[0]).toMatchObject({ fired: 1, passed: 0, last: 0 });
  });

  test("what no policy lifts stays denied, and is no difference", () => {
    const refusals = [{ code: "evm/no-chain-id", params: {}, text: "" }];
    const report = replayHistory(policyOf([allow]), [asked(0, 1n, { refusals, was: { verdict: "deny", needs: [] }, became: "nothing" })]);
    expect(report).toMatchObject({ verdicts: { deny: 1 }, differences: [] });
  });
});
