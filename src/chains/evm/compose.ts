import type { Address, Effect } from "../../intent/effect.ts";
import type { Request, RequestKind } from "../../intent/intent.ts";
import type { Compose, Composing } from "../chain.ts";
import { parseAddress, parseChain } from "./address.ts";
import { composeMessage } from "./compose-message.ts";
import { composeTransaction } from "./compose-transaction.ts";
import { composeTypedData } from "./compose-typed-data.ts";

/** What effects that are to be of one request have in common. */
export interface Plan extends Omit<Composing, "account"> {
  readonly account: Address;
  readonly chainId: bigint;
  readonly effects: readonly Effect[];
}

/**
 * {@link Compose} for EVM: transfers, allowances, calls of functions that the policy names, deployments and unknown calls as one
 * transaction of type 1 (EIP-2930, whose price may be 0); permits and unknown typed data as EIP-712; delegations as EIP-7702
 * authorizations; statements as messages, sign-ins where they are of a chain.
 *
 * @throws `request/malformed`, `chain/malformed` for a chain or an address that is none.
 */
export const composeEvm: Compose = (effects, composing) => {
  const account = parseAddress(composing.account.address);
  const isAnother = (effect: Effect) => (effect.chain ?? composing.chain) !== composing.chain || (effect.account ?? account) !== account;
  if (effects.length === 0 || effects.some(isAnother)) return undefined;
  const plan: Plan = { ...composing, account, chainId: parseChain(composing.chain), effects };
  for (const [kind, compose] of FORMS) {
    const payload = compose(plan);
    if (payload !== undefined) return { chain: composing.chain, account, kind, payload };
  }
  return undefined;
};

const FORMS: readonly (readonly [RequestKind, (plan: Plan) => Request["payload"] | undefined])[] = [
  ["authorization", composeAuthorization],
  ["message", composeMessage],
  ["typedData", composeTypedData],
  ["transaction", composeTransaction],
];

/** Of no chain is of every one. */
function composeAuthorization({ effects: [effect, ...others], chainId, nonce = 0n }: Plan): Request["payload"] | undefined {
  if (effect?.kind !== "delegation" || effect.to === undefined || others.length > 0) return undefined;
  return { address: effect.to, chainId: (effect.chain === undefined ? 0n : chainId).toString(), nonce: nonce.toString() };
}
