/** What the demo's people may do. Read the rules aloud: they are all there is, and what none of them allows is denied. */

import { BITCOIN } from "./bitcoin.ts";

export const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
export const ACME = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
export const ACME_BTC = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

const assets = {
  ETH: { chain: "eip155:1", asset: "native", decimals: 18 },
  USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 },
  BTC: { chain: BITCOIN, asset: "native", decimals: 8 },
};

/** Enough to begin with: the owner sets the vault up, and nothing can be signed yet. */
export const setup = {
  keyward: "policy/1",
  name: "setting up",
  assets,
  people: { owner: [{ kind: "unlock" }] },
  rules: [{ id: "edit", allow: ["policyEdit"], when: { requester: "owner" } }],
};

/** @param keys - compressed public key by person: cyd, dee and eve are finance. */
export function treasury(keys: { readonly cyd: string; readonly dee: string; readonly eve: string }) {
  const twoOfFinance = [{ of: "finance", atLeast: 2 }];
  return {
    keyward: "policy/1",
    name: "treasury",
    assets,
    book: { acme: { chain: "eip155:1", address: ACME }, "acme-btc": { chain: BITCOIN, address: ACME_BTC } },
    lists: { payees: ["acme", "acme-btc"] },
    people: {
      owner: [{ kind: "unlock" }],
      cyd: [{ kind: "secp256k1", publicKey: keys.cyd }],
      dee: [{ kind: "secp256k1", publicKey: keys.dee }],
      eve: [{ kind: "secp256k1", publicKey: keys.eve }],
    },
    roles: { finance: ["cyd", "dee", "eve"] },
    rules: [
      { id: "pay", allow: ["transfer"], when: { asset: ["USDC", "BTC"], to: "@payees", requester: "owner" } },
      { id: "permit", allow: ["signedAllowance"], when: { asset: "USDC", to: "@payees", amount: { max: "500 USDC" } } },
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.01 ETH" } } },
      { id: "fees-btc", allow: ["fee"], when: { asset: "BTC", amount: { max: "0.0005 BTC" } } },
      { id: "daily", limit: ["outflow"], when: { asset: "USDC" }, max: "5000 USDC", per: "24h", beyond: { approvals: twoOfFinance } },
      { id: "large-btc", require: ["transfer"], when: { asset: "BTC", total: { min: "0.01 BTC" } }, approvals: twoOfFinance },
      { id: "weekly-btc", limit: ["outflow"], when: { asset: "BTC" }, max: "0.05 BTC", per: "7d" },
      { id: "edit", allow: ["policyEdit"], when: { requester: "owner" } },
      { id: "four-eyes", require: ["policyEdit"], approvals: twoOfFinance },
    ],
  };
}

/** The rules as lines: the document's own words, without its brackets and quotes. */
export function aloud(rules: readonly { readonly id: string }[]): readonly string[] {
  return rules.map(({ id, ...rule }) => {
    const words = JSON.stringify(rule)
      .replace(/\["([^\]]*)"\]/g, (_all, names: string) => names.replaceAll('","', " or "))
      .replace(/["{}[\]]/g, "")
      .replaceAll(":", " ")
      .replaceAll(",", ", ");
    return `${id.padEnd(10)} ${words}`;
  });
}
