import { CustodyError } from "../../base/errors.ts";
import type { Address } from "../../intent/effect.ts";
import type { AccountWish, Chain, KeySource, RelativePath } from "../chain.ts";
import { addressOf, namedAddress, parseAddress, parseChain } from "./address.ts";
import { assemble } from "./assemble.ts";
import { decodeRequest } from "./decode.ts";
import { newWork } from "./work.ts";

/**
 * EVM chains. Kinds of request, and what their payload is:
 *
 * - `transaction`: the unsigned transaction in hexadecimal (`0x`, lowercase): legacy with EIP-155, EIP-2930, EIP-1559,
 *   EIP-4844 without its sidecar, EIP-7702.
 * - `message`: `{"text": "…"}` or `{"hex": "0x…"}`, to be signed by EIP-191 (`personal_sign`), sign-ins by ERC-4361 among them.
 * - `typedData`: the EIP-712 object, or its JSON text.
 * - `authorization`: `{"address": "0x…", "chainId": 1, "nonce": 7}`, an EIP-7702 authorization by itself.
 *
 * Other kinds are `request/unsupported`.
 */
export const evm: Chain = {
  namespace: "eip155",
  parseAddress(chain, text) {
    parseChain(chain);
    return parseAddress(text);
  },
  readAccount(chain, text) {
    parseChain(chain);
    return { address: namedAddress(text) };
  },
  place: (chain, wish) => ({ path: placeOf(chain, wish) }),
  address(chain, keys, path) {
    parseChain(chain);
    return addressAt(keys, path);
  },
  decode: (request, account, book) => decodeRequest(request, account, book, newWork()),
  assemble,
};

/** BIP-44 with SLIP-44 coin type 60: wallets count EVM accounts by their last step. */
function placeOf(chain: string, { index, type, path }: AccountWish): string {
  parseChain(chain);
  if (type !== undefined) throw new CustodyError("request/malformed", "account: expected no type, EVM accounts are all alike");
  return path ?? `m/44'/60'/0'/0/${index}`;
}

function addressAt(keys: KeySource, path: RelativePath): Address {
  if (path.length > 0 || keys.publicKey === undefined)
    throw new CustodyError("chain/malformed", "account: expected its own key, an EVM account has none below it");
  return addressOf(keys.publicKey([]));
}
