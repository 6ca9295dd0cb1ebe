import type { AgeTo, AgeWith } from "../backup/age.ts";
import { fromUtf8, wipe } from "../base/bytes.ts";
import type { Call, Option } from "./command.ts";
import { usage } from "./exit.ts";
import { readSecret } from "./files.ts";
import { askTwice, readNewPassphrase } from "./secrets.ts";

// Whom a backup is for, and what opens it: a passphrase of its own, or keys of age.

const SOURCES = ["backup-passphrase-file", "backup-passphrase-fd"] as const;

export const BACKUP_PASSPHRASE: { readonly [name: string]: Option } = {
  "backup-passphrase-file": { value: "FILE", about: "read the passphrase of the backup from a file that only you may open" },
  "backup-passphrase-fd": { value: "N", about: "read the passphrase of the backup from an open descriptor" },
};

export const BACKUP_KEY: { readonly [name: string]: Option } = {
  "identity-file": { value: "FILE", many: true, about: "an age identity, as age-keygen makes it, in a file that only you may open" },
  ...BACKUP_PASSPHRASE,
};

/** Lends whom the call names; a passphrase is wiped afterwards. */
export async function withBackupTarget<T>(call: Call, use: (to: AgeTo) => Promise<T>): Promise<T> {
  const recipients = call.values("to");
  if (recipients.length > 0) {
    if (hasPassphrase(call)) throw usage("backup: expected recipients or a passphrase, got both");
    return use({ recipients });
  }
  const passphrase = hasPassphrase(call)
    ? await readNewPassphrase(call, SOURCES)
    : await askTwice(call, "Passphrase of the backup (at least 8 characters): ");
  try {
    return await use({ passphrase });
  } finally {
    wipe(passphrase);
  }
}

/** Lends what opens a backup; a passphrase is wiped afterwards. Identities are texts, which nobody can wipe. */
export async function withBackupKey<T>(call: Call, use: (key: AgeWith) => Promise<T>): Promise<T> {
  const files = call.values("identity-file");
  if (files.length > 0) {
    if (hasPassphrase(call)) throw usage("backup: expected identities or a passphrase, got both");
    return use({ identities: (await Promise.all(files.map(readIdentities))).flat() });
  }
  const passphrase = hasPassphrase(call) ? await readNewPassphrase(call, SOURCES) : await call.io.askHidden("Passphrase of the backup: ");
  try {
    return await use({ passphrase });
  } finally {
    wipe(passphrase);
  }
}

/** Lines of a file of `age-keygen`, which puts comments before them. */
async function readIdentities(path: string): Promise<readonly string[]> {
  const bytes = await readSecret(path);
  try {
    const lines = fromUtf8(bytes).split(/\r?\n/);
    return lines.filter((line) => line !== "" && !line.startsWith("#"));
  } finally {
    wipe(bytes);
  }
}

function hasPassphrase(call: Call): boolean {
  return SOURCES.some((source) => call.value(source) !== undefined);
}
