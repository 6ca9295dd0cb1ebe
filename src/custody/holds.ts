import type { Json, JsonObject } from "../base/canonical.ts";
import type { Hold } from "../limits/hold.ts";
import { holdFromJson, holdToJson } from "../limits/record.ts";
import type { Tx } from "../vault/tx.ts";

/** A hold with what the vault adds to it. */
export interface HoldRecord extends Hold {
  /** Session in which it was asked for: that session's own limits count it. */
  readonly session: string;
  /** Sequence number of its latest `reserved` entry: the fence. */
  readonly reservation: number;
  /** The pending request whose approvals it used. */
  readonly pending?: string;
  /**
   * What left, once it is spent: given again, after judging again, to the same requester only. The bytes lie in the blob
   * {@link signedBlob}; `digest` is their SHA-256, so that nothing else passes for them.
   */
  readonly result?: { readonly hash: string; readonly digest: string; readonly complete: boolean; readonly entry: number };
}

export function signedBlob(intent: string): string {
  return `signed/${intent}`;
}

export function writeHold(tx: Tx, hold: HoldRecord): void {
  const { session, reservation, pending, result } = hold;
  const added = { session, reservation, ...(pending !== undefined && { pending }), ...(result !== undefined && { result }) };
  tx.put(`hold/${hold.intent}`, { hold: holdToJson(hold), ...added });
}

/** @throws `vault/damaged` */
export function readHold(json: Json): HoldRecord {
  const { hold, ...added } = json as JsonObject;
  return { ...holdFromJson(hold), ...(added as unknown as Omit<HoldRecord, keyof Hold>) };
}
