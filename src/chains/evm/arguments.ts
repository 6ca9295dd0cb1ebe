import { fromUtf8, toHex } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import { parseAddress } from "./address.ts";
import type { AbiParameter, AbiType } from "./signature.ts";
import type { Work } from "./work.ts";

/** Integers as bigint, addresses with checksum, bytes as `0x` hex, arrays and tuples as arrays. */
export type AbiValue = bigint | boolean | string | readonly AbiValue[];

export type ArgumentsRead =
  /** `trailing` bytes behind the arguments were not read. */
  | { readonly kind: "read"; readonly values: readonly AbiValue[]; readonly trailing: number }
  | { readonly kind: "unread"; readonly why: string };

/**
 * Reads the arguments of a call, and only in the one layout that Solidity's encoder writes: heads, then tails in their
 * order without gaps, padding all zero. Contracts accept more than that, each in its own way; what they would make of
 * another layout is not known here, so it is unread. The canonical layout also bounds the work: no word is read twice.
 *
 * @param data - call data without its selector.
 */
export function readArguments(parameters: readonly AbiParameter[], data: Uint8Array, work: Work): ArgumentsRead {
  try {
    const { value, end } = readTuple(
      parameters.map((parameter) => parameter.type),
      { data, work },
      0,
    );
    return { kind: "read", values: value, trailing: data.length - end };
  } catch (error) {
    if (error instanceof Unreadable) return { kind: "unread", why: error.message };
    throw error;
  }
}

class Unreadable extends Error {}

interface Source {
  readonly data: Uint8Array;
  readonly work: Work;
}

const WORD = 32;

/** The members of a tuple whose head begins at `base`; `end` is behind its last tail. */
function readTuple(types: readonly AbiType[], source: Source, base: number): { value: AbiValue[]; end: number } {
  let head = base;
  let tail = base + types.reduce((sum, type) => sum + headSize(type), 0);
  const value: AbiValue[] = [];
  for (const type of types) {
    if (isDynamic(type)) {
      const offset = readWord(source, head);
      if (offset !== BigInt(tail - base)) throw new Unreadable("an offset that does not point to the next argument");
      const read = readDynamic(type, source, tail);
      value.push(read.value);
      head += WORD;
      tail = read.end;
    } else {
      value.push(readStatic(type, source, head));
      head += headSize(type);
    }
  }
  return { value, end: tail };
}

function readDynamic(type: AbiType, source: Source, at: number): { value: AbiValue; end: number } {
  if (type.kind === "tuple")
    return readTuple(
      type.members.map((member) => member.type),
      source,
      at,
    );
  if (type.kind === "array") {
    const length = type.length ?? readLength(source, at, headSize(type.item));
    return readTuple(new Array<AbiType>(length).fill(type.item), source, type.length === undefined ? at + WORD : at);
  }
  const length = readLength(source, at, 1);
  const start = at + WORD;
  const end = start + Math.ceil(length / WORD) * WORD;
  if (end > source.data.length) throw new Unreadable("bytes that end early");
  source.work.words += (end - start) / WORD;
  if (source.data.subarray(start + length, end).some((byte) => byte !== 0)) throw new Unreadable("padding that is not zero");
  const bytes = source.data.subarray(start, start + length);
  return { value: type.kind === "string" ? readText(bytes) : `0x${toHex(bytes)}`, end };
}

function readStatic(type: AbiType, source: Source, at: number): AbiValue {
  switch (type.kind) {
    case "tuple":
      return readTuple(
        type.members.map((member) => member.type),
        source,
        at,
      ).value;
    case "array":
      return readTuple(new Array<AbiType>(type.length ?? 0).fill(type.item), source, at).value;
    case "uint":
      return readUint(source, at, type.bits);
    case "int": {
      const word = readWord(source, at);
      const signed = BigInt.asIntN(type.bits, word);
      if (BigInt.asUintN(256, signed) !== word) throw new Unreadable(`an int${type.bits} out of range`);
      return signed;
    }
    case "bool":
      return readUint(source, at, 1) === 1n;
    case "address":
      return parseAddress(`0x${readUint(source, at, 160).toString(16).padStart(40, "0")}`);
    case "bytesN": {
      readWord(source, at);
      const bytes = source.data.subarray(at, at + WORD);
      if (bytes.subarray(type.size).some((byte) => byte !== 0)) throw new Unreadable("padding that is not zero");
      return `0x${toHex(bytes.subarray(0, type.size))}`;
    }
    case "bytes":
    case "string":
      throw new Error("unreachable: a dynamic type read as a static one");
  }
}

function readUint(source: Source, at: number, bits: number): bigint {
  const word = readWord(source, at);
  if (word >> BigInt(bits) !== 0n)
    throw new Unreadable(bits === 160 ? "an address with dirty padding" : `a value of more than ${bits} bits`);
  return word;
}

/** The length word of `bytes`, `string` or an array, whose items take at least `itemSize` bytes each. */
function readLength(source: Source, at: number, itemSize: number): number {
  const length = readWord(source, at);
  const room = source.data.length - at - WORD;
  if (length * BigInt(itemSize) > BigInt(room)) throw new Unreadable("a length beyond the end");
  return Number(length);
}

function readWord({ data, work }: Source, at: number): bigint {
  if (at + WORD > data.length) throw new Unreadable("arguments that end early");
  work.words++;
  return BigInt(`0x${toHex(data.subarray(at, at + WORD))}`);
}

function readText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes, "chain/malformed");
  } catch (error) {
    if (error instanceof CustodyError) throw new Unreadable("text that is not UTF-8");
    throw error;
  }
}

function isDynamic(type: AbiType): boolean {
  if (type.kind === "bytes" || type.kind === "string") return true;
  if (type.kind === "array") return type.length === undefined || isDynamic(type.item);
  return type.kind === "tuple" && type.members.some((member) => isDynamic(member.type));
}

/** Bytes in the head of its parent. */
function headSize(type: AbiType): number {
  if (isDynamic(type)) return WORD;
  if (type.kind === "array") return (type.length ?? 0) * headSize(type.item);
  if (type.kind === "tuple") return type.members.reduce((sum, member) => sum + headSize(member.type), 0);
  return WORD;
}
