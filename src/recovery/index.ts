export type { AnyWorker, RealmOptions } from "./realm.ts";
export { type CombineOptions, combineSlip39, type Slip39Group, type SplitOptions, splitSlip39 } from "./slip39.ts";
