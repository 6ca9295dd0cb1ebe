import type { Chain } from "../chain.ts";
import { address, place, readAccount } from "./accounts.ts";
import { parseAddress } from "./address.ts";
import { assemblePsbt } from "./assemble.ts";
import { decodePsbt } from "./decode.ts";

/**
 * Bitcoin: accounts of one key, P2PKH, P2SH-P2WPKH, P2WPKH or P2TR without a tree, each with its receive and change addresses,
 * on mainnet, testnet3, testnet4, signet and regtest. A request of kind `psbt` has as payload a PSBT of version 0 (BIP-174,
 * BIP-371), in base64 or hexadecimal; other kinds are `request/unsupported`.
 */
export const bitcoin: Chain = {
  namespace: "bip122",
  parseAddress,
  readAccount,
  place,
  address,
  decode: decodePsbt,
  assemble: assemblePsbt,
};
