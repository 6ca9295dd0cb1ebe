import { equal, toHex, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { Store } from "../stores/store.ts";
import { type BlobsOf, type Copy, type CopyOptions, checkKeys, Gathering, type Wanted } from "./copy.ts";
import type { Header } from "./header.ts";
import { type KdfOptions, throwIfAborted } from "./kdf.ts";
import { Keyring, locked, viewOnly } from "./keyring.ts";
import type { Renewal } from "./renewal.ts";
import { busy, type Replica } from "./replica.ts";
import { type SlotInfo, slotsOf } from "./roster.ts";
import { type Random, wipeOpened } from "./seal.ts";
import { type Access, type Enrolled, enrol, type Slot, type SlotRecord } from "./slot.ts";
import { cannotOpen } from "./slot-keys.ts";
import { openSlots } from "./slots.ts";
import { Look, type Tx, type View, type Work } from "./tx.ts";
import { type Job, Writer } from "./writer.ts";

/** What one turn does after it has read the root: looks come first, then jobs share one commit. */
type Waiting =
  | { readonly kind: "look"; run(): unknown; resolve(result: unknown): void; reject(error: unknown): void }
  | ({ readonly kind: "job" } & Job);

/** The slot that opened a vault, as it was then, and what it offers in its place. */
interface Renewable {
  readonly record: SlotRecord;
  readonly renewal: Renewal;
}

/** More than these jobs do not share a commit. */
const MOST_JOBS = 256;

/** So often a copy is tried while others have their turns, and then within one turn. */
const COPY_ATTEMPTS = { free: 6, held: 40 };

/** So much of a rotation is one commit. */
const PORTION = 200;

/**
 * An open vault. One writer queue: looks and jobs take turns, and a turn begins by reading the store's root, so that nothing
 * is decided on a state that another process has replaced.
 *
 * After `lock` everything throws `vault/locked`.
 */
export class Vault {
  readonly #store: Store;
  readonly #replica: Replica;
  readonly #writer: Writer;
  readonly #random: Random;
  readonly #openedBy: string;
  readonly #waiting: Waiting[] = [];
  readonly #secrets = new Set<Uint8Array>();
  #renewable: Renewable | undefined;
  #running = false;
  #locked = false;

  /** @param held - the vault's own from here on. */
  constructor(held: {
    readonly store: Store;
    readonly replica: Replica;
    readonly random: Random;
    readonly openedBy: string;
    readonly renewable?: Renewable;
  }) {
    this.#openedBy = held.openedBy;
    this.#renewable = held.renewable;
    this.#store = held.store;
    this.#replica = held.replica;
    this.#writer = new Writer(held);
    this.#random = held.random;
  }

  /** 32 hexadecimal digits. */
  get id(): string {
    return this.#replica.roster.keyring.vaultId;
  }

  /** Id of the slot that opened it. */
  get openedBy(): string {
    return this.#openedBy;
  }

  get access(): Access {
    return this.#replica.roster.keyring.access;
  }

  /** How many commits there were, as far as this vault has followed the store. Also after `lock`. */
  get epoch(): number {
    return this.#replica.root.epoch;
  }

  /** What lies in clear, as the root has confirmed it. */
  get header(): Header {
    return this.#replica.roster.header;
  }

  get slots(): readonly SlotInfo[] {
    return slotsOf(this.#replica.roster.header);
  }

  /** 32 bytes, Ed25519. */
  get checkpointPublicKey(): Uint8Array {
    return this.#replica.roster.keyring.checkpointPublicKey.slice();
  }

  /**
   * Looks at the records as they are in the store now.
   *
   * @param look - runs at once on what is in memory; it must not wait, and the view ends with it.
   * @throws what `look` throws; `vault/damaged`; `vault/rolled-back`; `vault/busy`
   */
  read<T>(look: (view: View) => T): Promise<T> {
    return this.#look(() => {
      const { mirror, root } = this.#replica;
      const view = new Look(root, mirror, root);
      try {
        return look(view);
      } finally {
        view.end();
      }
    });
  }

  /**
   * Runs `job` against the newest state and commits what it leaves; jobs that wait at the same time share one commit.
   *
   * @param job - must not wait, and may run more than once: nothing outside the transaction may remember that it ran. If it
   * throws, it alone is undone, and the promise is rejected with what it threw.
   * @param options - `notAfter`: refuse to commit when the store's clock is past it.
   * @throws `vault/view-only`; `store/expired`; `vault/busy`; what the store throws, with everything undone.
   */
  transact<T>(job: (tx: Tx) => T, options: { readonly notAfter?: Time } = {}): Promise<T> {
    return this.#job(job, options);
  }

  /**
   * A record written by `Tx.blob`. It is sealed but not in the tree: whoever keeps blobs checks that it is the right one.
   *
   * @returns the caller's own bytes, `undefined` if there is none.
   * @throws `vault/damaged`
   */
  async readBlob(name: string): Promise<Uint8Array | undefined> {
    const key = this.#replica.roster.keyring.name("blob", name);
    const sealed = await this.#store.get(key);
    return sealed && this.#replica.roster.keyring.open("blob", key, sealed).slice();
  }

  /**
   * Lends out a secret written by `Tx.putSecret`.
   *
   * @param use - gets our own buffer, which is wiped when its promise settles, or when the vault is locked before that. Then
   * its result is thrown away, since it may have read zeros.
   * @throws `vault/no-such-secret`; `vault/view-only`; `vault/damaged`; what `use` throws
   */
  async withSecret<T>(name: string, use: (secret: Uint8Array) => Promise<T>): Promise<T> {
    const secret = await this.#look(() => this.#borrow(name));
    try {
      if (this.#locked) throw locked();
      const result = await use(secret);
      if (this.#locked) throw locked();
      return result;
    } finally {
      wipeOpened(secret);
      this.#secrets.delete(secret);
    }
  }

  /**
   * Opens a slot of this vault once more and lets go of what it gives: whoever can do that is there now. The open vault stays
   * as it is, whatever comes of it. The header is the one that the root authenticates, not what lies in the store by now.
   *
   * @param slot - a way to open view and sign, or, where `access` is "view", to view at least.
   * @param options - `only`: nothing but the slot of this id will do.
   * @returns the slot's id.
   * @throws `vault/cannot-open`, also for a slot that opens view only; `vault/kdf-out-of-bounds`; `vault/aborted`; `vault/locked`
   */
  async openAgain(slot: Slot, options: KdfOptions & { readonly access?: Access; readonly only?: string } = {}): Promise<string> {
    const header = await this.#look(() => this.#replica.roster.header);
    const { access = "sign" } = options;
    const { roots, record } = await openSlots(slot, header, { ...options, access }, this.#random);
    const again = new Keyring(roots, header);
    try {
      if (this.#locked) throw locked();
      if (again.access !== access || !equal(again.checkpointPublicKey, this.#replica.roster.keyring.checkpointPublicKey))
        throw cannotOpen();
      return record.id;
    } finally {
      again.wipe();
    }
  }

  /** Whether the keys were changed, and something may still lie under earlier ones. */
  get rotating(): boolean {
    return this.#replica.roster.keyring.unfinished > 0;
  }

  /**
   * Has a slot choose its parameters and its secret for this vault: what `Tx.addSlot` and `Tx.replaceSlot` take.
   *
   * @returns with a pin that the caller wipes.
   * @throws what the slot throws; `vault/aborted`; `vault/locked`
   */
  async enrol(slot: Slot, options: KdfOptions = {}): Promise<Enrolled> {
    if (this.#locked) throw locked();
    throwIfAborted(options.signal);
    const enrolled = await enrol(slot, { ...options, vaultId: this.id, slotId: toHex(this.#random(8)), random: this.#random });
    if (!this.#locked) return enrolled;
    wipe(enrolled.pin);
    throw locked();
  }

  /**
   * Has the slot that opened this vault enrol anew with what it was opened with, where it offered to: same id, other parameters. Once.
   *
   * @returns nothing where there is no such offer (any more); the slot as it opened, and in its place `to`, with a pin that the caller
   *   wipes: for `Tx.replaceSlot`, as long as that slot is still there.
   * @throws what the slot throws; `vault/aborted`; `vault/locked`
   */
  async enrolAgain(options: KdfOptions = {}): Promise<{ readonly from: SlotRecord; readonly to: Enrolled } | undefined> {
    if (this.#locked) throw locked();
    const { record: from, renewal } = this.#renewable ?? {};
    if (from === undefined || renewal === undefined) return undefined;
    try {
      throwIfAborted(options.signal);
      const { id: slotId, kind } = from;
      const to = await enrol({ kind, enrol: renewal.enrol }, { ...options, vaultId: this.id, slotId, random: this.#random });
      // What was kept for it is wiped by a lock, perhaps before it was used.
      if (!this.#locked) return { from, to };
      wipe(to.pin);
      throw locked();
    } finally {
      renewal.end();
      this.#renewable = undefined;
    }
  }

  /**
   * Copies the whole store as of one root, with a way into the copy that this vault itself has not. Others have their turns meanwhile;
   * where they commit faster than that, the last attempts are within one turn.
   *
   * @param way - enrolled for this copy alone; its pin stays the caller's.
   * @param blobsOf - the blobs that belong to it; called for the root of each attempt, so what it looks at is of the copy.
   * @throws `vault/view-only`; `vault/busy`; `vault/aborted`; `vault/damaged`
   */
  async copy(way: Enrolled, blobsOf: BlobsOf, options: CopyOptions = {}): Promise<Copy> {
    if (this.access === "view") throw viewOnly();
    const gathering = new Gathering(this.#store, options);
    const attempt = async ({ wanted, ...rest }: Omit<Copy, "records"> & { readonly wanted: Wanted }): Promise<Copy | undefined> => {
      const records = await gathering.follow(wanted);
      if (this.#locked) throw locked();
      return records && { ...rest, records };
    };
    for (let tries = 0; tries < COPY_ATTEMPTS.free; tries++) {
      const copy = await attempt(await this.#look(() => this.#toCopy(way, blobsOf)));
      if (copy !== undefined) return copy;
    }
    return this.#look(async () => {
      for (let tries = 0; tries < COPY_ATTEMPTS.held; tries++) {
        const copy = await attempt(this.#toCopy(way, blobsOf));
        if (copy !== undefined) return copy;
        await this.#replica.sync();
      }
      throw busy();
    });
  }

  #toCopy(way: Enrolled, blobsOf: BlobsOf): Omit<Copy, "records"> & { readonly wanted: Wanted } {
    const { root, mirror, roster } = this.#replica;
    const { keyring } = roster;
    const view = new Look(root, mirror, root);
    try {
      const blobs = new Map<string, string>();
      for (const [name, version] of blobsOf(view)) blobs.set(keyring.name("blob", name), version);
      const wanted: Wanted = { ...this.#replica.inventory(), blobs, keyEpochs: keyring.keyEpochs };
      return { epoch: root.epoch, way: keyring.admit(way, "sign", this.#random), wanted };
    } finally {
      view.end();
    }
  }

  /**
   * Opens what opening a vault leaves closed, its secrets, and checks that its store holds what belongs to it and nothing else: for a
   * copy, which nobody else writes to.
   *
   * @param blobs - names of those that belong to it.
   * @throws `vault/damaged`; `vault/view-only`
   */
  checkCopy(blobs: Iterable<string>): Promise<void> {
    return this.#look(async () => {
      const { keyring } = this.#replica.roster;
      await checkKeys(
        this.#store,
        this.#replica.inventory(),
        [...blobs].map((name) => keyring.name("blob", name)),
      );
      await this.#replica.checkSecrets();
    });
  }

  /**
   * Seals anew what lies under earlier keys, and lets go of those. Other looks and jobs have their turns between the portions. What was
   * ended before its time, by an abort or a crash, goes on where it was.
   *
   * @param options - `onProgress` hears how many of how many are done.
   * @throws `vault/aborted`; `vault/view-only`; `vault/damaged`; what the store throws
   */
  async finishRotation(
    options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (done: number, total: number) => void } = {},
  ): Promise<void> {
    if (this.access === "view") throw viewOnly();
    let found = true;
    while (found && this.rotating) {
      found = false;
      const keys = await this.#earlier();
      if (keys.length === 0) break;
      for (let done = 0; done < keys.length; done += PORTION) {
        throwIfAborted(options.signal);
        options.onProgress?.(done, keys.length);
        const portion = keys.slice(done, done + PORTION);
        if ((await this.#look(() => this.#writer.reseal(portion))) > 0) found = true;
      }
      options.onProgress?.(keys.length, keys.length);
    }
    throwIfAborted(options.signal);
    if (this.rotating) await this.#job((tx) => tx.settle());
  }

  /** Store keys of what lies under earlier keys. */
  async #earlier(): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const key of this.#store.keys()) {
      if (!/^[0-9a-f]{64}$/.test(key)) continue;
      const sealed = await this.#store.get(key);
      if (this.#locked) throw locked();
      if (sealed !== undefined && this.#replica.roster.keyring.isEarlier(sealed)) found.push(key);
    }
    return found;
  }

  /**
   * Signs a checkpoint of the log (Ed25519).
   *
   * @throws `vault/view-only`
   */
  signCheckpoint(message: Uint8Array): Uint8Array {
    return this.#replica.roster.keyring.signCheckpoint(message);
  }

  /** Wipes every key and secret of ours and forgets the records. What waits fails with `vault/locked`. Twice is once. */
  lock(): void {
    this.#locked = true;
    this.#renewable?.renewal.end();
    this.#replica.roster.keyring.wipe();
    this.#replica.clear();
    for (const secret of this.#secrets) wipeOpened(secret);
    this.#secrets.clear();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(locked());
  }

  toString(): string {
    return this.#locked ? "Vault(locked)" : "Vault(open)";
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  async #borrow(name: string): Promise<Uint8Array> {
    const secret = await this.#replica.openSecret(name);
    if (!secret) throw new CustodyError("vault/no-such-secret", "there is no secret of this name");
    this.#secrets.add(secret);
    if (this.#locked) wipeOpened(secret);
    return secret;
  }

  #job<T>(run: (tx: Work) => T, options: { readonly notAfter?: Time } = {}): Promise<T> {
    if (this.access === "view") return Promise.reject(viewOnly());
    return new Promise<T>((resolve, reject) => {
      this.#wait({ kind: "job", run, notAfter: options.notAfter, resolve: resolve as (result: unknown) => void, reject });
    });
  }

  #look<T>(run: () => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#wait({ kind: "look", run, resolve: resolve as (result: unknown) => void, reject });
    });
  }

  #wait(waiting: Waiting): void {
    if (this.#locked) {
      waiting.reject(locked());
      return;
    }
    this.#waiting.push(waiting);
    if (!this.#running) void this.#run();
  }

  /** INVARIANT: only one turn at a time touches the replica, so a look never sees what is not committed. */
  async #run(): Promise<void> {
    this.#running = true;
    // Whoever asks in the same tick shares the turn.
    await undefined;
    while (this.#waiting.length > 0) await this.#turn(this.#waiting.splice(0, MOST_JOBS));
    this.#running = false;
  }

  /** Settles everything it is given; never throws. */
  async #turn(turn: readonly Waiting[]): Promise<void> {
    try {
      await this.#replica.sync();
      for (const waiting of turn) if (waiting.kind === "look") await this.#answer(waiting);
      const jobs = turn.filter((waiting) => waiting.kind === "job");
      if (this.#locked) throw locked();
      if (jobs.length > 0) await this.#writer.commit(jobs);
    } catch (error) {
      // Rejecting what is settled already does nothing.
      for (const waiting of turn) waiting.reject(this.#locked ? locked() : error);
    }
  }

  async #answer(waiting: Waiting & { readonly kind: "look" }): Promise<void> {
    try {
      if (this.#locked) throw locked();
      waiting.resolve(await waiting.run());
    } catch (error) {
      waiting.reject(this.#locked ? locked() : error);
    }
  }
}
