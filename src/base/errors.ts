import { ownMembers } from "./own.ts";

/**
 * Every code a {@link CustodyError} can carry, `folder/what-happened`. Callers switch on codes, so a code is never renamed
 * or given a second meaning; messages may improve. Outcomes that are expected (denied, pending) are values, not errors.
 */
export const ERROR_CODES = [
  // Text that should be JSON.
  "json/malformed",
  "json/duplicate-key",
  "json/too-large",
  "json/too-deep",
  // A request at the door.
  "request/malformed",
  "request/unsupported",
  // The realm that we run in.
  "realm/polluted",
  // Bytes of a chain.
  "chain/malformed",
  "chain/too-large",
  "chain/unknown",
  // A policy document.
  "policy/invalid",
  // Keys.
  "keys/no-randomness",
  "keys/bad-entropy",
  "keys/bad-mnemonic",
  "keys/bad-path",
  "keys/bad-key",
  "keys/bad-digest",
  "keys/bad-signature",
  // Stores.
  "store/conflict",
  "store/expired",
  "store/bad-key",
  "store/closed",
  "store/failed",
  "store/full",
  "store/blocked",
  "store/foreign",
  // The vault.
  "vault/exists",
  "vault/absent",
  "vault/locked",
  "vault/cannot-open",
  "vault/damaged",
  "vault/rolled-back",
  "vault/kdf-out-of-bounds",
  "vault/weak-passphrase",
  "vault/view-only",
  "vault/busy",
  "vault/aborted",
  "vault/account-mismatch",
  "vault/no-such-account",
  "vault/reservation-lost",
  "vault/reservation-taken",
  "vault/no-such-secret",
  "vault/no-phrase",
  "vault/no-seed",
  "vault/already-there",
  "vault/key-of-person",
  "vault/weak-slot",
  "vault/too-many-slots",
  "vault/no-such-slot",
  "vault/last-slot",
  "vault/unfinished-rotation",
  "vault/rotated",
  // Ways into the vault.
  "slot/share-damaged",
  "slot/share-foreign",
  "slot/share-altered",
  "slot/share-twice",
  "slot/too-few-shares",
  "slot/keychain-package",
  "slot/no-keychain",
  "slot/keychain-locked",
  "slot/no-entry",
  "slot/entry-exists",
  "slot/unavailable",
  "slot/not-allowed",
  "slot/no-prf",
  "slot/wrong-site",
  // Shares of a wallet, in words.
  "recovery/bad-secret",
  "recovery/bad-groups",
  "recovery/bad-passphrase",
  "recovery/bad-share",
  "recovery/mixed-shares",
  "recovery/too-few-shares",
  "recovery/failed",
  "recovery/no-realm",
  "recovery/timed-out",
  "recovery/aborted",
  // Backups as one encrypted file.
  "backup/damaged",
  "backup/cannot-open",
  "backup/kdf-out-of-bounds",
  "backup/weak-passphrase",
  "backup/bad-key",
  "backup/aborted",
  "backup/foreign",
  // Sessions, approvals, pending requests.
  "session/no-such-person",
  "session/bad-proof",
  "session/ended",
  "approval/malformed",
  "approval/bad-signature",
  "approval/not-an-approver",
  "approval/mismatch",
  "pending/no-such-request",
  "pending/not-yours",
  // The log.
  "log/malformed",
  "log/bad-proof",
  "log/bad-signature",
  "log/damaged",
  // The command line.
  "cli/usage",
  "cli/failed",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** A place in a text: `line` and `column` count from 1, `offset` from 0 in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/**
 * The one error of this package: input was hostile or mistaken, or the platform failed. `code` is stable; `message` says
 * what was expected and what came, and never holds a secret, a passphrase or a whole payload.
 */
export class CustodyError extends Error {
  override readonly name = "CustodyError";
  readonly code: ErrorCode;
  /** Where in the text, when a text was read. */
  readonly position: Position | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; position?: Position | undefined } = {}) {
    const { cause, position } = ownMembers(options);
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.position = position;
  }

  toJSON(): { code: ErrorCode; message: string; position?: Position } {
    return { code: this.code, message: this.message, ...(this.position && { position: this.position }) };
  }
}

/** For values that the types already exclude: reaching this is our bug, not the caller's. */
export function unreachable(what: string): never {
  throw new Error(`unreachable: ${what}`);
}
