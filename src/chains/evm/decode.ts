import { CustodyError } from "../../base/errors.ts";
import type { Book } from "../../intent/book.ts";
import type { Address, Effect } from "../../intent/effect.ts";
import { type Intent, intentId, type Reason, type Request } from "../../intent/intent.ts";
import type { AccountKeys } from "../chain.ts";
import { namedAddress, parseAddress, parseChain } from "./address.ts";
import { transactionEffects } from "./effects.ts";
import { MAX_GAS } from "./fee.ts";
import { implausibleFields, parseTransaction, signingDigest, type UnsignedTransaction } from "./transaction.ts";
import type { Work } from "./work.ts";

/** `Chain.decode` for EVM; `work` counts what it cost. */
export function decodeRequest(request: Request, keys: AccountKeys, book: Book, work: Work): Intent {
  const chainId = parseChain(request.chain);
  const account = ownAccount(request.account, keys);
  if (request.kind !== "transaction")
    throw new CustodyError("request/unsupported", `request: expected a transaction on this chain, got ${request.kind}`);
  const transaction = parseTransaction(request.payload, work);
  const { chain, kind } = request;
  const { bytes } = transaction;
  return Object.freeze({
    id: intentId(chain, account, kind, bytes),
    chain,
    account,
    kind,
    bytes,
    // A nonce settles once per chain and account, whatever else differs.
    lane: `eip155:${transaction.chainId ?? chainId}/${account}/${transaction.nonce}`,
    effects: Object.freeze(transactionEffects(transaction, { account, chain, book, work }).map(frozen)),
    signables: Object.freeze([Object.freeze({ scheme: "ecdsa", digest: signingDigest(transaction), path: Object.freeze([]) } as const)]),
    refusals: Object.freeze(refusals(transaction, chainId).map((reason) => Object.freeze(reason))),
  });
}

function ownAccount(text: string, keys: AccountKeys): Address {
  const account = namedAddress(text);
  if (account !== parseAddress(keys.address))
    throw new CustodyError("request/malformed", `account: expected ${keys.address}, got ${account}`);
  return account;
}

/** Found after a complete parse: the effects are reported, and nothing is signed whatever the policy says. */
function refusals(transaction: UnsignedTransaction, chainId: bigint): readonly Reason[] {
  const reasons: Reason[] = [];
  if (transaction.chainId === undefined) {
    reasons.push({ code: "evm/no-chain-id", params: {}, text: "the transaction names no chain: anyone could send it on every chain" });
  } else if (transaction.chainId !== chainId) {
    const params = { request: chainId.toString(), transaction: transaction.chainId.toString() };
    reasons.push({
      code: "evm/chain-mismatch",
      params,
      text: `the request is for chain ${params.request}, the transaction for chain ${params.transaction}`,
    });
  }
  if (transaction.gasLimit > MAX_GAS) {
    const params = { gas: transaction.gasLimit.toString(), max: MAX_GAS.toString() };
    reasons.push({ code: "evm/gas-over-cap", params, text: `gas limit ${params.gas}: at most ${params.max} (EIP-7825)` });
  }
  return [...reasons, ...implausibleFields(transaction)];
}

function frozen(effect: Effect): Effect {
  Object.freeze(effect.at);
  if (effect.args) Object.freeze(effect.args);
  return Object.freeze(effect);
}
