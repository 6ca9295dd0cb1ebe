import { sha256 } from "@noble/hashes/sha2.js";
import { etc, getPublicKey, Point, schnorr, signAsync } from "@noble/secp256k1";
import { concat, utf8, wipe } from "../base/bytes.ts";
import type { Signer } from "./secp256k1.ts";

/** `@noble/secp256k1`, by its asynchronous half: SHA-256 and HMAC come from WebCrypto and nothing global is set. */
export const nobleSigner: Signer = {
  publicKey: (privateKey) => getPublicKey(privateKey, false),
  async sign(privateKey, digest) {
    // recovery(1) || r(32) || s(32)
    const recovered = await signAsync(digest, privateKey, { prehash: false, lowS: true, format: "recovered", extraEntropy: false });
    return { bytes: recovered.slice(1), recovery: recovered[0] ?? -1 };
  },
  async signSchnorr(privateKey, digest, { tap, auxiliary }) {
    if (tap === undefined) return schnorr.signAsync(digest, privateKey, auxiliary);
    const tweaked = tweakPrivateKey(privateKey, tap);
    try {
      return await schnorr.signAsync(digest, tweaked, auxiliary);
    } finally {
      wipe(tweaked);
    }
  },
};

// BIP-341 `taproot_tweak_seckey`: (±d + t) mod n, where −d is taken if d·G has an odd y.
function tweakPrivateKey(privateKey: Uint8Array, root: Uint8Array): Uint8Array {
  const { x, y } = Point.fromBytes(getPublicKey(privateKey)).toAffine();
  const { n } = Point.CURVE();
  const scalar = etc.secretKeyToScalar(privateKey);
  const tag = sha256(utf8("TapTweak"));
  const tweak = etc.secretKeyToScalar(sha256(concat(tag, tag, etc.numberToBytesBE(x), root)));
  return etc.numberToBytesBE(etc.mod((y % 2n === 0n ? scalar : n - scalar) + tweak, n));
}
