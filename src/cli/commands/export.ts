import { fromUtf8, wipe } from "../../base/bytes.ts";
import type { Slip39Export } from "../../custody/export.ts";
import type { ReleasedShares } from "../../custody/released.ts";
import type { ChildSeed } from "../../keys/bip85.ts";
import type { WordCount } from "../../keys/mnemonic.ts";
import type { Language } from "../../keys/wordlist.ts";
import type { Call, Command, Option } from "../command.ts";
import { usage } from "../exit.ts";
import { exported } from "../exporting.ts";
import { readSecret } from "../files.ts";
import { showPages, showPhrase } from "../pages.ts";
import { firstLine } from "../secrets.ts";
import { cards, placeFor, writeShares } from "../slip39-cards.ts";
import { plain } from "../style.ts";
import { PERSON, VAULT } from "../vaults.ts";

const PLAIN: { readonly [name: string]: Option } = {
  plain: { about: "print the secret in plain text, into a pipe or a file too" },
};

const NOTE =
  "An act that the policy judges, and that is in the log before anything leaves. Where it has to wait, call the same command again once it is approved.";

export const exportPhrase: Command = {
  name: "export phrase",
  about: "show the words of a wallet, one at a time",
  operands: "[WALLET]",
  count: [0, 1],
  options: { ...PLAIN, ...VAULT, ...PERSON },
  example: "keyward export phrase Main",
  notes: [NOTE, "Each word is cleared from the screen before the next. Whoever has all of them has the wallet, past every rule."],
  run: (call) =>
    exported(call, (wallet) => ({ what: "phrase", wallet }), {
      show: (phrase, wallet) => showPhrase(call.io, phrase, plain(wallet)),
      tell: (phrase) => ({ words: [...phrase.words()], ...(phrase.hasPassphrase && { passphrase: phrase.passphraseInPlainText() }) }),
      text: (phrase) => [phrase.inPlainText(), ...(phrase.hasPassphrase ? [phrase.passphraseInPlainText()] : [])],
      end: (phrase) => phrase.end(),
    }),
};

export const exportSlip39: Command = {
  name: "export slip39",
  about: "split a wallet into shares of words (SLIP-39)",
  operands: "[WALLET]",
  count: [0, 1],
  options: {
    group: { value: "T-of-N", many: true, about: "a group of shares, and how many of it are needed; 2-of-3 unless said otherwise" },
    "group-threshold": { value: "N", about: "how many groups are needed; all of them unless said otherwise" },
    "shares-passphrase-file": { value: "FILE", about: "a passphrase for the shares, printable ASCII, in a file that only you may open" },
    out: { value: "DIR", about: "write each share to a file of its own there, that only you may open" },
    ...PLAIN,
    ...VAULT,
    ...PERSON,
  },
  example: "keyward export slip39 Main --group 2-of-3",
  notes: [
    NOTE,
    "Of a wallet with a phrase the shares hold its entropy: bring them back with keyward import --slip39-holds entropy. Wallets elsewhere take what shares hold for a seed, and would show another wallet.",
  ],
  run: async (call) => {
    const directory = call.value("out");
    if (directory !== undefined && call.flag("plain")) throw usage("export: expected --out or --plain, got both");
    const passphrase = await sharesPassphrase(call);
    const groups = (call.values("group").length === 0 ? ["2-of-3"] : call.values("group")).map(readGroup);
    const places = directory === undefined ? undefined : await placeFor(directory, groups);
    const groupThreshold = call.value("group-threshold");
    const more = {
      ...(groupThreshold !== undefined && { groupThreshold: number(groupThreshold, "group-threshold") }),
      ...(passphrase !== undefined && { passphrase }),
      signal: call.io.signal,
    };
    return exported<Slip39Export>(call, (wallet) => ({ what: "slip39", wallet, groups, ...more }), {
      show: (made, wallet) => showPages(call.io, cards(made, wallet)),
      tell: ({ shares, holds, needsMnemonicPassphrase }) => ({
        ...(places === undefined ? { shares } : { files: places.flat() }),
        holds,
        needsMnemonicPassphrase,
      }),
      text: ({ shares }) => (places ?? shares).flat(),
      ...(places !== undefined && { write: ({ shares }: ReleasedShares) => writeShares(places, shares) }),
      end: () => undefined,
    });
  },
};

export const exportChild: Command = {
  name: "export child",
  about: "derive a child of a wallet's seed (BIP-85), for another wallet or program",
  operands: "[WALLET]",
  count: [0, 1],
  options: {
    application: { value: "KIND", about: "bip39 (default), wif, xprv or hex" },
    index: { value: "N", about: "which one; 0 unless said otherwise" },
    words: { value: "N", about: "bip39: 12 (default), 15, 18, 21 or 24" },
    language: { value: "NAME", about: "bip39: the list of its words; english unless said otherwise" },
    bytes: { value: "N", about: "hex: 16–64; 32 unless said otherwise" },
    ...PLAIN,
    ...VAULT,
    ...PERSON,
  },
  example: "keyward export child Main --application bip39 --index 0",
  notes: [
    NOTE,
    "With the wallet's phrase and the path that is printed, anybody can make the same child again. It says nothing about the wallet.",
  ],
  run: (call) => {
    const child = readChild(call);
    return exported(call, (wallet) => ({ what: "childSeed", wallet, ...child }), {
      show: (made) =>
        made.phrase === undefined
          ? showPages(call.io, [() => `The child ${made.path}. Nobody else should look.\n\n    ${made.inPlainText()}`])
          : showPhrase(call.io, made.phrase, `the child ${made.path}`),
      tell: (made) => ({ path: made.path, child: made.inPlainText() }),
      text: (made) => [made.inPlainText()],
      end: (made) => made.end(),
    });
  },
};

async function sharesPassphrase(call: Call): Promise<string | undefined> {
  const path = call.value("shares-passphrase-file");
  if (path === undefined) return undefined;
  const bytes = firstLine(await readSecret(path));
  try {
    return fromUtf8(bytes, "recovery/bad-passphrase");
  } finally {
    wipe(bytes);
  }
}

function readGroup(text: string): { readonly threshold: number; readonly shares: number } {
  const [, threshold, shares] = /^(\d{1,2})-of-(\d{1,2})$/.exec(text) ?? [];
  if (threshold === undefined || shares === undefined) throw usage(`--group: expected a group such as 2-of-3, got ${JSON.stringify(text)}`);
  return { threshold: Number(threshold), shares: Number(shares) };
}

function readChild(call: Call): ChildSeed {
  const application = call.value("application") ?? "bip39";
  const index = number(call.value("index") ?? "0", "index");
  /** What other applications have no use for is a slip, and not passed over. */
  const only = (...names: readonly string[]): void => {
    const spare = ["words", "language", "bytes"].find((name) => call.value(name) !== undefined && !names.includes(name));
    if (spare !== undefined) throw usage(`--${spare}: ${application} has none`);
  };
  switch (application) {
    case "bip39": {
      only("words", "language");
      // Which of them there are is for the custody to say, as to every app.
      const words = number(call.value("words") ?? "12", "words") as WordCount;
      return { application, index, words, language: (call.value("language") ?? "english") as Language };
    }
    case "hex":
      only("bytes");
      return { application, index, bytes: number(call.value("bytes") ?? "32", "bytes") };
    case "wif":
    case "xprv":
      only();
      return { application, index };
    default:
      throw usage(`--application: expected bip39, wif, xprv or hex, got ${JSON.stringify(application)}`);
  }
}

function number(text: string, option: string): number {
  if (!/^\d{1,10}$/.test(text)) throw usage(`--${option}: expected a whole number, got ${JSON.stringify(text)}`);
  return Number(text);
}
