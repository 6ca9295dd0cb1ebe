import { CustodyError } from "../base/errors.ts";
import type { Address, ChainId } from "../intent/effect.ts";
import type { ParseAddress } from "./core.ts";
import { quote } from "./problems.ts";
import { type Spot, textAt, textLike } from "./surface.ts";

/** An address on its chain. */
export interface Located {
  readonly chain: ChainId;
  readonly address: Address;
}

/** CAIP-2: namespace and reference. */
const CHAIN = /^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$/;

export function chainAt(spot: Spot): ChainId | undefined {
  return textLike(spot, CHAIN, 'a CAIP-2 chain such as "eip155:1"', "policy/bad-chain");
}

/** An address in its chain's own checked form, and in no other. */
export function addressAt(spot: Spot, chain: ChainId, parse: ParseAddress): Address | undefined {
  const text = textAt(spot, `an address on ${chain}`);
  return text === undefined ? undefined : checkedAddress(spot, chain, text, parse);
}

/** `eip155:1:0x…`: a CAIP-10 address that stands in a condition instead of a name. */
export function literalAddress(spot: Spot, text: string, parse: ParseAddress): Located | undefined {
  const end = text.lastIndexOf(":");
  const chain = text.slice(0, end);
  if (!CHAIN.test(chain)) return spot.wrong("policy/bad-address", `expected a CAIP-10 address such as "eip155:1:0x…", got ${quote(text)}`);
  const address = checkedAddress(spot, chain, text.slice(end + 1), parse);
  return address === undefined ? undefined : { chain, address };
}

export function checkedAddress(spot: Spot, chain: ChainId, text: string, parse: ParseAddress): Address | undefined {
  if (text.length > 128) return spot.wrong("policy/bad-address", `expected an address on ${chain}, got ${text.length} characters`);
  try {
    // An address without its checksum may be a slip of the pen, so only the checked form is taken.
    if (parse(chain, text) === text) return text;
    return spot.wrong(
      "policy/bad-address",
      `expected the checked form of an address on ${chain} (on EVM with the capital letters of EIP-55), got ${quote(text)}`,
    );
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error;
    return spot.wrong("policy/bad-address", `expected an address on ${chain}, got ${quote(text)} (${error.message})`);
  }
}

export function qualify({ chain, address }: Located): string {
  return `${chain}:${address}`;
}
