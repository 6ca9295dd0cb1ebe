import { openCheckpoint } from "../audit/checkpoint.ts";
import { keysOf } from "../audit/handover.ts";
import { consistencyProof, verifyConsistency } from "../audit/proof.ts";
import { rootOf } from "../audit/tree.ts";
import type { AgeWith } from "../backup/age.ts";
import { type Chunks, onePiece } from "../backup/chunks.ts";
import type { ReadBackup } from "../backup/read.ts";
import { isBytes, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import { copyStore } from "../vault/copy.ts";
import type { Vault } from "../vault/vault.ts";
import { type Wallet, walletRecords } from "./accounts.ts";
import { type BackupReceipt, markVerified } from "./backups.ts";
import { accountRecords } from "./desk.ts";
import { readOptions } from "./door.ts";
import { readFollowing } from "./foreign.ts";
import { holdTo } from "./kept.ts";
import { handoversOf, hashReader, logKey, readHead } from "./log.ts";
import { openWhole } from "./open-backup.ts";

/** A backup that was read and found whole. */
export interface BackupReport {
  /** Of the vault that it holds. */
  readonly vault: string;
  /** The key of its log, as `custody.logKey` gave it then. */
  readonly logKey: string;
  /** The state is of then: so many commits, so many entries of the log. */
  readonly at: Time;
  readonly epoch: number;
  readonly entries: number;
  /** Sealed records that were checked. */
  readonly records: number;
  /** Wallets whose keys it holds. */
  readonly wallets: readonly Wallet[];
  readonly accounts: number;
  /** Of the file, and its SHA-256. */
  readonly bytes: number;
  readonly sha256: string;
  /**
   * How many entries were written since, by what it was compared with; negative where the backup has more. The log of a vault begins with
   * the backup's, or the other way round. Of a checkpoint that has more entries only the signature was checked.
   */
  readonly behind: { readonly checkpoint?: number; readonly vault?: number };
  /** Compared with an open vault: wallets of it that the backup has not. */
  readonly lacks?: readonly Wallet[];
  /**
   * Compared with a vault that is open to sign: its receipt of this very file, which says now when it was verified. There is none for a
   * file that somebody encrypted anew, or that another vault's holder made.
   */
  readonly receipt?: BackupReceipt;
}

export interface VerifyBackupOptions {
  /** A checkpoint that was kept elsewhere: the log in the backup has to continue it, or is behind it. */
  readonly checkpoint?: string;
  readonly signal?: AbortSignal;
  /** 0…1 */
  readonly onProgress?: (done: number) => void;
}

/**
 * Opens a backup, and checks every line, record, secret and log entry of the vault that it holds. Needs no vault; with
 * `custody.verifyBackup` it is compared with one that is open.
 *
 * @param file - the whole file, or its pieces in order.
 * @param key - the passphrase that it was made with, or identities of its recipients (`AGE-SECRET-KEY-1…`).
 * @returns of a backup that is whole.
 * @throws `backup/damaged`, `backup/cannot-open`, `backup/kdf-out-of-bounds`; `backup/foreign` for one of another vault or history than
 *   what it is compared with; `log/malformed` for what is no checkpoint; `backup/aborted`, `request/malformed`; what `file` throws
 */
export function verifyBackup(file: Chunks | Uint8Array, key: AgeWith, options: VerifyBackupOptions = {}): Promise<BackupReport> {
  return verifyAgainst(undefined, file, key, options);
}

/** The same, compared with an open vault, which writes it down if it was opened to sign. */
export async function verifyAgainst(
  now: Vault | undefined,
  file: Chunks | Uint8Array,
  key: AgeWith,
  options: VerifyBackupOptions,
): Promise<BackupReport> {
  const given = readOptions(options, "verifyBackup");
  const { checkpoint } = given;
  if (checkpoint !== undefined && typeof checkpoint !== "string")
    throw new CustodyError("request/malformed", "checkpoint: expected a signed note as text");
  const { signal, onProgress } = readFollowing(given);
  const { readBackup } = await import("../backup/read.ts");
  const pieces = isBytes(file) ? onePiece(file) : file;
  const backup = await readBackup(pieces, key, { signal, onProgress: onProgress && ((done) => onProgress(done / 2)) });
  let copy: Vault | undefined;
  try {
    copy = await openWhole(backup, {
      store: copyStore(backup.records, backup.head.at),
      signal,
      onProgress: onProgress && ((done) => onProgress(0.5 + done / 2)),
    });
    return await report(backup, copy, { checkpoint, now });
  } catch (cause) {
    throw signal?.aborted && !(signal.reason instanceof CustodyError)
      ? new CustodyError("backup/aborted", "aborted by its signal", { cause })
      : cause;
  } finally {
    copy?.lock();
    wipe(backup.secret);
  }
}

async function report(
  { head, records, bytes, sha256 }: ReadBackup,
  copy: Vault,
  against: { readonly checkpoint: string | undefined; readonly now: Vault | undefined },
): Promise<BackupReport> {
  const { checkpoint, now } = against;
  const holds = await copy.read((view) => ({ wallets: walletRecords(view).map(nameOf), accounts: accountRecords(view).length }));
  const { vault, at, epoch, entries } = head;
  const behind = {
    ...(checkpoint !== undefined && { checkpoint: await behindCheckpoint(copy, checkpoint) }),
    ...(now !== undefined && { vault: await behindVault(copy, head.checkpoint, now) }),
  };
  const found = { vault, logKey: logKey(copy), at, epoch, entries, records: records.size, ...holds, bytes, sha256, behind };
  if (now === undefined) return found;
  const had = new Set(holds.wallets.map(({ id }) => id));
  const lacks = await now.read((view) =>
    walletRecords(view)
      .filter(({ id }) => !had.has(id))
      .map(nameOf),
  );
  const receipt = now.access === "sign" ? await now.transact((tx) => markVerified(tx, sha256)) : undefined;
  return { ...found, lacks, ...(receipt && { receipt }) };
}

async function behindCheckpoint(copy: Vault, kept: string): Promise<number> {
  try {
    const { size } = openCheckpoint(kept, keysOf(logKey(copy), await handoversOf(copy)));
    const head = await readHead(copy);
    if (size <= head.size) await holdTo(copy, kept);
    return size - head.size;
  } catch (cause) {
    if (cause instanceof CustodyError && (cause.code === "vault/rolled-back" || cause.code === "log/bad-signature"))
      throw foreign("the checkpoint is of another vault, of another history, or by a key that came later", cause);
    throw cause;
  }
}

/** The shorter log has to be how the longer one begins, and a key of the vault has to have signed the backup's. */
async function behindVault(copy: Vault, signed: string, now: Vault): Promise<number> {
  if (copy.id !== now.id) throw foreign("it is of another vault than the one that is open");
  const [theirs, ours] = [await readHead(copy), await readHead(now)];
  const [from, to, longer] = theirs.size <= ours.size ? [theirs, ours, now] : [ours, theirs, copy];
  const claim = { from: from.size, to: to.size, fromRoot: rootOf(from), toRoot: rootOf(to) };
  if (!verifyConsistency(claim, await consistencyProof(from.size, to.size, hashReader(longer))))
    throw foreign("its log is not how the log of the open vault begins, or the other way round");
  try {
    const newer = theirs.size <= ours.size ? now : copy;
    openCheckpoint(signed, keysOf(logKey(newer), await handoversOf(newer)));
  } catch (cause) {
    throw foreign("no key of the open vault has signed it", cause);
  }
  return ours.size - theirs.size;
}

function nameOf({ id, name, kind }: Wallet): Wallet {
  return { id, name, kind };
}

function foreign(what: string, cause?: unknown): CustodyError {
  return new CustodyError("backup/foreign", `backup: ${what}`, { cause });
}
