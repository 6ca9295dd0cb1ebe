import { keccak_256 } from "@noble/hashes/sha3.js";
import * as secp from "@noble/secp256k1";
import { RLP } from "micro-eth-signer/core/rlp.js";
import { concat, fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import type { Json } from "../../src/base/canonical.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { emptyBook } from "../../src/intent/book.ts";
import type { Intent, RequestKind } from "../../src/intent/intent.ts";
import { addressOf, ask, assemble, code, request, sign } from "../chains/evm/fixtures.ts";
import { sharedFile } from "../shared.ts";

export type Item = Uint8Array | Item[];

export const evmFile = <T>(path: string): T => sharedFile<T>(`vectors/evm/${path}`);
export const ANYONE = "0x0000000000000000000000000000000000000001";

/** The calls that were captured from viem's tests, of every test of a file. */
export function captured<Call>(path: string): readonly Call[] {
  return evmFile<{ calls: Call[] }[]>(path).flatMap((row) => row.calls);
}

export function decodeAs(kind: RequestKind, payload: Json, account: string, chain = "eip155:1"): Intent {
  return evm.decode(ask(kind, payload, chain, account), { address: account }, emptyBook);
}

export function decodeTransaction(payload: string, chain = "eip155:1", account = ANYONE): Intent {
  return evm.decode(request(payload, chain, account), { address: account }, emptyBook);
}

export function digestOf(intent: Intent): Uint8Array {
  return intent.signables[0]?.digest ?? new Uint8Array(0);
}

/** What a published signed transaction comes apart into: what was signed, by which signature. */
export interface Apart {
  readonly unsigned: string;
  readonly chain: string;
  readonly signature: { readonly bytes: Uint8Array; readonly recovery: 0 | 1 };
}

export const integer = (bytes: Item | undefined): bigint => BigInt(`0x${toHex(bytes as Uint8Array) || "0"}`);
const word = (bytes: Item | undefined): Uint8Array => fromHex(toHex(bytes as Uint8Array).padStart(64, "0"));

/** A number in its shortest bytes; nothing for zero, as RLP has it. */
export function shortest(value: bigint | string | number): Uint8Array {
  const digits = BigInt(value).toString(16);
  return fromHex(digits === "0" ? "" : digits.padStart(digits.length + (digits.length % 2), "0"));
}

/** Takes the signature off by RLP alone, so that what is put together again was not taken apart by the code under test. */
export function takeApart(raw: Uint8Array): Apart {
  const typed = (raw[0] ?? 0) < 0x80;
  const fields = RLP.decode(typed ? raw.subarray(1) : raw) as Item[];
  const [v, r, s] = fields.slice(-3);
  const rest = fields.slice(0, -3);
  const signed = (recovery: bigint) => ({ bytes: concat(word(r), word(s)), recovery: Number(recovery) as 0 | 1 });
  if (typed) {
    const unsigned = `0x${toHex(concat(raw.subarray(0, 1), RLP.encode(rest)))}`;
    return { unsigned, chain: `eip155:${integer(rest[0])}`, signature: signed(integer(v)) };
  }
  const old = integer(v) < 35n;
  const chainId = old ? 1n : (integer(v) - 35n) / 2n;
  const unsigned = old ? rest : [...rest, shortest(chainId), new Uint8Array(0), new Uint8Array(0)];
  return {
    unsigned: `0x${toHex(RLP.encode(unsigned as never))}`,
    chain: `eip155:${chainId}`,
    signature: signed(old ? integer(v) - 27n : (integer(v) - 35n) % 2n),
  };
}

/** Whose signature it is; nobody's where there is no such point. */
function recover(digest: Uint8Array, { bytes, recovery }: Apart["signature"]): string | undefined {
  try {
    const point = secp.Point.fromBytes(secp.recoverPublicKey(concat(Uint8Array.of(recovery), bytes), digest, { prehash: false }));
    return addressOf(point.toBytes(false));
  } catch {
    return undefined;
  }
}

/** Decodes what was signed and puts it together again with its signature: same bytes, same hash, same sender, or what differs. */
export function again(raw: Uint8Array, published: { sender?: string | undefined; hash?: string | undefined }): true | string {
  const { unsigned, chain, signature } = takeApart(raw);
  const digest = digestOf(decodeTransaction(unsigned, chain));
  const sender = published.sender === undefined ? (recover(digest, signature) ?? ANYONE) : evm.parseAddress(chain, published.sender);
  const signed = assemble(decodeTransaction(unsigned, chain, sender), [signature]);
  if (toHex(signed.bytes) !== toHex(raw)) return "other bytes";
  if (published.hash !== undefined && signed.hash !== published.hash) return "another hash";
  // What is signed already is never read as something to sign.
  const refusal = code(() => decodeTransaction(`0x${toHex(raw)}`, chain, sender));
  return refusal === "chain/malformed" || "read although signed";
}

export function accountOf(privateKey: Uint8Array): string {
  return addressOf(secp.getPublicKey(privateKey, false));
}

/** Fields and key of a published row: decoded, signed by a test-only key, put together. */
export function signedBy(privateKey: Uint8Array, unsigned: string, chain: string): Uint8Array {
  const intent = decodeTransaction(unsigned, chain, accountOf(privateKey));
  return assemble(intent, sign(intent, privateKey)).bytes;
}

/** EIP-55 by its text, so that the library is not compared with itself. */
export function eip55Of(address: string): string {
  const digits = address.slice(2).toLowerCase();
  const hash = toHex(keccak_256(utf8(digits)));
  return `0x${[...digits].map((digit, at) => (Number.parseInt(hash[at] ?? "", 16) > 7 ? digit.toUpperCase() : digit)).join("")}`;
}
