import { fromUtf8, wipe } from "../base/bytes.ts";
import type { Phrase } from "../custody/released.ts";
import type { Call } from "./command.ts";
import { usage } from "./exit.ts";
import type { Io } from "./io.ts";
import { CLEAR } from "./share-cards.ts";
import { plain } from "./style.ts";

/** One page: what stands on the screen until somebody goes on. Made when it is shown, so that no two are there at once. */
type Page = () => string;

/**
 * Says no where a secret would land in a pipe or a file, before anything is asked for: an approval is used up by what leaves.
 *
 * @throws `cli/usage`
 */
export function checkScreen(call: Call): void {
  if (call.flag("plain")) return;
  if (call.flag("json")) throw usage("export: expected --plain beside --json, which prints the secret in plain text");
  if (!call.io.stdout.isTTY || !call.io.stderr.isTTY)
    throw usage("export: expected a terminal to show the secret on, one part at a time; --plain prints all of it in plain text");
}

/** The words of a phrase, one at a time, and its passphrase where there is one. */
export function showPhrase(io: Pick<Io, "stderr" | "askHidden">, phrase: Phrase, what: string): Promise<void> {
  const words = Array.from({ length: phrase.count }, (_, position) => () => {
    return `Word ${position + 1} of ${phrase.count} of ${what}. Nobody else should look.\n\n    ${phrase.word(position)}`;
  });
  const more = `A BIP-39 passphrase belongs to ${what}: without it the words are another wallet.`;
  const passphrase = phrase.hasPassphrase ? [() => `${more}\n\n    ${plain(phrase.passphraseInPlainText())}`] : [];
  return showPages(io, [...words, ...passphrase]);
}

/** Shows page after page on the terminal, forth and back, and clears each before the next, and the last, whatever happens. */
export async function showPages(io: Pick<Io, "stderr" | "askHidden">, pages: readonly Page[]): Promise<void> {
  try {
    for (let at = 0; at < pages.length; ) {
      await io.stderr.write(`${CLEAR}${pages[at]?.()}\n\n`);
      const keys = ["Enter goes on", ...(at > 0 ? ["b goes back"] : [])].join(", ");
      at += (await answered(io, `${keys}: `)) === "b" && at > 0 ? -1 : 1;
    }
  } finally {
    await io.stderr.write(CLEAR);
  }
}

async function answered(io: Pick<Io, "askHidden">, question: string): Promise<string> {
  const bytes = await io.askHidden(question);
  try {
    return fromUtf8(bytes, "cli/usage").trim().toLowerCase();
  } finally {
    wipe(bytes);
  }
}
