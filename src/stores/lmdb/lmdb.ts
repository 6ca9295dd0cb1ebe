import { statSync } from "node:fs";
import { mkdir, open as openFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { RootDatabase } from "lmdb";
import { u64 } from "../../base/bytes.ts";
import { CustodyError } from "../../base/errors.ts";
import type { Time } from "../../base/time.ts";
import { type Clock, checkKey, clockOf, closed, copyChanges, deadlineOf, failed, placeOf, refusal, TIME_RECORD } from "../commit.ts";
import type { Change, Store } from "../store.ts";

/**
 * Records in an LMDB directory, shared by every process of this machine that opens it. Not for network file systems. Its files must
 * not be moved, deleted or replaced while a store is open: the next call then throws `store/failed`, and what lies there is opened anew.
 *
 * A commit is one synchronous LMDB transaction: it blocks this thread while the disk flushes (well under a millisecond on
 * a local disk) and while another process commits.
 *
 * @param path - directory; made with mode 0700 on first use if it is not there, its files with 0600.
 * @param options.now - the clock, by default the host's. It is kept from running back a little by the time of the last commit,
 * which lies in the store itself.
 * @throws `request/malformed` for what is no path or no options; otherwise nothing here: the path and the package `lmdb` are first touched by the first call, which throws `store/failed`.
 */
export function lmdbStore(path: string, options: { readonly now?: () => Time } = {}): Store {
  return new LmdbStore(resolve(placeOf(path)), clockOf(options));
}

interface Database {
  readonly db: RootDatabase<Uint8Array, string>;
  /** Of the files that were opened. */
  readonly identity: string;
}

class LmdbStore implements Store {
  readonly #path: string;
  readonly #clock: Clock;
  #opening: Promise<Database> | undefined;
  #abandoned: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    checkKey(key);
    return this.#use("cannot read", (db) => read(db, key));
  }

  async commit(changes: readonly Change[], options?: { readonly notAfter?: Time }): Promise<Time> {
    const copies = copyChanges(changes);
    const notAfter = deadlineOf(options);
    return this.#use("cannot write", (db) => {
      // Synchronous on purpose. lmdb's asynchronous transaction holds the machine-wide write lock until this process's event
      // loop comes round to its callback (a second opening of the same path then waits for ever), commits what a throwing
      // callback has put, and never settles if the transaction cannot begin. This one aborts on a throw, reports errors, and
      // returns after the disk has flushed.
      return db.transactionSync(() => {
        const now = this.#clock.now(committed(db));
        const refused = refusal(copies, (key) => db.getBinary(key), { now, notAfter });
        if (refused) throw refused;
        for (const { key, to } of copies) {
          if (to === null) db.remove(key);
          else db.put(key, to);
        }
        db.put(TIME_RECORD, u64(now));
        return now;
      });
    });
  }

  async *keys(): AsyncIterable<string> {
    // Read at once: a cursor left open while the caller waits would keep every page of its snapshot from being used again.
    yield* await this.#use("cannot read", (db) => {
      db.resetReadTxn();
      return [...db.getKeys()].filter((key) => key !== TIME_RECORD);
    });
  }

  async now(): Promise<Time> {
    return this.#use("cannot read", (db) => {
      db.resetReadTxn();
      return this.#clock.now(committed(db));
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const opening = this.#opening;
    await this.#abandoned;
    if (opening === undefined) return;
    const opened = await opening.catch(() => undefined);
    await opened?.db.close();
  }

  async #use<T>(what: string, action: (db: Database["db"]) => T): Promise<T> {
    if (this.#closed) throw closed();
    this.#opening ??= this.#abandoned.then(() => open(this.#path));
    const opening = this.#opening;
    try {
      const { db, identity } = await opening;
      if (this.#closed) throw closed();
      this.#sameFile(identity);
      const result = action(db);
      this.#sameFile(identity);
      return result;
    } catch (cause) {
      const error = failed(`${what} ${this.#path}`, cause);
      if (error.code === "store/failed" && this.#opening === opening) this.#abandon(opening);
      throw error;
    }
  }

  /**
   * A deleted or replaced file lives on for those who have it open: they would read and write what nobody else sees, or write
   * while somebody else does. Checked after a commit too, since only then it is said to be durable.
   */
  #sameFile(identity: string): void {
    if (identityOf(this.#path) !== identity) {
      throw new CustodyError("store/failed", `store: expected the files in ${this.#path} to stay, they were replaced or deleted`);
    }
  }

  /**
   * After a failure LMDB may refuse everything until it is opened anew, so the next call does that. Only once the old one is
   * closed: a process must not have the same files open twice.
   */
  #abandon(opening: Promise<Database>): void {
    this.#opening = undefined;
    // What cannot be opened or closed is of no more use either way.
    this.#abandoned = opening.then(({ db }) => db.close()).catch(() => undefined);
  }
}

async function open(path: string): Promise<Database> {
  const { open } = await load();
  await mkdir(path, { recursive: true, mode: 0o700 });
  const options = {
    path,
    // A directory even where its name has a dot in it.
    noSubdir: false,
    encoding: "binary",
    // LMDB's own order, before a transaction returns: pages, flush, root. By default lmdb shows others a commit before its flush.
    overlappingSync: false,
    permissionsMode: 0o600,
  } as const;
  const db = open<Uint8Array, string>(options);
  await flushDirectory(path);
  await flushDirectory(dirname(path));
  return { db, identity: identityOf(path) };
}

/** Which files lie there now: the data, and the lock that keeps writers apart. @throws what the platform throws where one is missing */
function identityOf(path: string): string {
  const files = ["data.mdb", "lock.mdb"].map((name) => statSync(join(path, name), { bigint: true }));
  return files.map(({ dev, ino }) => `${dev}/${ino}`).join(" ");
}

async function load(): Promise<typeof import("lmdb")> {
  try {
    return await import("lmdb");
  } catch (cause) {
    throw new CustodyError("store/failed", "store: expected the optional package lmdb; install it with: npm install lmdb@3.5.6", { cause });
  }
}

/** New files are durable once their directory is. Windows flushes no directories, and needs none flushed. */
async function flushDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await openFile(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** What is committed now, whoever committed it: an older snapshot of this thread is let go first. */
function read(db: Database["db"], key: string): Uint8Array | undefined {
  db.resetReadTxn();
  const bytes = db.getBinary(key);
  return bytes && Uint8Array.from(bytes);
}

function committed(db: Database["db"]): Time {
  const bytes = db.getBinary(TIME_RECORD);
  return bytes === undefined ? 0 : Number(bytes.readBigUInt64BE());
}
