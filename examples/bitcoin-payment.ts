/** Paying in Bitcoin with a PSBT, and change that is not ours: `npx tsx examples/bitcoin-payment.ts` */
import { strict as assert } from "node:assert";
import { hex } from "@scure/base";
import { bip32Path, p2wpkh, Transaction } from "@scure/btc-signer";
import { keyward, passphrase } from "keyward";
import { bitcoin, CHAIN_IDS } from "keyward/chains/bitcoin";
import { memoryStore } from "keyward/stores/memory";

const BITCOIN = CHAIN_IDS.mainnet;
const acme = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

// Read it aloud: the owner may pay BTC to acme; a fee is at most 20 000 sat and 100 sat/vB; 0.01 BTC leave in any 24 hours at
// most. The last but two says what nobody may ever do: pass off somebody else's output as change.
const policy = {
  keyward: "policy/1",
  name: "paying in bitcoin",
  assets: { BTC: { chain: BITCOIN, asset: "native", decimals: 8 } },
  book: { acme: { chain: BITCOIN, address: acme } },
  people: { owner: [{ kind: "unlock" }] },
  rules: [
    { id: "pay", allow: ["transfer"], when: { asset: "BTC", to: "acme" } },
    { id: "fees", allow: ["fee"], when: { asset: "BTC", amount: { max: "0.0002 BTC" }, feeRate: { max: 100 } } },
    { id: "daily", limit: ["outflow"], when: { asset: "BTC" }, max: "0.01 BTC", per: "24h" },
    { id: "no-fake-change", forbid: ["transfer"], when: { change: "foreign" } },
    { id: "edit", allow: ["policyEdit"] },
    { id: "edit-slow", require: ["policyEdit"], delay: "24h" },
  ],
};

const custody = keyward({ store: memoryStore(), chains: [bitcoin] });
await custody.create({ slot: passphrase("correct horse battery staple"), policy });
const me = await custody.session({ person: "owner" });

// 1. An account has many addresses. Its descriptor is what a node or a watch-only wallet needs to find its coins. Without a
//    `type` it is "wpkh"; there are "tr", "sh-wpkh" and "pkh" as well.
const account = await me.accounts.derive({ chain: BITCOIN, name: "Savings" });
console.log(`account  ${account.descriptor}`);

// 2. Each address is given out once. Somebody pays to it: a node would show you their transaction, here we make one up.
const { address } = await me.accounts.receive(account.name);
const theirs = new Transaction();
theirs.addOutputAddress(address, 500_000n);
theirs.addInput({ txid: "11".repeat(32), index: 0, finalScriptSig: Uint8Array.of(0x51) });
console.log(`receive  ${address}`);

// 3. A payment: a coin of ours, where it goes, and what is left over back to a fresh address of ours. The whole transaction that
//    made the coin goes in, because then its amount is known; without it there is only somebody's word.
const change = await me.accounts.change(account.name);
function payment(pay: (tx: Transaction) => void) {
  const tx = new Transaction();
  tx.addInput({ txid: theirs.id, index: 0, nonWitnessUtxo: theirs.toBytes(true), sequence: 0xfffffffd });
  pay(tx);
  return { chain: BITCOIN, account: account.name, kind: "psbt", payload: tx.toPSBT() }; // bytes, or base64
}
const honest = payment((tx) => {
  tx.addOutputAddress(acme, 200_000n);
  tx.addOutputAddress(change.address, 298_000n); // what is missing, 2 000 sat, is the fee
});

// 4. Change is ours if its script is, byte for byte, one that the account's own descriptor gives. Then it is no effect: no rule
//    has to allow it, and no limit counts it.
await show(honest);
const paid = await me.sign(honest);
assert(paid.kind === "signed" && paid.complete);
const raw = Transaction.fromRaw(paid.bytes);
assert.equal(raw.id, paid.hash);
console.log(`signed   ${paid.hash}, ${raw.vsize} vB ready to broadcast`);

// 5. The same payment from a tampered app. The change goes to a thief, and the PSBT claims that its key is ours: our master key's
//    fingerprint, our path. That is what a wallet would see which believes its PSBTs.
const thiefsKey = hex.decode("02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5");
const fingerprint = Number.parseInt(account.descriptor?.match(/\[([0-9a-f]{8})/)?.[1] ?? "", 16);
const fake = payment((tx) => {
  tx.addOutputAddress(acme, 200_000n);
  const claim = { fingerprint, path: bip32Path(`${account.path}/1/${change.index}`) }; // exactly where our own change lies
  tx.addOutput({ ...p2wpkh(thiefsKey), amount: 298_000n, bip32Derivation: [[thiefsKey, claim]] });
});
await show(fake);
const stolen = await me.sign(fake);
assert(stolen.kind === "denied");
for (const { effect, rule, text } of stolen.reasons) console.log(`denied   effect ${effect}: ${text}${rule ? ` (${rule})` : ""}`);

/** What a request would cause, as the policy will see it. Nothing is judged or written by that. */
async function show(request: unknown): Promise<void> {
  for (const [index, { kind, amount, to, change, feeRate }] of (await custody.decode(request)).effects.entries())
    console.log(`effect   ${index}: ${kind} ${amount} sat${to ? ` to ${to} (change ${change})` : ` (${feeRate} sat/vB)`}`);
}
