import type { JsonObject } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import type { IntentId, Reason } from "../intent/intent.ts";
import type { Need } from "../intent/verdict.ts";

/** What became of a request. Denied and pending are results, not errors. */
export type SignOutcome = SignedOutcome | PendingOutcome | DeniedOutcome;
/** What became of an act on the custody itself. */
export type ActOutcome = DoneOutcome | PendingOutcome | DeniedOutcome;

/** What became of a secret that was asked to leave the vault. */
export type ExportOutcome<T> = ExportedOutcome<T> | PendingOutcome | DeniedOutcome;

/** Allowed, signed, verified and written down. */
export interface SignedOutcome {
  readonly kind: "signed";
  readonly intent: IntentId;
  /** The signed transaction, ready to broadcast; the signature of a message; or what others still have to sign. A copy of your own. */
  readonly bytes: Uint8Array;
  /** Its id on the chain; of a message, the digest that was signed. */
  readonly hash: string;
  /** False where signatures of others are missing: `bytes` is then a PSBT to hand on. */
  readonly complete: boolean;
  /** Sequence number of its log entry. */
  readonly entry: number;
}

/** An act that was allowed, and has taken effect. */
export interface DoneOutcome {
  readonly kind: "done";
  readonly entry: number;
  /** What the act made: `{ wallet }`, `{ policy, version }`, `{ mode }` … */
  readonly result: JsonObject;
}

/** Allowed, written down, and then let out. */
export interface ExportedOutcome<T> {
  readonly kind: "exported";
  readonly entry: number;
  /** Yours from here on, to end or to wipe. */
  readonly exported: T;
}

/** Allowed once people or time have done their part. */
export interface PendingOutcome {
  readonly kind: "pending";
  /** For `resume`, `approve` and `withdraw`. */
  readonly id: string;
  /** What is not met yet. */
  readonly needs: readonly Need[];
  readonly expires: Time;
  readonly entry: number;
}

/** Nothing was signed or done, and `reasons` has at least one. */
export interface DeniedOutcome {
  readonly kind: "denied";
  readonly reasons: readonly Reason[];
  /** Absent where a flood of denials is only counted. */
  readonly entry?: number;
}
