import { reading } from "../../src/cli/chains.ts";
import type { Effect } from "../../src/intent/effect.ts";
import type { Policy } from "../../src/policy/core.ts";

export const MAIN = "bip122:000000000019d6689c085ae165831e93";
export const TESTNET = "bip122:000000000933ea01ad0ee984209779ba";
export const ETH = "eip155:1";
export const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
export const APES = "0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D";
export const CARDS = "0x76BE3b62873462d2142405439777e971754E8E77";
export const POOL = "0x66a9893cC07D91D95644AEDD05D03f95e1dBA8Af";
export const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
export const FRIEND = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
export const OTHER = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F";
export const FUNCTIONS = [
  "deposit(uint256 amount, address to, bool wrap)",
  "exit(bytes4 how, int64 by, string note)",
  "sweep(address[] tokens, (uint8 a, bytes b) order)",
];

/** Names a token of each standard, a Permit2, a contract with functions, and coins; what is allowed is up to `rules`. */
export function namedPolicy(rules: readonly object[], more: object = {}): Policy {
  return reading.policy(
    JSON.stringify({
      keyward: "policy/1",
      name: "for examples",
      assets: {
        ETH: { chain: ETH, asset: "native", decimals: 18 },
        USDC: { chain: ETH, asset: `erc20:${USDC}`, decimals: 6 },
        APE: { chain: ETH, asset: `erc721:${APES}`, decimals: 0 },
        CARD: { chain: ETH, asset: `erc1155:${CARDS}`, decimals: 0 },
        BTC: { chain: MAIN, asset: "native", decimals: 8 },
      },
      contracts: {
        pool: { chain: ETH, address: POOL, kind: "named", functions: FUNCTIONS },
        permit2: { chain: ETH, address: PERMIT2, kind: "permit2" },
      },
      book: { friend: { chain: ETH, address: FRIEND }, other: { chain: ETH, address: OTHER } },
      lists: { friends: ["friend", "other"] },
      people: { owner: [{ kind: "unlock" }] },
      immutable: true,
      ...more,
      rules,
    }),
  );
}

/** Every field that is stated is there, and equal; written apart from what it tests. Whose the recipient is stands in no EVM bytes. */
export function holds(stated: Effect, done: Effect): boolean {
  const text = (value: unknown) => JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? `${inner}n` : inner));
  for (const [name, value] of Object.entries(stated)) {
    if (value === undefined || name === "at" || name === "why") continue;
    const other = (done as unknown as Record<string, unknown>)[name];
    if (name === "ownRecipient" && other === undefined) continue;
    if (name === "args") {
      for (const [argument, asked] of Object.entries(value as object)) if (text(done.args?.[argument]) !== text(asked)) return false;
    } else if (text(other) !== text(value)) return false;
  }
  return true;
}
