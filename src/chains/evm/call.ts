import { toHex } from "../../base/bytes.ts";
import type { Book } from "../../intent/book.ts";
import type { Address, AssetId, ChainId, Effect, UnknownClass } from "../../intent/effect.ts";
import type { Work } from "./work.ts";

/** One call with data, as it stands in the bytes. */
export interface Call {
  readonly at: readonly number[];
  /** Where it is valid; absent for a signature without a chain. */
  readonly chain: ChainId | undefined;
  /** The chain by which the book is read. */
  readonly bookChain: ChainId;
  readonly book: Book;
  /** Who calls. */
  readonly account: Address;
  readonly contract: Address;
  readonly data: Uint8Array;
  /** Set once the contract is known to be a token. */
  readonly asset: AssetId | undefined;
  readonly work: Work;
}

/** First four bytes, `0x` and lowercase; absent where there are fewer. */
export function selectorOfData(data: Uint8Array): string | undefined {
  return data.length < 4 ? undefined : `0x${toHex(data.subarray(0, 4))}`;
}

/** An effect of this call: what is the same for all of them is filled in. */
export function effectOf(call: Call, own: Partial<Effect> & Pick<Effect, "kind">): Effect {
  const selector = selectorOfData(call.data);
  return {
    ...own,
    at: call.at,
    ...(call.chain !== undefined && { chain: call.chain }),
    account: call.account,
    ...(call.asset !== undefined && { asset: call.asset }),
    contract: call.contract,
    ...(selector !== undefined && { selector }),
  };
}

export function unknownCall(call: Call, unknownClass: UnknownClass, why: string): Effect {
  return effectOf({ ...call, asset: undefined }, { kind: "unknown", class: unknownClass, why });
}
