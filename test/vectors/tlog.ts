import { ed25519 } from "@noble/curves/ed25519.js";
import { base64 } from "@scure/base";
import { openCheckpoint, parseCheckpoint } from "../../src/audit/checkpoint.ts";
import { openNote, parseVerifier, signNote, vkeyOf } from "../../src/audit/note.ts";
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from "../../src/audit/proof.ts";
import { storedHashes, storedReader } from "../../src/audit/stored.ts";
import { append, emptyFrontier, type Frontier, leafHash, nodeHash, rootOf } from "../../src/audit/tree.ts";
import { fromHex, fromUtf8, toHex, utf8 } from "../../src/base/bytes.ts";
import { CustodyError } from "../../src/base/errors.ts";
import { sharedFile } from "../shared.ts";
import type { Rows, VectorSet } from "./set.ts";

/** Trees, proofs, notes and checkpoints of transparency logs. */
export const TLOG: readonly VectorSet[] = [
  { file: "tlog/rfc6962-roots.json", what: "roots of 0 to 8 leaves, hashes of leaves and nodes", minimum: 12, run: roots },
  { file: "tlog/merkle-proofs-dev.json", what: "proofs of inclusion and consistency, most of them bad", minimum: 6, run: proofs },
  { file: "tlog/signed-note-go.json", what: "signed notes as Go makes and opens them", minimum: 6, run: notes },
  { file: "tlog/c2sp-examples.json", what: "the examples of the C2SP specifications", minimum: 2, run: examples },
  {
    file: "tlog/tessera-log.json",
    what: "a real log: checkpoints, hashes, proofs at every size",
    minimum: 16 + 15 + 15 + 15,
    run: realLog,
  },
];

async function roots(rows: Rows): Promise<void> {
  type File = { leaf_inputs: string[]; roots_by_size: string[]; hasher: Record<string, string> };
  const { leaf_inputs, roots_by_size, hasher } = sharedFile<File>("vectors/tlog/rfc6962-roots.json");
  let head = emptyFrontier;
  for (const [size, root] of roots_by_size.entries()) {
    await rows.valid(`${size} leaves`, () => toHex(rootOf(head)) === root);
    const input = leaf_inputs[size];
    if (input !== undefined) head = append(head, leafHash(fromHex(input))).frontier;
  }
  await rows.valid("empty leaf", () => toHex(leafHash(new Uint8Array(0))) === hasher.empty_leaf);
  await rows.valid("leaf", () => toHex(leafHash(utf8("L123456"))) === hasher.leaf_L123456);
  await rows.valid("node", () => toHex(nodeHash(utf8("N123"), utf8("N456"))) === hasher.node_N123_N456);
}

async function proofs(rows: Rows): Promise<void> {
  interface Row {
    file: string;
    kind: string;
    wantErr: boolean;
    proof: string[] | null;
    root: string;
    leafHash: string;
    leafIdx: number;
    treeSize: number;
    size1: number;
    size2: number;
    root1: string;
    root2: string;
  }
  const bytes = (text: string) => base64.decode(text);
  for (const row of sharedFile<Row[]>("vectors/tlog/merkle-proofs-dev.json")) {
    const proof = (row.proof ?? []).map(bytes);
    const verify = () =>
      row.kind === "inclusion"
        ? verifyInclusion({ size: row.treeSize, index: row.leafIdx, leaf: bytes(row.leafHash), root: bytes(row.root) }, proof)
        : verifyConsistency({ from: row.size1, to: row.size2, fromRoot: bytes(row.root1), toRoot: bytes(row.root2) }, proof);
    await rows[row.wantErr ? "invalid" : "valid"](row.file, verify);
  }
}

interface OpenRow {
  name: string;
  note?: string;
  note_hex?: string;
  vkeys: string[];
  verified?: string[];
  unverified?: string[];
  error?: string;
}

async function notes(rows: Rows): Promise<void> {
  type File = { open: OpenRow[]; sign: { skey: string; text: string; note: string }; bad_vkeys: { vkey: string; why: string }[] };
  const { open, sign, bad_vkeys } = sharedFile<File>("vectors/tlog/signed-note-go.json");
  for (const row of open) {
    const read = () => openNote(row.note ?? fromUtf8(fromHex(row.note_hex ?? ""), "log/malformed"), row.vkeys.map(parseVerifier));
    if (row.error !== undefined) {
      await rows.invalid(row.name, () => refusedFor(row.error ?? "", read));
      continue;
    }
    await rows.valid(row.name, () => {
      const { verified, unverified } = read();
      const names = (lines: readonly { name: string }[]) => lines.map(({ name }) => name).join();
      return names(verified) === row.verified?.join() && names(unverified) === row.unverified?.join();
    });
  }
  const [, name = "", encoded = ""] = /^PRIVATE\+KEY\+([^+]+)\+[0-9a-f]{8}\+(.+)$/.exec(sign.skey) ?? [];
  const key = base64.decode(encoded).slice(1);
  const publicKey = ed25519.getPublicKey(key);
  const signer = { name, publicKey, sign: (message: Uint8Array) => ed25519.sign(message, key) };
  await rows.valid("Go's own signature", async () => (await signNote(sign.text, signer)) === sign.note);
  const vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  await rows.valid("Go's own key", () => vkeyOf(name, publicKey) === vkey);
  for (const { vkey: bad, why } of bad_vkeys) await rows.invalid(why, () => parseVerifier(bad));
}

/** Refused with the code, and the words where there are some, of the published reason; another reason is an acceptance. */
function refusedFor(reason: string, read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error;
    const code = error.code === (reason === "malformed note" ? "log/malformed" : "log/bad-signature");
    const named = !/^(ambiguous|invalid)/.test(reason) || error.message.includes(reason);
    return code && named ? undefined : `refused for another reason: ${error.message}`;
  }
}

async function examples(rows: Rows): Promise<void> {
  type File = { signed_note: { vkey: string; note: string }; checkpoint_cosigned: string };
  const { signed_note, checkpoint_cosigned } = sharedFile<File>("vectors/tlog/c2sp-examples.json");
  await rows.valid(
    "signed note",
    () => openNote(signed_note.note, [parseVerifier(signed_note.vkey)]).text === "This is an example message.\n",
  );
  await rows.valid("checkpoint", () => {
    const { origin, size, extensions } = parseCheckpoint(`${checkpoint_cosigned.split("\n\n")[0]}\n`);
    return origin === "example.com/behind-the-sofa" && size === 20852163 && extensions.length === 0;
  });
  rows.lack("witnesses");
}

async function realLog(rows: Rows): Promise<void> {
  const log = sharedFile<{ vkey: string; entries: string[]; files: Record<string, string | { hex: string }> }>(
    "vectors/tlog/tessera-log.json",
  );
  const key = parseVerifier(log.vkey);
  const published = Array.from({ length: 16 }, (_, size) => openCheckpoint(String(log.files[`checkpoint.${size}`]), key));
  const records: Uint8Array[] = [];
  let head: Frontier = emptyFrontier;
  for (const [size, checkpoint] of published.entries()) {
    await rows.valid(`checkpoint ${size}`, () => checkpoint.size === size && toHex(checkpoint.root) === toHex(rootOf(head)));
    const entry = log.entries[size];
    if (entry === undefined) continue;
    const { frontier, completed } = append(head, leafHash(utf8(entry)));
    records.push(storedHashes(completed));
    head = frontier;
  }
  const read = storedReader(async (entry) => records[entry]);
  const last = published.at(-1);
  if (last === undefined) throw new Error("no checkpoint");
  for (const [index, entry] of log.entries.entries()) {
    const leaf = leafHash(utf8(entry));
    await rows.valid(`tile of ${index + 1}`, () => tileOf(log.files[`tile/0/000.p/${index + 1}`]).slice(64 * index) === toHex(leaf));
    await rows.valid(`inclusion of ${index}`, async () =>
      verifyInclusion({ size: last.size, index, leaf, root: last.root }, await inclusionProof(last.size, index, read)),
    );
    const from = published[index + 1];
    if (from === undefined) throw new Error("no checkpoint");
    await rows.valid(`consistency from ${from.size}`, async () =>
      verifyConsistency(
        { from: from.size, to: last.size, fromRoot: from.root, toRoot: last.root },
        await consistencyProof(from.size, last.size, read),
      ),
    );
  }
}

// A tile is the hashes of its leaves after one another.
function tileOf(file: string | { hex: string } | undefined): string {
  return typeof file === "object" ? file.hex : "";
}
