import { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, utf8, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { withIndexes, wordAt } from "./mnemonic.ts";
import type { Wordlist } from "./wordlist.ts";

const ROUNDS = 2048;
/** No word of any list needs more than this in NFKD UTF-8, space included. */
const WORD_BYTES = 48;
const encoder = new TextEncoder();

/**
 * The BIP-39 seed of a phrase, on bytes alone: the words are written as UTF-8 into one buffer that is wiped, and never
 * become a string. Every intermediate that is ours is wiped, also when something fails.
 *
 * @param entropy - 16–32 bytes; neither copied nor kept, the caller wipes it.
 * @param wordlist - the same entropy gives another seed in another language.
 * @param passphrase - bytes are UTF-8 already in NFKD and stay the caller's; a string is brought into that form.
 * @returns 64 bytes; the caller wipes them.
 * @throws `keys/bad-entropy`; `keys/bad-mnemonic` if the passphrase is no well-formed text.
 * @see BIP-39, "From mnemonic to seed"
 */
export async function entropyToSeed(entropy: Uint8Array, wordlist: Wordlist, passphrase: Uint8Array | string = ""): Promise<Uint8Array> {
  const secret = typeof passphrase === "string" ? passphraseBytes(passphrase) : passphrase;
  const salt = concat(utf8("mnemonic"), secret);
  if (secret !== passphrase) wipe(secret);
  let buffer: Uint8Array | undefined;
  try {
    buffer = new Uint8Array(24 * WORD_BYTES);
    return await stretch(buffer.subarray(0, writeWords(entropy, wordlist, buffer)), salt);
  } finally {
    wipe(buffer, salt);
  }
}

// word || " " || word … : the separator is a plain space in every language, because NFKD turns U+3000 into one.
function writeWords(entropy: Uint8Array, wordlist: Wordlist, out: Uint8Array): number {
  return withIndexes(entropy, (indexes) => {
    let length = 0;
    for (const index of indexes) {
      if (length > 0) out[length++] = 0x20;
      const word = wordAt(wordlist, index);
      const { read, written } = encoder.encodeInto(word, out.subarray(length));
      if (read !== word.length) throw new Error("unreachable: a word longer than its place");
      length += written;
    }
    return length;
  });
}

// PBKDF2-HMAC-SHA512. WebCrypto is absent on pages without TLS; there the same function comes from @noble/hashes.
async function stretch(password: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) return pbkdf2Async(sha512, password, salt, { c: ROUNDS, dkLen: 64 });
  const key = await subtle.importKey("raw", password as BufferSource, "PBKDF2", false, ["deriveBits"]);
  const bits = await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-512", salt: salt as BufferSource, iterations: ROUNDS }, key, 512);
  return new Uint8Array(bits);
}

function passphraseBytes(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new CustodyError("keys/bad-mnemonic", "passphrase: expected well-formed text");
  return utf8(text.normalize("NFKD"));
}
