import { expect, test } from "vitest";
import type { Effect } from "../../src/intent/effect.ts";
import { emptyCounters } from "../../src/policy/counters.ts";
import { compile } from "../../src/policy/evaluate.ts";
import { type Draft, full, parse, USDC, VITALIK } from "./documents.ts";

const transfer: Effect = { kind: "transfer", at: [], chain: "eip155:1", asset: `erc20:${USDC}`, to: VITALIK, amount: 5_000_000n };
const NOON = Date.UTC(2026, 10, 23, 11); // A Monday; twelve o'clock in Zurich.

/** Codes of the reasons against one effect, or what it needs. */
function judged(edit: (document: Draft) => void, effect: Partial<Effect> = {}, requester = "ana", now = NOON): string[] {
  const document = full();
  edit(document);
  const { reasons, needs } = compile(parse(document)).judge(
    { effects: [{ ...transfer, ...effect } as Effect], refusals: [] },
    { requester, now, mode: "normal" },
    emptyCounters,
  );
  return [...reasons.map(({ code }) => code), ...needs.map(({ kind }) => kind)];
}

const when = (condition: object) => (document: Draft) => {
  document.rules.push({ id: "extra", forbid: ["transfer"], when: condition });
};

test("what the language says is what is judged", () => {
  expect(judged(() => {})).toEqual([]);
  expect(judged(() => {}, {}, "cyd")).toEqual(["policy/not-allowed"]);
  expect(judged(() => {}, { to: USDC })).toEqual(["policy/not-allowed"]);
  expect(judged(() => {}, { amount: 99_999_999_999n })).toEqual([]);
  expect(judged(() => {}, { amount: 100_000_000_000n })).toEqual(["approvals"]);
  expect(judged(() => {}, { amount: 500_000_000_001n })).toEqual(["approvals", "approvals"]);
});

test("hours, dates and stand-ins are moments", () => {
  const forbidden = ["policy/forbidden"];
  expect(judged(when({ hour: "desk" }))).toEqual(forbidden);
  expect(judged(when({ hour: "desk" }), {}, "ana", NOON + 5 * 3_600_000)).toEqual([]);
  expect(judged(when({ not: { hour: "desk" } }))).toEqual([]);
  expect(judged(when({ date: { until: "2026-11-24" } }))).toEqual(forbidden);
  expect(judged(when({ date: { from: "2026-11-24" } }))).toEqual([]);
  const cfoPays = (document: Draft) => {
    document.rules[0].when.requester = "role:cfo";
  };
  expect(judged(cfoPays, {}, "fay")).toEqual([]);
  expect(judged(cfoPays, {}, "gus")).toEqual(["policy/not-allowed"]);
  expect(judged(cfoPays, {}, "gus", Date.UTC(2026, 11, 20))).toEqual([]);
  expect(judged(cfoPays, {}, "gus", Date.UTC(2027, 0, 5))).toEqual(["policy/not-allowed"]);
});

test("a value beyond its date is more than any limit", () => {
  const daily = (document: Draft) => {
    document.rules.push({ id: "usd", limit: ["outflow"], max: "5.25 USD", per: "24h" });
  };
  expect(judged(daily)).toEqual([]);
  expect(judged(daily, { amount: 5_000_001n })).toEqual(["limit/exceeded"]);
  expect(judged(daily, { amount: 1n }, "ana", Date.UTC(2026, 11, 31))).toEqual(["limit/exceeded"]);
});

test("arguments of a named function are compared as the chain decodes them", () => {
  const rule = (document: Draft) => {
    const args = { amount: { max: "1000" }, to: "@payees", wrap: false };
    document.rules.push({ id: "extra", allow: ["call"], when: { contract: "pool", function: "deposit", args } });
  };
  const call: Partial<Effect> = { kind: "call", contract: full().contracts.pool.address, function: "deposit(uint256,address,bool)" };
  expect(judged(rule, { ...call, args: { amount: 1000n, to: VITALIK, wrap: false } })).toEqual([]);
  expect(judged(rule, { ...call, args: { amount: 1001n, to: VITALIK, wrap: false } })).toEqual(["policy/not-allowed"]);
  expect(judged(rule, { ...call, args: { amount: 1000n, to: USDC, wrap: false } })).toEqual(["policy/not-allowed"]);
  expect(judged(rule, { ...call, args: { amount: 1000n, to: VITALIK, wrap: true } })).toEqual(["policy/not-allowed"]);
});
