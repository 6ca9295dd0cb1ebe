import { signCheckpoint } from "../audit/checkpoint.ts";
import { type LoggedEntry, readEntry, SALT_BYTES } from "../audit/entry.ts";
import { proveConsistency, proveEntry } from "../audit/evidence.ts";
import { exportLog, type KeptEntry, originOf } from "../audit/export.ts";
import { vkeyOf } from "../audit/note.ts";
import { type HashReader, storedReader } from "../audit/stored.ts";
import { type Frontier, frontierFromJson, rootOf } from "../audit/tree.ts";
import { CustodyError } from "../base/errors.ts";
import type { Vault } from "../vault/vault.ts";
import { entryBlob, hashesBlob } from "./journal.ts";
import { rootState } from "./refusals.ts";

/** The key that a vault's checkpoints verify with, as text: `keyward/<vault id>+hash+base64`. Keep it where the vault is not. */
export function logKey(vault: Vault): string {
  return vkeyOf(originOf(vault.id), vault.checkpointPublicKey);
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

/** Entries from the log, oldest or newest first. Each is checked against its seal and its place. @throws `log/damaged` */
export async function* history(
  vault: Vault,
  options: { readonly newestFirst?: boolean; readonly from?: number; readonly limit?: number } = {},
): AsyncGenerator<LoggedEntry, void, undefined> {
  const { size } = await readHead(vault);
  const step = options.newestFirst ? -1 : 1;
  let seq = options.from ?? (options.newestFirst ? size - 1 : 0);
  for (let left = options.limit ?? size; left > 0 && seq >= 0 && seq < size; left--, seq += step) {
    const entry = readEntry((await keptEntry(vault, seq)).body);
    if (entry.seq !== seq) throw new CustodyError("log/damaged", `entry ${seq}: expected it at its place`);
    yield entry;
  }
}

/** The whole log as JSON lines that `verifyLog` checks offline, without any key of the vault. */
export async function* exportLines(vault: Vault): AsyncGenerator<string, void, undefined> {
  const frontier = await readHead(vault);
  const note = await checkpoint(vault, { frontier });
  yield* exportLog({ vault: vault.id, vkey: logKey(vault) }, entries(vault, frontier.size), note);
}

/** A file that shows one entry, and that it is in the log, to somebody who sees no other entry. */
export async function entryProof(vault: Vault, seq: number): Promise<string> {
  const frontier = await readHead(vault);
  if (!Number.isSafeInteger(seq) || seq < 0 || seq >= frontier.size)
    throw new CustodyError("log/malformed", `entry: expected 0–${frontier.size - 1}`);
  const { body, salt } = await keptEntry(vault, seq);
  return proveEntry({ body, salt, checkpoint: await checkpoint(vault, { frontier }), vkey: logKey(vault) }, hashReader(vault));
}

/** A file that shows that the log of now continues the one of a checkpoint that somebody kept. */
export async function consistencyProof(vault: Vault, kept: string): Promise<string> {
  const note = await checkpoint(vault);
  return proveConsistency({ from: kept, to: note, vkey: logKey(vault) }, hashReader(vault));
}

function hashReader(vault: Vault): HashReader {
  return storedReader((entry) => vault.readBlob(hashesBlob(entry)));
}

async function* entries(vault: Vault, size: number): AsyncGenerator<KeptEntry, void, undefined> {
  for (let seq = 0; seq < size; seq++) yield { seq, ...(await keptEntry(vault, seq)) };
}

async function keptEntry(vault: Vault, seq: number): Promise<{ salt: Uint8Array; body: Uint8Array }> {
  const blob = await vault.readBlob(entryBlob(seq));
  if (blob === undefined || blob.length <= SALT_BYTES) throw new CustodyError("log/damaged", `entry ${seq}: it is missing`);
  return { salt: blob.subarray(0, SALT_BYTES), body: blob.subarray(SALT_BYTES) };
}
