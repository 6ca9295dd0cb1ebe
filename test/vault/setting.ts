import type { Change, Store } from "../../src/stores/store.ts";
import type { Slot } from "../../src/vault/slot.ts";

/** A slot whose secret is the key itself: opening costs nothing, and nothing protects it. For tests only. */
export function rawSlot(key: Uint8Array): Slot {
  return {
    kind: "raw",
    enrol: async () => ({ parameters: { note: "for tests" }, secret: key.slice() }),
    open: async () => key.slice(),
  };
}

export function keyOf(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

/** Everything in a store, as somebody who stole it has it. */
export async function dump(store: Store): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>();
  for await (const key of store.keys()) {
    const bytes = await store.get(key);
    if (bytes) all.set(key, bytes);
  }
  return all;
}

/** Makes a store hold exactly `records`, as somebody who can write the disk does. */
export async function restore(store: Store, records: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const changes: Change[] = [...records].map(([key, to]) => ({ key, to }));
  for (const key of (await dump(store)).keys()) if (!records.has(key)) changes.push({ key, to: null });
  await store.commit(changes);
}

/** The store, with a look at every commit before it is made. */
export function watched(store: Store, before: (changes: readonly Change[]) => void | Promise<void>): Store {
  return {
    get: (key) => store.get(key),
    keys: () => store.keys(),
    now: () => store.now(),
    close: () => store.close(),
    commit: async (changes, options) => {
      await before(changes);
      return store.commit(changes, options);
    },
  };
}
