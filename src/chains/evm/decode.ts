import type { Json } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Book } from "../../intent/book.ts";
import type { Address, Effect } from "../../intent/effect.ts";
import { type Intent, intentId, type Reason, type Request } from "../../intent/intent.ts";
import type { AccountKeys } from "../chain.ts";
import { namedAddress, parseAddress, parseChain } from "./address.ts";
import { decodeAuthorization } from "./authorization.ts";
import type { Decoded } from "./decoded.ts";
import { type Setting, transactionEffects } from "./effects.ts";
import { MAX_GAS } from "./fee.ts";
import { decodeMessage } from "./message.ts";
import { implausibleFields, parseTransaction, signingDigest, type UnsignedTransaction } from "./transaction.ts";
import { decodeTypedData } from "./typed-data.ts";
import type { Work } from "./work.ts";

/** `Chain.decode` for EVM; `work` counts what it cost. */
export function decodeRequest(request: Request, keys: AccountKeys, book: Book, work: Work): Intent {
  const { chain, kind } = request;
  parseChain(chain);
  const account = ownAccount(request.account, keys);
  const { bytes, digest, lane, effects, refusals } = decodePayload(request, { account, chain, book, work });
  return Object.freeze({
    id: intentId(chain, account, kind, bytes),
    chain,
    account,
    kind,
    bytes,
    ...(lane !== undefined && { lane }),
    effects: Object.freeze(effects.map(frozen)),
    signables: Object.freeze([Object.freeze({ scheme: "ecdsa", digest, path: Object.freeze([]) } as const)]),
    refusals: Object.freeze(refusals.map((reason) => Object.freeze({ ...reason, params: Object.freeze({ ...reason.params }) }))),
  });
}

function decodePayload({ kind, payload }: Request, setting: Setting): Decoded {
  switch (kind) {
    case "transaction":
      return decodeTransaction(payload, setting);
    case "message":
      return decodeMessage(payload, setting);
    case "typedData":
      return decodeTypedData(payload, setting);
    case "authorization":
      return decodeAuthorization(payload, setting);
    case "userOperation":
    case "calls":
    case "psbt":
    case "act":
      throw new CustodyError("request/unsupported", `request: expected one that is signed on this chain, got ${kind}`);
  }
}

function decodeTransaction(payload: Json, setting: Setting): Decoded {
  const transaction = parseTransaction(payload, setting.work);
  const chainId = parseChain(setting.chain);
  return {
    bytes: transaction.bytes,
    digest: signingDigest(transaction),
    // A nonce settles once per chain and account, whatever else differs.
    lane: `eip155:${transaction.chainId ?? chainId}/${setting.account}/${transaction.nonce}`,
    effects: transactionEffects(transaction, setting),
    refusals: transactionRefusals(transaction, chainId),
  };
}

function ownAccount(text: string, keys: AccountKeys): Address {
  const account = namedAddress(text);
  if (account !== parseAddress(keys.address))
    throw new CustodyError("request/malformed", `account: expected ${keys.address}, got ${account}`);
  return account;
}

/** Found after a complete parse: the effects are reported, and nothing is signed whatever the policy says. */
function transactionRefusals(transaction: UnsignedTransaction, chainId: bigint): readonly Reason[] {
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
