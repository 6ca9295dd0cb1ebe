import { keccak_256 } from "@noble/hashes/sha3.js";
import { toHex, utf8 } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import { MAX_TYPE_DEPTH } from "./work.ts";

/** A type of the contract ABI. `bits` and `size` as Solidity counts them: `uint256` has 256 bits, `bytes4` a size of 4 bytes. */
export type AbiType =
  | { readonly kind: "uint" | "int"; readonly bits: number }
  | { readonly kind: "address" | "bool" | "bytes" | "string" }
  | { readonly kind: "bytesN"; readonly size: number }
  /** Without a length it is as long as the call data says. */
  | { readonly kind: "array"; readonly item: AbiType; readonly length?: number }
  | { readonly kind: "tuple"; readonly members: readonly AbiParameter[] };

/** One parameter, or one member of a tuple. */
export interface AbiParameter {
  readonly name: string | undefined;
  readonly type: AbiType;
}

/** A function as call data names it. */
export interface AbiFunction {
  /** `deposit(uint256,address)`. */
  readonly signature: string;
  /** First four bytes of its Keccak-256, `0x` and lowercase. */
  readonly selector: string;
  readonly parameters: readonly AbiParameter[];
}

const ELEMENTARY = /^(?:address|bool|string|bytes(?:[1-9]|[12][0-9]|3[0-2])?|u?int(?:[1-9][0-9]{0,2})?)$/;

/**
 * Reads a function as Solidity writes it: `deposit(uint256 amount, address to)`. Names are optional, tuples are
 * `(uint256 a, bytes b) order`; `uint` and `int` mean 256 bits. No data locations, no return values.
 *
 * @throws `chain/malformed` if it is anything else.
 * @see Solidity, "Contract ABI Specification", function selector and argument encoding
 */
export function parseFunction(text: string): AbiFunction {
  if (typeof text !== "string") throw bad("");
  const opening = text.indexOf("(");
  const name = text.slice(0, Math.max(opening, 0));
  if (!/^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name)) throw bad(text);
  const parser = { text, offset: opening, depth: 0 };
  const parameters = parseTuple(parser);
  if (parser.offset !== text.length) throw bad(text);
  const signature = `${name}${typeName({ kind: "tuple", members: parameters })}`;
  return { signature, selector: selectorOf(signature), parameters };
}

export function selectorOf(signature: string): string {
  return `0x${toHex(keccak_256(utf8(signature)).subarray(0, 4))}`;
}

/** The canonical name that a selector is made of. */
export function typeName(type: AbiType): string {
  switch (type.kind) {
    case "uint":
    case "int":
      return `${type.kind}${type.bits}`;
    case "bytesN":
      return `bytes${type.size}`;
    case "array":
      return `${typeName(type.item)}[${type.length ?? ""}]`;
    case "tuple":
      return `(${type.members.map((member) => typeName(member.type)).join(",")})`;
    case "address":
    case "bool":
    case "bytes":
    case "string":
      return type.kind;
  }
}

interface Parser {
  readonly text: string;
  offset: number;
  depth: number;
}

function parseTuple(parser: Parser): AbiParameter[] {
  if (++parser.depth > MAX_TYPE_DEPTH) throw bad(parser.text);
  parser.offset++;
  const members: AbiParameter[] = [];
  skip(parser, / */y);
  while (parser.text[parser.offset] !== ")") {
    if (members.length > 0 && skip(parser, /, */y) === "") throw bad(parser.text);
    members.push(parseParameter(parser));
    skip(parser, / */y);
  }
  parser.offset++;
  parser.depth--;
  return members;
}

function parseParameter(parser: Parser): AbiParameter {
  const type = parseType(parser);
  const name = skip(parser, / +[A-Za-z_$][A-Za-z0-9_$]*/y).trim();
  return { name: name === "" ? undefined : name, type };
}

function parseType(parser: Parser): AbiType {
  let type = parser.text[parser.offset] === "(" ? tuple(parser) : elementary(skip(parser, /[a-z]+[0-9]*/y), parser.text);
  for (let dimension = 0; parser.text[parser.offset] === "["; dimension++) {
    const brackets = skip(parser, /\[(?:[1-9][0-9]{0,3})?\]/y);
    if (brackets === "" || dimension >= MAX_TYPE_DEPTH) throw bad(parser.text);
    type = brackets === "[]" ? { kind: "array", item: type } : { kind: "array", item: type, length: Number(brackets.slice(1, -1)) };
  }
  return type;
}

function tuple(parser: Parser): AbiType {
  const members = parseTuple(parser);
  // An empty tuple would take no space: as many of them as one likes.
  if (members.length === 0) throw bad(parser.text);
  return { kind: "tuple", members };
}

function elementary(word: string, text: string): AbiType {
  if (!ELEMENTARY.test(word)) throw bad(text);
  const digits = Number(/[0-9]+$/.exec(word)?.[0] ?? Number.NaN);
  if (word === "address" || word === "bool" || word === "string" || word === "bytes") return { kind: word };
  if (word.startsWith("bytes")) return { kind: "bytesN", size: digits };
  const bits = Number.isNaN(digits) ? 256 : digits;
  if (bits % 8 !== 0 || bits > 256) throw bad(text);
  return { kind: word.startsWith("u") ? "uint" : "int", bits };
}

function skip(parser: Parser, pattern: RegExp): string {
  pattern.lastIndex = parser.offset;
  const found = pattern.exec(parser.text)?.[0] ?? "";
  parser.offset += found.length;
  return found;
}

function bad(text: string): CustodyError {
  return new CustodyError(
    "chain/malformed",
    `function: expected such as deposit(uint256 amount, address to), got ${text.length} characters that are none`,
  );
}
