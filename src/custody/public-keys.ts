import { fromHex } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { expectArray, expectInteger } from "../base/shape.ts";
import type { AccountKeys, Ceilings, Chain } from "../chains/chain.ts";
import type { ChainId } from "../intent/effect.ts";
import { publicKeysBelow } from "../keys/derive.ts";
import { readChains } from "./options.ts";
import type { AccountRecord } from "./records.ts";

/** So many addresses behind the last one that was given out are known as well: the usual gap limit of wallets (BIP-44). */
export const GAP = 20;

/**
 * What chains may know of the vault's accounts. What was derived once is kept for as long as the vault is open, and the same
 * account gives the same object until it has given out more addresses, so that a chain can keep what it makes of it as well.
 */
export class PublicKeys {
  readonly #below = new Map<string, (path: readonly number[]) => Uint8Array>();
  readonly #alone = new Map<string, { readonly state: string; readonly keys: AccountKeys }>();
  readonly #together = new Map<string, { readonly state: string; readonly keys: AccountKeys }>();

  /** @param all - the accounts of the vault: those of the same chain are judged together with this one. */
  of(account: AccountRecord, all: readonly AccountRecord[]): AccountKeys {
    const alone = this.#of(account);
    const others =
      account.many === undefined ? [] : all.filter((other) => other.many && other.chain === account.chain && other.id !== account.id);
    if (others.length === 0) return alone;
    const state = [account, ...others].map(stateOf).join(" ");
    return kept(this.#together, account.id, state, () => ({ ...alone, others: others.map((other) => this.#of(other)) }));
  }

  #of(account: AccountRecord): AccountKeys {
    const { id, address, many } = account;
    return kept(this.#alone, id, stateOf(account), () => {
      if (many === undefined) return { address, publicKey: ownKey(account) };
      const { descriptor, extended } = many;
      let publicKey = this.#below.get(extended);
      if (publicKey === undefined) {
        publicKey = publicKeysBelow(extended);
        this.#below.set(extended, publicKey);
      }
      return { address, publicKey, descriptor, ceilings: ceilingsOf(many.next) };
    });
  }
}

export function ceilingsOf([receive, change]: Ceilings): Ceilings {
  return [receive + GAP, change + GAP];
}

/**
 * An account that is only watched: named by its address, or by a descriptor whose addresses are derived as they are needed.
 *
 * @param ceilings - how far its addresses go; the chain's own measure where it is not said.
 * @throws `request/malformed`, `keys/bad-key`
 */
export function watchAccount(chain: Chain, id: ChainId, text: string, ceilings?: Ceilings): AccountKeys {
  if (typeof id !== "string" || typeof text !== "string")
    throw new CustodyError("request/malformed", "account: expected the id of a chain and an account as texts");
  readChains([chain]);
  const named = chain.readAccount(id, text);
  if ("address" in named) return named;
  const source = { descriptor: named.descriptor, publicKey: publicKeysBelow(named.extended) };
  return { ...source, address: chain.address(id, source, [0, 0]), ...(ceilings !== undefined && { ceilings: readCeilings(ceilings) }) };
}

function readCeilings(given: Ceilings): Ceilings {
  const [receive, change] = expectArray(given, "account: ceilings");
  return [expectInteger(receive, "account: ceilings"), expectInteger(change, "account: ceilings")];
}

/**
 * How an account's addresses are made, as data: what somebody without the vault needs to read a request as the vault does. A
 * lie in it makes other effects of the bytes, and so an approval of something else, which the vault refuses.
 */
export interface WatchedAccount {
  readonly descriptor: string;
  readonly ceilings: Ceilings;
  /** Accounts that are judged together with it. */
  readonly others: readonly { readonly descriptor: string; readonly ceilings: Ceilings }[];
}

/** Nothing for an account with one address: that says all. */
export function watchedOf({ descriptor, ceilings, others = [] }: AccountKeys): WatchedAccount | undefined {
  if (descriptor === undefined || ceilings === undefined) return undefined;
  const beside = others.map((other) => watchedOf(other)).filter((other) => other !== undefined);
  return { descriptor, ceilings, others: beside.map(({ descriptor, ceilings }) => ({ descriptor, ceilings })) };
}

/** The reverse of {@link watchedOf}. @throws `request/malformed`, `keys/bad-key` */
export function watchTogether(chain: Chain, id: ChainId, { descriptor, ceilings, others }: WatchedAccount): AccountKeys {
  const beside = others.map((other) => watchAccount(chain, id, other.descriptor, other.ceilings));
  const keys = watchAccount(chain, id, descriptor, ceilings);
  return beside.length === 0 ? keys : { ...keys, others: beside };
}

function ownKey(account: AccountRecord): (path: readonly number[]) => Uint8Array {
  const own = fromHex(account.publicKey);
  return (path) => {
    if (path.length > 0) throw new CustodyError("request/unsupported", "account: expected no path below it");
    return own.slice();
  };
}

function stateOf({ id, many }: AccountRecord): string {
  return `${id}:${many?.next.join("/") ?? ""}`;
}

function kept(
  cache: Map<string, { readonly state: string; readonly keys: AccountKeys }>,
  id: string,
  state: string,
  make: () => AccountKeys,
) {
  const known = cache.get(id);
  if (known?.state === state) return known.keys;
  const keys = make();
  cache.set(id, { state, keys });
  return keys;
}
