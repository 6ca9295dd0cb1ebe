import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { type ChildSeed, childPath, wifInPlainText, withChildSeed, xprvInPlainText } from "../../src/keys/bip85.ts";
import { formatPath, withPrivateKey } from "../../src/keys/derive.ts";
import { entropyToMnemonic } from "../../src/keys/mnemonic.ts";
import { english, LANGUAGES } from "../../src/keys/wordlist.ts";
import { seedOf } from "../vectors/keys.ts";
import { readWif, readXprv } from "./xprv.ts";

/** The phrase behind the root key of BIP-85's vectors. */
const PHRASE = "install scatter logic circle pencil average fall shoe quantum disease suspect usage";

describe("a child of a seed", () => {
  test("is what BIP-85 publishes: phrases, keys, bytes", async () => {
    const seed = await seedOf(PHRASE);
    const phrase = (words: 12 | 18 | 24) =>
      withChildSeed(seed, { application: "bip39", language: "english", words, index: 0 }, (entropy) => entropyToMnemonic(entropy, english));
    expect(await phrase(12)).toBe("girl mad pet galaxy egg matter matrix prison refuse sense ordinary nose");
    expect(await phrase(18)).toMatch(/^near account window bike .* supply token$/);
    expect(await phrase(24)).toMatch(/^puppy ocean match cereal .* social volcano$/);
    const wif = await withChildSeed(seed, { application: "wif", index: 0 }, wifInPlainText);
    expect(wif).toBe("Kzyv4uF39d4Jrw2W7UryTHwZr1zQVNk4dAFyqE6BuMrMh1Za7uhp");
    expect(readWif(wif)).toBe("7040bb53104f27367f317558e78a994ada7296c6fde36a364e5baf206e502bb1");
    const xprv = await withChildSeed(seed, { application: "xprv", index: 0 }, xprvInPlainText);
    expect(xprv).toBe("xprv9s21ZrQH143K2srSbCSg4m4kLvPMzcWydgmKEnMmoZUurYuBuYG46c6P71UGXMzmriLzCCBvKQWBUv3vPB3m1SATMhp3uEjXHJ42jFg7myX");
    expect(readXprv(xprv).privateKey).toBe("ead0b33988a616cf6a497f1c169d9e92562604e38305ccd3fc96f2252c177682");
    expect(await withChildSeed(seed, { application: "hex", bytes: 64, index: 0 }, toHex)).toMatch(/^492db4698cf3b73a.*82a5c$/);
  });

  test("has a path of its own for every application, language, length and index", () => {
    const children: ChildSeed[] = [
      ...LANGUAGES.flatMap((language) =>
        ([12, 15, 18, 21, 24] as const).map((words) => ({ application: "bip39", language, words, index: 7 }) as const),
      ),
      ...[0, 1, 2 ** 31 - 1].flatMap((index) => (["wif", "xprv"] as const).map((application) => ({ application, index }))),
      ...Array.from({ length: 49 }, (_, more) => ({ application: "hex", bytes: 16 + more, index: 0 }) as const),
    ];
    const paths = children.map((child) => formatPath(childPath(child)));
    expect(new Set(paths).size).toBe(children.length);
    expect(paths[0]).toBe("m/83696968'/39'/0'/12'/7'");
    expect(paths[49]).toBe("m/83696968'/39'/9'/24'/7'");
    expect(paths.at(-1)).toBe("m/83696968'/128169'/64'/0'");
  });

  test("is as long as it says, whatever the language or number of words", async () => {
    const seed = fromHex("0f".repeat(64));
    const seen = new Set<string>();
    for (const language of LANGUAGES) {
      for (const words of [12, 15, 18, 21, 24] as const) {
        const entropy = await withChildSeed(seed, { application: "bip39", language, words, index: 0 }, toHex);
        expect(entropy).toHaveLength((words / 3) * 8);
        seen.add(entropy.slice(0, 32));
      }
    }
    expect(seen.size).toBe(50);
    for (const bytes of [16, 17, 64]) {
      expect(await withChildSeed(seed, { application: "hex", bytes, index: 0 }, (lent) => lent.length)).toBe(bytes);
    }
  });

  test("is lent: overwritten when its use is over, also when that failed, and the seed stays as it was", async () => {
    const seed = fromHex("0f".repeat(64));
    const lent: Uint8Array[] = [];
    await withChildSeed(seed, { application: "hex", bytes: 64, index: 0 }, async (bytes) => {
      lent.push(bytes);
      await Promise.resolve();
      expect(bytes.some((byte) => byte !== 0)).toBe(true);
    });
    const failing = withChildSeed(seed, { application: "wif", index: 0 }, (bytes) => {
      lent.push(bytes);
      throw new Error("of the caller");
    });
    await expect(failing).rejects.toThrow("of the caller");
    for (const bytes of lent) expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(toHex(seed)).toBe("0f".repeat(64));
  });

  test("is neither the key at its path nor a part of it", async () => {
    const seed = fromHex("0f".repeat(64));
    const child = { application: "wif", index: 0 } as const;
    const key = await withPrivateKey(seed, childPath(child), toHex);
    expect(await withChildSeed(seed, child, toHex)).not.toBe(key);
  });

  test.each([
    ["a language without a list", { application: "bip39", language: "latin", words: 12, index: 0 }],
    ["13 words", { application: "bip39", language: "english", words: 13, index: 0 }],
    ["9 words", { application: "bip39", language: "english", words: 9, index: 0 }],
    ["27 words", { application: "bip39", language: "english", words: 27, index: 0 }],
    ["15 bytes", { application: "hex", bytes: 15, index: 0 }],
    ["65 bytes", { application: "hex", bytes: 65, index: 0 }],
    ["half a byte", { application: "hex", bytes: 16.5, index: 0 }],
    ["an index below 0", { application: "wif", index: -1 }],
    ["an index of 2³¹", { application: "xprv", index: 2 ** 31 }],
    ["an index that is no integer", { application: "xprv", index: 0.5 }],
  ])("is refused: %s", async (_, child) => {
    await expect(withChildSeed(fromHex("0f".repeat(64)), child as ChildSeed, toHex)).rejects.toMatchObject({ code: "keys/bad-path" });
  });

  test("of a seed of no length that BIP-32 has is refused, and texts are made of keys alone", async () => {
    await expect(withChildSeed(new Uint8Array(15), { application: "wif", index: 0 }, toHex)).rejects.toMatchObject({
      code: "keys/bad-entropy",
    });
    expect(() => wifInPlainText(new Uint8Array(32))).toThrow(expect.objectContaining({ code: "keys/bad-key" }));
    expect(() => xprvInPlainText(new Uint8Array(64))).toThrow(expect.objectContaining({ code: "keys/bad-key" }));
    expect(() => xprvInPlainText(new Uint8Array(63).fill(1))).toThrow(expect.objectContaining({ code: "keys/bad-key" }));
  });
});
