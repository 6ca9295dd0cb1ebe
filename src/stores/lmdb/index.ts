export { lmdbStore } from "./lmdb.ts";
