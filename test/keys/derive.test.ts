import { keccak_256 } from "@noble/hashes/sha3.js";
import { HDKey } from "@scure/bip32";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import {
  bip44,
  checkPrivateKey,
  extendedPublicKey,
  formatPath,
  parsePath,
  publicKey,
  publicKeyBelow,
  withPrivateKey,
} from "../../src/keys/derive.ts";
import { mnemonicToEntropy } from "../../src/keys/mnemonic.ts";
import { entropyToSeed } from "../../src/keys/seed.ts";
import { english } from "../../src/keys/wordlist.ts";

const badPath = expect.objectContaining({ code: "keys/bad-path" });
const badKey = expect.objectContaining({ code: "keys/bad-key" });
const badEntropy = expect.objectContaining({ code: "keys/bad-entropy" });
const H = 0x8000_0000;

async function seedOf(words: string, passphrase = ""): Promise<Uint8Array> {
  return entropyToSeed((await mnemonicToEntropy(words, { language: "english" })).entropy, english, passphrase);
}

describe("paths", () => {
  test("a path is read into indexes and written back", () => {
    expect(parsePath("m/44'/60'/0'/0/5")).toEqual([44 + H, 60 + H, H, 0, 5]);
    expect(parsePath("m/44h/2147483647")).toEqual([44 + H, H - 1]);
    expect(parsePath("m")).toEqual([]);
    expect(formatPath(parsePath("m/44'/60'/0'/0/5"))).toBe("m/44'/60'/0'/0/5");
    expect(formatPath(parsePath("m"))).toBe("m");
    expect(bip44({ coin: 60, account: 1, change: 0, index: 7 })).toEqual(parsePath("m/44'/60'/1'/0/7"));
  });

  test.each([
    "",
    "M",
    "44'/60'",
    "/0",
    "m/",
    "m//0",
    "m/0/",
    "m/-1",
    "m/1.5",
    "m/2147483648",
    "m/2147483648'",
    "m/4294967296",
    "m/00",
    "m/01",
    "m/0''",
    "m/0H",
    "m/0x1",
    "m/ 1",
    "m/1e3",
    "m/99999999999",
    "m/٣",
  ])("what is no path is refused: %j", (text) => {
    expect(() => parsePath(text)).toThrow(badPath);
  });

  test("a path of 255 steps is read, one of 256 refused", () => {
    expect(parsePath(`m${"/0".repeat(255)}`)).toHaveLength(255);
    expect(() => parsePath(`m${"/0".repeat(256)}`)).toThrow(badPath);
  });

  test.each([[[-1]], [[2 ** 32]], [[0.5]], [[Number.NaN]]])("numbers that are no indexes are refused: %j", async (path) => {
    const seed = new Uint8Array(16).fill(1);
    expect(() => publicKey(seed, path)).toThrow(badPath);
    await expect(withPrivateKey(seed, path, toHex)).rejects.toEqual(badPath);
  });
});

describe("derivation", () => {
  const seed = fromHex("000102030405060708090a0b0c0d0e0f");

  test("a private key is lent for one use and overwritten afterwards", async () => {
    let kept: Uint8Array | undefined;
    const during = await withPrivateKey(seed, parsePath("m/0'"), async (key) => {
      kept = key;
      await Promise.resolve();
      return toHex(key);
    });
    expect(during).toBe("edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea");
    expect(kept).toEqual(new Uint8Array(32));
  });

  test("a private key is overwritten also when its use fails", async () => {
    let kept: Uint8Array | undefined;
    const use = (key: Uint8Array) => {
      kept = key;
      throw new Error("no");
    };
    await expect(withPrivateKey(seed, parsePath("m/0'"), use)).rejects.toThrow("no");
    expect(kept).toEqual(new Uint8Array(32));
  });

  test("every node on the way has its private key overwritten", async () => {
    const nodes: HDKey[] = [];
    const original = HDKey.prototype.deriveChild;
    HDKey.prototype.deriveChild = function (this: HDKey, index: number) {
      const child = original.call(this, index);
      nodes.push(this, child);
      return child;
    };
    try {
      await withPrivateKey(seed, parsePath("m/0'/1/2'"), (key) => key.length);
      publicKey(seed, parsePath("m/0'/1/2'"));
    } finally {
      HDKey.prototype.deriveChild = original;
    }
    expect(nodes).toHaveLength(12);
    for (const node of nodes) expect(node.privateKey).toBeNull();
  });

  test("the seed is neither changed nor kept", async () => {
    const copy = seed.slice();
    const pending = withPrivateKey(copy, parsePath("m/0'"), toHex);
    expect(copy).toEqual(seed);
    copy.fill(0);
    expect(await pending).toBe("edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea");
  });

  test("public keys below an account's extended public key are those below the seed", () => {
    const account = parsePath("m/44'/60'/0'");
    const xpub = extendedPublicKey(seed, account);
    expect(publicKeyBelow(xpub, [0, 7])).toEqual(publicKey(seed, [...account, 0, 7]));
    expect(() => publicKeyBelow(xpub, [H])).toThrow(badPath);
  });

  test("an extended private key is refused where a public one is asked for", () => {
    // BIP-32, test vector 1, m.
    const xprv = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
    expect(() => publicKeyBelow(xprv, [])).toThrow(/got a private one/);
  });

  test.each([0, 15, 65])("a seed of %i bytes is refused", (bytes) => {
    expect(() => publicKey(new Uint8Array(bytes), [])).toThrow(badEntropy);
  });

  test("a private key from outside is above 0 and below the order", () => {
    const n = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for (const bad of ["", "00".repeat(32), n, `${n.slice(0, -1)}2`, "ff".repeat(32), "01".repeat(31), "01".repeat(33)]) {
      expect(() => checkPrivateKey(fromHex(bad))).toThrow(badKey);
    }
    checkPrivateKey(fromHex(`${n.slice(0, -1)}0`));
    checkPrivateKey(fromHex("01".padStart(64, "0")));
  });

  test("a known phrase gives its known Ethereum address", async () => {
    const key = publicKey(
      await seedOf("test test test test test test test test test test test junk"),
      bip44({ coin: 60, account: 0, change: 0, index: 0 }),
    );
    expect(key).toHaveLength(65);
    expect(toHex(keccak_256(key.slice(1)).slice(12))).toBe("f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
  });
});
