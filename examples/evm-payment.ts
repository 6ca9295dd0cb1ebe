/** Paying in a token, and asking why something was denied: `npx tsx examples/evm-payment.ts` */
import { strict as assert } from "node:assert";
import { keyward, passphrase } from "keyward";
import { evm } from "keyward/chains/evm";
import { memoryStore } from "keyward/stores/memory";
import { encodeFunctionData, erc20Abi, parseGwei, parseUnits, serializeTransaction } from "viem";

const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const acme = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";

// Read it aloud: the owner may pay USDC to payees; a fee is at most 0.01 ETH; 1000 USDC leave in any 24 hours at most.
const policy = {
  keyward: "policy/1",
  name: "paying suppliers",
  assets: {
    ETH: { chain: "eip155:1", asset: "native", decimals: 18 },
    USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 },
  },
  book: { acme: { chain: "eip155:1", address: acme } },
  lists: { payees: ["acme"] },
  people: { owner: [{ kind: "unlock" }] },
  rules: [
    { id: "pay", allow: ["transfer"], when: { asset: "USDC", to: "@payees" } },
    { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.01 ETH" } } },
    { id: "daily", limit: ["outflow"], when: { asset: "USDC" }, max: "1000 USDC", per: "24h" },
    { id: "edit", allow: ["policyEdit"], when: { requester: "owner" } },
    { id: "edit-slow", require: ["policyEdit"], delay: "24h" },
  ],
};

const custody = keyward({ store: memoryStore(), chains: [evm] });
await custody.create({ slot: passphrase("correct horse battery staple"), policy });
const me = await custody.session({ person: "owner" });
const account = await me.accounts.derive({ chain: "eip155:1", name: "Main" });

/** A request to send this call to the token's contract. */
const request = (data: `0x${string}`, nonce: number) => ({
  chain: "eip155:1",
  account: account.address,
  kind: "transaction",
  payload: serializeTransaction({
    chainId: 1,
    to: USDC,
    data,
    nonce,
    gas: 65_000n,
    maxFeePerGas: parseGwei("20"),
    maxPriorityFeePerGas: parseGwei("1"),
  }),
});
const transfer = (to: `0x${string}`, amount: string) =>
  encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, parseUnits(amount, 6)] });

// The bytes are a call of a contract. The policy says that it is a token, so they are read as a transfer to acme.
const paid = await me.sign(request(transfer(acme, "800"), 0));
assert(paid.kind === "signed");
console.log(`800 USDC to acme: signed, ${paid.bytes.length} bytes ready to broadcast`);

// Over the limit. `explain` says why, and what would pass; it signs nothing and writes nothing.
await show("500 USDC to acme", request(transfer(acme, "500"), 1));
// Somebody else's address, say from a tampered invoice.
await show("100 USDC to a stranger", request(transfer("0x000000000000000000000000000000000000dEaD", "100"), 1));
// No rule allows allowances, so the approval that drains wallets is denied without a rule against it.
const unlimited = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [acme, 2n ** 256n - 1n] });
await show("an unlimited allowance for acme", request(unlimited, 1));

async function show(what: string, asked: unknown): Promise<void> {
  const { judgement, changes } = await me.explain(asked);
  const outcome = await me.sign(asked);
  assert(outcome.kind === "denied");
  assert.deepEqual(outcome.reasons, judgement.reasons);
  console.log(`${what}: denied`);
  for (const { text } of judgement.reasons) console.log(`  because  ${text}`);
  for (const { text } of changes) console.log(`  instead  ${text}`);
}
