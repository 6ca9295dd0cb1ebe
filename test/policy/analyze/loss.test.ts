import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/base/canonical.ts";
import { DAY_MS, HOUR_MS } from "../../../src/base/time.ts";
import { rehearseInCustody } from "../../../src/custody/rehearsal.ts";
import type { Attack } from "../../../src/policy/analyze/attack.ts";
import { type Loss, maximumLoss, reachableOf } from "../../../src/policy/analyze/loss.ts";
import { rehearse } from "../../../src/policy/analyze/rehearse.ts";
import { agent, BTC, ETH, hotWallet, read, sweep, treasury, USDC_ASSET } from "./worked.ts";

const FROM = Date.UTC(2026, 0, 5);
const OPS = ["ana", "ben"];

function lossOf(document: JsonObject, stolen: readonly string[], horizonMs: number, what: Loss["what"], more: Partial<Attack> = {}): Loss {
  const policy = read(document);
  const loss = maximumLoss(policy, { stolen: new Set(stolen), mode: "normal", horizonMs, from: FROM, ...more }, what);
  // Whatever is shown was let through, all of it.
  const { steps, taken } = rehearse(policy, loss.sequence);
  expect(steps.filter(({ kind }) => kind !== "passed")).toEqual([]);
  if ("asset" in what) expect(taken.get(what.asset)?.amount ?? 0n).toBe(loss.shown);
  return loss;
}

const eth = (amount: number) => BigInt(amount * 1000) * 10n ** 15n;
const usdc = (amount: bigint) => amount * 10n ** 6n;

/** The daily limit of the hot wallet otherwise. */
const withDaily = (daily: JsonObject) => {
  const { rules, ...rest } = hotWallet();
  return { ...rest, rules: (rules as JsonObject[]).map((rule) => (rule.id === "daily" ? { ...rule, ...daily } : rule)) };
};

describe("a hot wallet", () => {
  test.each([
    [1, 50],
    [7, 200],
    [8, 250],
  ])("loses to its operators in %d days what its limits let through, in payments below four eyes", (days, lost) => {
    const loss = lossOf(hotWallet(), OPS, days * DAY_MS, ETH);
    expect(loss).toMatchObject({ status: "exact", amount: eth(lost), shown: eth(lost) });
    expect(loss.sequence.steps.every(({ witness }) => (witness.effects[0]?.amount ?? 0n) < eth(10))).toBe(true);
  });

  test("loses as fees no more than its limits let through together with payments", () => {
    const { rules, ...rest } = hotWallet();
    const feesAlone = { ...rest, rules: (rules as JsonObject[]).filter(({ id }) => id !== "pay") };
    expect(lossOf(feesAlone, ["cyd"], DAY_MS, ETH)).toMatchObject({ status: "exact", amount: eth(50), fees: eth(50) });
  });

  test("counts each person apart where a limit does, and all of its recipients", () => {
    expect(lossOf(withDaily({ by: ["requester"] }), OPS, DAY_MS, ETH)).toMatchObject({ status: "exact", amount: eth(100) });
    const toEach = hotWallet();
    const book = Object.fromEntries(["1", "2", "3"].map((digit) => [`p${digit}`, { chain: "eip155:1", address: `0x${digit.repeat(40)}` }]));
    const rules = [
      { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "@payees", requester: "role:ops" } },
      { id: "each", limit: ["transfer"], when: { asset: "ETH" }, max: "5 ETH", per: "24h", by: ["to"] },
      { id: "edit", allow: ["policyEdit"], when: { requester: "role:finance" } },
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
      { id: "fee-limit", limit: ["fee"], when: { asset: "ETH" }, max: "1 ETH", per: "24h" },
    ];
    const document = { ...toEach, book, lists: { payees: Object.keys(book) }, rules };
    expect(lossOf(document, OPS, DAY_MS, ETH)).toMatchObject({ status: "exact", amount: eth(16), fees: eth(1) });
  });

  test("loses nothing to somebody whom it lets do nothing, in a mode without rules, or before a delay is over", () => {
    expect(lossOf({ ...hotWallet(), modes: { quiet: { rules: [] } } }, OPS, DAY_MS, ETH, { mode: "quiet" })).toMatchObject({
      status: "exact",
      amount: 0n,
    });
    expect(lossOf(hotWallet(), ["nobody"], DAY_MS, ETH)).toMatchObject({ status: "exact", amount: 0n });
    const slow = hotWallet({ rules: [{ id: "slow", require: ["transfer", "fee"], approvals: [{ of: "ops", atLeast: 1 }], delay: "24h" }] });
    expect(lossOf(slow, OPS, DAY_MS, ETH)).toMatchObject({ status: "exact", amount: 0n });
    expect(lossOf(slow, OPS, 2 * DAY_MS, ETH)).toMatchObject({ status: "exact", amount: eth(50) });
    expect(lossOf(slow, OPS, 2 * DAY_MS, ETH).sequence.steps[0]).toMatchObject({ askedMs: 0, signedMs: DAY_MS });
  });

  test("loses nothing that waits longer than it takes to notice, if somebody who was not robbed can say no", () => {
    const slow = hotWallet({
      rules: [{ id: "slow", require: ["transfer", "fee"], approvals: [{ of: "finance", atLeast: 1 }], delay: "24h" }],
    });
    const stolen = [...OPS, "cyd"];
    expect(lossOf(slow, stolen, 2 * DAY_MS, ETH, { detectionMs: 25 * HOUR_MS }).amount).toBe(eth(50));
    expect(lossOf(slow, stolen, 2 * DAY_MS, ETH, { detectionMs: DAY_MS }).amount).toBe(0n);
    // Nobody is left to say no.
    expect(lossOf(slow, [...stolen, "dee", "eve"], 2 * DAY_MS, ETH, { detectionMs: DAY_MS }).amount).toBe(eth(50));
  });

  test("loses what only payments that waited together exceed, if a yes was said to them before anybody else is asked", () => {
    const { rules, ...rest } = hotWallet();
    const by = (of: string) => ({ approvals: [{ of, atLeast: 1 }] });
    const flood = (first: JsonObject) => ({
      ...rest,
      rules: [
        ...(rules as JsonObject[]).filter(({ id }) => !["four-eyes", "daily", "weekly"].includes(id as string)),
        { id: "slow", require: ["transfer"], ...first, delay: "24h" },
        { id: "daily", limit: ["transfer"], when: { asset: "ETH" }, max: "50 ETH", per: "24h", beyond: by("finance") },
        { id: "fee-limit", limit: ["fee"], when: { asset: "ETH" }, max: "1 ETH", per: "24h" },
      ],
    });
    const attack = { detectionMs: 12 * HOUR_MS };
    const loss = lossOf(flood(by("cyd")), ["ana", "cyd"], 25 * HOUR_MS, ETH, attack);
    expect(loss).toMatchObject({ status: "exact", amount: undefined });
    // Four that wait at once: the finance team is first asked when it is too late.
    const [step] = loss.sequence.steps;
    const four = rehearseInCustody(read(flood(by("cyd"))), { from: FROM, steps: step === undefined ? [] : [{ ...step, times: 4n }] });
    expect(four).toMatchObject({ complete: true });
    expect(four.taken.get(ETH.asset)?.amount).toBe(eth(200));
    // The scope of a session of their own can ask for that yes as well.
    expect(lossOf(flood({}), ["ana", "cyd"], 25 * HOUR_MS, ETH, attack).amount).toBeUndefined();
    expect(lossOf(flood(by("finance")), ["ana", "cyd"], 25 * HOUR_MS, ETH, attack).amount).toBe(eth(2));
  });

  test("loses what a rule that begins while it waits asks somebody else about", () => {
    const { rules, ...rest } = hotWallet();
    const late = { id: "late", require: ["transfer"], when: { date: { from: "2026-01-06" } }, approvals: [{ of: "finance", atLeast: 1 }] };
    const slow = { id: "slow", require: ["transfer"], approvals: [{ of: "cyd", atLeast: 1 }], delay: "24h" };
    const fees = { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" }, requester: "role:cfo" } };
    const others = (rules as JsonObject[]).filter(({ id }) => id !== "four-eyes" && id !== "fees");
    const document = { ...rest, rules: [...others, fees, slow, late] };
    const loss = lossOf(document, ["ana", "cyd"], 25 * HOUR_MS, ETH, { detectionMs: 12 * HOUR_MS });
    expect(loss).toMatchObject({ status: "exact", amount: eth(50) });
    expect(rehearseInCustody(read(document), loss.sequence)).toMatchObject({ complete: true });
  });

  test("loses without end where no limit counts, with the rule to blame", () => {
    const { rules, ...rest } = hotWallet();
    const without = (...ids: string[]) => ({ ...rest, rules: (rules as JsonObject[]).filter(({ id }) => !ids.includes(id as string)) });
    const loss = lossOf(without("daily", "weekly"), OPS, DAY_MS, ETH);
    expect(loss).toMatchObject({ status: "exact", amount: undefined, channel: { kind: "asset without a limit", rule: "pay", delayMs: 0 } });
    const fees = lossOf(without("daily", "weekly"), ["cyd"], DAY_MS, ETH);
    expect(fees).toMatchObject({ status: "exact", amount: undefined, channel: { kind: "fees without a limit", rule: "fees" } });
  });

  test("takes what the excess of a limit needs if the stolen people can give it", () => {
    const beyond = { beyond: { approvals: [{ of: "finance", atLeast: 2 }] } };
    expect(lossOf(withDaily(beyond), [...OPS, "cyd"], DAY_MS, ETH).amount).toBe(eth(50));
    expect(lossOf(withDaily(beyond), [...OPS, "cyd", "dee"], DAY_MS, ETH)).toMatchObject({ status: "exact", amount: eth(200) });
  });

  test("is asked too much if the work that is granted is not enough, and says so", () => {
    const policy = read(hotWallet());
    const attack = { stolen: new Set(OPS), mode: "normal", horizonMs: DAY_MS, from: FROM };
    expect(maximumLoss(policy, attack, ETH, { work: 2 })).toMatchObject({ status: "inconclusive", amount: undefined });
  });

  test("is asked about what it names", () => {
    expect(reachableOf(read(treasury))).toEqual([USDC_ASSET, ETH]);
  });
});

describe("a treasury", () => {
  test.each([
    [["ana", "ben"], 1, 0n],
    // Who asks does not approve.
    [["cyd"], 1, 0n],
    [["ana", "cyd"], 1, 500_000n],
    [["cyd", "dee"], 3, 1_500_000n],
    [["cyd", "dee", "fay"], 3, undefined],
  ] as const)("loses to %s in %d days", (stolen, days, lost) => {
    const loss = lossOf(treasury, stolen, days * DAY_MS, USDC_ASSET);
    expect(loss).toMatchObject({ status: "exact", amount: lost === undefined ? undefined : usdc(lost) });
  });
});

test("an agent exposes its limit, as fast as it may ask", () => {
  const loss = lossOf(agent, ["bot"], DAY_MS, USDC_ASSET);
  expect(loss).toMatchObject({ status: "exact", amount: usdc(2000n) });
  expect(loss.sequence.steps.map(({ signedMs, times }) => [signedMs, times])).toEqual([
    [0, 3n],
    [HOUR_MS, 1n],
  ]);
});

describe("a sweep in office hours", () => {
  const FINANCE = ["cyd", "dee", "eve"];

  test.each([
    // One office day, and then the whole of the next.
    [DAY_MS, 200_000_000n],
    [25 * HOUR_MS, 400_000_000n],
    [3 * DAY_MS, 600_000_000n],
    // Five days from noon to noon, and the morning of the next Monday.
    [7 * DAY_MS, 1_200_000_000n],
  ])("loses within %d ms exactly what opening hours leave of its limit", (horizonMs, lost) => {
    const loss = lossOf(sweep, FINANCE, horizonMs, BTC);
    expect(loss).toMatchObject({ status: "exact", amount: lost });
    const hours = loss.sequence.steps.map(({ signedMs }) => new Date(loss.sequence.from + signedMs).getUTCHours());
    expect(hours.every((hour) => hour >= 7 && hour < 16)).toBe(true);
  });
});

describe("a limit in a unit of account", () => {
  const dollars: JsonObject = {
    ...hotWallet(),
    values: { USD: { decimals: 2, ceiling: { ETH: "8000.00" }, until: "2026-12-31" } },
    rules: [
      { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "@payees", requester: "role:ops", amount: { max: "3 ETH" } } },
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
      { id: "daily", limit: ["outflow"], max: "80000.00 USD", per: "24h" },
      { id: "edit", allow: ["policyEdit"], when: { requester: "role:finance" } },
    ],
  };

  test("bounds the asset at its worth, and the unit", () => {
    expect(lossOf(dollars, OPS, DAY_MS, ETH)).toMatchObject({ status: "exact", amount: eth(10) });
    expect(lossOf(dollars, OPS, DAY_MS, { unit: "USD" })).toMatchObject({ status: "exact", amount: 8_000_000n, shown: 8_000_000n });
  });
});
