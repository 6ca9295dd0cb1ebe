import { describe, expect, test } from "vitest";
import { UNLIMITED } from "../../src/intent/effect.ts";
import type { Condition, Rule } from "../../src/policy/core.ts";
import { parsePolicy } from "../../src/policy/parse.ts";
import { shared, sharedText, vectorSuite } from "../shared.ts";
import { parseAddress } from "./addresses.ts";
import { full, key, PERMIT2, parse, USDC, VITALIK, withRule } from "./documents.ts";

const ACME = `eip155:1:${VITALIK}`;

function rule(document: unknown, id = "extra"): Rule {
  const found = parse(document).rules.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no rule ${id}`);
  return found;
}

function when(condition: object, kinds = ["transfer"]): Condition {
  return rule(withRule({ forbid: kinds, when: condition as never })).when;
}

describe("a document becomes a core", () => {
  test("names, people and tables", () => {
    const policy = parse(full());
    expect(policy.name).toBe("team treasury");
    expect(policy.immutable).toBe(false);
    expect(policy.book.asset("eip155:1", `erc20:${USDC}`)).toEqual({
      name: "USDC",
      chain: "eip155:1",
      asset: `erc20:${USDC}`,
      decimals: 6,
    });
    expect(policy.book.contract("eip155:1", PERMIT2)).toEqual({
      name: "pool",
      chain: "eip155:1",
      address: PERMIT2,
      kind: "named",
      functions: ["deposit(uint256 amount, address to, bool wrap)", "exit(bytes4)"],
    });
    expect(policy.addresses.get("acme")).toEqual({ chain: "eip155:1", address: VITALIK });
    expect(policy.people.get("ana")).toEqual([{ kind: "secp256k1", publicKey: key("a") }]);
    expect(policy.people.get("owner")).toEqual([{ kind: "unlock" }]);
    expect(policy.roles.get("all")?.map(({ person }) => person)).toEqual(["ana", "ben", "cyd", "dee", "eve"]);
    expect(policy.roles.get("cfo")).toEqual([
      { person: "fay" },
      { person: "gus", from: Date.UTC(2026, 11, 20), until: Date.UTC(2027, 0, 5) },
    ]);
    expect([...policy.modes.keys()]).toEqual(["frozen", "emergency"]);
    expect(policy.modes.get("frozen")?.rules).toEqual([]);
    expect(policy.modes.get("emergency")?.lastsMs).toBe(6 * 3_600_000);
  });

  test("its id is the hash of what it says, not of how it is written", () => {
    const { rules, keyward, ...rest } = full();
    expect(parse({ rules, ...rest, keyward }).id).toBe(parsePolicy(JSON.stringify(full()), { parseAddress }).id);
    expect(parse({ ...full(), name: "other" }).id).not.toBe(parse(full()).id);
    expect(parse(full()).id).toMatch(/^[0-9a-f]{64}$/);
  });

  test("rules of each type", () => {
    const policy = parse(full());
    expect(policy.rules.map(({ id, type }) => `${id} ${type}`)).toEqual([
      "pay allow",
      "fees allow",
      "four-eyes require",
      "daily limit",
      "edit allow",
      "edit-slow require",
    ]);
    const members = [{ person: "cyd" }, { person: "dee" }, { person: "eve" }];
    expect(policy.rules[2]).toMatchObject({
      approvals: [[{ of: "finance", members, atLeast: 2 }]],
      delayMs: 0,
      confirm: false,
      expiresMs: 72 * 3_600_000,
    });
    expect(policy.rules[3]).toMatchObject({
      kinds: ["transfer", "allowance", "signedAllowance", "order", "swap", "fee"],
      measure: { type: "amount", asset: `eip155:1/erc20:${USDC}` },
      max: 500_000_000_000n,
      windowMs: 86_400_000,
      by: [],
      beyond: [[{ of: "finance", members, atLeast: 2 }]],
    });
    expect(policy.rules[5]).toMatchObject({
      when: { op: "not", of: { op: "in", field: "direction", values: new Set(["tightens"]) } },
      delayMs: 86_400_000,
    });
  });

  test("limits in counts, values, lifetimes, and split counters", () => {
    expect(rule(withRule({ limit: ["transfer"], max: 3, per: "1m", by: ["to", "requester"] }))).toMatchObject({
      measure: { type: "count" },
      max: 3n,
      windowMs: 60_000,
      by: ["to", "requester"],
    });
    expect(rule(withRule({ limit: ["statement"], max: "3", ever: true, by: "account" }))).toMatchObject({
      measure: { type: "count" },
      max: 3n,
      windowMs: "ever",
      by: ["account"],
    });
    const worth = rule(withRule({ limit: ["outflow"], max: "10000.00 USD", per: "35d" }));
    expect(worth).toMatchObject({ max: 1_000_000n, measure: { type: "value", unit: "USD", until: Date.UTC(2026, 11, 31) } });
    const table = worth.type === "limit" && worth.measure.type === "value" ? worth.measure.worth : new Map();
    // 8000.00 USD for 10^18 wei: 800000 cents over 10^18, reduced.
    expect(table.get("eip155:1/native")).toEqual({ numerator: 1n, denominator: 1_250_000_000_000n });
    // 1.05 USD for 10^6 units: 105 cents over 10^6, reduced.
    expect(table.get(`eip155:1/erc20:${USDC}`)).toEqual({ numerator: 21n, denominator: 200_000n });
  });

  test("requirements in alternatives, with delays and confirmation", () => {
    const approvals = {
      any: [
        [{ of: "ana", atLeast: 1 }],
        [
          { of: "role:cfo", atLeast: 1 },
          { of: "ops", atLeast: 1 },
        ],
      ],
    };
    expect(rule(withRule({ require: ["transfer"], approvals, delay: "2d", expires: "7d", confirm: true }))).toMatchObject({
      approvals: [[{ of: "ana", members: [{ person: "ana" }] }], [{ of: "role:cfo" }, { of: "ops" }]],
      delayMs: 2 * 86_400_000,
      expiresMs: 7 * 86_400_000,
      confirm: true,
    });
  });
});

describe("conditions", () => {
  test("none, or an empty one, always holds", () => {
    expect(rule(withRule({ forbid: ["deploy"] })).when).toEqual({ op: "always" });
    expect(when({})).toEqual({ op: "always" });
  });

  test("names are qualified, one by one, in lists and by @list", () => {
    expect(when({ to: "acme" })).toEqual({ op: "in", field: "to", values: new Set([ACME]) });
    expect(when({ to: ["@payees", "pool", `eip155:5:${USDC}`] })).toEqual({
      op: "in",
      field: "to",
      values: new Set([ACME, `eip155:10:${VITALIK}`, `eip155:1:${PERMIT2}`, `eip155:5:${USDC}`]),
    });
    expect(when({ to: "@nobody" })).toEqual({ op: "in", field: "to", values: new Set() });
    expect(when({ asset: ["ETH", "USDC"] })).toEqual({
      op: "in",
      field: "asset",
      values: new Set(["eip155:1/native", `eip155:1/erc20:${USDC}`]),
    });
    expect(when({ mode: ["normal", "frozen", "emergency"] })).toMatchObject({ field: "mode" });
    expect(when({ to: "ana" }, ["grant"])).toEqual({ op: "in", field: "to", values: new Set(["ana"]) });
  });

  test("amounts are exact, in smallest units", () => {
    expect(when({ asset: "ETH", amount: { max: "0.05 ETH" } })).toMatchObject({
      of: [{}, { op: "within", field: "amount", intervals: [[0n, 50_000_000_000_000_000n]] }],
    });
    expect(when({ asset: "ETH", amount: "0.000000000000000001 ETH" })).toMatchObject({ of: [{}, { intervals: [[1n, 1n]] }] });
    expect(when({ asset: "USDC", total: { min: "1 USDC", max: "2.5 USDC" } })).toMatchObject({
      of: [{}, { field: "total", intervals: [[1_000_000n, 2_500_000n]] }],
    });
    expect(when({ asset: ["USDC"], total: { min: "1 USDC" } })).toMatchObject({ of: [{}, { intervals: [[1_000_000n, UNLIMITED]] }] });
    expect(when({ amount: "unlimited" })).toEqual({ op: "within", field: "amount", intervals: [[UNLIMITED, UNLIMITED]] });
  });

  test("an asset that is pinned further out pins the amounts inside", () => {
    const nested = when({ asset: "ETH", any: [{ amount: { min: "1 ETH" } }, { not: { total: { max: "2 ETH" } } }] });
    expect(nested).toMatchObject({
      op: "all",
      of: [{ op: "in" }, { op: "any", of: [{ op: "within" }, { op: "not", of: { op: "within" } }] }],
    });
  });

  test("integers, durations, instants and flags", () => {
    expect(when({ feeRate: { max: 200 } })).toEqual({ op: "within", field: "feeRate", intervals: [[0n, 200n]] });
    expect(when({ tokenId: "115792089237316195423570985008687907853269984665640564039457584007913129639935" })).toMatchObject({
      intervals: [[UNLIMITED - 1n, UNLIMITED - 1n]],
    });
    expect(when({ expiry: { max: "2027-01-01" } })).toMatchObject({ intervals: [[0n, 1_798_761_600n]] });
    expect(when({ expiry: { min: 5, max: "unlimited" } })).toMatchObject({ intervals: [[5n, UNLIMITED]] });
    expect(when({ recipientAge: { min: "24h" } })).toMatchObject({ field: "recipientAge", intervals: [[86_400_000n, UNLIMITED]] });
    expect(when({ date: { from: "2026-01-01", until: "2026-01-02T00:00:00Z" } })).toMatchObject({
      field: "date",
      intervals: [[BigInt(Date.UTC(2026, 0, 1)), BigInt(Date.UTC(2026, 0, 2)) - 1n]],
    });
    expect(when({ ownRecipient: false })).toEqual({ op: "is", field: "ownRecipient", value: false });
  });

  test("a requester is resolved to people, who stands in only for the dates", () => {
    expect(when({ requester: ["role:ops", "cyd"] })).toEqual({ op: "in", field: "requester", values: new Set(["ana", "ben", "cyd"]) });
    expect(when({ requester: "role:cfo" })).toEqual({
      op: "any",
      of: [
        { op: "in", field: "requester", values: new Set(["fay"]) },
        {
          op: "all",
          of: [
            { op: "in", field: "requester", values: new Set(["gus"]) },
            { op: "within", field: "date", intervals: [[BigInt(Date.UTC(2026, 11, 20)), BigInt(Date.UTC(2027, 0, 5)) - 1n]] },
          ],
        },
      ],
    });
  });

  test("arguments of a named function, by name and type", () => {
    const condition = when(
      { contract: "pool", function: "deposit", args: { amount: { max: "1000" }, to: ["acme", "@payees"], wrap: true } },
      ["call"],
    );
    expect(condition).toEqual({
      op: "all",
      of: [
        { op: "in", field: "contract", values: new Set([`eip155:1:${PERMIT2}`]) },
        { op: "in", field: "function", values: new Set(["deposit(uint256,address,bool)"]) },
        { op: "argument", name: "amount", test: { op: "within", intervals: [[0n, 1000n]] } },
        { op: "argument", name: "to", test: { op: "in", values: new Set([VITALIK]) } },
        { op: "argument", name: "wrap", test: { op: "is", value: true } },
      ],
    });
    expect(when({ contract: "pool", function: "exit(bytes4)", args: { 0: "0x12345678" } }, ["call"])).toMatchObject({
      of: [{}, {}, { name: "0", test: { op: "in" } }],
    });
  });
});

describe.skipIf(!shared)(vectorSuite("the policy of the hostile cases"), () => {
  test("P0 parses", () => {
    const policy = parsePolicy(sharedText("cases/p0.json"), { parseAddress });
    expect(policy.rules.map(({ id }) => id)).toEqual(["eth", "usdc", "btc", "evm-fee", "btc-fee"]);
    expect(policy.immutable).toBe(true);
  });
});

test("a list that many rules name is shared, not copied", () => {
  const document = full();
  document.rules.push(
    { id: "again", forbid: ["transfer"], when: { to: "@payees" } },
    { id: "and-again", forbid: ["transfer"], when: { to: "@payees" } },
  );
  const sets = parse(document)
    .rules.slice(-2)
    .map(({ when }) => (when.op === "in" ? when.values : undefined));
  expect(sets[0]).toBe(sets[1]);
});

test("the example of the design parses", () => {
  const document = full();
  document.contracts = { permit2: { chain: "eip155:1", address: PERMIT2, kind: "permit2" } };
  document.rules.splice(4, 0, { id: "daily-fees", limit: ["outflow"], when: { asset: "ETH" }, max: "0.5 ETH", per: "24h" });
  expect(parse(document).rules).toHaveLength(7);
});
