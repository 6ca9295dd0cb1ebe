import type { AgeWith } from "../backup/age.ts";
import { type Chunks, onePiece } from "../backup/chunks.ts";
import type { BackupHead } from "../backup/content.ts";
import { readBackup } from "../backup/read.ts";
import { isBytes, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { Store } from "../stores/store.ts";
import { HEADER_KEY } from "../vault/header.ts";
import { type KdfOptions, throwIfAborted } from "../vault/kdf.ts";
import { ROOT_KEY } from "../vault/root.ts";
import type { Enrolled, Slot } from "../vault/slot.ts";
import type { Tx } from "../vault/tx.ts";
import { workbench } from "../vault/workbench.ts";
import { journal } from "./journal.ts";
import type { Judge } from "./judge.ts";
import { holdTo } from "./kept.ts";
import { openWhole } from "./open-backup.ts";
import { asJson, type RestoredRecord, type SessionRecord } from "./records.ts";
import { endWhatWaits } from "./restore-act.ts";
import { changeKeys } from "./slots.ts";

/** What a vault is rebuilt from, and how it opens from then on. */
export interface Rebuilding extends KdfOptions {
  readonly store: Store;
  readonly judge: Judge;
  readonly file: Chunks | Uint8Array;
  readonly key: AgeWith;
  readonly slot: Slot;
  readonly atLeast: string | undefined;
}

/** What was restored: the state of `at`, with so many commits and entries of the log. */
export type Restored = Pick<BackupHead, "vault" | "at" | "epoch" | "entries">;

/**
 * Rebuilds a vault out of a backup in an empty store. It is made ready in memory: checked, with one way in and other keys, and with what
 * it must not do written into it. Then all of it is one commit.
 *
 * @throws `vault/exists`; what reading and checking the backup throws; `vault/rolled-back`, `log/bad-signature` and `log/malformed` of
 *   `atLeast`; what the slot throws; `vault/aborted`. Whatever is thrown, the store is as it was.
 */
export async function rebuild({ store, judge, file, key, slot, atLeast, signal, onProgress }: Rebuilding): Promise<Restored> {
  if ((await store.get(HEADER_KEY)) || (await store.get(ROOT_KEY))) throw exists();
  const part = (from: number, upTo: number) => ({ signal, onProgress: (done: number) => onProgress?.(from + (upTo - from) * done) });
  const now = await store.now();
  const content = await readBackup(isBytes(file) ? onePiece(file) : file, key, part(0, 0.3));
  const { head, secret, records } = content;
  const bench = workbench(records, now);
  try {
    const vault = await openWhole(content, { store: bench, index: judge, ...part(0.3, 0.6) });
    let enrolled: Enrolled | undefined;
    try {
      if (atLeast !== undefined) await holdTo(vault, atLeast);
      if (vault.rotating) await vault.finishRotation({ signal });
      const only = await vault.enrol(slot, part(0.6, 0.8));
      enrolled = only;
      await vault.transact((tx) => beginAgain(tx, { judge, head, slot: only }));
      const { onProgress: show } = part(0.8, 1);
      await vault.finishRotation({ signal, onProgress: (done, total) => show(done / total) });
    } finally {
      vault.lock();
      wipe(enrolled?.pin);
    }
    throwIfAborted(signal);
    // Nothing of it may be there before: what lies in a store is of one vault.
    await store.commit(bench.changes());
    const { vault: id, at, epoch, entries } = head;
    return { vault: id, at, epoch, entries };
  } catch (cause) {
    throw cause instanceof CustodyError && cause.code === "store/conflict" ? exists() : cause;
  } finally {
    wipe(secret);
    await bench.close();
  }
}

/**
 * Nobody whom the backup let in is let in here, nobody's session goes on, nothing waits any more, and nothing is signed until that was
 * allowed.
 */
function beginAgain(tx: Tx, { judge, head, slot }: { readonly judge: Judge; readonly head: BackupHead; readonly slot: Enrolled }): void {
  const { vault, at, epoch, entries } = head;
  tx.put("restored", asJson({ at: tx.now, made: at, full: [] } satisfies RestoredRecord));
  journal(tx, "restored", { event: "rebuilt", backup: { time: at, epoch, entries } });
  for (const [name, record] of tx.list("session/")) {
    const { id, person } = record as unknown as SessionRecord;
    tx.delete(name);
    journal(tx, "session", { session: id, event: "ended", person });
  }
  endWhatWaits(tx, judge);
  for (const [name] of tx.list("slot/")) tx.delete(name);
  changeKeys(tx, vault, () => tx.replaceAllSlots(slot));
}

function exists(): CustodyError {
  return new CustodyError("vault/exists", "this store has a vault already, a backup is restored into an empty one");
}
