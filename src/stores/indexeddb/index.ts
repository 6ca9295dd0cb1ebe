export { type BrowserStore, indexedDbStore } from "./indexeddb.ts";
