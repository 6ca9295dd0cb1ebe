export { indexedDbStore } from "./indexeddb.ts";
