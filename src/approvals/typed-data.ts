import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, u64, utf8 } from "../base/bytes.ts";
import type { Json, JsonObject } from "../base/canonical.ts";
import { formatTime, type Time } from "../base/time.ts";
import type { SessionStatement } from "./session.ts";
import { LATEST, malformed } from "./shape.ts";
import type { ApprovalStatement } from "./statement.ts";

/**
 * What `eth_signTypedData_v4` takes: plain JSON. Its domain is no chain's and no contract's; accounts of a vault never sign
 * under it.
 */
export interface TypedData {
  readonly domain: { readonly name: string; readonly version: string };
  readonly types: { readonly [type: string]: readonly { readonly name: string; readonly type: string }[] };
  readonly primaryType: string;
  readonly message: JsonObject;
}

export const DOMAIN = { name: "Keyward", version: "1" } as const;

export const DOMAIN_TYPE = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
];

/** First what a person should read, then what binds it to one request of one vault. */
const APPROVAL = {
  EIP712Domain: DOMAIN_TYPE,
  Approval: [
    { name: "answer", type: "string" },
    { name: "submitters", type: "string[]" },
    { name: "expires", type: "string" },
    { name: "vault", type: "string" },
    { name: "subject", type: "bytes32" },
    { name: "policy", type: "bytes32" },
    { name: "book", type: "bytes32" },
    { name: "semantics", type: "uint256" },
    { name: "nonce", type: "bytes16" },
    { name: "head", type: "LogHead" },
  ],
  LogHead: [
    { name: "size", type: "uint256" },
    { name: "root", type: "bytes32" },
  ],
} as const;

const SESSION = {
  EIP712Domain: DOMAIN_TYPE,
  Session: [
    { name: "person", type: "string" },
    { name: "expires", type: "string" },
    { name: "vault", type: "string" },
    { name: "scope", type: "bytes32" },
    { name: "nonce", type: "bytes16" },
  ],
} as const;

/** An approval as a wallet shows and signs it: every member of the statement, the time as text in UTC. */
export function approvalTypedData(statement: ApprovalStatement): TypedData {
  const { answer, submitters, expiresMs, vault, subject, policy, book, semantics, nonce, head } = statement;
  return {
    domain: DOMAIN,
    types: APPROVAL,
    primaryType: "Approval",
    message: {
      answer,
      submitters: [...submitters],
      expires: timeText(expiresMs),
      vault,
      subject: `0x${subject}`,
      policy: `0x${policy}`,
      book: `0x${book}`,
      semantics,
      nonce: `0x${nonce}`,
      head: { size: head.size, root: `0x${head.root}` },
    },
  };
}

/** The beginning of a session as a wallet shows and signs it. */
export function sessionTypedData({ person, expiresMs, vault, scope, nonce }: SessionStatement): TypedData {
  const message = { person, expires: timeText(expiresMs), vault, scope: `0x${scope}`, nonce: `0x${nonce}` };
  return { domain: DOMAIN, types: SESSION, primaryType: "Session", message };
}

/**
 * The 32 bytes that a wallet signs for typed data made here. Not for any other: only the types above are known.
 *
 * @see EIP-712, "Definition of hashStruct" and "encode"
 */
export function typedDataDigest({ domain, types, primaryType, message }: TypedData): Uint8Array {
  return keccak_256(concat(fromHex("1901"), hashStruct(types, "EIP712Domain", domain), hashStruct(types, primaryType, message)));
}

function hashStruct(types: TypedData["types"], name: string, value: JsonObject): Uint8Array {
  const members = types[name] ?? [];
  return keccak_256(
    concat(keccak_256(utf8(encodeType(types, name))), ...members.map((member) => word(types, member.type, value[member.name]))),
  );
}

/** `Approval(string answer,…)LogHead(…)`: the struct, then those inside it. Ours are one deep. */
function encodeType(types: TypedData["types"], name: string): string {
  const inside = (types[name] ?? []).map(({ type }) => type).filter((type) => Object.hasOwn(types, type));
  return [name, ...inside]
    .map((type) => `${type}(${(types[type] ?? []).map((member) => `${member.type} ${member.name}`).join(",")})`)
    .join("");
}

function word(types: TypedData["types"], type: string, value: Json | undefined): Uint8Array {
  switch (type) {
    case "string":
      return keccak_256(utf8(value as string));
    case "string[]":
      return keccak_256(concat(...(value as readonly string[]).map((item) => word(types, "string", item))));
    case "uint256":
      return concat(new Uint8Array(24), u64(value as number));
    case "bytes32":
      return fromHex(value as string);
    case "bytes16":
      return concat(fromHex(value as string), new Uint8Array(16));
    default:
      return hashStruct(types, type, value as JsonObject);
  }
}

export function timeText(time: Time): string {
  if (!(time <= LATEST)) return malformed("expiresMs: expected a time that can be written as a date");
  return formatTime(time);
}
