import { addressOfKey } from "../approvals/address.ts";
import { CustodyError } from "../base/errors.ts";
import type { AccountKeys } from "../chains/chain.ts";
import { emptyBook } from "../intent/book.ts";
import type { Intent, Request } from "../intent/intent.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Policy } from "../policy/core.ts";
import { parsePolicy } from "../policy/parse.ts";
import { actIntent, type InForce, readAct } from "./acts.ts";
import type { Chains } from "./desk.ts";
import { type WatchedAccount, watchAccount, watchTogether } from "./public-keys.ts";

// Lines of a batch are mostly about the same few accounts, and the addresses of one take a while to derive.
const MOST_WATCHED = 16;

/** Reads policies and requests where there is no vault: every account is only watched, by its address or its descriptor. */
export class Reading {
  readonly #chains: Chains;
  readonly #watched = new Map<string, AccountKeys>();

  constructor(chains: Chains) {
    this.#chains = chains;
  }

  /** @throws `policy/invalid` with every problem and its place */
  readonly policy = (text: string | Uint8Array): Policy => parsePolicy(text, { parseAddress: this.#chains.parseAddress, addressOfKey });

  /** The account of a request, by what is told of its addresses, or by its name alone. @throws `request/malformed`, `keys/bad-key` */
  watched({ chain, account }: Pick<Request, "chain" | "account">, told?: WatchedAccount): AccountKeys {
    const of = this.#chains.of(chain);
    if (told !== undefined) return watchTogether(of, chain, told);
    const name = `${chain} ${account}`;
    const keys = this.#watched.get(name) ?? watchAccount(of, chain, account);
    if (this.#watched.size >= MOST_WATCHED) this.#watched.clear();
    this.#watched.set(name, keys);
    return keys;
  }

  /**
   * What a request would cause.
   *
   * @param by - `policy` names assets and contracts, and is what an act is asked under; `keys`: of the account, where they are
   *   known better than from its name; `inForce`: what else an act is asked over.
   */
  intent(
    request: Request,
    by: { readonly policy?: Policy | undefined; readonly keys?: AccountKeys | undefined; readonly inForce?: InForce },
  ): Intent {
    const { policy, keys, inForce = { semantics: SEMANTICS } } = by;
    if (request.kind !== "act") {
      const account = keys ?? this.watched(request);
      return this.#chains.of(request.chain).decode({ ...request, account: account.address }, account, policy?.book ?? emptyBook);
    }
    const [, vault] = /^keyward:(\S+)$/.exec(request.chain) ?? [];
    if (vault === undefined) throw new CustodyError("request/malformed", "act: expected keyward:<vault id> as its chain");
    if (policy === undefined) throw new CustodyError("request/malformed", "act: expected the policy that it is asked under");
    return actIntent(vault, readAct(request.payload), { judge: { policy }, read: this.policy, inForce });
  }
}
