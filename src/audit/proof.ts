import { equal } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { HashReader, TreeNode } from "./stored.ts";
import { fold, HASH_BYTES, isSize, nodeHash } from "./tree.ts";

/** Hashes from the leaf's side to the root's, 32 bytes each; at most 54. */
export type Proof = readonly Uint8Array[];

/**
 * Proves that entry `index` is in the log of `size` entries.
 *
 * The reader is believed: verify the proof against a root that you trust before handing it on (`evidence.ts` does).
 *
 * @throws `log/bad-proof` unless `index` < `size`.
 * @see RFC 6962 §2.1.1
 */
export async function inclusionProof(size: number, index: number, read: HashReader): Promise<Proof> {
  if (!isSize(size) || !isSize(index) || index >= size) throw badProof(`expected an index below the size, got ${index} and ${size}`);
  const siblings: Range[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + leftOf(to - from);
    if (index < middle) {
      siblings.push([middle, to]);
      to = middle;
    } else {
      siblings.push([from, middle]);
      from = middle;
    }
  }
  return rootsOf(siblings.reverse(), read);
}

/**
 * Proves that the log of `to` entries begins with the log of `from` entries.
 *
 * @throws `log/bad-proof` unless 1 ≤ `from` ≤ `to`: beginning with nothing says nothing, and has no proof.
 * @see RFC 6962 §2.1.2
 */
export async function consistencyProof(from: number, to: number, read: HashReader): Promise<Proof> {
  if (!isSize(from) || !isSize(to) || from < 1 || from > to) throw badProof(`expected 1 ≤ from ≤ to, got ${from} and ${to}`);
  const parts: Range[] = [];
  let [low, high] = [0, to];
  while (high !== from) {
    const middle = low + leftOf(high - low);
    if (from <= middle) {
      parts.push([middle, high]);
      high = middle;
    } else {
      parts.push([low, middle]);
      low = middle;
    }
  }
  // The old log itself is known to the verifier; a smaller subtree that ends where it ends is not.
  if (low > 0) parts.push([low, high]);
  return rootsOf(parts.reverse(), read);
}

/** The root that the log had at an earlier size. */
export async function rootAt(size: number, read: HashReader): Promise<Uint8Array> {
  if (!isSize(size)) throw badProof("expected a size");
  return size === 0 ? fold([]) : ((await rootsOf([[0, size]], read))[0] as Uint8Array);
}

/**
 * Whether `proof` leads from the leaf to the root. False for anything that does not fit: an index outside of the tree, a hash
 * that is not 32 bytes, a proof too short or too long.
 *
 * @see RFC 9162 §2.1.3.2
 */
export function verifyInclusion(
  claim: { readonly size: number; readonly index: number; readonly leaf: Uint8Array; readonly root: Uint8Array },
  proof: Proof,
): boolean {
  const { size, index, leaf, root } = claim;
  if (!isSize(size) || !isSize(index) || index >= size || !allHashes([leaf, root, ...proof])) return false;
  let [node, last] = [index, size - 1];
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      // A node at the right edge without a right sibling goes up unchanged until it is a right child.
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(hash, root);
}

/**
 * Whether `proof` shows that the log of `to` entries with root `toRoot` begins with the log of `from` entries with root
 * `fromRoot`. Equal sizes need equal roots and an empty proof. `from` 0 is false: it would be true of every log, and RFC 9162
 * gives no proof for it (so do transparency-dev and sumdb).
 *
 * @see RFC 9162 §2.1.4.2
 */
export function verifyConsistency(
  claim: { readonly from: number; readonly to: number; readonly fromRoot: Uint8Array; readonly toRoot: Uint8Array },
  proof: Proof,
): boolean {
  const { from, to, fromRoot, toRoot } = claim;
  if (!isSize(from) || !isSize(to) || from < 1 || from > to || !allHashes([fromRoot, toRoot, ...proof])) return false;
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot);
  if (proof.length === 0) return false;

  let [node, last] = [from - 1, to - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // Where the old log is one complete subtree, its root is the first hash and is left out of the proof.
  const [first, ...rest] = isPowerOfTwo(from) ? [fromRoot, ...proof] : proof;
  let [oldHash, newHash] = [first as Uint8Array, first as Uint8Array];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(oldHash, fromRoot) && equal(newHash, toRoot);
}

/** Leaves `from` … `to` − 1; `from` is a multiple of the largest power of two in the length, as RFC 6962 cuts them. */
type Range = readonly [from: number, to: number];

/** The root over each range, from one read of all complete subtrees in them. */
async function rootsOf(ranges: readonly Range[], read: HashReader): Promise<Proof> {
  const parts = ranges.map(completeIn);
  const nodes = parts.flat();
  const hashes = await read(nodes);
  if (hashes.length !== nodes.length || !allHashes(hashes))
    throw new CustodyError("log/damaged", `hashes: expected ${nodes.length} of 32 bytes`);
  let taken = 0;
  return parts.map((part) => {
    taken += part.length;
    return fold(hashes.slice(taken - part.length, taken));
  });
}

/** The complete subtrees that a range falls into, left to right, largest first. */
function completeIn([from, to]: Range): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let start = from; start < to; ) {
    let [level, leaves] = [0, 1];
    while (leaves <= (to - start) / 2) [level, leaves] = [level + 1, leaves * 2];
    nodes.push({ level, index: start / leaves });
    start += leaves;
  }
  return nodes;
}

/** The largest power of two below `size`: how many of at least two leaves go left. */
function leftOf(size: number): number {
  let left = 1;
  while (left < size / 2) left *= 2;
  return left;
}

// Division instead of shifts: exact for every safe integer.
const half = (value: number): number => Math.floor(value / 2);
const isOdd = (value: number): boolean => value % 2 === 1;
const isPowerOfTwo = (value: number): boolean => leftOf(2 * value) === value;

function allHashes(hashes: readonly unknown[]): boolean {
  return hashes.length <= 128 && hashes.every((hash) => hash instanceof Uint8Array && hash.length === HASH_BYTES);
}

function badProof(problem: string): CustodyError {
  return new CustodyError("log/bad-proof", `proof: ${problem}`);
}
