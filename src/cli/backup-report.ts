import type { JsonObject } from "../base/canonical.ts";
import { DAY_MS, HOUR_MS, type Time } from "../base/time.ts";
import type { BackupReport } from "../custody/verify-backup.ts";
import type { Answer } from "./command.ts";
import { timeText } from "./show.ts";
import { plain, type Style } from "./style.ts";

/** What was found of a backup that is whole. */
export function backupReport(report: BackupReport, now: Time): Answer {
  const { vault, logKey, at, epoch, entries, records, wallets, accounts, bytes, sha256, behind, lacks, receipt } = report;
  const named = (list: BackupReport["wallets"]): readonly JsonObject[] => list.map(({ id, name, kind }) => ({ id, name, kind }));
  return {
    json: {
      ...{ whole: true, vault, logKey, at, epoch, entries, records, accounts, bytes, sha256 },
      ...{ wallets: named(wallets), behind: { ...behind }, lacks: lacks === undefined ? null : named(lacks) },
      receipt: receipt === undefined ? null : { id: receipt.id, name: receipt.name, verified: receipt.verified ?? null },
    },
    text: (style) =>
      [
        `${style.good("whole")}  of ${timeText(at)}, ${age(now - at)}  ${style.dim(`vault ${vault}`)}`,
        `  ${entries} log entries, ${records} records, ${accounts} ${accounts === 1 ? "account" : "accounts"}`,
        `  wallets  ${wallets.map(({ name }) => plain(name)).join(", ") || "none"}`,
        ...compared("the checkpoint", behind.checkpoint, style),
        ...compared("the vault", behind.vault, style),
        ...(lacks !== undefined && lacks.length > 0
          ? [`  ${style.wait("it lacks")}  ${lacks.map(({ name }) => plain(name)).join(", ")}: make another backup`]
          : []),
        ...(lacks === undefined ? [] : [known(receipt, style)]),
      ].join("\n"),
  };
}

function compared(what: string, behind: number | undefined, style: Style): readonly string[] {
  if (behind === undefined) return [];
  if (behind === 0) return [`  as far as ${what}`];
  const entries = `${Math.abs(behind)} log ${Math.abs(behind) === 1 ? "entry" : "entries"}`;
  return behind > 0 ? [`  ${entries} behind ${what}`] : [`  ${style.wait(`${entries} ahead of ${what}`)}`];
}

function known(receipt: BackupReport["receipt"], style: Style): string {
  if (receipt !== undefined) return `  the vault knows it as ${plain(receipt.name)}`;
  return `  ${style.wait("the vault has no receipt of this very file")}: it was encrypted anew, or somebody else made it`;
}

function age(ms: number): string {
  if (ms < HOUR_MS) return "less than an hour ago";
  const [count, unit] = ms < 2 * DAY_MS ? [Math.floor(ms / HOUR_MS), "hour"] : [Math.floor(ms / DAY_MS), "day"];
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}
