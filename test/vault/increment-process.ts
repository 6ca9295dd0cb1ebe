import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { openVault } from "../../src/vault/open.ts";
import { keyOf, rawSlot } from "./setting.ts";

/** One of several processes that count up the same record. Arguments: where the store is, and how often. */
const [path = "", times = "0"] = process.argv.slice(2);
const store = lmdbStore(path);
const vault = await openVault({ store, slot: rawSlot(keyOf(1)) });
const own: number[] = [];
for (let n = 0; n < Number(times); n += 2) {
  const job = () =>
    vault.transact((tx) => {
      const next = Number(tx.get("n")) + 1;
      tx.put("n", next);
      tx.put(`by/${next}`, process.pid);
      return next;
    });
  own.push(...(await Promise.all([job(), job()])));
}
vault.lock();
await store.close();
process.stdout.write(JSON.stringify(own));
