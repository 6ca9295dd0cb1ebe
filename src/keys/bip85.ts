import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { createBase58check } from "@scure/base";
import { HDKey } from "@scure/bip32";
import { secretBuffer, secretCopy, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { checkPrivateKey, type Path, parsePath, withPrivateKey } from "./derive.ts";
import type { WordCount } from "./mnemonic.ts";
import { LANGUAGES, type Language } from "./wordlist.ts";

/**
 * A child of a seed: another secret that anybody who has the seed can make again, and that says nothing about the seed or its other
 * children. `index` is 0…2³¹−1.
 *
 * @see BIP-85
 */
export type ChildSeed =
  /** 16–32 bytes: the entropy of a phrase of so many words in this language. */
  | { readonly application: "bip39"; readonly language: Language; readonly words: WordCount; readonly index: number }
  /** 32 bytes: the private key of Bitcoin Core's HD seed. */
  | { readonly application: "wif"; readonly index: number }
  /** 64 bytes: the chain code and the private key of a BIP-32 root. */
  | { readonly application: "xprv"; readonly index: number }
  /** So many bytes, 16–64. */
  | { readonly application: "hex"; readonly bytes: number; readonly index: number };

/**
 * Lends the child of `seed` to `use`, and wipes it when `use` has returned or its promise has settled.
 *
 * @param seed - 16–64 bytes (BIP-39 gives 64); neither kept nor wiped, it is the caller's.
 * @param use - gets the bytes that {@link ChildSeed} says, valid only until it ends; it must not keep them.
 * @throws `keys/bad-path` for a language, number of words or bytes, or index that BIP-85 does not have; `keys/bad-entropy` for the seed;
 *   `keys/bad-key` where the child is no key of the curve, once in 2¹²⁷: take the next index.
 */
export async function withChildSeed<T>(seed: Uint8Array, child: ChildSeed, use: (bytes: Uint8Array) => T | Promise<T>): Promise<T> {
  const path = childPath(child);
  const length = lengthOf(child);
  return await withPrivateKey(seed, path, async (key) => {
    const full = hmac(sha512, utf8("bip-entropy-from-k"), key);
    const bytes = secretCopy(full.subarray(0, length));
    wipe(full);
    try {
      if (child.application === "wif") checkPrivateKey(bytes);
      if (child.application === "xprv") checkPrivateKey(bytes.subarray(32));
      return await use(bytes);
    } finally {
      wipe(bytes);
    }
  });
}

/** Where BIP-85 has it: `m/83696968'/application'/…/index'`. @throws `keys/bad-path` */
export function childPath(child: ChildSeed): Path {
  return parsePath(["m/83696968'", ...stepsOf(child).map((step) => `${step}'`)].join("/"));
}

/** A private key as Bitcoin writes it, for a compressed public key on the main network. A text, which nobody can wipe. */
export function wifInPlainText(privateKey: Uint8Array): string {
  checkPrivateKey(privateKey);
  // 0x80 || key(32) || 0x01
  const bytes = secretBuffer(34);
  bytes[0] = 0x80;
  bytes.set(privateKey, 1);
  bytes[33] = 0x01;
  try {
    return createBase58check(sha256).encode(bytes);
  } finally {
    wipe(bytes);
  }
}

/**
 * A BIP-32 root as `xprv…`. A text, which nobody can wipe.
 *
 * @param bytes - chain code(32) || private key(32), as {@link withChildSeed} lends them.
 */
export function xprvInPlainText(bytes: Uint8Array): string {
  if (bytes.length !== 64) throw new CustodyError("keys/bad-key", `xprv: expected 64 bytes, got ${bytes.length}`);
  const privateKey = secretCopy(bytes.subarray(32));
  checkPrivateKey(privateKey);
  const node = new HDKey({ chainCode: bytes.slice(0, 32), privateKey });
  try {
    return node.privateExtendedKey;
  } finally {
    node.wipePrivateData();
    wipe(privateKey);
  }
}

const NUMBERS = LANGUAGES.map((_, number) => number);
const WORDS: readonly number[] = [12, 15, 18, 21, 24];
const BYTES = Array.from({ length: 49 }, (_, more) => 16 + more);

function stepsOf(child: ChildSeed): readonly number[] {
  switch (child.application) {
    case "bip39":
      // The languages are numbered in the order of their list.
      return [39, oneOf(NUMBERS, LANGUAGES.indexOf(child.language), "language"), oneOf(WORDS, child.words, "words"), child.index];
    case "wif":
      return [2, child.index];
    case "xprv":
      return [32, child.index];
    case "hex":
      return [128_169, oneOf(BYTES, child.bytes, "bytes"), child.index];
  }
}

function lengthOf(child: ChildSeed): number {
  switch (child.application) {
    case "bip39":
      return (child.words / 3) * 4;
    case "wif":
      return 32;
    case "xprv":
      return 64;
    case "hex":
      return child.bytes;
  }
}

function oneOf(known: readonly number[], value: number, what: string): number {
  if (known.includes(value)) return value;
  throw new CustodyError("keys/bad-path", `child seed: expected ${what} that BIP-85 has`);
}
