import { addr } from "micro-eth-signer";
import type { Book } from "../../intent/book.ts";
import type { Address, ChainId, Effect } from "../../intent/effect.ts";
import { callEffects } from "./calls.ts";
import { delegationEffects } from "./delegations.ts";
import { feeEffect } from "./fee.ts";
import type { UnsignedTransaction } from "./transaction.ts";
import type { Work } from "./work.ts";

/** By whom and where a transaction would be sent, or something else be signed, and by which book it is read. */
export interface Setting {
  readonly account: Address;
  /** The chain of the request: where a transaction names none, the book is read for this one. */
  readonly chain: ChainId;
  readonly book: Book;
  readonly work: Work;
}

/** Everything that the transaction would cause: what it sends, what it calls or creates, what it delegates, what it costs. */
export function transactionEffects(transaction: UnsignedTransaction, setting: Setting): readonly Effect[] {
  const { to, value, data, chainId, nonce } = transaction;
  const { account, book, work } = setting;
  const chain = chainId === undefined ? undefined : `eip155:${chainId}`;
  const base = { at: [], ...(chain !== undefined && { chain }), account };
  const target = to ?? addr.getCreateAddress(account, nonce);

  const effects: Effect[] = [];
  // Value is an effect of its own, whatever the call beside it looks like. A contract's code runs without data as well.
  if (value > 0n || (to !== undefined && data.length === 0)) {
    effects.push({ kind: "transfer", ...base, asset: "native", to: target, amount: value, contract: target });
  }
  if (to === undefined) {
    effects.push({ kind: "deploy", ...base, contract: target });
    effects.push({
      kind: "unknown",
      ...base,
      contract: target,
      class: "U1",
      why: `${data.length} bytes of code that run to create a contract`,
    });
  } else if (data.length > 0) {
    effects.push(
      ...callEffects({ at: [], chain, bookChain: chain ?? setting.chain, book, account, contract: to, data, asset: undefined, work }),
    );
  }
  if (transaction.blobs > 0) {
    effects.push({
      kind: "unknown",
      ...base,
      contract: target,
      class: "U1",
      why: `${transaction.blobs} blobs whose content is not in the request`,
    });
  }
  effects.push(...delegationEffects(transaction.authorizations, account, work));
  effects.push(feeEffect(transaction, base));
  return effects;
}
