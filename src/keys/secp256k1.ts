import { equal, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { curvesVerifier } from "./curves-verifier.ts";
import { nobleSigner } from "./noble-signer.ts";

/** What a signature is asked with. Nothing of it is kept; the private key is the caller's to wipe. */
export interface SigningRequest {
  /** 32 bytes, 0 < key < n. */
  readonly privateKey: Uint8Array;
  /** 65 bytes, uncompressed: the key that the signature must be of. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

export interface EcdsaSignature {
  /** r || s, 64 bytes, low s. */
  readonly bytes: Uint8Array;
  readonly recovery: 0 | 1;
}

/** Where signatures of secp256k1 come from. A signature that it returns has been verified by a second implementation. */
export interface Secp256k1 {
  /** 65 bytes, uncompressed. @throws `keys/bad-key` */
  publicKey(privateKey: Uint8Array): Uint8Array;
  /**
   * ECDSA with the nonce of RFC 6979 and low s: the same request gives the same bytes.
   *
   * @throws `keys/bad-key`, `keys/bad-digest`; `keys/bad-signature` if what was made is no signature of `publicKey`.
   */
  sign(request: SigningRequest): Promise<EcdsaSignature>;
  /**
   * BIP-340, 64 bytes.
   *
   * @param tap - the BIP-341 tweak: absent = the key as it is (script path), empty = no tree, 32 bytes = the tree's root.
   * @param auxiliary - 32 fresh random bytes against fault attacks (BIP-340, "Synthetic nonces"); without them the nonce
   *   is deterministic.
   * @throws as {@link sign}
   */
  signSchnorr(request: SigningRequest & { readonly tap?: Uint8Array; readonly auxiliary?: Uint8Array }): Promise<Uint8Array>;
}

/** One implementation that signs. What it returns is not trusted. */
export interface Signer {
  publicKey(privateKey: Uint8Array): Uint8Array;
  sign(privateKey: Uint8Array, digest: Uint8Array): Promise<{ readonly bytes: Uint8Array; readonly recovery: number }>;
  signSchnorr(
    privateKey: Uint8Array,
    digest: Uint8Array,
    options: { readonly tap?: Uint8Array; readonly auxiliary: Uint8Array },
  ): Promise<Uint8Array>;
}

/** Another implementation that checks. It answers and never throws; `publicKey` is 65 or 33 bytes. */
export interface Verifier {
  isPrivateKey(privateKey: Uint8Array): boolean;
  verify(signed: { readonly publicKey: Uint8Array; readonly digest: Uint8Array; readonly signature: Uint8Array }): boolean;
  /** 65 bytes, or nothing if no key could have made this signature. */
  recover(signed: { readonly digest: Uint8Array; readonly signature: Uint8Array; readonly recovery: 0 | 1 }): Uint8Array | undefined;
  verifySchnorr(signed: {
    readonly publicKey: Uint8Array;
    readonly digest: Uint8Array;
    readonly signature: Uint8Array;
    readonly tap?: Uint8Array;
  }): boolean;
}

/**
 * A signer whose every signature is checked by `verifier` before it is handed over. A fault in the signer (or in memory)
 * could otherwise give away the private key or sign something else; here it gives `keys/bad-signature` and nothing leaves.
 */
export function verifiedSigner(signer: Signer, verifier: Verifier): Secp256k1 {
  const check = ({ privateKey, digest, publicKey }: SigningRequest) => {
    checkKey(verifier, privateKey);
    if (digest.length !== 32) throw new CustodyError("keys/bad-digest", `digest: expected 32 bytes, got ${digest.length}`);
    if (publicKey.length !== 65) throw new CustodyError("keys/bad-key", `public key: expected 65 bytes, got ${publicKey.length}`);
  };
  return {
    publicKey(privateKey) {
      checkKey(verifier, privateKey);
      return signer.publicKey(privateKey);
    },
    async sign(request) {
      check(request);
      const { bytes, recovery } = await attempt(() => signer.sign(request.privateKey, request.digest));
      const signed = { publicKey: request.publicKey, digest: request.digest, signature: bytes };
      if ((recovery === 0 || recovery === 1) && verifier.verify(signed)) {
        const recovered = verifier.recover({ digest: request.digest, signature: bytes, recovery });
        if (recovered !== undefined && equal(recovered, request.publicKey)) return { bytes, recovery };
      }
      return refuse(bytes);
    },
    async signSchnorr(request) {
      check(request);
      const { tap, auxiliary = new Uint8Array(32) } = request;
      if (tap !== undefined && tap.length !== 0 && tap.length !== 32)
        throw new CustodyError("keys/bad-digest", `tap: expected 0 or 32 bytes, got ${tap.length}`);
      const tweak = tap === undefined ? {} : { tap };
      const signature = await attempt(() => signer.signSchnorr(request.privateKey, request.digest, { ...tweak, auxiliary }));
      const signed = { publicKey: request.publicKey, digest: request.digest, signature, ...tweak };
      return verifier.verifySchnorr(signed) ? signature : refuse(signature);
    },
  };
}

/** `@noble/secp256k1` signs, `@noble/curves` verifies. */
export const secp256k1: Secp256k1 = /* @__PURE__ */ verifiedSigner(nobleSigner, curvesVerifier);

function checkKey(verifier: Verifier, privateKey: Uint8Array): void {
  if (!verifier.isPrivateKey(privateKey)) {
    throw new CustodyError("keys/bad-key", "private key: expected 32 bytes that are above 0 and below the order of secp256k1");
  }
}

async function attempt<T>(sign: () => Promise<T>): Promise<T> {
  try {
    return await sign();
  } catch (cause) {
    throw new CustodyError("keys/bad-signature", "signature: expected the signer to sign, it failed", { cause });
  }
}

// A wrong signature beside a right one of the same nonce reveals the key: it must not lie around either.
function refuse(signature: Uint8Array): never {
  wipe(signature);
  throw new CustodyError("keys/bad-signature", "signature: expected one that verifies under the account's key, the signer gave another");
}
