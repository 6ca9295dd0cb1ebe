import { sha256 } from "@noble/hashes/sha2.js";
import * as scure from "@scure/bip39";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { entropyToMnemonic, generateEntropy, mnemonicToEntropy, mnemonicWord } from "../../src/keys/mnemonic.ts";
import { entropyToSeed } from "../../src/keys/seed.ts";
import { english, LANGUAGES, loadWordlist } from "../../src/keys/wordlist.ts";

const badMnemonic = expect.objectContaining({ code: "keys/bad-mnemonic" });
const badEntropy = expect.objectContaining({ code: "keys/bad-entropy" });
const ZEROS = `${"abandon ".repeat(11)}about`;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("entropy and words", () => {
  test.each([12, 15, 18, 21, 24] as const)("fresh entropy for %i words has a third as many times four bytes", (words) => {
    expect(generateEntropy(words)).toHaveLength((words / 3) * 4);
    expect(entropyToMnemonic(generateEntropy(words), english).split(" ")).toHaveLength(words);
  });

  test("every language and length goes to words and back, exactly as another implementation writes them", async () => {
    for (const language of LANGUAGES) {
      const list = await loadWordlist(language);
      for (const bytes of [16, 20, 24, 28, 32]) {
        const entropy = sha256(fromHex(`${bytes}`)).slice(0, bytes);
        const phrase = entropyToMnemonic(entropy, list);
        expect(phrase.normalize("NFKD")).toBe(scure.entropyToMnemonic(entropy, [...list.words]).normalize("NFKD"));
        expect(await mnemonicToEntropy(phrase, { language })).toEqual({ entropy, language });
        expect(Array.from({ length: (bytes / 4) * 3 }, (_, at) => mnemonicWord(entropy, list, at)).join(" ")).toBe(
          phrase.normalize("NFKD"),
        );
      }
    }
  });

  test("the language is found without being said", async () => {
    for (const language of LANGUAGES) {
      const entropy = sha256(fromHex("ab"));
      expect(await mnemonicToEntropy(entropyToMnemonic(entropy, await loadWordlist(language)))).toEqual({ entropy, language });
    }
  });

  test("a phrase that is valid in two lists is refused with both names", async () => {
    // The first character that both Chinese lists share at the same place makes the same phrase in both.
    const phrase = entropyToMnemonic(new Uint8Array(16), await loadWordlist("chinese-simplified"));
    await expect(mnemonicToEntropy(phrase)).rejects.toThrow(/chinese-simplified and chinese-traditional/);
    await expect(mnemonicToEntropy(phrase)).rejects.toEqual(badMnemonic);
    expect(await mnemonicToEntropy(phrase, { language: "chinese-traditional" })).toEqual({
      entropy: new Uint8Array(16),
      language: "chinese-traditional",
    });
  });

  test("white space of any kind and composed characters are read alike", async () => {
    expect(await mnemonicToEntropy(`\n  ${ZEROS.replaceAll(" ", "  \t")} `)).toEqual({ entropy: new Uint8Array(16), language: "english" });
    const japanese = entropyToMnemonic(new Uint8Array(16).fill(0x7f), await loadWordlist("japanese"));
    expect(japanese).toContain("\u3000");
    expect((await mnemonicToEntropy(japanese.normalize("NFC"))).language).toBe("japanese");
    expect((await mnemonicToEntropy(japanese.replaceAll("\u3000", " "))).language).toBe("japanese");
  });

  test("every wrong last word is refused", async () => {
    const good = new Set<string>();
    for (const word of english.words) {
      const read = await mnemonicToEntropy(`${"abandon ".repeat(11)}${word}`, { language: "english" }).catch((error: unknown) => {
        expect(error).toEqual(badMnemonic);
      });
      if (read) good.add(word);
    }
    // 128 bits leave 7 free bits in the last word: one word in sixteen carries a fitting checksum.
    expect(good.size).toBe(128);
  }, 20_000);

  test("a phrase of a wrong length, with a foreign word, of mixed lists or nothing at all is refused", async () => {
    for (const text of [
      "",
      "abandon",
      ZEROS.slice(8),
      `${ZEROS} abandon`,
      ZEROS.replace("about", "keyward"),
      ZEROS.replace("abandon", "ábaco"),
      ZEROS.replace("about", "\ud800"),
    ]) {
      await expect(mnemonicToEntropy(text)).rejects.toEqual(badMnemonic);
    }
  });

  test("a bad phrase is told apart: which word is in no list, or that the checksum does not fit", async () => {
    await expect(mnemonicToEntropy(`${"abandon ".repeat(12)}keyward ${"abandon ".repeat(11)}`)).rejects.toThrow(
      /word 13 is in no list.*english/,
    );
    await expect(mnemonicToEntropy(ZEROS.replace("about", "zebra"))).rejects.toThrow(/checksum does not fit.*english/);
    await expect(mnemonicToEntropy(ZEROS.slice(8))).rejects.toThrow(/expected 12, 15, 18, 21 or 24 words, got 11/);
  });

  test("what is said of a bad phrase never holds a word of it", async () => {
    for (const text of [ZEROS.replace("about", "zebra"), ZEROS.replace("about", "keyward"), "abandon zebra"]) {
      await expect(mnemonicToEntropy(text)).rejects.not.toThrow(/abandon|zebra|keyward/);
    }
  });

  test.each([0, 15, 17, 33, 64])("entropy of %i bytes is refused", async (bytes) => {
    expect(() => entropyToMnemonic(new Uint8Array(bytes), english)).toThrow(badEntropy);
    await expect(entropyToSeed(new Uint8Array(bytes), english)).rejects.toEqual(badEntropy);
  });
});

describe("the seed", () => {
  const entropy = fromHex("00".repeat(16));
  const KNOWN =
    "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04";

  test("a known phrase gives its known seed", async () => {
    expect(toHex(await entropyToSeed(entropy, english, "TREZOR"))).toBe(KNOWN);
  });

  test("without WebCrypto the seed is the same", async () => {
    vi.stubGlobal("crypto", { getRandomValues: () => undefined });
    expect(toHex(await entropyToSeed(entropy, english, "TREZOR"))).toBe(KNOWN);
  });

  test("every language gives the seed that another implementation makes from the words", async () => {
    for (const language of LANGUAGES) {
      const list = await loadWordlist(language);
      const random = generateEntropy(24);
      expect(await entropyToSeed(random, list, "é㍍")).toEqual(scure.mnemonicToSeedSync(entropyToMnemonic(random, list), "é㍍"));
    }
  });

  test("a passphrase as bytes is used as it is and stays the caller's", async () => {
    const passphrase = new TextEncoder().encode("TREZOR");
    expect(toHex(await entropyToSeed(entropy, english, passphrase))).toBe(KNOWN);
    expect(new TextDecoder().decode(passphrase)).toBe("TREZOR");
  });

  test("a passphrase that is no text is refused", async () => {
    await expect(entropyToSeed(entropy, english, "\ud800")).rejects.toEqual(badMnemonic);
  });

  test("what was handed to the key derivation is overwritten afterwards, also when it fails", async () => {
    const handed: Uint8Array[] = [];
    const real = globalThis.crypto.subtle;
    const deriveBits = (algorithm: { salt: Uint8Array }, key: CryptoKey, bits: number) => {
      handed.push(algorithm.salt);
      return real.deriveBits(algorithm as unknown as AlgorithmIdentifier, key, bits);
    };
    const importKey = (_: string, bytes: Uint8Array) => {
      handed.push(bytes);
      return real.importKey("raw", bytes as BufferSource, "PBKDF2", false, ["deriveBits"]);
    };
    vi.stubGlobal("crypto", { subtle: { importKey, deriveBits } });
    await entropyToSeed(generateEntropyBytes(), english, "TREZOR");
    vi.stubGlobal("crypto", { subtle: { importKey, deriveBits: () => Promise.reject(new Error("out of memory")) } });
    await expect(entropyToSeed(generateEntropyBytes(), english, "TREZOR")).rejects.toThrow("out of memory");
    expect(handed).toHaveLength(3);
    for (const bytes of handed) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  function generateEntropyBytes(): Uint8Array {
    return new Uint8Array(32).fill(0x5a);
  }
});
