import { sha256 } from "@noble/hashes/sha2.js";
import { concat, isBytes, secretCopy, toHex, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { checkPrivateKey, extendedPublicKey, masterFingerprint, parsePath, publicKey, withPrivateKeys } from "../keys/derive.ts";
import { generateEntropy, mnemonicToEntropy, type WordCount } from "../keys/mnemonic.ts";
import { secp256k1 } from "../keys/secp256k1.ts";
import { entropyToSeed } from "../keys/seed.ts";
import { type Language, loadWordlist } from "../keys/wordlist.ts";
import { readOptions } from "./door.ts";
import type { AccountRecord, WalletRecord } from "./records.ts";
import { ENTROPY, KEY, pack, SEED, unpack } from "./wallet-secret.ts";

/** Where a wallet comes from. Text cannot be wiped; bytes are wiped as soon as they are sealed. */
export type WalletSource =
  | { readonly from: "generate"; readonly words?: WordCount; readonly passphrase?: string }
  | { readonly from: "mnemonic"; readonly mnemonic: string; readonly passphrase?: string; readonly language?: Language }
  | { readonly from: "privateKey"; readonly privateKey: Uint8Array }
  /** A BIP-32 seed, 16–64 bytes, of a wallet whose words are kept elsewhere or do not exist. */
  | { readonly from: "seed"; readonly seed: Uint8Array };

/** A wallet that is not in the vault yet. `secret` is ours to wipe. */
export interface NewWallet {
  readonly from: WalletSource["from"];
  readonly record: Pick<WalletRecord, "kind" | "language" | "words" | "fingerprint">;
  readonly secret: Uint8Array;
}

/**
 * Reads or makes the secret of a wallet.
 *
 * @throws `keys/bad-mnemonic`, `keys/bad-key`, `keys/no-randomness`; `request/malformed` for another source
 */
export async function readWallet(given: WalletSource): Promise<NewWallet> {
  // Each member is read once: a getter must not name another source to the policy than it gives here.
  const source = readOptions(given, "wallet");
  checkSource(source);
  if (source.from === "privateKey") {
    const key = secretCopy(source.privateKey);
    try {
      checkPrivateKey(key);
      return {
        from: source.from,
        record: { kind: "privateKey", fingerprint: fingerprint(secp256k1.publicKey(key)) },
        secret: pack(KEY, key),
      };
    } finally {
      wipe(key);
    }
  }
  if (source.from === "seed") {
    const seed = secretCopy(source.seed);
    try {
      const root = publicKey(seed, []);
      return { from: source.from, record: { kind: "seed", fingerprint: fingerprint(root) }, secret: pack(SEED, seed) };
    } finally {
      wipe(seed);
    }
  }
  // Read before there is anything to wipe.
  const passphrase = passphraseBytes(source.passphrase);
  const language = source.from === "mnemonic" ? source.language : "english";
  const { entropy, language: found } =
    source.from === "mnemonic"
      ? await mnemonicToEntropy(source.mnemonic, language === undefined ? {} : { language })
      : { entropy: generateEntropy(source.words ?? 24), language: "english" as const };
  let seed: Uint8Array | undefined;
  try {
    seed = await entropyToSeed(entropy, await loadWordlist(found), passphrase);
    const words = (entropy.length / 4) * 3;
    return {
      from: source.from,
      record: { kind: "mnemonic", language: found, words, fingerprint: fingerprint(publicKey(seed, [])) },
      secret: pack(ENTROPY, entropy, passphrase),
    };
  } finally {
    wipe(entropy, passphrase, seed);
  }
}

/** NFKD UTF-8 (BIP-39). What is no text, or half a character, would be another passphrase than people believe. */
function passphraseBytes(passphrase: unknown = ""): Uint8Array {
  if (typeof passphrase !== "string" || !passphrase.isWellFormed())
    throw new CustodyError("keys/bad-mnemonic", "wallet: expected its passphrase as well-formed text");
  return utf8(passphrase.normalize("NFKD"));
}

// Without types a slip here would be read as "generate", and somebody would pay into a wallet that nobody has words for.
function checkSource(source: { readonly [member in "from" | "mnemonic" | "privateKey" | "seed"]?: unknown }): void {
  switch (source.from) {
    case "generate":
      return;
    case "mnemonic":
      if (typeof source.mnemonic !== "string") throw new CustodyError("keys/bad-mnemonic", "wallet: expected the mnemonic as text");
      return;
    case "privateKey":
      if (!isBytes(source.privateKey)) throw new CustodyError("keys/bad-key", "wallet: expected the private key as bytes");
      return;
    case "seed":
      if (!isBytes(source.seed)) throw new CustodyError("keys/bad-entropy", "wallet: expected the seed as bytes");
      return;
    default:
      throw new CustodyError("request/malformed", "wallet: expected from to be generate, mnemonic, privateKey or seed");
  }
}

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

// Recognises the same secret again without saying anything about it to somebody who sees only the record.
function fingerprint(rootPublicKey: Uint8Array): string {
  return toHex(sha256(concat(utf8("keyward/wallet/v1"), rootPublicKey)).subarray(0, 8));
}
