/** A payment that two have agreed to, stuck in the mempool, gets a higher fee: `npx tsx examples/bitcoin-fee-bump.ts` */
import { strict as assert } from "node:assert";
import { Transaction } from "@scure/btc-signer";
import { approveOffline, keyCredential, keyward, passphrase } from "keyward";
import { bitcoin, CHAIN_IDS } from "keyward/chains/bitcoin";
import { memoryStore } from "keyward/stores/memory";

const BITCOIN = CHAIN_IDS.mainnet;
const acme = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
const cyd = keyCredential(crypto.getRandomValues(new Uint8Array(32))); // a key on a device of hers

const policy = {
  keyward: "policy/1",
  name: "large payments need two",
  assets: { BTC: { chain: BITCOIN, asset: "native", decimals: 8 } },
  book: { acme: { chain: BITCOIN, address: acme } },
  people: { owner: [{ kind: "unlock" }], cyd: [{ kind: "secp256k1", publicKey: cyd.publicKey }] },
  rules: [
    { id: "pay", allow: ["transfer"], when: { asset: "BTC", to: "acme" } },
    { id: "fees", allow: ["fee"], when: { asset: "BTC", amount: { max: "0.0002 BTC" } } },
    { id: "large", require: ["transfer"], when: { asset: "BTC", total: { min: "0.001 BTC" } }, approvals: [{ of: "cyd", atLeast: 1 }] },
    { id: "daily", limit: ["outflow"], when: { asset: "BTC" }, max: "0.01 BTC", per: "24h" },
    { id: "edit", allow: ["policyEdit"] },
    { id: "edit-slow", require: ["policyEdit"], delay: "24h" },
  ],
};

const custody = keyward({ store: memoryStore(), chains: [bitcoin] });
await custody.create({ slot: passphrase("correct horse battery staple"), policy });
const me = await custody.session({ person: "owner" });
const { name: account } = await me.accounts.derive({ chain: BITCOIN, name: "Treasury", type: "tr" });

/** A coin as a PSBT has it, and what it is worth. */
type Coin = { txid: string; index: number; nonWitnessUtxo: Uint8Array; sequence: number; amount: bigint };

// Coins of ours, made up: a node would show the transactions that paid us.
const { address: receive } = await me.accounts.receive(account);
const [one, two, three] = [500_000n, 500_000n, 900_000n].map((amount, index) => {
  const theirs = new Transaction();
  theirs.addOutputAddress(receive, amount);
  theirs.addInput({ txid: `${index + 1}`.repeat(64), index: 0, finalScriptSig: Uint8Array.of(0x51) });
  const coin = { txid: theirs.id, index: 0, nonWitnessUtxo: theirs.toBytes(true), sequence: 0xfffffffd }; // replaceable (BIP-125)
  return { ...coin, amount };
}) as [Coin, Coin, Coin];
const { address: change } = await me.accounts.change(account);

/** Pays acme with these coins; what is left over after the fee comes back. */
function payment({ amount = 400_000n, fee, coins = [one, two] }: { amount?: bigint; fee: bigint; coins?: Coin[] }): unknown {
  const tx = new Transaction();
  for (const { amount: _, ...coin } of coins) tx.addInput(coin);
  tx.addOutputAddress(acme, amount);
  tx.addOutputAddress(change, coins.reduce((sum, coin) => sum + coin.amount, 0n) - amount - fee);
  return { chain: BITCOIN, account, kind: "psbt", payload: tx.toPSBT() };
}

// 1. The payment waits for cyd, who agrees to its effects: 400 000 sat to acme, and a fee of at most twice what was asked for.
const asked = await me.sign(payment({ fee: 2_000n }));
assert(asked.kind === "pending");
await custody.submitApproval(asked.id, await approveOffline(await custody.approvalStatement(asked.id), "cyd", cyd));
const first = await me.resume(asked.id);
assert(first.kind === "signed");
console.log(`fee 2000 sat  signed after cyd has agreed: ${first.hash}`);

// 2. It does not confirm. The replacement spends the very same coins, so only one of the two can ever settle: nobody is asked
//    again, and the limit counts the larger of the two, once.
const bumped = await me.sign(payment({ fee: 3_500n }));
assert(bumped.kind === "signed" && bumped.hash !== first.hash);
console.log(`fee 3500 sat  signed under the same agreement: ${bumped.hash}`);

// 3. More than twice the first fee is more than cyd has agreed to.
const greedy = await me.sign(payment({ fee: 4_500n }));
assert(greedy.kind === "pending");
console.log("fee 4500 sat  pending: cyd has not agreed to so much");
await me.withdraw(greedy.id);

// 4. With other coins both could settle. That is no replacement but a second payment, and it is asked for as one.
const second = await me.sign(payment({ fee: 3_500n, coins: [one] }));
assert(second.kind === "pending");
console.log("other coins   pending: a second payment, whatever the app calls it");
await me.withdraw(second.id);

// 5. What is used of the limit is 400 000 sat and the higher fee: 0.004035 of 0.01 BTC, and not twice as much.
const most = await me.sign(payment({ amount: 600_000n, fee: 2_000n, coins: [three] }));
assert(most.kind === "denied");
console.log(`600 000 sat   denied: ${most.reasons[0]?.text}`);
