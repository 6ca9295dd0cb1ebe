import { toHex } from "../../src/base/bytes.ts";
import { evm } from "../../src/chains/evm/index.ts";
import { keyward, type SignOutcome, type Store } from "../../src/index.ts";
import { indexedDbStore } from "../../src/stores/indexeddb/index.ts";
import {
  CHAIN,
  checkedLog,
  codeOf,
  document,
  ETHER,
  ethLimit,
  FRIEND,
  KEY,
  kindsOf,
  MALLORY,
  openCustody,
  payments,
  payRules,
  reopen,
  request,
  slot,
  transaction,
  USDC,
  wrongSlot,
} from "../custody/fixture.ts";
import { tellEverything } from "../custody/told.ts";
import { dump, restore } from "../vault/setting.ts";

/** What the page of {@link openTab} puts within reach of `page.evaluate`, as `tab`. */
const everything = {
  CHAIN,
  ETHER,
  FRIEND,
  KEY,
  MALLORY,
  USDC,
  bytes: (...values: number[]) => Uint8Array.from(values),
  checkedLog,
  codeOf,
  document,
  dump,
  ethLimit,
  evm,
  indexedDbStore,
  keyward,
  kindsOf,
  openCustody,
  payments,
  payRules,
  reopen,
  request,
  restore,
  slot,
  tellEverything,
  transaction,
  wrongSlot,

  /** A payment to a friend. */
  pay: (nonce: number, ether: string) => request(transaction({ nonce, value: BigInt(ether) * ETHER })),
  shown: (outcome: SignOutcome) =>
    outcome.kind === "signed" ? { kind: outcome.kind, hash: outcome.hash, bytes: toHex(outcome.bytes) } : { kind: outcome.kind },
  /** What became of everything that was asked at once: a kind, or the code of an error. */
  ends: async (asked: readonly Promise<SignOutcome>[]): Promise<string[]> => {
    const settled = await Promise.allSettled(asked);
    return Promise.all(settled.map((end) => (end.status === "fulfilled" ? end.value.kind : everything.codeOf(Promise.reject(end.reason)))));
  },
  keysOf: async (store: Store): Promise<string[]> => [...(await dump(store)).keys()],

  /** A database as somebody else makes it, who never lets it go. */
  foreignDatabase: (name: string, version: number, make: (database: IDBDatabase) => void): Promise<IDBDatabase> =>
    new Promise((resolve, reject) => {
      const asked = indexedDB.open(name, version);
      asked.onupgradeneeded = () => make(asked.result);
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    }),
  deleteDatabase: (name: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const asked = indexedDB.deleteDatabase(name);
      asked.onsuccess = () => resolve();
      asked.onerror = () => reject(asked.error);
    }),
  databases: async (): Promise<string[]> => (await indexedDB.databases()).flatMap(({ name }) => name ?? []),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
};

declare global {
  var tab: typeof everything;
}
globalThis.tab = everything;
