import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { utf8, wipe } from "../base/bytes.ts";
import type { RecoveryShare } from "../slots/shares.ts";
import { usage } from "./exit.ts";
import { writeSecret } from "./files.ts";
import type { Io } from "./io.ts";
import { plain } from "./style.ts";

/** What stood on the screen, what was scrolled away included. Terminals that keep a log of their own keep it. */
export const CLEAR = "\u001b[2J\u001b[3J\u001b[H";

/**
 * Shows each share once, one at a time, so that each holder sees their own. The screen is cleared before the next.
 *
 * @throws `cli/usage` where one was not written down: nothing is enrolled then.
 */
export async function showShares(io: Pick<Io, "stderr" | "confirm">, shares: readonly RecoveryShare[]): Promise<void> {
  try {
    for (const { number, of, holder, card } of shares) {
      const whose = `Share ${number} of ${of} is for ${plain(holder)}, and is shown this once. Nobody else should look.`;
      await io.stderr.write(`${CLEAR}${whose}\n\n${card}\n\n`);
      if (!(await io.confirm("Is it written down, all of it?")))
        throw usage("shares: one was not written down, so nothing was added; destroy those that were, they open nothing");
    }
  } finally {
    await io.stderr.write(CLEAR);
  }
}

/**
 * Writes each share to a file of its own, mode 0600, and none over another file.
 *
 * @returns the files, in the order of the shares.
 * @throws `cli/usage`; then none of them is left.
 */
export async function writeShares(directory: string, shares: readonly RecoveryShare[]): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const written: string[] = [];
  try {
    for (const { number, of, card } of shares) {
      const path = join(directory, `share-${number}-of-${of}.txt`);
      const bytes = utf8(`${card}\n`);
      try {
        await writeSecret(path, bytes);
      } finally {
        wipe(bytes);
      }
      written.push(path);
    }
    return written;
  } catch (cause) {
    for (const path of written) await rm(path);
    throw cause;
  }
}
