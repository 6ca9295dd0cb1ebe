import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import type { Session } from "../../src/index.ts";
import {
  checkedLog,
  codeOf,
  document,
  FRIEND,
  KEY,
  kindsOf,
  MALLORY,
  OTHER,
  openCustody,
  payRules,
  request,
  transaction,
  USDC,
  usdc,
} from "./fixture.ts";
import { reasonOf } from "./governance.ts";

const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
const viem = privateKeyToAccount(`0x${toHex(KEY)}`);
const uint = (name: string, bits = 256) => ({ name, type: `uint${bits}` });
const address = (name: string) => ({ name, type: "address" });

const domain = (name: string, verifyingContract: string, version?: string) => ({
  name,
  ...(version !== undefined && { version }),
  chainId: 1,
  verifyingContract,
});
const domainType = (versioned: boolean) => [
  { name: "name", type: "string" },
  ...(versioned ? [{ name: "version", type: "string" }] : []),
  uint("chainId"),
  address("verifyingContract"),
];

/** EIP-2612 of USDC. */
function permit(message: { spender?: string; value: bigint; nonce?: number }): object {
  const { spender = FRIEND, value, nonce = 0 } = message;
  return {
    types: {
      EIP712Domain: domainType(true),
      Permit: [address("owner"), address("spender"), uint("value"), uint("nonce"), uint("deadline")],
    },
    primaryType: "Permit",
    domain: domain("USD Coin", USDC, "2"),
    message: { owner: viem.address, spender, value: String(value), nonce: String(nonce), deadline: "1893456000" },
  };
}

/** ERC-3009 of USDC. */
function authorization(value: bigint, to: string = FRIEND, nonce = 1): object {
  return {
    types: {
      EIP712Domain: domainType(true),
      TransferWithAuthorization: [
        address("from"),
        address("to"),
        uint("value"),
        uint("validAfter"),
        uint("validBefore"),
        { name: "nonce", type: "bytes32" },
      ],
    },
    primaryType: "TransferWithAuthorization",
    domain: domain("USD Coin", USDC, "2"),
    message: {
      from: viem.address,
      to,
      value: String(value),
      validAfter: "0",
      validBefore: "1893456000",
      nonce: `0x${String(nonce).padStart(64, "0")}`,
    },
  };
}

const batch = (amounts: readonly bigint[]) => ({
  types: {
    EIP712Domain: domainType(false),
    PermitBatch: [{ name: "details", type: "PermitDetails[]" }, address("spender"), uint("sigDeadline")],
    PermitDetails: [address("token"), uint("amount", 160), uint("expiration", 48), uint("nonce", 48)],
  },
  primaryType: "PermitBatch",
  domain: domain("Permit2", PERMIT2),
  message: {
    details: amounts.map((amount, nonce) => ({ token: USDC, amount: String(amount), expiration: "1893456000", nonce: String(nonce) })),
    spender: FRIEND,
    sigDeadline: "1893456000",
  },
});

const typed = (payload: object) => ({ ...request(payload), kind: "typedData" });
const message = (text: string) => ({ ...request({ text }), kind: "message" });

const rules = [
  ...payRules,
  { id: "permits", allow: ["signedAllowance"], when: { asset: "USDC", to: "friend", amount: { max: "500 USDC" }, replayable: false } },
  { id: "cap", limit: ["outflow"], when: { asset: "USDC" }, max: "1000 USDC", per: "24h" },
  { id: "words", allow: ["statement"] },
];
const more = { contracts: { permit2: { chain: "eip155:1", address: PERMIT2, kind: "permit2" } } };

async function open(): Promise<{ me: Session; custody: Awaited<ReturnType<typeof openCustody>>["custody"] }> {
  return openCustody({ policy: document(rules, { more }) });
}

describe("what others may use later", () => {
  test("drains the limit that transfers drain: permit, batch, authorization and transfer together", async () => {
    const { me, custody } = await open();
    expect((await me.sign(typed(permit({ value: 400_000_000n })))).kind).toBe("signed");
    expect((await me.sign(typed(batch([100_000_000n, 200_000_000n])))).kind).toBe("signed");
    expect((await me.sign(typed(authorization(250_000_000n)))).kind).toBe("signed");
    expect(reasonOf(await me.sign(request(usdc({ amount: 50_000_001n }))))).toBe("limit/exceeded");
    expect((await me.sign(request(usdc({ amount: 50_000_000n })))).kind).toBe("signed");
    expect(reasonOf(await me.sign(typed(permit({ value: 1n, nonce: 9 }))))).toBe("limit/exceeded");
    const used = (await checkedLog(custody))
      .filter(({ kind }) => kind === "reserved")
      .map(({ counters }) => (counters as readonly { readonly after: string }[])[0]?.after);
    expect(used).toEqual(["400000000", "700000000", "950000000", "1000000000"]);
  });

  test("is denied where it is unlimited, or for somebody else, or for more than is allowed", async () => {
    const { me, custody } = await open();
    expect(reasonOf(await me.sign(typed(permit({ value: 2n ** 256n - 1n }))))).toBe("policy/not-allowed");
    expect(reasonOf(await me.sign(typed(permit({ value: 1n, spender: MALLORY }))))).toBe("policy/not-allowed");
    expect(reasonOf(await me.sign(typed(permit({ value: 500_000_001n }))))).toBe("policy/not-allowed");
    expect(reasonOf(await me.sign(typed(batch([1n, 2n ** 160n - 1n]))))).toBe("policy/not-allowed");
    expect(reasonOf(await me.sign(typed(authorization(1n, MALLORY))))).toBe("policy/not-allowed");
    expect(kindsOf(await checkedLog(custody))).toMatch(/account denied denied denied denied denied$/);
  });

  test("is what any wallet would sign: the signature is viem's", async () => {
    const { me } = await open();
    for (const payload of [permit({ value: 1n }), authorization(1n), batch([1n])]) {
      const outcome = await me.sign(typed(payload));
      if (outcome.kind !== "signed") throw new Error(JSON.stringify(outcome));
      expect(`0x${toHex(outcome.bytes)}`).toBe(await viem.signTypedData(payload as never));
      expect(outcome.complete).toBe(true);
    }
  });

  test("as JSON text or as an object it is one request, and signed once", async () => {
    const { me, custody } = await open();
    const first = await me.sign(typed(permit({ value: 1n })));
    const again = await me.sign({ ...request(JSON.stringify(permit({ value: 1n }))), kind: "typedData" });
    expect(again).toEqual(first);
    expect(kindsOf(await checkedLog(custody))).toMatch(/account reserved signed$/);
  });
});

describe("what a permit is besides an allowance", () => {
  const APES = "0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D";
  const names = {
    assets: {
      ETH: { chain: "eip155:1", asset: "native", decimals: 18 },
      USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 },
      APES: { chain: "eip155:1", asset: `erc721:${APES}`, decimals: 0 },
    },
    contracts: { ...more.contracts, x402proxy: { chain: "eip155:1", address: OTHER, kind: "proxy" } },
  };
  const transferFrom = (token: string, amount: string, { spender = FRIEND, witness = false } = {}) => {
    const primaryType = witness ? "PermitWitnessTransferFrom" : "PermitTransferFrom";
    return {
      types: {
        [primaryType]: [
          { name: "permitted", type: "TokenPermissions" },
          address("spender"),
          uint("nonce"),
          uint("deadline"),
          ...(witness ? [{ name: "witness", type: "Claim" }] : []),
        ],
        TokenPermissions: [address("token"), uint("amount")],
        ...(witness && { Claim: [address("arbiter"), uint("amount")] }),
      },
      primaryType,
      domain: domain("Permit2", PERMIT2),
      message: {
        permitted: { token, amount },
        spender,
        nonce: "0",
        deadline: "1893456000",
        ...(witness && { witness: { arbiter: MALLORY.toLowerCase(), amount: "1000000000000" } }),
      },
    };
  };

  test("a witness is signed for a spender whom the policy accepts with it, and for nobody else", async () => {
    const permits = { id: "permits", allow: ["signedAllowance"], when: { asset: "USDC", to: "@book", amount: { max: "5 USDC" } } };
    const when = { contract: "x402proxy", domain: "Permit2", primaryType: "PermitWitnessTransferFrom" };
    const proxy = { id: "x402", allow: ["unknown"], when };
    const { me } = await openCustody({ policy: document([...payRules, permits, proxy], { more: names }) });
    expect(reasonOf(await me.sign(typed(transferFrom(USDC, "0", { witness: true }))))).toBe("policy/not-allowed");
    expect((await me.sign(typed(transferFrom(USDC, "0")))).kind).toBe("signed");
    expect((await me.sign(typed(transferFrom(USDC, "5000000", { witness: true, spender: OTHER })))).kind).toBe("signed");
    expect(reasonOf(await me.sign(typed(transferFrom(USDC, "5000001", { witness: true, spender: OTHER }))))).toBe("policy/not-allowed");
    // By a Permit2 that the policy does not know the spender says nothing.
    const elsewhere = { ...transferFrom(USDC, "0", { witness: true, spender: OTHER }), domain: domain("Permit2", MALLORY.toLowerCase()) };
    expect(reasonOf(await me.sign(typed(elsewhere)))).toBe("policy/not-allowed");
  });

  test("one NFT by its id, which no rule about amounts lets through", async () => {
    const permits = { id: "permits", allow: ["signedAllowance"], when: { to: "friend", contract: "permit2" } };
    const apes = { id: "apes", forbid: ["transfer", "allowance", "signedAllowance"], when: { asset: "APES" } };
    const { me } = await openCustody({ policy: document([...payRules, permits, apes], { more: names }) });
    expect((await me.sign(typed(transferFrom(USDC, "1")))).kind).toBe("signed");
    const outcome = await me.sign(typed(transferFrom(APES, "7090")));
    if (outcome.kind !== "denied") throw new Error(outcome.kind);
    expect(outcome.reasons.map(({ code, rule }) => [code, rule])).toEqual([
      ["policy/not-allowed", undefined],
      ["policy/forbidden", "apes"],
    ]);
  });
});

describe("typed data that nobody reads", () => {
  const unread = { id: "apps", allow: ["unknown"], when: { class: "U2" } };
  const data = (name: string, verifyingContract: string) => ({
    types: { Execute: [address("to"), uint("value")] },
    primaryType: "Execute",
    domain: domain(name, verifyingContract),
    message: { to: MALLORY.toLowerCase(), value: "1" },
  });

  test("is never what the account's own code obeys, for whoever allows only other signatures", async () => {
    const { me } = await openCustody({ policy: document([...payRules, unread]) });
    expect((await me.sign(typed(data("App", FRIEND)))).kind).toBe("signed");
    expect(reasonOf(await me.sign(typed(data("App", viem.address))))).toBe("policy/not-allowed");
  });

  test("does not choose how much is written about it: once what was signed, and nothing of what was denied", async () => {
    const long = data("x".repeat(100_000), FRIEND);
    const { me, custody } = await openCustody({ policy: document([...payRules, unread]) });
    expect((await me.sign(typed(long))).kind).toBe("signed");
    expect(reasonOf(await me.sign(typed(data("y".repeat(100_000), viem.address))))).toBe("policy/not-allowed");
    expect(kindsOf(await checkedLog(custody))).toMatch(/account reserved signed denied$/);
    const lines: string[] = [];
    for await (const line of custody.exportLog()) lines.push(line);
    expect(lines.filter((line) => line.length > 5000)).toHaveLength(1);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(JSON.stringify(long).length + 5000);
  });
});

describe("messages", () => {
  test("are statements that a rule has to allow, and are signed as any wallet would", async () => {
    const { me } = await open();
    const outcome = await me.sign(message("I agree to the terms of today."));
    if (outcome.kind !== "signed") throw new Error(outcome.kind);
    expect(`0x${toHex(outcome.bytes)}`).toBe(await viem.signMessage({ message: "I agree to the terms of today." }));
    const { me: mute } = await openCustody({ policy: document(payRules) });
    expect(reasonOf(await mute.sign(message("hello")))).toBe("policy/not-allowed");
  });

  test("that sign somebody else in to act for the account are not", async () => {
    const { me } = await open();
    const signIn = (uri: string) =>
      `app.example.com wants you to sign in with your Ethereum account:\n${viem.address}\n\n\nURI: ${uri}\nVersion: 1\nChain ID: 1\nNonce: 12345678\nIssued At: 2026-11-22T12:00:00Z`;
    expect((await me.sign(message(signIn("https://app.example.com/login")))).kind).toBe("signed");
    expect(reasonOf(await me.sign(message(signIn("lit:session:03c1a5d1"))))).toBe("policy/not-allowed");
    expect(reasonOf(await me.sign(message(signIn("https://evil.io/login"))))).toBe("policy/not-allowed");
    const recap = `${signIn("https://app.example.com/login")}\nResources:\n- urn:recap:eyJhdHQiOnt9fQ`;
    expect(reasonOf(await me.sign(message(recap)))).toBe("policy/not-allowed");
  });

  test("that are 32 opaque bytes, or one of our own approvals, are not", async () => {
    const { me } = await open();
    expect(reasonOf(await me.sign({ ...request({ hex: `0x${"5a".repeat(16)}${"ff".repeat(16)}` }), kind: "message" }))).toBe(
      "policy/not-allowed",
    );
    expect(reasonOf(await me.sign(message('keyward/approval/v1\n{"answer":"yes"}')))).toBe("evm/approval-text");
  });
});

describe("an authorization (EIP-7702)", () => {
  const asked = (payload: object) => ({ ...request(payload), kind: "authorization" });
  const allowed = { id: "delegate", allow: ["delegation"], when: { to: "other", replayable: false } };

  test("goes to a delegate that the policy names, on one chain, and to nobody else", async () => {
    const { me } = await openCustody({ policy: document([...payRules, allowed]) });
    const outcome = await me.sign(asked({ address: OTHER, chainId: 1, nonce: 7 }));
    if (outcome.kind !== "signed") throw new Error(JSON.stringify(outcome));
    const theirs = await viem.signAuthorization({ address: OTHER, chainId: 1, nonce: 7 });
    expect(`0x${toHex(outcome.bytes.subarray(0, 64))}`).toBe(`${theirs.r}${theirs.s.slice(2)}`);
    expect((outcome.bytes[64] ?? 0) - 27).toBe(theirs.yParity);
    expect(reasonOf(await me.sign(asked({ address: MALLORY, chainId: 1, nonce: 7 })))).toBe("policy/not-allowed");
    expect(reasonOf(await me.sign(asked({ address: OTHER, chainId: 0, nonce: 7 })))).toBe("policy/not-allowed");
    expect(reasonOf(await me.sign(asked({ address: OTHER, chainId: 137, nonce: 7 })))).toBe("evm/chain-mismatch");
    expect(await codeOf(me.sign(asked({ address: OTHER, chainId: 1 })))).toMatch(/malformed$/);
  });
});

describe("kinds that a chain does not sign", () => {
  test.each(["userOperation", "calls", "psbt"])("%s is refused as unsupported", async (kind) => {
    const { me } = await open();
    expect(await codeOf(me.sign({ ...request(transaction()), kind }))).toBe("request/unsupported");
  });
});
