import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concat } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";

/**
 * A public key as Bitcoin writes it: x and one bit of y.
 *
 * @param point - 65 bytes, uncompressed (SEC 1), on the curve by whoever derived it.
 * @returns 33 bytes.
 * @throws `chain/malformed` for another length or form.
 */
export function compress(point: Uint8Array): Uint8Array {
  if (point.length !== 65 || point[0] !== 4)
    throw new CustodyError("chain/malformed", `public key: expected 65 bytes, uncompressed, got ${point.length}`);
  const out = point.slice(0, 33);
  out[0] = ((point[64] ?? 0) & 1) === 1 ? 3 : 2;
  return out;
}

/** @param key - 33 bytes, compressed, or 32 where x alone is written (BIP-340). */
export function isPoint(key: Uint8Array): boolean {
  try {
    secp256k1.Point.fromBytes(key.length === 32 ? concat(Uint8Array.of(2), key) : key);
    return true;
  } catch {
    // No such point: an answer, not a fault.
    return false;
  }
}
