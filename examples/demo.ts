/**
 * The main job, from an empty folder to a verified log: `npm run demo`, or `npm run demo -- --keep DIR` to look at the vault
 * afterwards. Every step checks its own promise; the first that is not kept ends the demo with exit code 1.
 */
import { strict as assert } from "node:assert";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { approveOffline, CustodyError, keyCredential, keyward, passphrase } from "keyward";
import { verifyConsistencyProof, verifyEntryProof, verifyLog } from "keyward/audit";
import { bitcoin } from "keyward/chains/bitcoin";
import { evm } from "keyward/chains/evm";
import { lmdbStore } from "keyward/stores/lmdb";
import { encodeFunctionData, erc20Abi, parseEther, parseGwei, parseUnits, serializeTransaction } from "viem";
import { BITCOIN, coinAt, psbt, tamperedPsbt } from "./demo/bitcoin.ts";
import { usdcPermit } from "./demo/permit.ts";
import { ACME, ACME_BTC, aloud, setup, treasury, USDC } from "./demo/policy.ts";
import { line, quote, short, step, title } from "./demo/print.ts";

const { keep } = parseArgs({ options: { keep: { type: "string" } } }).values;
const folder = keep === undefined ? await mkdtemp(join(tmpdir(), "keyward-demo-")) : resolve(keep);
const SECRET = "correct horse battery staple";
const STRANGER = "0x000000000000000000000000000000000000dEaD";

// Keys that the three of finance would have on devices of their own.
const newKey = () => keyCredential(crypto.getRandomValues(new Uint8Array(32)));
const finance = { cyd: newKey(), dee: newKey(), eve: newKey() };

try {
  await demo();
} catch (cause) {
  if (!(cause instanceof CustodyError && cause.code === "vault/exists")) throw cause;
  console.error(`${folder} has a vault already: give --keep a new folder`);
  process.exitCode = 1;
} finally {
  if (keep === undefined) await rm(folder, { recursive: true, force: true });
}

async function demo(): Promise<void> {
  title("Keyward", `A custody vault in ${folder}. Nothing here touches a network, and no coin is real.`);

  step("Make a vault", "A vault begins with a policy. In this first one nothing can be signed; its owner may only change it.");
  const custody = keyward({ store: lmdbStore(folder), chains: [evm, bitcoin] });
  await custody.create({ slot: passphrase(SECRET), policy: setup });
  line("made", "vault", custody.id);
  const owner = await custody.session({ person: "owner" });
  const account = await owner.accounts.derive({ chain: "eip155:1", name: "Treasury" });
  line("derived", "account Treasury", account.address);
  const coins = await owner.accounts.derive({ chain: BITCOIN, name: "Coins" });
  line("derived", "account Coins", `${coins.path}, many addresses, the first is ${short(coins.address)}`);
  const { logKey } = custody;
  const request = (to: `0x${string}`, { value = 0n, data = "0x" as `0x${string}`, nonce = 0 }) => {
    const fees = { gas: 65_000n, maxFeePerGas: parseGwei("20"), maxPriorityFeePerGas: parseGwei("1") };
    const payload = serializeTransaction({ chainId: 1, to, value, data, nonce, ...fees });
    return { chain: "eip155:1", account: account.address, kind: "transaction", payload };
  };
  const usdc = (to: `0x${string}`, amount: string, nonce: number) =>
    request(USDC, { data: encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, parseUnits(amount, 6)] }), nonce });
  const permit = (value: bigint) => {
    const payload = usdcPermit({ owner: account.address, spender: ACME, value });
    return { chain: "eip155:1", account: account.address, kind: "typedData", payload };
  };

  step("Put rules in force", "Changing the policy is itself an act that the policy judges. From here on two of finance must agree to it.");
  const { cyd, dee, eve } = finance;
  const policy = treasury({ cyd: cyd.publicKey, dee: dee.publicKey, eve: eve.publicKey });
  const adopted = promised("done", await owner.submit({ act: "policyEdit", policy }));
  line("in force", `policy ${policy.name}, version ${adopted.result.version}:`);
  quote(aloud(policy.rules));

  step("Pay", "The bytes to be signed are decoded, judged, reserved and logged before a key is touched.");
  const paid = promised("signed", await owner.sign(usdc(ACME, "1200", 0)));
  line("signed", "1200 USDC to acme", `${short(paid.hash)}, log entry ${paid.entry}`);
  const permitted = promised("signed", await owner.sign(permit(parseUnits("300", 6))));
  line("signed", "permit: acme may take 300 USDC", `${permitted.bytes.length} bytes, in the same limit as payments`);
  const kept = await custody.checkpoint();

  step("Be attacked", "What no rule allows is denied, and so is what cannot be read. There is no way to sign a bare digest.");
  await denied("2.5 ETH to a stranger", request(STRANGER, { value: parseEther("2.5"), nonce: 1 }));
  await denied("3800 USDC to a stranger", usdc(STRANGER, "3800", 1));
  const approve = encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [STRANGER, 2n ** 256n - 1n] });
  await denied("unlimited USDC allowance", request(USDC, { data: approve, nonce: 1 }));
  await denied("unlimited permit for acme", permit(2n ** 256n - 1n));
  await denied("a call that nobody can read", request(STRANGER, { data: "0xdeadbeef", nonce: 1 }));

  step("Ask for more than the day allows", "Beyond 5000 USDC in 24 hours two of three people have to agree. Whoever asks does not count.");
  const request9000 = usdc(ACME, "9000", 1);
  const large = promised("pending", await owner.sign(request9000));
  line("pending", "9000 USDC to acme", `waits for 2 of finance as ${large.id}`);
  await agrees(large.id, "cyd");
  promised("pending", await owner.resume(large.id));
  line("pending", "still", "one is not enough");
  await agrees(large.id, "eve");
  const released = promised("signed", await owner.resume(large.id));
  line("signed", "9000 USDC to acme", `${short(released.hash)}, log entry ${released.entry}`);

  step("Pay in Bitcoin", "Change is what the account's own keys give, byte for byte. What a PSBT says about itself counts for nothing.");
  const { address: receive } = await owner.accounts.receive(coins.name);
  const { address: change } = await owner.accounts.change(coins.name);
  const coin = (from: string) => coinAt(receive, { amount: 5_000_000n, from });
  line("received", "three coins of 0.05 BTC", `at ${receive}, which is given out this once`);
  const inBitcoin = (payload: Uint8Array) => ({ chain: BITCOIN, account: coins.address, kind: "psbt", payload });
  const small = { to: ACME_BTC, pay: 200_000n, fee: 2_000n, change };
  await denied("0.002 BTC with a fake change", inBitcoin(tamperedPsbt(coin("1"), small, coins)));
  const sent = promised("signed", await owner.sign(inBitcoin(psbt(coin("1"), small))));
  assert(sent.complete);
  line("signed", "0.002 BTC to acme", `txid ${sent.hash}`);

  step(
    "Bump a fee under the first approval",
    "The replacement spends the same coins, so only one can settle. Nobody is asked again, and it counts once.",
  );
  const big = { ...small, pay: 3_000_000n };
  const slow = promised("pending", await owner.sign(inBitcoin(psbt(coin("2"), big))));
  line("pending", "0.03 BTC to acme, fee 2000 sat", `waits for 2 of finance as ${slow.id}`);
  await agrees(slow.id, "cyd");
  await agrees(slow.id, "dee");
  const stuck = promised("signed", await owner.resume(slow.id));
  line("signed", "with a fee of 2000 sat", `txid ${short(stuck.hash)}`);
  const bumped = promised("signed", await owner.sign(inBitcoin(psbt(coin("2"), { ...big, fee: 3_500n }))));
  assert.notEqual(bumped.hash, stuck.hash);
  assert((await owner.pending()).every(({ used }) => used));
  line("signed", "with a fee of 3500 sat", `txid ${short(bumped.hash)}, no new approval`);
  const { judgement } = await owner.explain(inBitcoin(psbt(coin("3"), big)));
  assert.equal(judgement.reasons[0]?.params.used, "3205500"); // 200 000 + 2 000, and 3 000 000 + 3 500 once
  line("counted", "the larger of the two, once", `${judgement.reasons[0]?.text}`);

  step("Try to open the policy wider, alone", "The owner is under the policy too.");
  const wider = { ...policy, book: { ...policy.book, me: { chain: "eip155:1", address: STRANGER } }, lists: { payees: ["acme", "me"] } };
  const edit = promised("pending", await owner.submit({ act: "policyEdit", policy: wider }));
  line("pending", "a stranger among the payees", "waits for 2 of finance");
  await owner.withdraw(edit.id);
  line("withdrawn", "and the log will say so");

  step(
    "Close the vault and look at the folder",
    "At rest there is only ciphertext, names and amounts included. A passphrase opens it again.",
  );
  custody.lock();
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))));
  for (const secret of ["acme", "Treasury", account.address, account.address.slice(2).toLowerCase(), "USDC", receive, sent.hash])
    assert(files.every((bytes) => !bytes.includes(secret)));
  line("closed", `${files.length} files`, "none of them names acme, USDC, an account or a transaction");
  await custody.unlock(passphrase(SECRET));
  const me = await custody.session({ person: "owner" });
  const again = promised("signed", await me.sign(request9000));
  assert.equal(again.hash, released.hash);
  line("signed", "the 9000 USDC, asked for again", "the same signature: nothing is spent twice");

  step("Verify the log", "As an auditor would: offline, with the log's key and a head kept from earlier, and no key of the vault.");
  const lines: string[] = [];
  for await (const text of custody.exportLog()) lines.push(text);
  const report = await verifyLog(lines, { vkey: logKey, checkpoints: [kept] });
  assert(report.ok && report.pinned && report.continues === 1);
  assert.deepEqual([report.counts.signed, report.counts.denied], [6, 6]);
  line("verified", `${report.size} entries`, `${report.counts.signed} signed, ${report.counts.denied} denied, root ${short(report.root)}`);
  const entry = verifyEntryProof(await custody.proveEntry(released.entry), logKey);
  assert(entry.ok && entry.entry.kind === "signed" && entry.entry.seq === released.entry);
  line("proven", `entry ${released.entry} is in the log`, "the 9000 USDC, without showing another entry");
  const history = verifyConsistencyProof(await custody.proveConsistency(kept), logKey, kept);
  assert(history.ok);
  line("proven", "nothing was rewritten", `the first ${history.from.size} entries are those of the kept head`);
  const forged = await verifyLog(
    lines.map((text) => text.replace(`"${parseUnits("1200", 6)}"`, `"${parseUnits("12", 6)}"`)),
    { vkey: logKey },
  );
  assert(!forged.ok);
  line("found", "a forged amount", `${forged.problems[0]?.text}`);
  custody.lock();

  if (keep !== undefined) {
    step("Look around", `The passphrase is: ${SECRET}. The keys of finance are gone, so only reading and small payments are left.`);
    const vault = /^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`;
    quote(["log verify", "log show", "policy show"].map((command) => `npx keyward ${command} --vault ${vault}`));
  }

  async function denied(what: string, asked: unknown): Promise<void> {
    const { reasons } = promised("denied", await owner.sign(asked));
    line("denied", what, reasons[0]?.text);
  }

  async function agrees(id: string, person: keyof typeof finance): Promise<void> {
    const statement = await custody.approvalStatement(id);
    await custody.submitApproval(id, await approveOffline(statement, person, finance[person]));
    line("agreed", person, "over these effects, policy and log head");
  }
}

/** The outcome, if it is the one that this demo promises. */
function promised<O extends { readonly kind: string }, K extends O["kind"]>(kind: K, outcome: O): Extract<O, { readonly kind: K }> {
  assert.equal(outcome.kind, kind, `expected ${kind}, it is ${outcome.kind}`);
  return outcome as Extract<O, { readonly kind: K }>;
}
