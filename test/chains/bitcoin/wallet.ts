import { bitcoin } from "../../../src/chains/bitcoin/index.ts";
import type { AccountKeys, Ceilings } from "../../../src/chains/chain.ts";
import { extendedPublicKey, masterFingerprint, parsePath, publicKeysBelow } from "../../../src/keys/derive.ts";

export const MAIN = "bip122:000000000019d6689c085ae165831e93";
export const TEST3 = "bip122:000000000933ea01ad0ee984209779ba";
export const REGTEST = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
export const TYPES = ["pkh", "sh-wpkh", "wpkh", "tr"] as const;

/** The seed of BIP-49, BIP-84 and BIP-86: "abandon" eleven times and "about", no passphrase. */
export const ABOUT =
  "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4";

/** An account as the vault makes it: placed, derived, described by the chain, its keys kept. */
export function account(at: {
  readonly seed: Uint8Array;
  readonly type?: string;
  readonly chain?: string;
  readonly index?: number;
  readonly ceilings?: Ceilings;
  readonly others?: readonly AccountKeys[];
}): AccountKeys & Required<Pick<AccountKeys, "publicKey" | "descriptor">> {
  const { seed, chain = MAIN, type, index = 0, ceilings, others } = at;
  const { path, descriptor } = bitcoin.place(chain, { index, type });
  const extended = extendedPublicKey(seed, parsePath(path));
  const source = { descriptor: descriptor!({ fingerprint: masterFingerprint(seed), extended }), publicKey: publicKeysBelow(extended) };
  const address = bitcoin.address(chain, source, [0, 0]);
  return { ...source, address, ...(ceilings && { ceilings }), ...(others && { others }) };
}
