import { keccak_256 } from "@noble/hashes/sha3.js";
import { RLP } from "micro-eth-signer/core/rlp.js";
import { decodeFunctionData, parseAbi, serializeTransaction, toFunctionSelector } from "viem";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { readArguments } from "../../src/chains/evm/arguments.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { type AbiFunction, parseFunction } from "../../src/chains/evm/signature.ts";
import { MAX_TYPE_DEPTH, newWork } from "../../src/chains/evm/work.ts";
import { makeBook } from "../../src/intent/book.ts";
import type { Intent } from "../../src/intent/intent.ts";
import { request } from "../chains/evm/fixtures.ts";
import { sharedFile } from "../shared.ts";
import { ANYONE, decodeTransaction, digestOf, evmFile, type Item, integer } from "./evm-raw.ts";
import { declinesTyped, sameAsPeers, type Typed, wrongChecksum } from "./evm-typed-data.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Call data: how arguments are read, and real traffic that has to be read to the end or refused. */
export const EVM_CALLS: readonly VectorSet[] = [
  { file: "evm/abi/ethers-abi-dev.json", what: "arguments of every type, and every cut of them", minimum: 255, run: argumentsOf },
  { file: "evm/erc7730/erc7730-registry-dev.json", what: "the registry: functions, calls, typed data", minimum: 396, run: registry },
  { file: "evm/erc7730/erc7730-examples.json", what: "the examples: functions", minimum: 9, run: examples },
  { file: "policy/zodiac-defi-calls.json", what: "calls of treasuries: all of it is an effect", minimum: 126, run: treasuries },
];

/** Numbers as decimal text, addresses and hex in lowercase: what two libraries say of the same value. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) return Object.values(value).map(plain);
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  return typeof value === "string" && /^0x[0-9a-fA-F]*$/.test(value) ? value.toLowerCase() : value;
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(plain(one)) === JSON.stringify(plain(other));

async function argumentsOf(rows: Rows): Promise<void> {
  for (const { name, type, value, encoded } of evmFile<{ name: string; type: string; value: unknown; encoded: string }[]>(
    "abi/ethers-abi-dev.json",
  )) {
    if (depthOf(type) > MAX_TYPE_DEPTH) {
      await rows.declines("deep-types", name, () => parseFunction(`f(${type})`));
      continue;
    }
    const { parameters } = parseFunction(`f(${type})`);
    const data = fromHex(encoded);
    await rows.valid(name, () => {
      const read = readArguments(parameters, data, newWork());
      if (read.kind === "unread") return read.why;
      return (same(read.values, [value]) && read.trailing === 0) || "other values";
    });
    // A byte or a word less is never read; a word more is told.
    for (const missing of [1, 32])
      await rows.invalid(`${name} without ${missing} bytes`, () => {
        return readArguments(parameters, data.subarray(0, -missing), newWork()).kind === "read";
      });
    await rows.invalid(`${name} and a word`, () => {
      const read = readArguments(parameters, new Uint8Array([...data, ...new Uint8Array(32)]), newWork());
      return read.kind === "read" && read.trailing !== 32;
    });
  }
}

/** How many tuples and arrays stand in one another, with the list of arguments itself. */
function depthOf(type: string): number {
  let [depth, deepest] = [1, 1];
  for (const sign of type) {
    if (sign === "(") deepest = Math.max(deepest, ++depth);
    else if (sign === ")") depth--;
  }
  return deepest;
}

interface Descriptor {
  readonly context?: { readonly eip712?: object };
  readonly display?: { readonly formats?: { readonly [signature: string]: unknown } };
}

/** The functions that descriptors show, by selector. Some write functions as their selector, or as a struct of typed data. */
async function functionsOf(rows: Rows, descriptors: { readonly [file: string]: Descriptor }): Promise<ReadonlyMap<string, AbiFunction>> {
  const functions = new Map<string, AbiFunction>();
  for (const [file, { display, context }] of Object.entries(descriptors)) {
    for (const text of Object.keys(display?.formats ?? {})) {
      if (context?.eip712 !== undefined || file.includes("/eip712-")) continue;
      await rows.valid(`${file}: ${text}`, () => {
        const parsed = parseFunction(text.replace(/,\s+/g, ", "));
        functions.set(parsed.selector, parsed);
        return parsed.selector === toFunctionSelector(`function ${text}`) || parsed.selector;
      });
    }
  }
  return functions;
}

async function examples(rows: Rows): Promise<void> {
  await functionsOf(rows, evmFile<{ [file: string]: Descriptor }>("erc7730/erc7730-examples.json"));
}

async function registry(rows: Rows): Promise<void> {
  type Case = { readonly description: string; readonly rawTx?: string; readonly data?: Typed };
  type File = {
    readonly tests: { readonly [file: string]: readonly Case[] };
    readonly descriptors: { readonly [file: string]: Descriptor };
  };
  const { tests, descriptors } = evmFile<File>("erc7730/erc7730-registry-dev.json");
  const functions = await functionsOf(rows, descriptors);
  for (const [file, cases] of Object.entries(tests)) {
    for (const { description, rawTx, data } of cases) {
      const name = `${file}: ${description}`;
      if (rawTx !== undefined) await transactionOf(rows, name, rawTx, functions);
      if (data === undefined) continue;
      if (wrongChecksum(data)) await declinesTyped(rows, { name, reason: "wrong-checksums", words: "EIP-55 checksum", payload: data });
      else await rows.valid(name, () => sameAsPeers(data));
    }
  }
}

/** An unsigned transaction: its digest, and where its function is published its arguments as viem reads them. */
async function transactionOf(rows: Rows, name: string, rawTx: string, functions: ReadonlyMap<string, AbiFunction>): Promise<void> {
  const raw = fromHex(rawTx);
  const { chain, to, data, signed } = fieldsOf(raw);
  if (signed) return rows.invalid(`${name}, which is signed`, () => decodeTransaction(rawTx, chain));
  await rows.valid(name, () => toHex(digestOf(decodeTransaction(rawTx, chain))) === toHex(keccak_256(raw)));
  const named = functions.get(`0x${toHex(data.subarray(0, 4))}`);
  await rows.valid(`${name}: ${named?.signature}`, () => {
    if (named === undefined) return "a function that no descriptor has";
    const read = readArguments(named.parameters, data.subarray(4), newWork());
    if (read.kind === "unread") return read.why;
    const called = decodeNamed(rawTx, chain, to, named).effects.some(({ kind, contract }) => kind === "call" && contract === to);
    return called && same(byViem(named, data), read.values);
  });
}

function byViem({ signature }: AbiFunction, data: Uint8Array): readonly unknown[] {
  const abi = parseAbi([`function ${signature}`] as readonly string[]) as never;
  return (decodeFunctionData({ abi, data: `0x${toHex(data)}` }) as { args?: readonly unknown[] }).args ?? [];
}

function decodeNamed(rawTx: string, chain: string, to: string, { signature }: AbiFunction): Intent {
  const book = makeBook([], [{ name: "it", chain, address: to, kind: "it", functions: [signature] }]);
  return evm.decode(request(rawTx, chain, ANYONE), { address: ANYONE }, book);
}

/** By RLP alone: legacy has its chain behind six fields, or none at all. */
function fieldsOf(raw: Uint8Array): { chain: string; to: string; data: Uint8Array; signed: boolean } {
  const typed = (raw[0] ?? 0) < 0x80;
  const fields = RLP.decode(typed ? raw.subarray(1) : raw) as Item[];
  const [at, unsigned] = typed ? [raw[0] === 2 ? 5 : 4, raw[0] === 2 ? 9 : 8] : [3, 9];
  const signedLegacy = !typed && fields.length === 9 && integer(fields[7]) !== 0n;
  const chainId = typed ? integer(fields[0]) : fields.length === 9 && !signedLegacy ? integer(fields[6]) : 1n;
  const [to, data] = [fields[at] as Uint8Array, fields[at + 2] as Uint8Array];
  return {
    chain: `eip155:${chainId}`,
    to: evm.parseAddress("eip155:1", `0x${toHex(to)}`),
    data,
    signed: signedLegacy || fields.length > unsigned,
  };
}

async function treasuries(rows: Rows): Promise<void> {
  type Row = { set: string; label: string; to: `0x${string}`; value: string; data: `0x${string}`; from: string };
  for (const { set, label, to, value, data, from } of sharedFile<Row[]>("vectors/policy/zodiac-defi-calls.json")) {
    await rows.valid(`${set}: ${label}`, () => {
      const fees = { gas: 1_000_000n, maxFeePerGas: 1n, maxPriorityFeePerGas: 0n };
      const payload = serializeTransaction({ chainId: 1, nonce: 0, ...fees, to, value: BigInt(value), data });
      const intent = decodeTransaction(payload, "eip155:1", from);
      const sent = intent.effects.filter(({ kind }) => kind === "transfer").reduce((sum, { amount }) => sum + BigInt(amount ?? 0), 0n);
      // Nothing is named here, so that the call itself is unknown: never left out.
      const known = intent.effects.some(({ kind, contract }) => kind === "unknown" && contract === evm.parseAddress("eip155:1", to));
      return (toHex(digestOf(intent)) === toHex(keccak_256(fromHex(payload))) && sent === BigInt(value) && known) || "another reading";
    });
  }
}
