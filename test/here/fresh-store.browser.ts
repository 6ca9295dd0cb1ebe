import { lastingStore } from "./every-store.browser.ts";
import type { StoreMaker } from "./fresh-store.ts";

/** An empty store for one test that does not care which kind it is; in a browser it lies in IndexedDB until the test is over. */
export const freshStore: StoreMaker = (options) => lastingStore()(options);
