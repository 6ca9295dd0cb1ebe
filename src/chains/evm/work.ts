import { CustodyError } from "../../base/errors.ts";

/**
 * What one decode has cost so far, in the units that an attacker could multiply. Nothing here is a clock: bounds are counted,
 * so that they are the same on every machine and a test can assert them.
 */
export interface Work {
  /** Times that bytes were handed to the RLP parser. */
  parses: number;
  /** Words of call data that were read. */
  words: number;
  /** Public keys recovered from EIP-7702 authorizations: about a millisecond each. */
  recoveries: number;
  /** Of EIP-712 typed data: members of its types; values of its domain and message; characters of names, types and texts. */
  members: number;
  nodes: number;
  characters: number;
}

export function newWork(): Work {
  return { parses: 0, words: 0, recoveries: 0, members: 0, nodes: 0, characters: 0 };
}

/** Counts text of typed data before it is looked at. @throws `chain/too-large` */
export function spendText(work: Work, text: string): void {
  work.characters += text.length;
  if (work.characters > MAX_BYTES)
    throw new CustodyError("chain/too-large", `typed data: expected at most ${MAX_BYTES} characters, got more`);
}

/** Bytes of an unsigned transaction or another payload, checked before any parsing. Nodes relay no larger one (geth: 4 slots of 32 KiB). */
export const MAX_BYTES = 128 * 1024;
/** Authorizations of one transaction that are read; with more of them none is. */
export const MAX_AUTHORIZATIONS = 16;
/** Tokens of one ERC-1155 batch that are read; with more of them none is. */
export const MAX_BATCH = 256;
/** Nesting of arrays and tuples in a function that a policy names. */
export const MAX_TYPE_DEPTH = 8;

/** EIP-712 typed data: types, members of all of them, characters of all of them written out as they are hashed. */
export const MAX_TYPES = 64;
export const MAX_MEMBERS = 1024;
export const MAX_WRITTEN_TYPES = 512 * 1024;
/** Its values, and how deep they nest. */
export const MAX_NODES = 4096;
export const MAX_DEPTH = 32;
