/** A daily limit, and two out of three people for what goes beyond it: `npx tsx examples/limit-and-quorum.ts` */
import { strict as assert } from "node:assert";
import { approveOffline, keyCredential, keyward, passphrase } from "keyward";
import { evm } from "keyward/chains/evm";
import { memoryStore } from "keyward/stores/memory";
import { parseEther, parseGwei, serializeTransaction } from "viem";

// Each of them has a key on a device of their own. Here they are all made up on the spot.
const finance = {
  cyd: keyCredential(crypto.getRandomValues(new Uint8Array(32))),
  dee: keyCredential(crypto.getRandomValues(new Uint8Array(32))),
  eve: keyCredential(crypto.getRandomValues(new Uint8Array(32))),
};
const acme = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const twoOfFinance = [{ of: "finance", atLeast: 2 }];

const policy = {
  keyward: "policy/1",
  name: "a limit that people can lift",
  assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
  book: { acme: { chain: "eip155:1", address: acme } },
  people: {
    owner: [{ kind: "unlock" }],
    cyd: [{ kind: "secp256k1", publicKey: finance.cyd.publicKey }],
    dee: [{ kind: "secp256k1", publicKey: finance.dee.publicKey }],
    eve: [{ kind: "secp256k1", publicKey: finance.eve.publicKey }],
  },
  roles: { finance: ["cyd", "dee", "eve"] },
  rules: [
    { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "acme" } },
    { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.01 ETH" } } },
    { id: "daily", limit: ["outflow"], when: { asset: "ETH" }, max: "10 ETH", per: "24h", beyond: { approvals: twoOfFinance } },
    { id: "edit", allow: ["policyEdit"] },
    { id: "edit-together", require: ["policyEdit"], approvals: twoOfFinance },
  ],
};

const custody = keyward({ store: memoryStore(), chains: [evm] });
await custody.create({ slot: passphrase("correct horse battery staple"), policy });
const me = await custody.session({ person: "owner" });
const account = await me.accounts.derive({ chain: "eip155:1", name: "Treasury" });

const payment = (ether: string, nonce: number) => ({
  chain: "eip155:1",
  account: account.name,
  kind: "transaction",
  payload: serializeTransaction({
    chainId: 1,
    to: acme,
    value: parseEther(ether),
    nonce,
    gas: 21_000n,
    maxFeePerGas: parseGwei("20"),
    maxPriorityFeePerGas: parseGwei("1"),
  }),
});

const small = await me.sign(payment("8", 0));
assert(small.kind === "signed");
console.log("8 ETH  signed at once: within the day's 10 ETH");

const large = await me.sign(payment("5", 1));
assert(large.kind === "pending");
console.log(`5 ETH  pending as ${large.id}: beyond the limit, so two of finance have to agree`);

// What goes to an approver's device is a statement about exactly this request, and what comes back is signed.
const approve = async (person: "cyd" | "dee" | "eve") => {
  const statement = await custody.approvalStatement(large.id);
  await custody.submitApproval(large.id, await approveOffline(statement, person, finance[person]));
};

await approve("cyd");
const still = await me.resume(large.id);
assert(still.kind === "pending");
console.log("       cyd agrees: one is not enough");

await approve("eve");
const signed = await me.resume(large.id);
assert(signed.kind === "signed");
console.log(`       eve agrees: signed, ${signed.hash}`);

// Approvals were for this payment. The same amount once more is a new request that nobody has agreed to.
const another = await me.sign(payment("5", 2));
assert(another.kind === "pending" && another.id !== large.id);
console.log(`5 ETH  pending as ${another.id}: approvals are used up by what they approved`);
await me.withdraw(another.id);
assert.deepEqual(
  (await me.pending()).filter(({ used }) => !used),
  [],
);
