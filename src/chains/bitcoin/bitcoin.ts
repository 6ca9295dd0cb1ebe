import { CustodyError } from "../../base/errors.ts";
import type { Chain } from "../chain.ts";
import { address, place, readAccount } from "./accounts.ts";
import { parseAddress } from "./address.ts";

/**
 * Bitcoin: accounts of one key, P2PKH, P2SH-P2WPKH, P2WPKH or P2TR without a tree, each with its receive and change addresses,
 * on mainnet, testnet3, testnet4, signet and regtest. Requests are `request/unsupported` so far.
 */
export const bitcoin: Chain = {
  namespace: "bip122",
  parseAddress,
  readAccount,
  place,
  address,
  decode: unsupported,
  assemble: unsupported,
};

function unsupported(): never {
  throw new CustodyError("request/unsupported", "bitcoin: expected a request of another chain, Bitcoin's are not signed yet");
}
