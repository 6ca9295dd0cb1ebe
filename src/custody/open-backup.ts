import { openCheckpoint } from "../audit/checkpoint.ts";
import { parseVerifier } from "../audit/note.ts";
import { frontierFromJson, rootOf } from "../audit/tree.ts";
import type { BackupContent, BackupHead } from "../backup/content.ts";
import { equal } from "../base/bytes.ts";
import { CustodyError, type ErrorCode } from "../base/errors.ts";
import { isObject } from "../base/shape.ts";
import type { Store } from "../stores/store.ts";
import type { KdfOptions } from "../vault/kdf.ts";
import type { Index } from "../vault/mirror.ts";
import { openCopy } from "../vault/open-copy.ts";
import type { Vault } from "../vault/vault.ts";
import { logKey } from "./log.ts";
import { checkWhole } from "./whole.ts";

export interface OpenWhole extends KdfOptions {
  /** Holds the records of the backup, and nothing else. */
  readonly store: Store;
  readonly index?: Index;
}

/**
 * Opens the vault that a backup holds, by the way in that it carries, and checks that it is whole and what the first line says.
 *
 * @param options - `onProgress`: 0…1
 * @returns a vault that the caller locks.
 * @throws `backup/damaged`, whatever it is that does not fit; `vault/aborted`, or what the signal was aborted with
 */
export async function openWhole({ head, secret, records }: BackupContent, options: OpenWhole): Promise<Vault> {
  const { store, index, signal } = options;
  let vault: Vault | undefined;
  try {
    vault = await openCopy({ store, way: head.slot, secret, signal, ...(index && { index }) });
    // Before anything is done as often as there are entries.
    if (vault.access !== "sign" || vault.id !== head.vault || vault.epoch !== head.epoch || 2 * head.entries > records.size)
      throw notWhole("the first line is of another copy");
    await checkHead(vault, head);
    await checkWhole(vault, options);
    return vault;
  } catch (cause) {
    vault?.lock();
    if (signal?.aborted || (cause instanceof CustodyError && OURS.includes(cause.code))) throw cause;
    // Whoever can write such a file can write a vault of their own: what its records make our readers throw says that it is none of ours.
    throw cause instanceof CustodyError && cause.code === "backup/damaged" ? cause : notWhole("the vault in it is not whole", cause);
  }
}

/** What says nothing of the backup. */
const OURS: readonly ErrorCode[] = ["vault/aborted", "vault/locked", "realm/polluted"];

/** The checkpoint says when the copy was made, and its log is the one that the checkpoint signs. */
async function checkHead(vault: Vault, { checkpoint, at, entries }: BackupHead): Promise<void> {
  const frontier = await vault.read(({ state }) => frontierFromJson(isObject(state) ? state.log : undefined));
  const signed = openCheckpoint(checkpoint, parseVerifier(logKey(vault)));
  const same = signed.size === frontier.size && equal(signed.root, rootOf(frontier));
  if (!same || signed.time !== at || frontier.size !== entries || entries === 0) throw notWhole("the checkpoint is of another copy");
}

function notWhole(what: string, cause?: unknown): CustodyError {
  return new CustodyError("backup/damaged", `backup: ${what}`, { cause });
}
