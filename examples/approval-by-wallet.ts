/** An approver who has a wallet and nothing of ours: `npx tsx examples/approval-by-wallet.ts` */
import { strict as assert } from "node:assert";
import { approveOffline, CustodyError, checkApprovalRequest, keyward, passphrase, walletCredential } from "keyward";
import { evm } from "keyward/chains/evm";
import { parsePolicy } from "keyward/policy";
import { memoryStore } from "keyward/stores/memory";
import { parseEther, parseGwei, serializeTransaction } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

// Ana's wallet: any that signs EIP-712. An account of viem fits as it is; for ethers and for browsers see `walletCredential`.
const wallet = privateKeyToAccount(generatePrivateKey());
const acme = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const mallory = "0x000000000000000000000000000000000000dEaD";

// Both sides know the policy. From 1 ETH on, the owner of this address has to agree.
const policy = {
  keyward: "policy/1",
  name: "large payments need ana",
  assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
  book: { acme: { chain: "eip155:1", address: acme }, mallory: { chain: "eip155:1", address: mallory } },
  people: { owner: [{ kind: "unlock" }], ana: [{ kind: "eip712", address: wallet.address }] },
  rules: [
    { id: "pay", allow: ["transfer"], when: { asset: "ETH" } },
    { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.01 ETH" } } },
    { id: "large", require: ["transfer"], when: { asset: "ETH", total: { min: "1 ETH" } }, approvals: [{ of: "ana", atLeast: 1 }] },
    { id: "edit", allow: ["policyEdit"] },
    { id: "edit-together", require: ["policyEdit"], approvals: [{ of: "ana", atLeast: 1 }] },
  ],
};

// All that the two sides exchange is text: by mail, a queue, a QR code.
await requester(approver);

/** Where the vault is. @param post - sends a text to the approver and gives what comes back. */
async function requester(post: (json: string) => Promise<string>): Promise<void> {
  const custody = keyward({ store: memoryStore(), chains: [evm] });
  await custody.create({ slot: passphrase("correct horse battery staple"), policy });
  const me = await custody.session({ person: "owner" });
  const { address: account } = await me.accounts.derive({ chain: "eip155:1", name: "Treasury" });
  const fees = { gas: 21_000n, maxFeePerGas: parseGwei("20"), maxPriorityFeePerGas: parseGwei("1") };
  const payment = (to: `0x${string}`) => ({
    chain: "eip155:1",
    account,
    kind: "transaction",
    payload: serializeTransaction({ chainId: 1, to, value: parseEther("3"), nonce: 0, ...fees }),
  });

  const asked = await me.sign(payment(acme));
  assert(asked.kind === "pending");
  console.log("owner  asks for 3 ETH to acme: pending");

  // All that an approver needs: the request, what it would do, the policy that says so, and the statement to sign.
  const letter = await custody.approvalRequest(asked.id);

  // Somebody on the way shows another payment than the statement is about.
  const other = { ...letter, request: { ...letter.request, payload: payment(mallory).payload } };
  await assert.rejects(post(JSON.stringify(other)), (error) => error instanceof CustodyError && error.code === "approval/mismatch");

  const answer: unknown = JSON.parse(await post(JSON.stringify(letter)));
  assert.equal((await me.resume(asked.id)).kind, "pending"); // nobody has handed it in yet
  await custody.submitApproval(asked.id, answer);
  const signed = await me.resume(asked.id);
  assert(signed.kind === "signed");
  console.log(`owner  hands it in: signed, ${signed.hash}`);

  // It was an answer to this request, and counts once.
  await assert.rejects(custody.submitApproval(asked.id, answer), (error) => error instanceof CustodyError);
}

/** Where the wallet is. There is no vault here, and nothing of the letter has to be believed. */
async function approver(json: string): Promise<string> {
  // The bytes are read here as well. What they would do has to be what the statement is about, under a policy that ana knows;
  // a digest alone says nothing to anybody.
  const { statement, subject, intent, policy: theirs } = refusing(() => checkApprovalRequest(JSON.parse(json), { chains: [evm] }));
  assert.equal(theirs.id, parsePolicy(JSON.stringify(policy), { parseAddress: evm.parseAddress }).id);
  for (const { kind, amount, to } of intent.effects) console.log(`ana    sees ${kind} of ${amount} wei${to ? ` to ${to}` : ""}`);
  console.log(`ana    sees that the fee may become ${subject.feeCeiling} wei, and that ${statement.submitters} asks`);

  // Her wallet shows the statement's members and signs them as typed data, under a domain that is no chain's and no contract's.
  const signed = await approveOffline(statement, "ana", walletCredential(wallet));
  console.log("ana    agrees in her wallet");
  return JSON.stringify(signed);
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    console.log(`ana    refuses: ${(error as Error).message}`);
    throw error;
  }
}
