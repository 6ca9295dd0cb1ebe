import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromHex, toHex } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";

/** Every hash of the tree is SHA-256: 32 bytes. */
export const HASH_BYTES = 32;

/**
 * All that is needed to append to a log and to know its root: the roots of the complete subtrees that its entries fall into,
 * from left to right, largest first. There is one for each 1 in the binary form of `size`, so at most 53.
 *
 * Sizes and indexes are numbers, exact up to 2⁵³ − 1; no bitwise operator touches them, because those cut to 32 bits.
 */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

/** The log before its first entry. */
export const emptyFrontier: Frontier = Object.freeze({ size: 0, hashes: Object.freeze([]) });

/**
 * Appends one leaf. `completed` are the hashes of the subtrees that this leaf completes, level 0 (the leaf hash itself) first:
 * keep them in one record per entry (`stored.ts`), and every proof can be made from those records alone.
 *
 * @param leaf - 32 bytes, from {@link leafHash}; neither copied nor changed.
 * @throws `log/malformed` if `leaf` is not 32 bytes.
 * @see golang.org/x/mod/sumdb/tlog, StoredHashes
 */
export function append(frontier: Frontier, leaf: Uint8Array): { readonly frontier: Frontier; readonly completed: readonly Uint8Array[] } {
  if (leaf.length !== HASH_BYTES) throw new CustodyError("log/malformed", `leaf hash: expected 32 bytes, got ${leaf.length}`);
  if (frontier.size >= Number.MAX_SAFE_INTEGER) throw new CustodyError("log/malformed", "log: expected fewer than 2^53 - 1 entries");
  const waiting = [...frontier.hashes];
  const completed = [leaf];
  let hash = leaf;
  // A 1 at the end of the size is a complete subtree as large as ours, waiting to become our left half.
  for (let rest = frontier.size; rest % 2 === 1; rest = (rest - 1) / 2) {
    hash = nodeHash(waiting.pop() as Uint8Array, hash);
    completed.push(hash);
  }
  return { frontier: { size: frontier.size + 1, hashes: [...waiting, hash] }, completed };
}

/** The root of the whole log; of an empty one, SHA-256 of nothing. */
export function rootOf(frontier: Frontier): Uint8Array {
  return fold(frontier.hashes);
}

/**
 * The root over neighbouring complete subtrees of falling size: RFC 6962 puts the largest power of two on the left.
 *
 * @param hashes - left to right; none gives the root of the empty tree.
 */
export function fold(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.length === 0 ? sha256(new Uint8Array(0)) : hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** 0x00 before a leaf and 0x01 before a node keep one from ever passing for the other. @see RFC 6962 §2.1 */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(concat(LEAF, data));
}

/** @param left @param right - 32 bytes each; the caller has checked, as the lengths are not hashed. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(NODE, left, right));
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** `{"hashes":["…"],"size":5}`: the form in which a vault's root carries the head of its log. */
export function frontierToJson(frontier: Frontier): JsonObject {
  return { size: frontier.size, hashes: frontier.hashes.map(toHex) };
}

/** @throws `log/malformed` unless it is exactly what {@link frontierToJson} writes: as many hashes as the size has ones. */
export function frontierFromJson(json: unknown): Frontier {
  const { size, hashes, ...rest } = (typeof json === "object" && json !== null ? json : {}) as Record<string, unknown>;
  const fits =
    isSize(size) &&
    Array.isArray(hashes) &&
    hashes.length === onesOf(size) &&
    hashes.every((hash) => typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash)) &&
    Object.keys(rest).length === 0;
  if (!fits) throw new CustodyError("log/malformed", "frontier: expected a size and one hash for each 1 in its binary form");
  return { size, hashes: (hashes as string[]).map((hash) => fromHex(hash)) };
}

/** A number of entries, or the index of one: 0 … 2⁵³ − 1. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

function onesOf(size: number): number {
  return [...size.toString(2)].filter((digit) => digit === "1").length;
}
