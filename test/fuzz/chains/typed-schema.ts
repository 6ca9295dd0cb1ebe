import { getAddress } from "ethers";
import { toHex } from "../../../src/base/bytes.ts";
import type { Json } from "../../../src/base/canonical.ts";
import type { Random } from "../random.ts";

export type Members = { readonly name: string; readonly type: string }[];

/** Typed data as other libraries take it. */
export interface Typed {
  readonly types: { readonly [name: string]: Members };
  readonly primaryType: string;
  readonly domain: { readonly [name: string]: Json };
  readonly message: { readonly [name: string]: Json };
}

export const DOMAIN_MEMBERS: Members = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
  { name: "salt", type: "bytes32" },
];

const NAMES: readonly string[] = ["a", "b", "to", "from", "value", "Ab", "_x", "$y", "toString", "constructor", "length", "Z9"];
const STRUCTS: readonly string[] = ["Mail", "Person", "Order", "A", "B", "Zz", "Mail2", "_S", "Uint256", "string1"];

/**
 * A random valid schema with data for it: nested structs, lists of and in each other, every atomic type, every integer in one of
 * its notations. A struct refers to later ones only, now and then to itself in a list.
 */
export function typedData(random: Random): Typed {
  const structs = distinct(random, STRUCTS, 1 + random.below(4));
  const types: Record<string, Members> = {};
  for (const [at, struct] of structs.entries()) {
    const members = distinct(random, NAMES, random.below(6)).map((name) => ({ name, type: memberType(random, structs.slice(at + 1)) }));
    if (random.oneIn(12)) members.push({ name: "more", type: `${struct}[]` });
    types[struct] = members;
  }
  const primaryType = structs[0] ?? "Mail";
  const needed = new Set([primaryType]);
  for (const struct of needed) for (const { type } of types[struct] ?? []) if (Object.hasOwn(types, base(type))) needed.add(base(type));
  const kept = Object.fromEntries(Object.entries(types).filter(([name]) => needed.has(name)));
  const present = DOMAIN_MEMBERS.filter(() => random.oneIn(2));
  const domainMembers = present.length === 0 ? DOMAIN_MEMBERS.slice(0, 1) : present;
  const value = (type: string, depth: number): Json => madeValue(random, kept, type, depth);
  const filled = (members: Members) => Object.fromEntries(members.map(({ name, type }) => [name, value(type, 0)]));
  return {
    types: { ...kept, ...(random.oneIn(2) && { EIP712Domain: domainMembers }) },
    primaryType,
    domain: { ...filled(domainMembers), ...(domainMembers.some(({ name }) => name === "chainId") && random.oneIn(2) && { chainId: 1 }) },
    message: filled(kept[primaryType] ?? []),
  };
}

function memberType(random: Random, later: readonly string[]): string {
  const atomic = () => {
    switch (random.below(8)) {
      case 0:
        return `uint${8 * (1 + random.below(32))}`;
      case 1:
        return `int${8 * (1 + random.below(32))}`;
      case 2:
        return `bytes${1 + random.below(32)}`;
      default:
        return random.pick(["address", "bool", "string", "bytes", "uint256"]);
    }
  };
  const one = later.length > 0 && random.oneIn(2) ? random.pick(later) : atomic();
  return one + random.pick(["", "", "", "[]", "[2]", "[1][]", "[][1]"]);
}

function madeValue(random: Random, types: { readonly [name: string]: Members }, type: string, depth: number): Json {
  const list = /^(.*)\[([0-9]*)\]$/.exec(type);
  if (list) {
    const [, item = "", length = ""] = list;
    const most = depth > 3 ? 0 : 2;
    return Array.from({ length: length === "" ? random.below(most + 1) : Number(length) }, () => madeValue(random, types, item, depth + 1));
  }
  const members = Object.hasOwn(types, type) ? types[type] : undefined;
  if (members) return Object.fromEntries(members.map(({ name, type: inner }) => [name, madeValue(random, types, inner, depth + 1)]));
  if (type === "bool") return random.oneIn(2);
  if (type === "string")
    return random.pick(["", "hello", "grüße \u{1f600}", "\u202eevil", "Permit2", '"\\\n\0', "x".repeat(random.below(80))]);
  if (type === "address") return address(random);
  if (type.startsWith("bytes")) return `0x${toHex(random.bytes(type === "bytes" ? random.below(70) : Number(type.slice(5))))}`;
  const bits = Number(type.replace(/^u?int/, ""));
  if (type.startsWith("u")) return notation(random, random.integer(bits));
  const magnitude = random.integer(bits - 1);
  return notation(random, random.oneIn(2) ? -magnitude - 1n : magnitude);
}

/** The same integer as a number, in decimals, or in hexadecimal. */
function notation(random: Random, value: bigint): Json {
  const kind = random.below(3);
  if (kind === 0 && Number.isSafeInteger(Number(value))) return Number(value);
  return kind === 1 && value >= 0n ? `0x${value.toString(16)}` : value.toString();
}

export function address(random: Random): string {
  const lower = `0x${toHex(random.bytes(20))}`;
  return random.oneIn(2) ? lower : getAddress(lower);
}

export function base(type: string): string {
  return type.replace(/\[.*$/, "");
}

function distinct<T>(random: Random, of: readonly T[], count: number): T[] {
  const left = [...of];
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)).flat();
}
