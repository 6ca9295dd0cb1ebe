import { signCheckpoint } from "../audit/checkpoint.ts";
import { commitment, type LoggedEntry, readEntry, SALT_BYTES } from "../audit/entry.ts";
import { proveConsistency, proveEntry } from "../audit/evidence.ts";
import { exportLog, type KeptEntry, originOf } from "../audit/export.ts";
import { vkeyOf } from "../audit/note.ts";
import { inclusionProof, verifyInclusion } from "../audit/proof.ts";
import { type HashReader, storedReader, type TreeNode } from "../audit/stored.ts";
import { type Frontier, frontierFromJson, leafHash, rootOf } from "../audit/tree.ts";
import { CustodyError } from "../base/errors.ts";
import type { Vault } from "../vault/vault.ts";
import { entryBlob, hashesBlob } from "./journal.ts";
import { rootState } from "./refusals.ts";

/** The key that a vault's checkpoints verify with, as text: `keyward/<vault id>+hash+base64`. Keep it where the vault is not. */
export function logKey(vault: Vault): string {
  return vkeyOf(originOf(vault.id), vault.checkpointPublicKey);
}

/** Notes in which each key of the log named the next. */
export function handoversOf(vault: Vault): Promise<readonly string[]> {
  return vault.read((view) => [...view.list("log-key/")].map(([, record]) => (record as { readonly handover: string }).handover));
}

export function readHead(vault: Vault): Promise<Frontier> {
  return vault.read((view) => frontierFromJson(rootState(view).log));
}

/**
 * The head of the log, signed: whoever keeps it can tell later if history was changed.
 *
 * @returns a C2SP signed note.
 * @throws `vault/view-only`: signing needs the sign side.
 */
export async function checkpoint(vault: Vault, options: { readonly frontier?: Frontier } = {}): Promise<string> {
  const { frontier, time } = await vault.read((view) => ({
    frontier: options.frontier ?? frontierFromJson(rootState(view).log),
    time: view.time,
  }));
  const name = originOf(vault.id);
  const signer = { name, publicKey: vault.checkpointPublicKey, sign: (message: Uint8Array) => vault.signCheckpoint(message) };
  return signCheckpoint({ origin: name, size: frontier.size, root: rootOf(frontier), time, extensions: [] }, signer);
}

/** Entries from the log, oldest or newest first. Each is proven to stand where it says. @throws `log/damaged`, `log/malformed` */
export async function* history(
  vault: Vault,
  options: { readonly newestFirst?: boolean; readonly from?: number; readonly limit?: number } = {},
): AsyncGenerator<LoggedEntry, void, undefined> {
  const { newestFirst = false, from, limit } = options;
  const frontier = await readHead(vault);
  const { size } = frontier;
  const entryAt = entryReader(vault, frontier);
  const step = newestFirst ? -1 : 1;
  let seq = from ?? (newestFirst ? size - 1 : 0);
  if (!Number.isSafeInteger(seq)) throw new CustodyError("log/malformed", "history: expected a sequence number to begin from");
  if (limit !== undefined && typeof limit !== "number") throw new CustodyError("log/malformed", "history: expected a number as its limit");
  for (let left = limit ?? size; left > 0 && seq >= 0 && seq < size; left--, seq += step) {
    yield readEntry((await entryAt(seq)).body);
  }
}

/** The whole log as JSON lines that `verifyLog` checks offline, without any key of the vault. */
export async function* exportLines(vault: Vault): AsyncGenerator<string, void, undefined> {
  const frontier = await readHead(vault);
  const note = await checkpoint(vault, { frontier });
  yield* exportLog({ vault: vault.id, vkey: logKey(vault), handovers: await handoversOf(vault) }, entries(vault, frontier), note);
}

/** A file that shows one entry, and that it is in the log, to somebody who sees no other entry. */
export async function entryProof(vault: Vault, seq: number): Promise<string> {
  const frontier = await readHead(vault);
  if (!Number.isSafeInteger(seq) || seq < 0 || seq >= frontier.size)
    throw new CustodyError("log/malformed", `entry: expected 0–${frontier.size - 1}`);
  const { body, salt } = await entryReader(vault, frontier)(seq);
  const handovers = await handoversOf(vault);
  return proveEntry({ body, salt, checkpoint: await checkpoint(vault, { frontier }), vkey: logKey(vault), handovers }, hashReader(vault));
}

/** A file that shows that the log of now continues the one of a checkpoint that somebody kept. */
export async function consistencyProof(vault: Vault, kept: string): Promise<string> {
  if (typeof kept !== "string") throw new CustodyError("log/malformed", "checkpoint: expected a signed note as text");
  const note = await checkpoint(vault);
  const handovers = await handoversOf(vault);
  return proveConsistency({ from: kept, to: note, vkey: logKey(vault), handovers }, hashReader(vault));
}

export function hashReader(vault: Vault): HashReader {
  return storedReader((entry) => vault.readBlob(hashesBlob(entry)));
}

async function* entries(vault: Vault, frontier: Frontier): AsyncGenerator<KeptEntry, void, undefined> {
  const entryAt = entryReader(vault, frontier);
  for (let seq = 0; seq < frontier.size; seq++) yield { seq, ...(await entryAt(seq)) };
}

/**
 * Reads entries of the log with this head. A blob's seal says only that somebody with the view key wrote it, once: it may be of
 * a history that is no more, or made by whoever may only view. So each is believed by its proof to the head in the root alone.
 */
function entryReader(vault: Vault, frontier: Frontier): (seq: number) => Promise<{ readonly salt: Uint8Array; readonly body: Uint8Array }> {
  const { size } = frontier;
  const root = rootOf(frontier);
  const hashes = remembering(hashReader(vault));
  return async (seq) => {
    const blob = await vault.readBlob(entryBlob(seq));
    if (blob === undefined || blob.length <= SALT_BYTES) throw new CustodyError("log/damaged", `entry ${seq}: it is missing`);
    const [salt, body] = [blob.subarray(0, SALT_BYTES), blob.subarray(SALT_BYTES)];
    const claim = { size, index: seq, leaf: leafHash(commitment(salt, body)), root };
    if (readEntry(body).seq === seq && verifyInclusion(claim, await inclusionProof(size, seq, hashes))) return { salt, body };
    throw new CustodyError("log/damaged", `entry ${seq}: it is not the one that the log has there`);
  };
}

/** Neighbours share most of their proofs: the hashes read last are at hand. */
function remembering(read: HashReader): HashReader {
  const known = new Map<string, Uint8Array>();
  const keyOf = ({ level, index }: TreeNode): string => `${level} ${index}`;
  return async (nodes) => {
    const missing = nodes.filter((node) => !known.has(keyOf(node)));
    const fetched = await read(missing);
    const all = nodes.map((node) => known.get(keyOf(node)) ?? (fetched[missing.indexOf(node)] as Uint8Array));
    missing.forEach((node, at) => void known.set(keyOf(node), fetched[at] as Uint8Array));
    for (const oldest of known.keys()) {
      if (known.size <= MOST_REMEMBERED) break;
      known.delete(oldest);
    }
    return all;
  };
}

const MOST_REMEMBERED = 256;
