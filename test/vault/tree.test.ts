import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex, u32 } from "../../src/base/bytes.ts";
import { decodeNode, encodeNode, type Node, type Ref } from "../../src/vault/node.ts";
import { diff, emptyTree, lookup, type NodeChanges, update } from "../../src/vault/tree.ts";

type Changes = Map<string, string | null>;

/** A tree with its nodes, as the vault keeps it. */
class Tree {
  root: Ref = emptyTree();
  nodes = new Map<string, Node>();

  readonly read = (position: string): Node => {
    const node = this.nodes.get(position);
    if (!node) throw new Error(`asked for a node that is not there: ${position}`);
    return node;
  };

  update(changes: Changes): NodeChanges {
    const { root, nodes } = update(this.root, changes, this.read);
    this.root = root;
    for (const [position, node] of nodes) {
      if (node) this.nodes.set(position, node);
      else this.nodes.delete(position);
    }
    return nodes;
  }

  copy(): Tree {
    const copy = new Tree();
    copy.root = this.root;
    copy.nodes = new Map(this.nodes);
    return copy;
  }
}

const name = (n: number): string => toHex(sha256(u32(n)));
const value = (n: number): string => `00${toHex(sha256(u32(n + 1_000_000)))}`;

/** The naive model: the tree built at once from the final set. */
function rebuilt(entries: ReadonlyMap<string, string>): Tree {
  const tree = new Tree();
  tree.update(new Map(entries));
  return tree;
}

// Few distinct names, so that steps meet: entries are replaced, removed, and leaves split and merge.
const step = fc.array(fc.tuple(fc.integer({ min: 0, max: 150 }), fc.option(fc.integer({ min: 0, max: 5 }))), { maxLength: 90 });

describe("the authenticated tree", () => {
  test("after any sequence of inserts and deletes it equals the tree rebuilt from the set, nodes included", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
        const tree = new Tree();
        const model = new Map<string, string>();
        for (const changes of steps) {
          tree.update(new Map(changes.map(([n, v]) => [name(n), v === null ? null : value(v)])));
          for (const [n, v] of changes) {
            if (v === null) model.delete(name(n));
            else model.set(name(n), value(v));
          }
          const naive = rebuilt(model);
          expect(tree.root).toEqual(naive.root);
          for (const [n] of changes) expect(lookup(tree.root, name(n), tree.read)).toBe(model.get(name(n)));
          expect(new Map([...tree.nodes].sort())).toEqual(new Map([...naive.nodes].sort()));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("the difference of two trees is exactly what changed, and brings the old nodes to the new ones", async () => {
    await fc.assert(
      fc.asyncProperty(step, step, async (first, second) => {
        const old = new Tree();
        old.update(new Map(first.map(([n, v]) => [name(n), v === null ? null : value(v)])));
        const fresh = old.copy();
        fresh.update(new Map(second.map(([n, v]) => [name(n), v === null ? null : value(v)])));
        const found = await diff(
          { root: old.root, readNode: old.read },
          { root: fresh.root, fetchNode: async (position) => encodeNode(fresh.read(position)) },
        );
        const before = entries(old);
        const after = entries(fresh);
        const expected = new Map<string, string | undefined>();
        for (const key of new Set([...before.keys(), ...after.keys()])) {
          if (before.get(key) !== after.get(key)) expected.set(key, after.get(key));
        }
        expect(new Map([...found.entries].sort())).toEqual(new Map([...expected].sort()));
        for (const [position, node] of found.nodes) {
          if (node) old.nodes.set(position, node);
          else old.nodes.delete(position);
        }
        expect(new Map([...old.nodes].sort())).toEqual(new Map([...fresh.nodes].sort()));
      }),
      { numRuns: 100 },
    );
  });

  test("one change among ten thousand writes a handful of nodes and the difference visits no more", async () => {
    const old = new Tree();
    old.update(new Map(Array.from({ length: 10_000 }, (_, n) => [name(n), value(n)])));
    const fresh = old.copy();
    const written = fresh.update(new Map([[name(77), value(78)]]));
    expect(written.size).toBeLessThanOrEqual(5);
    let visits = 0;
    await diff(
      { root: old.root, readNode: old.read },
      {
        root: fresh.root,
        fetchNode: async (position) => {
          visits++;
          return encodeNode(fresh.read(position));
        },
      },
    );
    expect(visits).toBe(written.size);
  });

  test("a node with any byte flipped, cut or swapped for another is refused", async () => {
    const tree = new Tree();
    tree.update(new Map(Array.from({ length: 80 }, (_, n) => [name(n), value(n)])));
    const load = (bad: string, bytes: Uint8Array) =>
      diff(
        { root: emptyTree(), readNode: tree.read },
        { root: tree.root, fetchNode: async (position) => (position === bad ? bytes : encodeNode(tree.read(position))) },
      );
    const positions = [...tree.nodes.keys()];
    for (const position of positions) {
      const good = encodeNode(tree.read(position));
      for (let i = 0; i < good.length; i += 23) {
        const flipped = good.slice();
        flipped[i] = (flipped[i] ?? 0) ^ 1;
        await expect(load(position, flipped)).rejects.toMatchObject({ code: "vault/damaged" });
      }
      await expect(load(position, good.subarray(0, good.length - 1))).rejects.toMatchObject({ code: "vault/damaged" });
    }
    const [first = "", second = ""] = positions.slice(1);
    await expect(load(first, encodeNode(tree.read(second)))).rejects.toMatchObject({ code: "vault/damaged" });
  });

  test("a place without entries has no hash, so that a node has one form", () => {
    const branch: Node = {
      kind: "branch",
      children: Array.from({ length: 16 }, (_, at) => (at === 3 ? undefined : { count: 3, hash: name(at) })),
    };
    const bytes = encodeNode(branch);
    expect(decodeNode(bytes, "")).toEqual(branch);
    bytes[1 + 3 * 36 + 35] = 1;
    expect(() => decodeNode(bytes, "")).toThrow(expect.objectContaining({ code: "vault/damaged" }));
  });
});

function entries(tree: Tree): Map<string, string> {
  const all = new Map<string, string>();
  for (const node of tree.nodes.values()) if (node.kind === "leaf") for (const entry of node.entries) all.set(entry.name, entry.value);
  return all;
}
