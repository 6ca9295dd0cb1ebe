import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { toHex, utf8 } from "../base/bytes.ts";

/**
 * The address of the wallet that holds this key: last 20 bytes of the Keccak-256 of the point, with its EIP-55 checksum.
 *
 * @param publicKey - 33 bytes, compressed, hex.
 * @returns nothing if it is no point of the curve.
 */
export function addressOfKey(publicKey: string): string | undefined {
  if (!/^0[23][0-9a-f]{64}$/.test(publicKey)) return undefined;
  try {
    return addressOfPoint(secp256k1.Point.fromHex(publicKey).toBytes(false));
  } catch {
    // An x that no point has: nobody has this key.
    return undefined;
  }
}

/** The same of a key as a point. @param point - 65 bytes, uncompressed (SEC 1). */
export function addressOfPoint(point: Uint8Array): string {
  return checksummed(toHex(keccak_256(point.subarray(1)).subarray(12)));
}

/** Whether the text is an address with its EIP-55 checksum: the one form in which credentials name a wallet. */
export function isAddress(text: string): boolean {
  return /^0x[0-9a-fA-F]{40}$/.test(text) && text === checksummed(text.slice(2).toLowerCase());
}

/** EIP-55. @param digits - 20 bytes, lowercase hex. */
export function checksummed(digits: string): string {
  const hash = toHex(keccak_256(utf8(digits)));
  return `0x${digits.replace(/[a-f]/g, (digit, at: number) => ((hash[at] ?? "") >= "8" ? digit.toUpperCase() : digit))}`;
}
