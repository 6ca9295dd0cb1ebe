import { CustodyError, type ErrorCode } from "../base/errors.ts";

/** What scripts see of an outcome. 130 is the shell's own number for Ctrl-C. */
export const EXIT = { done: 0, denied: 1, wrong: 2, pending: 3, unverified: 4, failed: 5, aborted: 130 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

type Family = ErrorCode extends `${infer F}/${string}` ? F : never;

/** What a code's folder says about whose fault it is. */
const FAMILIES: { readonly [F in Family]: Exit } = {
  json: EXIT.wrong,
  request: EXIT.wrong,
  realm: EXIT.failed,
  chain: EXIT.wrong,
  policy: EXIT.wrong,
  keys: EXIT.wrong,
  store: EXIT.failed,
  vault: EXIT.unverified,
  recovery: EXIT.wrong,
  backup: EXIT.wrong,
  slot: EXIT.wrong,
  session: EXIT.wrong,
  approval: EXIT.wrong,
  pending: EXIT.wrong,
  log: EXIT.unverified,
  cli: EXIT.wrong,
};

/** Codes that are not like their family. */
const EXCEPTIONS: { readonly [C in ErrorCode]?: Exit } = {
  "keys/no-randomness": EXIT.failed,
  "keys/bad-signature": EXIT.failed,
  "vault/exists": EXIT.wrong,
  "vault/absent": EXIT.wrong,
  // A wrong passphrase and a changed header cannot be told apart; far more often somebody has mistyped.
  "vault/cannot-open": EXIT.wrong,
  "vault/weak-passphrase": EXIT.wrong,
  "vault/no-such-account": EXIT.wrong,
  "vault/no-phrase": EXIT.wrong,
  "vault/no-seed": EXIT.wrong,
  "vault/already-there": EXIT.wrong,
  "vault/view-only": EXIT.wrong,
  "vault/locked": EXIT.failed,
  "vault/busy": EXIT.failed,
  "vault/key-of-person": EXIT.wrong,
  "vault/weak-slot": EXIT.wrong,
  "vault/too-many-slots": EXIT.wrong,
  "vault/no-such-slot": EXIT.wrong,
  "vault/last-slot": EXIT.wrong,
  "vault/unfinished-rotation": EXIT.failed,
  "vault/rotated": EXIT.failed,
  "vault/reservation-lost": EXIT.failed,
  "vault/reservation-taken": EXIT.failed,
  "vault/aborted": EXIT.aborted,
  "slot/no-keychain": EXIT.failed,
  "slot/keychain-locked": EXIT.failed,
  "recovery/failed": EXIT.failed,
  "recovery/no-realm": EXIT.failed,
  "recovery/timed-out": EXIT.failed,
  "recovery/aborted": EXIT.aborted,
  "backup/damaged": EXIT.unverified,
  "backup/foreign": EXIT.unverified,
  "backup/kdf-out-of-bounds": EXIT.unverified,
  "backup/aborted": EXIT.aborted,
  "cli/failed": EXIT.failed,
};

export function exitOf(code: ErrorCode): Exit {
  return EXCEPTIONS[code] ?? FAMILIES[code.slice(0, code.indexOf("/")) as Family];
}

/** A mistake in how a command was called. */
export function usage(message: string): CustodyError {
  return new CustodyError("cli/usage", message);
}
