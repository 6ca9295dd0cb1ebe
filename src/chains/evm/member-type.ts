import { expected, tooLarge } from "./expected.ts";
import { MAX_DEPTH } from "./work.ts";

/** A type of EIP-712. `bits` and `size` as Solidity counts them; without a length a list is as long as the message says. */
export type MemberType =
  | { readonly kind: "uint" | "int"; readonly bits: number }
  | { readonly kind: "address" | "bool" | "bytes" | "string" }
  | { readonly kind: "bytesN"; readonly size: number }
  | { readonly kind: "array"; readonly item: MemberType; readonly length?: number }
  | { readonly kind: "struct"; readonly name: string };

/** How structs and members may be called. `__proto__` is a name that some readers of JSON lose. */
const IDENTIFIER = /^(?!__proto__$)[A-Za-z_$][A-Za-z0-9_$]{0,255}$/;
/** What looks like an elementary type is one or none: no struct is called so. */
const ELEMENTARY = /^(?:address|bool|string|(u?int|bytes)([0-9]*))$/;

export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name);
}

export function isStructName(name: string): boolean {
  return IDENTIFIER.test(name) && !ELEMENTARY.test(name);
}

/**
 * Reads the type of a member: `uint256`, `bytes4`, `Person`, `Person[2][]`. Names that EIP-712 writes in full are not
 * abbreviated: `uint` would be hashed as it stands, and no contract hashes it so.
 */
export function parseMemberType(text: string, where: string): MemberType {
  const opening = text.indexOf("[");
  const base = opening < 0 ? text : text.slice(0, opening);
  const brackets = text.slice(base.length);
  if (!/^(?:\[(?:[1-9][0-9]{0,3})?\])*$/.test(brackets)) throw expected(where, "a list such as Person[] or Person[2]", "other brackets");
  const dimensions = brackets === "" ? [] : brackets.slice(1, -1).split("][");
  if (dimensions.length > MAX_DEPTH) throw tooLarge(where, MAX_DEPTH, "dimensions");
  return dimensions.reduce<MemberType>(
    (item, length) => (length === "" ? { kind: "array", item } : { kind: "array", item, length: Number(length) }),
    parseBase(base, where),
  );
}

function parseBase(base: string, where: string): MemberType {
  if (isStructName(base)) return { kind: "struct", name: base };
  if (base === "address" || base === "bool" || base === "string" || base === "bytes") return { kind: base };
  const [, kind, digits = ""] = ELEMENTARY.exec(base) ?? [];
  const count = /^[1-9][0-9]{0,2}$/.test(digits) ? Number(digits) : 0;
  if (kind === "bytes" && count >= 1 && count <= 32) return { kind: "bytesN", size: count };
  if ((kind === "uint" || kind === "int") && count >= 8 && count <= 256 && count % 8 === 0) return { kind, bits: count };
  throw expected(where, "a type of EIP-712, written in full: uint256, int8, bytes32, the name of a struct", "another");
}

/** The struct that a value of this type is, or is a list of. */
export function structIn(type: MemberType): string | undefined {
  if (type.kind === "array") return structIn(type.item);
  return type.kind === "struct" ? type.name : undefined;
}

/** A list without a length can be empty, and ends what would go on for ever. */
export function canBeEmpty(type: MemberType): boolean {
  return type.kind === "array" && (type.length === undefined || canBeEmpty(type.item));
}
