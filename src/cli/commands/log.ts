import type { LoggedEntry } from "../../audit/entry.ts";
import type { JsonObject } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Custody } from "../../custody/keyward.ts";
import type { Command } from "../command.ts";
import { usage } from "../exit.ts";
import { readNote } from "../files.ts";
import { policyOf } from "../policies.ts";
import { effectLines, timeText } from "../show.ts";
import { plain, type Style } from "../style.ts";
import { VAULT, withVault } from "../vaults.ts";

export const logShow: Command = {
  name: "log show",
  about: "show what happened, entry by entry",
  operands: "",
  count: [0, 0],
  options: {
    limit: { value: "N", about: "at most so many; 20 where it is not said, with --json all" },
    newest: { about: "the newest first" },
    ...VAULT,
  },
  example: "keyward log show --newest --limit 5",
  notes: ["With --json one line for each entry."],
  async run(call) {
    const limit = limitOf(call.value("limit"), call.flag("json") ? undefined : 20);
    return withVault(call, "view", async (custody) => {
      const policy = policyOf((await custody.policy()).document);
      const options = { newestFirst: call.flag("newest"), ...(limit !== undefined && { limit }) };
      for await (const entry of custody.history(options)) {
        await call.line(call.flag("json") ? JSON.stringify(entry) : entryLines(entry, policy, call.style).join("\n"));
      }
      return {};
    });
  },
};

export const logExport: Command = {
  name: "log export",
  about: "print the whole log, to be verified anywhere",
  operands: "",
  count: [0, 0],
  options: { ...VAULT },
  example: "keyward log export > log.jsonl",
  notes: ["Lines of JSON in clear: whoever has them reads every request, person and amount. The last line is the signed checkpoint."],
  async run(call) {
    return withVault(call, "sign", async (custody) => {
      for await (const line of custody.exportLog()) await call.line(line);
      return {};
    });
  },
};

export const logProve: Command = {
  name: "log prove",
  about: "prove one entry, or that the log continues a checkpoint",
  operands: "[SEQ]",
  count: [0, 1],
  options: { checkpoint: { value: "FILE", about: "prove instead that the log of now continues this kept checkpoint" }, ...VAULT },
  example: "keyward log prove 12 > entry-12.json",
  notes: ["The file shows this entry and no other; keyward log verify FILE --key KEY checks it."],
  async run(call) {
    const [seq] = call.operands;
    const kept = call.value("checkpoint");
    if ((seq === undefined) === (kept === undefined)) throw usage("log prove: expected SEQ or --checkpoint FILE");
    if (seq !== undefined && !/^\d{1,15}$/.test(seq)) throw usage("log prove: expected the number of an entry");
    const note = kept === undefined ? undefined : await readNote(kept);
    return withVault(call, "sign", async (custody) => {
      await call.line(await proof(custody, Number(seq), note));
      return {};
    });
  },
};

/** What makes no proof was asked wrongly; only what is wrong with the log itself says that it does not verify. */
async function proof(custody: Custody, seq: number, note: string | undefined): Promise<string> {
  try {
    return await (note === undefined ? custody.proveEntry(seq) : custody.proveConsistency(note));
  } catch (cause) {
    if (cause instanceof CustodyError && cause.code === "log/malformed") throw usage(`log prove: ${cause.message}`);
    throw cause;
  }
}

export const logCheckpoint: Command = {
  name: "log checkpoint",
  about: "print the head of the log as a signed note, to keep elsewhere",
  operands: "",
  count: [0, 0],
  options: { ...VAULT },
  example: "keyward log checkpoint > checkpoint.txt",
  async run(call) {
    return withVault(call, "sign", async (custody) => {
      const checkpoint = await custody.checkpoint();
      const { logKey } = custody;
      return { json: { checkpoint, logKey }, text: () => checkpoint.replace(/\n$/, "") };
    });
  },
};

function limitOf(text: string | undefined, otherwise: number | undefined): number | undefined {
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw usage("--limit: expected a number");
  return Number(text);
}

function entryLines(entry: LoggedEntry, names: Parameters<typeof effectLines>[1], style: Style): string[] {
  const { seq, time, kind } = entry;
  const who = typeof entry.person === "string" ? `by ${plain(entry.person)}` : "";
  const head = `${style.dim(String(seq).padStart(5))}  ${timeText(time)}  ${style.bold(kind.padEnd(9))} ${[who, about(entry)].filter(Boolean).join("  ")}`;
  const effects = kind === "signed" || !Array.isArray(entry.effects) ? [] : (entry.effects as readonly JsonObject[]);
  return [head.trimEnd(), ...effectLines(effects, names, style).map((line) => `       ${line}`)];
}

/** The one thing that an entry of each kind is about. */
function about({ kind, ...entry }: LoggedEntry): string {
  const said = (value: unknown): string => plain(typeof value === "string" ? value : JSON.stringify(value ?? ""));
  switch (kind) {
    case "session":
      return said(entry.event);
    case "account": {
      const { event, name, address } = (entry.account ?? {}) as JsonObject;
      return [event, name, address]
        .filter((part) => part !== undefined)
        .map(said)
        .join(" ");
    }
    case "policy": {
      const { version, id } = (entry.policy ?? {}) as JsonObject;
      return `version ${said(version)} ${said(id).slice(0, 16)}…`;
    }
    case "mode":
      return said((entry.mode as JsonObject | undefined)?.name);
    case "signed":
      return said((entry.result as JsonObject | undefined)?.hash);
    case "denied":
      return ((entry.reasons ?? []) as readonly JsonObject[]).map(({ code }) => said(code)).join(", ");
    case "denials":
      return `${said(entry.count)} more, counted`;
    case "pending":
    case "approved":
    case "refused":
    case "withdrawn":
    case "expired":
      return said(entry.pending);
    case "opened":
      return Number(entry.failures) > 0 ? `after ${said(entry.failures)} failures` : "";
    case "alarm":
      return said(entry.code);
    default:
      return "";
  }
}
