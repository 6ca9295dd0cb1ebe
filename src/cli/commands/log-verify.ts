import { verifyConsistencyProof, verifyEntryProof } from "../../audit/evidence.ts";
import { parseVerifier } from "../../audit/note.ts";
import { type LogReport, type VerifyOptions, verifyLog } from "../../audit/verify.ts";
import { fromUtf8 } from "../../base/bytes.ts";
import type { Json } from "../../base/canonical.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Answer, Call, Command } from "../command.ts";
import { EXIT, usage } from "../exit.ts";
import { openStream, readNote } from "../files.ts";
import { cutLines } from "../lines.ts";
import { timeText } from "../show.ts";
import { columns, plain, type Style } from "../style.ts";
import { VAULT, withVault } from "../vaults.ts";

/** An entry holds at most one request, and a proof file one entry. */
const MOST_LINE_BYTES = 16 * 1024 * 1024;

export const logVerify: Command = {
  name: "log verify",
  about: "verify a log: an export, a proof file, or that of a vault",
  operands: "[FILE]",
  count: [0, 1],
  options: {
    key: { value: "KEY", about: "the log key that you kept; without it an export only agrees with itself" },
    checkpoint: { value: "FILE", many: true, about: "a checkpoint that you kept: the log must continue it" },
    ...VAULT,
  },
  example: 'keyward log verify log.jsonl --key "$(cat log-key.txt)" --checkpoint checkpoint.txt',
  notes: ["Without FILE the log of the vault is read. Exit 4 if anything at all is wrong."],
  async run(call) {
    const [file] = call.operands;
    const vkey = call.value("key");
    if (vkey !== undefined) checkKey(vkey);
    const checkpoints = await Promise.all(call.values("checkpoint").map(readNote));
    const options = { checkpoints, ...(vkey !== undefined && { vkey }) };
    if (file === undefined) {
      return withVault(call, "sign", async (custody) =>
        reportAnswer(await verifyLog(custody.exportLog(), { vkey: custody.logKey, ...options })),
      );
    }
    if (call.value("vault") !== undefined) throw usage("log verify: expected FILE or --vault, got both");
    if (call.value("at-least") !== undefined) throw usage("log verify: expected --checkpoint with a FILE, --at-least is for a vault");
    return verifyFile(file, options, call);
  },
};

async function verifyFile(path: string, options: VerifyOptions, call: Call): Promise<Answer> {
  const lines = path === "-" ? textOf(call.io.stdin) : textOf(await openStream(path));
  try {
    const first = await lines.next();
    const line = first.done === true ? "" : first.value;
    if (line.includes('"format":"keyward-entry/1"') || line.includes('"format":"keyward-consistency/1"')) return verifyProof(line, options);
    return reportAnswer(await verifyLog(again(first, lines), options));
  } finally {
    await lines.return();
  }
}

function verifyProof(file: string, { vkey, checkpoints = [] }: VerifyOptions): Answer {
  if (vkey === undefined) throw usage("log verify: expected --key KEY for a proof file, which names no key");
  const [kept] = checkpoints;
  const shown = file.includes('"format":"keyward-entry/1"') ? verifyEntryProof(file, vkey) : verifyConsistencyProof(file, vkey, kept);
  if (!shown.ok)
    return {
      exit: EXIT.unverified,
      json: shown as unknown as Json,
      text: (style) => `${style.bad("NOT VERIFIED")}  ${plain(shown.text)} [${shown.code}]`,
    };
  const says =
    "entry" in shown
      ? `entry ${shown.entry.seq} (${shown.entry.kind}) of ${timeText(shown.entry.time)}`
      : `${shown.from.size} entries continue to ${shown.to.size}`;
  const json =
    "entry" in shown
      ? { ok: true, entry: shown.entry, size: shown.checkpoint.size }
      : { ok: true, from: shown.from.size, to: shown.to.size };
  return { json, text: (style) => `${style.good("verified")}  ${says}` };
}

function reportAnswer(report: LogReport): Answer {
  return {
    exit: report.ok ? EXIT.done : EXIT.unverified,
    json: report as unknown as Json,
    text: (style) => reportLines(report, style).join("\n"),
  };
}

function reportLines(report: LogReport, style: Style): string[] {
  const { ok, pinned, vault, size, root, first, last, signedAt, counts, open, erased, continues, problems, vkey } = report;
  const facts: string[][] = [
    ["vault", plain(vault ?? "unknown")],
    ["entries", `${size}${erased > 0 ? `, ${erased} erased` : ""}`],
    ["from", first === undefined ? "–" : `${timeText(first)} to ${timeText(last ?? first)}`],
    ["signed", `${counts.signed ?? 0}, denied ${counts.denied ?? 0}, acts ${counts.acted ?? 0}, reservations left open ${open}`],
    ["root", root],
    ...(signedAt === undefined ? [] : [["checkpoint", timeText(signedAt)]]),
    ...(continues > 0 ? [["continues", `${continues} kept ${continues === 1 ? "checkpoint" : "checkpoints"}`]] : []),
  ];
  const found = problems.map(
    ({ code, line, seq, text }) => `  ${style.bad("✗")} line ${line}${seq === undefined ? "" : `, entry ${seq}`}: ${plain(text)} [${code}]`,
  );
  const head = ok ? style.good("verified") : style.bad("NOT VERIFIED");
  const caution = pinned
    ? []
    : [
        style.wait(
          "No key was given: this export agrees with itself, but anyone could have made it. Give the log key that you kept with --key.",
        ),
        `  it says: ${plain(vkey ?? "")}`,
      ];
  return [head, ...columns(facts), ...found, ...caution];
}

export function checkKey(vkey: string): void {
  try {
    parseVerifier(vkey);
  } catch (cause) {
    throw new CustodyError("cli/usage", "--key: expected a log key such as keyward/<vault>+hash+base64", { cause });
  }
}

async function* textOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  for await (const line of cutLines(input, MOST_LINE_BYTES)) {
    if (line === undefined) throw new CustodyError("log/malformed", `log: expected lines of at most ${MOST_LINE_BYTES} bytes`);
    yield fromUtf8(line, "log/malformed");
  }
}

async function* again(first: IteratorResult<string, void>, rest: AsyncGenerator<string, void, undefined>) {
  if (first.done !== true) yield first.value;
  yield* rest;
}
