import { get, keys, promisifyRequest, type UseStore } from "idb-keyval";
import { CustodyError } from "../../base/errors.ts";
import { readOptions } from "../../base/plain.ts";
import { SECOND_MS, type Time } from "../../base/time.ts";
import { type Clock, checkKey, clockOf, closed, copyChanges, deadlineOf, placeOf, refusal, TIME_RECORD } from "../commit.ts";
import type { Change, Keeping, Peer, PeerEvent, Store } from "../store.ts";
import { failure, foreign, isClosing, openDatabase, RECORDS, runTransaction } from "./connection.ts";
import { askToKeep, keepingHere } from "./keeping.ts";
import { joinPeers, type Member } from "./peers.ts";

/** A store in a browser. */
export interface BrowserStore extends Store {
  /**
   * Asks the browser not to remove by itself what this origin has written: to be called when the user does something, before or after
   * a vault is made. Some browsers ask the user, some decide by themselves.
   *
   * @returns whether it promises that; `undefined` where it cannot be asked.
   */
  persist(): Promise<boolean | undefined>;
}

/**
 * Records in an IndexedDB database of this origin, shared by all its tabs and workers. Whatever is written there can be read
 * from the browser's files for long after it was deleted: only ciphertext belongs here. When somebody deletes the database, this store
 * lets it go and begins with an empty one.
 *
 * @param name - of the database; it holds nothing else.
 * @param options.now - the clock, by default the host's, kept from running back by the time of the last commit.
 * @param options.patienceMs - how long an opening or a transaction waits for other tabs before it is given up with `store/blocked`;
 * 10 seconds by default.
 * @throws `request/malformed` for a name or options that are none; otherwise nothing here: the first call opens the database, and throws
 * `store/failed` where there is none.
 */
export function indexedDbStore(name: string, options: { readonly now?: () => Time; readonly patienceMs?: number } = {}): BrowserStore {
  return new IndexedDbStore(placeOf(name), clockOf(options), patienceOf(options));
}

class IndexedDbStore implements BrowserStore {
  readonly join: Store["join"];
  readonly #name: string;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #members: Member[] = [];
  #opening: Promise<IDBDatabase> | undefined;
  #closed = false;

  constructor(name: string, clock: Clock, patienceMs: number) {
    this.#name = name;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.join = typeof BroadcastChannel === "undefined" ? undefined : (hear) => this.#join(hear);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    checkKey(key);
    return recordOf(await get<unknown>(key, this.#use));
  }

  async commit(changes: readonly Change[], options?: { readonly notAfter?: Time }): Promise<Time> {
    const copies = copyChanges(changes);
    const notAfter = deadlineOf(options);
    const guarded = copies.filter(({ from }) => from !== undefined).map(({ key }) => key);
    return this.#use("readwrite", async (store) => {
      // INVARIANT: nothing but requests of this transaction is awaited, or it would commit by itself.
      const [last, ...records] = await Promise.all([
        promisifyRequest<unknown>(store.get(TIME_RECORD)),
        ...guarded.map((key) => promisifyRequest<unknown>(store.get(key))),
      ]);
      const stands = new Map(guarded.map((key, index) => [key, recordOf(records[index])]));
      const now = this.#clock.now(timeOf(last));
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
    yield* (await keys(this.#use)).map(keyOf).filter((key) => key !== TIME_RECORD);
  }

  async now(): Promise<Time> {
    return this.#clock.now(timeOf(await get<unknown>(TIME_RECORD, this.#use)));
  }

  keeping(): Promise<Keeping> {
    return keepingHere();
  }

  persist(): Promise<boolean | undefined> {
    return askToKeep();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const member of this.#members.splice(0)) member.leave();
    const opening = this.#opening;
    if (opening === undefined) return;
    const database = await opening.catch(() => undefined);
    database?.close();
  }

  #join(hear: (event: PeerEvent | "suspended") => void): Peer {
    if (this.#closed) return { tell: () => undefined };
    const member = joinPeers(this.#name, hear);
    this.#members.push(member);
    return member;
  }

  /** One transaction: returns when it is on disk, undone if the callback throws. A property, as idb-keyval calls it bare. */
  readonly #use: UseStore = async (mode, callback) => {
    try {
      return await runTransaction(await this.#begin(mode), callback, this.#patienceMs);
    } catch (cause) {
      if (this.#closed) throw closed();
      const error = failure(this.#name, cause);
      if (error.code === "store/blocked") this.#abandon();
      throw error;
    }
  };

  /** A connection that does not answer may be dead, so the next call opens anew. */
  #abandon(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    // What cannot be opened needs no closing.
    opening?.then((database) => database.close()).catch(() => undefined);
  }

  async #begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
    const opening = this.#database();
    try {
      return begin(await opening, mode);
    } catch (cause) {
      if (!isClosing(cause)) throw cause;
      // Closed under our hands, by a deletion or by the browser. Nothing has begun: once more, with a new connection.
      if (this.#opening === opening) this.#opening = undefined;
      return begin(await this.#database(), mode);
    }
  }

  #database(): Promise<IDBDatabase> {
    if (this.#closed) throw closed();
    if (this.#opening === undefined) {
      const opening = this.#connect(() => {
        if (this.#opening === opening) this.#opening = undefined;
      });
      this.#opening = opening;
    }
    return this.#opening;
  }

  async #connect(forget: () => void): Promise<IDBDatabase> {
    try {
      const database = await openDatabase(this.#name, this.#patienceMs);
      // Another tab deletes the database, or the browser takes it away: let it go, and open anew when it is next needed.
      database.onversionchange = () => {
        database.close();
        forget();
      };
      database.onclose = forget;
      return database;
    } catch (cause) {
      forget();
      throw cause;
    }
  }
}

/** What a timer can count; more would run out at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function patienceOf(options: { readonly patienceMs?: number }): number {
  const { patienceMs = 10 * SECOND_MS } = readOptions(options, "store");
  if (typeof patienceMs === "number" && patienceMs > 0) return Math.min(patienceMs, LONGEST_TIMER_MS);
  throw new CustodyError("request/malformed", "store: expected patienceMs to be more than 0 milliseconds");
}

function begin(database: IDBDatabase, mode: IDBTransactionMode): IDBTransaction {
  return database.transaction(RECORDS, mode, { durability: "strict" });
}

function recordOf(value: unknown): Uint8Array | undefined {
  if (value === undefined || value instanceof Uint8Array) return value;
  throw foreign("expected bytes under a key of ours, something else was written there");
}

function timeOf(value: unknown): Time {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  throw foreign("expected the time of the last commit, something else was written there");
}

function keyOf(key: IDBValidKey): string {
  if (typeof key === "string") return key;
  throw foreign("expected keys that are text, something else was written there");
}
