import { fromHex } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { Chain } from "../chains/chain.ts";
import type { Address, ChainId } from "../intent/effect.ts";
import type { Intent } from "../intent/intent.ts";
import type { Tx, View } from "../vault/tx.ts";
import type { Vault } from "../vault/vault.ts";
import { actIntent, readAct } from "./acts.ts";
import type { Judge, ReadPolicy } from "./judge.ts";
import type { AccountRecord, AskedRequest, WalletRecord } from "./records.ts";

/** All that a request needs while the vault is open. */
export interface Desk {
  readonly vault: Vault;
  readonly judge: Judge;
  readonly chains: Chains;
  readonly readPolicy: ReadPolicy;
  /** How long a reservation keeps its headroom for a signer that does not come back. */
  readonly leaseMs: number;
  /** The time of the vault: the store's clock, but never before the last commit, however far that clock was put back. */
  readonly now: () => Promise<Time>;
}

export class Chains {
  readonly #byNamespace: ReadonlyMap<string, Chain>;

  constructor(chains: readonly Chain[]) {
    this.#byNamespace = new Map(chains.map((chain) => [chain.namespace, chain]));
  }

  /** @throws `chain/unknown` */
  of(chain: ChainId): Chain {
    if (typeof chain !== "string") throw new CustodyError("chain/unknown", `chain: expected a CAIP-2 id as text, got ${typeof chain}`);
    const found = this.#byNamespace.get(chain.slice(0, chain.indexOf(":")));
    if (found !== undefined) return found;
    const known = [...this.#byNamespace.keys()].join(", ") || "none";
    throw new CustodyError(
      "chain/unknown",
      `chain: expected a CAIP-2 id of a chain that was given to keyward (${known}), got ${JSON.stringify(chain.slice(0, 40))}`,
    );
  }

  readonly parseAddress = (chain: ChainId, text: string): Address => this.of(chain).parseAddress(chain, text);
}

/** An account by id, name or address. @throws `vault/no-such-account` */
export function findAccount(view: Pick<View, "list">, chains: Chains, chain: ChainId, account: string): AccountRecord {
  const records = [...view.list("account/")].map(([, record]) => record as unknown as AccountRecord);
  const found =
    records.find((record) => record.id === account) ??
    records.find((record) => record.name === account) ??
    records.find((record) => record.address === account || record.address.toLowerCase() === account.toLowerCase());
  if (found === undefined)
    throw new CustodyError("vault/no-such-account", `account: the vault has none with this id, name or address on ${chain}`);
  if (chains.of(found.chain) !== chains.of(chain))
    throw new CustodyError("vault/no-such-account", `account ${found.name}: it is not one of ${chain}`);
  return found;
}

/** The account of an intent, by the address that was judged. */
export function accountOf(view: View, chains: Chains, intent: Pick<Intent, "chain" | "account">): AccountRecord {
  return findAccount(view, chains, intent.chain, intent.account);
}

export function walletOf(view: View, account: AccountRecord): WalletRecord {
  const wallet = view.get(`wallet/${account.wallet}`) as unknown as WalletRecord | undefined;
  if (wallet === undefined) throw new CustodyError("vault/damaged", `account ${account.name}: its wallet is missing`);
  return wallet;
}

/**
 * Reads a request into its intent, with the book of the policy in force. The reading is kept for jobs that run again, as
 * long as the book is the same: decoding is pure.
 */
export function reader(desk: Desk, request: AskedRequest): (tx: Pick<Tx, "state" | "get" | "list">, judge: Judge) => Intent {
  if (request.kind === "act") {
    const act = readAct(request.payload);
    return (tx, judge) => actIntent(desk.vault.id, act, { judge, read: desk.readPolicy, tx });
  }
  let read: { readonly book: string; readonly address: Address; readonly intent: Intent } | undefined;
  return (tx, judge) => {
    const account = findAccount(tx, desk.chains, request.chain, request.account);
    const { book } = judge.policy;
    if (read === undefined || read.book !== book.hash || read.address !== account.address) {
      const intent = desk.chains.of(request.chain).decode({ ...request, account: account.address }, accountKeys(account), book);
      read = { book: book.hash, address: account.address, intent };
    }
    return read.intent;
  };
}

function accountKeys(account: AccountRecord) {
  const own = fromHex(account.publicKey);
  return {
    address: account.address,
    publicKey(path: readonly number[]): Uint8Array {
      if (path.length > 0) throw new CustodyError("request/unsupported", "account: expected no path below it");
      return own.slice();
    },
  };
}
