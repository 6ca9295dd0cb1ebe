import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import type { Verifier } from "./secp256k1.ts";

/**
 * The second implementation, `@noble/curves`. Signatures are r || s in 64 bytes; high s is refused everywhere, though plain
 * ECDSA allows it: everything that we sign or accept has exactly one form.
 */
export const curvesVerifier: Verifier = {
  isPrivateKey: (privateKey) => privateKey instanceof Uint8Array && secp256k1.utils.isValidSecretKey(privateKey),
  verify: ({ publicKey, digest, signature }) =>
    answer(
      () => digest.length === 32 && secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: true, format: "compact" }),
    ) === true,
  recover: ({ digest, signature, recovery }) =>
    answer(() => secp256k1.Signature.fromBytes(signature, "compact").addRecoveryBit(recovery).recoverPublicKey(digest).toBytes(false)),
  verifySchnorr: ({ publicKey, digest, signature, tap }) =>
    answer(() => schnorr.verify(signature, digest, tap === undefined ? xOnly(publicKey) : tweaked(publicKey, tap))) === true,
};

// BIP-341 `taproot_tweak_pubkey`: the x of lift_x(x) + t·G.
function tweaked(publicKey: Uint8Array, root: Uint8Array): Uint8Array {
  const x = xOnly(publicKey);
  const tweak = secp256k1.Point.Fn.fromBytes(schnorr.utils.taggedHash("TapTweak", x, root));
  const point = schnorr.utils.lift_x(schnorr.Point.Fp.fromBytes(x)).add(secp256k1.Point.BASE.multiply(tweak));
  return xOnly(point.toBytes(true));
}

function xOnly(publicKey: Uint8Array): Uint8Array {
  return secp256k1.Point.fromBytes(publicKey).toBytes(true).slice(1);
}

// Bytes that are no point, scalar or signature make the library throw: that is a no.
function answer<T>(question: () => T): T | undefined {
  try {
    return question();
  } catch {
    return undefined;
  }
}
