import { sha256 } from "@noble/hashes/sha2.js";
import { commitment, readEntry, SALT_BYTES } from "../audit/entry.ts";
import { storedHashes } from "../audit/stored.ts";
import { append, emptyFrontier, type Frontier, frontierFromJson, frontierToJson, leafHash } from "../audit/tree.ts";
import { equal, toHex } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { type KdfOptions, throwIfAborted } from "../vault/kdf.ts";
import type { View } from "../vault/tx.ts";
import type { Vault } from "../vault/vault.ts";
import { readHold, signedBlob } from "./holds.ts";
import { entryBlob, hashesBlob } from "./journal.ts";
import { rootState } from "./refusals.ts";

/** After so many entries others have their turn. */
const AT_ONCE = 256;

/** The blobs that a vault of ours has: what the log consists of, and what was signed. An entry never changes; signed bytes have a digest. */
export function* blobsOf(view: View): Generator<readonly [name: string, version: string]> {
  const { size } = frontierFromJson(rootState(view).log);
  for (let seq = 0; seq < size; seq++) {
    yield [entryBlob(seq), ""];
    yield [hashesBlob(seq), ""];
  }
  for (const [intent, digest] of signedOf(view)) yield [signedBlob(intent), digest];
}

/**
 * Whether a copy that was opened has all of a vault, and nothing besides: opening it has checked every record against the root; here are
 * its secrets, every entry of its log, and everything that it has signed.
 *
 * @param options - `onProgress`: 0…1
 * @throws `vault/damaged`, `log/damaged`, `log/malformed`; `vault/aborted`
 */
export async function checkWhole(copy: Vault, options: KdfOptions = {}): Promise<void> {
  const { frontier, signed, blobs } = await copy.read((view) => ({
    frontier: frontierFromJson(rootState(view).log),
    signed: [...signedOf(view)],
    blobs: [...blobsOf(view)].map(([name]) => name),
  }));
  await copy.checkCopy(blobs);
  await checkLog(copy, frontier, options);
  for (const [intent, digest] of signed) {
    const bytes = await copy.readBlob(signedBlob(intent));
    if (bytes === undefined || toHex(sha256(bytes)) !== digest) throw new CustodyError("vault/damaged", "signature: not as it was written");
  }
}

/** Makes the whole tree again from the entries: each has to be at its place, and the last has to give the head. */
async function checkLog(copy: Vault, frontier: Frontier, { signal, onProgress }: KdfOptions): Promise<void> {
  let made = emptyFrontier;
  for (let seq = 0; seq < frontier.size; seq++) {
    if (seq % AT_ONCE === 0) {
      onProgress?.(seq / frontier.size);
      await new Promise((resume) => setTimeout(resume));
      throwIfAborted(signal);
    }
    const blob = (await copy.readBlob(entryBlob(seq))) ?? new Uint8Array(0);
    const [salt, body] = [blob.subarray(0, SALT_BYTES), blob.subarray(SALT_BYTES)];
    if (body.length === 0 || readEntry(body).seq !== seq) throw damaged(seq);
    const next = append(made, leafHash(commitment(salt, body)));
    const hashes = await copy.readBlob(hashesBlob(seq));
    if (hashes === undefined || !equal(hashes, storedHashes(next.completed))) throw damaged(seq);
    made = next.frontier;
  }
  if (canonical(frontierToJson(made)) !== canonical(frontierToJson(frontier))) throw damaged(frontier.size - 1);
}

function* signedOf(view: View): Generator<readonly [intent: string, digest: string]> {
  for (const [, record] of view.list("hold/")) {
    const { intent, result } = readHold(record);
    if (result !== undefined) yield [intent, result.digest];
  }
}

function damaged(seq: number): CustodyError {
  return new CustodyError("log/damaged", `entry ${seq}: it is not the one that the log has there`);
}
