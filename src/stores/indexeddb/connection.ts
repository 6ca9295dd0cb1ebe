import { CustodyError, type ErrorCode } from "../../base/errors.ts";
import { failed } from "../commit.ts";

/** The one object store of our databases: records by key, without key path or generator. */
export const RECORDS = "records";
const VERSION = 1;

/**
 * Opens a database of ours, and makes it where there is none.
 *
 * @param patienceMs - a deletion that somebody else's connection holds up lets every opening behind it wait, without any event. So
 * long and no longer: what comes afterwards is let go again, and nothing is made.
 * @throws `store/blocked`, and what the browser throws
 */
export function openDatabase(name: string, patienceMs: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, VERSION);
    let waited = true;
    const timer = setTimeout(() => {
      waited = false;
      reject(blocked(name));
    }, patienceMs);
    request.onupgradeneeded = () => {
      if (waited) request.result.createObjectStore(RECORDS);
      else request.transaction?.abort();
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      if (waited) resolve(request.result);
      else request.result.close();
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error);
    };
  });
}

/**
 * Runs one transaction to its end: on disk when this returns, wholly undone when it throws. Only if the browser takes the database
 * away or does not answer in time, in the moment of writing, nobody can say which; this throws.
 *
 * @param body - awaits nothing but requests of this transaction, or it would end by itself.
 * @param patienceMs - for others who hold the records locked.
 * @throws what `body` throws; `store/blocked`; why the browser undid it
 */
export async function runTransaction<T>(
  transaction: IDBTransaction,
  body: (records: IDBObjectStore) => PromiseLike<T> | T,
  patienceMs: number,
): Promise<T> {
  const over = ending(transaction, patienceMs);
  const result = (async () => body(ours(transaction.objectStore(RECORDS))))();
  result.catch(() => abort(transaction));
  switch (await over) {
    case "written":
      return result;
    case "undone":
      // Requests of an undone transaction only know that it was; the transaction knows why.
      if (transaction.error !== null) throw transaction.error;
      await result;
      throw new DOMException("the transaction was aborted", "AbortError");
    case "lost":
      throw new DOMException("the browser closed the database", "AbortError");
    case "blocked":
      throw blocked(transaction.db.name);
  }
}

/** A failure of the browser as the store's own. */
export function failure(name: string, cause: unknown): CustodyError {
  const known = cause instanceof DOMException ? KNOWN[cause.name] : undefined;
  if (known === undefined) return failed(`the database ${name} failed`, cause);
  return new CustodyError(known.code, `store: the database ${name} ${known.says}`, { cause });
}

export function foreign(what: string): CustodyError {
  return new CustodyError("store/foreign", `store: ${what}`);
}

export function isClosing(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === "InvalidStateError";
}

const KNOWN: { readonly [name: string]: { readonly code: ErrorCode; readonly says: string } | undefined } = {
  QuotaExceededError: { code: "store/full", says: "has no room left; nothing was written" },
  VersionError: { code: "store/foreign", says: `is of a newer version than ${VERSION}` },
  NotFoundError: { code: "store/foreign", says: `is not one of ours: expected the object store ${RECORDS} in it` },
};

type Ending = "written" | "undone" | "lost" | "blocked";

/**
 * Waits for the end of a transaction; after `patienceMs` it is given up. When the browser takes a database away (a user clears the
 * site's data), Chromium tells the connection, but not a transaction that begins in that moment, nor any of its requests.
 */
function ending(transaction: IDBTransaction, patienceMs: number): Promise<Ending> {
  const { db } = transaction;
  return new Promise((resolve) => {
    const end = (how: Ending) => {
      clearTimeout(timer);
      db.removeEventListener("close", lost);
      resolve(how);
    };
    const lost = () => end("lost");
    const timer = setTimeout(() => {
      abort(transaction);
      end("blocked");
    }, patienceMs);
    transaction.oncomplete = () => end("written");
    transaction.onabort = () => end("undone");
    db.addEventListener("close", lost);
  });
}

/** Undoes a transaction, unless it is over or on its way to the disk. */
function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch (cause) {
    if (!isClosing(cause)) throw cause;
  }
}

function ours(records: IDBObjectStore): IDBObjectStore {
  if (records.keyPath === null && !records.autoIncrement) return records;
  throw foreign(`expected records under keys of their own in ${RECORDS}, it makes its keys itself`);
}

function blocked(name: string): CustodyError {
  return new CustodyError("store/blocked", `store: another tab or window holds the database ${name}; close it and ask again`);
}
