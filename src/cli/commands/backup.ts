import { basename } from "node:path";
import type { JsonObject } from "../../base/canonical.ts";
import type { BackupReceipt } from "../../custody/backups.ts";
import type { ExportedOutcome } from "../../custody/outcome.ts";
import { BACKUP_KEY, BACKUP_PASSPHRASE, withBackupKey, withBackupTarget } from "../backup-keys.ts";
import { backupReport } from "../backup-report.ts";
import type { Answer, Call, Command } from "../command.ts";
import { openStream, readNote } from "../files.ts";
import { outcomeAnswer } from "../outcomes.ts";
import { Progress } from "../progress.ts";
import { timeText } from "../show.ts";
import { columns, plain, type Style } from "../style.ts";
import { PERSON, VAULT, withSession, withVault } from "../vaults.ts";
import { writeWhole } from "../whole-file.ts";

export const backup: Command = {
  name: "backup",
  about: "write the whole vault to one encrypted file (age), with its keys",
  operands: "FILE",
  count: [1, 1],
  options: {
    to: { value: "RECIPIENT", many: true, about: "an age recipient (age1…); a passphrase is asked for where there is none" },
    name: { value: "NAME", about: "as the vault remembers it; the name of the file where it is not said" },
    ...BACKUP_PASSPHRASE,
    ...VAULT,
    ...PERSON,
  },
  example: "keyward backup /media/usb/vault.age",
  notes: [
    "An act that the policy judges, and that is in the log before anything leaves. Where it has to wait, call the same command again once it is approved. It is denied where no rule could ever allow a restore.",
    "Whoever can open the file has the vault: its passphrase is worth as much as the vault's own. Keep it where the vault is not, and try it with keyward backup verify.",
  ],
  async run(call) {
    const [file = ""] = call.operands;
    const name = call.value("name") ?? basename(file);
    return withBackupTarget(call, (to) =>
      withSession(call, async (me) => {
        const outcome = await writeWhole(file, (whole) =>
          following(call, "backing up", (onProgress) =>
            me.export({
              what: "backup",
              name,
              to,
              write: (chunk) => whole.write(chunk),
              complete: () => whole.complete(),
              signal: call.io.signal,
              onProgress,
            }),
          ),
        );
        if (outcome.kind === "exported") return taken(outcome, file);
        return outcomeAnswer(outcome, [], "  the same command once more        once everything is met");
      }),
    );
  },
};

export const backupVerify: Command = {
  name: "backup verify",
  about: "open a backup, check all of it, and say how old it is; with --vault, compare it with a vault",
  operands: "FILE",
  count: [1, 1],
  options: {
    ...BACKUP_KEY,
    checkpoint: { value: "FILE", about: "a checkpoint that you kept: a backup of another history is refused" },
    ...VAULT,
  },
  example: "keyward backup verify /media/usb/vault.age --vault ~/.keyward",
  notes: [
    "Needs no vault: without --vault none is opened. With it, the vault writes down that this backup was verified.",
    "Exits with 4 where it is not whole, or of another vault.",
  ],
  async run(call) {
    const [file = ""] = call.operands;
    const kept = call.value("checkpoint");
    const checkpoint = kept === undefined ? undefined : await readNote(kept);
    const verify = (by: Verify): Promise<Answer> =>
      withBackupKey(call, async (key) => {
        const chunks = await openStream(file);
        const report = await following(call, "verifying", (onProgress) =>
          by(chunks, key, { ...(checkpoint !== undefined && { checkpoint }), signal: call.io.signal, onProgress }),
        );
        return backupReport(report, call.io.now());
      });
    if (call.value("vault") !== undefined)
      return withVault(call, "sign", (custody) => verify((...given) => custody.verifyBackup(...given)));
    const { verifyBackup } = await import("../../custody/verify-backup.ts");
    return verify(verifyBackup);
  },
};

export const backupList: Command = {
  name: "backup list",
  about: "list the backups that were made of a vault, and when each was verified",
  operands: "",
  count: [0, 0],
  options: { ...VAULT },
  example: "keyward backup list",
  async run(call) {
    return withVault(call, "view", async (custody) => {
      const backups = await custody.backups();
      return {
        json: { backups: backups.map(receiptToJson) },
        text: (style) => (backups.length === 0 ? noBackup(style) : columns(backups.map((receipt) => row(receipt, style))).join("\n")),
      };
    });
  },
};

type Verify = typeof import("../../custody/verify-backup.ts").verifyBackup;

function taken({ exported, entry }: ExportedOutcome<BackupReceipt>, file: string): Answer {
  return {
    json: { kind: "exported", what: "backup", file, entry, ...receiptToJson(exported) },
    text: (style) =>
      [
        `${style.good("backed up")}  ${plain(file)}  ${style.dim(`log entry ${entry}`)}`,
        `  ${exported.entries} log entries, ${exported.bytes} bytes, ${opensBy(exported)}`,
        "Keep it where the vault is not, and try it:",
        `  keyward backup verify ${plain(file)}`,
      ].join("\n"),
  };
}

function row(receipt: BackupReceipt, style: Style): string[] {
  const { name, made, entries, bytes, verified, id } = receipt;
  const tried = verified === undefined ? style.wait("never verified") : `verified ${timeText(verified)}`;
  return [plain(name), timeText(made), `${entries} log entries`, `${bytes} bytes`, opensBy(receipt), tried, style.dim(id)];
}

function noBackup(style: Style): string {
  return `${style.wait("there is no backup of this vault")}: keyward backup FILE makes one`;
}

function opensBy({ to }: BackupReceipt): string {
  return to === "passphrase" ? "for a passphrase" : `for ${to} ${to === 1 ? "recipient" : "recipients"}`;
}

function receiptToJson({ id, name, at, epoch, entries, bytes, sha256, to, made, verified }: BackupReceipt): JsonObject {
  return { id, name, at, epoch, entries, bytes, sha256, to, made, verified: verified ?? null };
}

/** Shows on a terminal how far it is. */
async function following<T>({ io }: Call, what: string, work: (onProgress: (done: number) => void) => Promise<T>): Promise<T> {
  const progress = new Progress(io);
  try {
    return await work((done) => {
      progress.set(Math.floor(100 * done), 100, what);
      void progress.show();
    });
  } finally {
    await progress.clear();
  }
}
