import type { AgeTo } from "../backup/age.ts";
import { abortedBy } from "../backup/chunks.ts";
import { wipe } from "../base/bytes.ts";
import type { Json } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { copyList } from "../base/plain.ts";
import { MOST_RECIPIENTS, readBackupAct } from "./backup-act.ts";
import type { BackupReceipt } from "./backups.ts";
import type { Desk } from "./desk.ts";
import { readOptions } from "./door.ts";
import type { Leaving } from "./export.ts";
import { readFollowing, whileOpen } from "./foreign.ts";
import type { Lease } from "./released.ts";
import { takeBackup } from "./take-backup.ts";

/**
 * The whole vault as one encrypted file, `age` format: see `backup/FORMAT.md`. `to` and `name` are what approvers see; a passphrase they
 * do not see, and it is not kept while the request waits.
 */
export interface BackupExport {
  readonly what: "backup";
  /** As people know the backup: where it is kept, for instance. */
  readonly name: string;
  readonly to: AgeTo;
  /** Gets the file piece by piece, and is waited for. What it got is a backup only when the export has ended well. */
  readonly write: (chunk: Uint8Array) => void | Promise<void>;
  /** Called after the last piece, and waited for: puts the whole file where it belongs. The receipt is written after that. */
  readonly complete?: () => void | Promise<void>;
  readonly signal?: AbortSignal;
  /** 0…1 */
  readonly onProgress?: (done: number) => void;
}

/** Reads at the door what is asked for. @throws `request/malformed`; what `encryptAge` throws for whom it is to be for */
export async function backupLeaving(given: BackupExport, desk: Desk, lease: Lease): Promise<Leaving<BackupReceipt>> {
  const { what, name, to: asked, write, complete, signal: theirs, onProgress: hear, ...rest } = given;
  if (Object.keys(rest).length > 0) throw malformed("got a member that it does not have");
  if (typeof write !== "function" || (complete !== undefined && typeof complete !== "function"))
    throw malformed("backup: expected write and complete to be functions");
  const { signal: own, onProgress } = readFollowing({ signal: theirs, onProgress: hear });
  const to = readTo(asked);
  const act = readBackupAct({ name: name as Json, to: "recipients" in to ? [...to.recipients] : "passphrase" });
  return {
    act,
    // A recipient with a typing error, or a passphrase that is too short, uses up no approval.
    rehearse: () => couldEncrypt(to),
    release: () => {
      const signal = AbortSignal.any([desk.locked, own === undefined ? [] : ended(own)].flat());
      return takeBackup(desk, {
        name: act.name,
        to,
        write: (chunk) => {
          lease.stay();
          return whileOpen(signal, async () => write(chunk));
        },
        complete: () => whileOpen(signal, async () => complete?.()),
        signal,
        onProgress,
      });
    },
  };
}

function readTo(given: unknown): AgeTo {
  const { passphrase, workFactor, recipients, ...rest } = readOptions((given ?? {}) as { [member: string]: unknown }, "export: to");
  const list = recipients === undefined ? undefined : copyList(recipients, MOST_RECIPIENTS, "export: recipients");
  if (Object.keys(rest).length > 0 || (recipients === undefined) === (passphrase === undefined))
    throw malformed("backup: expected it to be to a passphrase, or to recipients");
  if (recipients === undefined) return { passphrase, ...(workFactor !== undefined && { workFactor }) } as AgeTo;
  if (list === undefined || workFactor !== undefined) throw malformed("backup: expected a list of recipients alone");
  return { recipients: list as readonly string[] };
}

/** Loaded on demand: pages that make no backup do without. */
async function couldEncrypt(to: AgeTo): Promise<void> {
  if ("recipients" in to) {
    const { encryptAge } = await import("../backup/age.ts");
    await encryptAge(nothing(), to);
    return;
  }
  const { checkWorkFactor, copyPassphrase } = await import("../backup/age-passphrase.ts");
  checkWorkFactor(to.workFactor);
  wipe(copyPassphrase(to.passphrase, "new"));
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(0);
}

/** As an error of ours, by which everything that follows it ends. */
function ended(own: AbortSignal): AbortSignal {
  const stop = new AbortController();
  const end = () => stop.abort(abortedBy(own));
  if (own.aborted) end();
  else own.addEventListener("abort", end, { once: true });
  return stop.signal;
}

function malformed(problem: string): CustodyError {
  return new CustodyError("request/malformed", `export: ${problem}`);
}
