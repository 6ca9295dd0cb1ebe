import { createInterface } from "node:readline";
import { Transaction } from "micro-eth-signer";
import { evm } from "../../src/chains/evm/index.ts";
import { keyward, passphrase } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { argon2id } from "../../src/vault/kdf.ts";

// The process whose memory `memory.system.test.ts` reads. It tells its secrets XOR-masked, so that telling them leaves no copy.
// Each line of input is a step; each line of output says which secrets there are by then.

const MASK = 0xa5;
const FRIEND = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const told: { [name: string]: string } = {};

function masked(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte ^ MASK).toString(16).padStart(2, "0")).join("");
}

function unmask(text: string): Uint8Array {
  // Memory of its own, as a caller should use: V8 leaves copies of small arrays behind.
  const bytes = new Uint8Array(new ArrayBuffer(text.length / 2));
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16) ^ MASK;
  return bytes;
}

// Every secret of a vault begins as a draw; `randomBytes` draws 32 bytes or more, twice, and gives the first.
const draws: string[] = [];
const { crypto } = globalThis;
const draw = crypto.getRandomValues.bind(crypto);
crypto.getRandomValues = <T extends ArrayBufferView | null>(into: T): T => {
  const filled = draw(into as never) as T;
  const bytes = filled as unknown as Uint8Array;
  if (bytes.length >= 32) draws.push(masked(bytes));
  return filled;
};

// What the scan must find, and what it must not.
const stays = crypto.getRandomValues(new Uint8Array(new ArrayBuffer(32)));
told.stays = masked(stays);
const wiped = crypto.getRandomValues(new Uint8Array(new ArrayBuffer(32)));
told.wiped = masked(wiped);
wiped.fill(0);
draws.length = 0;

const store = memoryStore();
const custody = keyward({ store, chains: [evm], autoLockMs: Number.POSITIVE_INFINITY });
const steps: { readonly [step: string]: (argument: string) => Promise<unknown> } = {
  async create(phrase) {
    const bytes = unmask(phrase);
    await custody.create({ slot: slotOf(bytes), policy: policy() });
    bytes.fill(0);
    // Two draws each: entropy of the first wallet, the vault's id, and the roots in the order of `newRoots`.
    const [entropy, , vault, , sign, , view, , naming] = draws;
    Object.assign(told, { entropy, vault, sign, view, naming });
  },
  async lock() {
    custody.lock();
  },
  async unlock(phrase) {
    const bytes = unmask(phrase);
    await custody.unlock(slotOf(bytes));
    bytes.fill(0);
  },
  async import(key) {
    const privateKey = unmask(key);
    const me = await custody.session({ person: "owner" });
    const { kind } = await me.submit({ act: "import", name: "Key", wallet: { from: "privateKey", privateKey } });
    privateKey.fill(0);
    if (kind !== "done") throw new Error(`import: ${kind}`);
  },
  async sign() {
    const me = await custody.session({ person: "owner" });
    const [wallet] = (await custody.wallets()).filter(({ kind }) => kind === "mnemonic");
    const account = await me.accounts.derive({ chain: "eip155:1", name: "Main", wallet: wallet?.id ?? "" });
    for (let nonce = 0n; nonce < 10n; nonce++) {
      const fees = { maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n, gasLimit: 21_000n };
      const prepared = { type: "eip1559", to: FRIEND, value: 1n, nonce, chainId: 1n, data: "", ...fees };
      const payload = `0x${Transaction.prepare(prepared as never, false)
        .toHex({ includeSignature: false })
        .replace(/^0x/, "")}`;
      const { kind } = await me.sign({ chain: "eip155:1", account: account.address, kind: "transaction", payload });
      if (kind !== "signed") throw new Error(`sign: ${kind}`);
    }
  },
};

function slotOf(phrase: Uint8Array) {
  return passphrase(phrase, {
    cost: { memoryKiB: 19 * 1024, passes: 2, lanes: 1 },
    kdf: async (normal, salt, cost, options) => {
      const secret = await argon2id(normal, salt, cost, options);
      told.slot = masked(secret);
      return secret;
    },
  });
}

function policy() {
  return {
    keyward: "policy/1",
    name: "for the memory test",
    people: { owner: [{ kind: "unlock" }] },
    rules: [{ id: "all", allow: ["transfer", "fee", "import"] }],
    immutable: true,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [step = "", argument = ""] = line.split(" ");
  await steps[step]?.(argument);
  // What nobody holds any more is collected, so that a hit is a buffer that somebody forgot, not one that is on its way out.
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  console.log(JSON.stringify({ ...told, live: stays.length }));
}
