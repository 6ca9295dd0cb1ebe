import { sha256 } from "@noble/hashes/sha2.js";
import { equal, toHex, utf8 } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { AccountPlace } from "../chains/chain.ts";
import type { Address, ChainId } from "../intent/effect.ts";
import { formatPath, parsePath, publicKeysBelow } from "../keys/derive.ts";
import type { Tx, View } from "../vault/tx.ts";
import { type FreshAddress, freshAddresses } from "./addresses.ts";
import { personOfKey } from "./credentials.ts";
import { liveSession } from "./decide.ts";
import { accountRecords, type Desk } from "./desk.ts";
import { readOptions } from "./door.ts";
import { journal } from "./journal.ts";
import { isPlainName } from "./names.ts";
import { type AccountRecord, asJson, type WalletRecord } from "./records.ts";
import { type WalletKey, walletKey } from "./wallet-secret.ts";

/** An account as apps see it. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly chain: ChainId;
  /** Where it has many (Bitcoin), its first receive address, by which policies and the log name it. */
  readonly address: Address;
  readonly wallet: string;
  /** BIP-32 path; `m` for an imported private key. */
  readonly path: string;
  /** Where it has many addresses: how they are made (BIP-380), and the next fresh ones, none of which was given out or used yet. */
  readonly descriptor?: string;
  readonly fresh?: { readonly receive: FreshAddress; readonly change: FreshAddress };
}

/** A wallet as apps see it: what accounts are derived from. */
export interface Wallet {
  readonly id: string;
  readonly name: string;
  readonly kind: WalletRecord["kind"];
}

/** Which account to derive. */
export interface DeriveOptions {
  /** CAIP-2. One EVM account is the same on every EVM chain; the chain here is where it is used first. */
  readonly chain: ChainId;
  readonly name: string;
  /** Wallet by id or name; the first one by default. */
  readonly wallet?: string;
  /** The lowest free one by default. EVM counts the last step of `m/44'/60'/0'/0/index`, Bitcoin the account: `m/84'/0'/index'`. */
  readonly index?: number;
  /** Bitcoin: `wpkh` (BIP-84, the default), `tr` (BIP-86), `sh-wpkh` (BIP-49) or `pkh` (BIP-44). */
  readonly type?: string;
  /** Another path than the usual one. */
  readonly path?: string;
}

/**
 * Derives an account of a wallet and writes it down. No money moves by it, so no rule is asked; it is logged.
 *
 * @throws `vault/already-there` for a name or an address that the vault has; `keys/bad-path`; `chain/unknown`;
 *   `vault/key-of-person`; `vault/no-such-account` for an unknown wallet;
 *   `session/ended`
 */
export async function deriveAccount(
  desk: Desk,
  person: { readonly person: string; readonly session: string },
  given: DeriveOptions,
): Promise<Account> {
  // Each member is read once, and the caller's own object may change while we wait.
  const options = readOptions(given, "account");
  checkName(desk, options);
  const { wallet, used } = await desk.vault.read((view) => ({
    wallet: findWallet(view, options.wallet),
    used: new Set(accountRecords(view).map(({ wallet, path, chain }) => `${wallet} ${path} ${namespace(chain)}`)),
  }));
  const place = placeOf(desk, options, wallet, used);
  const { path } = place;
  const key = await desk.vault.withSecret(`wallet/${wallet.id}`, (secret) => walletKey(wallet, secret, path));
  const { address, many } = namesOf(desk, options.chain, place, key);
  const id = toHex(sha256(utf8(`account ${wallet.id} ${path} ${namespace(options.chain)}`))).slice(0, 16);
  const publicKey = toHex(key.publicKey);
  const record = { id, name: options.name, chain: options.chain, address, wallet: wallet.id, path, publicKey, ...(many && { many }) };
  return desk.vault.transact((tx) => {
    liveSession(tx, desk.judge, person.session);
    checkNobodys(desk, key.publicKey);
    for (const other of accountRecords(tx)) {
      const here = namespace(other.chain) === namespace(record.chain) && other.address === address;
      if (other.name === record.name || other.id === id || here)
        throw new CustodyError("vault/already-there", `account: the vault has ${other.name} with this name, key or address already`);
    }
    const account: AccountRecord = { ...record, created: tx.now };
    tx.put(`account/${id}`, asJson(account));
    journal(tx, "account", {
      ...person,
      account: { id, name: record.name, chain: record.chain, address, wallet: wallet.id, path, event: "derived" },
    });
    return shown(desk, tx, account);
  });
}

export function walletRecords(view: Pick<View | Tx, "list">): readonly WalletRecord[] {
  return [...view.list("wallet/")].map(([, record]) => record as unknown as WalletRecord);
}

export function shown(desk: Desk, view: Pick<View, "list">, record: AccountRecord): Account {
  const { id, name, chain, address, wallet, path, many } = record;
  const more = many && { descriptor: many.descriptor, fresh: freshAddresses(desk, view, record) };
  return { id, name, chain, address, wallet, path, ...more };
}

/** What the chain makes of a key: the address that names the account, and for many addresses all that they are made from. */
function namesOf(
  desk: Desk,
  chain: ChainId,
  place: AccountPlace,
  { publicKey, below }: WalletKey,
): { readonly address: Address; readonly many?: AccountRecord["many"] } {
  const of = desk.chains.of(chain);
  if (place.descriptor === undefined) {
    return { address: of.address(chain, { publicKey: () => publicKey }, []) };
  }
  if (below === undefined)
    throw new CustodyError(
      "request/unsupported",
      "account: expected a wallet with keys below it, a single private key has no such account",
    );
  const descriptor = place.descriptor(below);
  const { extended } = below;
  const keys = publicKeysBelow(extended);
  if (!equal(keys([]), publicKey)) throw new CustodyError("vault/damaged", "account: its extended key is not that of its path");
  return { address: of.address(chain, { publicKey: keys, descriptor }, [0, 0]), many: { descriptor, extended, next: [0, 0] } };
}

/** A wallet by id or name; the oldest where none is named. @throws `vault/no-such-account` */
export function findWallet(view: Pick<View, "list">, asked: string | undefined): WalletRecord {
  const wallets = [...walletRecords(view)].sort((a, b) => a.created - b.created);
  const found = asked === undefined ? wallets[0] : wallets.find(({ id, name }) => id === asked || name === asked);
  if (found === undefined)
    throw new CustodyError(
      "vault/no-such-account",
      asked === undefined ? "wallet: the vault has none yet" : "wallet: the vault has none with this id or name",
    );
  return found;
}

function placeOf(desk: Desk, options: DeriveOptions, wallet: WalletRecord, used: ReadonlySet<string>): AccountPlace {
  const { chain, type, index } = options;
  const place = (wish: { readonly index: number; readonly path?: string }) => desk.chains.of(chain).place(chain, { type, ...wish });
  if (wallet.kind === "privateKey") return place({ index: 0, path: "m" });
  if (options.path !== undefined) return place({ index: 0, path: formatPath(parsePath(options.path)) });
  const at = (index: number) => {
    const found = place({ index });
    return { ...found, path: formatPath(parsePath(found.path)) };
  };
  if (index !== undefined) return at(index);
  for (let free = 0; ; free++) {
    const found = at(free);
    if (!used.has(`${wallet.id} ${found.path} ${namespace(chain)}`)) return found;
  }
}

// A key that approves must not be one that the vault signs with: the policy refuses the same pair from the other side.
function checkNobodys({ judge }: Desk, publicKey: Uint8Array): void {
  const person = personOfKey(judge.policy, publicKey);
  if (person !== undefined)
    throw new CustodyError("vault/key-of-person", `account: its key is a credential of ${person}, who would be the vault itself`);
}

function checkName(desk: Desk, { chain, name }: DeriveOptions): void {
  if (!isPlainName(name) || isAddress(desk, chain, name)) {
    throw new CustodyError(
      "request/malformed",
      "account: expected a name of letters, digits, spaces, . _ - that is no address, at most 63 characters",
    );
  }
}

function isAddress(desk: Desk, chain: ChainId, name: string): boolean {
  try {
    desk.chains.parseAddress(chain, name);
    return true;
  } catch (cause) {
    if (cause instanceof CustodyError && cause.code === "chain/malformed") return false;
    throw cause;
  }
}

function namespace(chain: ChainId): string {
  return chain.slice(0, chain.indexOf(":"));
}
