import { sha256 } from "@noble/hashes/sha2.js";
import { createBase58check } from "@scure/base";
import { toHex } from "../../src/base/bytes.ts";

/** Takes the key out of `xprv…`, `yprv…` and their like, without the library that the code under test uses. */
export function readXprv(text: string): { chainCode: string; privateKey: string } {
  const bytes = createBase58check(sha256).decode(text);
  return { chainCode: toHex(bytes.slice(13, 45)), privateKey: toHex(bytes.slice(46)) };
}

/** The same of `xpub…`: 33 bytes, compressed. */
export function readXpub(text: string): { chainCode: string; publicKey: string } {
  const bytes = createBase58check(sha256).decode(text);
  return { chainCode: toHex(bytes.slice(13, 45)), publicKey: toHex(bytes.slice(45)) };
}

/** Wallet import format: version(1) || key(32) || 01. */
export function readWif(text: string): string {
  return toHex(createBase58check(sha256).decode(text).slice(1, 33));
}
