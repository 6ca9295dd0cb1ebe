import { keccak_256 } from "@noble/hashes/sha3.js";
import { encodeFunctionData, keccak256, parseAbi, serializeTransaction } from "viem";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import type { AccountKeys } from "../../../src/chains/chain.ts";
import { decodeRequest } from "../../../src/chains/evm/decode.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { MAX_BYTES, newWork } from "../../../src/chains/evm/work.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import { ACCOUNT, assemble, BANK, book, code, decode, FRIEND, kinds, MALLORY, MULTI, request, sign, USDC } from "./fixtures.ts";

const keys: AccountKeys = { address: ACCOUNT };
const fees = { chainId: 1, nonce: 7, maxFeePerGas: 20n, maxPriorityFeePerGas: 1n, gas: 100_000n } as const;
const refusals = (payload: string, chain = "eip155:1") => decode(payload, { chain }).refusals.map((reason) => reason.code);
const signature = { r: `0x${"11".repeat(32)}`, s: `0x${"22".repeat(32)}`, yParity: 1 } as const;

describe("what is read", () => {
  test("a signed transaction of any type is malformed", () => {
    const signed = [
      serializeTransaction({ chainId: 1, nonce: 9, gasPrice: 20n, gas: 21_000n, to: FRIEND }, { ...signature, v: 37n }),
      serializeTransaction({ nonce: 9, gasPrice: 20n, gas: 21_000n, to: FRIEND }, { ...signature, v: 27n }),
      serializeTransaction({ type: "eip2930", chainId: 1, nonce: 9, gasPrice: 2n, gas: 21_000n, to: FRIEND, accessList: [] }, signature),
      serializeTransaction({ ...fees, to: FRIEND }, signature),
    ];
    for (const payload of signed) expect(code(() => decode(payload))).toBe("chain/malformed");
    expect(() => decode(signed[3]!)).toThrow("got one with a signature");
    // A parity without r and s.
    const unsigned = serializeTransaction({ ...fees, to: FRIEND }).slice(6);
    const halfSigned = `0x02${(0xc0 + unsigned.length / 2 + 3).toString(16)}${unsigned}018080`;
    expect(code(() => decode(halfSigned))).toBe("chain/malformed");
  });

  test("the digest is Keccak-256 of the transaction's own encoding, as other libraries make it", () => {
    for (const payload of [
      serializeTransaction({ ...fees, to: FRIEND }),
      serializeTransaction({ chainId: 1, nonce: 9, gasPrice: 20n, gas: 21_000n, to: FRIEND }),
    ]) {
      const intent = decode(payload);
      expect(`0x${toHex(intent.signables[0]!.digest)}`).toBe(keccak256(payload));
      expect(intent.signables).toMatchObject([{ scheme: "ecdsa", path: [] }]);
    }
  });

  test("the account may be written all lowercase; the intent has its checked form", () => {
    const payload = serializeTransaction({ ...fees, to: FRIEND });
    const lower = evm.decode(request(payload, "eip155:1", ACCOUNT.toLowerCase()), keys, book);
    expect(lower.account).toBe(ACCOUNT);
    expect(lower.id).toBe(decode(payload).id);
    expect(code(() => evm.decode(request(payload, "eip155:1", ACCOUNT.toUpperCase()), keys, book))).toBe("request/malformed");
    expect(code(() => evm.decode(request(payload, "eip155:1", ACCOUNT.replace("d8A", "D8A")), keys, book))).toBe("request/malformed");
  });

  test("a message never quotes the payload", () => {
    const long = `0x02f9${"0400"}${"ab".repeat(0x400)}`;
    try {
      decode(long);
      expect.unreachable();
    } catch (error) {
      expect(String((error as Error).message).length).toBeLessThan(200);
      expect((error as Error).cause).toBeUndefined();
    }
  });
});

describe("refusals after a complete parse", () => {
  test("no EIP-155 chain id: refused, with its effects on no chain", () => {
    const intent = decode(
      serializeTransaction({
        nonce: 7,
        gasPrice: 20n,
        gas: 100_000n,
        to: USDC,
        data: encodeFunctionData({ abi: parseAbi(["function transfer(address,uint256)"]), args: [FRIEND, 5n] }),
      }),
    );
    expect(intent.refusals.map((reason) => reason.code)).toEqual(["evm/no-chain-id"]);
    expect(intent.effects).toMatchObject([{ kind: "transfer", asset: `erc20:${USDC}` }, { kind: "fee" }]);
    for (const effect of intent.effects) expect(effect).not.toHaveProperty("chain");
    expect(intent.effects.at(-1)).not.toHaveProperty("amount");
  });

  test("chain id 0 in a typed transaction is no chain id", () => {
    const payload = serializeTransaction({ ...fees, chainId: 1, to: FRIEND }).replace(/^(0x02..)01/, "$180");
    expect(refusals(payload)).toEqual(["evm/no-chain-id"]);
  });

  test("another chain than the request's", () => {
    const payload = serializeTransaction({ ...fees, chainId: 137, to: FRIEND });
    expect(decode(payload).refusals).toMatchObject([{ code: "evm/chain-mismatch", params: { request: "1", transaction: "137" } }]);
    expect(decode(payload).effects).toMatchObject([
      { kind: "transfer", chain: "eip155:137" },
      { kind: "fee", chain: "eip155:137" },
    ]);
    expect(refusals(payload, "eip155:137")).toEqual([]);
  });

  test("more gas than a transaction may have, and no more", () => {
    expect(refusals(serializeTransaction({ ...fees, gas: 2n ** 24n, to: FRIEND }))).toEqual([]);
    expect(refusals(serializeTransaction({ ...fees, gas: 2n ** 24n + 1n, to: FRIEND }))).toEqual(["evm/gas-over-cap"]);
  });

  test("fields that nobody would mean, each named", () => {
    const field = (payload: string) => decode(payload).refusals.map((reason) => [reason.code, reason.params.field]);
    expect(field(serializeTransaction({ ...fees, gas: 20_999n, to: FRIEND }))).toEqual([["evm/implausible-field", "gasLimit"]]);
    expect(field(serializeTransaction({ ...fees, maxFeePerGas: 10n ** 13n + 1n, to: FRIEND }))).toEqual([
      ["evm/implausible-field", "maxFeePerGas"],
    ]);
    expect(field(serializeTransaction({ ...fees, value: 10n ** 24n + 1n, to: FRIEND }))).toEqual([["evm/implausible-field", "value"]]);
    expect(field(serializeTransaction({ ...fees }))).toEqual([["evm/implausible-field", "to"]]);
  });

  test("an account that has sent many transactions can go on", () => {
    expect(refusals(serializeTransaction({ ...fees, nonce: 20_000_000, to: FRIEND }))).toEqual([]);
  });

  test("a fee that a policy must judge is not refused here (hostile case D08)", () => {
    const payload = "0x02ec010786091812d7d60086091812d7d60083f4240094d8da6bf26964af9d7eed9e03e53415d37aa960450180c0";
    expect(decode(payload).refusals).toEqual([]);
    expect(decode(payload).effects.at(-1)).toMatchObject({ kind: "fee", amount: 159_984_000_000_000_000_000n });
  });
});

describe("assemble", () => {
  const intent = decode(serializeTransaction({ ...fees, to: FRIEND, value: 5n }));
  const [good] = sign(intent);

  test("gives the bytes and the hash that other libraries give", () => {
    const { bytes, hash, complete } = assemble(intent, [good!]);
    const parts = {
      r: `0x${toHex(good!.bytes.subarray(0, 32))}`,
      s: `0x${toHex(good!.bytes.subarray(32))}`,
      yParity: good!.recovery!,
    } as const;
    expect(`0x${toHex(bytes)}`).toBe(serializeTransaction({ ...fees, to: FRIEND, value: 5n }, parts));
    expect(hash).toBe(`0x${toHex(keccak_256(bytes))}`);
    expect(complete).toBe(true);
  });

  test("refuses a high s, the other point, no point, and a stranger's signature", () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = BigInt(`0x${toHex(good!.bytes.subarray(32))}`);
    const high = fromHex((order - s).toString(16).padStart(64, "0"));
    const other = good!.recovery === 0 ? 1 : 0;
    for (const bad of [
      { bytes: Uint8Array.of(...good!.bytes.subarray(0, 32), ...high), recovery: other },
      { bytes: good!.bytes, recovery: other },
      { bytes: good!.bytes },
      { bytes: new Uint8Array(64).fill(0xff), recovery: 0 },
      ...sign(intent, new Uint8Array(32).fill(0x47)),
    ] as const) {
      expect(code(() => assemble(intent, [bad]))).toBe("chain/malformed");
    }
  });

  test("refuses a signature of another intent, and another intent's digest", () => {
    const another = decode(serializeTransaction({ ...fees, to: MALLORY, value: 5n }));
    expect(code(() => assemble(another, [good!]))).toBe("chain/malformed");
    expect(code(() => assemble({ ...another, signables: intent.signables }, [good!]))).toBe("chain/malformed");
    // The bytes are the signed ones, but what was shown to the signer as their digest is not theirs.
    expect(code(() => assemble({ ...intent, signables: another.signables }, [good!]))).toBe("chain/malformed");
    expect(code(() => assemble({ ...intent, account: FRIEND }, [good!]))).toBe("chain/malformed");
    expect(code(() => assemble({ ...intent, kind: "message" }, [good!]))).toBe("chain/malformed");
  });
});

describe("work is bounded by counting", { timeout: 60_000 }, () => {
  const measured = (payload: string, with_ = book) => {
    const work = newWork();
    const outcome = code(() => decodeRequest(request(payload), keys, with_, work));
    return { ...work, outcome };
  };

  test("ten megabytes of call data are refused before any parsing (hostile case D05)", () => {
    const payload = `0x02${"ab".repeat(10 * 1024 * 1024)}`;
    expect(measured(payload)).toEqual({ ...newWork(), outcome: "chain/too-large" });
    expect(measured(`0x${"ab".repeat(MAX_BYTES + 1)}`)).toMatchObject({ parses: 0, outcome: "chain/too-large" });
    expect(measured(`0x${"ab".repeat(MAX_BYTES)}`)).toMatchObject({ parses: 1, outcome: "chain/malformed" });
  });

  test("lists nested as deep as 128 KiB allow are malformed", () => {
    for (const depth of [100, 1023, 1025, 20_000]) {
      let nested = Uint8Array.of(0xc0);
      const parts: number[][] = [];
      for (let i = 0, length = 1; i < depth; i++) {
        const prefix =
          length < 56
            ? [0xc0 + length]
            : length < 256
              ? [0xf8, length]
              : length < 65536
                ? [0xf9, length >> 8, length & 255]
                : [0xfa, length >> 16, (length >> 8) & 255, length & 255];
        parts.push(prefix);
        length += prefix.length;
      }
      nested = Uint8Array.of(...parts.reverse().flat(), ...nested);
      expect(measured(`0x${toHex(nested)}`)).toMatchObject({ parses: 1, words: 0, outcome: "chain/malformed" });
      expect(measured(`0x02${toHex(nested)}`)).toMatchObject({ parses: 1, words: 0, outcome: "chain/malformed" });
    }
  });

  test("no word of call data is read more than once", () => {
    const batch = parseAbi(["function safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)"]);
    const many = Array.from({ length: 2_000 }, (_, i) => BigInt(i));
    const full = encodeFunctionData({ abi: batch, args: [ACCOUNT, FRIEND, many, many, "0x"] });
    const payload = serializeTransaction({ ...fees, gas: 16_000_000n, to: MULTI, data: full });
    const { words, outcome } = measured(payload);
    expect(outcome).toBe("nothing was thrown");
    expect(words).toBe((full.length - 10) / 64);
    const items = parseAbi(["function pay((address,uint256)[],bool)"]);
    const pay = encodeFunctionData({ abi: items, args: [many.map((amount) => [FRIEND, amount] as const), true] });
    expect(measured(serializeTransaction({ ...fees, gas: 16_000_000n, to: BANK, data: pay })).words).toBe((pay.length - 10) / 64);
  });

  test("128 KiB of authorizations recover no key", () => {
    const item = { chainId: 1, address: MALLORY, nonce: 0, ...signature } as const;
    const payload = serializeTransaction({ ...fees, type: "eip7702", to: FRIEND, authorizationList: new Array(1_300).fill(item) });
    expect(measured(payload)).toEqual({ ...newWork(), parses: 1, outcome: "nothing was thrown" });
    expect(kinds(decode(payload).effects)).toEqual(["transfer", "unknown", "fee"]);
  });

  test("128 KiB of access list, blobs and call data are one parse", () => {
    const entry = { address: MALLORY, storageKeys: [] } as const;
    for (const payload of [
      serializeTransaction({ ...fees, to: FRIEND, accessList: new Array(5_000).fill(entry) }),
      serializeTransaction({
        ...fees,
        type: "eip4844",
        to: FRIEND,
        maxFeePerBlobGas: 1n,
        blobVersionedHashes: new Array(3_900).fill(`0x01${"22".repeat(31)}`),
      }),
      serializeTransaction({ ...fees, to: USDC, data: `0xa9059cbb${"00".repeat(130_000)}` }),
    ]) {
      const { parses, words, outcome } = measured(payload, emptyBook);
      expect({ parses, words, outcome }).toEqual({ parses: 1, words: 0, outcome: "nothing was thrown" });
    }
  });
});
