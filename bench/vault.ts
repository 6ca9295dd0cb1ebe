import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evm } from "../dist/chains/evm/index.js";
import { keyward, type Session, type Slot, type Store } from "../dist/index.js";
import { lmdbStore } from "../dist/stores/lmdb/index.js";
import { memoryStore } from "../dist/stores/memory/index.js";

/** A key that everybody knows: the first account of Hardhat and Anvil. */
export const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
export const ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
export const FRIEND = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/** Opens at once: stretching a passphrase is not what is measured. */
export const slot: Slot = {
  kind: "bench",
  enrol: async () => ({ parameters: {}, secret: new Uint8Array(32).fill(7) }),
  open: async () => new Uint8Array(32).fill(7),
};

/** Everything on: a book, an amount, a daily limit, a lifetime limit, fees, a log. */
const policy = {
  keyward: "policy/1",
  name: "bench",
  assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
  book: { friend: { chain: "eip155:1", address: FRIEND } },
  people: { owner: [{ kind: "unlock" }] },
  rules: [
    { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "friend", amount: { max: "1 ETH" } } },
    { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
    { id: "day", limit: ["outflow"], when: { asset: "ETH" }, max: "1000000 ETH", per: "24h" },
    { id: "edit", allow: ["policyEdit"] },
  ],
};

export interface Bench {
  /** Signs and gives the signed bytes as `0x` hex. */
  sign(unsigned: string): Promise<string>;
  close(): Promise<void>;
}

export async function openBench(kind: "memory" | "lmdb"): Promise<Bench> {
  const store: Store = kind === "memory" ? memoryStore() : lmdbStore(mkdtempSync(join(tmpdir(), "keyward-bench-")));
  const custody = keyward({ store, chains: [evm] });
  const privateKey = Uint8Array.from(Buffer.from(KEY.slice(2), "hex"));
  await custody.create({ slot, policy, wallet: { from: "privateKey", privateKey } });
  const me: Session = await custody.session({ person: "owner" });
  const account = await me.accounts.derive({ chain: "eip155:1", name: "Bench" });
  return {
    async sign(unsigned) {
      const outcome = await me.sign({ chain: "eip155:1", account: account.address, kind: "transaction", payload: unsigned });
      if (outcome.kind !== "signed") throw new Error(`bench: expected a signature, got ${JSON.stringify(outcome)}`);
      return `0x${Buffer.from(outcome.bytes).toString("hex")}`;
    },
    async close() {
      custody.lock();
      await store.close();
    },
  };
}
