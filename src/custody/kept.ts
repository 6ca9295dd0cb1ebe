import { openCheckpoint } from "../audit/checkpoint.ts";
import { keysOf } from "../audit/handover.ts";
import { consistencyProof, verifyConsistency } from "../audit/proof.ts";
import { rootOf } from "../audit/tree.ts";
import { CustodyError } from "../base/errors.ts";
import type { Vault } from "../vault/vault.ts";
import { handoversOf, hashReader, logKey, readHead } from "./log.ts";

/** @throws `request/malformed` */
export function readKept(given: unknown): string | undefined {
  if (given === undefined || typeof given === "string") return given;
  throw new CustodyError("request/malformed", `atLeast: expected a signed checkpoint as text, got a ${typeof given}`);
}

/**
 * Holds a vault to a checkpoint that somebody kept elsewhere: a whole store that was put back to an older copy agrees with itself, and
 * only what was kept outside of it tells. The view side is enough.
 *
 * @param kept - a signed note by the log's key, or by one that it had before.
 * @throws `vault/rolled-back` if the log does not continue the one of the checkpoint: it is shorter, or another; `log/malformed`,
 *   `log/bad-signature` for a note that none of the keys that this vault knows has signed: it is of another log, or by a key that came
 *   after what lies in the store; `log/damaged`
 */
export async function holdTo(vault: Vault, kept: string): Promise<void> {
  const { size, root } = openCheckpoint(kept, keysOf(logKey(vault), await handoversOf(vault)));
  if (size === 0) throw new CustodyError("log/malformed", "checkpoint: expected one of at least one entry, any log continues none");
  const head = await readHead(vault);
  if (head.size < size) throw rolledBack(`expected at least the ${size} entries of the kept checkpoint, got ${head.size}`);
  // The hashes in the store are believed by nobody: they have to lead from the one root to the other.
  const proof = await consistencyProof(size, head.size, hashReader(vault));
  if (!verifyConsistency({ from: size, to: head.size, fromRoot: root, toRoot: rootOf(head) }, proof))
    throw rolledBack(`expected it to begin with the ${size} entries of the kept checkpoint, it has others`);
}

function rolledBack(problem: string): CustodyError {
  return new CustodyError("vault/rolled-back", `log: ${problem}`);
}
