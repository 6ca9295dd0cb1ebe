import type { JsonObject } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import type { Tx, View } from "../vault/tx.ts";
import { journal } from "./journal.ts";
import { asJson } from "./records.ts";

/** What a vault remembers of a backup once its file is complete: nothing that opens it, and enough to know the file again. */
export interface BackupReceipt {
  /** 16 hexadecimal digits: of the way in that it carries. */
  readonly id: string;
  readonly name: string;
  /** The state that it holds is of then: so many commits, so many entries of the log. */
  readonly at: Time;
  readonly epoch: number;
  readonly entries: number;
  /** Of the file. */
  readonly bytes: number;
  /** Of the file, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Who can open it: whoever knows its passphrase, or so many recipients. */
  readonly to: "passphrase" | number;
  /** When the file was complete. */
  readonly made: Time;
  /** When the file was last read again and found whole; absent where nobody has. */
  readonly verified?: Time;
}

/** Receipts, the oldest first. */
export function backupsOf(view: Pick<View, "list">): readonly BackupReceipt[] {
  return [...view.list("backup/")].map(([, record]) => record as unknown as BackupReceipt).sort((a, b) => a.made - b.made);
}

/** Writes a receipt down, and its entry. */
export function addBackup(tx: Tx, taken: Omit<BackupReceipt, "made">): BackupReceipt {
  const receipt: BackupReceipt = { ...taken, made: tx.now };
  tx.put(`backup/${receipt.id}`, asJson(receipt));
  journal(tx, "backup", { event: "taken", backup: asJson(receipt) as JsonObject });
  return receipt;
}

/** That a file was found whole. @returns the receipt of the backup; nothing where this vault has none of such a file */
export function markVerified(tx: Tx, sha256: string): BackupReceipt | undefined {
  const found = backupsOf(tx).find((receipt) => receipt.sha256 === sha256);
  if (found === undefined) return undefined;
  const receipt: BackupReceipt = { ...found, verified: tx.now };
  tx.put(`backup/${receipt.id}`, asJson(receipt));
  journal(tx, "backup", { event: "verified", backup: { id: receipt.id, sha256 } });
  return receipt;
}
