import { commitment, type Entry, entryBody, SALT_BYTES } from "../audit/entry.ts";
import type { EntryKind } from "../audit/kinds.ts";
import { storedHashes } from "../audit/stored.ts";
import { append, frontierFromJson, frontierToJson, leafHash } from "../audit/tree.ts";
import { concat } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { randomBytes } from "../keys/random.ts";
import type { Tx } from "../vault/tx.ts";
import { asJson, type RootState } from "./records.ts";

/** An entry's blob is `salt(32) || body`, so that both are erased together. */
export function entryBlob(seq: number): string {
  return `log/${seq}`;
}

export function hashesBlob(seq: number): string {
  return `log/${seq}/hashes`;
}

/**
 * Appends one entry to the log, in the commit of what it tells of: either both become durable or neither.
 *
 * @returns the entry's sequence number.
 */
export function journal(tx: Tx, kind: EntryKind, details: JsonObject): number {
  const state = tx.state as unknown as RootState;
  const frontier = frontierFromJson(state.log);
  const seq = frontier.size;
  const entry = { seq, time: tx.now, kind, ...details } as Entry;
  const body = entryBody(entry);
  const salt = randomBytes(SALT_BYTES);
  const next = append(frontier, leafHash(commitment(salt, body)));
  tx.blob(entryBlob(seq), concat(salt, body));
  tx.blob(hashesBlob(seq), storedHashes(next.completed));
  tx.setState(asJson({ ...state, log: frontierToJson(next.frontier) }));
  return seq;
}
