export { CustodyError, ERROR_CODES, type ErrorCode, type Position } from "./base/errors.ts";
export type { Time } from "./base/time.ts";
export type { Store } from "./stores/store.ts";
