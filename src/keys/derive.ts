import { secp256k1 } from "@noble/curves/secp256k1.js";
import { HARDENED_OFFSET, HDKey } from "@scure/bip32";
import { isBytes, secretCopy, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";

/** Steps below a root as BIP-32 indexes; hardened ones have 2³¹ added. */
export type Path = readonly number[] & { readonly __brand: "Path" };

/**
 * Reads `m/44'/60'/0'/0/0`; `'` or `h` is hardened, `m` alone is the root itself. One text per path: no leading zeros.
 *
 * @throws `keys/bad-path` if a step is not 0…2³¹−1 or there are more than 255.
 */
export function parsePath(text: string): Path {
  const [root, ...steps] = text.split("/");
  if (root !== "m" || steps.length > 255) throw badPath("expected a path such as m/44'/60'/0'/0/0 of at most 255 steps");
  return steps.map(parseStep) as unknown as Path;
}

export function formatPath(path: readonly number[]): string {
  return ["m", ...path.map((step) => (step >= HARDENED_OFFSET ? `${step - HARDENED_OFFSET}'` : String(step)))].join("/");
}

/** `m / 44' / coin' / account' / change / index`. @throws `keys/bad-path` @see BIP-44; coin types are in SLIP-44 */
export function bip44(at: { readonly coin: number; readonly account: number; readonly change: 0 | 1; readonly index: number }): Path {
  return parsePath(`m/44'/${at.coin}'/${at.account}'/${at.change}/${at.index}`);
}

/**
 * Lends the private key at `path` below `seed` to `use` and wipes it when `use` has returned or its promise has settled.
 * The library's own copies on the way are wiped where it lets us; its big integers and chain codes are left to the collector.
 *
 * @param seed - 16–64 bytes (BIP-39 gives 64). Read before this returns; neither kept nor wiped, it is the caller's.
 * @param use - gets 32 bytes that are valid only until it ends; it must not keep them.
 * @throws `keys/bad-path`, `keys/bad-entropy`.
 * @see BIP-32, "Child key derivation"
 */
export async function withPrivateKey<T>(
  seed: Uint8Array,
  path: readonly number[],
  use: (privateKey: Uint8Array) => T | Promise<T>,
): Promise<T> {
  const privateKey = withNode(seed, path, (node) => node.privateKey);
  if (privateKey === null) throw new Error("unreachable: a node below a seed without its private key");
  try {
    return await use(privateKey);
  } finally {
    wipe(privateKey);
  }
}

/**
 * Lends the private keys at each of `paths` below `base`, one after the other, and wipes each as {@link withPrivateKey} does.
 *
 * @param use - is awaited for one key before the next is derived.
 * @returns what `use` returned, in the order of `paths`.
 * @throws `keys/bad-path`, `keys/bad-entropy`.
 */
export async function withPrivateKeys<T>(
  seed: Uint8Array,
  base: readonly number[],
  paths: readonly (readonly number[])[],
  use: (privateKey: Uint8Array, at: number) => Promise<T>,
): Promise<T[]> {
  checkPath(base);
  for (const path of paths) checkPath(path);
  const account = lower(rootOf(seed), base);
  const results: T[] = [];
  try {
    for (const [at, path] of paths.entries()) {
      const key = privateKeyBelow(account, path);
      try {
        results.push(await use(key, at));
      } finally {
        wipe(key);
      }
    }
    return results;
  } finally {
    account.wipePrivateData();
  }
}

/**
 * The public key at `path` below `seed`.
 *
 * @param seed - 16–64 bytes; neither copied nor kept; the caller wipes it.
 * @returns 65 bytes, uncompressed: chains can compress without curve arithmetic.
 * @throws `keys/bad-path`, `keys/bad-entropy`.
 */
export function publicKey(seed: Uint8Array, path: readonly number[]): Uint8Array {
  return withNode(seed, path, uncompressed);
}

/**
 * The public half of an account with its chain code, as BIP-32 text (`xpub…`): enough to derive every unhardened public
 * key below it, and nothing private. Not for publishing: with any one private key below it, it gives the account's own.
 */
export function extendedPublicKey(seed: Uint8Array, path: readonly number[]): string {
  return withNode(seed, path, (node) => node.publicExtendedKey);
}

/**
 * Public keys below an extended public key. What was derived once is kept: a chain asks for the same addresses again and again.
 *
 * @param extended - BIP-32 text, `xpub…`.
 * @returns for unhardened steps 65 bytes, uncompressed, of your own. @throws `keys/bad-path`
 * @throws `keys/bad-key` if the text is no valid `xpub`, private extended keys included.
 */
export function publicKeysBelow(extended: string): (path: readonly number[]) => Uint8Array {
  const root = readExtended(extended);
  const parents = new Map<string, HDKey>();
  const known = new Map<string, Uint8Array>();
  const nodeAt = (path: readonly number[]): HDKey => {
    const [last, ...up] = [...path].reverse();
    if (last === undefined) return root;
    const name = path.slice(0, -1).join("/");
    let parent = up.length === 0 ? root : parents.get(name);
    if (parent === undefined) {
      parent = nodeAt(path.slice(0, -1));
      parents.set(name, parent);
    }
    return parent.deriveChild(last);
  };
  return (path) => {
    const name = path.join("/");
    let key = known.get(name);
    if (key === undefined) {
      checkPath(path);
      if (path.some((step) => step >= HARDENED_OFFSET)) throw badPath("expected unhardened steps below a public key");
      key = uncompressed(nodeAt(path));
      known.set(name, key);
    }
    return key.slice();
  };
}

/** One public key below an extended public key; see {@link publicKeysBelow}. */
export function publicKeyBelow(extended: string, path: readonly number[]): Uint8Array {
  return publicKeysBelow(extended)(path);
}

/** First four bytes of HASH160 of the master key, 8 hex digits: how descriptors name a wallet. @see BIP-32, "Key identifiers" */
export function masterFingerprint(seed: Uint8Array): string {
  return withNode(seed, [], (node) => node.fingerprint.toString(16).padStart(8, "0"));
}

/**
 * Refuses what is no private key of secp256k1: for keys that come from outside.
 *
 * @throws `keys/bad-key` unless it is 32 bytes and 0 < key < n.
 */
export function checkPrivateKey(privateKey: Uint8Array): void {
  if (!isBytes(privateKey) || !secp256k1.utils.isValidSecretKey(privateKey)) {
    throw new CustodyError("keys/bad-key", "private key: expected 32 bytes that are above 0 and below the order of secp256k1");
  }
}

// INVARIANT: no HDKey leaves this file: its toJSON prints the private key. Every node on the way is wiped.
function withNode<T>(seed: Uint8Array, path: readonly number[], use: (node: HDKey) => T): T {
  checkPath(path);
  const node = lower(rootOf(seed), path);
  try {
    return use(node);
  } finally {
    node.wipePrivateData();
  }
}

function rootOf(seed: Uint8Array): HDKey {
  if (seed.length < 16 || seed.length > 64) throw new CustodyError("keys/bad-entropy", `seed: expected 16–64 bytes, got ${seed.length}`);
  return HDKey.fromMasterSeed(seed);
}

/** The node at `path` below `top`, which is wiped as every node on the way is, unless it is the one. */
function lower(top: HDKey, path: readonly number[]): HDKey {
  let node = top;
  for (const step of path) {
    const parent = node;
    try {
      node = parent.deriveChild(step);
    } finally {
      parent.wipePrivateData();
    }
  }
  return node;
}

/** 32 bytes of your own. The node stays as it is; those between are wiped. */
function privateKeyBelow(node: HDKey, path: readonly number[]): Uint8Array {
  const [first, ...rest] = path;
  const end = first === undefined ? undefined : lower(node.deriveChild(first), rest);
  try {
    const { privateKey } = end ?? node;
    if (privateKey === null) throw new Error("unreachable: a node below a seed without its private key");
    return secretCopy(privateKey);
  } finally {
    end?.wipePrivateData();
  }
}

function readExtended(text: string): HDKey {
  try {
    const node = HDKey.fromExtendedKey(text);
    if (node.privateKey === null) return node;
    node.wipePrivateData();
  } catch (cause) {
    throw new CustodyError("keys/bad-key", "extended key: expected a valid xpub", { cause });
  }
  throw new CustodyError("keys/bad-key", "extended key: expected an xpub, got a private one");
}

function uncompressed(node: HDKey): Uint8Array {
  if (node.publicKey === null) throw new Error("unreachable: a node without a public key");
  return secp256k1.Point.fromBytes(node.publicKey).toBytes(false);
}

function parseStep(text: string): number {
  const match = /^(0|[1-9]\d{0,9})(['h]?)$/.exec(text);
  const index = Number(match?.[1] ?? Number.NaN);
  if (!(index < HARDENED_OFFSET)) throw badPath("expected every step to be 0…2147483647, hardened with ' or h");
  return match?.[2] ? index + HARDENED_OFFSET : index;
}

function checkPath(path: readonly number[]): void {
  if (path.length > 255 || !path.every((step) => Number.isInteger(step) && step >= 0 && step < 2 * HARDENED_OFFSET)) {
    throw badPath("expected at most 255 steps of 32 bits");
  }
}

function badPath(what: string): CustodyError {
  return new CustodyError("keys/bad-path", `path: ${what}`);
}
