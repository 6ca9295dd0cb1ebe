import type { BTC_NETWORK } from "@scure/btc-signer/utils.js";
import { CustodyError } from "../../base/errors.ts";
import type { ChainId } from "../../intent/effect.ts";

/** What differs between Bitcoin's networks: the library's prefixes of addresses, and how wallets count and write keys. */
export interface Network extends Readonly<BTC_NETWORK> {
  /** SLIP-44: 0 is worth something, 1 is for every test network. */
  readonly coin: 0 | 1;
}

const MAIN: Network = { bech32: "bc", pubKeyHash: 0x00, scriptHash: 0x05, wif: 0x80, coin: 0 };
const TEST: Network = { bech32: "tb", pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef, coin: 1 };

/** CAIP-2 ids of Bitcoin's networks: `bip122:` and the first 32 hex digits of the genesis block's hash. */
export const CHAIN_IDS = {
  mainnet: "bip122:000000000019d6689c085ae165831e93",
  testnet3: "bip122:000000000933ea01ad0ee984209779ba",
  testnet4: "bip122:00000000da84f2bafbbc53dee25a72ae",
  signet: "bip122:00000008819873e925422c1ff0f99f7c",
  regtest: "bip122:0f9188f13cb7b2c71f2a335e3a4fc328",
} as const;

const NETWORKS: { readonly [chain: ChainId]: Network } = {
  [CHAIN_IDS.mainnet]: MAIN,
  [CHAIN_IDS.testnet3]: TEST,
  [CHAIN_IDS.testnet4]: TEST,
  [CHAIN_IDS.signet]: TEST,
  [CHAIN_IDS.regtest]: { ...TEST, bech32: "bcrt" },
};

/** @throws `chain/unknown` for a chain that is none of Bitcoin's. */
export function networkOf(chain: ChainId): Network {
  const network = Object.hasOwn(NETWORKS, chain) ? NETWORKS[chain] : undefined;
  if (network === undefined) {
    const known = Object.entries(CHAIN_IDS).map(([name, id]) => `${id} (${name})`);
    throw new CustodyError("chain/unknown", `chain: expected one of Bitcoin's: ${known.join(", ")}`);
  }
  return network;
}
