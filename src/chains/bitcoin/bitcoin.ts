import { CustodyError } from "../../base/errors.ts";
import type { Chain } from "../chain.ts";
import { parseAddress } from "./address.ts";

/**
 * Bitcoin, as far as policies speak of it: its addresses are read and checked, so that one policy can name payees on several
 * chains. Requests and accounts of Bitcoin are `request/unsupported` so far.
 */
export const bitcoin: Chain = {
  namespace: "bip122",
  parseAddress,
  address: unsupported,
  decode: unsupported,
  assemble: unsupported,
};

function unsupported(): never {
  throw new CustodyError("request/unsupported", "bitcoin: expected a request of another chain, Bitcoin's are not signed yet");
}
