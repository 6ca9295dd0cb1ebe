import { type AuthorizationItem, type AuthorizationRequest, authorization } from "micro-eth-signer";
import type { Address, Effect } from "../../intent/effect.ts";
import { MAX_AUTHORIZATIONS, type Work } from "./work.ts";

const NOBODY: Address = `0x${"0".repeat(40)}`;

/**
 * What the authorizations of an EIP-7702 transaction do: each hands the code of an account to another address, lastingly,
 * even if the transaction reverts or is replaced; chain 0 on every chain. Whose account it is comes out of its signature.
 *
 * @param account - the sender, for those whose authority cannot be recovered.
 */
export function delegationEffects(authorizations: readonly AuthorizationItem[], account: Address, work: Work): readonly Effect[] {
  if (authorizations.length > MAX_AUTHORIZATIONS) {
    return [unreadable(account, `${authorizations.length} authorizations: read are at most ${MAX_AUTHORIZATIONS}`)];
  }
  return authorizations.map((item) => {
    work.recoveries++;
    const authority = recover(item);
    if (authority === undefined) return unreadable(account, "an authorization whose authority cannot be recovered");
    return delegationEffect(item, authority);
  });
}

/**
 * What one authorization does to the account that signed it. The zero address takes a delegation back, and is one all the
 * same. Two that differ in nothing but the nonce are told apart by words: delegations are approved as exact bytes.
 */
export function delegationEffect(item: AuthorizationRequest, account: Address): Effect {
  const everywhere = item.chainId === 0n;
  const when = `good while the account's nonce is ${item.nonce}`;
  return {
    kind: "delegation",
    at: [],
    ...(!everywhere && { chain: `eip155:${item.chainId}` }),
    account,
    to: item.address,
    replayable: everywhere,
    why: item.address === NOBODY ? `takes the account's delegation back, so that it has no code again; ${when}` : when,
    outlives: true,
  };
}

function unreadable(account: Address, why: string): Effect {
  return { kind: "unknown", at: [], account, class: "U3", why, outlives: true };
}

function recover(item: AuthorizationItem): Address | undefined {
  try {
    return authorization.getAuthority(item);
  } catch {
    // Not a signature of anybody: r or s out of range, a high s, or no such point. Decided by the caller.
    return undefined;
  }
}
