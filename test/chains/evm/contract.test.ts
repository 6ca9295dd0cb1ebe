import { encodeFunctionData, fromRlp, numberToHex, parseAbi, serializeTransaction, toRlp } from "viem";
import { concat, equal, fromHex, toHex } from "../../../src/base/bytes.ts";
import { canonicalBytes, type Json } from "../../../src/base/canonical.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import type { Request } from "../../../src/intent/intent.ts";
import { chainContract } from "../../contracts/chain.ts";
import { ACCOUNT, ask, BANK, book, FRIEND, MALLORY, request, sign, USDC } from "./fixtures.ts";

const erc20 = parseAbi(["function transfer(address,uint256)", "function approve(address,uint256)"]);
const fees = { maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n, gas: 200_000n };
const keys = { address: ACCOUNT };
const transfer = encodeFunctionData({ abi: erc20, functionName: "transfer", args: [FRIEND, 25_000_000n] });
const storageKeys = [`0x${"11".repeat(32)}` as const];
// Signed by the account of the test key: chain 0, delegate MALLORY, nonce 8 (hostile case D06).
const tuple = {
  chainId: 0,
  address: MALLORY,
  nonce: 8,
  yParity: 0,
  r: "0x2ebd7552e24bc9854bcd9aa2e27d2bbb1e1536f7ff64bcc371261f3a5419e595",
  s: "0x405e7c9fed6c2c7899c450fe23e7cbbb3ab1dcf4ead1fb84c94a05bbff99332c",
} as const;

const samples = {
  "a legacy transaction": [
    serializeTransaction({ chainId: 1, nonce: 9, gasPrice: 20_000_000_000n, gas: 21_000n, to: FRIEND, value: 1n }),
    ["transfer", "fee"],
    [],
  ],
  "an EIP-2930 transaction": [
    serializeTransaction({
      type: "eip2930",
      chainId: 1,
      nonce: 9,
      gasPrice: 2n,
      gas: 90_000n,
      to: USDC,
      data: transfer,
      accessList: [{ address: USDC, storageKeys }],
    }),
    ["transfer", "fee"],
    [],
  ],
  "an EIP-1559 transaction with value and a call": [
    serializeTransaction({ ...fees, chainId: 1, nonce: 7, to: USDC, value: 3n, data: transfer }),
    ["transfer", "transfer", "fee"],
    [],
  ],
  "an EIP-4844 transaction": [
    serializeTransaction({
      ...fees,
      type: "eip4844",
      chainId: 1,
      nonce: 7,
      to: FRIEND,
      maxFeePerBlobGas: 5n,
      blobVersionedHashes: [`0x01${"22".repeat(31)}`],
    }),
    ["transfer", "unknown", "fee"],
    [],
  ],
  "an EIP-7702 transaction": [
    serializeTransaction({ ...fees, type: "eip7702", chainId: 1, nonce: 7, to: FRIEND, authorizationList: [tuple] }),
    ["transfer", "delegation", "fee"],
    [],
  ],
  "a contract creation": [serializeTransaction({ ...fees, chainId: 1, nonce: 7, data: "0x6001600155" }), ["deploy", "unknown", "fee"], []],
  "a named call": [
    serializeTransaction({
      ...fees,
      chainId: 1,
      nonce: 7,
      to: BANK,
      data: encodeFunctionData({ abi: parseAbi(["function note(bytes,uint8,string)"]), args: ["0x1234", 5, "hello"] }),
    }),
    ["call", "fee"],
    [],
  ],
  "a refused transaction": [
    serializeTransaction({ chainId: 5, nonce: 9, gasPrice: 20n, gas: 17_000_000n, to: FRIEND }),
    ["transfer", "fee"],
    ["evm/chain-mismatch", "evm/gas-over-cap"],
  ],
} as const;

const signIn = [
  "app.example.com wants you to sign in with your Ethereum account:",
  ACCOUNT,
  "",
  "I accept the terms: https://app.example.com/tos",
  "",
  "URI: https://app.example.com/login",
  "Version: 1",
  "Chain ID: 1",
  "Nonce: 32891756",
  "Issued At: 2026-11-22T12:00:00Z",
  "Expiration Time: 2026-11-23T12:00:00Z",
  "Resources:",
  "- https://app.example.com/claim.json",
].join("\n");

// In its one written form, and without letters in hexadecimal: no flipped bit gives the same data in another notation.
const typed = {
  domain: { chainId: "1", name: "Contract", verifyingContract: `0x${"11".repeat(20)}`, version: "1" },
  message: { data: "0x1234", note: "Grüße", of: [{ amount: "-42", who: `0x${"22".repeat(20)}` }], yes: true },
  primaryType: "Order",
  types: {
    EIP712Domain: [
      { name: "name", type: "string" },
      { name: "version", type: "string" },
      { name: "chainId", type: "uint256" },
      { name: "verifyingContract", type: "address" },
    ],
    Order: [
      { name: "of", type: "Part[]" },
      { name: "data", type: "bytes" },
      { name: "note", type: "string" },
      { name: "yes", type: "bool" },
    ],
    Part: [
      { name: "who", type: "address" },
      { name: "amount", type: "int16" },
    ],
  },
} as const;

const signatures: readonly (readonly [name: string, Request, kinds: readonly string[], refusals: readonly string[]])[] = [
  ["a message", ask("message", { text: "Grüße aus Zürich, 12:00" }), ["statement"], []],
  ["a message of opaque bytes", ask("message", { hex: `0x${"5a01".repeat(16)}` }), ["unknown"], []],
  ["a sign-in", ask("message", { text: signIn }), ["statement"], []],
  ["a refused message", ask("message", { text: "keyward/approval/v1\n{}" }), ["unknown"], ["evm/approval-text"]],
  ["an authorization", ask("authorization", { address: BANK, chainId: 1, nonce: 7 }), ["delegation"], []],
  ["an authorization for every chain", ask("authorization", { address: BANK, chainId: 0, nonce: 300 }), ["delegation"], []],
  ["typed data", ask("typedData", typed), ["unknown"], []],
  ["refused typed data", ask("typedData", { ...typed, domain: { ...typed.domain, chainId: "5" } }), ["unknown"], ["evm/chain-mismatch"]],
  ["a refused authorization", ask("authorization", { address: BANK, chainId: 10, nonce: 0 }), ["delegation"], ["evm/chain-mismatch"]],
];

const hex = (bytes: Uint8Array) => `0x${toHex(bytes)}` as const;

/** The payload that stands for these bytes, if any does. Read by peers, so that they are not read by the code under test. */
function payloadOf(kind: string, bytes: Uint8Array): Json | undefined {
  if (kind === "transaction") return hex(bytes);
  if (kind === "message") return { hex: hex(bytes) };
  try {
    if (kind === "typedData") return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const [chainId, address, nonce] = fromRlp(hex(bytes.subarray(1)), "hex") as `0x${string}`[];
    const integer = (item: string | undefined) => (item === "0x" ? "0" : BigInt(item ?? "").toString());
    const payload = { address: address?.toLowerCase() ?? "", chainId: integer(chainId), nonce: integer(nonce) };
    return equal(bytesOf(kind, payload), bytes) ? payload : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(kind: string, payload: Json): Uint8Array {
  const members = payload as { [name: string]: string };
  if (kind === "transaction") return fromHex(payload as string);
  if (kind === "typedData") return canonicalBytes(payload);
  if (kind === "message") return members.text === undefined ? fromHex(members.hex!) : new TextEncoder().encode(members.text);
  const quantity = (value: string | undefined) => (BigInt(value ?? 0) === 0n ? "0x" : numberToHex(BigInt(value ?? 0)));
  const items = [quantity(members.chainId), members.address as `0x${string}`, quantity(members.nonce)] as const;
  const even = items.map((item) => (item.length % 2 === 0 ? item : (`0x0${item.slice(2)}` as const)));
  return concat(Uint8Array.of(5), toRlp(even, "bytes"));
}

const plain = samples["a legacy transaction"][0];
const chainContractSubject = {
  chain: evm,
  book,
  accepted: [
    ...Object.entries(samples).map(([name, [payload, kinds, refusals]]) => ({
      name,
      request: request(payload),
      account: keys,
      kinds,
      refusals,
    })),
    ...signatures.map(([name, request, kinds, refusals]) => ({ name, request, account: keys, kinds, refusals })),
  ],
  malformed: [
    { name: "an empty payload", request: request("0x"), account: keys, code: "chain/malformed" },
    { name: "no hexadecimal", request: request("0xzz"), account: keys, code: "chain/malformed" },
    { name: "hexadecimal in capitals", request: request(`0x${plain.slice(2).toUpperCase()}`), account: keys, code: "chain/malformed" },
    { name: "a payload without 0x", request: request(plain.slice(2)), account: keys, code: "chain/malformed" },
    { name: "half a byte", request: request(plain.slice(0, -1)), account: keys, code: "chain/malformed" },
    { name: "a line break behind the payload", request: request(`${plain}\n`), account: keys, code: "chain/malformed" },
    {
      name: "a payload that is an object",
      request: { ...request("0x"), payload: { raw: plain } },
      account: keys,
      code: "request/malformed",
    },
    {
      name: "another kind of request",
      request: { ...request(plain), kind: "userOperation" as const },
      account: keys,
      code: "request/unsupported",
    },
    { name: "a message that is text alone", request: ask("message", "hello"), account: keys, code: "request/malformed" },
    { name: "an authorization in hexadecimal", request: ask("authorization", "0x05"), account: keys, code: "request/malformed" },
    { name: "an account that is not ours", request: request(plain, "eip155:1", FRIEND), account: keys, code: "request/malformed" },
    { name: "an account that is no address", request: request(plain, "eip155:1", "me"), account: keys, code: "request/malformed" },
    { name: "a chain of another family", request: request(plain, "bip122:1"), account: keys, code: "request/malformed" },
    { name: "a chain id with a leading zero", request: request(plain, "eip155:01"), account: keys, code: "request/malformed" },
    { name: "chain 0", request: request(plain, "eip155:0"), account: keys, code: "request/malformed" },
  ],
  sign: (intent: Parameters<typeof sign>[0]) => sign(intent),
  signAsStranger: (intent: Parameters<typeof sign>[0]) => sign(intent, new Uint8Array(32).fill(0x47)),
  bytesOf: ({ kind, payload }: Request) => bytesOf(kind, payload),
  withBytes: (original: Request, bytes: Uint8Array) => {
    const payload = payloadOf(original.kind, bytes);
    return payload === undefined ? undefined : { ...original, payload };
  },
};

chainContract("evm", chainContractSubject);
