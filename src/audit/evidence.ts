import { equal, toHex } from "../base/bytes.ts";
import { canonical, canonicalBytes, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { checkFrame, commitment, type LoggedEntry, readEntry } from "./entry.ts";
import { readHash } from "./export.ts";
import { keysOf, readHandovers } from "./handover.ts";
import { hasExactly, readCanonical } from "./line.ts";
import { parseVerifier, type Verifier, vkeyOf } from "./note.ts";
import { consistencyProof, inclusionProof, type Proof, verifyConsistency, verifyInclusion } from "./proof.ts";
import type { HashReader } from "./stored.ts";
import { leafHash } from "./tree.ts";

export const ENTRY_PROOF_FORMAT = "keyward-entry/1";
export const CONSISTENCY_FORMAT = "keyward-consistency/1";

/** What a proof file shows, or why it shows nothing. Expected outcomes, so no exceptions. */
export type EntryEvidence =
  | { readonly ok: true; readonly entry: LoggedEntry; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly code: "log/malformed" | "log/bad-signature" | "log/bad-proof"; readonly text: string };
/** The same of two checkpoints: that the later log continues the earlier one. */
export type ConsistencyEvidence =
  | { readonly ok: true; readonly from: Checkpoint; readonly to: Checkpoint }
  | { readonly ok: false; readonly code: "log/malformed" | "log/bad-signature" | "log/bad-proof"; readonly text: string };

/**
 * One entry, with the proof that it stands in the log of a signed checkpoint: shows nothing of any other entry.
 *
 * @param checkpoint - signed note, of a size above the entry's.
 * @throws `log/damaged` if the hashes that `read` gives do not lead to the checkpoint's root: nothing false is handed out.
 */
export async function proveEntry(
  of: { readonly body: Uint8Array; readonly salt: Uint8Array; readonly checkpoint: string } & LogKey,
  read: HashReader,
): Promise<string> {
  const entry = readEntry(of.body);
  const { size, root } = openCheckpoint(of.checkpoint, keysOf(of.vkey, of.handovers ?? []));
  const proof = await inclusionProof(size, entry.seq, read);
  const leaf = leafHash(commitment(of.salt, of.body));
  if (!verifyInclusion({ size, index: entry.seq, leaf, root }, proof)) {
    throw new CustodyError("log/damaged", `entry ${entry.seq}: its hashes do not lead to the root of the checkpoint`);
  }
  const { checkpoint } = of;
  return canonical({ format: ENTRY_PROOF_FORMAT, body: entry, salt: toHex(of.salt), proof: proof.map(toHex), checkpoint, ...heritage(of) });
}

/** @param vkey - the log's key as the reader knows it. @throws `log/malformed` if `vkey` is not a key. */
export function verifyEntryProof(file: string, vkey: string): EntryEvidence {
  parseVerifier(vkey);
  return evidence(() => {
    const json = readFile(file, ENTRY_PROOF_FORMAT, ["format", "body", "salt", "proof", "checkpoint"]);
    const log = keysIn(json, vkey);
    const salt = readHash(json.salt);
    if (!salt || typeof json.body !== "object") throw new CustodyError("log/malformed", "proof file: expected body and salt");
    const entry = checkFrame((json.body ?? {}) as JsonObject);
    const { note: _, ...checkpoint } = openCheckpoint(readText(json.checkpoint), log);
    const leaf = leafHash(commitment(salt, canonicalBytes(entry)));
    const claim = { size: checkpoint.size, index: entry.seq, leaf, root: checkpoint.root };
    if (!verifyInclusion(claim, readProof(json.proof)))
      throw new CustodyError("log/bad-proof", "the proof does not lead to the checkpoint");
    return { ok: true, entry, checkpoint };
  });
}

/**
 * The proof that the log of one signed checkpoint continues that of an earlier one.
 *
 * @throws `log/bad-proof` unless 1 ≤ size of `from` ≤ size of `to`; `log/damaged` if the hashes do not lead to both roots.
 */
export async function proveConsistency(of: { readonly from: string; readonly to: string } & LogKey, read: HashReader): Promise<string> {
  const log = keysOf(of.vkey, of.handovers ?? []);
  const [from, to] = [openCheckpoint(of.from, log), openCheckpoint(of.to, log)];
  const proof = await consistencyProof(from.size, to.size, read);
  if (!continues(from, to, proof)) throw new CustodyError("log/damaged", "the hashes do not lead to the roots of both checkpoints");
  return canonical({ format: CONSISTENCY_FORMAT, from: of.from, to: of.to, proof: proof.map(toHex), ...heritage(of) });
}

/**
 * @param vkey - the log's key as the reader knows it. @throws `log/malformed` if `vkey` is not a key.
 * @param kept - the checkpoint that the reader has; the file must be about this one, not about another that fits better.
 */
export function verifyConsistencyProof(file: string, vkey: string, kept?: string): ConsistencyEvidence {
  parseVerifier(vkey);
  return evidence(() => {
    const json = readFile(file, CONSISTENCY_FORMAT, ["format", "from", "to", "proof"]);
    const log = keysIn(json, vkey);
    const { note: _from, ...from } = openCheckpoint(readText(json.from), log);
    const { note: _to, ...to } = openCheckpoint(readText(json.to), log);
    const mine = kept === undefined ? from : openCheckpoint(kept, log);
    if (mine.size !== from.size || !equal(mine.root, from.root))
      throw new CustodyError("log/bad-proof", "the proof is not about the kept checkpoint");
    if (!continues(from, to, readProof(json.proof)))
      throw new CustodyError("log/bad-proof", "the proof does not lead from one to the other");
    return { ok: true, from, to };
  });
}

function continues(from: Checkpoint, to: Checkpoint, proof: Proof): boolean {
  return verifyConsistency({ from: from.size, to: to.size, fromRoot: from.root, toRoot: to.root }, proof);
}

type Failed = Extract<EntryEvidence, { ok: false }>;

function evidence<T>(read: () => T): T | Failed {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error;
    const { code, message } = error;
    return { ok: false, code: code === "log/bad-signature" || code === "log/bad-proof" ? code : "log/malformed", text: message };
  }
}

/** The log's key of now, and where it has had others the notes in which each named the next. */
interface LogKey {
  readonly vkey: string;
  readonly handovers?: readonly string[];
}

function heritage({ vkey, handovers = [] }: LogKey): JsonObject {
  return handovers.length === 0 ? {} : { vkey, handovers };
}

/** The keys of the log that a file is about: one that the reader knows is among them. @throws `log/bad-signature`, `log/malformed` */
function keysIn({ vkey, handovers }: JsonObject, known: string): readonly Verifier[] {
  const notes = readHandovers(handovers);
  if (notes.length === 0) return [parseVerifier(known)];
  const keys = keysOf(readText(vkey), notes);
  if (keys.some(({ name, publicKey }) => vkeyOf(name, publicKey) === known)) return keys;
  throw new CustodyError("log/bad-signature", "proof file: expected the known key among those of the log");
}

function readFile(text: string, format: string, members: readonly string[]): JsonObject {
  const json = readCanonical(text, "proof file");
  const inherited = json.handovers === undefined ? [] : ["handovers", "vkey"];
  if (json.format !== format || !hasExactly(json, [...members, ...inherited]))
    throw new CustodyError("log/malformed", `proof file: expected ${format} with ${members.join(", ")}`);
  return json;
}

function readText(value: unknown): string {
  if (typeof value !== "string") throw new CustodyError("log/malformed", "proof file: expected a signed checkpoint");
  return value;
}

function readProof(value: unknown): Proof {
  const hashes = Array.isArray(value) && value.length <= 64 ? value.map(readHash) : [undefined];
  if (hashes.includes(undefined)) throw new CustodyError("log/malformed", "proof file: expected at most 64 hashes");
  return hashes as Uint8Array[];
}
