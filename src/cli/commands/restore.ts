import { CustodyError } from "../../base/errors.ts";
import { BACKUP_KEY, withBackupKey } from "../backup-keys.ts";
import type { Command } from "../command.ts";
import { openStream, readNote } from "../files.ts";
import { NEW_WAY, readNewWay } from "../new-ways.ts";
import { outcomeAnswer } from "../outcomes.ts";
import { following } from "../progress.ts";
import { timeText } from "../show.ts";
import { hasStore, PERSON, PLACE, VAULT, vaultDirectory, withSession, withStore } from "../vaults.ts";

export const restore: Command = {
  name: "restore",
  about: "rebuild a vault from a backup, where there is none",
  operands: "FILE",
  count: [1, 1],
  options: {
    ...BACKUP_KEY,
    "at-least": { value: "FILE", about: "a checkpoint that you kept: a backup from before it, or of another history, is refused" },
    ...NEW_WAY,
    ...PLACE,
  },
  example: "keyward restore /media/usb/vault.age --vault ./vault",
  notes: [
    "One way leads into the vault, made now by --kind; those of before open nothing of it, and its keys are others.",
    "It shows everything and signs nothing until keyward restore allow was allowed by its own policy. From then on every limit is full for as long as its window: the vault that the backup was taken of may still be there, and have spent it.",
    "An error, Ctrl-C or a crash leaves the whole vault, or none.",
  ],
  async run(call) {
    const [file = ""] = call.operands;
    const { io } = call;
    const directory = vaultDirectory(call);
    const way = readNewWay(call);
    const kept = call.value("at-least");
    const atLeast = kept === undefined ? {} : { atLeast: await readNote(kept) };
    return withStore(directory, async (custody) => {
      // Nobody types passphrases for what cannot be.
      if (hasStore(directory) && (await custody.status()) !== "absent")
        throw new CustodyError("vault/exists", `vault: there is one in ${directory} already, a backup is restored where there is none`);
      const { vault, at, entries } = await withBackupKey(call, (key) =>
        way.use(async (slot) => {
          const chunks = await openStream(file);
          return following(call, "restoring", (onProgress) =>
            custody.restore(chunks, { key, slot, ...atLeast, signal: io.signal, onProgress }),
          );
        }),
      );
      return {
        json: { vault, directory, at, entries, shares: [...way.files] },
        text: (style) =>
          [
            `${style.good("restored")} the vault ${vault} in ${directory}`,
            `  as of ${timeText(at)}, ${entries} log entries`,
            ...way.files.map((path) => `  ${path}`),
            "It signs nothing until that is allowed. next: keyward restore allow",
          ].join("\n"),
      };
    });
  },
};

export const restoreAllow: Command = {
  name: "restore allow",
  about: "ask that a vault which came out of a backup may sign again",
  operands: "",
  count: [0, 0],
  options: { ...VAULT, ...PERSON },
  example: "keyward restore allow",
  notes: [
    "An act that the policy judges, with approvals and delays as for every act. Make sure that the vault which the backup was taken of is gone: two live copies can each spend what the limits let through.",
    "Lifetime limits stay full until keyward policy set writes them anew.",
  ],
  async run(call) {
    return withSession(call, async (me) => outcomeAnswer(await me.submit({ act: "restore" })));
  },
};
