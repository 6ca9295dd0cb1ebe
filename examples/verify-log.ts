/** Proving what was signed to somebody who trusts neither the app nor us: `npx tsx examples/verify-log.ts` */
import { strict as assert } from "node:assert";
import { keyward, passphrase, personalWallet } from "keyward";
import { verifyConsistencyProof, verifyEntryProof, verifyLog } from "keyward/audit";
import { evm } from "keyward/chains/evm";
import { memoryStore } from "keyward/stores/memory";
import { parseEther, parseGwei, serializeTransaction } from "viem";

const alice = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const custody = keyward({ store: memoryStore(), chains: [evm] });
await custody.create({
  slot: passphrase("correct horse battery staple"),
  policy: personalWallet({
    assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
    payees: { alice: { chain: "eip155:1", address: alice } },
    daily: { ETH: "1" },
    fee: { ETH: "0.01" },
  }),
});
const me = await custody.session({ person: "owner" });
const account = await me.accounts.derive({ chain: "eip155:1", name: "Main" });
const pay = (ether: string, nonce: number) =>
  me.sign({
    chain: "eip155:1",
    account: account.name,
    kind: "transaction",
    payload: serializeTransaction({
      chainId: 1,
      to: alice,
      value: parseEther(ether),
      nonce,
      gas: 21_000n,
      maxFeePerGas: parseGwei("20"),
      maxPriorityFeePerGas: parseGwei("1"),
    }),
  });

// An auditor notes the log's key once, and from time to time the signed head of the log: a few lines of text.
const vkey = custody.logKey;
await pay("0.1", 0);
const kept = await custody.checkpoint();
const payment = await pay("0.2", 1);
assert(payment.kind === "signed");
await pay("5", 2); // denied, which is written down as well

// Later they get the whole log as lines of JSON. They check it on a machine that has never seen the vault.
const lines: string[] = [];
for await (const line of custody.exportLog()) lines.push(line);
const report = await verifyLog(lines, { vkey, checkpoints: [kept] });
assert(report.ok && report.pinned && report.continues === 1);
console.log(
  `whole log: ${report.size} entries, ${report.counts.signed} signed, ${report.counts.denied} denied, and it continues the kept head`,
);

// Or they get one entry alone, with the proof that it is in the log; no other entry is shown.
const proof = await custody.proveEntry(payment.entry);
const shown = verifyEntryProof(proof, vkey);
assert(shown.ok && shown.entry.kind === "signed");
console.log(`one entry: number ${shown.entry.seq} says ${shown.entry.kind}, proven in ${proof.length} characters`);

// Or only that history was not rewritten since their head.
const consistent = verifyConsistencyProof(await custody.proveConsistency(kept), vkey, kept);
assert(consistent.ok);
console.log(`history:   ${consistent.from.size} entries then are the first of ${consistent.to.size} now`);

// Somebody edits one line: the amount of the first payment.
const tampered = lines.map((line) => line.replace(parseEther("0.1").toString(), parseEther("0.7").toString()));
assert.notDeepEqual(tampered, lines);
const found = await verifyLog(tampered, { vkey, checkpoints: [kept] });
assert(!found.ok);
console.log(`tampered:  line ${found.problems[0]?.line}, ${found.problems[0]?.text} (${found.problems[0]?.code})`);
