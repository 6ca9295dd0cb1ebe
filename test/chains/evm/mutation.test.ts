import fc from "fast-check";
import { encodeFunctionData, parseAbi, parseTransaction, serializeTransaction } from "viem";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { CustodyError } from "../../../src/base/errors.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import type { Intent } from "../../../src/intent/intent.ts";
import { ACCOUNT, BANK, book, FRIEND, MALLORY, MULTI, NFT, request, USDC } from "./fixtures.ts";

const abi = parseAbi([
  "function transfer(address,uint256)",
  "function approve(address,uint256)",
  "function safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
  "function setApprovalForAll(address,bool)",
  "function deposit(uint256,address)",
]);
const call = (functionName: string, args: unknown[]) => encodeFunctionData({ abi, functionName, args } as never);
const address = fc.constantFrom(FRIEND, MALLORY, USDC, NFT, MULTI, BANK, ACCOUNT) as fc.Arbitrary<`0x${string}`>;
const amount = fc.oneof(fc.bigInt(0n, 2n ** 64n), fc.bigInt(0n, 2n ** 256n - 1n));
const data = fc.oneof(
  fc.constant("0x" as const),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => `0x${toHex(bytes)}` as const),
  fc.tuple(fc.constantFrom("transfer", "approve"), address, amount).map(([name, to, n]) => call(name, [to, n])),
  fc.tuple(address, fc.boolean()).map(([to, yes]) => call("setApprovalForAll", [to, yes])),
  fc.tuple(amount, address).map(([n, to]) => call("deposit", [n, to])),
  fc
    .tuple(address, address, fc.array(amount, { maxLength: 4 }))
    .map(([from, to, ids]) => call("safeBatchTransferFrom", [from, to, ids, ids, "0x"])),
);
const common = {
  nonce: fc.nat(),
  gas: fc.bigInt(0n, 2n ** 25n),
  to: fc.option(address, { nil: undefined }),
  value: fc.oneof(fc.constant(0n), fc.bigInt(0n, 2n ** 80n)),
  data,
};
const chainId = fc.constantFrom(1, 10, 137, 1337);
const accessList = fc.array(fc.record({ address, storageKeys: fc.array(fc.constant(`0x${"07".repeat(32)}` as const), { maxLength: 2 }) }), {
  maxLength: 2,
});
const price = fc.bigInt(1n, 2n ** 40n);
const market = fc
  .record({ ...common, chainId, maxFeePerGas: price, accessList })
  .chain((fields) => fc.bigInt(0n, fields.maxFeePerGas).map((maxPriorityFeePerGas) => ({ ...fields, maxPriorityFeePerGas })));
const raw: fc.Arbitrary<string> = fc.oneof(
  fc
    .record({ ...common, gasPrice: price, chainId: fc.option(chainId, { nil: undefined }) })
    .map((fields) => serializeTransaction({ ...fields, type: "legacy" } as never)),
  fc
    .record({ ...common, gasPrice: price, chainId, accessList })
    .map((fields) => serializeTransaction({ ...fields, type: "eip2930" } as never)),
  market.map((fields) => serializeTransaction({ ...fields, type: "eip1559" } as never)),
  market.map((fields) =>
    serializeTransaction({
      ...fields,
      to: fields.to ?? FRIEND,
      type: "eip4844",
      maxFeePerBlobGas: 3n,
      blobVersionedHashes: [`0x01${"05".repeat(31)}`],
    } as never),
  ),
  market.map((fields) =>
    serializeTransaction({
      ...fields,
      to: fields.to ?? FRIEND,
      type: "eip7702",
      authorizationList: [{ chainId: 1, address: MALLORY, nonce: 3, yParity: 0, r: `0x${"11".repeat(32)}`, s: `0x${"22".repeat(32)}` }],
    } as never),
  ),
);

const decode = (payload: string, named = book) => evm.decode(request(payload), { address: ACCOUNT }, named);

/** The meaning of the transaction as another library reads it. */
function agreesWithViem(payload: string, intent: Intent): void {
  const seen = parseTransaction(payload as `0x${string}`) as unknown as {
    chainId?: number;
    nonce?: number;
    to?: string;
    value?: bigint;
    data?: string;
    gas?: bigint;
    gasPrice?: bigint;
    maxFeePerGas?: bigint;
    maxFeePerBlobGas?: bigint;
    blobVersionedHashes?: string[];
    authorizationList?: unknown[];
  };
  const fee = intent.effects.at(-1);
  expect(fee?.kind).toBe("fee");
  // viem keeps chain ids and nonces as numbers, inexact above 2^53.
  expect(Number(fee?.chain?.slice("eip155:".length) ?? 0)).toBe(seen.chainId ?? 0);
  expect(fee?.gas).toBe(seen.gas ?? 0n);
  expect(fee?.feeRate).toBe(seen.maxFeePerGas ?? seen.gasPrice ?? 0n);
  if (fee?.amount !== undefined) {
    expect(fee.amount).toBe(
      (seen.gas ?? 0n) * (fee.feeRate ?? 0n) + 131_072n * BigInt(seen.blobVersionedHashes?.length ?? 0) * (seen.maxFeePerBlobGas ?? 0n),
    );
  }
  expect(Number(intent.lane?.split("/")[2])).toBe(seen.nonce ?? 0);
  const sent = intent.effects
    .filter((effect) => effect.kind === "transfer" && effect.asset === "native")
    .reduce((sum, effect) => sum + (effect.amount ?? 0n), 0n);
  expect(sent).toBe(seen.value ?? 0n);
  const calls = intent.effects.filter((effect) => effect.contract !== undefined && effect.asset !== "native");
  if (seen.to && seen.data && seen.data !== "0x") {
    expect(calls.length).toBeGreaterThan(0);
    if (seen.data.length >= 10) expect(calls.some((effect) => effect.selector === seen.data?.slice(0, 10))).toBe(true);
  }
  if (!seen.to) expect(intent.effects.map((effect) => effect.kind)).toEqual(expect.arrayContaining(["deploy", "unknown"]));
  const delegated = intent.effects.filter((effect) => effect.outlives).length;
  expect(delegated).toBe(seen.authorizationList?.length ?? 0);
}

describe("random transactions", () => {
  test("every one is read, with the meaning that viem gives it", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(raw, (payload) => {
        const intent = decode(payload);
        expect(`0x${toHex(intent.bytes)}`).toBe(payload);
        agreesWithViem(payload, intent);
      }),
      { numRuns: 300 },
    );
  });

  test("a mutated one is malformed, or is read as the very bytes it is, with the meaning that viem gives it", { timeout: 60_000 }, () => {
    let accepted = 0;
    const mutation = fc.record({
      at: fc.nat(),
      value: fc.nat({ max: 255 }),
      how: fc.constantFrom("set", "insert", "remove", "double", "swap"),
    });
    fc.assert(
      fc.property(raw, fc.array(mutation, { minLength: 1, maxLength: 3 }), (payload, mutations) => {
        let bytes = [...fromHex(payload)];
        for (const { at, value, how } of mutations) {
          const i = at % Math.max(bytes.length, 1);
          if (how === "set") bytes[i] = value;
          if (how === "insert") bytes.splice(i, 0, value);
          if (how === "remove") bytes.splice(i, 1);
          if (how === "double") bytes = [...bytes.slice(0, i), ...bytes.slice(i), ...bytes.slice(i)];
          if (how === "swap") [bytes[0], bytes[i]] = [bytes[i] ?? 0, bytes[0] ?? 0];
        }
        const mutated = `0x${toHex(Uint8Array.from(bytes))}`;
        for (const named of [book, emptyBook]) {
          let intent: Intent;
          try {
            intent = decode(mutated, named);
          } catch (error) {
            if (!(error instanceof CustodyError)) throw error;
            expect(error.code).toBe("chain/malformed");
            continue;
          }
          accepted++;
          expect(`0x${toHex(intent.bytes)}`).toBe(mutated);
          agreesWithViem(mutated, intent);
        }
      }),
      { numRuns: 800 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  test("bytes that never were a transaction are malformed", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom("", "01", "02", "03", "04"), (bytes, type) => {
        try {
          decode(`0x${type}${toHex(bytes)}`);
        } catch (error) {
          if (!(error instanceof CustodyError)) throw error;
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
