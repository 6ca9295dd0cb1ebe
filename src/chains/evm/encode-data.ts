import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, toHex, utf8 } from "../../base/bytes.ts";
import type { Json } from "../../base/canonical.ts";
import { parseAddress } from "./address.ts";
import { isObject, tooLarge, unfit } from "./expected.ts";
import type { MemberType } from "./member-type.ts";
import type { Schema } from "./typed-schema.ts";
import { MAX_DEPTH, MAX_NODES, spendText, type Work } from "./work.ts";

/** A value that is of its type. Both members are made in one walk, so that what is hashed is what was checked. */
export interface Encoded {
  /** 32 bytes: what `encodeData` of the struct around it holds; for a struct, its `hashStruct`. */
  readonly word: Uint8Array;
  /** Its one written form: integers as decimal text, addresses with their checksum, bytes as lowercase hexadecimal. */
  readonly plain: Json;
}

/** What a walk through the data carries along. */
export interface Walk {
  readonly schema: Schema;
  readonly work: Work;
}

/**
 * EIP-712 `hashStruct` of a value (version 4 of its wallets: lists and nested structs), with the checks that no library
 * makes all of: exactly the declared members, none missing and none null, lists of the declared length, integers in range
 * and written in one way, whole bytes, checksums of addresses that carry one, well-formed text.
 *
 * @throws `chain/malformed` with the place, or `chain/too-large`.
 */
export function hashStruct(name: string, value: Json | undefined, where: string, walk: Walk): Encoded {
  return encode({ kind: "struct", name }, value, where, 0, walk);
}

function encode(type: MemberType, value: Json | undefined, where: string, depth: number, walk: Walk): Encoded {
  if (++walk.work.nodes > MAX_NODES) throw tooLarge(where, MAX_NODES, "values");
  if (depth > MAX_DEPTH) throw tooLarge(where, MAX_DEPTH, "levels");
  if (typeof value === "string") spendText(walk.work, value);
  switch (type.kind) {
    case "struct":
      return encodeStruct(type.name, value, where, depth, walk);
    case "array":
      return encodeList(type, value, where, depth, walk);
    case "uint":
    case "int":
      return encodeInteger(type, value, where);
    case "bool":
      if (typeof value !== "boolean") throw unfit(where, "true or false", value);
      return { word: word(value ? 1n : 0n), plain: value };
    case "address": {
      const address = readAddress(value, where);
      return { word: word(BigInt(address)), plain: address };
    }
    case "bytesN": {
      const bytes = readBytes(value, where);
      if (bytes.length !== type.size) throw unfit(where, `${type.size} bytes`, value);
      return { word: concat(bytes, new Uint8Array(32 - bytes.length)), plain: `0x${toHex(bytes)}` };
    }
    case "bytes": {
      const bytes = readBytes(value, where);
      return { word: keccak_256(bytes), plain: `0x${toHex(bytes)}` };
    }
    case "string":
      if (typeof value !== "string" || !value.isWellFormed()) throw unfit(where, "text of whole characters", value);
      return { word: keccak_256(utf8(value)), plain: value };
  }
}

function encodeStruct(name: string, value: Json | undefined, where: string, depth: number, walk: Walk): Encoded {
  const struct = walk.schema.get(name);
  if (struct === undefined) throw new Error("unreachable: a struct that the schema has not");
  if (!isObject(value)) throw unfit(where, `an object (${name})`, value);
  const declared = new Set(struct.members.map((member) => member.name));
  // What is shown but not signed is how people are deceived.
  if (Object.keys(value).some((member) => !declared.has(member))) throw unfit(where, `only the members of ${name}`, value);
  const words = [struct.hash];
  const plain: [string, Json][] = [];
  for (const { name: member, type } of struct.members) {
    const own = Object.hasOwn(value, member) ? value[member] : undefined;
    const encoded = encode(type, own, `${where}.${member}`, depth + 1, walk);
    words.push(encoded.word);
    plain.push([member, encoded.plain]);
  }
  return { word: keccak_256(concat(...words)), plain: Object.fromEntries(plain) };
}

function encodeList(type: MemberType & { kind: "array" }, value: Json | undefined, where: string, depth: number, walk: Walk): Encoded {
  if (!Array.isArray(value)) throw unfit(where, "a list", value);
  const { item, length = value.length } = type;
  if (value.length !== length) throw unfit(where, `a list of ${length}`, value as Json);
  const items: Encoded[] = [];
  // By index: a list with holes has members that are not there, and they are missing.
  for (let at = 0; at < length; at++) items.push(encode(item, value[at] as Json | undefined, `${where}[${at}]`, depth + 1, walk));
  return { word: keccak_256(concat(...items.map((each) => each.word))), plain: items.map((each) => each.plain) };
}

/** JSON integers of at most 53 bits, decimal text, or `0x` and lowercase digits without leading zeros. */
const INTEGER_TEXT = /^(?:0|-?[1-9][0-9]{0,77}|0x(?:0|[1-9a-f][0-9a-f]{0,63}))$/;

function encodeInteger(type: MemberType & { kind: "uint" | "int" }, value: Json | undefined, where: string): Encoded {
  const { kind, bits } = type;
  const written = typeof value === "string" ? INTEGER_TEXT.test(value) : Number.isSafeInteger(value) && !Object.is(value, -0);
  if (!written) throw unfit(where, `an integer (${kind}${bits})`, value);
  const integer = BigInt(value as string | number);
  const [least, most] = kind === "uint" ? [0n, (1n << BigInt(bits)) - 1n] : [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n];
  if (integer < least || integer > most) throw unfit(where, `an integer in the range of ${kind}${bits}`, value);
  return { word: word(BigInt.asUintN(256, integer)), plain: integer.toString() };
}

function readBytes(value: Json | undefined, where: string): Uint8Array {
  if (typeof value !== "string" || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value)) throw unfit(where, "0x and whole bytes in hexadecimal", value);
  return fromHex(value, "chain/malformed");
}

function readAddress(value: Json | undefined, where: string): string {
  const misfit = unfit(where, "an address, all lowercase or with its EIP-55 checksum", value);
  if (typeof value !== "string") throw misfit;
  try {
    return parseAddress(value);
  } catch {
    // Without the cause: its text quotes the address.
    throw misfit;
  }
}

/** 32 bytes, big-endian. */
function word(integer: bigint): Uint8Array {
  return fromHex(integer.toString(16).padStart(64, "0"), "chain/malformed");
}
