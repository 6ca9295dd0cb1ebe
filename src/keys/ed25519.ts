import { ed25519 } from "@noble/curves/ed25519.js";
import { CustodyError } from "../base/errors.ts";

/** Ed25519 (RFC 8032) for the vault's own signatures: state root and checkpoints. */

/** 32 bytes. @param privateKey - 32 bytes, any value. @throws `keys/bad-key` */
export function publicKey(privateKey: Uint8Array): Uint8Array {
  checkLength(privateKey);
  return ed25519.getPublicKey(privateKey);
}

/** 64 bytes, deterministic. @param privateKey - 32 bytes; neither kept nor wiped. @throws `keys/bad-key` */
export function sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  checkLength(privateKey);
  return ed25519.sign(message, privateKey);
}

/**
 * Strict: canonical encodings and no keys of small order (`zip215: false`), so that a signature has one form and speaks
 * for one key. Never throws; what is malformed does not verify.
 */
export function verify(signed: { readonly publicKey: Uint8Array; readonly message: Uint8Array; readonly signature: Uint8Array }): boolean {
  if (signed.publicKey.length !== 32 || signed.signature.length !== 64) return false;
  return ed25519.verify(signed.signature, signed.message, signed.publicKey, { zip215: false });
}

function checkLength(privateKey: Uint8Array): void {
  if (privateKey.length !== 32) throw new CustodyError("keys/bad-key", `ed25519 key: expected 32 bytes, got ${privateKey.length}`);
}
