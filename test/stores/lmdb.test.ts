import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import type { Store } from "../../src/stores/store.ts";
import { storeContract } from "../contracts/store.ts";

storeContract("the store in LMDB", async (now) => {
  const folder = mkdtempSync(join(tmpdir(), "keyward-lmdb-"));
  const opened: Store[] = [];
  const open = (clock?: () => number) => {
    const store = lmdbStore(join(folder, "vault.db"), clock && { now: clock });
    opened.push(store);
    return store;
  };
  return {
    store: open(now),
    reopen: async (clock) => open(clock),
    cleanup: async () => {
      for (const store of opened) await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
