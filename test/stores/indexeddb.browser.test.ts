import { expect, test } from "vitest";
import { indexedDbStore } from "../../src/stores/indexeddb/index.ts";
import type { Store } from "../../src/stores/store.ts";
import { storeContract } from "../contracts/store.ts";

let serial = 0;

function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("a store did not let its database go"));
  });
}

storeContract("the store in IndexedDB", async (now) => {
  const name = `contract-${serial++}`;
  const opened: Store[] = [];
  const open = (clock?: () => number) => {
    const store = indexedDbStore(name, clock && { now: clock });
    opened.push(store);
    return store;
  };
  return {
    store: open(now),
    reopen: async (clock) => open(clock),
    cleanup: async () => {
      for (const store of opened) await store.close();
      await deleteDatabase(name);
    },
  };
});

test("a store lets its database go when another tab deletes it, and begins anew", async () => {
  const name = `deleted-${serial++}`;
  const store = indexedDbStore(name);
  await store.commit([{ key: "a", to: new Uint8Array([1]) }]);
  await deleteDatabase(name);
  expect(await store.get("a")).toBeUndefined();
  await store.commit([{ key: "a", from: null, to: new Uint8Array([2]) }]);
  expect(await store.get("a")).toEqual(new Uint8Array([2]));
  await store.close();
  await deleteDatabase(name);
});
