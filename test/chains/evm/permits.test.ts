import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/base/canonical.ts";
import { emptyBook, makeBook } from "../../../src/intent/book.ts";
import { type Effect, UNLIMITED } from "../../../src/intent/effect.ts";
import { ACCOUNT, FRIEND, kinds, MALLORY, USDC } from "./fixtures.ts";
import { changed, decodeTyped, members, type Parts, PERMIT2, PERMITS, USDT, withoutDomain } from "./typed-fixtures.ts";

const NEVER = 2n ** 48n - 1n;
const { PermitSingle, PermitBatch, PermitTransferFrom, PermitBatchTransferFrom, DAI } = PERMITS;
const EIP2612 = PERMITS["EIP-2612"];
const { TransferWithAuthorization, ReceiveWithAuthorization } = PERMITS;

const effects = (payload: Parts, options: Parameters<typeof decodeTyped>[1] = {}) =>
  decodeTyped(payload as unknown as Json, options).effects;
const only = (payload: Parts): Effect => {
  const [effect, ...others] = effects(payload);
  expect(others).toEqual([]);
  return effect as Effect;
};
/** One member of the details of a PermitSingle. */
const details = (change: { readonly [name: string]: Json }) =>
  changed(PermitSingle, { message: { details: { ...PermitSingle.message.details, ...change } } });

/** Who acts on a witness is the spender, so that a policy can accept one of them. */
const witness = (spender: string) => ({
  kind: "unknown",
  at: [],
  account: ACCOUNT,
  contract: spender,
  class: "U2",
  why: "a witness: what the spender makes of it is not known",
});
const hasWitness = ({ primaryType }: Parts) => primaryType.includes("Witness");

describe("what a permit gives, where the policy names who verifies it", () => {
  const allowance = {
    kind: "signedAllowance",
    at: [],
    chain: "eip155:1",
    account: ACCOUNT,
    asset: `erc20:${USDC}`,
    to: MALLORY,
    amount: 25_000_000n,
    replayable: false,
    outlives: true,
    why: expect.any(String),
  };
  const byToken = { ...allowance, contract: USDC, domain: "USD Coin", primaryType: "Permit", expiry: UNLIMITED };
  const byPermit2 = { ...allowance, contract: PERMIT2, domain: "Permit2" };

  test("EIP-2612: an allowance that, once set, has no end, whatever the deadline", () => {
    expect(only(EIP2612)).toEqual(byToken);
    expect(only(changed(EIP2612, { message: { deadline: 1 } }))).toEqual(byToken);
  });

  test("DAI: all or nothing, and no end either", () => {
    expect(only(DAI)).toEqual({ ...byToken, amount: UNLIMITED });
    expect(only(changed(DAI, { message: { allowed: false, expiry: "1893456000" } }))).toEqual({ ...byToken, amount: 0n });
  });

  test("Permit2, one token: an allowance until its expiration", () => {
    expect(only(PermitSingle)).toEqual({ ...byPermit2, primaryType: "PermitSingle", expiry: 1_900_000_000n });
  });

  test("Permit2, several tokens: one effect for each, also for a token that the policy does not name", () => {
    expect(effects(PermitBatch)).toEqual([
      { ...byPermit2, primaryType: "PermitBatch", expiry: 1_900_000_000n },
      // Expiration 0 is good for the block in which it is set, which is at the latest that of the deadline.
      { ...byPermit2, primaryType: "PermitBatch", asset: `erc20:${USDT}`, amount: 7n, expiry: 1_893_456_000n },
    ]);
  });

  test("Permit2, transfers by signature: the whole amount to the spender, until the deadline", () => {
    const given = { ...byPermit2, expiry: 1_893_456_000n };
    expect(only(PermitTransferFrom)).toEqual({ ...given, primaryType: "PermitTransferFrom" });
    expect(effects(PermitBatchTransferFrom)).toEqual([
      { ...given, primaryType: "PermitBatchTransferFrom" },
      { ...given, primaryType: "PermitBatchTransferFrom", asset: `erc20:${USDT}`, amount: 7n },
    ]);
  });

  test("Permit2 with a witness of any type: the whole amount, and beside it what only the spender knows", () => {
    for (const primaryType of ["PermitWitnessTransferFrom", "PermitBatchWitnessTransferFrom"] as const) {
      const named = { domain: "Permit2", primaryType };
      expect(effects(PERMITS[primaryType])).toEqual([
        { ...byPermit2, ...named, expiry: 1_893_456_000n },
        { ...witness(MALLORY), ...named, chain: "eip155:1" },
      ]);
    }
  });

  test("a witness is unknown however little the spender may take with it, and whoever the spender is", () => {
    const { PermitWitnessTransferFrom: one, PermitBatchWitnessTransferFrom: several } = PERMITS;
    const nothing = { spender: FRIEND, permitted: { token: USDC, amount: "0" } };
    expect(effects(changed(one, { message: nothing }))).toMatchObject([{ kind: "signedAllowance", amount: 0n }, witness(FRIEND)]);
    expect(effects(changed(several, { message: { permitted: [] } }))).toMatchObject([
      { kind: "unknown", why: "a permit of 0 tokens: read are 1 to 256" },
      witness(MALLORY),
    ]);
  });

  test("ERC-3009: a transfer until validBefore, and who may submit it", () => {
    const transfer = {
      kind: "transfer",
      at: [],
      chain: "eip155:1",
      account: ACCOUNT,
      asset: `erc20:${USDC}`,
      to: FRIEND,
      amount: 25_000_000n,
      contract: USDC,
      expiry: 1_893_456_000n,
      outlives: true,
    };
    expect(only(TransferWithAuthorization)).toEqual({ ...transfer, why: "anyone may submit it until 1893456000" });
    expect(only(ReceiveWithAuthorization)).toEqual({ ...transfer, why: "the recipient alone may submit it until 1893456000" });
  });
});

describe("amounts and times that contracts take for no limit", () => {
  test.each([
    [EIP2612, "value", 2n ** 255n - 1n, 2n ** 255n],
    [TransferWithAuthorization, "value", 2n ** 255n - 1n, 2n ** 255n],
  ] as const)("256 bits: from 2^255 on", (permit, member, most, top) => {
    expect(only(changed(permit, { message: { [member]: most.toString() } })).amount).toBe(most);
    for (const amount of [top, 2n ** 256n - 1n])
      expect(only(changed(permit, { message: { [member]: amount.toString() } })).amount).toBe(UNLIMITED);
  });

  test("Permit2's allowances have 160 bits: from 2^159 on", () => {
    expect(only(details({ amount: (2n ** 159n - 1n).toString() })).amount).toBe(2n ** 159n - 1n);
    for (const amount of [2n ** 159n, 2n ** 160n - 1n]) expect(only(details({ amount: amount.toString() })).amount).toBe(UNLIMITED);
  });

  test("Permit2's transfers have 256", () => {
    const of = (amount: bigint) =>
      only(changed(PermitTransferFrom, { message: { permitted: { token: USDC, amount: amount.toString() } } })).amount;
    expect(of(2n ** 160n - 1n)).toBe(2n ** 160n - 1n);
    expect(of(2n ** 255n)).toBe(UNLIMITED);
  });

  test("times from the end of 48 bits on", () => {
    const until = (seconds: bigint) => seconds.toString();
    expect(only(details({ expiration: until(NEVER - 1n) })).expiry).toBe(NEVER - 1n);
    expect(only(details({ expiration: until(NEVER) })).expiry).toBe(UNLIMITED);
    expect(
      only(
        changed(details({ expiration: 0 }), {
          message: { details: { ...PermitSingle.message.details, expiration: 0 }, sigDeadline: until(2n ** 256n - 1n) },
        }),
      ).expiry,
    ).toBe(UNLIMITED);
    for (const [permit, member] of [
      [TransferWithAuthorization, "validBefore"],
      [PermitTransferFrom, "deadline"],
    ] as const) {
      expect(only(changed(permit, { message: { [member]: until(NEVER - 1n) } })).expiry).toBe(NEVER - 1n);
      expect(only(changed(permit, { message: { [member]: until(NEVER) } })).expiry).toBe(UNLIMITED);
    }
  });
});

describe("what is not recognised is unknown, and what it claims stands beside it", () => {
  const unknown = { kind: "unknown", class: "U2", at: [], account: ACCOUNT };

  test.each(Object.entries(PERMITS))("%s of a contract that the policy does not name", (_name, permit) => {
    const [first, claim, ...others] = effects(permit, { book: emptyBook });
    expect(others).toMatchObject(hasWitness(permit) ? [witness(MALLORY)] : []);
    const { name: domain, verifyingContract: contract } = permit.domain;
    expect(first).toEqual({ ...unknown, chain: "eip155:1", contract, domain, primaryType: permit.primaryType, why: expect.any(String) });
    expect(claim).toMatchObject({ at: [], chain: "eip155:1", account: ACCOUNT, contract, why: expect.stringContaining("claims") });
    expect(claim).toMatchObject(
      permit.primaryType.endsWith("Authorization") ? { kind: "transfer", to: FRIEND } : { kind: "signedAllowance", to: MALLORY },
    );
    // Neither is known: an allow for the asset does not match it.
    for (const member of ["asset", "amount", "expiry", "replayable"]) expect(claim).not.toHaveProperty(member);
  });

  test.each(Object.entries(PERMITS))("%s whose domain names no chain", (_name, permit) => {
    const found = effects(withoutDomain(permit, "chainId"));
    expect(kinds(found)[0]).toBe("unknown");
    expect(found).toHaveLength(hasWitness(permit) ? 3 : 2);
    for (const effect of found) expect(effect).not.toHaveProperty("chain");
  });

  test.each(Object.entries(PERMITS))("%s whose domain names no contract", (_name, permit) => {
    const found = effects(withoutDomain(permit, "verifyingContract"));
    expect(kinds(found)[0]).toBe("unknown");
    for (const effect of found.slice(0, 2)) expect(effect).not.toHaveProperty("contract");
  });

  test.each(Object.entries(PERMITS))("%s for chain 0, which is none", (_name, permit) => {
    const { effects, refusals } = decodeTyped(changed(permit, { domain: { chainId: 0 } }) as unknown as Json);
    expect(kinds(effects)[0]).toBe("unknown");
    for (const effect of effects) expect(effect).not.toHaveProperty("chain");
    expect(refusals.map(({ code }) => code)).toEqual(["evm/chain-mismatch"]);
  });

  test("a token that is named on another chain only", () => {
    const polygon = makeBook([{ name: "USDC", chain: "eip155:137", asset: `erc20:${USDC}`, decimals: 6 }], []);
    expect(kinds(effects(EIP2612, { book: polygon }))).toEqual(["unknown", "signedAllowance"]);
    // By the domain's own chain, whatever the request says; the mismatch is a refusal of its own.
    expect(effects(changed(EIP2612, { domain: { chainId: 137 } }), { book: polygon })).toEqual([
      expect.objectContaining({
        kind: "signedAllowance",
        chain: "eip155:137",
        asset: `erc20:${USDC}`,
      }),
    ]);
  });

  test("a token's name alone, a contract of another kind, and an asset of another standard", () => {
    const other = makeBook(
      [{ name: "APES", chain: "eip155:1", asset: `erc721:${USDC}`, decimals: 0 }],
      [{ name: "permit2", chain: "eip155:1", address: PERMIT2, kind: "router", functions: [] }],
    );
    for (const permit of Object.values(PERMITS)) expect(kinds(effects(permit, { book: other }))[0]).toBe("unknown");
  });

  test("a token that the policy names under another standard, or under two: the amount can be the id of an NFT", () => {
    const named = (token: string, ...standards: readonly string[]) =>
      makeBook(
        standards.map((standard) => ({ name: standard, chain: "eip155:1", asset: `${standard}:${token}`, decimals: 0 })),
        [{ name: "permit2", chain: "eip155:1", address: PERMIT2, kind: "permit2", functions: [] }],
      );
    for (const permit of Object.values(PERMITS)) {
      for (const standards of [["erc721"], ["erc1155"], ["erc20", "erc721"], ["erc20", "erc1155"]]) {
        const [first, claim] = effects(permit, { book: named(USDC, ...standards) });
        expect(first).toMatchObject(unknown);
        // No asset: a forbid of the NFT holds, as one of everything that could be it.
        for (const member of ["asset", "amount", "expiry", "replayable"]) expect(claim).not.toHaveProperty(member);
      }
    }
    expect(effects(PermitTransferFrom, { book: named(USDC, "erc721") })[0]?.why).toBe(
      "a permit of a token that the policy names as erc721",
    );
    // One of several is enough, wherever it stands.
    expect(kinds(effects(PermitBatch, { book: named(USDT, "erc721") }))).toEqual(["unknown", "signedAllowance"]);
    expect(kinds(effects(PermitBatch, { book: named(USDT, "erc20") }))).toEqual(["signedAllowance", "signedAllowance"]);
  });

  test("Permit2 under another domain than its own", () => {
    const versioned = changed(PermitSingle, { domain: { version: "1" } });
    const renamed = changed(PermitSingle, { domain: { name: "Permit3" } });
    for (const permit of [versioned, renamed]) expect(kinds(effects(permit))).toEqual(["unknown", "signedAllowance"]);
  });

  test.each([
    ["owner", EIP2612],
    ["holder", DAI],
    ["from", TransferWithAuthorization],
    ["from", ReceiveWithAuthorization],
  ] as const)("an %s who is not the signing account", (owner, permit) => {
    expect(only(changed(permit, { message: { [owner]: MALLORY } }))).toMatchObject({ ...unknown, why: expect.stringContaining("owner") });
  });

  test.each([
    [
      "a member more",
      { Permit: members("address owner,address spender,uint256 value,uint256 nonce,uint256 deadline,bytes memo") },
      { memo: "0x" },
    ],
    ["another order", { Permit: members("address spender,address owner,uint256 value,uint256 nonce,uint256 deadline") }, {}],
    ["another width", { Permit: members("address owner,address spender,uint128 value,uint256 nonce,uint256 deadline") }, {}],
  ])("a type that is nearly EIP-2612: %s", (_name, types, message) => {
    expect(only(changed(EIP2612, { types, message }))).toMatchObject({ ...unknown, domain: "USD Coin", primaryType: "Permit" });
  });

  test("a struct that only ends like TokenPermissions does not pass for it", () => {
    const types = {
      PermitWitnessTransferFrom: members(
        "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,MyTokenPermissions witness",
      ),
      TokenPermissions: members("address token,uint128 amount"),
      MyTokenPermissions: members("address token,uint256 amount"),
    };
    const permit = changed(PERMITS.PermitWitnessTransferFrom, { types, message: { witness: { token: USDC, amount: 1 } } });
    expect(only(permit)).toMatchObject(unknown);
  });

  test("a witness beside another member is no witness", () => {
    const types = {
      ...PERMITS.PermitBatchWitnessTransferFrom.types,
      PermitBatchWitnessTransferFrom: [
        ...PERMITS.PermitBatchWitnessTransferFrom.types.PermitBatchWitnessTransferFrom,
        { name: "more", type: "bool" },
      ],
    };
    expect(only(changed(PERMITS.PermitBatchWitnessTransferFrom, { types, message: { more: true } }))).toMatchObject(unknown);
  });

  test("no token, and more than can be looked at", () => {
    const batch = (length: number) =>
      changed(PermitBatch, { message: { details: new Array<Json>(length).fill(PermitBatch.message.details[0]) } });
    expect(only(batch(0))).toMatchObject({ ...unknown, why: "a permit of 0 tokens: read are 1 to 256" });
    expect(effects(batch(256))).toHaveLength(256);
    expect(only(batch(257))).toMatchObject({ ...unknown, why: "a permit of 257 tokens: read are 1 to 256" });
  });

  test("a domain or a type of a name that no policy can name is left out, and so is not in the log either", () => {
    const named = (domain: string, primaryType = "Go") =>
      only({ types: { [primaryType]: [] }, primaryType, domain: { name: domain }, message: {} });
    expect(named("x".repeat(200), "T".repeat(100))).toMatchObject({ domain: "x".repeat(200), primaryType: "T".repeat(100) });
    expect(named("🤗".repeat(200))).toMatchObject({ domain: "🤗".repeat(200), primaryType: "Go" });
    for (const domain of ["", "x".repeat(201), "🤗".repeat(201), "x".repeat(100_000), "\u001b[2Jx", "a\nb"])
      expect(named(domain)).toEqual({ ...unknown, primaryType: "Go", why: expect.any(String) });
    expect(named("x", "T".repeat(101))).toEqual({ ...unknown, domain: "x", why: expect.any(String) });
    for (const effect of effects(changed(EIP2612, { domain: { name: "x".repeat(201) } }))) expect(effect).not.toHaveProperty("domain");
  });

  test("a Safe transaction is not looked into", () => {
    const safe = {
      types: { SafeTx: members("address to,uint256 value,bytes data,uint8 operation") },
      primaryType: "SafeTx",
      domain: { chainId: 1, verifyingContract: FRIEND },
      message: { to: USDC, value: 0, data: `0xa9059cbb${"00".repeat(64)}`, operation: 1 },
    };
    expect(only(safe)).toEqual({
      ...unknown,
      chain: "eip155:1",
      contract: FRIEND,
      primaryType: "SafeTx",
      why: "typed data whose meaning is not known",
    });
  });
});

describe("control over the account", () => {
  const control = { kind: "unknown", class: "U3", at: [], account: ACCOUNT, chain: "eip155:1" };
  const { types, primaryType, message } = {
    types: { Execute: members("address to,uint256 value,bytes data") },
    primaryType: "Execute",
    message: { to: MALLORY, value: "1", data: "0x" },
  };

  test("what the account's own code verifies, also where it looks like a permit or the policy names the account", () => {
    const domain = { name: "Delegate", chainId: 1, verifyingContract: ACCOUNT };
    const execute = { types, primaryType, domain, message };
    const why = "typed data that the account's own code verifies";
    expect(only(execute)).toEqual({ ...control, contract: ACCOUNT, domain: "Delegate", primaryType, why });
    expect(only(changed(execute, { domain: { verifyingContract: FRIEND } }))).toMatchObject({ class: "U2" });
    const itself = makeBook(
      [{ name: "me", chain: "eip155:1", asset: `erc20:${ACCOUNT}`, decimals: 0 }],
      [{ name: "also me", chain: "eip155:1", address: ACCOUNT, kind: "permit2", functions: [] }],
    );
    for (const permit of Object.values(PERMITS)) {
      const found = effects(changed(permit, { domain: { verifyingContract: ACCOUNT } }), { book: itself });
      expect(found).toMatchObject([{ ...control, contract: ACCOUNT, why }]);
    }
  });

  test.each(["PackedUserOperation", "UserOperation"])("a %s whose sender is the account", (primaryType) => {
    const operation = {
      types: { [primaryType]: members("address sender,uint256 nonce,bytes callData") },
      primaryType,
      domain: { name: "ERC4337", version: "1", chainId: 1, verifyingContract: FRIEND },
      message: { sender: ACCOUNT.toLowerCase(), nonce: 0, callData: "0x" },
    };
    const why = "a user operation of the account";
    expect(only(operation)).toEqual({ ...control, contract: FRIEND, domain: "ERC4337", primaryType, why });
    // Of another account, which this one may own: a signature like any other.
    expect(only(changed(operation, { message: { sender: FRIEND } }))).toMatchObject({ class: "U2" });
  });
});
