/** A program that pays by itself, within bounds that it cannot move: `npx tsx examples/spending-agent.ts` */
import { strict as assert } from "node:assert";
import { type ActOutcome, CustodyError, keyCredential, keyward, passphrase, type SignOutcome } from "keyward";
import { evm } from "keyward/chains/evm";
import { memoryStore } from "keyward/stores/memory";
import { encodeFunctionData, erc20Abi, parseGwei, parseUnits, serializeTransaction } from "viem";

const USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const search = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const hosting = "0x000000000000000000000000000000000000bEEF";

// The agent's own key. It proves who asks and nothing else: the keys of the account stay in the vault.
const key = keyCredential(crypto.getRandomValues(new Uint8Array(32)));

// Read it aloud: the agent may pay the providers, at most 5 USDC at a time. Beyond 12 USDC a day the owner has to agree.
// The owner does not pay through this policy, and alone may change it. A `service` asks; it is nobody who could ever approve.
const policy = {
  keyward: "policy/1",
  name: "an agent with an allowance",
  assets: {
    ETH: { chain: "eip155:1", asset: "native", decimals: 18 },
    USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 },
  },
  book: { search: { chain: "eip155:1", address: search }, hosting: { chain: "eip155:1", address: hosting } },
  lists: { providers: ["search", "hosting"] },
  people: { owner: [{ kind: "unlock" }], agent: [{ kind: "service", publicKey: key.publicKey }] },
  rules: [
    { id: "pay", allow: ["transfer"], when: { requester: "agent", asset: "USDC", to: "@providers", amount: { max: "5 USDC" } } },
    { id: "fees", allow: ["fee"], when: { requester: "agent", asset: "ETH", amount: { max: "0.002 ETH" } } },
    {
      id: "daily",
      limit: ["outflow"],
      when: { asset: "USDC" },
      max: "12 USDC",
      per: "24h",
      beyond: { approvals: [{ of: "owner", atLeast: 1 }] },
    },
    { id: "pace", limit: ["transfer"], max: 60, per: "1h" },
    { id: "edit", allow: ["policyEdit"], when: { requester: "owner" } },
  ],
};

const custody = keyward({ store: memoryStore(), chains: [evm] });
await custody.create({ slot: passphrase("correct horse battery staple"), policy });
const owner = await custody.session({ person: "owner" });
const account = await owner.accounts.derive({ chain: "eip155:1", name: "Wallet" });

// For today's task the agent gets less than the policy gives it: an hour, and search alone. A scope can only narrow.
const agent = await custody.session({
  person: "agent",
  credential: key,
  lastsMs: 60 * 60 * 1000,
  scope: {
    rules: [
      { id: "task", allow: ["transfer"], when: { asset: "USDC", to: "search" } },
      { id: "fees", allow: ["fee"] },
    ],
  },
});

const pay = (to: `0x${string}`, amount: string, nonce: number) => ({
  chain: "eip155:1",
  account: account.name,
  kind: "transaction",
  payload: serializeTransaction({
    chainId: 1,
    to: USDC,
    data: encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, parseUnits(amount, 6)] }),
    nonce,
    gas: 65_000n,
    maxFeePerGas: parseGwei("20"),
    maxPriorityFeePerGas: parseGwei("1"),
  }),
});

// It pays alone, as often as it needs to.
for (const nonce of [0, 1]) {
  const paid = await agent.sign(pay(search, "5", nonce));
  assert(paid.kind === "signed");
  console.log("agent  5 USDC to search: signed");
}

// Beyond its bounds it is denied: the policy's, or those of its session.
denied("6 USDC to search", await agent.sign(pay(search, "6", 2)));
denied("1 USDC to hosting", await agent.sign(pay(hosting, "1", 2)));
const wider = { ...policy, rules: policy.rules.filter(({ id }) => id !== "daily") };
denied("a policy without the limit", await agent.submit({ act: "policyEdit", policy: wider }));

// Beyond the day it has to ask, and it cannot say yes to itself.
const more = await agent.sign(pay(search, "4", 2));
assert(more.kind === "pending");
console.log("agent  4 USDC to search: pending, the owner has to agree");
assert.equal(await codeOf(agent.approve(more.id, { credential: key })), "approval/not-an-approver");
console.log("agent  approves itself: refused (approval/not-an-approver)");
await owner.approve(more.id);
const released = await agent.resume(more.id);
assert(released.kind === "signed");
console.log("owner  agrees: signed");

// The owner has seen enough. A session ends by its time, by `agent.end()`, and at once when the policy has its key no more.
const without = { ...policy, people: { owner: policy.people.owner }, rules: policy.rules.filter(({ id }) => id === "edit") };
const ended = await owner.submit({ act: "policyEdit", policy: without });
assert(ended.kind === "done");
assert.equal(await codeOf(agent.sign(pay(search, "1", 3))), "session/ended");
console.log("owner  takes the agent out of the policy: its session has ended (session/ended)");

function denied(what: string, outcome: SignOutcome | ActOutcome): void {
  assert(outcome.kind === "denied");
  console.log(`agent  ${what}: denied, ${outcome.reasons[0]?.text}`);
}

async function codeOf(doing: Promise<unknown>): Promise<string | undefined> {
  return doing.then(
    () => undefined,
    (error) => (error instanceof CustodyError ? error.code : undefined),
  );
}
