import { secp256k1 as curves, schnorr } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { curvesVerifier } from "../../src/keys/curves-verifier.ts";
import { nobleSigner } from "../../src/keys/noble-signer.ts";
import { type Signer, secp256k1, verifiedSigner } from "../../src/keys/secp256k1.ts";

const badSignature = expect.objectContaining({ code: "keys/bad-signature" });
const badKey = expect.objectContaining({ code: "keys/bad-key" });
const badDigest = expect.objectContaining({ code: "keys/bad-digest" });
const N = curves.Point.CURVE().n;

const privateKey = sha256(utf8("a key for tests"));
const publicKey = secp256k1.publicKey(privateKey);
const digest = sha256(utf8("a digest for tests"));
const request = { privateKey, publicKey, digest };
const other = sha256(utf8("another key"));

describe("a signature", () => {
  test("is deterministic, low, and recovers to the account's key", async () => {
    const first = await secp256k1.sign(request);
    expect(await secp256k1.sign(request)).toEqual(first);
    expect(first.bytes).toHaveLength(64);
    expect(curves.Signature.fromBytes(first.bytes, "compact").hasHighS()).toBe(false);
    expect(curvesVerifier.recover({ digest, signature: first.bytes, recovery: first.recovery })).toEqual(publicKey);
  });

  test("is the same that the second implementation makes, for any key and digest", async () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    await fc.assert(
      fc.asyncProperty(bytes.filter(curvesVerifier.isPrivateKey), bytes, async (key, message) => {
        const { bytes: ours } = await secp256k1.sign({ privateKey: key, publicKey: secp256k1.publicKey(key), digest: message });
        expect(ours).toEqual(curves.sign(message, key, { prehash: false }));
      }),
      { numRuns: 30 },
    );
  });

  test("leaves request and key as they were", async () => {
    const copy = { privateKey: privateKey.slice(), publicKey: publicKey.slice(), digest: digest.slice() };
    await secp256k1.sign(copy);
    await secp256k1.signSchnorr({ ...copy, tap: new Uint8Array() });
    expect(copy).toEqual(request);
  });

  test("is not made of a digest that is not 32 bytes, with a bad key, or for a compressed public key", async () => {
    for (const bad of [{ digest: digest.slice(1) }, { digest: new Uint8Array(33) }]) {
      await expect(secp256k1.sign({ ...request, ...bad })).rejects.toEqual(badDigest);
      await expect(secp256k1.signSchnorr({ ...request, ...bad })).rejects.toEqual(badDigest);
    }
    for (const bad of [
      { privateKey: new Uint8Array(32) },
      { privateKey: fromHex(N.toString(16)) },
      { privateKey: new Uint8Array(31).fill(1) },
      { publicKey: curves.getPublicKey(privateKey, true) },
    ]) {
      await expect(secp256k1.sign({ ...request, ...bad })).rejects.toEqual(badKey);
      await expect(secp256k1.signSchnorr({ ...request, ...bad })).rejects.toEqual(badKey);
    }
    expect(() => secp256k1.publicKey(new Uint8Array(32))).toThrow(badKey);
    await expect(secp256k1.signSchnorr({ ...request, tap: new Uint8Array(31) })).rejects.toEqual(badDigest);
  });
});

describe("nothing leaves a faulty signer", () => {
  const faulty = (fault: Partial<Signer>) => verifiedSigner({ ...nobleSigner, ...fault }, curvesVerifier);

  test("a signature by another key than the expected one", async () => {
    await expect(secp256k1.sign({ ...request, publicKey: secp256k1.publicKey(other) })).rejects.toEqual(badSignature);
    await expect(secp256k1.signSchnorr({ ...request, publicKey: secp256k1.publicKey(other) })).rejects.toEqual(badSignature);
    await expect(faulty({ sign: (_, message) => nobleSigner.sign(other, message) }).sign(request)).rejects.toEqual(badSignature);
  });

  test("a signature of another digest", async () => {
    const flipped = sha256(digest);
    await expect(faulty({ sign: (key) => nobleSigner.sign(key, flipped) }).sign(request)).rejects.toEqual(badSignature);
    await expect(
      faulty({ signSchnorr: (key, _, options) => nobleSigner.signSchnorr(key, flipped, options) }).signSchnorr(request),
    ).rejects.toEqual(badSignature);
  });

  test("a signature with any one bit flipped, which is wiped too", async () => {
    const { bytes, recovery } = await secp256k1.sign(request);
    const schnorrBytes = await secp256k1.signSchnorr(request);
    for (let bit = 0; bit < 512; bit += 13) {
      const flip = (good: Uint8Array) => good.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const bad = flip(bytes);
      await expect(faulty({ sign: async () => ({ bytes: bad, recovery }) }).sign(request)).rejects.toEqual(badSignature);
      expect(bad).toEqual(new Uint8Array(64));
      const badSchnorr = flip(schnorrBytes);
      await expect(faulty({ signSchnorr: async () => badSchnorr }).signSchnorr(request)).rejects.toEqual(badSignature);
      expect(badSchnorr).toEqual(new Uint8Array(64));
    }
  });

  test("a valid signature with high s", async () => {
    const { bytes, recovery } = await secp256k1.sign(request);
    const s = BigInt(`0x${toHex(bytes.slice(32))}`);
    const high = fromHex(toHex(bytes.slice(0, 32)) + (N - s).toString(16).padStart(64, "0"));
    await expect(faulty({ sign: async () => ({ bytes: high, recovery: 1 - recovery }) }).sign(request)).rejects.toEqual(badSignature);
  });

  test("a valid signature with the wrong recovery bit, or none", async () => {
    const { bytes, recovery } = await secp256k1.sign(request);
    for (const wrong of [1 - recovery, 2, 3, -1]) {
      await expect(faulty({ sign: async () => ({ bytes: bytes.slice(), recovery: wrong }) }).sign(request)).rejects.toEqual(badSignature);
    }
  });

  test("a signature of a wrong length, or a signer that throws", async () => {
    for (const length of [0, 63, 65]) {
      await expect(faulty({ sign: async () => ({ bytes: new Uint8Array(length).fill(1), recovery: 0 }) }).sign(request)).rejects.toEqual(
        badSignature,
      );
    }
    const broken = async () => {
      throw new Error("fault");
    };
    await expect(faulty({ sign: broken, signSchnorr: broken }).sign(request)).rejects.toEqual(badSignature);
    await expect(faulty({ sign: broken, signSchnorr: broken }).signSchnorr(request)).rejects.toEqual(badSignature);
  });

  test("a taproot signature that lacks the tweak, or has another", async () => {
    const untweaked: Signer["signSchnorr"] = (key, message, { auxiliary }) => nobleSigner.signSchnorr(key, message, { auxiliary });
    await expect(faulty({ signSchnorr: untweaked }).signSchnorr({ ...request, tap: new Uint8Array() })).rejects.toEqual(badSignature);
    const empty: Signer["signSchnorr"] = (key, message, options) =>
      nobleSigner.signSchnorr(key, message, { ...options, tap: new Uint8Array() });
    await expect(faulty({ signSchnorr: empty }).signSchnorr(request)).rejects.toEqual(badSignature);
    await expect(faulty({ signSchnorr: empty }).signSchnorr({ ...request, tap: digest })).rejects.toEqual(badSignature);
  });
});

describe("taproot", () => {
  test("keys of both parities are tweaked, with and without a tree", async () => {
    const parities = new Set<number | undefined>();
    for (let i = 1; i < 10; i++) {
      const key = sha256(new Uint8Array(i));
      const request = { privateKey: key, publicKey: secp256k1.publicKey(key), digest };
      parities.add(curves.getPublicKey(key, true)[0]);
      for (const tap of [new Uint8Array(), sha256(key)]) expect(await secp256k1.signSchnorr({ ...request, tap })).toHaveLength(64);
    }
    expect(parities.size).toBe(2);
  });

  test("the tweaked key is the output key of BIP-86's first address", () => {
    // m/86'/0'/0'/0/0 of "abandon … about": internal key and output key as BIP-86 prints them.
    const internal = fromHex("02cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115");
    const output = "a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c";
    const x = internal.slice(1);
    const tweak = curves.Point.Fn.fromBytes(schnorr.utils.taggedHash("TapTweak", x));
    expect(toHex(curves.Point.fromBytes(internal).add(curves.Point.BASE.multiply(tweak)).toBytes(true).slice(1))).toBe(output);
  });
});
