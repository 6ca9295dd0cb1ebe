import { encodeFunctionData, parseAbi, serializeTransaction } from "viem";
import { hashAuthorization, recoverAuthorizationAddress } from "viem/utils";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import type { Json } from "../../../src/base/canonical.ts";
import { readAuthorization } from "../../../src/chains/evm/authorization.ts";
import { evm } from "../../../src/chains/evm/index.ts";
import { emptyBook } from "../../../src/intent/book.ts";
import type { Effect } from "../../../src/intent/effect.ts";
import { ACCOUNT, ask, assemble, code, FRIEND, MALLORY, request, sign, USDC } from "./fixtures.ts";

const decode = (payload: Json, { chain = "eip155:1", account = ACCOUNT } = {}) =>
  evm.decode(ask("authorization", payload, chain, account), { address: account }, emptyBook);
const digestOf = (payload: Json, of = {}) => `0x${toHex(decode(payload, of).signables[0]!.digest)}`;
const NOBODY = `0x${"0".repeat(40)}`;

describe("what is signed of an authorization", () => {
  test("keccak(0x05 || rlp([chain_id, address, nonce])), as viem has it", () => {
    for (const [chainId, nonce] of [
      [0, 0],
      [1, 7],
      [127, 127],
      [128, 128],
      [8453, 300],
      [2 ** 53 - 1, 2 ** 53 - 1],
    ] as const) {
      expect(digestOf({ address: MALLORY, chainId, nonce }, { chain: `eip155:${chainId || 1}` })).toBe(
        hashAuthorization({ address: MALLORY, chainId, nonce }),
      );
    }
  });

  test("numbers and decimal text are the same intent, and so are both ways to write the address", () => {
    const intent = decode({ address: MALLORY, chainId: 1, nonce: 7 });
    expect(decode({ nonce: "7", chainId: "1", address: MALLORY.toLowerCase() })).toEqual(intent);
    expect(`0x${toHex(intent.bytes)}`).toBe(`0x05d70194${MALLORY.slice(2).toLowerCase()}07`);
    expect(intent.signables).toMatchObject([{ scheme: "ecdsa", path: [] }]);
    expect(intent.lane).toBeUndefined();
  });

  test("nonces go up to what the chain takes", () => {
    const last = (2n ** 64n - 2n).toString();
    expect(`0x${toHex(decode({ address: MALLORY, chainId: 1, nonce: last }).bytes)}`).toBe(
      `0x05df0194${MALLORY.slice(2).toLowerCase()}88fffffffffffffffe`,
    );
    expect(code(() => decode({ address: MALLORY, chainId: 1, nonce: (2n ** 64n - 1n).toString() }))).toBe("request/malformed");
  });

  test("exactly three members, each in its form", () => {
    const good = { address: MALLORY, chainId: 1, nonce: 7 };
    const malformed: readonly Json[] = [
      null,
      [],
      "0x05",
      {},
      { address: MALLORY, chainId: 1 },
      { ...good, yParity: 0 },
      { ...good, contractAddress: MALLORY },
      { ...good, chainId: -1 },
      { ...good, chainId: 1.5 },
      { ...good, chainId: "01" },
      { ...good, chainId: "0x1" },
      { ...good, chainId: "" },
      { ...good, chainId: null },
      { ...good, chainId: (2n ** 256n).toString() },
      { ...good, nonce: 2 ** 53 },
      { ...good, nonce: " 7" },
      { ...good, nonce: "7.0" },
      { ...good, address: null },
    ];
    for (const payload of malformed)
      expect(
        code(() => decode(payload)),
        JSON.stringify(payload),
      ).toBe("request/malformed");
    for (const address of ["", "0x", MALLORY.slice(0, -1), `${MALLORY}00`, MALLORY.replace("BAd", "bAd"), "vitalik.eth"])
      expect(code(() => decode({ ...good, address }))).toBe("chain/malformed");
  });
});

describe("what an authorization does", () => {
  const effect: Effect = {
    kind: "delegation",
    at: [],
    chain: "eip155:1",
    account: ACCOUNT,
    to: MALLORY,
    replayable: false,
    why: "good while the account's nonce is 7",
    outlives: true,
  };

  test("it delegates the account, on its chain, lastingly", () => {
    const intent = decode({ address: MALLORY, chainId: 1, nonce: 7 });
    expect(intent.effects).toEqual([effect]);
    expect(intent.refusals).toEqual([]);
  });

  test("on chain 0 it is everywhere, which is no mismatch but an unknown chain (hostile case D06)", () => {
    const { chain: _chain, ...nowhere } = effect;
    const intent = decode({ address: MALLORY, chainId: 0, nonce: 8 });
    expect(intent.effects).toEqual([{ ...nowhere, replayable: true, why: "good while the account's nonce is 8" }]);
    expect(intent.refusals).toEqual([]);
  });

  test("another chain than the request's is refused, its effect is reported", () => {
    const intent = decode({ address: MALLORY, chainId: 10, nonce: 7 });
    expect(intent.effects).toEqual([{ ...effect, chain: "eip155:10" }]);
    expect(intent.refusals).toMatchObject([{ code: "evm/chain-mismatch", params: { request: "1", authorization: "10" } }]);
  });

  test("taking a delegation back is a delegation too, and says so", () => {
    expect(decode({ address: NOBODY, chainId: 1, nonce: 7 }).effects).toEqual([
      {
        ...effect,
        to: NOBODY,
        why: "takes the account's delegation back, so that it has no code again; good while the account's nonce is 7",
      },
    ]);
  });

  test("two that differ in their nonce do not look alike", () => {
    const whyOf = (nonce: string) => decode({ address: MALLORY, chainId: 1, nonce }).effects[0]?.why;
    expect(whyOf("18446744073709551614")).toBe("good while the account's nonce is 18446744073709551614");
    expect(whyOf("7")).not.toBe(whyOf("8"));
  });

  test("inside a transaction it is the same effect", () => {
    for (const payload of [
      { address: MALLORY, chainId: 1, nonce: 7 },
      { address: MALLORY, chainId: 0, nonce: 8 },
      { address: NOBODY, chainId: 1, nonce: 9 },
    ] as const) {
      const intent = decode(payload);
      const [signature] = sign(intent);
      const tuple = {
        ...payload,
        address: payload.address as `0x${string}`,
        r: `0x${toHex(signature!.bytes.subarray(0, 32))}`,
        s: `0x${toHex(signature!.bytes.subarray(32))}`,
        yParity: signature!.recovery!,
      } as const;
      const data = encodeFunctionData({ abi: parseAbi(["function transfer(address,uint256)"]), args: [FRIEND, 1n] });
      const fees = { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n, gas: 100_000n, nonce: 1, chainId: 1 };
      const raw = serializeTransaction({ ...fees, type: "eip7702", to: USDC, data, authorizationList: [tuple] });
      const effects = evm.decode(request(raw), { address: ACCOUNT }, emptyBook).effects;
      expect(effects.filter(({ kind }) => kind === "delegation")).toEqual(intent.effects);
    }
  });
});

describe("the signature of an authorization", () => {
  const intent = decode({ address: MALLORY, chainId: 1, nonce: 7 });
  const [good] = sign(intent);

  test("is 65 bytes with v = 27 + yParity, by the authority that viem recovers", async () => {
    const { bytes, hash, complete } = assemble(intent, [good!]);
    expect(bytes.length).toBe(65);
    expect(hash).toBe(hashAuthorization({ address: MALLORY, chainId: 1, nonce: 7 }));
    expect(complete).toBe(true);
    const authorization = {
      address: MALLORY,
      chainId: 1,
      nonce: 7,
      r: `0x${toHex(bytes.subarray(0, 32))}`,
      s: `0x${toHex(bytes.subarray(32, 64))}`,
      yParity: bytes[64]! - 27,
    } as const;
    expect(await recoverAuthorizationAddress({ authorization })).toBe(ACCOUNT);
  });

  test("refuses a high s, the other point, a stranger's, and one of another authorization or account", () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const high = fromHex((order - BigInt(`0x${toHex(good!.bytes.subarray(32))}`)).toString(16).padStart(64, "0"));
    const other = good!.recovery === 0 ? 1 : 0;
    const another = decode({ address: MALLORY, chainId: 1, nonce: 8 });
    for (const bad of [
      { bytes: Uint8Array.of(...good!.bytes.subarray(0, 32), ...high), recovery: other },
      { bytes: good!.bytes, recovery: other },
      { bytes: good!.bytes },
      { bytes: new Uint8Array(64).fill(0xff), recovery: 0 },
      ...sign(intent, new Uint8Array(32).fill(0x47)),
      ...sign(another),
    ] as const)
      expect(code(() => assemble(intent, [bad]))).toBe("chain/malformed");
    expect(code(() => assemble({ ...another, signables: intent.signables }, [good!]))).toBe("chain/malformed");
    expect(code(() => assemble({ ...intent, signables: another.signables }, [good!]))).toBe("chain/malformed");
    expect(code(() => assemble({ ...intent, account: FRIEND }, [good!]))).toBe("chain/malformed");
  });

  test("bytes that are no authorization in its one encoding are never read as one", () => {
    const body = `94${MALLORY.slice(2).toLowerCase()}`;
    expect(readAuthorization(fromHex(`05d701${body}07`))).toEqual({ chainId: 1n, address: MALLORY, nonce: 7n });
    expect(readAuthorization(fromHex(`05d780${body}80`))).toEqual({ chainId: 0n, address: MALLORY, nonce: 0n });
    for (const hex of [
      "",
      "05",
      "05c0",
      `04d701${body}07`,
      `d701${body}07`,
      `05d701${body}0700`,
      `05d700${body}07`,
      `05d701${body}00`,
      `05d88101${body}07`,
      `05d9820001${body}07`,
      `05d601${body}`,
      `05d801${body}0707`,
      `05d701${body}c0`,
      "05c4018163c0",
      `05d60193${MALLORY.slice(4).toLowerCase()}07`,
      `05f83801${body}a0${"11".repeat(32)}`,
    ])
      expect(
        code(() => readAuthorization(fromHex(hex))),
        hex,
      ).toBe("chain/malformed");
  });
});
