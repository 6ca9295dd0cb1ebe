import { keccak_256 } from "@noble/hashes/sha3.js";
import { TypedDataEncoder } from "ethers";
import { hashTypedData } from "viem";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import type { Json, JsonObject } from "../../src/base/canonical.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { hashStruct } from "../../src/chains/evm/encode-data.ts";
import { typedDataOf } from "../../src/chains/evm/typed-data.ts";
import { DOMAIN, readSchema } from "../../src/chains/evm/typed-schema.ts";
import { newWork } from "../../src/chains/evm/work.ts";
import { assemble, sign } from "../chains/evm/fixtures.ts";
import { accountOf, decodeAs, eip55Of, evmFile } from "./evm-raw.ts";
import type { Declined } from "./refusals.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Typed data (EIP-712). Where nobody published a digest, viem and ethers both have to have ours. */
export const EVM_TYPED_DATA: readonly VectorSet[] = [
  { file: "evm/eip712/eip712-mail.json", what: "the example of EIP-712: types, hashes, digest, signature", minimum: 6, run: mail },
  { file: "evm/eip712/ledger-eip712-inputs.json", what: "what wallets are asked to sign", minimum: 18, run: ledger },
  { file: "evm/eip712/viem-hashTypedData.json", what: "viem: digests", minimum: 6, run: (rows) => viem(rows, "viem-hashTypedData") },
  {
    file: "evm/eip712/viem-typedData.json",
    what: "viem: hashes of parts, and what is refused",
    minimum: 3,
    run: (rows) => viem(rows, "viem-typedData"),
  },
];

export interface Typed {
  readonly types: { readonly [name: string]: { name: string; type: string }[] };
  readonly primaryType: string;
  readonly domain: JsonObject;
  readonly message: JsonObject;
}

/** A digest, as 0x hex. @throws CustodyError */
export function digestOfTyped(payload: unknown): string {
  return `0x${toHex(typedDataOf(payload as Json, newWork()).digest)}`;
}

const byViem = (typed: Typed): string => hashTypedData(typed as never);
const byEthers = ({ types: { EIP712Domain: _, ...types }, domain, message }: Typed): string =>
  TypedDataEncoder.hash(domain as never, types, message);

/** Whether both peers have our digest. */
export function sameAsPeers(typed: Typed): boolean {
  const digest = digestOfTyped(typed);
  return digest === byViem(typed) && digest === byEthers(typed);
}

/** Whether an address in it has another checksum than its own; one of capitals only has none, and is as wrong. */
export function wrongChecksum(typed: Typed): boolean {
  const addresses = JSON.stringify(typed).match(/(?<=")0x[0-9a-fA-F]{40}(?=")/g) ?? [];
  return addresses.some((address) => address !== address.toLowerCase() && address !== eip55Of(address));
}

/** A valid row that is refused for this reason and with these words. */
export function declinesTyped(rows: Rows, row: { name: string; reason: Declined; words: string; payload: unknown }): Promise<void> {
  return rows.declines(row.reason, row.name, () => {
    try {
      return digestOfTyped(row.payload);
    } catch (error) {
      if (!(error instanceof CustodyError) || error.message.includes(row.words)) throw error;
      return `refused for another reason: ${error.message}`;
    }
  });
}

async function mail(rows: Rows): Promise<void> {
  const { typedData, expected } = evmFile<{ typedData: Typed; expected: Record<string, string> }>("eip712/eip712-mail.json");
  const payload = typedData as unknown as Json;
  const { digest, struct } = typedDataOf(payload, newWork());
  const schema = readSchema(typedData.types as unknown as Json, "Mail", Object.keys(typedData.domain), newWork());
  const hash = (name: string, value: Json) => `0x${toHex(hashStruct(name, value, "", { schema, work: newWork() }).word)}`;
  const published = (name: string) => expected[`ethUtil.bufferToHex(${name})`];
  await rows.valid("encodeType", () => struct.encoded === expected["encodeType('Mail')"]);
  await rows.valid("typeHash", () => `0x${toHex(struct.hash)}` === published("typeHash('Mail')"));
  await rows.valid("digest", () => `0x${toHex(digest)}` === published("signHash()"));
  await rows.valid(
    "hash of the message",
    () => hash("Mail", typedData.message) === published("structHash(typedData.primaryType, typedData.message)"),
  );
  await rows.valid(
    "hash of the domain",
    () => hash(DOMAIN, typedData.domain) === published("structHash('EIP712Domain', typedData.domain)"),
  );
  await rows.valid("signature", () => {
    const key = keccak_256(utf8("cow"));
    const intent = decodeAs("typedData", payload, accountOf(key));
    const { bytes } = assemble(intent, sign(intent, key));
    const { v, r, s } = { v: expected["sig.v"], r: published("sig.r"), s: published("sig.s") };
    return toHex(bytes) === `${toHex(fromHex(r ?? ""))}${toHex(fromHex(s ?? ""))}${Number(v).toString(16)}`;
  });
}

async function ledger(rows: Rows): Promise<void> {
  const declined: { readonly [name: string]: { reason: Declined; words: string } } = {
    "01-addresses_array_mail-data.json": { reason: "members-without-a-type", words: "message: expected only the members of Mail" },
    "14-rabby_bug-data.json": { reason: "half-bytes", words: "message.basicCollections[0].fee: expected 0x and whole bytes" },
  };
  for (const [name, typed] of Object.entries(evmFile<Record<string, Typed>>("eip712/ledger-eip712-inputs.json"))) {
    if (name.includes("filter")) continue;
    const refusal = declined[name];
    if (refusal === undefined) await rows.valid(name, () => sameAsPeers(typed));
    else await declinesTyped(rows, { name, ...refusal, payload: typed });
  }
}

interface Captured {
  readonly test: string;
  readonly calls: readonly { readonly fn: string; readonly args: readonly unknown[]; readonly result?: unknown }[];
  readonly expects: readonly { readonly threw?: boolean; readonly expected?: unknown }[];
}

/** As they were captured: bigints, bytes and what is undefined are written as objects. */
function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  const captured = value as { $bigint?: string; $bytes?: string; $undefined?: true };
  if (captured.$bigint !== undefined) return captured.$bigint;
  if (captured.$bytes !== undefined) return `0x${captured.$bytes}`;
  const members = Object.entries(value).filter(([, member]) => !(member as { $undefined?: true } | null)?.$undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, revive(member)]));
}

/** Valid for viem, and refused by us: by the name of viem's test. */
const DECLINED_OF_VIEM: { readonly [test: string]: Declined } = {
  "no domain": "domains-without-members",
  "minimal valid typed message": "domains-without-members",
  "typed message with a domain separator that uses all fields.": "domains-as-messages",
  "typed message with only custom domain separator fields": "other-domain-members",
  "validateTypedData > EIP712Domain as primaryType": "domains-as-messages",
  "domainSeparator > empty": "domains-without-members",
};

const HALF_BYTES = /"0x(?:[0-9a-f]{2})*[0-9a-f]"/;

async function viem(rows: Rows, file: string): Promise<void> {
  for (const { test, calls, expects } of evmFile<Captured[]>(`eip712/${file}.json`)) {
    for (const { fn, args, result } of calls) {
      if (fn === "serializeTypedData") {
        rows.lack("json-of-viem");
        continue;
      }
      const given = revive(args[0]) as Record<string, Json>;
      const threw = expects.some((expectation) => expectation.threw === true);
      const run = () =>
        fn === "domainSeparator"
          ? hashOf({ T: [] }, "T", DOMAIN, given.domain)
          : fn === "hashStruct"
            ? hashOf(given.types, given.primaryType, String(given.primaryType), given.data)
            : digestOfTyped(threw ? withDomain(given) : { domain: {}, message: {}, ...given });
      const declined = HALF_BYTES.test(JSON.stringify(given.data ?? "")) ? "half-bytes" : DECLINED_OF_VIEM[test];
      if (threw) await rows.invalid(test, run);
      else if (declined !== undefined) await rows.declines(declined, test, run);
      else await rows.valid(test, () => (fn === "validateTypedData" ? run() !== undefined : run() === result));
    }
  }
}

/** What has no domain of its own gets one, so that it is not this that we refuse. */
function withDomain(given: Record<string, Json>): Record<string, Json> {
  const completed: Record<string, Json> = { domain: {}, message: {}, ...given };
  const { EIP712Domain, ...types } = (completed.types ?? {}) as Record<string, Json[]>;
  if (Object.keys(completed.domain as object).length === 0) completed.domain = { name: "x" };
  completed.types = EIP712Domain?.length && given.domain !== undefined ? (given.types ?? {}) : types;
  return completed;
}

function hashOf(types: Json | undefined, primaryType: Json | undefined, name: string, value: Json | undefined): string {
  const present = name === DOMAIN ? Object.keys(value as JsonObject) : ["name"];
  const schema = readSchema(types, primaryType, present, newWork());
  return `0x${toHex(hashStruct(name, value, name, { schema, work: newWork() }).word)}`;
}
