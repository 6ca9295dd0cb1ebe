import { onTestFinished } from "vitest";
import { indexedDbStore } from "../../src/stores/indexeddb/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import type { StoreMaker } from "./fresh-store.ts";

/** Opens, as often as it is called, the same store on disk, empty at first; in a browser it is IndexedDB. For one test. */
export function lastingStore(): StoreMaker {
  const name = `test-${crypto.randomUUID()}`;
  onTestFinished(() => deleteDatabase(name));
  return (options) => indexedDbStore(name, options);
}

/** Each kind of store that a browser has, empty. */
export const everyStore: readonly (readonly [kind: string, make: StoreMaker])[] = [
  ["memory", memoryStore],
  ["IndexedDB", (options) => lastingStore()(options)],
];

/** A store that is still open lets go of its database when asked. */
function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
}
