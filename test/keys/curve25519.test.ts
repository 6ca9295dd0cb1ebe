import { describe, expect, test } from "vitest";
import { fromHex, utf8 } from "../../src/base/bytes.ts";
import * as ed25519 from "../../src/keys/ed25519.ts";
import * as x25519 from "../../src/keys/x25519.ts";

const badKey = expect.objectContaining({ code: "keys/bad-key" });

describe("ed25519", () => {
  const privateKey = new Uint8Array(32).fill(7);
  const publicKey = ed25519.publicKey(privateKey);
  const message = utf8("a checkpoint");
  const signature = ed25519.sign(privateKey, message);

  test("a signature verifies, and no neighbour of it does", () => {
    expect(ed25519.verify({ publicKey, message, signature })).toBe(true);
    expect(ed25519.verify({ publicKey, message: utf8("another"), signature })).toBe(false);
    for (let bit = 0; bit < 512; bit += 7) {
      const flipped = signature.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(ed25519.verify({ publicKey, message, signature: flipped })).toBe(false);
    }
    for (const length of [0, 63, 65]) expect(ed25519.verify({ publicKey, message, signature: new Uint8Array(length) })).toBe(false);
    expect(ed25519.verify({ publicKey: publicKey.slice(1), message, signature })).toBe(false);
  });

  test("a key of small order speaks for nobody", () => {
    // The identity as public key and as R with s = 0 verifies for every message under ZIP-215.
    const identity = fromHex(`01${"00".repeat(31)}`);
    const everything = fromHex(`01${"00".repeat(63)}`);
    expect(ed25519.verify({ publicKey: identity, message, signature: everything })).toBe(false);
  });

  test("a private key that is not 32 bytes is refused", () => {
    expect(() => ed25519.sign(new Uint8Array(31), message)).toThrow(badKey);
    expect(() => ed25519.publicKey(new Uint8Array(64))).toThrow(badKey);
  });
});

describe("x25519", () => {
  test("both sides get the same secret", () => {
    const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const secret = x25519.sharedSecret({ privateKey: a, publicKey: x25519.publicKey(b) });
    expect(x25519.sharedSecret({ privateKey: b, publicKey: x25519.publicKey(a) })).toEqual(secret);
    expect(secret).toHaveLength(32);
  });

  test("a key of small order, and lengths other than 32 bytes, are refused", () => {
    const privateKey = new Uint8Array(32).fill(1);
    for (const publicKey of [new Uint8Array(32), fromHex(`01${"00".repeat(31)}`), new Uint8Array(31).fill(9), new Uint8Array(0)]) {
      expect(() => x25519.sharedSecret({ privateKey, publicKey })).toThrow(badKey);
    }
    expect(() => x25519.sharedSecret({ privateKey: new Uint8Array(33), publicKey: x25519.publicKey(privateKey) })).toThrow(badKey);
    expect(() => x25519.publicKey(new Uint8Array(0))).toThrow(badKey);
  });
});
