import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../base/bytes.ts";
import { CustodyError, unreachable } from "../base/errors.ts";
import { decodeNode, type Entry, encodeNode, LEAF_ENTRIES, NODE_LABEL, type Node, type Ref } from "./node.ts";

/** Nodes by position: the hexadecimal digits that all names below share. The root's position is "". */
export type ReadNode = (position: string) => Node;

/** Nodes to write (or to remove: `null`), by position. */
export type NodeChanges = Map<string, Node | null>;

/** The tree without entries. It has a hash, that of an empty leaf, but no node. */
export function emptyTree(): Ref {
  return refOf(EMPTY_LEAF);
}

const EMPTY_LEAF: Node = { kind: "leaf", entries: [] };

/**
 * Writes entries into the authenticated map of all records.
 *
 * The map is a trie over the digits of the names. A subtree of up to {@link LEAF_ENTRIES} entries is one leaf, a larger one
 * a branch of sixteen, so its shape and root hash depend on the set of entries alone, never on the order of writing.
 *
 * @param changes - value by name, `null` to remove; removing what is not there changes nothing.
 * @param readNode - gives every node of the tree below `root`. Only the nodes on the way to a change, and the neighbours
 * that merge with it, are asked for.
 */
export function update(root: Ref, changes: ReadonlyMap<string, string | null>, readNode: ReadNode): { root: Ref; nodes: NodeChanges } {
  const nodes: NodeChanges = new Map();
  const top = write("", root.count === 0 ? undefined : root, [...changes]);
  return { root: top ?? emptyTree(), nodes };

  function write(position: string, ref: Ref | undefined, wanted: readonly (readonly [string, string | null])[]): Ref | undefined {
    if (wanted.length === 0) return ref;
    const node = ref ? readNode(position) : EMPTY_LEAF;
    if (node.kind === "leaf") return build(position, merge(node.entries, wanted));
    const children = node.children.map((child, digit) => write(step(position, digit), child, wanted.filter(at(position, digit))));
    const count = countOf(children);
    if (count > LEAF_ENTRIES) return put(position, { kind: "branch", children });
    // So few are left that every child is a leaf: they merge into one.
    const entries: Entry[] = [];
    children.forEach((child, digit) => {
      if (!child) return;
      entries.push(...leafAt(step(position, digit)));
      nodes.set(step(position, digit), null);
    });
    return build(position, entries);
  }

  function build(position: string, entries: readonly Entry[]): Ref | undefined {
    if (entries.length === 0) {
      nodes.set(position, null);
      return undefined;
    }
    if (entries.length <= LEAF_ENTRIES) return put(position, { kind: "leaf", entries });
    const children = DIGITS.map((_, digit) => {
      const part = entries.filter((entry) => entry.name[position.length] === DIGITS[digit]);
      return part.length === 0 ? undefined : build(step(position, digit), part);
    });
    return put(position, { kind: "branch", children });
  }

  function put(position: string, node: Node): Ref {
    nodes.set(position, node);
    return refOf(node);
  }

  function leafAt(position: string): readonly Entry[] {
    const node = nodes.get(position) ?? readNode(position);
    if (node.kind !== "leaf") return unreachable("a branch of so few entries");
    return node.entries;
  }
}

/** The value under `name`, if there is one. */
export function lookup(root: Ref, name: string, readNode: ReadNode): string | undefined {
  if (root.count === 0) return undefined;
  let node = readNode("");
  for (let depth = 0; node.kind === "branch"; depth++) {
    if (!node.children[DIGITS.indexOf(name[depth] ?? "")]) return undefined;
    node = readNode(name.slice(0, depth + 1));
  }
  return node.entries.find((entry) => entry.name === name)?.value;
}

/** What lies between two trees: entries by name (`undefined`: gone) and nodes by position, as the newer tree has them. */
export interface Difference {
  readonly entries: Map<string, string | undefined>;
  readonly nodes: NodeChanges;
}

/**
 * Finds what differs between a tree that is at hand and one that is read, visiting only subtrees whose hashes differ.
 *
 * @param fetchNode - gives the encoded node at a position of the newer tree. It is not trusted.
 * @throws `vault/damaged` if a node read is not the one that the newer root authenticates.
 */
export async function diff(
  from: { readonly root: Ref; readonly readNode: ReadNode },
  to: { readonly root: Ref; readonly fetchNode: (position: string) => Promise<Uint8Array> },
): Promise<Difference> {
  const entries = new Map<string, string | undefined>();
  const nodes: NodeChanges = new Map();
  await compare("", from.root.count === 0 ? undefined : from.root, to.root.count === 0 ? undefined : to.root);
  return { entries, nodes };

  async function compare(position: string, before: Ref | undefined, after: Ref | undefined): Promise<void> {
    if (before?.hash === after?.hash) return;
    const old = before && forget(position);
    const fresh = after && (await fetch(position, after));
    if (old?.kind === "leaf" || fresh?.kind === "leaf" || !old || !fresh) {
      const was = old ? gather(position, old) : [];
      const is = fresh ? await gatherFresh(position, fresh) : [];
      const values = new Map(was.map((entry) => [entry.name, entry.value]));
      for (const entry of was) entries.set(entry.name, undefined);
      for (const entry of is) {
        if (values.get(entry.name) === entry.value) entries.delete(entry.name);
        else entries.set(entry.name, entry.value);
      }
      return;
    }
    await Promise.all(DIGITS.map((_, digit) => compare(step(position, digit), old.children[digit], fresh.children[digit])));
  }

  function forget(position: string): Node {
    nodes.set(position, null);
    return from.readNode(position);
  }

  async function fetch(position: string, ref: Ref): Promise<Node> {
    const bytes = await to.fetchNode(position);
    const node = hashOf(bytes) === ref.hash ? decodeNode(bytes, position) : undefined;
    if (!node || countIn(node) !== ref.count || (node.kind === "branch") !== ref.count > LEAF_ENTRIES) {
      throw new CustodyError("vault/damaged", "tree: a node is not the one its parent names");
    }
    nodes.set(position, node);
    return node;
  }

  function gather(position: string, node: Node): readonly Entry[] {
    if (node.kind === "leaf") return node.entries;
    return node.children.flatMap((child, digit) => (child ? gather(step(position, digit), forget(step(position, digit))) : []));
  }

  async function gatherFresh(position: string, node: Node): Promise<readonly Entry[]> {
    if (node.kind === "leaf") return node.entries;
    const parts = node.children.map(async (child, digit) => {
      const place = step(position, digit);
      return child ? gatherFresh(place, await fetch(place, child)) : [];
    });
    return (await Promise.all(parts)).flat();
  }
}

/** Hash and number of entries of the subtree below `node`. */
function refOf(node: Node): Ref {
  return { hash: hashOf(encodeNode(node)), count: countIn(node) };
}

const DIGITS = [..."0123456789abcdef"];

function step(position: string, digit: number): string {
  return position + DIGITS[digit];
}

function at(position: string, digit: number): (change: readonly [string, string | null]) => boolean {
  return ([name]) => name[position.length] === DIGITS[digit];
}

function merge(entries: readonly Entry[], changes: readonly (readonly [string, string | null])[]): readonly Entry[] {
  const values = new Map<string, string | null>(entries.map((entry) => [entry.name, entry.value]));
  for (const [name, value] of changes) values.set(name, value);
  const merged: Entry[] = [];
  for (const [name, value] of values) if (value !== null) merged.push({ name, value });
  return merged.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function hashOf(encoded: Uint8Array): string {
  return toHex(sha256.create().update(NODE_LABEL).update(encoded).digest());
}

function countIn(node: Node): number {
  return node.kind === "leaf" ? node.entries.length : countOf(node.children);
}

function countOf(children: readonly (Ref | undefined)[]): number {
  return children.reduce((sum, child) => sum + (child?.count ?? 0), 0);
}
