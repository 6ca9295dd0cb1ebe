import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { consistencyProof, inclusionProof, type Proof, rootAt, verifyConsistency, verifyInclusion } from "../../src/audit/proof.ts";
import { completedBy, entryOf, storedHashes, storedReader, type TreeNode } from "../../src/audit/stored.ts";
import {
  append,
  emptyFrontier,
  type Frontier,
  frontierFromJson,
  frontierToJson,
  leafHash,
  nodeHash,
  rootOf,
} from "../../src/audit/tree.ts";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";

/** RFC 6962 §2.1 word by word, over leaf hashes. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0]!;
  const left = largestPowerBelow(leaves.length);
  return nodeHash(naiveRoot(leaves.slice(0, left)), naiveRoot(leaves.slice(left)));
}

/** RFC 6962 §2.1.1, PATH. */
function naivePath(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const left = largestPowerBelow(leaves.length);
  return index < left
    ? [...naivePath(index, leaves.slice(0, left)), naiveRoot(leaves.slice(left))]
    : [...naivePath(index - left, leaves.slice(left)), naiveRoot(leaves.slice(0, left))];
}

/** RFC 6962 §2.1.2, SUBPROOF. */
function naiveSubproof(from: number, leaves: readonly Uint8Array[], known: boolean): Uint8Array[] {
  if (from === leaves.length) return known ? [] : [naiveRoot(leaves)];
  const left = largestPowerBelow(leaves.length);
  return from <= left
    ? [...naiveSubproof(from, leaves.slice(0, left), known), naiveRoot(leaves.slice(left))]
    : [...naiveSubproof(from - left, leaves.slice(left), false), naiveRoot(leaves.slice(0, left))];
}

function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

const SIZE = 64;
const leaves = Array.from({ length: SIZE }, (_, index) => leafHash(utf8(`entry ${index}`)));
const heads: Frontier[] = [emptyFrontier];
const records: Uint8Array[] = [];
for (const leaf of leaves) {
  const { frontier, completed } = append(heads.at(-1)!, leaf);
  heads.push(frontier);
  records.push(storedHashes(completed));
}
const read = storedReader(async (entry) => records[entry]);
const roots = heads.map(rootOf);
const hex = (hashes: readonly Uint8Array[]) => hashes.map(toHex);

/** Every proof that differs from a good one in one place. */
function neighbours(proof: Proof): Proof[] {
  const out: Proof[] = [
    [...proof, leaves[0]!],
    [leaves[0]!, ...proof],
  ];
  for (let at = 0; at < proof.length; at++) {
    const flipped = proof[at]!.slice();
    flipped[at % 32]! ^= 1;
    out.push(proof.with(at, flipped), proof.toSpliced(at, 1), proof.toSpliced(at, 0, proof[at]!), proof.with(at, proof[at]!.slice(0, 31)));
    if (at > 0 && toHex(proof[at]!) !== toHex(proof[at - 1]!)) out.push(proof.with(at, proof[at - 1]!).with(at - 1, proof[at]!));
  }
  return out;
}

describe("the tree", () => {
  test("every root up to 64 entries is that of the recursive definition", () => {
    for (let size = 0; size <= SIZE; size++) expect(toHex(roots[size]!)).toBe(toHex(naiveRoot(leaves.slice(0, size))));
  });

  test("a leaf and a node never share a hash", () => {
    const [left, right] = [leaves[0]!, leaves[1]!];
    expect(toHex(leafHash(Uint8Array.of(...left, ...right)))).not.toBe(toHex(nodeHash(left, right)));
  });

  test("every complete subtree is found in the record of the entry that completed it", () => {
    for (let level = 0; 2 ** level <= SIZE; level++) {
      for (let index = 0; (index + 1) * 2 ** level <= SIZE; index++) {
        const entry = entryOf({ level, index });
        const expected = naiveRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
        expect(toHex(records[entry]!.slice(32 * level, 32 * level + 32))).toBe(toHex(expected));
      }
    }
    for (const [entry, record] of records.entries()) expect(record.length).toBe(32 * completedBy(entry));
  });

  test("a record that is missing, cut or longer is reported as damage", async () => {
    for (const wrong of [undefined, records[3]!.slice(0, 64), Uint8Array.of(...records[3]!, ...leaves[0]!)]) {
      await expect(
        rootAt(
          4,
          storedReader(async () => wrong),
        ),
      ).rejects.toMatchObject({ code: "log/damaged" });
    }
  });

  test("appending leaves the earlier frontier as it was", () => {
    const before = hex(heads[7]!.hashes);
    append(heads[7]!, leaves[7]!);
    expect(hex(heads[7]!.hashes)).toEqual(before);
  });

  test("a leaf hash of another length is refused", () => {
    for (const length of [0, 31, 33]) expect(() => append(emptyFrontier, new Uint8Array(length))).toThrow("32 bytes");
  });

  test("a frontier survives JSON, and no other JSON is one", () => {
    for (const head of heads) expect(frontierFromJson(JSON.parse(JSON.stringify(frontierToJson(head))))).toEqual(head);
    const json = frontierToJson(heads[5]!) as { size: number; hashes: string[] };
    const bad: unknown[] = [
      null, 5, "x", [], {}, { ...json, size: 4 }, { ...json, size: 7 }, { ...json, size: -5 }, { ...json, size: 5.5 }, { ...json, size: "5" },
      { ...json, size: 2 ** 53 }, { ...json, more: 1 }, { size: 5 }, { ...json, hashes: json.hashes.slice(1) },
      { ...json, hashes: [...json.hashes, json.hashes[0]] }, { ...json, hashes: json.hashes.map((hash) => hash.toUpperCase()) },
      { ...json, hashes: json.hashes.map((hash) => hash.slice(2)) }, { ...json, hashes: json.hashes.map((hash) => fromHex(hash)) },
    ]; // biome-ignore format: one list
    for (const value of bad)
      expect(() => frontierFromJson(value), JSON.stringify(value)).toThrow(expect.objectContaining({ code: "log/malformed" }));
  });
});

describe("proofs", () => {
  test("every inclusion proof up to 64 entries is the RFC's, verifies, and none of its neighbours does", { timeout: 60_000 }, async () => {
    for (let size = 1; size <= SIZE; size++) {
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(size, index, read);
        expect(hex(proof)).toEqual(hex(naivePath(index, leaves.slice(0, size))));
        const claim = { size, index, leaf: leaves[index]!, root: roots[size]! };
        expect(verifyInclusion(claim, proof)).toBe(true);
        // Neighbours of every proof of small logs, and of a diagonal of the larger ones: the rest adds time, no shapes.
        if (size > 33 && (index + size) % 11 !== 0) continue;
        expect(neighbours(proof).some((wrong) => verifyInclusion(claim, wrong))).toBe(false);
        expect(verifyInclusion({ ...claim, leaf: leaves[(index + 1) % SIZE]! }, proof)).toBe(false);
        expect(verifyInclusion({ ...claim, root: roots[(size + 1) % (SIZE + 1)]! }, proof)).toBe(false);
        for (let other = 0; other <= size; other++)
          if (other !== index) expect(verifyInclusion({ ...claim, index: other }, proof)).toBe(false);
      }
    }
  });

  test("every consistency proof up to 64 entries is the RFC's, verifies, and none of its neighbours does", {
    timeout: 60_000,
  }, async () => {
    for (let to = 1; to <= SIZE; to++) {
      for (let from = 1; from <= to; from++) {
        const proof = await consistencyProof(from, to, read);
        expect(hex(proof)).toEqual(hex(naiveSubproof(from, leaves.slice(0, to), true)));
        const claim = { from, to, fromRoot: roots[from]!, toRoot: roots[to]! };
        expect(verifyConsistency(claim, proof)).toBe(true);
        if (to > 33 && (from + to) % 11 !== 0) continue;
        expect(neighbours(proof).some((wrong) => verifyConsistency(claim, wrong))).toBe(false);
        expect(verifyConsistency({ ...claim, fromRoot: roots[from - 1]! }, proof)).toBe(false);
        expect(verifyConsistency({ ...claim, toRoot: roots[to - 1]! }, proof)).toBe(false);
        expect(verifyConsistency({ ...claim, from: from - 1 }, proof)).toBe(false);
      }
    }
  });

  test("hashes of other lengths prove nothing, even where their bytes together are the right ones", () => {
    const [left, right] = [leaves[0]!, leaves[1]!];
    const moved = { size: 2, index: 0, leaf: Uint8Array.of(...left, right[0]!), root: roots[2]! };
    expect(verifyInclusion({ ...moved, leaf: left }, [right])).toBe(true);
    expect(verifyInclusion(moved, [right.slice(1)])).toBe(false);
    expect(verifyConsistency({ from: 1, to: 2, fromRoot: moved.leaf, toRoot: roots[2]! }, [right.slice(1)])).toBe(false);
  });

  test("a log that was forked has no proof that continues the old one", async () => {
    let forked = heads[20]!;
    const forkedRecords = records.slice(0, 20);
    for (let index = 20; index < 40; index++) {
      const step = append(forked, leafHash(utf8(`forged ${index}`)));
      forked = step.frontier;
      forkedRecords.push(storedHashes(step.completed));
    }
    const readForked = storedReader(async (entry) => forkedRecords[entry]);
    for (let from = 1; from <= 40; from++) {
      const claim = { from, to: 40, fromRoot: roots[from]!, toRoot: rootOf(forked) };
      expect(verifyConsistency(claim, await consistencyProof(from, 40, readForked))).toBe(from <= 20);
    }
  });

  test("beginning with nothing is neither proven nor believed", async () => {
    await expect(consistencyProof(0, 8, read)).rejects.toMatchObject({ code: "log/bad-proof" });
    expect(verifyConsistency({ from: 0, to: 8, fromRoot: roots[0]!, toRoot: roots[8]! }, [])).toBe(false);
    expect(verifyConsistency({ from: 0, to: 0, fromRoot: roots[0]!, toRoot: roots[0]! }, [])).toBe(false);
  });

  test("sizes outside of the tree are refused", async () => {
    for (const [size, index] of [[0, 0], [4, 4], [4, -1], [4, 0.5], [2 ** 53, 1], [Number.NaN, 0]] as const) {
      await expect(inclusionProof(size, index, read)).rejects.toMatchObject({ code: "log/bad-proof" });
      expect(verifyInclusion({ size, index, leaf: leaves[0]!, root: leaves[0]! }, [])).toBe(false);
    } // biome-ignore format: one list
    for (const [from, to] of [[5, 4], [1.5, 4], [-1, 4], [1, 2 ** 53]] as const) {
      await expect(consistencyProof(from, to, read)).rejects.toMatchObject({ code: "log/bad-proof" });
      expect(verifyConsistency({ from, to, fromRoot: leaves[0]!, toRoot: leaves[0]! }, [])).toBe(false);
    } // biome-ignore format: one list
  });

  test("the largest log is exact: 2^53 - 1 entries have proofs of 53 hashes that verify", async () => {
    // Every leaf is the same, so a complete subtree is known by its level alone.
    const byLevel = [leaves[0]!];
    for (let level = 1; level <= 53; level++) byLevel.push(nodeHash(byLevel[level - 1]!, byLevel[level - 1]!));
    const same = async (nodes: readonly TreeNode[]) => nodes.map((node) => byLevel[node.level]!);
    const size = Number.MAX_SAFE_INTEGER;
    const root = await rootAt(size, same);
    for (const index of [0, 1, 2 ** 31, 2 ** 32 + 1, 2 ** 52 - 1, 2 ** 52, size - 2, size - 1]) {
      const proof = await inclusionProof(size, index, same);
      expect(proof.length).toBeGreaterThanOrEqual(52);
      expect(verifyInclusion({ size, index, leaf: byLevel[0]!, root }, proof)).toBe(true);
      expect(
        neighbours(proof.slice(-3)).some((wrong) =>
          verifyInclusion({ size, index, leaf: byLevel[0]!, root }, [...proof.slice(0, -3), ...wrong]),
        ),
      ).toBe(false);
    }
    for (const from of [1, 2 ** 31, 2 ** 32 - 1, 2 ** 52, 2 ** 52 + 1, size - 1]) {
      const claim = { from, to: size, fromRoot: await rootAt(from, same), toRoot: root };
      const proof = await consistencyProof(from, size, same);
      expect(verifyConsistency(claim, proof)).toBe(true);
      expect(neighbours(proof).some((wrong) => verifyConsistency(claim, wrong))).toBe(false);
    }
  });

  test("a reader that answers too little, or with something else, is reported as damage", async () => {
    await expect(inclusionProof(8, 3, async () => [])).rejects.toMatchObject({ code: "log/damaged" });
    await expect(inclusionProof(8, 3, async (nodes) => nodes.map(() => new Uint8Array(31)))).rejects.toMatchObject({ code: "log/damaged" });
  });
});
