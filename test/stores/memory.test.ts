import { memoryStore } from "../../src/stores/memory/index.ts";
import { storeContract } from "../contracts/store.ts";

storeContract("the store in memory", async (now) => {
  const store = memoryStore(now && { now });
  return { store, cleanup: () => store.close() };
});
