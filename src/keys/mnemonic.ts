import { sha256 } from "@noble/hashes/sha2.js";
import { secretBuffer, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { randomBytes } from "./random.ts";
import { LANGUAGES, type Language, loadWordlist, type Wordlist } from "./wordlist.ts";

/**
 * Entropy comes first: a wallet keeps 16–32 bytes and never words, because a string cannot be wiped. Words exist in two
 * places only: {@link entropyToMnemonic} and {@link mnemonicWord}, to be shown, and {@link mnemonicToEntropy}, as typed.
 */
export type WordCount = 12 | 15 | 18 | 21 | 24;

/** Fresh entropy for a phrase of so many words. The caller owns and wipes it. @throws `keys/no-randomness` */
export function generateEntropy(words: WordCount): Uint8Array {
  const bytes = (words / 3) * 4;
  checkEntropyLength(bytes);
  return randomBytes(bytes);
}

/**
 * The whole phrase as one string: the one place where words become a string that nobody can wipe. Prefer
 * {@link mnemonicWord}, which shows one word at a time.
 *
 * @param entropy - 16, 20, 24, 28 or 32 bytes; neither copied nor kept.
 * @throws `keys/bad-entropy` for another length.
 * @see BIP-39, "Generating the mnemonic"
 */
export function entropyToMnemonic(entropy: Uint8Array, wordlist: Wordlist): string {
  return withIndexes(entropy, (indexes) => Array.from(indexes, (index) => wordAt(wordlist, index)).join(separator(wordlist)));
}

/** One word of the phrase; `position` counts from 0. @throws `keys/bad-entropy` */
export function mnemonicWord(entropy: Uint8Array, wordlist: Wordlist, position: number): string {
  return withIndexes(entropy, (indexes) => {
    const index = indexes[position];
    if (index === undefined) throw new Error(`unreachable: word ${position} of ${indexes.length}`);
    return wordAt(wordlist, index);
  });
}

/**
 * Reads a phrase as typed: NFKD, any white space between the words (the ideographic space too). Without `language` every
 * list is tried; a phrase that is valid in several lists is refused, because each gives another wallet.
 *
 * @returns the entropy, which the caller owns and wipes.
 * @throws `keys/bad-mnemonic` naming what is wrong, never a word.
 */
export async function mnemonicToEntropy(
  text: string,
  options: { readonly language?: Language } = {},
): Promise<{ entropy: Uint8Array; language: Language }> {
  const words = text
    .normalize("NFKD")
    .split(/\s+/u)
    .filter((word) => word !== "");
  if (!isWordCount(words.length)) throw bad(`expected 12, 15, 18, 21 or 24 words, got ${words.length}`);
  const lists = await Promise.all((options.language ? [options.language] : LANGUAGES).map(loadWordlist));
  const readings = lists.map((list) => ({ language: list.language, ...readWords(words, list) }));
  const valid = readings.flatMap(({ language, entropy }) => (entropy ? [{ language, entropy }] : []));
  const [only, ...others] = valid;
  if (only === undefined) throw nothingFits(words.length, readings);
  if (others.length > 0) {
    wipe(...valid.map(({ entropy }) => entropy));
    throw bad(`the words are valid in ${valid.map(({ language }) => language).join(" and ")}; say which language`);
  }
  return only;
}

/**
 * Hands the word indexes (0–2047) of `entropy` to `use` and wipes them afterwards.
 *
 * @throws `keys/bad-entropy` if it is not 16, 20, 24, 28 or 32 bytes.
 */
export function withIndexes<T>(entropy: Uint8Array, use: (indexes: Uint16Array) => T): T {
  checkEntropyLength(entropy.length);
  const indexes = new Uint16Array((entropy.length / 4) * 3);
  const checksum = sha256(entropy);
  try {
    for (let bit = 0; bit < indexes.length * 11; bit++) {
      const byte = bit < entropy.length * 8 ? entropy[bit >> 3] : checksum[(bit >> 3) - entropy.length];
      const at = Math.floor(bit / 11);
      indexes[at] = ((indexes[at] ?? 0) << 1) | (((byte ?? 0) >> (7 - (bit & 7))) & 1);
    }
    return use(indexes);
  } finally {
    indexes.fill(0);
    wipe(checksum);
  }
}

export function wordAt(wordlist: Wordlist, index: number): string {
  const word = wordlist.words[index];
  if (word === undefined) throw new Error("unreachable: a word list of fewer than 2048 words");
  return word;
}

// `known` counts the leading words that the list has; `entropy` is there only if it has all and the checksum fits.
function readWords(words: readonly string[], list: Wordlist): { known: number; entropy?: Uint8Array } {
  const entropy = secretBuffer((words.length / 3) * 4);
  const order = new Map(list.words.map((word, index) => [word, index]));
  const bits = entropy.length * 8;
  let known = 0;
  for (const word of words) {
    const index = order.get(word);
    if (index === undefined) return wipeThen(entropy, { known });
    for (let i = 0; i < 11; i++) {
      const bit = known * 11 + i;
      if (bit < bits) entropy[bit >> 3] = ((entropy[bit >> 3] ?? 0) << 1) | ((index >> (10 - i)) & 1);
    }
    known++;
  }
  const last = order.get(words.at(-1) ?? "");
  const fits = withIndexes(entropy, (indexes) => indexes.at(-1) === last);
  return fits ? { known, entropy } : wipeThen(entropy, { known });
}

function wipeThen<T>(buffer: Uint8Array, value: T): T {
  wipe(buffer);
  return value;
}

function nothingFits(count: number, readings: readonly { readonly language: Language; readonly known: number }[]): CustodyError {
  const best = readings.reduce((a, b) => (b.known > a.known ? b : a));
  if (best.known < count) return bad(`word ${best.known + 1} is in no list that has the words before it (${best.language})`);
  return bad(`the checksum does not fit, a word is wrong or out of order (${best.language})`);
}

function separator(wordlist: Wordlist): string {
  return wordlist.language === "japanese" ? "\u3000" : " ";
}

function isWordCount(count: number): boolean {
  return count % 3 === 0 && count >= 12 && count <= 24;
}

function checkEntropyLength(bytes: number): void {
  if (![16, 20, 24, 28, 32].includes(bytes))
    throw new CustodyError("keys/bad-entropy", `entropy: expected 16, 20, 24, 28 or 32 bytes, got ${bytes}`);
}

function bad(what: string): CustodyError {
  return new CustodyError("keys/bad-mnemonic", `mnemonic: ${what}`);
}
