import { wordlist as englishWords } from "@scure/bip39/wordlists/english.js";

/** The ten languages of BIP-39 that have an official list. */
export const LANGUAGES = [
  "english",
  "japanese",
  "korean",
  "spanish",
  "chinese-simplified",
  "chinese-traditional",
  "french",
  "italian",
  "czech",
  "portuguese",
] as const;
export type Language = (typeof LANGUAGES)[number];

/** 2048 words in NFKD, in the order of BIP-39. */
export interface Wordlist {
  readonly language: Language;
  readonly words: readonly string[];
}

/** English is at hand; every other list is loaded when it is asked for, so that bundles stay small. */
export async function loadWordlist(language: Language): Promise<Wordlist> {
  return { language, words: (await LOAD[language]()).map((word) => word.normalize("NFKD")) };
}

export const english: Wordlist = { language: "english", words: englishWords };

// One literal import per list: bundlers cannot follow a name put together at run time.
const LOAD: { readonly [L in Language]: () => Promise<readonly string[]> } = {
  english: async () => englishWords,
  japanese: async () => (await import("@scure/bip39/wordlists/japanese.js")).wordlist,
  korean: async () => (await import("@scure/bip39/wordlists/korean.js")).wordlist,
  spanish: async () => (await import("@scure/bip39/wordlists/spanish.js")).wordlist,
  "chinese-simplified": async () => (await import("@scure/bip39/wordlists/simplified-chinese.js")).wordlist,
  "chinese-traditional": async () => (await import("@scure/bip39/wordlists/traditional-chinese.js")).wordlist,
  french: async () => (await import("@scure/bip39/wordlists/french.js")).wordlist,
  italian: async () => (await import("@scure/bip39/wordlists/italian.js")).wordlist,
  czech: async () => (await import("@scure/bip39/wordlists/czech.js")).wordlist,
  portuguese: async () => (await import("@scure/bip39/wordlists/portuguese.js")).wordlist,
};
