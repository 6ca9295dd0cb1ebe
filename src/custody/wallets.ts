import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal, fromHex, secretCopy, toHex, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { checkPrivateKey, parsePath, publicKey, withPrivateKey } from "../keys/derive.ts";
import { generateEntropy, mnemonicToEntropy, type WordCount } from "../keys/mnemonic.ts";
import { secp256k1 } from "../keys/secp256k1.ts";
import { entropyToSeed } from "../keys/seed.ts";
import { type Language, loadWordlist } from "../keys/wordlist.ts";
import type { AccountRecord, WalletRecord } from "./records.ts";

/** Where a wallet comes from. Text cannot be wiped; bytes are wiped as soon as they are sealed. */
export type WalletSource =
  | { readonly from: "generate"; readonly words?: WordCount; readonly passphrase?: string }
  | { readonly from: "mnemonic"; readonly mnemonic: string; readonly passphrase?: string; readonly language?: Language }
  | { readonly from: "privateKey"; readonly privateKey: Uint8Array };

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
  const source = { ...given };
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
  const language = source.from === "mnemonic" ? source.language : "english";
  const { entropy, language: found } =
    source.from === "mnemonic"
      ? await mnemonicToEntropy(source.mnemonic, language === undefined ? {} : { language })
      : { entropy: generateEntropy(source.words ?? 24), language: "english" as const };
  const passphrase = utf8((source.passphrase ?? "").normalize("NFKD"));
  try {
    const seed = await entropyToSeed(entropy, await loadWordlist(found), passphrase);
    const root = publicKey(seed, []);
    wipe(seed);
    const words = (entropy.length / 4) * 3;
    return {
      from: source.from,
      record: { kind: "mnemonic", language: found, words, fingerprint: fingerprint(root) },
      secret: pack(ENTROPY, entropy, passphrase),
    };
  } finally {
    wipe(entropy, passphrase);
  }
}

// Without types a slip here would be read as "generate", and somebody would pay into a wallet that nobody has words for.
function checkSource(source: { readonly [member in "from" | "mnemonic" | "privateKey"]?: unknown }): void {
  switch (source.from) {
    case "generate":
      return;
    case "mnemonic":
      if (typeof source.mnemonic !== "string") throw new CustodyError("keys/bad-mnemonic", "wallet: expected the mnemonic as text");
      return;
    case "privateKey":
      if (!(source.privateKey instanceof Uint8Array)) throw new CustodyError("keys/bad-key", "wallet: expected the private key as bytes");
      return;
    default:
      throw new CustodyError("request/malformed", "wallet: expected from to be generate, mnemonic or privateKey");
  }
}

/** The public key at `path` of a wallet, 65 bytes. @param secret - stays the caller's */
export async function walletPublicKey(wallet: WalletRecord, secret: Uint8Array, path: string): Promise<Uint8Array> {
  return withWalletKey(wallet, secret, path, (key) => secp256k1.publicKey(key));
}

/**
 * Lends the private key of an account to `use`, after deriving the account's public key from it again: a record that names
 * another key than its path gives is an alarm, and nothing is signed.
 *
 * @throws `vault/account-mismatch`
 */
export async function withAccountKey<T>(
  wallet: WalletRecord,
  secret: Uint8Array,
  account: AccountRecord,
  use: (key: Uint8Array, publicKey: Uint8Array) => Promise<T>,
): Promise<T> {
  return withWalletKey(wallet, secret, account.path, async (key) => {
    const derived = secp256k1.publicKey(key);
    if (!equal(derived, fromHex(account.publicKey))) {
      throw new CustodyError(
        "vault/account-mismatch",
        `account ${account.name}: its key is not the one that its wallet derives at ${account.path}`,
      );
    }
    return await use(key, derived);
  });
}

async function withWalletKey<T>(
  wallet: WalletRecord,
  secret: Uint8Array,
  path: string,
  use: (key: Uint8Array) => T | Promise<T>,
): Promise<T> {
  const { kind, body, rest } = unpack(secret);
  if (kind === KEY) {
    if (path !== "m") throw new CustodyError("keys/bad-path", "path: expected m, an imported private key has no accounts below it");
    return await use(body);
  }
  const seed = await entropyToSeed(body, await loadWordlist((wallet.language ?? "english") as Language), rest);
  try {
    return await withPrivateKey(seed, parsePath(path), use);
  } finally {
    wipe(seed);
  }
}

const ENTROPY = 1;
const KEY = 2;

// kind(1) || length(1) || entropy or private key(length) || BIP-39 passphrase, NFKD UTF-8 (rest)
function pack(kind: number, body: Uint8Array, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  return secretCopy(Uint8Array.of(kind, body.length), body, rest);
}

// Views, not copies: whoever wipes the secret wipes them.
function unpack(secret: Uint8Array): { kind: number; body: Uint8Array; rest: Uint8Array } {
  const [kind = 0, length = 0] = secret;
  if ((kind !== ENTROPY && kind !== KEY) || secret.length < 2 + length || (kind === KEY && secret.length !== 34)) {
    throw new CustodyError("vault/damaged", "wallet secret: expected BIP-39 entropy or a private key");
  }
  return { kind, body: secret.subarray(2, 2 + length), rest: secret.subarray(2 + length) };
}

// Recognises the same secret again without saying anything about it to somebody who sees only the record.
function fingerprint(rootPublicKey: Uint8Array): string {
  return toHex(sha256(concat(utf8("keyward/wallet/v1"), rootPublicKey)).subarray(0, 8));
}
