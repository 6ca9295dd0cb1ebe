import { bitcoin } from "../../src/chains/bitcoin/index.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { type Custody, keyward, type Session, type Store } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import * as f from "../custody/fixture.ts";
import { dump, restore } from "../vault/setting.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** The lease where nothing else is said. */
export const LEASE_MS = 30_000;
/** When everything here begins. */
export const START: number = Date.UTC(2026, 10, 2, 9);

export const BITCOIN = "bip122:000000000019d6689c085ae165831e93";
const SHOP = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu";
/** The script of that address, in hexadecimal. */
export const SHOP_SCRIPT = "0014c0cebcd6c3d3ca8c75dc5ec62ebe55330ef910e2";
export const COIN = 100_000_000n;
export const SEED: Uint8Array = new Uint8Array(64).fill(11);

const RULES: readonly object[] = [
  ...f.payRules,
  f.ethLimit("10 ETH"),
  { id: "pay-btc", allow: ["transfer"], when: { asset: "BTC", to: "shop" } },
  { id: "fees-btc", allow: ["fee"], when: { asset: "BTC", amount: { max: "0.001 BTC" } } },
  { id: "btc-limit", limit: ["transfer"], when: { asset: "BTC" }, max: "0.5 BTC", per: "24h" },
  { id: "large", require: ["transfer"], when: { asset: "ETH", total: { min: "2 ETH" } }, approvals: [{ of: "finance", atLeast: 2 }] },
  { id: "present", require: ["transfer"], when: { asset: "ETH", to: "other" }, confirm: true },
  { id: "acts", allow: ["policyEdit", "modeChange", "import", "export", "restore"] },
  { id: "slow", require: ["policyEdit"], when: { requester: "dee" }, delay: "1h" },
  { id: "asked", require: ["import"], when: { requester: "dee" }, approvals: [{ of: "ana", atLeast: 1 }] },
];

/** The policy of these tests: `owner` unlocks, the others have keys. Every kind of need is somewhere in it. */
export function policy(more: readonly object[] = []): f.Document {
  return f.document([...RULES, ...more], {
    people: [f.ana, f.ben, f.cyd, f.dee],
    more: {
      immutable: false,
      assets: { ...(f.payments().assets as object), BTC: { chain: BITCOIN, asset: "native", decimals: 8 } },
      book: { ...(f.payments().book as object), shop: { chain: BITCOIN, address: SHOP } },
      roles: { finance: ["ana", "ben", "cyd", "owner"] },
    },
  });
}

/** Everything that lies in a store, as a thief or the next process finds it. */
export type Disk = ReadonlyMap<string, Uint8Array>;

/** A clock that only a test moves. */
export interface Clock {
  now: number;
}

export function chains() {
  return [evm, bitcoin];
}

export function custodyOn(store: Store): Custody {
  return keyward({ chains: chains(), autoLockMs: Number.POSITIVE_INFINITY, store });
}

/** A store in memory that begins with what lay on a disk. */
export async function storeOf(disk: Disk, clock: Clock): Promise<Store> {
  const store = memoryStore({ now: () => clock.now });
  if (disk.size > 0) await restore(store, disk);
  return store;
}

export const diskOf: (store: Store) => Promise<Disk> = dump;

/** Whoever unlocks the vault in `store` and begins a session, for as long as any test takes. */
export async function enter(store: Store, who?: f.Person): Promise<{ readonly custody: Custody; readonly me: Session }> {
  const custody = custodyOn(store);
  await custody.unlock(f.slot);
  const session = who === undefined ? { person: "owner" } : { person: who.name, credential: who.credential };
  return { custody, me: await custody.session({ ...session, lastsMs: 30 * DAY }) };
}

let begun: Promise<Disk> | undefined;

/** A vault with a wallet, an account on each chain and the policy above, which nobody has open. */
export function newVault(): Promise<Disk> {
  begun ??= (async () => {
    const store = memoryStore({ now: () => START });
    const custody = custodyOn(store);
    await custody.create({ slot: f.slot, policy: policy(), wallet: { from: "seed", seed: SEED.slice() } });
    const me = await custody.session({ person: "owner", lastsMs: 30 * DAY });
    await me.accounts.derive({ chain: f.CHAIN, name: "Main" });
    await me.accounts.derive({ chain: BITCOIN, name: "Coins" });
    custody.lock();
    return diskOf(store);
  })();
  return begun;
}

/** `ether` to a friend, out of the account on Ethereum. */
export function payment(ether: bigint, { nonce = 0, to = f.FRIEND }: { readonly nonce?: number; readonly to?: string } = {}) {
  return { ...f.request(f.transaction({ nonce, to, value: ether * f.ETHER })), account: "Main" };
}

/** `amount` satoshi to the shop out of one coin; what is left comes back to the account's own change branch. */
export async function coins(amount: bigint, salt = 0) {
  // Only here: a child that pays in ether starts sooner without another implementation of Bitcoin.
  const { makePsbt, owner } = await import("../chains/bitcoin/made.ts");
  const who = owner("wpkh", SEED);
  const psbt = makePsbt({
    coins: [{ who, path: [0, 0], value: COIN }],
    paid: [
      { script: Buffer.from(SHOP_SCRIPT, "hex"), value: amount },
      { change: { who, path: [1, 0] }, value: COIN - amount - 2_000n },
    ],
    salt,
  });
  return { chain: BITCOIN, account: "Coins", kind: "psbt", payload: psbt.toBase64() };
}
