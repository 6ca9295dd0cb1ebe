import type { JsonObject } from "../../../src/base/canonical.ts";
import type { Policy } from "../../../src/policy/core.ts";
import { parsePolicy } from "../../../src/policy/parse.ts";
import { parseAddress } from "../addresses.ts";
import { person, USDC, VITALIK } from "../documents.ts";

/** Small worked policies whose losses are known by hand. */
export function read(document: JsonObject): Policy {
  return parsePolicy(JSON.stringify(document), { parseAddress });
}

const ASSETS = {
  ETH: { chain: "eip155:1", asset: "native", decimals: 18 },
  USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 },
};
const PEOPLE = { ana: person("a"), ben: person("b"), cyd: person("c"), dee: person("d"), eve: person("e"), fay: person("f") };
const ROLES = { ops: ["ana", "ben"], finance: ["cyd", "dee", "eve"], cfo: ["fay"] };
const EDIT = { id: "edit", allow: ["policyEdit"], when: { requester: "role:finance" } };

export const ETH = { asset: "eip155:1/native" };
export const USDC_ASSET = { asset: `eip155:1/erc20:${USDC}` };

export const hotWallet = (changes: { readonly rules?: readonly JsonObject[] } = {}): JsonObject => ({
  keyward: "policy/1",
  name: "hot wallet",
  assets: { ETH: ASSETS.ETH },
  book: { acme: { chain: "eip155:1", address: VITALIK } },
  lists: { payees: ["acme"] },
  people: PEOPLE,
  roles: ROLES,
  rules: [
    { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "@payees", requester: "role:ops" } },
    { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
    {
      id: "four-eyes",
      require: ["transfer"],
      when: { asset: "ETH", total: { min: "10 ETH" } },
      approvals: [{ of: "finance", atLeast: 2 }],
    },
    { id: "daily", limit: ["outflow"], when: { asset: "ETH" }, max: "50 ETH", per: "24h" },
    { id: "weekly", limit: ["outflow"], when: { asset: "ETH" }, max: "200 ETH", per: "7d" },
    EDIT,
    ...(changes.rules ?? []),
  ],
});

export const treasury: JsonObject = {
  keyward: "policy/1",
  name: "team treasury",
  assets: ASSETS,
  book: { acme: { chain: "eip155:1", address: VITALIK } },
  lists: { payees: ["acme"] },
  people: PEOPLE,
  roles: ROLES,
  rules: [
    { id: "pay", allow: ["transfer"], when: { asset: "USDC", to: "@payees", recipientAge: { min: "24h" } } },
    { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
    { id: "one", require: ["transfer"], approvals: [{ of: "finance", atLeast: 1 }] },
    {
      id: "two",
      require: ["transfer"],
      when: { asset: "USDC", total: { min: "100000 USDC" } },
      approvals: [{ of: "finance", atLeast: 2 }],
    },
    {
      id: "three",
      require: ["transfer"],
      when: { asset: "USDC", total: { min: "1000000 USDC" } },
      approvals: [
        { of: "finance", atLeast: 2 },
        { of: "cfo", atLeast: 1 },
      ],
      delay: "24h",
    },
    {
      id: "daily",
      limit: ["outflow"],
      when: { asset: "USDC" },
      max: "500000 USDC",
      per: "24h",
      beyond: { approvals: [{ of: "cfo", atLeast: 1 }] },
    },
    { id: "daily-fees", limit: ["outflow"], when: { asset: "ETH" }, max: "0.5 ETH", per: "24h" },
    EDIT,
  ],
};

/** An agent that gives allowances: 500 at a time, three an hour, 2,000 USDC a day. */
export const agent: JsonObject = {
  keyward: "policy/1",
  name: "spending agent",
  assets: ASSETS,
  book: { router: { chain: "eip155:1", address: VITALIK } },
  people: { owner: [{ kind: "unlock" }], bot: [{ kind: "service", publicKey: person("b")[0]?.publicKey as string }] },
  rules: [
    {
      id: "allowance",
      allow: ["allowance", "signedAllowance"],
      when: { asset: "USDC", to: "router", requester: "bot", amount: { max: "500 USDC" } },
    },
    { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
    { id: "exposure", limit: ["outflow"], when: { asset: "USDC" }, max: "2000 USDC", per: "24h" },
    { id: "rate", limit: ["allowance", "signedAllowance"], max: "3", per: "1h", by: ["requester"] },
    { id: "daily-fees", limit: ["outflow"], when: { asset: "ETH" }, max: "0.5 ETH", per: "24h" },
    { id: "edit", allow: ["policyEdit"], when: { requester: "owner" } },
  ],
};

const BITCOIN = "bip122:000000000019d6689c085ae165831e93";
export const BTC = { asset: `${BITCOIN}/native` };

/** Sweeps to an exchange in office hours, 2 BTC a day, with two of finance. */
export const sweep: JsonObject = {
  keyward: "policy/1",
  name: "bitcoin sweep",
  assets: { BTC: { chain: BITCOIN, asset: "native", decimals: 8 } },
  book: { exchange: { chain: BITCOIN, address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4" } },
  people: PEOPLE,
  roles: ROLES,
  hours: { desk: { zone: "Europe/Zurich", open: ["Mon-Fri 09:00-17:00"], closed: ["2026-12-25"], until: "2027-12-31" } },
  rules: [
    { id: "sweep", allow: ["transfer"], when: { asset: "BTC", to: "exchange", hour: "desk", requester: ["role:ops", "role:finance"] } },
    { id: "fees", allow: ["fee"], when: { asset: "BTC", hour: "desk" } },
    { id: "two", require: ["transfer"], approvals: [{ of: "finance", atLeast: 2 }] },
    { id: "daily", limit: ["outflow"], when: { asset: "BTC" }, max: "2 BTC", per: "24h" },
    EDIT,
  ],
};
