import type { SlotRecord } from "../vault/slot.ts";

// What lies inside of a backup's age file. See FORMAT.md.

/** What the first line says of the copy. Until the copy was opened and checked all of it is a claim. */
export interface BackupHead {
  /** 32 hexadecimal digits. */
  readonly vault: string;
  /** When it was taken: the time of the checkpoint. */
  readonly at: number;
  /** Of the vault's root. */
  readonly epoch: number;
  /** How many the log has. */
  readonly entries: number;
  /** The head of the log as a signed note. */
  readonly checkpoint: string;
  /** A way in that was made for this backup alone; the vault's header has it not. */
  readonly slot: SlotRecord;
}

/** A copy of a whole vault with a way into it. */
export interface BackupContent {
  readonly head: BackupHead;
  /** 32 bytes: what the way in opens by. Of whoever holds this, who wipes it. */
  readonly secret: Uint8Array;
  /** Records by store key, ascending; sealed as they lie in the store, header and root with them. */
  readonly records: ReadonlyMap<string, Uint8Array>;
}

export const BACKUP_FORMAT = 1;

/** Of the way in. No vault has a slot of this kind. */
export const BACKUP_SLOT = "backup";

/** The first line: a slot and a note. */
export const MOST_HEAD_BYTES = 64 * 1024;
/** A record as a line: an entry of the log may be 16 MiB, before it is sealed and written in base64. */
export const MOST_LINE_BYTES = 64 * 1024 * 1024;
/** All lines. They are held in memory. */
export const MOST_BYTES = 2 ** 31;
export const MOST_RECORDS = 2 ** 22;
/** Sealed bytes are never shorter, so that many lines are many bytes. */
export const LEAST_RECORD_BYTES = 256;
