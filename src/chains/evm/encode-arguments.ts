import { concat, fromHex, utf8 } from "../../base/bytes.ts";
import type { AbiValue } from "./arguments.ts";
import type { AbiParameter, AbiType } from "./signature.ts";

/**
 * The reverse of `readArguments`: arguments in the one layout that Solidity's encoder writes, heads, then tails in their order
 * without gaps. What has no value is as small as its type lets it be: 0, false, the zero address, an empty text.
 *
 * @param values - by position; `undefined` where any will do.
 * @returns nothing where a value is none of its type.
 */
export function encodeArguments(parameters: readonly AbiParameter[], values: readonly (AbiValue | undefined)[]): Uint8Array | undefined {
  return encodeTuple(
    parameters.map(({ type }) => type),
    values,
  );
}

const WORD = 32n;

function encodeTuple(types: readonly AbiType[], values: readonly (AbiValue | undefined)[]): Uint8Array | undefined {
  if (values.length > types.length) return undefined;
  const encoded: { readonly type: AbiType; readonly bytes: Uint8Array }[] = [];
  for (const [at, type] of types.entries()) {
    const bytes = encode(type, values[at]);
    if (bytes === undefined) return undefined;
    encoded.push({ type, bytes });
  }
  let tail = encoded.reduce((sum, { type, bytes }) => sum + (isDynamic(type) ? WORD : BigInt(bytes.length)), 0n);
  const heads = encoded.map(({ type, bytes }) => {
    if (!isDynamic(type)) return bytes;
    const offset = word(tail);
    tail += BigInt(bytes.length);
    return offset;
  });
  return concat(...heads, ...encoded.flatMap(({ type, bytes }) => (isDynamic(type) ? [bytes] : [])));
}

function encode(type: AbiType, value: AbiValue | undefined): Uint8Array | undefined {
  switch (type.kind) {
    case "tuple":
      return encodeList(
        type.members.map((member) => member.type),
        value,
      );
    case "array": {
      const length = type.length ?? (Array.isArray(value) ? value.length : 0);
      const items = encodeList(new Array<AbiType>(length).fill(type.item), value);
      return items && (type.length === undefined ? concat(word(BigInt(length)), items) : items);
    }
    case "uint":
    case "int":
      return encodeInteger(type, value ?? 0n);
    case "bool":
      return value === undefined || typeof value === "boolean" ? word(value ? 1n : 0n) : undefined;
    case "address":
      return encodeBytes(value ?? `0x${"00".repeat(20)}`, (bytes) => (bytes.length === 20 ? concat(new Uint8Array(12), bytes) : undefined));
    case "bytesN":
      return encodeBytes(value ?? `0x${"00".repeat(type.size)}`, (bytes) => (bytes.length === type.size ? padded(bytes) : undefined));
    case "bytes":
      return encodeBytes(value ?? "0x", withLength);
    case "string":
      return value === undefined || typeof value === "string" ? withLength(utf8(value ?? "")) : undefined;
  }
}

function encodeList(types: readonly AbiType[], value: AbiValue | undefined): Uint8Array | undefined {
  return value === undefined || Array.isArray(value) ? encodeTuple(types, (value ?? []) as readonly AbiValue[]) : undefined;
}

function encodeInteger({ kind, bits }: AbiType & { kind: "uint" | "int" }, value: AbiValue): Uint8Array | undefined {
  if (typeof value !== "bigint") return undefined;
  const fits = kind === "uint" ? BigInt.asUintN(bits, value) === value : BigInt.asIntN(bits, value) === value;
  return fits ? word(BigInt.asUintN(256, value)) : undefined;
}

function encodeBytes(value: AbiValue, form: (bytes: Uint8Array) => Uint8Array | undefined): Uint8Array | undefined {
  if (typeof value !== "string" || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value)) return undefined;
  return form(fromHex(value));
}

/** length(32) || bytes, padded with zeros to whole words */
function withLength(bytes: Uint8Array): Uint8Array {
  return concat(word(BigInt(bytes.length)), padded(bytes));
}

function padded(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array((32 - (bytes.length % 32)) % 32));
}

function word(integer: bigint): Uint8Array {
  return fromHex(integer.toString(16).padStart(64, "0"));
}

function isDynamic(type: AbiType): boolean {
  if (type.kind === "bytes" || type.kind === "string") return true;
  if (type.kind === "array") return type.length === undefined || isDynamic(type.item);
  return type.kind === "tuple" && type.members.some((member) => isDynamic(member.type));
}
