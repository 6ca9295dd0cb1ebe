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
}

export function newWork(): Work {
  return { parses: 0, words: 0, recoveries: 0 };
}

/** Bytes of an unsigned transaction, checked before any parsing. Nodes relay no larger one (geth: 4 slots of 32 KiB). */
export const MAX_BYTES = 128 * 1024;
/** Authorizations of one transaction that are read; with more of them none is. */
export const MAX_AUTHORIZATIONS = 16;
/** Tokens of one ERC-1155 batch that are read; with more of them none is. */
export const MAX_BATCH = 256;
/** Nesting of arrays and tuples in a function that a policy names. */
export const MAX_TYPE_DEPTH = 8;
