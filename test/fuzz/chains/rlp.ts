import { concat } from "../../../src/base/bytes.ts";
import type { Random } from "../random.ts";

/** What RLP holds: bytes, or a list of the same. */
export type Item = Uint8Array | readonly Item[];

/** RLP as it should be written, or, where `sloppy` says so, with a length that is longer than it has to be. */
export function rlp(item: Item, sloppy: () => boolean = () => false): Uint8Array {
  if (item instanceof Uint8Array) {
    const [only] = item;
    if (item.length === 1 && only !== undefined && only < 0x80 && !sloppy()) return item;
    return concat(prefix(0x80, item.length, sloppy()), item);
  }
  // A loop, not a callback: thousands of lists inside each other fit on the stack of every Node.
  const parts: Uint8Array[] = [];
  for (const each of item) parts.push(rlp(each, sloppy));
  const inside = concat(...parts);
  return concat(prefix(0xc0, inside.length, sloppy()), inside);
}

function prefix(base: number, length: number, long: boolean): Uint8Array {
  if (length <= 55 && !long) return Uint8Array.of(base + length);
  const bytes = integer(BigInt(length));
  const digits = bytes.length === 0 ? Uint8Array.of(0) : bytes;
  return concat(Uint8Array.of(base + 55 + digits.length), digits);
}

/** Big-endian without leading zeros; 0 is empty. */
export function integer(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0);
  const digits = value.toString(16);
  return Uint8Array.from(Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex"));
}

/** One change of one item somewhere inside: another value, a zero in front, one more, one less, swapped with its neighbour, a list of itself. */
export function mutatedItems(random: Random, items: readonly Item[]): readonly Item[] {
  if (items.length === 0) return [random.bytes(1)];
  const at = random.below(items.length);
  const item = items[at] as Item;
  const others = (put: readonly Item[], removed = 1) => [...items.slice(0, at), ...put, ...items.slice(at + removed)];
  if (!(item instanceof Uint8Array) && !random.oneIn(3)) return others([mutatedItems(random, item)]);
  const next = items[at + 1];
  switch (random.below(9)) {
    case 0:
      return others([integer(random.integer(256))]);
    case 1:
      return others([integer(random.integer(random.pick([8, 32, 64])))]);
    case 2:
      return others([random.bytes(random.pick([0, 1, 19, 20, 21, 31, 32, 33]))]);
    case 3:
      return others(item instanceof Uint8Array ? [concat(Uint8Array.of(0), item)] : [item, item]);
    case 4:
      return others([]);
    case 5:
      return others([item, item]);
    case 6:
      return next === undefined ? others([item, new Uint8Array(0)]) : others([next, item], 2);
    case 7:
      return others([[item]]);
    default:
      return others([item instanceof Uint8Array ? new Uint8Array(item.length) : []]);
  }
}
