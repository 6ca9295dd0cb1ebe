import { secretCopy, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { extendedPublicKey, masterFingerprint, parsePath, publicKey, withPrivateKeys } from "../keys/derive.ts";
import { secp256k1 } from "../keys/secp256k1.ts";
import { entropyToSeed } from "../keys/seed.ts";
import { type Language, loadWordlist } from "../keys/wordlist.ts";
import type { AccountRecord, WalletRecord } from "./records.ts";

/** Public halves of what a wallet has at `path`. */
export interface WalletKey {
  /** 65 bytes, uncompressed. */
  readonly publicKey: Uint8Array;
  /** For keys that have others below them: BIP-32 text, and the fingerprint of the wallet's master key. */
  readonly below?: { readonly extended: string; readonly fingerprint: string };
}

/** What a wallet has at `path`. @param secret - stays the caller's @throws `keys/bad-path` */
export async function walletKey(wallet: WalletRecord, secret: Uint8Array, path: string): Promise<WalletKey> {
  const opened = await openSecret(wallet, secret);
  if (opened.kind === "key") {
    checkRoot(path);
    return { publicKey: secp256k1.publicKey(opened.key) };
  }
  try {
    const steps = parsePath(path);
    const below = { extended: extendedPublicKey(opened.seed, steps), fingerprint: masterFingerprint(opened.seed) };
    return { publicKey: publicKey(opened.seed, steps), below };
  } finally {
    wipe(opened.seed);
  }
}

/** A key of an account on loan: valid until `use` ends. */
export interface LentKey {
  readonly privateKey: Uint8Array;
  /** 65 bytes, uncompressed: derived from the private key just now. */
  readonly publicKey: Uint8Array;
}

/** Lends the private keys at `paths` below an account, one after the other. Whether they are the account's is the caller's to check. */
export async function withAccountKeys<T>(
  by: { readonly wallet: WalletRecord; readonly secret: Uint8Array; readonly account: AccountRecord },
  paths: readonly (readonly number[])[],
  use: (key: LentKey, at: number) => Promise<T>,
): Promise<T[]> {
  const { wallet, secret, account } = by;
  const lend = (privateKey: Uint8Array, at: number) => use({ privateKey, publicKey: secp256k1.publicKey(privateKey) }, at);
  const opened = await openSecret(wallet, secret);
  if (opened.kind === "key") {
    checkRoot(account.path);
    const { key } = opened;
    const results: T[] = [];
    for (const [at, path] of paths.entries()) {
      if (path.length > 0) throw new CustodyError("keys/bad-path", "path: expected none below an imported private key");
      results.push(await lend(key, at));
    }
    return results;
  }
  try {
    return await withPrivateKeys(opened.seed, parsePath(account.path), paths, lend);
  } finally {
    wipe(opened.seed);
  }
}

/** What the words of a wallet are made of: views of its secret, which stays the caller's. @throws `vault/no-phrase` */
export function phraseOf(secret: Uint8Array): { readonly entropy: Uint8Array; readonly passphrase: Uint8Array } {
  const { kind, body, rest } = unpack(secret);
  if (kind !== ENTROPY) throw new CustodyError("vault/no-phrase", "wallet: expected one with a phrase");
  return { entropy: body, passphrase: rest };
}

/** What shares of a wallet are made of: a view of its secret, which stays the caller's. @throws `vault/no-seed` */
export function splittableOf(secret: Uint8Array): {
  readonly body: Uint8Array;
  readonly holds: "entropy" | "seed";
  readonly hasPassphrase: boolean;
} {
  const { kind, body, rest } = unpack(secret);
  if (kind === KEY) throw new CustodyError("vault/no-seed", "wallet: expected one with a seed");
  return { body, holds: kind === ENTROPY ? "entropy" : "seed", hasPassphrase: rest.length > 0 };
}

/** Lends the BIP-32 seed of a wallet, and wipes it when `use` has settled. @throws `vault/no-seed` */
export async function withSeedOf<T>(wallet: WalletRecord, secret: Uint8Array, use: (seed: Uint8Array) => Promise<T>): Promise<T> {
  const opened = await openSecret(wallet, secret);
  if (opened.kind === "key") throw new CustodyError("vault/no-seed", "wallet: expected one with a seed");
  try {
    return await use(opened.seed);
  } finally {
    wipe(opened.seed);
  }
}

function checkRoot(path: string): void {
  if (path !== "m") throw new CustodyError("keys/bad-path", "path: expected m, an imported private key has no accounts below it");
}

/** `key` is a view of the secret, which its owner wipes; `seed` is ours to wipe. */
type Opened = { readonly kind: "key"; readonly key: Uint8Array } | { readonly kind: "seed"; readonly seed: Uint8Array };

async function openSecret(wallet: WalletRecord, secret: Uint8Array): Promise<Opened> {
  const { kind, body, rest } = unpack(secret);
  if (kind === KEY) return { kind: "key", key: body };
  if (kind === SEED) return { kind: "seed", seed: secretCopy(body) };
  return { kind: "seed", seed: await entropyToSeed(body, await loadWordlist((wallet.language ?? "english") as Language), rest) };
}

export const ENTROPY = 1;
export const KEY = 2;
export const SEED = 3;

/** What the vault keeps of a wallet, in a buffer of its own. The parts stay the caller's. */
// kind(1) || length(1) || entropy, private key or seed(length) || BIP-39 passphrase, NFKD UTF-8 (rest; entropy only)
export function pack(kind: number, body: Uint8Array, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  return secretCopy(Uint8Array.of(kind, body.length), body, rest);
}

/** Views, not copies: whoever wipes the secret wipes them. @throws `vault/damaged` */
export function unpack(secret: Uint8Array): { readonly kind: number; readonly body: Uint8Array; readonly rest: Uint8Array } {
  const [kind = 0, length = 0] = secret;
  const known = kind === ENTROPY || (kind === KEY && secret.length === 34) || (kind === SEED && secret.length === 2 + length);
  if (!known || secret.length < 2 + length) {
    throw new CustodyError("vault/damaged", "wallet secret: expected BIP-39 entropy, a private key or a seed");
  }
  return { kind, body: secret.subarray(2, 2 + length), rest: secret.subarray(2 + length) };
}
