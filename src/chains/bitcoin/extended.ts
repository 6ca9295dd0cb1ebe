import { sha256 } from "@noble/hashes/sha2.js";
import { createBase58check } from "@scure/base";
import { concat, u32 } from "../../base/bytes.ts";
import type { Network } from "./network.ts";
import { isPoint } from "./point.ts";

type Coin = Network["coin"];

/** A public key with its chain code (BIP-32), as far as its text says it. */
export interface ExtendedKey {
  readonly coin: Coin;
  /** Steps below the master key. */
  readonly depth: number;
  /** The last of them, as BIP-32 index. */
  readonly step: number;
  /** The same key as a main network writes it, `xpub…`: what derives keys reads no other. */
  readonly extended: string;
}

const VERSIONS: { readonly [coin in Coin]: number } = { 0: 0x0488b21e, 1: 0x043587cf };
const base58check = /* @__PURE__ */ createBase58check(sha256);

/** Reads `xpub…` or `tpub…`. @returns nothing for all else: private keys, SLIP-132 (`zpub…`), keys that BIP-32 excludes. */
export function readExtended(text: string): ExtendedKey | undefined {
  const bytes = decode(text);
  // version(4) || depth(1) || fingerprint of the parent(4) || step(4) || chain code(32) || public key(33)
  if (bytes?.length !== 78) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const coin = ([0, 1] as const).find((coin) => VERSIONS[coin] === view.getUint32(0));
  const depth = view.getUint8(4);
  const step = view.getUint32(9);
  if (coin === undefined || (depth === 0 && (view.getUint32(5) !== 0 || step !== 0)) || !isPoint(bytes.subarray(45))) return undefined;
  return { coin, depth, step, extended: withVersion(bytes, 0) };
}

/** The text that a network's wallets use. @param extended - of a key that was read. */
export function writeExtended(extended: string, coin: Coin): string {
  const bytes = decode(extended);
  if (bytes === undefined) throw new Error("unreachable: an extended key that was read cannot be read");
  return withVersion(bytes, coin);
}

function withVersion(bytes: Uint8Array, coin: Coin): string {
  return base58check.encode(concat(u32(VERSIONS[coin]), bytes.subarray(4)));
}

function decode(text: string): Uint8Array | undefined {
  if (text.length > 120 || !/^[1-9A-HJ-NP-Za-km-z]+$/.test(text)) return undefined;
  try {
    return base58check.decode(text);
  } catch {
    // A wrong checksum: no key, which the caller says.
    return undefined;
  }
}
