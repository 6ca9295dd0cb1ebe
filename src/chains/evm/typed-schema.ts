import { keccak_256 } from "@noble/hashes/sha3.js";
import { utf8 } from "../../base/bytes.ts";
import type { Json, JsonObject } from "../../base/canonical.ts";
import { expected, isObject, tooLarge, unfit } from "./expected.ts";
import { canBeEmpty, isIdentifier, isStructName, type MemberType, parseMemberType, structIn } from "./member-type.ts";
import { MAX_MEMBERS, MAX_TYPES, MAX_WRITTEN_TYPES, spendText, type Work } from "./work.ts";

export interface Member {
  readonly name: string;
  readonly type: MemberType;
  /** The type as it is written. */
  readonly written: string;
}

export interface Struct {
  readonly name: string;
  readonly members: readonly Member[];
  /** It alone: `Mail(Person from,string contents)`. */
  readonly own: string;
  /** EIP-712 `encodeType`: it, then all that it refers to in the order of their names. */
  readonly encoded: string;
  /** Keccak-256 of `encoded`. */
  readonly hash: Uint8Array;
}

export type Schema = ReadonlyMap<string, Struct>;

/** The struct of the domain: part of every schema, never of a message. */
export const DOMAIN = "EIP712Domain";

/** EIP-712, "Definition of domainSeparator". */
const DOMAIN_MEMBERS = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
  { name: "salt", type: "bytes32" },
] as const;

type Structs = ReadonlyMap<string, readonly Member[]>;

/**
 * Reads the types of typed data: each well-formed and defined, and no other than `primaryType` needs. A struct may hold
 * itself in a list without a length, which ends where the list is empty; any other circle could never be filled.
 *
 * @param present - members of the domain in the data. Where `types` leaves `EIP712Domain` out (ethers and viem do), it is the
 *   standard members that are present, in the standard order; where it is given, it must be that as well.
 * @throws `chain/malformed`, or `chain/too-large` beyond the bounds of `work.ts`.
 */
export function readSchema(types: Json | undefined, primaryType: Json | undefined, present: readonly string[], work: Work): Schema {
  if (!isObject(types)) throw unfit("types", "an object", types);
  const structs = new Map<string, readonly Member[]>();
  const declared: JsonObject = Object.hasOwn(types, DOMAIN) ? types : { ...types, [DOMAIN]: standardMembers(present) };
  const names = Object.keys(declared);
  if (names.length > MAX_TYPES) throw tooLarge("types", MAX_TYPES, "types");
  for (const name of names) {
    spendText(work, name);
    if (!isStructName(name)) throw expected("types", "names that are identifiers and no elementary types", "another name");
    structs.set(name, readMembers(declared[name], `types.${name}`, work));
  }
  checkDomain(structs.get(DOMAIN) ?? []);
  checkReferences(structs);
  checkCircles(structs);
  if (typeof primaryType !== "string" || primaryType === DOMAIN || !structs.has(primaryType))
    throw unfit("primaryType", "the name of a struct in types, and not the domain's", primaryType);
  const needed = reachable(primaryType, structs).add(DOMAIN);
  const needless = names.find((name) => !needed.has(name));
  if (needless !== undefined) throw expected(`types.${needless}`, "only what the primary type needs", "another struct");
  return writeOut(structs);
}

function readMembers(list: Json | undefined, where: string, work: Work): readonly Member[] {
  if (!Array.isArray(list)) throw unfit(where, "a list of members", list);
  const seen = new Set<string>();
  const members: Member[] = [];
  for (const [at, item] of (list as readonly Json[]).entries()) {
    const place = `${where}[${at}]`;
    if (++work.members > MAX_MEMBERS) throw tooLarge("types", MAX_MEMBERS, "members");
    if (!isObject(item) || Object.keys(item).sort().join() !== "name,type") throw unfit(place, "exactly a name and a type", item);
    const { name, type } = item;
    if (typeof name !== "string") throw unfit(`${place}.name`, "a text", name);
    if (typeof type !== "string") throw unfit(`${place}.type`, "a text", type);
    spendText(work, name);
    spendText(work, type);
    if (!isIdentifier(name)) throw expected(`${place}.name`, "an identifier", "another text");
    if (seen.has(name)) throw expected(`${place}.name`, "each name once in a struct", "it again");
    seen.add(name);
    members.push({ name, written: type, type: parseMemberType(type, `${place}.type`) });
  }
  return members;
}

function standardMembers(present: readonly string[]): readonly { name: string; type: string }[] {
  return DOMAIN_MEMBERS.filter(({ name }) => present.includes(name));
}

function checkDomain(members: readonly Member[]): void {
  const written = (list: readonly { name: string; type: string }[]) => list.map(({ name, type }) => `${type} ${name}`).join(", ");
  const given = members.map((member) => ({ name: member.name, type: member.written }));
  if (given.length > 0 && written(given) === written(standardMembers(given.map(({ name }) => name)))) return;
  throw expected(
    `types.${DOMAIN}`,
    `some of ${written(DOMAIN_MEMBERS)}, in this order, and no other`,
    given.length === 0 ? "none" : "others",
  );
}

function checkReferences(structs: Structs): void {
  for (const [name, members] of structs) {
    for (const { name: member, type } of members) {
      const to = structIn(type);
      if (to !== undefined && (to === DOMAIN || !structs.has(to)))
        throw expected(`types.${name}.${member}`, "a struct in types, and not the domain's", "another");
    }
  }
}

function checkCircles(structs: Structs): void {
  const ends = new Set<string>();
  const follow = (name: string, above: ReadonlySet<string>): void => {
    if (ends.has(name)) return;
    if (above.has(name)) throw expected(`types.${name}`, "a struct that does not have to hold itself", "one that has to");
    for (const { type } of structs.get(name) ?? []) {
      const to = canBeEmpty(type) ? undefined : structIn(type);
      if (to !== undefined) follow(to, new Set(above).add(name));
    }
    ends.add(name);
  };
  for (const name of structs.keys()) follow(name, new Set());
}

/** A struct and all that it refers to. */
function reachable(name: string, structs: Structs): Set<string> {
  const found = new Set([name]);
  // A set gives also what is added while it is gone through.
  for (const next of found) {
    for (const { type } of structs.get(next) ?? []) {
      const to = structIn(type);
      if (to !== undefined) found.add(to);
    }
  }
  return found;
}

function writeOut(structs: Structs): Schema {
  const own = (name: string) => `${name}(${(structs.get(name) ?? []).map((member) => `${member.written} ${member.name}`).join(",")})`;
  const schema = new Map<string, Struct>();
  let characters = 0;
  for (const [name, members] of structs) {
    const others = reachable(name, structs);
    others.delete(name);
    const encoded = [name, ...[...others].sort()].map(own).join("");
    // Types that refer to each other are written out over and over.
    characters += encoded.length;
    if (characters > MAX_WRITTEN_TYPES) throw tooLarge("types", MAX_WRITTEN_TYPES, "characters, written out");
    schema.set(name, { name, members, own: own(name), encoded, hash: keccak_256(utf8(encoded)) });
  }
  return schema;
}
