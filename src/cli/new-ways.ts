import { wipe } from "../base/bytes.ts";
import { type NewShares, shares } from "../slots/shares.ts";
import type { Slot } from "../vault/slot.ts";
import type { Call, Option } from "./command.ts";
import { usage } from "./exit.ts";
import { askTwice, readPassphrases } from "./secrets.ts";
import { showShares, writeShares } from "./share-cards.ts";
import { joined, type Kind, partsFor, readKinds } from "./ways.ts";

export const NEW_WAY: { readonly [name: string]: Option } = {
  kind: {
    value: "KIND",
    about: "what will open it: passphrase (the default), keychain, shares, or several together",
  },
  "new-passphrase-file": { value: "FILE", many: true, about: "read the new passphrase from a file that only you may open" },
  "new-passphrase-fd": { value: "N", many: true, about: "read the new passphrase from an open descriptor" },
  threshold: { value: "T", about: "of shares: so many open the vault" },
  holder: { value: "NAME", many: true, about: "of shares: who keeps one, or where it lies" },
  "shares-to": { value: "DIR", about: "write each share to a file of its own instead of showing it once" },
};

/** A way in that the call describes, before anything of it was chosen. */
export interface NewWay {
  readonly kinds: readonly Kind[];
  /** Whether enrolling it leaves something outside the vault: shares that were shown, an entry of a keychain. */
  readonly leaves: boolean;
  /** Files with shares, once it was enrolled. */
  readonly files: readonly string[];
  /** Lends the slot, with new passphrases that were asked for and are wiped afterwards. */
  use<T>(work: (slot: Slot) => Promise<T>): Promise<T>;
}

/** @throws `cli/usage` for what does not go together, before anything is asked or opened. */
export function readNewWay(call: Call): NewWay {
  const kinds = readKinds(call.value("kind") ?? "passphrase", "kind");
  const files: string[] = [];
  const forShares = kinds.includes("shares") ? readNewShares(call, files) : noShares(call);
  return {
    kinds,
    leaves: kinds.some((kind) => kind !== "passphrase"),
    files,
    async use(work) {
      const count = kinds.filter((kind) => kind === "passphrase").length;
      const phrases = await readPassphrases(call, count, {
        from: ["new-passphrase-file", "new-passphrase-fd"],
        ask: (which) => askTwice(call, `New passphrase${which} (at least 8 characters): `),
      });
      try {
        return await work(joined(kinds, { ...partsFor(call, phrases), shares: () => shares(forShares) }));
      } finally {
        wipe(...phrases);
      }
    },
  };
}

function readNewShares(call: Call, files: string[]): NewShares {
  const { io } = call;
  const directory = call.value("shares-to");
  const threshold = Number(call.value("threshold"));
  const holders = call.values("holder");
  if (!Number.isInteger(threshold) || holders.length < 2)
    throw usage("shares: expected --threshold T and --holder NAME for each share, two at least");
  if (directory === undefined && !io.stderr.isTTY) throw usage("shares: there is no terminal to show them on; use --shares-to DIR");
  const give: NewShares["give"] =
    directory === undefined ? (made) => showShares(io, made) : async (made) => void files.push(...(await writeShares(directory, made)));
  const wanted = { threshold, holders, give };
  // Says at once what is wrong with them.
  shares(wanted);
  return wanted;
}

function noShares(call: Call): NewShares {
  for (const name of ["threshold", "holder", "shares-to"])
    if (call.value(name) !== undefined) throw usage(`--${name}: expected it with --kind shares only`);
  return { threshold: 2, holders: [], give: () => undefined };
}
