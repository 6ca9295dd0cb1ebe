import { formatCheckpoint, openCheckpoint, parseCheckpoint } from "../../../src/audit/checkpoint.ts";
import { readEntry } from "../../../src/audit/entry.ts";
import { proveConsistency, proveEntry, verifyConsistencyProof, verifyEntryProof } from "../../../src/audit/evidence.ts";
import { textLines } from "../../../src/audit/export.ts";
import { isEntryKind } from "../../../src/audit/kinds.ts";
import { parseVerifier, vkeyOf } from "../../../src/audit/note.ts";
import type { HashReader, TreeNode } from "../../../src/audit/stored.ts";
import { frontierFromJson, frontierToJson } from "../../../src/audit/tree.ts";
import { type LogReport, MAX_PROBLEMS, verifyLog } from "../../../src/audit/verify.ts";
import type { Fate, Target } from "../engine.ts";
import { type Random, randomOf } from "../random.ts";
import { check, once, same } from "./check.ts";
import { checkpointText, keyOf, type MadeLog, madeLog, signatureLine, VAULT } from "./log-made.ts";
import { changeJson, changes, type Draft, draftOf, mutateJson, mutateText } from "./mutate.ts";
import { naiveCanonical, naiveRoot, naiveSha256, parseJson } from "./naive.ts";

/** An exported log whose lines were changed: it verifies only where its entries are those that were written. */
export const exportedLog: Target = {
  name: "exported log",
  weight: 12,
  async run(random) {
    const log = random.pick(logs());
    const lines = mutatedLines(random, log);
    const kept = [random.pick(log.notes), random.pick(log.notes)].slice(0, random.below(3));
    const pinned = !random.oneIn(5);
    const report = await verifyLog(lines, { ...(pinned && { vkey: log.vkey }), checkpoints: kept });
    checkReport(report, lines.length, pinned);
    if (!report.ok) return { refused: report.problems[0]?.code ?? "nothing" };
    checkExport(random, lines, report);
    // Another log of the same key, or one as it was before, was written as well.
    const written = logs().some((known) => known.vkey === log.vkey && shows(lines, known));
    check(!pinned || written, "a log that verifies has other entries than were written");
    same(report.continues, kept.length, "kept checkpoints that it continues");
    return "accepted";
  },
};

/** Files that show one entry, or that one log continues another. */
export const logProof: Target = {
  name: "log proof",
  weight: 8,
  async run(random) {
    const proofs = await proofFiles();
    const { text, log } = random.pick(proofs);
    const others = proofs.map((proof) => parseJson(proof.text));
    const file = random.oneIn(3) ? mutateText(random, text) : naiveCanonical(mutateJson(random, parseJson(text), others));
    return random.oneIn(2) ? readEntryProof(file, log) : readConsistency(random, file, log);
  },
};

/** Checkpoints, keys, entries and frontiers by themselves: each has one form. */
export const logPart: Target = {
  name: "log part",
  weight: 8,
  run(random) {
    const log = random.pick(logs());
    switch (random.below(4)) {
      case 0:
        return readNote(random, log);
      case 1: {
        const vkey = mutateText(
          random,
          log.vkey,
          logs().map((other) => other.vkey),
        );
        const { name, publicKey } = parseVerifier(vkey);
        same(vkeyOf(name, publicKey), vkey, "a key in two forms");
        return "accepted";
      }
      case 2: {
        const body = random.pick(logs().flatMap(({ bodies }) => bodies));
        const text = random.oneIn(2) ? mutateText(random, body) : naiveCanonical(mutateJson(random, parseJson(body)));
        const changed = text.toWellFormed();
        const entry = readEntry(Buffer.from(changed));
        same(naiveCanonical(entry), changed, "an entry in two forms");
        check(
          isEntryKind(entry.kind) && Number.isSafeInteger(entry.seq) && entry.seq >= 0 && entry.time >= 0,
          "an entry without its frame",
        );
        return "accepted";
      }
      default: {
        const size = random.oneIn(2) ? random.below(40) : Number(random.integer(53));
        const ones = size.toString(2).replaceAll("0", "").length;
        const json = { size, hashes: Array.from({ length: ones }, () => Buffer.from(random.bytes(32)).toString("hex")) };
        const changed = mutateJson(random, json);
        same(naiveCanonical(frontierToJson(frontierFromJson(changed))), naiveCanonical(changed), "a frontier in two forms");
        return "accepted";
      }
    }
  },
};

function mutatedLines(random: Random, log: MadeLog): string[] {
  const other = random.pick(logs());
  const lines = [...log.lines];
  const at = random.below(lines.length);
  const to = random.below(lines.length);
  const line = lines[at] ?? "";
  switch (random.below(14)) {
    case 0:
      return lines;
    case 1:
      return lines.toSpliced(at, 1);
    case 2:
      return lines.toSpliced(at, 0, lines[to] ?? "");
    case 3:
      return lines.with(at, lines[to] ?? "").with(to, line);
    case 4:
      return [...lines.slice(0, at), ...other.lines.slice(random.oneIn(2) ? at : to)];
    case 5:
      return lines.with(at, other.lines[at] ?? "");
    case 6:
      return lines.slice(0, at);
    case 7:
      return lines.with(-1, naiveCanonical({ checkpoint: witnessed(random, random.pick([...log.notes, ...other.notes])) }));
    case 8:
      return lines.with(-1, naiveCanonical({ checkpoint: mutateText(random, log.notes.at(-1) ?? "", log.notes) }));
    case 9:
      return [...textLines(mutateText(random, `${lines.join("\n")}\n`, [other.lines.join("\n")]))];
    case 10:
      return lines.with(at, rewritten(random, line));
    case 11:
      return lines.with(at, mutateText(random, line, other.lines));
    case 12:
      return forged(random, log);
    default:
      return lines.with(at, hidden(line));
  }
}

/** Another entry with the commitment that goes with it: only the root can tell. */
function rewritten(random: Random, line: string): string {
  const top: { it: Draft } = { it: draftOf(parseJson(line)) };
  for (let left = changes(random); left > 0; left--) changeJson(random, top);
  const { body, salt } = top.it ?? {};
  if (body !== undefined && typeof salt === "string" && /^[0-9a-f]{64}$/.test(salt)) {
    top.it.commitment = naiveSha256("keyward/entry/v1", Buffer.from(salt, "hex"), naiveCanonical(body)).toString("hex");
    if (body !== null && typeof body === "object" && random.oneIn(2)) top.it.seq = body.seq;
  }
  return naiveCanonical(top.it ?? null);
}

/** An entry shown as erased. */
function hidden(line: string): string {
  const { commitment, seq, body } = parseJson(line);
  return body === undefined ? line : naiveCanonical({ commitment, erased: true, seq });
}

/** A log that agrees with itself, under a key that nobody knows. */
function forged(random: Random, log: MadeLog): string[] {
  const key = keyOf(`keyward/${VAULT}`, 99);
  const text = checkpointText(key.name, log.leaves);
  const checkpoint = naiveCanonical({ checkpoint: `${text}\n${signatureLine(key, text)}` });
  const header = naiveCanonical({ format: "keyward-log/1", vault: VAULT, vkey: key.vkey });
  return log.lines.with(0, random.oneIn(3) ? (log.lines[0] ?? "") : header).with(-1, checkpoint);
}

/** A note with further signatures, which say nothing. */
function witnessed(random: Random, note: string): string {
  const witness = keyOf(random.pick(["witness", `keyward/${VAULT}`]), 77);
  const line = signatureLine(witness, random.oneIn(2) ? note.slice(0, note.indexOf("\n\n") + 1) : "other\n");
  const split = note.indexOf("\n\n") + 2;
  return random.oneIn(2) ? note + line : note.slice(0, split) + line + note.slice(split);
}

/** Whether these are entries of that log, from its beginning. One that it shows as erased may be shown whole, and the other way round. */
function shows(lines: readonly string[], { bodies, leaves }: MadeLog): boolean {
  return lines.slice(1, -1).every((line, seq) => {
    const { body, salt, commitment } = parseJson(line);
    const leaf =
      body === undefined ? commitment : naiveSha256("keyward/entry/v1", Buffer.from(salt, "hex"), naiveCanonical(body)).toString("hex");
    return leaf === Buffer.from(leaves[seq] ?? []).toString("hex") && (body === undefined || naiveCanonical(body) === bodies[seq]);
  });
}

function checkReport(report: LogReport, lines: number, pinned: boolean): void {
  const { problems } = report;
  same(report.ok, problems.length === 0, "ok without problems");
  same(report.pinned, pinned, "pinned");
  check(problems.length <= MAX_PROBLEMS, `${problems.length} problems`);
  for (const { code, line, seq, text } of problems) {
    check(/^log\/[a-z-]+$/.test(code) && text !== "", `an unknown problem ${code}`);
    check(Number.isInteger(line) && line >= 0 && line <= lines, `a problem in line ${line} of ${lines}`);
    check(seq === undefined || (Number.isSafeInteger(seq) && seq >= 0 && seq <= lines), `a problem at entry ${seq} of ${lines}`);
  }
}

/** What verifies is what a reader with nothing but JSON.parse, SHA-256 and Ed25519 of Node finds right as well. */
function checkExport(random: Random, lines: readonly string[], report: LogReport): void {
  const [header, ...entries] = lines.map((line) => parseJson(line));
  const { checkpoint } = entries.pop();
  const leaves = entries.map(({ body, salt, commitment, erased, seq }, at) => {
    same(seq, at, "an entry out of place");
    if (erased === true) return Buffer.from(commitment, "hex");
    return naiveSha256("keyward/entry/v1", Buffer.from(salt, "hex"), naiveCanonical(body));
  });
  same(report.root, naiveRoot(leaves).toString("hex"), "the root of what verifies");
  same([report.size, report.vault, report.vkey], [leaves.length, header.vault, header.vkey], "size, vault and key of what verifies");
  if (random.oneIn(4)) checkNote(checkpoint, header.vkey, { size: leaves.length, root: naiveRoot(leaves) });
}

function checkNote(note: string, vkey: string, expected: { readonly size: number; readonly root: Uint8Array }): void {
  const seed = [7, 8, 99].find((known) => keyOf(`keyward/${VAULT}`, known).vkey === vkey);
  check(seed !== undefined, "a key that nobody has");
  const key = keyOf(`keyward/${VAULT}`, seed);
  const text = note.slice(0, note.lastIndexOf("\n\n") + 1);
  const signatures = note.slice(note.lastIndexOf("\n\n") + 2, -1).split("\n");
  const ours = signatures.map((line) => line.split(" ")).filter(([, name]) => name === key.name);
  const right = ours.some(([, , encoded = ""]) => {
    const bytes = Buffer.from(encoded, "base64");
    return bytes.subarray(0, 4).equals(key.hash) && key.verify(text, bytes.subarray(4));
  });
  check(right, "a checkpoint that its key did not sign");
  const [origin, size, root] = text.split("\n");
  same([origin, size, root], [key.name, String(expected.size), Buffer.from(expected.root).toString("base64")], "what the checkpoint says");
}

function readEntryProof(file: string, log: MadeLog): Fate {
  const shown = verifyEntryProof(file, log.vkey);
  if (!shown.ok) return { refused: shown.code };
  const { entry, checkpoint } = shown;
  const written = logs().filter(({ vkey, bodies }) => vkey === log.vkey && bodies[entry.seq] === naiveCanonical(entry));
  check(
    written.some((from) => isRootOf(from, checkpoint)),
    "an entry that no log of this key has under this checkpoint",
  );
  return "accepted";
}

function readConsistency(random: Random, file: string, log: MadeLog): Fate {
  const kept = random.oneIn(3) ? random.pick(log.notes) : undefined;
  const shown = verifyConsistencyProof(file, log.vkey, kept);
  if (!shown.ok) return { refused: shown.code };
  const { from, to } = shown;
  const both = logs().some((written) => written.vkey === log.vkey && isRootOf(written, from) && isRootOf(written, to));
  check(both && from.size <= to.size, "one log that continues another, which it does not");
  check(kept === undefined || log.notes.indexOf(kept) === from.size, "a proof about another checkpoint than the kept one");
  return "accepted";
}

function isRootOf(log: MadeLog, { size, root }: { readonly size: number; readonly root: Uint8Array }): boolean {
  return size <= log.leaves.length && naiveRoot(log.leaves.slice(0, size)).equals(root);
}

function readNote(random: Random, log: MadeLog): Fate {
  const note = random.pick(log.notes);
  const changed = random.oneIn(3) ? witnessed(random, note) : mutateText(random, note, log.notes);
  if (random.oneIn(2)) {
    const text = changed.slice(0, changed.lastIndexOf("\n\n") + 1);
    same(formatCheckpoint(parseCheckpoint(text)), text, "a checkpoint in two forms");
    return "accepted";
  }
  const { size, root, note: opened } = openCheckpoint(changed, parseVerifier(log.vkey));
  check(
    logs().some((written) => written.vkey === log.vkey && isRootOf(written, { size, root })),
    "a checkpoint that was never signed",
  );
  check(log.notes.some((written) => written.startsWith(`${opened.text}\n`)) || !log.notes.includes(note), "another text than was signed");
  checkNote(changed, log.vkey, { size, root });
  return "accepted";
}

/** Some logs of one key, one of them a fork of another; one of another key; one without entries. */
const logs = once((): readonly MadeLog[] => {
  const random = randomOf(1_122, 0);
  const first = madeLog(random, { length: 9, seed: 7 });
  const begun = { ...first, bodies: first.bodies.slice(0, 4), salts: first.salts.slice(0, 4) };
  return [
    first,
    madeLog(random, { length: 13, seed: 7, shared: begun }),
    madeLog(random, { length: 6, seed: 8 }),
    madeLog(random, { length: 3, seed: 7 }),
    madeLog(random, { length: 0, seed: 7 }),
  ];
});

const proofFiles = once(async (): Promise<readonly { readonly text: string; readonly log: MadeLog }[]> => {
  const files: { text: string; log: MadeLog }[] = [];
  for (const log of logs()) {
    const { vkey, bodies, salts, notes, leaves } = log;
    for (const [seq, body] of bodies.entries()) {
      const checkpoint = notes[Math.min(bodies.length, seq + 1 + (seq % 3))] ?? "";
      const of = { body: Buffer.from(body), salt: Buffer.from(salts[seq] ?? "", "hex"), checkpoint, vkey };
      files.push({ text: await proveEntry(of, readerOf(leaves)), log });
      const [from, to] = [notes[seq + 1] ?? "", notes[Math.min(bodies.length, seq + 1 + (seq % 4))] ?? ""];
      files.push({ text: await proveConsistency({ from, to, vkey }, readerOf(leaves)), log });
    }
  }
  return files;
});

function readerOf(leaves: readonly Uint8Array[]): HashReader {
  const hashOf = ({ level, index }: TreeNode) => naiveRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
  return async (nodes) => nodes.map(hashOf);
}
