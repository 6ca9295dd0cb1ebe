import type { Time } from "../base/time.ts";
import type { Change, Store } from "../stores/store.ts";

/** A copy of a vault to be worked on in memory, before it lies in a store: nobody else reaches it, so nothing is compared. */
export interface Workbench extends Store {
  /** What lies there now, for a store in which nothing of it may be yet. */
  changes(): readonly Change[];
}

/** @param now - what its clock says */
export function workbench(copied: ReadonlyMap<string, Uint8Array>, now: Time): Workbench {
  const records = new Map(copied);
  return {
    get: async (key) => records.get(key)?.slice(),
    keys: async function* () {
      yield* [...records.keys()];
    },
    commit: async (changes) => {
      for (const { key, to } of changes) {
        if (to === null) records.delete(key);
        else records.set(key, to);
      }
      return now;
    },
    now: async () => now,
    close: async () => records.clear(),
    changes: () => [...records].map(([key, to]) => ({ key, from: null, to })),
  };
}
