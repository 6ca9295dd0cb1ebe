import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { utf8, wipe } from "../base/bytes.ts";
import type { ReleasedShares } from "../custody/released.ts";
import { usage } from "./exit.ts";
import { writeSecret } from "./files.ts";
import { plain } from "./style.ts";

/** One page for each share, so that each holder sees their own. */
export function cards({ shares, groups, groupThreshold }: ReleasedShares, wallet: string): readonly (() => string)[] {
  return shares.flatMap((group, at) =>
    group.map((share, place) => () => {
      const whose = groups.length === 1 ? "" : ` of group ${at + 1} of ${groups.length} (${groupThreshold} groups are needed)`;
      const needed = `${groups[at]?.threshold} of ${groups[at]?.shares} are needed`;
      return `Share ${place + 1}${whose} of ${plain(wallet)}; ${needed}. Nobody but its holder should look.\n\n${inLines(share)}`;
    }),
  );
}

/** Five words to a line, numbered: easier to copy, and to check. */
function inLines(share: string): string {
  const words = share.split(" ").map((word, at) => `${String(at + 1).padStart(2)} ${word.padEnd(9)}`);
  return Array.from({ length: Math.ceil(words.length / 5) }, (_, line) => `    ${words.slice(5 * line, 5 * line + 5).join(" ")}`).join(
    "\n",
  );
}

/**
 * Where each share will lie, group by group, in a directory that is there then. Looked at before anything is asked for: an approval is
 * used up by what leaves.
 *
 * @throws `cli/usage` where a file is there already
 */
export async function placeFor(directory: string, groups: readonly { readonly shares: number }[]): Promise<readonly (readonly string[])[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const places = groups.map(({ shares }, group) =>
    Array.from({ length: shares }, (_, place) => join(directory, `slip39-group-${group + 1}-share-${place + 1}.txt`)),
  );
  const taken = places.flat().find((path) => existsSync(path));
  if (taken !== undefined) throw usage(`${taken}: it is there already, and nothing is overwritten`);
  return places;
}

/** Each share in a file that nobody else may open, all of them or none. */
export async function writeShares(places: readonly (readonly string[])[], shares: ReleasedShares["shares"]): Promise<void> {
  const written: string[] = [];
  try {
    for (const [group, texts] of shares.entries()) {
      for (const [place, text] of texts.entries()) {
        const path = places[group]?.[place];
        if (path === undefined) throw new Error("unreachable: more shares than were asked for");
        const bytes = utf8(`${text}\n`);
        try {
          await writeSecret(path, bytes);
        } finally {
          wipe(bytes);
        }
        written.push(path);
      }
    }
  } catch (cause) {
    for (const path of written) await rm(path);
    throw cause;
  }
}
