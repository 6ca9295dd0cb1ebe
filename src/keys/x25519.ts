import { x25519 } from "@noble/curves/ed25519.js";
import { CustodyError } from "../base/errors.ts";

/** X25519 (RFC 7748) for the vault's slots. */

/** 32 bytes. @param privateKey - 32 bytes, any value. @throws `keys/bad-key` */
export function publicKey(privateKey: Uint8Array): Uint8Array {
  checkLength(privateKey);
  return x25519.getPublicKey(privateKey);
}

/**
 * The raw shared secret: to be put through a KDF, never used as it is. 32 bytes that the caller wipes.
 *
 * @throws `keys/bad-key` if a key is not 32 bytes, or the other's key is of small order, so that the result would be zero
 *   whatever our key is (RFC 7748, 6.1).
 */
export function sharedSecret(keys: { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array }): Uint8Array {
  checkLength(keys.privateKey);
  checkLength(keys.publicKey);
  try {
    return x25519.getSharedSecret(keys.privateKey, keys.publicKey);
  } catch (cause) {
    throw new CustodyError("keys/bad-key", "x25519 public key: expected a point of large order", { cause });
  }
}

function checkLength(key: Uint8Array): void {
  if (key.length !== 32) throw new CustodyError("keys/bad-key", `x25519 key: expected 32 bytes, got ${key.length}`);
}
