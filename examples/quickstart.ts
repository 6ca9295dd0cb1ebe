/** A vault that signs one payment and refuses another: `npx tsx examples/quickstart.ts` */
import { strict as assert } from "node:assert";
import { keyward, passphrase, personalWallet } from "keyward";
import { evm } from "keyward/chains/evm";
import { memoryStore } from "keyward/stores/memory";
import { parseEther, parseGwei, serializeTransaction } from "viem";

// 1. Who may do what. Nothing else is allowed: paying only alice, at most 1 ETH in any 24 hours, fees included.
const alice = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const policy = personalWallet({
  assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
  payees: { alice: { chain: "eip155:1", address: alice } },
  daily: { ETH: "1" },
  fee: { ETH: "0.01" },
});

// 2. A vault in a store. From here on there is only ciphertext in it.
const custody = keyward({ store: memoryStore(), chains: [evm] });
await custody.create({ slot: passphrase("correct horse battery staple"), policy });

// 3. A person at work, and an account of theirs.
const me = await custody.session({ person: "owner" });
const account = await me.accounts.derive({ chain: "eip155:1", name: "Main" });
console.log(`account  ${account.address}`);

// 4. Two payments. What is read, judged and signed is these very bytes.
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

const small = await pay("0.25", 0);
assert(small.kind === "signed");
console.log(`signed   0.25 ETH to alice: ${small.hash}`);

const large = await pay("5", 1);
assert(large.kind === "denied");
console.log(`denied   5 ETH to alice: ${large.reasons.map(({ code, text }) => `${text} (${code})`).join("; ")}`);
assert.deepEqual(
  large.reasons.map(({ code }) => code),
  ["limit/exceeded"],
);

// 5. The signed bytes are ready to broadcast; Keyward itself never touches the network.
custody.lock();
