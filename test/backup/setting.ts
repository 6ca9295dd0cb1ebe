import { sha256 } from "@noble/hashes/sha2.js";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import type { BackupContent } from "../../src/backup/content.ts";
import { readLines } from "../../src/backup/read.ts";
import { firstLine, linesOf } from "../../src/backup/write.ts";
import { concat, fromUtf8, toHex, utf8 } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { openWhole } from "../../src/custody/open-backup.ts";
import type { BackupReceipt, Session } from "../../src/index.ts";
import { copyStore } from "../../src/vault/copy.ts";
import * as g from "../custody/governance.ts";
import { whole } from "./files.ts";

export const identity: string = await generateX25519Identity();
export const recipient: string = await identityToRecipient(identity);
export const key = { identities: [identity] } as const;

/** The owner may make backups, and restore them. */
export const care: object = { id: "care", allow: ["export", "restore"], when: { requester: "owner" } };
export const keys: object = { id: "keys", allow: ["rotate", "slotChange", "import"], when: { requester: "owner" } };
export const policy = (...more: readonly object[]) => g.team([care, keys, g.edit, ...more]);

export interface Taken {
  readonly file: Uint8Array;
  readonly receipt: BackupReceipt;
}

/** A backup of the session's vault, to {@link recipient}. */
export async function take(me: Session, more: { readonly name?: string; readonly signal?: AbortSignal } = {}): Promise<Taken> {
  const pieces: Uint8Array[] = [];
  const to = { recipients: [recipient] };
  const outcome = await me.export({ what: "backup", name: "safe", to, write: (chunk) => void pieces.push(chunk), ...more });
  if (outcome.kind !== "exported") throw new Error(`expected a backup, got ${JSON.stringify(outcome)}`);
  return { file: concat(...pieces), receipt: outcome.exported };
}

/** What is inside of an age file, as one piece. */
export function inside(content: BackupContent): Promise<Uint8Array> {
  return whole(linesOf(firstLine(content), content.records));
}

/** Lines with a last line that fits them, as whoever can open the file can write. */
export function closed(lines: readonly string[]): Uint8Array {
  const text = utf8(lines.map((line) => `${line}\n`).join(""));
  return concat(text, utf8(`{"records":${lines.length - 1},"sha256":"${toHex(sha256(text))}"}\n`));
}

/** Lines without their ends, and without the last. */
export function linesIn(bytes: Uint8Array): string[] {
  return fromUtf8(bytes).split("\n").slice(0, -2);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  // It is wiped by whoever reads it.
  yield bytes.slice();
}

/** The code that reading these lines ends with, or "read". */
export async function reads(bytes: Uint8Array): Promise<string> {
  try {
    await readLines(once(bytes));
    return "read";
  } catch (cause) {
    if (cause instanceof CustodyError) return cause.code;
    throw cause;
  }
}

/** The code that reading these lines and opening the vault in them ends with, or "whole". */
export async function opens(bytes: Uint8Array): Promise<string> {
  try {
    const content = await readLines(once(bytes));
    (await openWhole(content, { store: copyStore(content.records, 0) })).lock();
    return "whole";
  } catch (cause) {
    if (cause instanceof CustodyError) return cause.code;
    throw cause;
  }
}
