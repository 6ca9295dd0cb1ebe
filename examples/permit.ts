/** Permits: signatures that let somebody else take money. `npx tsx examples/permit.ts` */
import { strict as assert } from "node:assert";
import { keyward, passphrase, type SignedOutcome } from "keyward";
import { evm } from "keyward/chains/evm";
import { memoryStore } from "keyward/stores/memory";
import {
  type Address,
  encodeFunctionData,
  erc20Abi,
  parseGwei,
  parseUnits,
  recoverTypedDataAddress,
  serializeTransaction,
  type TypedDataDefinition,
  toHex,
} from "viem";

const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
const shop = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const stranger = "0x000000000000000000000000000000000000dEaD";

// Read it aloud: the owner may let the shop take up to 100 USDC, and pay it; together at most 250 USDC in any 24 hours.
// A token is one because the policy names it, and so is Permit2: to anything else that calls itself so nothing is permitted.
const policy = {
  keyward: "policy/1",
  name: "a shop that takes permits",
  assets: {
    ETH: { chain: "eip155:1", asset: "native", decimals: 18 },
    USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 },
  },
  contracts: { Permit2: { chain: "eip155:1", address: PERMIT2, kind: "permit2" } },
  book: { shop: { chain: "eip155:1", address: shop } },
  people: { owner: [{ kind: "unlock" }] },
  rules: [
    { id: "permit", allow: ["signedAllowance"], when: { asset: "USDC", to: "shop", amount: { max: "100 USDC" } } },
    { id: "pay", allow: ["transfer"], when: { asset: "USDC", to: "shop" } },
    { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.01 ETH" } } },
    { id: "daily", limit: ["outflow"], when: { asset: "USDC" }, max: "250 USDC", per: "24h" },
    { id: "edit", allow: ["policyEdit"] },
    { id: "edit-slow", require: ["policyEdit"], delay: "24h" },
  ],
};

const custody = keyward({ store: memoryStore(), chains: [evm] });
await custody.create({ slot: passphrase("correct horse battery staple"), policy });
const me = await custody.session({ person: "owner" });
const { address: owner } = await me.accounts.derive({ chain: "eip155:1", name: "Main" });

/** What a dapp hands to `eth_signTypedData_v4`, asked of the vault. Big integers may stand in it as they are. */
const typedData = (payload: TypedDataDefinition) => ({ chain: "eip155:1", account: owner, kind: "typedData", payload });
const uint = (name: string, bits = 256) => ({ name, type: `uint${bits}` });
const address = (name: string) => ({ name, type: "address" });
const soon = 1_900_000_000n; // Unix seconds
const domain = { name: "USD Coin", version: "2", chainId: 1, verifyingContract: USDC } as const;

/** EIP-2612: the token itself checks the signature. Once submitted, the allowance stays until it is used up. */
const permit = (spender: string, value: bigint) =>
  typedData({
    domain,
    types: { Permit: [address("owner"), address("spender"), uint("value"), uint("nonce"), uint("deadline")] },
    primaryType: "Permit",
    message: { owner, spender, value, nonce: 0n, deadline: soon },
  });

/** Permit2: one contract that all tokens are approved to checks the signatures, and its allowances end. */
const permit2 = (amount: bigint, verifyingContract: Address = PERMIT2) =>
  typedData({
    domain: { name: "Permit2", chainId: 1, verifyingContract },
    types: {
      PermitDetails: [address("token"), uint("amount", 160), uint("expiration", 48), uint("nonce", 48)],
      PermitSingle: [{ name: "details", type: "PermitDetails" }, address("spender"), uint("sigDeadline")],
    },
    primaryType: "PermitSingle",
    message: { details: { token: USDC, amount, expiration: soon, nonce: 0n }, spender: shop, sigDeadline: soon },
  });

/** ERC-3009: a transfer that anybody may submit. So it is a `transfer`, not an allowance. */
const authorization = (value: bigint, nonce: bigint) =>
  typedData({
    domain,
    types: {
      TransferWithAuthorization: [
        ...[address("from"), address("to"), uint("value"), uint("validAfter"), uint("validBefore")],
        { name: "nonce", type: "bytes32" },
      ],
    },
    primaryType: "TransferWithAuthorization",
    message: { from: owner, to: shop, value, validAfter: 0n, validBefore: soon, nonce: toHex(nonce, { size: 32 }) },
  });

// Bounded permits are signed. `bytes` are the signature as contracts take it: 65 bytes, r || s || v.
const asked = permit(shop, parseUnits("80", 6));
const { bytes } = await signed("permit for 80 USDC", asked);
assert.equal(await recoverTypedDataAddress({ ...asked.payload, signature: toHex(bytes) }), owner);
await signed("Permit2 for 50 USDC", permit2(parseUnits("50", 6)));

// Unlimited ones are above every amount, however the type writes "no limit". So are they over every limit.
await denied("unlimited permit", permit(shop, 2n ** 256n - 1n));
await denied("unlimited Permit2", permit2(2n ** 160n - 1n));
await denied("permit for a stranger", permit(stranger, parseUnits("80", 6)));
// A contract that only calls itself Permit2: its signature could mean anything, so it is unknown.
await denied("another Permit2", permit2(parseUnits("50", 6), stranger));

// One limit for every way out: 80 + 50 by permits, and now 70 by an authorization, leave 50 for a plain transfer.
await signed("authorization of 70 USDC", authorization(parseUnits("70", 6), 1n));
await denied("authorization of 60 USDC", authorization(parseUnits("60", 6), 2n));
const transfer = {
  to: USDC,
  data: encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [shop, parseUnits("50", 6)] }),
} as const;
const fees = { gas: 65_000n, maxFeePerGas: parseGwei("20"), maxPriorityFeePerGas: parseGwei("1") };
const payload = serializeTransaction({ chainId: 1, nonce: 0, ...transfer, ...fees });
await signed("transfer of 50 USDC", { chain: "eip155:1", account: owner, kind: "transaction", payload });

async function signed(what: string, request: unknown): Promise<SignedOutcome> {
  const outcome = await me.sign(request);
  assert(outcome.kind === "signed");
  console.log(`${what}: signed, ${outcome.bytes.length} bytes`);
  return outcome;
}

async function denied(what: string, request: unknown): Promise<void> {
  const outcome = await me.sign(request);
  assert(outcome.kind === "denied");
  console.log(`${what}: denied`);
  for (const { text } of outcome.reasons) console.log(`  because  ${text}`);
}
