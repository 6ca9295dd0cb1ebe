import { get, keys, promisifyRequest, type UseStore } from "idb-keyval";
import type { Time } from "../../base/time.ts";
import { Clock, checkKey, closed, copyChanges, failed, refusal, TIME_RECORD } from "../commit.ts";
import type { Change, Store } from "../store.ts";

/**
 * Records in an IndexedDB database of this origin, shared by all its tabs and workers. Whatever is written there can be read
 * from the browser's files for long after it was deleted: only ciphertext belongs here.
 *
 * @param name - of the database; it holds nothing else.
 * @param options.now - the clock, by default the host's, kept from running back by the time of the last commit.
 * @throws nothing here: the first call opens the database, and throws `store/failed` where there is none.
 */
export function indexedDbStore(name: string, options: { readonly now?: () => Time } = {}): Store {
  return new IndexedDbStore(name, new Clock(options.now));
}

const RECORDS = "records";

class IndexedDbStore implements Store {
  readonly #name: string;
  readonly #clock: Clock;
  #opening: Promise<IDBDatabase> | undefined;
  #closed = false;

  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    checkKey(key);
    return get<Uint8Array>(key, this.#use);
  }

  async commit(changes: readonly Change[], { notAfter }: { readonly notAfter?: Time } = {}): Promise<Time> {
    const copies = copyChanges(changes);
    const guarded = copies.filter(({ from }) => from !== undefined).map(({ key }) => key);
    return this.#use("readwrite", async (store) => {
      // INVARIANT: nothing but requests of this transaction is awaited, or it would commit by itself.
      const [last, ...records] = await Promise.all([
        promisifyRequest<Time | undefined>(store.get(TIME_RECORD)),
        ...guarded.map((key) => promisifyRequest<Uint8Array | undefined>(store.get(key))),
      ]);
      const stands = new Map(guarded.map((key, index) => [key, records[index]]));
      const now = this.#clock.now(last ?? 0);
      const refused = refusal(copies, (key) => stands.get(key), { now, notAfter });
      if (refused) throw refused;
      for (const { key, to } of copies) {
        if (to === null) store.delete(key);
        else store.put(to, key);
      }
      store.put(now, TIME_RECORD);
      return now;
    });
  }

  async *keys(): AsyncIterable<string> {
    yield* (await keys<string>(this.#use)).filter((key) => key !== TIME_RECORD);
  }

  async now(): Promise<Time> {
    return this.#clock.now((await get<Time>(TIME_RECORD, this.#use)) ?? 0);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const opening = this.#opening;
    if (opening === undefined) return;
    const database = await opening.catch(() => undefined);
    database?.close();
  }

  /** One transaction: returns when it is on disk, undone if the callback throws. A property, as idb-keyval calls it bare. */
  readonly #use: UseStore = async (mode, callback) => {
    if (this.#closed) throw closed();
    try {
      this.#opening ??= this.#connect();
      const database = await this.#opening;
      const transaction = database.transaction(RECORDS, mode, { durability: "strict" });
      const done = promisifyRequest(transaction);
      try {
        const result = await callback(transaction.objectStore(RECORDS));
        await done;
        return result;
      } catch (cause) {
        await undo(transaction, done);
        throw cause;
      }
    } catch (cause) {
      if (this.#closed) throw closed();
      throw failed(`the database ${this.#name} failed`, cause);
    }
  };

  async #connect(): Promise<IDBDatabase> {
    try {
      const request = indexedDB.open(this.#name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(RECORDS);
      const database = await promisifyRequest(request);
      const forget = () => {
        this.#opening = undefined;
      };
      // Another tab deletes the database, or the browser takes it away: let it go, and open anew when it is next needed.
      database.onversionchange = () => {
        database.close();
        forget();
      };
      database.onclose = forget;
      return database;
    } catch (cause) {
      this.#opening = undefined;
      throw cause;
    }
  }
}

/** Gives up a transaction that may already be over, and waits until nothing of it can happen any more. */
async function undo(transaction: IDBTransaction, done: Promise<unknown>): Promise<void> {
  const over = done.then(
    () => true,
    () => true,
  );
  try {
    transaction.abort();
  } catch (cause) {
    // It has already ended, which is as good.
    if (!(cause instanceof DOMException && cause.name === "InvalidStateError")) throw cause;
  }
  await over;
}
