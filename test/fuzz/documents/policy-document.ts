import type { Random } from "../random.ts";

/** Addresses with their checksum, and the chains that documents speak of. */
const ADDRESSES = [
  "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045",
  "0x66a9893cC07D91D95644AEDD05D03f95e1dBA8Af",
  "0x000000000022D473030F116dDEE9F6B43aC78BA3",
] as const;
const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const PEOPLE = ["ana", "ben", "cyd", "dee"] as const;
const FLOWS = ["transfer", "allowance", "signedAllowance", "order", "swap", "fee"] as const;

export type PolicyDocument = { [part: string]: unknown };

/** A right document of random rules: whatever comes out of it unchanged must be accepted. */
export function policyDocument(random: Random): PolicyDocument {
  const editable = random.oneIn(2);
  const rules = Array.from({ length: random.below(8) }, (_, at) => ({ id: `r${at}`, ...rule(random) }));
  const emergency = Array.from({ length: random.below(3) }, (_, at) => ({ id: `m${at}`, ...rule(random) }));
  return {
    keyward: "policy/1",
    name: random.pick(["team treasury", "x", "Ünïcödé ✓"]),
    ...(random.oneIn(3) && { semantics: 1 }),
    ...(editable ? {} : { immutable: true }),
    assets: {
      ETH: { chain: "eip155:1", asset: "native", decimals: 18 },
      USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 },
    },
    contracts: {
      pool: {
        chain: "eip155:1",
        address: ADDRESSES[2],
        kind: "named",
        functions: ["deposit(uint256 amount, address to, bool wrap)", "exit(bytes4)"],
      },
    },
    book: {
      acme: { chain: "eip155:1", address: ADDRESSES[0] },
      other: { chain: "eip155:1", address: ADDRESSES[1] },
      op: { chain: "eip155:10", address: ADDRESSES[0] },
    },
    lists: { payees: ["acme", "op"], nobody: [] },
    people: {
      owner: [{ kind: "unlock" }],
      ...Object.fromEntries(PEOPLE.map((name, at) => [name, [{ kind: "secp256k1", publicKey: `02${"abcd".charAt(at).repeat(64)}` }]])),
    },
    roles: {
      ops: ["ana", "ben"],
      finance: ["ben", "cyd", "dee"],
      all: ["role:ops", "role:finance", { person: "owner", from: "2026-12-20", until: "2027-01-05" }],
    },
    // Every opening until then is a stretch of time that is worked out, so most documents say soon.
    ...(random.oneIn(12) && {
      hours: { desk: { zone: "Europe/Zurich", open: ["Mon-Fri 09:00-17:00"], closed: ["2025-01-02"], until: "2025-02-01" } },
    }),
    values: { USD: { decimals: 2, ceiling: { ETH: "8000.00", USDC: "1.05" }, until: "2026-12-31" } },
    ...(random.oneIn(2) && { modes: { emergency: { lasts: "6h", rules: [...emergency, { id: "m-fees", allow: ["fee"] }] } } }),
    rules: [
      ...rules,
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
      ...(editable ? [{ id: "edit", allow: ["policyEdit"], when: { requester: "owner" } }] : []),
    ],
  };
}

function rule(random: Random): object {
  const kinds = random.pick<readonly string[]>([
    ["transfer"],
    ["transfer"],
    ["outflow"],
    ["allowance", "transfer"],
    ["fee"],
    [random.pick(FLOWS)],
  ]);
  const asset = random.pick(["ETH", "USDC"]);
  const amount = () => `${random.below(4)}${random.oneIn(2) ? "" : `.${random.below(99)}`} ${asset}`;
  const when = { asset, ...condition(random, { asset, amount, toHas: !kinds.includes("fee") && !kinds.includes("outflow") }) };
  switch (random.below(6)) {
    case 0:
      return { forbid: kinds, when };
    case 1:
      return { require: kinds, when, ...need(random) };
    case 2:
      return {
        limit: kinds,
        when,
        max: random.pick([amount(), `${random.below(5000)} USD`, random.below(5), "12"]),
        ...(random.oneIn(3) ? { ever: true } : { per: random.pick(["1h", "24h", "7d"]) }),
        ...(random.oneIn(3) && { by: random.pick<unknown>(["requester", ["account", "requester"], "account"]) }),
        ...(random.oneIn(3) && { beyond: { approvals: approvals(random) } }),
      };
    default:
      return { allow: kinds, when };
  }
}

function condition(random: Random, about: { readonly asset: string; readonly amount: () => string; readonly toHas: boolean }): object {
  const { amount, toHas } = about;
  const parts: object[] = [
    { amount: { min: "0.5 ETH".replace("ETH", about.asset) } },
    { amount: { max: amount() } },
    { total: { max: "unlimited", min: amount() } },
    { amount: amount() },
    { requester: random.pick<unknown>(["role:ops", "ana", ["ana", "role:finance"]]) },
    { chain: random.pick<unknown>(["eip155:1", ["eip155:1", "eip155:10"]]) },
    { date: { from: "2025-06-01", until: random.pick(["2025-06-15T12:27:00Z", "2026-01-01"]) } },
    { session: "secp256k1" },
    { mode: random.pick<unknown>(["normal", ["normal", "frozen"]]) },
    { origin: "https://app.example" },
    ...(toHas
      ? [
          { to: random.pick<unknown>(["acme", "@payees", ["other", "@payees"], `eip155:1:${ADDRESSES[1]}`, "@nobody"]) },
          { recipientAge: { min: random.pick(["1h", "24h"]) } },
          { ownRecipient: random.oneIn(2) },
        ]
      : []),
  ];
  const one = () => random.pick(parts);
  switch (random.below(8)) {
    case 0:
      return { not: one() };
    case 1:
      return { any: [one(), one()] };
    case 2:
      return { all: [one(), { not: { any: [one(), one()] } }] };
    case 3:
      return {};
    default:
      return { ...one(), ...(random.oneIn(3) && one()) };
  }
}

function need(random: Random): object {
  return random.pick<object>([
    { approvals: approvals(random) },
    { delay: "1h", expires: "48h" },
    { confirm: true },
    { approvals: approvals(random), delay: "15m", confirm: true },
  ]);
}

function approvals(random: Random): unknown {
  return random.pick<unknown>([
    [{ of: "finance", atLeast: 1 + random.below(2) }],
    [{ of: "dee", atLeast: 1 }],
    { any: [[{ of: "ops", atLeast: 1 }], [{ of: "finance", atLeast: 2 }]] },
    [
      { of: "ops", atLeast: 1 },
      { of: "finance", atLeast: 1 },
    ],
  ]);
}
