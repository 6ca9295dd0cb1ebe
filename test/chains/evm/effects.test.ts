import { encodeFunctionData, getContractAddress, parseAbi, serializeTransaction, toFunctionSelector } from "viem";
import * as viemChains from "viem/chains";
import { describe, expect, test } from "vitest";
import { hasBoundedFee } from "../../../src/chains/evm/fee.ts";
import { selectorOf } from "../../../src/chains/evm/signature.ts";
import { TOKEN_FUNCTIONS } from "../../../src/chains/evm/tokens.ts";
import { makeBook } from "../../../src/intent/book.ts";
import { type Effect, UNLIMITED } from "../../../src/intent/effect.ts";
import { ACCOUNT, BANK, decode, decodeUnnamed, FRIEND, kinds, MALLORY, MULTI, NFT, USDC } from "./fixtures.ts";

const abi = parseAbi([
  "function transfer(address,uint256)",
  "function approve(address,uint256)",
  "function increaseAllowance(address,uint256)",
  "function decreaseAllowance(address,uint256)",
  "function transferFrom(address,address,uint256)",
  "function setApprovalForAll(address,bool)",
  "function safeTransferFrom(address,address,uint256,uint256,bytes)",
  "function safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
  "function deposit(uint256,address)",
  "function pay((address,uint256)[],bool)",
]);
const abi721 = parseAbi(["function safeTransferFrom(address,address,uint256)"]);
const abi721Data = parseAbi(["function safeTransferFrom(address,address,uint256,bytes)"]);

const fees = { chainId: 1, nonce: 7, maxFeePerGas: 20n, maxPriorityFeePerGas: 1n, gas: 100_000n } as const;
type Fields = { to?: `0x${string}`; data?: `0x${string}`; value?: bigint };
const raw = (fields: Fields): string => serializeTransaction({ ...fees, ...fields });
const call = (functionName: string, args: unknown[]) => encodeFunctionData({ abi, functionName, args } as never);
/** All effects but the fee, which is last. */
const effects = (fields: Fields): readonly Effect[] => decode(raw(fields)).effects.slice(0, -1);
const base = { at: [], chain: "eip155:1", account: ACCOUNT };

describe("native value", () => {
  test("a plain transfer is one, of zero as well", () => {
    expect(effects({ to: FRIEND, value: 5n })).toEqual([
      { ...base, kind: "transfer", asset: "native", to: FRIEND, amount: 5n, contract: FRIEND },
    ]);
    expect(effects({ to: FRIEND })).toMatchObject([{ kind: "transfer", amount: 0n }]);
  });

  test("value sent along with a call is a transfer of its own to that contract", () => {
    const both = effects({ to: USDC, value: 10n ** 18n, data: call("transfer", [FRIEND, 5n]) });
    expect(both).toMatchObject([
      { kind: "transfer", asset: "native", to: USDC, amount: 10n ** 18n },
      { kind: "transfer", asset: `erc20:${USDC}`, to: FRIEND, amount: 5n },
    ]);
    expect(kinds(effects({ to: MALLORY, value: 1n, data: "0x12345678" }))).toEqual(["transfer", "unknown"]);
    expect(kinds(effects({ to: MALLORY, data: "0x12345678" }))).toEqual(["unknown"]);
  });

  test("a creation deploys, is unknown, and sends its value to the address that it will have", () => {
    const created = getContractAddress({ from: ACCOUNT, nonce: 7n });
    expect(effects({ data: "0x6001", value: 3n })).toMatchObject([
      { kind: "transfer", to: created, amount: 3n },
      { kind: "deploy", contract: created },
      { kind: "unknown", class: "U1", contract: created },
    ]);
    expect(kinds(effects({ data: "0x6001" }))).toEqual(["deploy", "unknown"]);
  });
});

describe("tokens that the book names", () => {
  test("the selectors of the table are those of its functions", () => {
    for (const functions of Object.values(TOKEN_FUNCTIONS)) {
      for (const [selector, { function: signature }] of Object.entries(functions)) {
        expect(selectorOf(signature)).toBe(selector);
        expect(toFunctionSelector(signature)).toBe(selector);
      }
    }
  });

  const erc20 = { ...base, asset: `erc20:${USDC}`, contract: USDC };
  test("an ERC-20 transfer", () => {
    expect(effects({ to: USDC, data: call("transfer", [FRIEND, 25n]) })).toEqual([
      { ...erc20, kind: "transfer", to: FRIEND, amount: 25n, selector: "0xa9059cbb" },
    ]);
  });

  test("an ERC-20 transferFrom names whose tokens they are, unless they are the account's", () => {
    expect(effects({ to: USDC, data: call("transferFrom", [MALLORY, FRIEND, 25n]) })).toMatchObject([
      { kind: "transfer", party: MALLORY, to: FRIEND, account: ACCOUNT, amount: 25n },
    ]);
    const own = effects({ to: USDC, data: call("transferFrom", [ACCOUNT, FRIEND, 25n]) });
    expect(own).toMatchObject([{ kind: "transfer", to: FRIEND, amount: 25n }]);
    expect(own[0]).not.toHaveProperty("party");
  });

  test("approve sets; from 2^255 on it is unlimited; 0 revokes and is an allowance of 0", () => {
    const approve = (amount: bigint) => effects({ to: USDC, data: call("approve", [MALLORY, amount]) })[0];
    expect(approve(7n)).toEqual({ ...erc20, kind: "allowance", to: MALLORY, amount: 7n, expiry: UNLIMITED, selector: "0x095ea7b3" });
    expect(approve(2n ** 256n - 1n)?.amount).toBe(UNLIMITED);
    expect(approve(2n ** 255n)?.amount).toBe(UNLIMITED);
    expect(approve(2n ** 255n - 1n)?.amount).toBe(2n ** 255n - 1n);
    expect(approve(0n)).toMatchObject({ kind: "allowance", amount: 0n });
  });

  test("increaseAllowance counts what it adds, decreaseAllowance nothing", () => {
    expect(effects({ to: USDC, data: call("increaseAllowance", [MALLORY, 7n]) })).toMatchObject([
      { kind: "allowance", to: MALLORY, amount: 7n, why: expect.stringContaining("adds") },
    ]);
    expect(effects({ to: USDC, data: call("decreaseAllowance", [MALLORY, 7n]) })).toMatchObject([
      { kind: "allowance", to: MALLORY, amount: 0n },
    ]);
  });

  const erc721 = { asset: `erc721:${NFT}`, contract: NFT, account: ACCOUNT };
  test("the same selectors mean a token id where the book says ERC-721", () => {
    expect(effects({ to: NFT, data: call("transferFrom", [ACCOUNT, FRIEND, 9n]) })).toMatchObject([
      { ...erc721, kind: "transfer", to: FRIEND, tokenId: 9n, amount: 1n },
    ]);
    expect(effects({ to: NFT, data: call("approve", [MALLORY, 9n]) })).toMatchObject([
      { ...erc721, kind: "allowance", to: MALLORY, tokenId: 9n, amount: 1n },
    ]);
    expect(effects({ to: NFT, data: call("approve", [`0x${"00".repeat(20)}`, 9n]) })).toMatchObject([
      { kind: "allowance", tokenId: 9n, amount: 0n },
    ]);
  });

  test("ERC-721 safe transfers, and the data they hand on is unknown", () => {
    const safe = encodeFunctionData({ abi: abi721, args: [ACCOUNT, FRIEND, 9n] });
    expect(effects({ to: NFT, data: safe })).toMatchObject([{ ...erc721, kind: "transfer", to: FRIEND, tokenId: 9n }]);
    const withData = (data: `0x${string}`) =>
      effects({ to: NFT, data: encodeFunctionData({ abi: abi721Data, args: [MALLORY, FRIEND, 9n, data] }) });
    expect(withData("0x")).toMatchObject([{ kind: "transfer", party: MALLORY, tokenId: 9n }]);
    expect(withData("0x01")).toMatchObject([
      { kind: "transfer", tokenId: 9n },
      { kind: "unknown", class: "U1", contract: FRIEND },
    ]);
  });

  test("ERC-1155 transfers, single and each of a batch", () => {
    const single = call("safeTransferFrom", [ACCOUNT, FRIEND, 3n, 40n, "0x"]);
    expect(effects({ to: MULTI, data: single })).toMatchObject([
      { kind: "transfer", asset: `erc1155:${MULTI}`, to: FRIEND, tokenId: 3n, amount: 40n },
    ]);
    const batch = (ids: bigint[], amounts: bigint[]) =>
      effects({ to: MULTI, data: call("safeBatchTransferFrom", [ACCOUNT, FRIEND, ids, amounts, "0x"]) });
    expect(batch([1n, 2n, 3n], [4n, 5n, 6n])).toMatchObject([
      { kind: "transfer", tokenId: 1n, amount: 4n },
      { kind: "transfer", tokenId: 2n, amount: 5n },
      { kind: "transfer", tokenId: 3n, amount: 6n },
    ]);
    expect(batch([1n, 2n], [4n])).toMatchObject([{ kind: "unknown", class: "U1" }]);
    expect(batch([], [])).toMatchObject([{ kind: "unknown", class: "U1" }]);
    const many = Array.from({ length: 257 }, (_, i) => BigInt(i));
    expect(batch(many, many)).toMatchObject([{ kind: "unknown", class: "U1" }]);
    expect(batch(many.slice(1), many.slice(1))).toHaveLength(256);
  });

  test("setApprovalForAll is an operator's allowance on both, revoked or not", () => {
    for (const [to, asset] of [
      [NFT, `erc721:${NFT}`],
      [MULTI, `erc1155:${MULTI}`],
    ] as const) {
      for (const approved of [true, false]) {
        expect(effects({ to, data: call("setApprovalForAll", [MALLORY, approved]) })).toMatchObject([
          { kind: "operatorAllowance", asset, to: MALLORY, contract: to },
        ]);
      }
    }
  });

  test("a contract that the book names as two kinds of token is unknown", () => {
    const asset = (standard: string) => ({ name: standard, chain: "eip155:1", asset: `${standard}:${USDC}`, decimals: 0 });
    const both = makeBook([asset("erc20"), asset("erc721")], []);
    expect(decode(raw({ to: USDC, data: call("transfer", [FRIEND, 25n]) }), { book: both }).effects).toMatchObject([
      { kind: "unknown", class: "U1" },
      { kind: "fee" },
    ]);
  });

  test("the book of another chain says nothing about this one", () => {
    const elsewhere = serializeTransaction({ ...fees, chainId: 137, to: USDC, data: call("transfer", [FRIEND, 25n]) });
    expect(decode(elsewhere, { chain: "eip155:137" }).effects).toMatchObject([{ kind: "unknown", chain: "eip155:137" }, { kind: "fee" }]);
  });
});

describe("calls that are not of a named token", () => {
  test("a function that the policy names is a call with its arguments", () => {
    expect(effects({ to: BANK, data: call("deposit", [5n, FRIEND]) })).toEqual([
      {
        ...base,
        kind: "call",
        contract: BANK,
        selector: toFunctionSelector("deposit(uint256,address)"),
        function: "deposit(uint256,address)",
        args: { amount: 5n, to: FRIEND },
      },
    ]);
    const note = encodeFunctionData({ abi: parseAbi(["function note(bytes,uint8,string)"]), args: ["0x1234", 5, "hi"] });
    expect(effects({ to: BANK, data: note })).toMatchObject([{ kind: "call", args: { memo: "0x1234", kind: 5n, 2: "hi" } }]);
  });

  test("arguments that are arrays or tuples are read but have no value to test", () => {
    expect(effects({ to: BANK, data: call("pay", [[[FRIEND, 5n]], true]) })).toMatchObject([
      { kind: "call", function: "pay((address,uint256)[],bool)", args: { 1: true } },
    ]);
  });

  test("another function of a named contract, and any of an unnamed one, is unknown U1", () => {
    expect(effects({ to: BANK, data: "0x12345678" })).toMatchObject([
      { kind: "unknown", class: "U1", contract: BANK, selector: "0x12345678" },
    ]);
    expect(effects({ to: MALLORY, data: call("transfer", [FRIEND, 5n]) })).toMatchObject([
      { kind: "unknown", class: "U1", contract: MALLORY, selector: "0xa9059cbb" },
    ]);
    expect(effects({ to: USDC, data: "0x12345678" })).toMatchObject([{ kind: "unknown", class: "U1", contract: USDC }]);
  });

  test("an approval on an unnamed contract stands beside the unknown, never instead of it", () => {
    const unnamed = (data: `0x${string}`) => decodeUnnamed(raw({ to: USDC, data })).effects.slice(0, -1);
    const claim = { to: MALLORY, contract: USDC };
    expect(unnamed(call("approve", [MALLORY, 5n]))).toMatchObject([
      { kind: "unknown", class: "U1" },
      { kind: "allowance", ...claim },
    ]);
    expect(unnamed(call("setApprovalForAll", [MALLORY, true]))).toMatchObject([
      { kind: "unknown", class: "U1" },
      { kind: "operatorAllowance", ...claim },
    ]);
    for (const effect of unnamed(call("approve", [MALLORY, 5n]))) {
      expect(effect).not.toHaveProperty("asset");
      expect(effect).not.toHaveProperty("amount");
    }
    expect(kinds(unnamed(call("transfer", [MALLORY, 5n])))).toEqual(["unknown"]);
  });

  test("approve named as a plain function is a call and what it claims", () => {
    const named = makeBook(
      [],
      [{ name: "x", chain: "eip155:1", address: USDC, kind: "x", functions: ["approve(address spender, uint256 amount)"] }],
    );
    expect(kinds(decode(raw({ to: USDC, data: call("approve", [MALLORY, 5n]) }), { book: named }).effects)).toEqual([
      "call",
      "allowance",
      "fee",
    ]);
  });

  test("functions that the policy writes wrongly, twice, or with two arguments alike name nothing", () => {
    const effectsWith = (...functions: string[]) => {
      const named = makeBook([], [{ name: "bank", chain: "eip155:1", address: BANK, kind: "x", functions }]);
      return kinds(decode(raw({ to: BANK, data: call("deposit", [5n, FRIEND]) }), { book: named }).effects);
    };
    expect(effectsWith("deposit(uint256,address)")).toEqual(["call", "fee"]);
    expect(effectsWith("deposit(uint256 a,address b)", "nonsense(")).toEqual(["call", "fee"]);
    expect(effectsWith("nonsense(")).toEqual(["unknown", "fee"]);
    expect(effectsWith("deposit(uint256,address)", "deposit(uint256 x,address y)")).toEqual(["unknown", "fee"]);
    expect(effectsWith("deposit(uint256 x,address x)")).toEqual(["unknown", "fee"]);
  });

  test("a call of the account to itself, and data too short for a selector, is unknown U3", () => {
    expect(effects({ to: ACCOUNT, data: call("transfer", [FRIEND, 5n]) })).toMatchObject([
      { kind: "unknown", class: "U3", contract: ACCOUNT },
    ]);
    expect(effects({ to: MALLORY, data: "0x123456" })).toMatchObject([{ kind: "unknown", class: "U3", contract: MALLORY }]);
    const ownToken = makeBook([{ name: "x", chain: "eip155:1", asset: `erc20:${ACCOUNT}`, decimals: 0 }], []);
    expect(decode(raw({ to: ACCOUNT, data: call("transfer", [FRIEND, 5n]) }), { book: ownToken }).effects).toMatchObject([
      { class: "U3" },
      { kind: "fee" },
    ]);
    expect(kinds(effects({ to: ACCOUNT }))).toEqual(["transfer"]);
  });

  test("data that is not in the canonical layout is unknown, and bytes behind it are unknown beside the effect", () => {
    const good = call("transfer", [FRIEND, 5n]);
    const dirty = `${good.slice(0, 10)}01${good.slice(12)}` as const;
    for (const data of [dirty, good.slice(0, -2), good.slice(0, 10)] as `0x${string}`[]) {
      expect(effects({ to: USDC, data })).toMatchObject([{ kind: "unknown", class: "U1", contract: USDC, selector: "0xa9059cbb" }]);
    }
    expect(effects({ to: USDC, data: `${good}0a` })).toMatchObject([
      { kind: "transfer", to: FRIEND, amount: 5n },
      { kind: "unknown", class: "U1", why: expect.stringContaining("trailing 1 bytes") },
    ]);
    expect(effects({ to: BANK, data: `${call("deposit", [5n, FRIEND])}${"00".repeat(32)}` })).toMatchObject([
      { kind: "call" },
      { kind: "unknown", why: expect.stringContaining("trailing 32 bytes") },
    ]);
  });

  test("an NFT's approval with a bool that is 2 is unknown", () => {
    const two = `${call("setApprovalForAll", [MALLORY, true]).slice(0, -1)}2` as `0x${string}`;
    expect(effects({ to: NFT, data: two })).toMatchObject([{ kind: "unknown", class: "U1" }]);
    expect(kinds(effects({ to: NFT, data: two }))).toEqual(["unknown"]);
  });
});

describe("fee", () => {
  const fee = (payload: string, chain?: string) => decode(payload, chain === undefined ? {} : { chain }).effects.at(-1);

  test("is gas limit times the most that the gas may cost", () => {
    expect(fee(raw({ to: FRIEND }))).toEqual({ ...base, kind: "fee", asset: "native", amount: 2_000_000n, gas: 100_000n, feeRate: 20n });
    expect(fee(serializeTransaction({ chainId: 1, nonce: 0, gasPrice: 3n, gas: 21_000n, to: FRIEND }))).toMatchObject({
      amount: 63_000n,
      feeRate: 3n,
    });
  });

  test("counts blobs, whose content is unknown", () => {
    const blob = (first: string) => `0x01${first.repeat(31)}` as const;
    const payload = serializeTransaction({
      ...fees,
      type: "eip4844",
      to: FRIEND,
      maxFeePerBlobGas: 5n,
      blobVersionedHashes: [blob("22"), blob("33")],
    });
    expect(fee(payload)).toMatchObject({ amount: 2_000_000n + 131_072n * 2n * 5n });
    expect(kinds(decode(payload).effects)).toEqual(["transfer", "unknown", "fee"]);
  });

  test("has no amount where the chain charges for data as well, but gas and price", () => {
    for (const chainId of [10, 8453, 534352, 5000]) {
      const effect = fee(serializeTransaction({ ...fees, chainId, to: FRIEND }), `eip155:${chainId}`);
      expect(effect).toMatchObject({ kind: "fee", asset: "native", gas: 100_000n, feeRate: 20n });
      expect(effect).not.toHaveProperty("amount");
    }
  });

  test("every chain that viem gives the OP Stack's fee oracle is known to charge for data", () => {
    type Definition = { id: number; contracts?: { gasPriceOracle?: unknown } };
    const stack = (Object.values(viemChains) as Definition[]).filter((chain) => chain.contracts?.gasPriceOracle !== undefined);
    expect(stack.length).toBeGreaterThan(50);
    expect(stack.filter((chain) => hasBoundedFee(BigInt(chain.id))).map((chain) => chain.id)).toEqual([]);
    for (const chainId of [1n, 137n, 42161n, 59144n, 11155111n, 31337n]) expect(hasBoundedFee(chainId)).toBe(true);
  });
});

describe("delegations (EIP-7702)", () => {
  // Signed by the account of the test key over (0, MALLORY, 8).
  const tuple = {
    chainId: 0,
    address: MALLORY,
    nonce: 8,
    yParity: 0,
    r: "0x2ebd7552e24bc9854bcd9aa2e27d2bbb1e1536f7ff64bcc371261f3a5419e595",
    s: "0x405e7c9fed6c2c7899c450fe23e7cbbb3ab1dcf4ead1fb84c94a05bbff99332c",
  } as const;
  // Published by viem (evm/tx/viem-recoverAuthorizationAddress).
  const foreign = {
    chainId: 1,
    address: "0xFBA3912Ca04dd458c843e2EE08967fC04f3579c2",
    nonce: 0,
    yParity: 0,
    r: "0xff5d79daa56d5aae2657e8950af71377f8c2860255a9c915948c071ef9286def",
    s: "0x17318a10ff56f0000a350a210fdb312ba22260a64f38dddc135912a6c4795c1d",
  } as const;
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const delegate = (...authorizationList: (typeof tuple | typeof foreign)[]) =>
    decode(serializeTransaction({ ...fees, type: "eip7702", to: FRIEND, authorizationList } as never)).effects.slice(1, -1);

  test("each is the authority's, outlives the transaction, and on chain 0 is everywhere", () => {
    const [everywhere, once] = delegate(tuple, foreign);
    const why = (nonce: number) => `good while the account's nonce is ${nonce}`;
    expect(everywhere).toEqual({
      kind: "delegation",
      at: [],
      account: ACCOUNT,
      to: MALLORY,
      replayable: true,
      outlives: true,
      why: why(8),
    });
    expect(once).toEqual({
      kind: "delegation",
      at: [],
      chain: "eip155:1",
      account: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
      to: foreign.address,
      replayable: false,
      outlives: true,
      why: why(0),
    });
  });

  test("without an authority that can be recovered it is unknown U3", () => {
    const highS = { ...tuple, yParity: 1, s: `0x${(order - BigInt(tuple.s)).toString(16)}` };
    for (const broken of [highS, { ...tuple, r: "0x0" }, { ...tuple, s: `0x${order.toString(16)}` }]) {
      expect(delegate(broken as never)).toMatchObject([{ kind: "unknown", class: "U3", account: ACCOUNT, outlives: true }]);
    }
  });

  test("more of them than are read are unknown U3 together", () => {
    expect(delegate(...new Array(17).fill(tuple))).toMatchObject([{ kind: "unknown", class: "U3" }]);
    expect(delegate(...new Array(16).fill(tuple))).toHaveLength(16);
  });
});

describe("lane", () => {
  test("is chain, account and nonce of the transaction", () => {
    expect(decode(raw({ to: FRIEND })).lane).toBe(`eip155:1/${ACCOUNT}/7`);
    expect(decode(raw({ to: MALLORY, value: 9n })).lane).toBe(`eip155:1/${ACCOUNT}/7`);
  });
});
