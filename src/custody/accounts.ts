import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { Address, ChainId } from "../intent/effect.ts";
import { bip44, formatPath, parsePath } from "../keys/derive.ts";
import type { Tx, View } from "../vault/tx.ts";
import { compressed } from "./credentials.ts";
import { liveSession } from "./decide.ts";
import type { Desk } from "./desk.ts";
import { journal } from "./journal.ts";
import { isPlainName } from "./names.ts";
import { type AccountRecord, asJson, type WalletRecord } from "./records.ts";
import { walletPublicKey } from "./wallets.ts";

/** An account as apps see it. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly chain: ChainId;
  readonly address: Address;
  readonly wallet: string;
  /** BIP-32 path; `m` for an imported private key. */
  readonly path: string;
}

/** A wallet as apps see it: what accounts are derived from. */
export interface Wallet {
  readonly id: string;
  readonly name: string;
  readonly kind: "mnemonic" | "privateKey";
}

/** Which account to derive. */
export interface DeriveOptions {
  /** CAIP-2. One EVM account is the same on every EVM chain; the chain here is where it is used first. */
  readonly chain: ChainId;
  readonly name: string;
  /** Wallet by id or name; the first one by default. */
  readonly wallet?: string;
  /** BIP-44 address index; the lowest free one by default. */
  readonly index?: number;
  /** Another path than `m/44'/60'/0'/0/index`. */
  readonly path?: string;
}

/** SLIP-44 coin type by CAIP-2 namespace. */
const COINS: { readonly [namespace: string]: number } = { eip155: 60 };

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
  const options = { ...given };
  checkName(desk, options);
  const { wallet, used } = await desk.vault.read((view) => ({
    wallet: findWallet(view, options.wallet),
    used: new Set(accountRecords(view).map(({ wallet, path }) => `${wallet} ${path}`)),
  }));
  const path = pathOf(desk, options, wallet, used);
  const secretName = `wallet/${wallet.id}`;
  const publicKey = await desk.vault.withSecret(secretName, (secret) => walletPublicKey(wallet, secret, path));
  const address = desk.chains.of(options.chain).address(options.chain, publicKey);
  const id = toHex(sha256(utf8(`account ${wallet.id} ${path} ${namespace(options.chain)}`))).slice(0, 16);
  const record = { id, name: options.name, chain: options.chain, address, wallet: wallet.id, path, publicKey: toHex(publicKey) };
  return desk.vault.transact((tx) => {
    liveSession(tx, desk.judge, person.session);
    checkNobodys(desk, publicKey);
    for (const other of accountRecords(tx)) {
      const here = namespace(other.chain) === namespace(record.chain) && other.address === address;
      if (other.name === record.name || here)
        throw new CustodyError("vault/already-there", `account: the vault has ${other.name} with this name or address already`);
    }
    const account: AccountRecord = { ...record, created: tx.now };
    tx.put(`account/${id}`, asJson(account));
    journal(tx, "account", {
      ...person,
      account: { id, name: record.name, chain: record.chain, address, wallet: wallet.id, path, event: "derived" },
    });
    return shown(account);
  });
}

export function accountRecords(view: Pick<View | Tx, "list">): readonly AccountRecord[] {
  return [...view.list("account/")].map(([, record]) => record as unknown as AccountRecord);
}

export function walletRecords(view: Pick<View | Tx, "list">): readonly WalletRecord[] {
  return [...view.list("wallet/")].map(([, record]) => record as unknown as WalletRecord);
}

export function shown({ id, name, chain, address, wallet, path }: AccountRecord): Account {
  return { id, name, chain, address, wallet, path };
}

function findWallet(view: View, asked: string | undefined): WalletRecord {
  const wallets = [...walletRecords(view)].sort((a, b) => a.created - b.created);
  const found = asked === undefined ? wallets[0] : wallets.find(({ id, name }) => id === asked || name === asked);
  if (found === undefined)
    throw new CustodyError(
      "vault/no-such-account",
      asked === undefined ? "wallet: the vault has none yet" : "wallet: the vault has none with this id or name",
    );
  return found;
}

function pathOf(desk: Desk, options: DeriveOptions, wallet: WalletRecord, used: ReadonlySet<string>): string {
  if (wallet.kind === "privateKey") return "m";
  if (options.path !== undefined) return formatPath(parsePath(options.path));
  desk.chains.of(options.chain);
  const coin = COINS[namespace(options.chain)];
  if (coin === undefined) throw new CustodyError("chain/unknown", `account: expected a path, ${namespace(options.chain)} has no usual one`);
  const at = (index: number) => formatPath(bip44({ coin, account: 0, change: 0, index }));
  if (options.index !== undefined) return at(options.index);
  let index = 0;
  while (used.has(`${wallet.id} ${at(index)}`)) index++;
  return at(index);
}

// A key that approves must not be one that the vault signs with: the policy refuses the same pair from the other side.
function checkNobodys({ judge }: Desk, publicKey: Uint8Array): void {
  const key = compressed(publicKey);
  for (const [person, credentials] of judge.policy.people) {
    if (credentials.some((credential) => credential.kind === "secp256k1" && credential.publicKey === key))
      throw new CustodyError("vault/key-of-person", `account: its key is a credential of ${person}, who would be the vault itself`);
  }
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
