import type { Chain } from "../chain.ts";
import { addressOf, parseAddress, parseChain } from "./address.ts";
import { assembleTransaction } from "./assemble.ts";
import { decodeRequest } from "./decode.ts";
import { newWork } from "./work.ts";

/**
 * EVM chains. A request of kind `transaction` has as payload the unsigned transaction in hexadecimal (`0x`, lowercase):
 * legacy with EIP-155, EIP-2930, EIP-1559, EIP-4844 without its sidecar, EIP-7702. Other kinds are `request/unsupported`.
 */
export const evm: Chain = {
  namespace: "eip155",
  parseAddress(chain, text) {
    parseChain(chain);
    return parseAddress(text);
  },
  address(chain, publicKey) {
    parseChain(chain);
    return addressOf(publicKey);
  },
  decode: (request, account, book) => decodeRequest(request, account, book, newWork()),
  assemble: assembleTransaction,
};
