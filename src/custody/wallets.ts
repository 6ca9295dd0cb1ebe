import { sha256 } from "@noble/hashes/sha2.js";
import { concat, isBytes, secretCopy, toHex, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { checkPrivateKey, publicKey } from "../keys/derive.ts";
import { generateEntropy, mnemonicToEntropy, type WordCount } from "../keys/mnemonic.ts";
import { secp256k1 } from "../keys/secp256k1.ts";
import { entropyToSeed } from "../keys/seed.ts";
import { LANGUAGES, type Language, loadWordlist } from "../keys/wordlist.ts";
import type { RealmOptions } from "../recovery/realm.ts";
import { readOptions } from "./door.ts";
import type { WalletRecord } from "./records.ts";
import { ENTROPY, KEY, pack, SEED } from "./wallet-secret.ts";

/** Where a wallet comes from. Text cannot be wiped; bytes are wiped as soon as they are sealed. */
export type WalletSource =
  | { readonly from: "generate"; readonly words?: WordCount; readonly passphrase?: string }
  | { readonly from: "mnemonic"; readonly mnemonic: string; readonly passphrase?: string; readonly language?: Language }
  | { readonly from: "privateKey"; readonly privateKey: Uint8Array }
  /** A BIP-32 seed, 16–64 bytes, of a wallet whose words are kept elsewhere or do not exist. */
  | { readonly from: "seed"; readonly seed: Uint8Array }
  | Slip39Source;

/**
 * Shares of SLIP-39, with the passphrase that they were made with. A wrong passphrase gives another wallet, and nothing can tell: compare
 * its id, or an address, with what was kept.
 */
export type Slip39Source = RealmOptions & {
  readonly from: "slip39";
  readonly shares: readonly string[];
  readonly passphrase?: string;
} & (
    | {
        /** The shares give the seed itself: what SLIP-39 says, and what hardware wallets make. */
        readonly holds: "seed";
      }
    | {
        /** They give the entropy of a BIP-39 phrase: what an export of a wallet with a phrase makes. */
        readonly holds: "entropy";
        readonly language?: Language;
        readonly mnemonicPassphrase?: string;
      }
  );

/** A wallet that is not in the vault yet. `secret` is ours to wipe. */
export interface NewWallet {
  readonly from: WalletSource["from"];
  readonly record: Pick<WalletRecord, "kind" | "language" | "words" | "fingerprint">;
  readonly secret: Uint8Array;
}

/**
 * Reads or makes the secret of a wallet.
 *
 * @throws `keys/bad-mnemonic`, `keys/bad-key`, `keys/bad-entropy`, `keys/no-randomness`, and what `combineSlip39` throws; `request/malformed`
 *   for another source
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
  if (source.from === "seed") return ofSeed(source.from, secretCopy(source.seed));
  // Read before there is anything to wipe.
  const passphrase = passphraseBytes(source.from === "slip39" ? mnemonicPassphrase(source) : source.passphrase);
  switch (source.from) {
    case "generate":
      return ofEntropy(source.from, { entropy: generateEntropy(source.words ?? 24), language: "english" }, passphrase);
    case "mnemonic": {
      const { language } = source;
      return ofEntropy(source.from, await mnemonicToEntropy(source.mnemonic, language === undefined ? {} : { language }), passphrase);
    }
    case "slip39": {
      const secret = await combined(source);
      if (source.holds === "seed") return ofSeed(source.from, secret);
      return ofEntropy(source.from, { entropy: secret, language: source.language ?? "english" }, passphrase);
    }
  }
}

/** @param seed - ours to wipe. */
function ofSeed(from: WalletSource["from"], seed: Uint8Array): NewWallet {
  try {
    return { from, record: { kind: "seed", fingerprint: fingerprint(publicKey(seed, [])) }, secret: pack(SEED, seed) };
  } finally {
    wipe(seed);
  }
}

/** The entropy and the passphrase are ours to wipe. */
async function ofEntropy(
  from: WalletSource["from"],
  { entropy, language }: { readonly entropy: Uint8Array; readonly language: Language },
  passphrase: Uint8Array,
): Promise<NewWallet> {
  let seed: Uint8Array | undefined;
  try {
    seed = await entropyToSeed(entropy, await loadWordlist(language), passphrase);
    const words = (entropy.length / 4) * 3;
    return {
      from,
      record: { kind: "mnemonic", language, words, fingerprint: fingerprint(publicKey(seed, [])) },
      secret: pack(ENTROPY, entropy, passphrase),
    };
  } finally {
    wipe(entropy, passphrase, seed);
  }
}

/** What the shares give together; ours to wipe. The library is loaded on demand, and runs in a realm of its own. */
async function combined({ shares, passphrase, timeoutMs, signal, worker }: Slip39Source): Promise<Uint8Array> {
  const { combineSlip39 } = await import("../recovery/slip39.ts");
  return combineSlip39(shares, {
    ...(passphrase !== undefined && { passphrase }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(signal !== undefined && { signal }),
    ...(worker !== undefined && { worker }),
  });
}

function mnemonicPassphrase(source: Slip39Source): string | undefined {
  return source.holds === "entropy" ? source.mnemonicPassphrase : undefined;
}

/** NFKD UTF-8 (BIP-39). What is no text, or half a character, would be another passphrase than people believe. */
function passphraseBytes(passphrase: unknown = ""): Uint8Array {
  if (typeof passphrase !== "string" || !passphrase.isWellFormed())
    throw new CustodyError("keys/bad-mnemonic", "wallet: expected its passphrase as well-formed text");
  return utf8(passphrase.normalize("NFKD"));
}

// Without types a slip here would be read as "generate", and somebody would pay into a wallet that nobody has words for.
function checkSource(source: { readonly [member in "from" | "mnemonic" | "privateKey" | "seed" | "holds" | "language"]?: unknown }): void {
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
    case "slip39":
      // The same shares are one wallet or another, and nothing in them says which.
      if (source.holds !== "seed" && source.holds !== "entropy")
        throw new CustodyError("request/malformed", "wallet: expected holds to be seed or entropy, what the shares were made of");
      if (source.language !== undefined && !LANGUAGES.some((language) => language === source.language))
        throw new CustodyError("keys/bad-mnemonic", "wallet: expected a language that BIP-39 has");
      return;
    default:
      throw new CustodyError("request/malformed", "wallet: expected from to be generate, mnemonic, privateKey, seed or slip39");
  }
}

// Recognises the same secret again without saying anything about it to somebody who sees only the record.
function fingerprint(rootPublicKey: Uint8Array): string {
  return toHex(sha256(concat(utf8("keyward/wallet/v1"), rootPublicKey)).subarray(0, 8));
}
