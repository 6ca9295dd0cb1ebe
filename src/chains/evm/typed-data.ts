import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat } from "../../base/bytes.ts";
import { canonicalBytes, type Json } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import { readJson } from "../../base/json.ts";
import type { Address } from "../../intent/effect.ts";
import type { Digest, Reason } from "../../intent/intent.ts";
import { parseChain } from "./address.ts";
import type { Decoded } from "./decoded.ts";
import type { Setting } from "./effects.ts";
import { hashStruct } from "./encode-data.ts";
import { expected, isObject, tooLarge, unfit } from "./expected.ts";
import { typedDataEffects } from "./permits.ts";
import { DOMAIN, readSchema, type Struct } from "./typed-schema.ts";
import { MAX_BYTES, type Work } from "./work.ts";

/** EIP-712 typed data that was read, in its one written form. */
export interface TypedData {
  /** `types` with `EIP712Domain`; integers as decimal text, addresses with their checksum, bytes as lowercase hexadecimal. */
  readonly plain: PlainTypedData;
  /** Its canonical JSON. */
  readonly bytes: Uint8Array;
  /** Keccak-256 of `0x19 0x01 || domainSeparator || hashStruct(message)`. */
  readonly digest: Digest;
  readonly domain: Domain;
  /** The struct of the message. */
  readonly struct: Struct;
}

/** What other libraries take as well. */
export type PlainTypedData = {
  readonly types: { readonly [name: string]: readonly { readonly name: string; readonly type: string }[] };
  readonly primaryType: string;
  readonly domain: { readonly [name: string]: Json };
  readonly message: { readonly [name: string]: Json };
};

export interface Domain {
  readonly name: string | undefined;
  readonly chainId: bigint | undefined;
  readonly verifyingContract: Address | undefined;
  /** Its type written out: `EIP712Domain(string name,uint256 chainId)`. */
  readonly type: string;
}

/**
 * Reads EIP-712 typed data to be signed (`eth_signTypedData_v4`). Its bytes are the canonical JSON of what was read, so that
 * the same data in another notation is the same intent.
 *
 * A domain that names another chain than the request is refused, and so is one that is called as this package's own.
 *
 * @param payload - an object with `types`, `primaryType`, `domain` and `message`, or the JSON text of one.
 * @throws `chain/malformed` with the place of the first fault; `chain/too-large` beyond the bounds of `work.ts`.
 */
export function decodeTypedData(payload: Json, setting: Setting): Decoded {
  const data = typedDataOf(payload, setting.work);
  return {
    bytes: data.bytes,
    digest: data.digest,
    effects: typedDataEffects(data, setting),
    refusals: refusals(data.domain, parseChain(setting.chain)),
  };
}

/**
 * {@link decodeTypedData} without its meaning; `payload` may be the text of an intent's bytes. The library that hashes typed
 * data does not give its digest out, so encoding is ours, in the walk that checks; `assemble` has the library recover the
 * signer from `plain`, and tests compare with two more.
 */
export function typedDataOf(payload: Json, work: Work): TypedData {
  const { types, primaryType, domain, message } = membersOf(typeof payload === "string" ? parse(payload) : payload);
  if (!isObject(domain)) throw unfit("domain", "an object", domain);
  const schema = readSchema(types, primaryType, Object.keys(domain), work);
  const struct = schema.get(primaryType as string);
  if (struct === undefined) throw new Error("unreachable: a schema without its primary type");
  const walk = { schema, work };
  const separator = hashStruct(DOMAIN, domain, "domain", walk);
  const hashed = hashStruct(struct.name, message, "message", walk);
  const plain = {
    types: Object.fromEntries(
      [...schema].map(([name, { members }]) => [name, members.map((member) => ({ name: member.name, type: member.written }))]),
    ),
    primaryType: struct.name,
    domain: separator.plain as PlainTypedData["domain"],
    message: hashed.plain as PlainTypedData["message"],
  };
  const bytes = canonicalBytes(plain);
  if (bytes.length > MAX_BYTES) throw tooLarge("typed data", MAX_BYTES, "bytes");
  return {
    plain,
    bytes,
    digest: keccak_256(concat(Uint8Array.of(0x19, 0x01), separator.word, hashed.word)) as Digest,
    domain: domainOf(plain.domain, schema.get(DOMAIN)?.own ?? ""),
    struct,
  };
}

const MEMBERS = ["domain", "message", "primaryType", "types"];

function membersOf(value: Json): { readonly [name: string]: Json | undefined } {
  if (!isObject(value)) throw unfit("typed data", "an object or its JSON text", value);
  if (Object.keys(value).sort().join() !== MEMBERS.join())
    throw expected("typed data", `exactly the members ${MEMBERS.join(", ")}`, "others");
  return value;
}

/** Duplicate keys and numbers that are no integers are refused: two readers could take them for different data. */
function parse(text: string): Json {
  try {
    return readJson(text, { maxBytes: MAX_BYTES }).value;
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error;
    const code = error.code === "json/too-large" || error.code === "json/too-deep" ? "chain/too-large" : "chain/malformed";
    throw new CustodyError(code, `typed data: ${error.message}`, { cause: error, position: error.position });
  }
}

function domainOf(plain: PlainTypedData["domain"], type: string): Domain {
  const text = (name: string) => plain[name] as string | undefined;
  const chainId = text("chainId");
  return {
    name: text("name"),
    chainId: chainId === undefined ? undefined : BigInt(chainId),
    verifyingContract: text("verifyingContract"),
    type,
  };
}

/** What approvals and sessions are signed under, by wallets that sign EIP-712. */
const OWN_DOMAIN = /^\s*keyward\s*$/iu;

/** Found after a complete parse: the effects are reported, and nothing is signed whatever the policy says. */
function refusals({ name, chainId }: Domain, requested: bigint): readonly Reason[] {
  const reasons: Reason[] = [];
  if (chainId !== undefined && chainId !== requested) {
    const params = { request: requested.toString(), typedData: chainId.toString() };
    const text = `the request is for chain ${params.request}, the typed data for chain ${params.typedData}`;
    reasons.push({ code: "evm/chain-mismatch", params, text });
  }
  if (name !== undefined && OWN_DOMAIN.test(name))
    reasons.push({ code: "evm/approval-text", params: {}, text: "approvals and sessions are never signed as ordinary typed data" });
  return reasons;
}
