import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../base/bytes.ts";
import { canonicalBytes, type Json } from "../base/canonical.ts";
import type { Address, AssetId, ChainId } from "./effect.ts";

/** An asset that the policy names. */
export interface BookAsset {
  readonly name: string;
  readonly chain: ChainId;
  readonly asset: AssetId;
  readonly decimals: number;
}

/** A contract that the policy names: `kind` says how its calls are read. */
export interface BookContract {
  readonly name: string;
  readonly chain: ChainId;
  readonly address: Address;
  readonly kind: string;
  /** Functions in Solidity's form (`deposit(uint256 amount, address to)`) that are read as `call` effects. */
  readonly functions: readonly string[];
}

/**
 * What contracts and assets are, from the policy alone: a selector is only the target's claim. Handed to `Chain.decode`;
 * its hash is in approvals and in the log.
 */
export interface Book {
  readonly hash: string;
  asset(chain: ChainId, asset: AssetId): BookAsset | undefined;
  contract(chain: ChainId, address: Address): BookContract | undefined;
}

/** @param assets @param contracts - addresses already in their chain's checked form; compared exactly. */
export function makeBook(assets: readonly BookAsset[], contracts: readonly BookContract[]): Book {
  const assetBy = new Map(assets.map((entry) => [`${entry.chain} ${entry.asset}`, entry]));
  const contractBy = new Map(contracts.map((entry) => [`${entry.chain} ${entry.address}`, entry]));
  const byName = <T extends { name: string }>(a: T, b: T) => (a.name < b.name ? -1 : 1);
  const content = { assets: [...assets].sort(byName), contracts: [...contracts].sort(byName) };
  return {
    hash: toHex(sha256(canonicalBytes(content as unknown as Json))),
    asset: (chain, asset) => assetBy.get(`${chain} ${asset}`),
    contract: (chain, address) => contractBy.get(`${chain} ${address}`),
  };
}

/** Knows nothing: every contract is unnamed. */
export const emptyBook: Book = makeBook([], []);
