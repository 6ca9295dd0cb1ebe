import type { Time } from "../../src/base/time.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import type { Store } from "../../src/stores/store.ts";

export type StoreMaker = (options?: { readonly now?: () => Time }) => Store;

/** An empty store for one test that does not care which kind it is; in Node it lies in memory. */
export const freshStore: StoreMaker = memoryStore;
