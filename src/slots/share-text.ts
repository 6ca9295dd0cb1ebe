import { bech32m } from "@scure/base";
import { concat, fromHex, secretCopy, toHex, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";

// Bech32m (BIP-350) notices up to four wrong characters for certain, and other mistakes but for one in a billion, in texts of up to
// 90 characters. So one share is one text of exactly 90, and everything else about it (a name, a date) is for the paper around it.

const PREFIX = "kwshare";
const CHARACTERS = 90;
const VERSION = 1;
/** Much longer than a card with a share on it; anything longer is none. */
const LONGEST_TEXT = 2000;

/** What stands in a recovery share. */
export interface Share {
  /** From 1, in the order in which they were handed out. */
  readonly number: number;
  /** So many were handed out, 2–16, and so many are needed, 2–`of`. */
  readonly of: number;
  readonly threshold: number;
  /** First 8 hexadecimal digits of the vault's and the slot's id, and of a digest of the whole set. */
  readonly vault: string;
  readonly slot: string;
  readonly set: string;
  /** A value of 32 bytes and the point where it was taken, 1–255: secret. */
  readonly point: Uint8Array;
}

/**
 * @returns 90 characters in groups of four, to be written down or printed. It is a string: nothing can erase it from memory.
 */
export function writeShare(share: Share): string {
  const { number, of, threshold, vault, slot, set, point } = share;
  // version(4 bits) threshold−1(4 bits) || number−1(4 bits) of−1(4 bits) || vault(4) || slot(4) || set(4) || value(32) || x(1)
  const head = Uint8Array.of((VERSION << 4) | (threshold - 1), ((number - 1) << 4) | (of - 1));
  const bytes = secretCopy(concat(head, fromHex(vault), fromHex(slot), fromHex(set)), point);
  try {
    const text = bech32m.encode(PREFIX, bech32m.toWords(bytes), CHARACTERS);
    const [, code = ""] = text.split("1");
    return [`${PREFIX}1`, ...(code.match(/.{1,4}/g) ?? [])].join(" ");
  } finally {
    wipe(bytes);
  }
}

/**
 * Reads a share as people give it back: with any spaces, line breaks and hyphens, in either case, alone or at the end of its card.
 *
 * @param which - begins the message: `share 2 of those given`.
 * @returns with a `point` that the caller wipes.
 * @throws `slot/share-damaged`
 */
export function readShare(text: string, which: string): Share {
  const damaged = (problem: string) => new CustodyError("slot/share-damaged", `${which}: ${problem}`);
  if (text.length > LONGEST_TEXT) throw damaged(`expected at most ${LONGEST_TEXT} characters, got ${text.length}`);
  const written = text.toLowerCase().replace(/[\s\u2010-\u2015-]/g, "");
  const from = written.lastIndexOf(`${PREFIX}1`);
  if (from < 0) throw damaged(`expected a text that begins with ${PREFIX}1`);
  const code = written.slice(from);
  const stranger = code.slice(PREFIX.length + 1).search(/[^qpzry9x8gf2tvdw0s3jn54khce6mua7l]/);
  if (stranger >= 0) throw damaged(`character ${stranger + 1} after ${PREFIX}1 cannot be there: no share has 1, b, i or o`);
  if (code.length !== CHARACTERS) throw damaged(`expected ${CHARACTERS} characters, got ${code.length}`);
  const decoded = bech32m.decodeUnsafe(code, CHARACTERS);
  const bytes = decoded ? bech32m.fromWordsUnsafe(decoded.words) : undefined;
  if (!bytes) throw damaged("a character is wrong, or two changed places");
  try {
    const [first = 0, second = 0] = bytes;
    if (first >> 4 !== VERSION) throw damaged(`expected a share of version ${VERSION}, got ${first >> 4}`);
    const share = { threshold: (first & 15) + 1, number: (second >> 4) + 1, of: (second & 15) + 1 };
    if (share.threshold < 2 || share.threshold > share.of || share.number > share.of || bytes.at(-1) === 0)
      throw damaged("it is written well and says what no share says");
    const [vault, slot, set] = [bytes.subarray(2, 6), bytes.subarray(6, 10), bytes.subarray(10, 14)].map(toHex);
    return { ...share, vault: vault ?? "", slot: slot ?? "", set: set ?? "", point: secretCopy(bytes.subarray(14)) };
  } finally {
    wipe(bytes);
  }
}
