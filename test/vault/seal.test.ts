import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equal, toHex, utf8 } from "../../src/base/bytes.ts";
import { randomBytes } from "../../src/keys/random.ts";
import { pad, paddedLength, unpad } from "../../src/vault/pad.ts";
import { type Envelope, open, seal, suiteNames, wipeOpened } from "../../src/vault/seal.ts";
import { opaqueName, subkey } from "../../src/vault/subkeys.ts";

const damaged = expect.objectContaining({ code: "vault/damaged" });

describe("padding", () => {
  test("gives back what went in, for any content", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => equal(unpad(pad(bytes)), bytes)));
  });

  test("is at least 256 bytes, grows with the plaintext, and costs at most an eighth", () => {
    expect([0, 1, 255, 256, 300, 1000, 5000, 100_000].map(paddedLength)).toEqual([256, 256, 256, 272, 304, 1024, 5120, 100_352]);
    for (let length = 256; length < 20_000; length++) {
      expect(paddedLength(length)).toBeGreaterThan(length);
      expect(paddedLength(length)).toBeLessThanOrEqual((length + 1) * 1.125);
    }
    // Few sizes are left to tell records apart by.
    expect(new Set(Array.from({ length: 100_000 }, (_, length) => paddedLength(length))).size).toBeLessThan(150);
  });

  test("refuses every other form", () => {
    const good = pad(utf8("hello"));
    const long = new Uint8Array(512);
    long.set(good);
    for (const bad of [
      new Uint8Array(),
      new Uint8Array(256),
      good.subarray(0, 255),
      long,
      good.map((byte) => (byte === 0x80 ? 0x81 : byte)),
    ]) {
      expect(() => unpad(bad)).toThrowError(damaged);
    }
  });
});

describe.each(suiteNames)("a record sealed with %s", (suite) => {
  const envelope: Envelope = { suite, vaultId: new Uint8Array(16).fill(7), keyEpoch: 1 };
  const key = new Uint8Array(32).fill(9);
  const plaintext = utf8("the quick brown fox");
  const sealed = seal(envelope, key, "a/1", plaintext, randomBytes);

  test("opens, and its buffer can be wiped whole", () => {
    const opened = open(envelope, key, "a/1", sealed);
    expect(opened).toEqual(plaintext);
    wipeOpened(opened);
    expect(new Uint8Array(opened.buffer).every((byte) => byte === 0)).toBe(true);
  });

  test("does not open under another name, vault, key epoch, key or suite", () => {
    expect(() => open(envelope, key, "a/2", sealed)).toThrowError(damaged);
    expect(() => open({ ...envelope, vaultId: new Uint8Array(16).fill(8) }, key, "a/1", sealed)).toThrowError(damaged);
    expect(() => open({ ...envelope, keyEpoch: 2 }, key, "a/1", sealed)).toThrowError(damaged);
    expect(() => open(envelope, new Uint8Array(32).fill(8), "a/1", sealed)).toThrowError(damaged);
    for (const other of suiteNames)
      if (other !== suite) expect(() => open({ ...envelope, suite: other }, key, "a/1", sealed)).toThrowError(damaged);
  });

  test("does not open with any bit flipped or any byte missing, in front or behind", () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = sealed.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => open(envelope, key, "a/1", flipped)).toThrowError(damaged);
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => open(envelope, key, "a/1", sealed.subarray(0, length))).toThrowError(damaged);
      expect(() => open(envelope, key, "a/1", sealed.subarray(length + 1))).toThrowError(damaged);
    }
  });

  test("a key epoch changed in the clear prefix does not open under that epoch either", () => {
    const moved = sealed.slice();
    moved[5] = 2;
    expect(() => open({ ...envelope, keyEpoch: 2 }, key, "a/1", moved)).toThrowError(damaged);
  });

  test("is never the same twice", () => {
    const all = new Set(Array.from({ length: 50 }, () => toHex(seal(envelope, key, "a/1", plaintext, randomBytes))));
    expect(all.size).toBe(50);
  });
});

describe("subkeys and names", () => {
  test("every purpose, vault and root has its own key", () => {
    const roots = [1, 2].map((n) => new Uint8Array(32).fill(n));
    const vaults = [1, 2].map((n) => new Uint8Array(16).fill(n));
    const purposes = ["root", "record", "node", "blob", "secret", "state signature", "checkpoint signature"] as const;
    const keys = roots.flatMap((root) => vaults.flatMap((vault) => purposes.map((purpose) => toHex(subkey(root, vault, purpose)))));
    expect(new Set(keys).size).toBe(28);
  });

  test("every kind and name has its own place", () => {
    const key = new Uint8Array(32).fill(3);
    const kinds = ["record", "secret", "node", "blob"] as const;
    const names = kinds.flatMap((kind) => ["", "a", "/a", "a/"].map((name) => opaqueName(key, kind, name)));
    expect(new Set(names).size).toBe(16);
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{64}$/);
  });
});
