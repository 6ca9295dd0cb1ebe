import { secp256k1 as curves, schnorr } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { curvesVerifier } from "../../src/keys/curves-verifier.ts";
import { nobleSigner } from "../../src/keys/noble-signer.ts";
import { type Signer, secp256k1, verifiedSigner } from "../../src/keys/secp256k1.ts";
import { shared, sharedFile, sharedText, Tally, vectorSuite } from "../shared.ts";

const badSignature = expect.objectContaining({ code: "keys/bad-signature" });
const badKey = expect.objectContaining({ code: "keys/bad-key" });
const badDigest = expect.objectContaining({ code: "keys/bad-digest" });
const none = { wrong: [], accepted: [], crashed: [] };
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

describe.skipIf(!shared)(vectorSuite("RFC 6979, ECDSA, BIP-340"), () => {
  interface Row {
    description: string;
    d: string;
    m: string;
    signature: string;
  }
  interface NobleFile {
    valid: Row[];
    invalid: { sign: Row[]; verify: { description: string; Q: string; m: string; signature: string }[] };
    extraEntropy: unknown[];
  }

  test("2019 deterministic signatures match byte for byte", { timeout: 60_000 }, async () => {
    const tally = new Tally();
    for (const row of sharedFile<NobleFile>("vectors/sig/noble-ecdsa-secp256k1.json").valid) {
      const key = fromHex(row.d);
      const { bytes } = await secp256k1.sign({ privateKey: key, publicKey: secp256k1.publicKey(key), digest: fromHex(row.m) });
      if (toHex(bytes) === row.signature) tally.match++;
      else tally.wrong.push(row.description);
    }
    expect(tally.bad).toEqual(none);
    expect(tally.match).toBeGreaterThanOrEqual(2019);
  });

  test("bad private keys sign nothing and bad signatures verify nowhere", async () => {
    const { invalid, extraEntropy } = sharedFile<NobleFile>("vectors/sig/noble-ecdsa-secp256k1.json");
    const tally = new Tally();
    for (const row of invalid.sign) {
      const outcome = await secp256k1
        .sign({ ...request, privateKey: fromHex(row.d), digest: fromHex(row.m) })
        .catch((error: unknown) => error);
      if (badKey.asymmetricMatch(outcome)) tally.refused++;
      else tally.accepted.push(row.description);
    }
    for (const row of invalid.verify) {
      const accepted = curvesVerifier.verify({ publicKey: fromHex(row.Q), digest: fromHex(row.m), signature: fromHex(row.signature) });
      if (accepted) tally.accepted.push(row.description);
      else tally.refused++;
    }
    // Hedged nonces are not offered: deterministic signatures are what a second implementation can reproduce.
    tally.unsupported = extraEntropy.length;
    expect(tally.bad).toEqual(none);
    expect([tally.refused, tally.unsupported]).toEqual([29, 5]);
  });

  test("the nonce is RFC 6979's first: r is the x of k0·G", async () => {
    const tally = new Tally();
    for (const row of sharedFile<{ message: string; d: string; k0: string }[]>("vectors/sig/rfc6979-secp256k1-k.json")) {
      const key = fromHex(row.d);
      const { bytes } = await secp256k1.sign({ privateKey: key, publicKey: secp256k1.publicKey(key), digest: sha256(utf8(row.message)) });
      const r = curves.Point.BASE.multiply(BigInt(`0x${row.k0}`)).toAffine().x % N;
      if (BigInt(`0x${toHex(bytes.slice(0, 32))}`) === r) tally.match++;
      else tally.wrong.push(row.message);
    }
    expect(tally.bad).toEqual(none);
    expect(tally.match).toBe(10);
  });

  test("BIP-340: what can be signed is signed to the byte, what must fail fails", async () => {
    const [, ...lines] = sharedText("vectors/sig/bip340.csv").trim().split(/\r?\n/);
    const signing = new Tally();
    const verifying = new Tally();
    for (const line of lines) {
      const [index = "", secret = "", x = "", auxiliary = "", message = "", signature = "", result = ""] = line.split(",");
      const valid = curvesVerifier.verifySchnorr({ publicKey: fromHex(`02${x}`), digest: fromHex(message), signature: fromHex(signature) });
      if (valid === (result === "TRUE")) verifying.match++;
      else (valid ? verifying.accepted : verifying.wrong).push(index);

      if (secret === "") continue;
      const key = fromHex(secret);
      if (message.length !== 64) {
        // Only digests of 32 bytes are signed.
        signing.unsupported++;
        continue;
      }
      const made = await secp256k1.signSchnorr({
        privateKey: key,
        publicKey: secp256k1.publicKey(key),
        digest: fromHex(message),
        auxiliary: fromHex(auxiliary),
      });
      if (toHex(made) === signature.toLowerCase()) signing.match++;
      else signing.wrong.push(index);
    }
    expect([signing.bad, verifying.bad]).toEqual([none, none]);
    expect([signing.match, signing.unsupported, verifying.match]).toEqual([4, 4, 19]);
  });
});

describe.skipIf(!shared)(vectorSuite("Wycheproof ECDSA over secp256k1"), () => {
  interface File {
    testGroups: {
      publicKey: { uncompressed: string };
      tests: { tcId: number; msg: string; sig: string; result: string; comment: string }[];
    }[];
  }

  // We take r || s; DER rows are first read by the strict DER reader of @noble/curves, which refuses what is not DER.
  function fromDer(signature: Uint8Array): Uint8Array | undefined {
    try {
      return curves.Signature.fromBytes(signature, "der").toBytes("compact");
    } catch {
      return undefined;
    }
  }

  test.each([
    { name: "ecdsa_secp256k1_sha256", read: fromDer, minimum: 96, expectedHighS: 72 },
    { name: "ecdsa_secp256k1_sha256_bitcoin", read: fromDer, minimum: 162, expectedHighS: 0 },
    { name: "ecdsa_secp256k1_sha256_p1363", read: (signature: Uint8Array) => signature, minimum: 95, expectedHighS: 72 },
  ])("$name", ({ name, read, minimum, expectedHighS }) => {
    const tally = new Tally();
    let highS = 0;
    for (const group of sharedFile<File>(`vectors/wycheproof/${name}.json`).testGroups) {
      for (const row of group.tests) {
        const signature = read(fromHex(row.sig));
        const valid =
          signature !== undefined &&
          curvesVerifier.verify({ publicKey: fromHex(group.publicKey.uncompressed), digest: sha256(fromHex(row.msg)), signature });
        if (valid && row.result !== "valid") tally.accepted.push(`${row.tcId} ${row.comment}`);
        else if (valid) tally.match++;
        else if (row.result !== "valid") tally.refused++;
        // A deliberate refusal: high s is valid ECDSA, but gives a signature a second form.
        else if (signature !== undefined && curves.Signature.fromBytes(signature, "compact").hasHighS()) highS++;
        else tally.wrong.push(`${row.tcId} ${row.comment}`);
      }
    }
    expect(tally.bad).toEqual(none);
    expect(tally.match).toBeGreaterThanOrEqual(minimum);
    expect(tally.refused).toBeGreaterThanOrEqual(80);
    expect(highS).toBe(expectedHighS);
  });
});
