import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";

/** What a share says of itself. Counts as people count: a threshold of 2 is 2. */
export interface Share {
  readonly identifier: number;
  readonly extendable: boolean;
  readonly iterationExponent: number;
  readonly groupIndex: number;
  readonly groupThreshold: number;
  readonly groupCount: number;
  readonly memberIndex: number;
  readonly memberThreshold: number;
  /** Bytes of the secret. */
  readonly length: number;
}

/** The words of SLIP-39 by their text. */
export type Words = ReadonlyMap<string, number>;

/** SHA-256 of the 1024 words of SLIP-39, each with a line feed behind it. */
const LIST = "bcc4555340332d169718aed8bf31dd9d5248cb7da6e5d355140ef4f1e601eec3";

/**
 * The list of words, from the worker that has it, taken only as the published one.
 *
 * @throws `recovery/no-realm` for any other list.
 */
export function readWords(list: readonly string[]): Words {
  if (toHex(sha256(utf8(list.map((word) => `${word}\n`).join("")))) === LIST) return new Map(list.map((word, index) => [word, index]));
  throw new CustodyError("recovery/no-realm", "the worker: expected the word list of SLIP-39");
}

/** identifier(15 bits) || extendable(1) || exponent(4) || group index, threshold, count, member index, threshold (4 each) */
const HEAD_WORDS = 4;
const CHECKSUM_WORDS = 3;
/** 16–32 bytes, an even number of them, by the words that they take. */
const LENGTHS: ReadonlyMap<number, number> = new Map(
  Array.from({ length: 9 }, (_, step) => 16 + 2 * step).map((bytes) => [HEAD_WORDS + Math.ceil((8 * bytes) / 10) + CHECKSUM_WORDS, bytes]),
);

/**
 * Reads one share as typed: upper or lower case, any white space between words. Everything that SLIP-39 asks of a single share is
 * checked: words, their number, the checksum (it finds every mistake of up to three words), the padding, the counts.
 *
 * @param name - begins the message of an error, such as `share 2`.
 * @throws `recovery/bad-share` naming the place of a wrong word, never the word.
 * @see SLIP-39, "Format of the share mnemonic"
 */
export function readShare(text: string, words: Words, name: string): Share {
  const bad = (what: string) => new CustodyError("recovery/bad-share", `${name}: ${what}`);
  const typed = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const length = LENGTHS.get(typed.length);
  if (length === undefined) throw bad(`expected ${[...LENGTHS.keys()].join(", ")} words, got ${typed.length}`);
  const indexes = typed.map((word, at) => {
    const index = words.get(word);
    if (index === undefined) throw bad(`word ${at + 1} is not in the list of SLIP-39`);
    return index;
  });
  try {
    const bits = (from: number, count: number) => readBits(indexes, from, count);
    const extendable = bits(15, 1) === 1;
    if (!checksumFits(indexes, extendable)) throw bad("the checksum does not fit, a word is wrong or out of order");
    const padding = 10 * (typed.length - HEAD_WORDS - CHECKSUM_WORDS) - 8 * length;
    if (bits(10 * HEAD_WORDS, padding) !== 0) throw bad("expected zeros before the value");
    const share = {
      identifier: bits(0, 15),
      extendable,
      iterationExponent: bits(16, 4),
      groupIndex: bits(20, 4),
      groupThreshold: bits(24, 4) + 1,
      groupCount: bits(28, 4) + 1,
      memberIndex: bits(32, 4),
      memberThreshold: bits(36, 4) + 1,
      length,
    };
    if (share.groupThreshold > share.groupCount) throw bad(`needs ${share.groupThreshold} groups of ${share.groupCount}`);
    if (share.groupIndex >= share.groupCount) throw bad(`is of group ${share.groupIndex + 1} of ${share.groupCount}`);
    return share;
  } finally {
    indexes.fill(0);
  }
}

/** Big-endian, ten bits a word. */
function readBits(indexes: readonly number[], from: number, count: number): number {
  let value = 0;
  for (let bit = from; bit < from + count; bit++) value = (value << 1) | (((indexes[Math.floor(bit / 10)] ?? 0) >> (9 - (bit % 10))) & 1);
  return value;
}

const GENERATOR = [0xe0e040, 0x1c1c080, 0x3838100, 0x7070200, 0xe0e0009, 0x1c0c2412, 0x38086c24, 0x3090fc48, 0x21b1f890, 0x3f3f120];

/** RS1024: a Reed-Solomon code over GF(1024). @see SLIP-39, "Checksum" */
function checksumFits(indexes: readonly number[], extendable: boolean): boolean {
  let sum = 1;
  for (const value of [...utf8(extendable ? "shamir_extendable" : "shamir"), ...indexes]) {
    const high = sum >>> 20;
    sum = ((sum & 0xfffff) << 10) ^ value;
    for (const [bit, generator] of GENERATOR.entries()) if ((high >> bit) & 1) sum ^= generator;
  }
  return sum === 1;
}
