import { toHex } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";

/** One key and its value, as they stand in a map of a PSBT. */
export interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Of one map. A row can cost a hundred times what its bytes cost: whether a key is a point takes curve arithmetic to say. */
export const MAX_ROWS = 64;

/** Where {@link readMap} found a map's end. */
export interface ReadMap {
  readonly rows: readonly Row[];
  /** Offset of the byte behind the separator. */
  readonly end: number;
}

// "psbt" || 0xff
export const MAGIC: Uint8Array = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff);

/**
 * Reads one map: rows until its separator, each key once.
 *
 * @returns views of `bytes`, nothing is copied.
 * @throws `chain/malformed`; `chain/too-large` above {@link MAX_ROWS}
 * @see BIP-174, "Specification"
 */
export function readMap(bytes: Uint8Array, start: number): ReadMap {
  const rows: Row[] = [];
  const seen = new Set<string>();
  let offset = start;
  for (;;) {
    // keylen || key(keylen) || valuelen || value(valuelen); a keylen of 0 is the separator.
    const key = readPart(bytes, offset);
    if (key.part.length === 0) return { rows, end: key.end };
    const value = readPart(bytes, key.end);
    const name = toHex(key.part);
    if (seen.has(name)) throw malformed("each key once in a map");
    if (seen.size === MAX_ROWS) throw tooLarge(`${MAX_ROWS} rows in a map`, "more");
    seen.add(name);
    rows.push({ key: key.part, value: value.part });
    offset = value.end;
  }
}

/** The value of a row whose key is this one byte and nothing else. */
export function rowValue(rows: readonly Row[], type: number): Uint8Array | undefined {
  return rows.find(({ key }) => key.length === 1 && key[0] === type)?.value;
}

export function malformed(expected: string): CustodyError {
  return new CustodyError("chain/malformed", `psbt: expected ${expected}`);
}

export function tooLarge(expected: string, got: string): CustodyError {
  return new CustodyError("chain/too-large", `psbt: expected at most ${expected}, got ${got}`);
}

function readPart(bytes: Uint8Array, offset: number): { readonly part: Uint8Array; readonly end: number } {
  const { value, end } = readCompactSize(bytes, offset);
  if (end + value > bytes.length) throw malformed("whole rows and a separator behind each map");
  return { part: bytes.subarray(end, end + value), end: end + value };
}

// Below 0xfd the number itself; otherwise 0xfd and 2 bytes, 0xfe and 4, 0xff and 8, little-endian and never longer than needed.
function readCompactSize(bytes: Uint8Array, offset: number): { readonly value: number; readonly end: number } {
  const first = bytes[offset];
  if (first === undefined) throw malformed("whole rows and a separator behind each map");
  if (first < 0xfd) return { value: first, end: offset + 1 };
  const length = first === 0xfd ? 2 : 4;
  const number = bytes.subarray(offset + 1, offset + 1 + length);
  let value = 0;
  for (const byte of number.toReversed()) value = value * 0x100 + byte;
  // Eight bytes would be a length of 4 GiB or more, which nothing of ours has.
  if (first === 0xff || number.length < length || value < (length === 2 ? 0xfd : 0x1_0000))
    throw malformed("lengths in their shortest form");
  return { value, end: offset + 1 + length };
}
