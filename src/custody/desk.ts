import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { AccountKeys, Chain } from "../chains/chain.ts";
import type { ChainId } from "../intent/effect.ts";
import type { Intent } from "../intent/intent.ts";
import type { Tx, View } from "../vault/tx.ts";
import type { Vault } from "../vault/vault.ts";
import { actIntent, inForce, readAct } from "./acts.ts";
import type { Judge, ReadPolicy } from "./judge.ts";
import type { PublicKeys } from "./public-keys.ts";
import type { AccountRecord, AskedRequest, WalletRecord } from "./records.ts";

/** All that a request needs while the vault is open. */
export interface Desk {
  readonly vault: Vault;
  readonly judge: Judge;
  readonly chains: Chains;
  readonly publicKeys: PublicKeys;
  readonly readPolicy: ReadPolicy;
  /** How long a reservation keeps its headroom for a signer that does not come back. */
  readonly leaseMs: number;
  /** The time of the vault: the store's clock, but never before the last commit, however far that clock was put back. */
  readonly now: () => Promise<Time>;
  /** Counts an opening that failed, for the next one to write down. */
  readonly countFailure: () => Promise<void>;
  /** Aborted with `vault/locked` when the custody is locked. */
  readonly locked: AbortSignal;
}

/** What a request is read over: the records of the vault, at a moment that is not before them. */
export type Moment = Pick<Tx, "state" | "now" | "get" | "list">;

export function momentOf(view: View, now: Time): Moment {
  return { state: view.state, now: Math.max(now, view.time), get: (name) => view.get(name), list: (prefix) => view.list(prefix) };
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
    throw new CustodyError("chain/unknown", `chain: expected a CAIP-2 id of a chain that was given to keyward (${known}), got another`);
  }

  readonly parseAddress = (chain: ChainId, text: string) => this.of(chain).parseAddress(chain, text);
}

/**
 * An account by id, address, descriptor or name, in this order: no name that somebody gave stands in the way of an address.
 *
 * @throws `vault/no-such-account`
 */
export function findAccount(view: Pick<View, "list">, chains: Chains, chain: ChainId, account: string): AccountRecord {
  // One EVM account serves every EVM chain; what has many addresses has those of its own chain.
  const serves = ({ chain: own, many }: AccountRecord) => (many === undefined ? chains.of(own) === chains.of(chain) : own === chain);
  const found = named(accountRecords(view), account);
  const here = found.find(serves);
  if (here !== undefined) return here;
  const [elsewhere] = found;
  throw new CustodyError(
    "vault/no-such-account",
    elsewhere === undefined
      ? `account: the vault has none with this id, name or address on ${chain}`
      : `account ${elsewhere.name}: it is not one of ${chain}`,
  );
}

/** An account by the same, on whatever chain it is. @throws `vault/no-such-account` */
export function namedAccount(view: Pick<View, "list">, account: string): AccountRecord {
  const [found] = named(accountRecords(view), account);
  if (found === undefined) throw new CustodyError("vault/no-such-account", "account: the vault has none with this id, name or address");
  return found;
}

/** All that this text could mean, best first. Addresses of EVM are read without their checksum as well. */
function named(records: readonly AccountRecord[], account: string): readonly AccountRecord[] {
  if (typeof account !== "string") return [];
  const ways: readonly ((record: AccountRecord) => boolean)[] = [
    ({ id }) => id === account,
    ({ address, many }) => address === account || many?.descriptor === account,
    ({ address, many }) => many === undefined && address.toLowerCase() === account.toLowerCase(),
    ({ name }) => name === account,
  ];
  return ways.flatMap((way) => records.filter(way));
}

/** The account of an intent, by the address that was judged. */
export function accountOf(view: Pick<View, "list">, chains: Chains, intent: Pick<Intent, "chain" | "account">): AccountRecord {
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
export function reader(desk: Desk, request: AskedRequest): (tx: Moment, judge: Judge) => Intent {
  if (request.kind === "act") {
    const act = readAct(request.payload);
    return (tx, judge) => actIntent(desk.vault.id, act, { judge, read: desk.readPolicy, inForce: inForce(tx) });
  }
  let read: { readonly book: string; readonly keys: AccountKeys; readonly intent: Intent } | undefined;
  return (tx, judge) => {
    const keys = keysOf(desk, tx, findAccount(tx, desk.chains, request.chain, request.account));
    const { book } = judge.policy;
    if (read === undefined || read.book !== book.hash || read.keys !== keys) {
      const intent = desk.chains.of(request.chain).decode({ ...request, account: keys.address }, keys, book);
      read = { book: book.hash, keys, intent };
    }
    return read.intent;
  };
}

/** What a chain may know of an account, and of those that are judged together with it. */
export function keysOf({ publicKeys }: Desk, view: Pick<View, "list">, account: AccountRecord): AccountKeys {
  return publicKeys.of(account, accountRecords(view));
}

export function accountRecords(view: Pick<View, "list">): readonly AccountRecord[] {
  return [...view.list("account/")].map(([, record]) => record as unknown as AccountRecord);
}
