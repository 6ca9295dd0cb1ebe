import { keccak_256 } from "@noble/hashes/sha3.js";
import { authorization } from "micro-eth-signer";
import { RLP } from "micro-eth-signer/core/rlp.js";
import { recoverTransactionAddress, serializeTransaction, type TransactionSerialized } from "viem";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import type { Json } from "../../src/base/canonical.ts";
import { ACCOUNT, assemble } from "../chains/evm/fixtures.ts";
import {
  ANYONE,
  type Apart,
  accountOf,
  again,
  captured,
  decodeAs,
  decodeTransaction,
  digestOf,
  evmFile,
  type Item,
  shortest,
  signedBy,
  takeApart,
} from "./evm-raw.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Transactions, their encoding, and authorizations of EIP-7702: the same bytes, hashes and senders as published. */
export const EVM_TRANSACTIONS: readonly VectorSet[] = [
  { file: "evm/tx/eip155-example.json", what: "the example of EIP-155", minimum: 2, run: example },
  { file: "evm/tx/eip155-vitalik.json", what: "EIP-155: digests and senders", minimum: 11, run: eip155 },
  { file: "evm/tx/eip1559-signed.json", what: "EIP-1559: fields and key give the bytes", minimum: 10, run: eip1559 },
  { file: "evm/tx/eip2930.json", what: "EIP-2930, put together again", minimum: 1, run: eip2930 },
  { file: "evm/tx/legacy-signed.json", what: "legacy, put together again", minimum: 5, run: legacy },
  { file: "evm/tx/mainnet-one.json", what: "one of the main network", minimum: 1, run: mainnetOne },
  { file: "evm/tx/txtest.json", what: "before EIP-155", minimum: 1, run: beforeEip155 },
  { file: "evm/tx/eip4844-network-wrapped-dev.json", what: "blobs: the form of the network, and what is in it", minimum: 2, run: blobs },
  { file: "evm/tx/ethtests-transactions-dev.json", what: "ethereum/tests, latest fork", minimum: 28, run: ethereumTests },
  { file: "evm/real/mainnet-rpc-txs.json", what: "80 of the main network: hash and sender", minimum: 80, run: mainnet },
  { file: "evm/rlp/rlp-invalid.json", what: "RLP that is none, in every place", minimum: 0, run: rlpInvalid },
  { file: "evm/rlp/rlp-valid.json", what: "RLP; none of it is a transaction", minimum: 28, run: rlpValid },
  { file: "evm/tx/viem-hashAuthorization.json", what: "EIP-7702: digests", minimum: 12, run: authorizationHashes },
  { file: "evm/tx/viem-recoverAuthorizationAddress.json", what: "EIP-7702: authorities", minimum: 6, run: authorities },
];

async function example(rows: Rows): Promise<void> {
  const row = evmFile<{ privateKey: string; signingData: string; signingHash: string; signed: string }>("tx/eip155-example.json");
  await rows.valid("digest", () => `0x${toHex(digestOf(decodeTransaction(row.signingData)))}` === row.signingHash);
  await rows.valid("signed", () => `0x${toHex(signedBy(fromHex(row.privateKey), row.signingData, "eip155:1"))}` === row.signed);
}

async function eip155(rows: Rows): Promise<void> {
  // What the file calls hash is the digest that was signed.
  for (const { rlp, hash, sender } of evmFile<{ rlp: string; hash: string; sender: string }[]>("tx/eip155-vitalik.json"))
    await rows.valid(hash, () => {
      const { unsigned, chain } = takeApart(fromHex(rlp));
      return toHex(digestOf(decodeTransaction(unsigned, chain))) === hash
        ? again(fromHex(rlp), { sender: `0x${sender}` })
        : "another digest";
    });
}

async function eip1559(rows: Rows): Promise<void> {
  type Row = {
    nonce: number;
    value: number;
    gasLimit: number;
    maxPriorityFeePerGas: number;
    maxFeePerGas: number;
    to: `0x${string}`;
    privateKey: string;
    signedTransactionRLP: string;
  };
  for (const row of evmFile<Row[]>("tx/eip1559-signed.json")) {
    await rows.valid(String(row.nonce), () => {
      const { nonce, to } = row;
      // Of chain 4, which the file does not say, and wrapped in a string of RLP.
      const unsigned = serializeTransaction({
        chainId: 4,
        nonce,
        to,
        value: BigInt(row.value),
        gas: BigInt(row.gasLimit),
        maxFeePerGas: BigInt(row.maxFeePerGas),
        maxPriorityFeePerGas: BigInt(row.maxPriorityFeePerGas),
      });
      const raw = RLP.decode(fromHex(row.signedTransactionRLP)) as Uint8Array;
      return toHex(signedBy(fromHex(row.privateKey), unsigned, "eip155:4")) === toHex(raw) ? again(raw, {}) : "other bytes";
    });
  }
}

type SignedFields = { raw: Item[]; sendersAddress: string; privateKey: string };
const item = (value: unknown): Item => (Array.isArray(value) ? value.map(item) : fromHex(value as string));
const byViem = (raw: Uint8Array) => recoverTransactionAddress({ serializedTransaction: `0x${toHex(raw)}` as TransactionSerialized });

async function eip2930(rows: Rows): Promise<void> {
  for (const row of evmFile<SignedFields[]>("tx/eip2930.json"))
    await signedAgain(rows, row, concat(Uint8Array.of(1), RLP.encode(item(row.raw) as never)));
}

async function legacy(rows: Rows): Promise<void> {
  for (const row of evmFile<SignedFields[]>("tx/legacy-signed.json")) await signedAgain(rows, row, RLP.encode(item(row.raw) as never));
}

/** Two rows were edited after they were signed: these signed what they have now, as viem finds too. */
const EDITED = ["0x5D6Ac9861fBBEBD7A6a84e71335fA9a66d9f09bA", "0xa94f5374Fce5edBC8E2a8697C15331677e6EbF0B"];

async function signedAgain(rows: Rows, { sendersAddress, privateKey }: SignedFields, raw: Uint8Array): Promise<void> {
  const sender = await byViem(raw);
  await rows.valid(privateKey, () => {
    const published = sendersAddress === "TODO" || EDITED.includes(sender) || sender.toLowerCase() === `0x${sendersAddress}`;
    return published ? again(raw, { sender }) : `signed by ${sender}`;
  });
}

async function mainnetOne(rows: Rows): Promise<void> {
  for (const row of evmFile<{ hex: string; sender: string; hash: string }[]>("tx/mainnet-one.json"))
    await rows.valid(row.hash, () => again(fromHex(row.hex), row));
}

async function beforeEip155(rows: Rows): Promise<void> {
  for (const { signed, unsigned, key } of evmFile<{ signed: string; unsigned: string; key: string }[]>("tx/txtest.json")) {
    const sender = accountOf(fromHex(key));
    await rows.declines("three-zeros", unsigned, () => decodeTransaction(`0x${unsigned}`, "eip155:1", sender));
    if (signed.startsWith("f86b")) await rows.valid(signed, () => again(fromHex(signed), { sender }));
    else await rows.declines("high-s", signed, () => again(fromHex(signed), { sender }));
  }
}

async function blobs(rows: Rows): Promise<void> {
  for (const { file, rlp } of evmFile<{ file: string; rlp: string }[]>("tx/eip4844-network-wrapped-dev.json")) {
    const [inner] = RLP.decode(fromHex(rlp).subarray(1)) as Item[];
    await rows.valid(file, () => again(concat(Uint8Array.of(3), RLP.encode(inner as never)), {}));
    // What a node sends around is not what is signed: too large as it is, and malformed where its sidecar is small.
    await rows.declines("blob-sidecars", file, () => decodeTransaction(rlp));
    const small = concat(Uint8Array.of(3), RLP.encode([inner, [], [], []] as never));
    await rows.invalid(`${file} with an empty sidecar`, () => decodeTransaction(`0x${toHex(small)}`));
  }
}

async function ethereumTests(rows: Rows): Promise<void> {
  // Gas rules that need no parsing are a policy's or a node's; "not chain 1" is no fault of the bytes.
  const advisory = new Set(["INTRINSIC_GAS_TOO_LOW", "INITCODE_SIZE_EXCEEDED", "INVALID_CHAINID"]);
  type Row = { txbytes: string; result: Record<string, { exception?: string; hash?: string; sender?: string }> };
  type File = Record<string, Record<string, Record<string, Row>>>;
  const tests = Object.values(evmFile<File>("tx/ethtests-transactions-dev.json")).flatMap((groups) => Object.values(groups));
  for (const [name, { txbytes, result }] of tests.flatMap((rows) => Object.entries(rows))) {
    const { exception, hash, sender } = result.Cancun ?? {};
    const reason = exception?.replace("TransactionException.", "");
    if (reason !== undefined && advisory.has(reason)) {
      rows.lack("rules-of-the-chain");
      continue;
    }
    const apart = apartOrNot(fromHex(txbytes));
    // Bytes that come apart into nothing are handed over as they are.
    if (apart === undefined) await rows.invalid(name, () => decodeTransaction(txbytes));
    else if (reason === "GASLIMIT_PRICE_PRODUCT_OVERFLOW")
      // A complete parse, and refused as one.
      await rows.invalid(name, () => !decodeTransaction(apart.unsigned).refusals.some(({ code }) => code === "evm/gas-over-cap"));
    else if (exception === undefined) await rows.valid(name, () => again(fromHex(txbytes), { sender, hash }));
    else await rows.invalid(name, () => again(fromHex(txbytes), { sender, hash }) === true);
  }
}

function apartOrNot(raw: Uint8Array): Apart | undefined {
  try {
    return takeApart(raw);
  } catch {
    return undefined;
  }
}

async function mainnet(rows: Rows): Promise<void> {
  type Row = Record<string, string> & { accessList?: { address: string; storageKeys: string[] }[]; blobVersionedHashes?: string[] };
  for (const row of evmFile<Row[]>("real/mainnet-rpc-txs.json")) {
    const access = (row.accessList ?? []).map(({ address, storageKeys }) => [fromHex(address), storageKeys.map((key) => fromHex(key))]);
    const q = (name: string) => shortest(row[name] ?? 0);
    const tail = [fromHex(row.to ?? "0x"), q("value"), fromHex(row.input ?? "0x")];
    const signature = [q("v"), q("r"), q("s")];
    const head = [q("chainId"), q("nonce"), q("maxPriorityFeePerGas"), q("maxFeePerGas"), q("gas"), ...tail, access];
    const fields =
      row.type === "0x0"
        ? [q("nonce"), q("gasPrice"), q("gas"), ...tail, ...signature]
        : row.type === "0x2"
          ? [...head, ...signature]
          : [...head, q("maxFeePerBlobGas"), row.blobVersionedHashes?.map((hash) => fromHex(hash)), ...signature];
    const raw = concat(shortest(row.type ?? 0), RLP.encode(fields as never));
    await rows.valid(String(row.hash), () => again(raw, { sender: row.from, hash: row.hash }));
  }
}

type RlpRows = Record<string, { in: unknown; out: string }>;

async function rlpInvalid(rows: Rows): Promise<void> {
  for (const [name, { out }] of Object.entries(evmFile<RlpRows>("rlp/rlp-invalid.json"))) {
    const bytes = out.replace(/^0x/, "");
    await rows.invalid(`${name}, read alone`, () => decodedByLibrary(fromHex(bytes)));
    for (const prefix of ["", "02", "01"])
      await rows.invalid(`${name} as ${prefix || "a legacy transaction"}`, () => decodeTransaction(`0x${prefix}${bytes}`));
  }
}

// The library's own errors are no CustodyError: here they are what is asked for.
function decodedByLibrary(bytes: Uint8Array): unknown {
  try {
    return RLP.decode(bytes);
  } catch {
    return undefined;
  }
}

async function rlpValid(rows: Rows): Promise<void> {
  const input = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(input) : typeof value === "string" && value.startsWith("#") ? BigInt(value.slice(1)) : value;
  for (const [name, row] of Object.entries(evmFile<RlpRows>("rlp/rlp-valid.json"))) {
    const out = row.out.replace(/^0x/, "");
    await rows.valid(name, () => toHex(RLP.encode(input(row.in) as never)) === out);
    await rows.invalid(`${name} as a transaction`, () => decodeTransaction(`0x${out}`));
  }
}

type Fields = { readonly [name: string]: unknown };
const tupleOf = ({ contractAddress, address, chainId, nonce }: Fields) => ({
  chainId: BigInt(chainId as number),
  address: (contractAddress ?? address) as string,
  nonce: BigInt(nonce as number),
});
const payloadOf = ({ contractAddress, address, chainId, nonce }: Fields) =>
  ({ address: contractAddress ?? address, chainId, nonce }) as Json;

async function authorizationHashes(rows: Rows): Promise<void> {
  type Call = { readonly args: readonly [Fields]; readonly result: string | { readonly $bytes: string } };
  for (const { args, result } of captured<Call>("tx/viem-hashAuthorization.json")) {
    const expected = typeof result === "string" ? result.slice(2) : result.$bytes;
    const { chainId, address, nonce } = tupleOf(args[0]);
    // By hand as well, EIP-7702: keccak(0x05 || rlp([chain_id, address, nonce])).
    const byHand = () => toHex(keccak_256(concat(Uint8Array.of(5), RLP.encode([chainId, fromHex(address), nonce]))));
    const byLibrary = () => toHex(authorization.getHash({ chainId, address, nonce }));
    await rows.valid(`${expected} by hand`, () => byLibrary() === expected && byHand() === expected);
    await rows.valid(expected, () => {
      const intent = decodeAs("authorization", payloadOf(args[0]), ACCOUNT, `eip155:${args[0].chainId || 1}`);
      return toHex(digestOf(intent)) === expected;
    });
  }
}

async function authorities(rows: Rows): Promise<void> {
  type Call = { readonly args: readonly [{ authorization: Fields; signature?: Fields | string }]; readonly result: string };
  for (const { args, result } of captured<Call>("tx/viem-recoverAuthorizationAddress.json")) {
    const [{ authorization: fields, signature = fields }] = args;
    const parts = typeof signature === "string" ? signature.slice(2, 130) : `${signature.r}${String(signature.s).slice(2)}`.slice(2);
    const recovery = typeof signature === "string" ? Number.parseInt(signature.slice(130), 16) - 27 : Number(signature.yParity);
    const published = { bytes: fromHex(parts), recovery: recovery as 0 | 1 };
    await rows.valid(`${result} signs`, () => {
      const signed = assemble(decodeAs("authorization", payloadOf(fields), result), [published]);
      return toHex(signed.bytes) === `${parts}${(27 + recovery).toString(16)}`;
    });
    await rows.invalid(`another than ${result} signs`, () => assemble(decodeAs("authorization", payloadOf(fields), ACCOUNT), [published]));
    await rows.valid(`${result} delegates`, () => {
      const { chainId, address, nonce } = tupleOf(fields);
      const payload = serializeTransaction({
        type: "eip7702",
        chainId: 1,
        nonce: 0,
        gas: 100_000n,
        maxFeePerGas: 1n,
        maxPriorityFeePerGas: 0n,
        to: address as `0x${string}`,
        authorizationList: [
          {
            chainId: Number(chainId),
            address,
            nonce: Number(nonce),
            r: `0x${parts.slice(0, 64)}`,
            s: `0x${parts.slice(64)}`,
            yParity: recovery,
          } as never,
        ],
      });
      const delegation = decodeTransaction(payload, "eip155:1", ANYONE).effects.find(({ kind }) => kind === "delegation");
      return delegation?.account === result || `${delegation?.account}`;
    });
  }
}
