import { sha256 } from "@noble/hashes/sha2.js";
import { formatCheckpoint } from "../audit/checkpoint.ts";
import { originOf } from "../audit/export.ts";
import { noteOf, parseVerifier } from "../audit/note.ts";
import { frontierFromJson, rootOf } from "../audit/tree.ts";
import type { AgeTo } from "../backup/age.ts";
import { BACKUP_SLOT, type BackupContent, type BackupHead } from "../backup/content.ts";
import { secretCopy, toHex, utf8, wipe } from "../base/bytes.ts";
import { unreachable } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import { randomBytes } from "../keys/random.ts";
import { copyStore } from "../vault/copy.ts";
import type { KdfOptions } from "../vault/kdf.ts";
import type { Slot } from "../vault/slot.ts";
import type { View } from "../vault/tx.ts";
import type { Vault } from "../vault/vault.ts";
import { addBackup, type BackupReceipt } from "./backups.ts";
import type { Desk } from "./desk.ts";
import { logKey } from "./log.ts";
import { openWhole } from "./open-backup.ts";
import { rootState } from "./refusals.ts";
import { blobsOf } from "./whole.ts";

/** A backup that may be taken: the act that asked for it has taken effect. */
export interface BackupOrder {
  readonly name: string;
  readonly to: AgeTo;
  /** Gets the file piece by piece, and is waited for. */
  readonly write: (chunk: Uint8Array) => Promise<void>;
  /** Called when the file is complete, and waited for. */
  readonly complete: () => Promise<void>;
  readonly signal: AbortSignal;
  /** 0…1 */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * Copies the vault, opens the copy by its own way in and checks it, and writes it as an encrypted file. The receipt is written when the
 * file is complete: one that was cut off has none.
 *
 * @throws `vault/busy`, `vault/damaged`, `log/damaged`; `backup/damaged` where the copy is not whole; what `write` throws; what the signal
 *   was aborted with
 */
export async function takeBackup(desk: Desk, order: BackupOrder): Promise<BackupReceipt> {
  const { name, to, write, complete, signal, onProgress } = order;
  const { writeBackup } = await import("../backup/write.ts");
  const part = (from: number, upTo: number) => (done: number) => onProgress?.(from + (upTo - from) * done);
  const content = await copyOf(desk, { signal, onProgress: part(0, 0.3) });
  try {
    const { head, records } = content;
    const copy = await openWhole(content, { store: copyStore(records, head.at), signal, onProgress: part(0.3, 0.6) });
    copy.lock();
    const hash = sha256.create();
    const size = [...records.values()].reduce((sum, { length }) => sum + (length * 4) / 3, 0);
    let bytes = 0;
    for await (const chunk of await writeBackup(content, to, { signal, onProgress: part(0.6, 0.7) })) {
      hash.update(chunk);
      bytes += chunk.length;
      await write(chunk);
      part(0.7, 1)(Math.min(bytes / size, 1));
    }
    await complete();
    const { at, epoch, entries, slot } = head;
    const opens = "passphrase" in to ? "passphrase" : to.recipients.length;
    const receipt = { id: slot.id, name, at, epoch, entries, bytes, sha256: toHex(hash.digest()), to: opens } as const;
    return await desk.vault.transact((tx) => addBackup(tx, receipt));
  } finally {
    wipe(content.secret);
  }
}

/** One consistent copy with a fresh way in, and what its first line says. The caller wipes the secret. */
async function copyOf({ vault, now }: Desk, options: KdfOptions): Promise<BackupContent> {
  const secret = randomBytes(32);
  const slot: Slot = {
    kind: BACKUP_SLOT,
    enrol: async () => ({ parameters: {}, secret: secretCopy(secret) }),
    open: () => unreachable("the way into a backup is opened with the backup"),
  };
  const enrolled = await vault.enrol(slot, options);
  try {
    const at = await now();
    let head: Omit<BackupHead, "slot"> | undefined;
    // Looked at with each attempt: what it says is of the root that the copy is of.
    const look = (view: View) => {
      head = headOf(vault, view, Math.max(at, view.time));
      return blobsOf(view);
    };
    const { way, records } = await vault.copy(enrolled, look, options);
    return { head: { ...(head ?? unreachable("a copy of no root")), slot: way }, secret, records };
  } catch (cause) {
    wipe(secret);
    throw cause;
  } finally {
    wipe(enrolled.pin);
  }
}

function headOf(vault: Vault, view: View, at: Time): Omit<BackupHead, "slot"> {
  const frontier = frontierFromJson(rootState(view).log);
  const { size } = frontier;
  const text = formatCheckpoint({ origin: originOf(vault.id), size, root: rootOf(frontier), time: at, extensions: [] });
  const checkpoint = noteOf(text, parseVerifier(logKey(vault)), vault.signCheckpoint(utf8(text)));
  return { vault: vault.id, at, epoch: view.epoch, entries: size, checkpoint };
}
