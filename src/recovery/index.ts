export type { Slip39Group } from "./groups.ts";
export type { AnyWorker, RealmOptions } from "./realm.ts";
export { type CombineOptions, combineSlip39, type SplitOptions, splitSlip39 } from "./slip39.ts";
