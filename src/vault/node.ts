import { concat, fromHex, toHex, u32, utf8 } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";

/** A subtree of at most this many entries is one leaf. */
export const LEAF_ENTRIES = 32;

/** One record: its opaque name (64 hexadecimal digits) and what authenticates it (66 digits: kind and digest, opaque here). */
export interface Entry {
  readonly name: string;
  readonly value: string;
}

/** A subtree, by hash (64 hexadecimal digits) and number of entries. */
export interface Ref {
  readonly hash: string;
  readonly count: number;
}

/** Entries ascend by name; a branch has sixteen places, one per digit. */
export type Node =
  | { readonly kind: "leaf"; readonly entries: readonly Entry[] }
  | { readonly kind: "branch"; readonly children: readonly (Ref | undefined)[] };

const NAME_BYTES = 32;
const VALUE_BYTES = 33;
const HASH_BYTES = 32;
const NOTHING = "00".repeat(HASH_BYTES);

/** What the bytes that are hashed begin with, so that no other hash of ours can be a node's. */
export const NODE_LABEL = utf8("keyward/tree/v1");

export function encodeNode(node: Node): Uint8Array {
  // leaf: 0x00 || (name(32) || value(33))*
  if (node.kind === "leaf")
    return concat(Uint8Array.of(0), ...node.entries.flatMap((entry) => [fromHex(entry.name), fromHex(entry.value)]));
  // branch: 0x01 || (count(4) || hash(32)) × 16, all zeros for a place without entries
  const places = node.children.map((child) => (child ? concat(u32(child.count), fromHex(child.hash)) : new Uint8Array(4 + HASH_BYTES)));
  return concat(Uint8Array.of(1), ...places);
}

/** @throws `vault/damaged` unless the bytes are what {@link encodeNode} writes for a node at `position`. */
export function decodeNode(bytes: Uint8Array, position: string): Node {
  const node = bytes[0] === 0 ? decodeLeaf(bytes, position) : bytes[0] === 1 ? decodeBranch(bytes) : undefined;
  if (!node) throw new CustodyError("vault/damaged", "tree: malformed node");
  return node;
}

function decodeLeaf(bytes: Uint8Array, position: string): Node | undefined {
  const size = NAME_BYTES + VALUE_BYTES;
  const count = (bytes.length - 1) / size;
  if (!Number.isInteger(count) || count > LEAF_ENTRIES) return undefined;
  const entries: Entry[] = [];
  let last = "";
  for (let start = 1; start < bytes.length; start += size) {
    const name = toHex(bytes.subarray(start, start + NAME_BYTES));
    if (name <= last || !name.startsWith(position)) return undefined;
    entries.push({ name, value: toHex(bytes.subarray(start + NAME_BYTES, start + size)) });
    last = name;
  }
  return { kind: "leaf", entries };
}

function decodeBranch(bytes: Uint8Array): Node | undefined {
  const size = 4 + HASH_BYTES;
  if (bytes.length !== 1 + 16 * size) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const places = Array.from({ length: 16 }, (_, digit): Ref => {
    const start = 1 + digit * size;
    return { count: view.getUint32(start), hash: toHex(bytes.subarray(start + 4, start + size)) };
  });
  // A place without entries has no hash either: a node has one form.
  if (places.some(({ count, hash }) => count === 0 && hash !== NOTHING)) return undefined;
  return { kind: "branch", children: places.map((place) => (place.count === 0 ? undefined : place)) };
}
