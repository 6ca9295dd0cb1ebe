import { concat } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import { HASH_BYTES, isSize } from "./tree.ts";

/** One complete subtree: `index`-th from the left among those over 2^`level` leaves. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/**
 * Where proofs get their hashes from: one answer per node, in order, from one call, so that a store can fetch them together.
 * Only complete subtrees of the log are asked for, at most some hundred. It throws when it cannot answer.
 */
export type HashReader = (nodes: readonly TreeNode[]) => Promise<readonly Uint8Array[]>;

/** The record that is kept beside an entry: the hashes it completed, level 0 first, 32 bytes each. See FORMAT.md. */
export function storedHashes(completed: readonly Uint8Array[]): Uint8Array {
  return concat(...completed);
}

/** The entry whose record holds a node: the last leaf below it, which completed it. Its position there is `level`. */
export function entryOf(node: TreeNode): number {
  return (node.index + 1) * 2 ** node.level - 1;
}

/**
 * Reads nodes from the records that {@link storedHashes} made.
 *
 * @param record - the record of the entry with this sequence number; `undefined` where there is none.
 * @returns a reader that throws `log/damaged` for a record that is missing or has not the length that its entry gives it.
 */
export function storedReader(record: (entry: number) => Promise<Uint8Array | undefined>): HashReader {
  return (nodes) =>
    Promise.all(
      nodes.map(async (node) => {
        const entry = entryOf(node);
        const hashes = await record(entry);
        if (hashes?.length !== HASH_BYTES * completedBy(entry)) {
          throw new CustodyError(
            "log/damaged",
            `hashes of entry ${entry}: expected ${completedBy(entry)}, got ${hashes?.length ?? 0} bytes`,
          );
        }
        return hashes.slice(HASH_BYTES * node.level, HASH_BYTES * (node.level + 1));
      }),
    );
}

/** How many subtrees an entry completes: one, and one more for each 0 at the end of the size that it makes. */
export function completedBy(entry: number): number {
  if (!isSize(entry)) throw new CustodyError("log/malformed", "entry: expected a sequence number");
  let count = 1;
  for (let size = entry + 1; size % 2 === 0; size /= 2) count++;
  return count;
}
