import type { Mutant } from "../mutants.ts";

const lines = (name: string) => ({ file: "backup/lines.test.ts", name });
const tamper = (name: string) => ({ file: "backup/tamper.test.ts", name });
const backup = (name: string) => ({ file: "backup/backup.test.ts", name });
const cli = (name: string) => ({ file: "cli/backup.test.ts", name });

/** Backups: what is taken, when it leaves, and what is believed of a file. */
export const BACKUP: readonly Mutant[] = [
  {
    name: "the digest of the lines is not compared",
    file: "backup/read.ts",
    find: "if (digest !== toHex(this.#hash.digest())) throw",
    replace: "if (digest === undefined) throw",
    test: lines("are refused wherever a byte is another one"),
  },
  {
    name: "a backup that ends before its last line is read",
    file: "backup/read.ts",
    find: "if (this.#first === undefined || !this.#complete) throw",
    replace: "if (this.#first === undefined) throw",
    test: lines("are refused wherever a byte is another one"),
  },
  {
    name: "keys may stand there in any order",
    file: "backup/read.ts",
    find: "if (key <= this.#last) throw",
    replace: "if (key === this.#last) throw",
    test: lines("are refused with two records exchanged"),
  },
  {
    name: "a first line may be as long as it likes",
    file: "backup/read.ts",
    find: "  let most = MOST_HEAD_BYTES;",
    replace: "  let most = MOST_LINE_BYTES;",
    test: lines("a first line without end is read no further than 64 KiB"),
  },
  {
    name: "a record of a copy may belong to nothing",
    file: "vault/copy.ts",
    find: "for await (const key of store.keys()) if (!expected.delete(key)) throw",
    replace: "for await (const key of store.keys()) if (expected.delete(key) === undefined) throw",
    test: tamper("is refused wherever a record is changed, dropped, or there is one more"),
  },
  {
    name: "the log of a copy need not give its head",
    file: "custody/whole.ts",
    find: "if (hashes === undefined || !equal(hashes, storedHashes(next.completed))) throw",
    replace: "if (hashes === undefined) throw",
    test: tamper("is refused with any entry or hash of another history"),
  },
  {
    name: "secrets of a copy are not opened",
    file: "custody/open-backup.ts",
    find: "    await checkWhole(vault, options);",
    replace: "    await checkWhole.bind(undefined, vault, options);",
    test: tamper("is refused wherever a record is changed, dropped, or there is one more"),
  },
  {
    name: "the first line may say another time than the checkpoint",
    file: "custody/open-backup.ts",
    find: "signed.time !== at ||",
    replace: "signed.time === undefined ||",
    test: tamper("is refused where anything on the first line says something else"),
  },
  {
    name: "the first line may say another epoch than the root",
    file: "custody/open-backup.ts",
    find: "vault.epoch !== head.epoch ||",
    replace: "vault.epoch < 0 ||",
    test: tamper("is refused where anything on the first line says something else"),
  },
  {
    name: "a copy is handed out unchecked",
    file: "custody/take-backup.ts",
    find: "    const copy = await openWhole(content, { store: copyStore(records, head.at), signal, onProgress: part(0.3, 0.6) });\n    copy.lock();",
    replace: "    void [openWhole, copyStore];",
    test: backup("is none where the store lost or changed a record"),
  },
  {
    name: "a receipt is written before the file is complete",
    file: "custody/take-backup.ts",
    find: "    const hash = sha256.create();\n",
    replace:
      '    const hash = sha256.create();\n    await desk.vault.transact((tx) => addBackup(tx, { id: head.slot.id, name, at: 0, epoch: 0, entries: 0, bytes: 0, sha256: "", to: 1 }));\n',
    test: backup("says why its file could not be written"),
  },
  {
    name: "a backup that nobody could ever restore is made",
    file: "custody/backup-act.ts",
    find: '  return !never && about.some(({ type }) => type === "allow") ? [] : [noRestore];',
    replace: "  return never && about.length === 0 ? [noRestore] : [];",
    test: backup("is denied with its own reason where nothing could ever allow a restore"),
  },
  {
    name: "approvers do not see for whom a backup is",
    file: "custody/export-backup.ts",
    find: '"recipients" in to ? [...to.recipients] : "passphrase"',
    replace: '"passphrase"',
    test: backup("waits for people, who see for whom it is"),
  },
  {
    name: "a backup of another history of the vault passes for one of this",
    file: "custody/verify-backup.ts",
    find: "  if (!verifyConsistency(claim, ",
    replace: '  if (verifyConsistency(claim, [])) throw foreign("");\n  if (false && !verifyConsistency(claim, ',
    test: backup("refuses a backup of another vault, or of another history of this one"),
  },
  {
    name: "a copy is taken to be of one moment, whatever was committed meanwhile",
    file: "vault/copy.ts",
    find: "      if (await this.#stands(wanted)) return ascending(records);",
    replace: "      return ascending(records);",
    test: { file: "backup/moving.test.ts", name: "is of one moment" },
  },
  {
    name: "a half-written file has the name of a whole one",
    file: "cli/whole-file.ts",
    find: '  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString("hex")}.part`);',
    replace: '  const beside = path + randomBytes(0).toString("hex") + basename(path).slice(0, 0);',
    test: cli("has its name only when it is complete"),
  },
];
