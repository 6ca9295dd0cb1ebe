import { addressOfKey } from "../approvals/address.ts";
import { readApproval } from "../approvals/statement.ts";
import type { LoggedEntry } from "../audit/entry.ts";
import type { AgeWith } from "../backup/age.ts";
import type { Chunks } from "../backup/chunks.ts";
import { wipe } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import type { Intent } from "../intent/intent.ts";
import type { Policy } from "../policy/core.ts";
import { parsePolicy } from "../policy/parse.ts";
import type { Peer, PeerEvent, Store } from "../stores/store.ts";
import { HEADER_KEY } from "../vault/header.ts";
import type { KdfOptions } from "../vault/kdf.ts";
import { createVault, openVault, readHeader } from "../vault/open.ts";
import { type Access, type Slot, weakSlot } from "../vault/slot.ts";
import type { Vault } from "../vault/vault.ts";
import { type Account, shown, type Wallet, walletRecords } from "./accounts.ts";
import { answer } from "./answers.ts";
import { type ApprovalRequest, approvalRequest } from "./approval-request.ts";
import { type BackupReceipt, backupsOf } from "./backups.ts";
import { begin, newState } from "./birth.ts";
import { accountRecords, Chains, type Desk, keysOf, momentOf, namedAccount, reader } from "./desk.ts";
import { diagnose, type Support, support } from "./diagnose.ts";
import { copyPlain, policyText, readOptions, readRequest } from "./door.ts";
import { type CustodyState, stateAfter, Watched } from "./events.ts";
import { countFailure, forgetFailures, readFailures } from "./failures.ts";
import { readFollowing, readSlot, untilLocked } from "./foreign.ts";
import { journal } from "./journal.ts";
import { Judge } from "./judge.ts";
import { holdTo, readKept } from "./kept.ts";
import { prune } from "./lifetime.ts";
import { checkpoint, consistencyProof, entryProof, exportLines, history, logKey } from "./log.ts";
import { type CreateOptions, type KeywardOptions, type RestoreOptions, readKeywardOptions, type UnlockOptions } from "./options.ts";
import { listPending, type PendingRequest } from "./pending-view.ts";
import { PublicKeys, type WatchedAccount, watchedOf } from "./public-keys.ts";
import { asJson, type RestoredRecord, type RootState, type SessionRecord } from "./records.ts";
import { modeAt } from "./refusals.ts";
import type { Restored } from "./restore.ts";
import { restoredOf } from "./restored.ts";
import { retune } from "./retune.ts";
import { approvalStatement, beginSession, Session, type SessionOptions } from "./session.ts";
import { type NamedSlot, type NamedSlotInfo, namedSlots } from "./slots.ts";
import { type BackupReport, type VerifyBackupOptions, verifyAgainst } from "./verify-backup.ts";
import { veto } from "./veto.ts";
import { readWallet } from "./wallets.ts";

/** What a timer can count; more would run out at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * A custody over one store. Touches nothing until it is asked to; safe where there is no store yet (server rendering).
 *
 * @throws `request/malformed`
 */
export function keyward(options: KeywardOptions): Custody {
  return new Custody(options);
}

/**
 * The vault of one store, as an app holds it. Makes and opens it, shows what is in it, and begins the sessions through which
 * everything is asked for.
 *
 * Whatever looks into the vault throws `vault/locked` where it is not open, and `vault/damaged`, `vault/rolled-back` or
 * `store/failed` where the store is not what it should be. What writes or signs, checkpoints included, throws `vault/view-only`
 * where the vault was opened for viewing.
 */
export class Custody {
  readonly #store: Store;
  readonly #chains: Chains;
  readonly #autoLockMs: number;
  readonly #leaseMs: number;
  readonly #watched = new Watched();
  #desk: Desk | undefined;
  #lastEdit: { readonly text: string; readonly accounts: number; readonly judge: Judge; readonly policy: Policy } | undefined;
  #opening:
    | { readonly slot: Slot; readonly access: Access; readonly atLeast: string | undefined; readonly done: Promise<void> }
    | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Aborted by a lock: whoever waits for code of the app's waits no longer. */
  #locked = new AbortController();
  #peer: Peer | undefined;
  /** Of the last opening. */
  #retuned: Promise<number | undefined> = Promise.resolve(undefined);
  /** The vault that was open last, and how far it was: a store that has been put back meanwhile is noticed at the next opening. */
  #seen: { readonly id: string; readonly epoch: number } | undefined;

  constructor(given: KeywardOptions) {
    const options = readKeywardOptions(given);
    this.#store = options.store;
    this.#chains = new Chains(options.chains);
    this.#autoLockMs = options.autoLockMs;
    this.#leaseMs = options.leaseMs;
  }

  get state(): CustodyState {
    return this.#watched.state;
  }

  /** Calls `watch` on every change of `state`. @returns a function that ends it. */
  subscribe(watch: (state: CustodyState) => void): () => void {
    if (typeof watch !== "function") throw new CustodyError("request/malformed", "subscribe: expected a function");
    return this.#watched.subscribe(watch);
  }

  /**
   * Asks the store whether there is a vault, where that is not known yet. From here on this custody hears of the others that share the
   * store, where the platform lets it: see {@link lock}; a vault that another tab makes turns `absent` into `locked`.
   */
  async status(): Promise<CustodyState> {
    this.#joined();
    if (this.state === "unknown") this.#watched.set((await this.#store.get(HEADER_KEY)) === undefined ? "absent" : "locked");
    return this.state;
  }

  /** Name of the open vault: 32 hexadecimal digits. @throws `vault/locked` */
  get id(): string {
    return this.#open().vault.id;
  }

  /**
   * Makes a vault in this store and opens it. Vault, policy and first wallet appear in one commit, or none of them.
   *
   * @throws `vault/exists`, `policy/invalid` (with every problem and its place), `vault/weak-passphrase`, `vault/aborted`,
   *   `keys/bad-mnemonic`, `keys/bad-key`, `keys/no-randomness`
   */
  async create(wanted: CreateOptions): Promise<void> {
    const options = readOptions(wanted, "create");
    const slot = readSlot(options.slot);
    const following = readFollowing(options);
    const judge = this.#judge();
    const policy = this.#readPolicy(policyText(options.policy));
    const wallet = options.wallet === null ? undefined : await readWallet(options.wallet ?? { from: "generate" });
    try {
      await this.#enter(
        (locked) =>
          createVault({
            store: this.#store,
            slots: [slot],
            state: asJson(newState()),
            index: judge,
            begin: (tx, vault) => begin(tx, { vault, policy, wallet }),
            ...untilLocked(following, locked),
          }),
        judge,
      );
      this.#joined()?.tell("created");
    } finally {
      wipe(wallet?.secret);
    }
  }

  /**
   * Rebuilds a vault out of a backup, in this store, which has none. One way leads into it, and its keys are others than before; it
   * is left locked. It shows everything and signs nothing until the act `restore` was allowed by its own policy, and then its limits
   * begin full: see {@link restored}. A crash or an error leaves the store as it was, or the whole vault.
   *
   * @param file - the whole age file, or its pieces in order.
   * @returns what was restored: the state of when the backup was made.
   * @throws `vault/exists`; `backup/cannot-open`, `backup/damaged` and what else opening the backup throws; of `atLeast`
   *   `vault/rolled-back`, `log/bad-signature`, `log/malformed`; what the slot throws; `vault/aborted`, `backup/aborted`; `store/full`; what `file` throws
   */
  async restore(file: AsyncIterable<Uint8Array> | Uint8Array, wanted: RestoreOptions): Promise<Restored> {
    const options = readOptions(wanted, "restore");
    const slot = readSlot(options.slot);
    if (slot.access === "view") throw weakSlot(slot.kind);
    const following = readFollowing(options);
    const atLeast = readKept(options.atLeast);
    const { signal: locked } = this.#locked;
    const before = await this.status();
    if (before !== "absent") throw new CustodyError("vault/exists", `restore: expected a store without a vault, this one is ${before}`);
    const { rebuild } = await import("./restore.ts");
    this.#watched.set("opening");
    try {
      const restored = await rebuild({
        ...{ store: this.#store, judge: this.#judge(), file, key: options.key, slot, atLeast },
        ...untilLocked(following, locked),
      });
      this.#watched.set("locked");
      this.#joined()?.tell("created");
      return restored;
    } catch (cause) {
      // Whatever was wrong with the backup, the store is as it was; or somebody else has made a vault there meanwhile.
      this.#watched.set(cause instanceof CustodyError && cause.code === "vault/exists" ? "locked" : before);
      throw cause;
    }
  }

  /**
   * Opens the vault. Asked twice at once with the same slot, it stretches the passphrase once. On an open vault it does nothing, but
   * for holding it to `atLeast`.
   *
   * @param wanted - `atLeast`: a kept checkpoint. A store that was put back to before it, or to another history, is
   *   `vault/rolled-back`, and nothing stays open.
   * @throws `vault/absent`, `vault/cannot-open`, `vault/damaged`, `vault/rolled-back`, `vault/kdf-out-of-bounds`, `vault/aborted`;
   *   `log/malformed`, `log/bad-signature` for a checkpoint that no key of this log has signed
   */
  async unlock(slot: Slot, wanted: UnlockOptions = {}): Promise<void> {
    const options = readOptions(wanted, "unlock");
    const way = readSlot(slot);
    const following = readFollowing(options);
    const atLeast = readKept(options.atLeast);
    const { access = "sign" } = options;
    if (access !== "sign" && access !== "view") throw new CustodyError("request/malformed", "unlock: expected access to be sign or view");
    while (this.#opening !== undefined) {
      const { done, ...other } = this.#opening;
      if (other.slot === slot && other.access === access && other.atLeast === atLeast) return done;
      await done.catch(() => undefined);
    }
    if (this.#desk !== undefined && (this.#desk.vault.access === "sign" || access === "view")) {
      if (atLeast !== undefined) await this.#holdTo(this.#desk.vault, atLeast);
      return;
    }
    this.#lock();
    const done = this.#unlock(way, { access, atLeast }, following);
    this.#opening = { slot, access, atLeast, done };
    try {
      await done;
    } finally {
      this.#opening = undefined;
    }
  }

  /**
   * Wipes every key of ours and forgets the records. What is on its way fails with `vault/locked`.
   *
   * Other tabs and workers of a browser that share the store lock at once as well. Only this call is shared: a lock for idleness is not,
   * since the other may be in use, nor is an unlocking. A page that is left or frozen locks itself, unless it locks never (`autoLockMs`).
   */
  lock(): void {
    this.#lock();
    this.#joined()?.tell("locked");
  }

  /**
   * Begins the session of a person. A person of kind `unlock` is whoever unlocked; everybody else signs with their key or wallet.
   *
   * @throws `session/no-such-person`, `session/bad-proof`, `vault/locked`, `vault/view-only`
   */
  async session(options: SessionOptions): Promise<Session> {
    const record: SessionRecord = await beginSession(this.#open(), options);
    return new Session(record, () => this.#open());
  }

  /** The policy in force: its document, its id, and how many there were before it. */
  async policy(): Promise<{ readonly id: string; readonly version: number; readonly document: JsonObject }> {
    const { vault, judge } = this.#open();
    return vault.read(() => ({ id: judge.record.id, version: judge.record.version, document: judge.policy.document }));
  }

  /** The mode that holds. */
  async mode(): Promise<RootState["mode"]> {
    const desk = this.#open();
    const now = await desk.now();
    return desk.vault.read((view) => modeAt(view, Math.max(now, view.time)));
  }

  /**
   * Where this vault came out of a backup: since when, and whether it may sign again. Nothing where it did not. Other live copies may
   * exist: what they spend is not known here, so limits begin full.
   */
  async restored(): Promise<RestoredRecord | undefined> {
    return this.#open().vault.read((view) => restoredOf(view));
  }

  /** Accounts of the vault, the oldest first. The view side is enough. */
  async accounts(): Promise<readonly Account[]> {
    const byAge = (a: { readonly created: number }, b: { readonly created: number }) => a.created - b.created;
    const desk = this.#open();
    return desk.vault.read((view) => [...accountRecords(view)].sort(byAge).map((account) => shown(desk, view, account)));
  }

  /**
   * What a request would cause: read with the names of the policy in force, judged by nobody. The view side is enough.
   *
   * @throws as `Session.sign` for what cannot be read
   */
  async decode(request: unknown): Promise<Intent> {
    const copy = readRequest(request);
    const desk = this.#open();
    const read = reader(desk, copy.kind === "act" ? { ...copy, chain: `keyward:${desk.vault.id}` } : copy);
    const now = await desk.now();
    return desk.vault.read((view) => read(momentOf(view, now), desk.judge));
  }

  /** How the addresses of an account are made, for somebody who reads its requests without the vault; nothing where it has only one. */
  async watched(account: string): Promise<WatchedAccount | undefined> {
    const desk = this.#open();
    return desk.vault.read((view) => watchedOf(keysOf(desk, view, namedAccount(view, account))));
  }

  /** Wallets of the vault. The view side is enough. */
  async wallets(): Promise<readonly Wallet[]> {
    return this.#open().vault.read((view) => walletRecords(view).map(({ id, name, kind }) => ({ id, name, kind })));
  }

  /** Ways to open the vault, with their names. The view side is enough. */
  async slots(): Promise<readonly NamedSlotInfo[]> {
    const { vault } = this.#open();
    return vault.read((view) => namedSlots(view, vault.slots));
  }

  /**
   * What lies in clear of the vault, as `rehearseShares` of `keyward/slots` takes it. Nothing has to be opened for it; of an open vault
   * it is what the root has confirmed, otherwise whatever lies in the store.
   *
   * @throws `vault/absent`, `vault/damaged`
   */
  async publicHeader(): Promise<{ readonly id: string; readonly slots: readonly NamedSlot[] }> {
    const vault = this.#desk?.vault;
    const { id, slots } = vault === undefined ? await readHeader(this.#store) : await vault.read(() => vault.header);
    return {
      id,
      slots: slots.map(({ id, kind, parameters, publicKey }) => ({ id, kind, parameters: structuredClone(parameters), publicKey })),
    };
  }

  /** Whether the keys were changed, and something in the store still lies under earlier ones: see {@link finishRotation}. */
  get rotating(): boolean {
    return this.#open().vault.rotating;
  }

  /**
   * After a slot was removed or the keys were rotated: seals anew what lies under earlier keys. Everything else goes on meanwhile. It
   * begins by itself, then and at every opening that signs; this waits for its end, or tries again what could not be done.
   *
   * @param options - `onProgress` is called with how many records of how many are done.
   * @throws `vault/aborted`, `vault/view-only`, `vault/locked`, `vault/damaged`; what the store throws
   */
  async finishRotation(
    options: { readonly signal?: AbortSignal; readonly onProgress?: (done: number, total: number) => void } = {},
  ): Promise<void> {
    const { signal, onProgress } = readOptions(options, "finishRotation");
    const { vault, locked } = this.#open();
    const following = untilLocked(readFollowing({ signal }), locked);
    readFollowing({ onProgress });
    await vault.finishRotation({ signal: following.signal, ...(onProgress && { onProgress }) });
  }

  /**
   * At an opening that signs, a passphrase whose slot costs less than new ones do is enrolled anew, with the same passphrase and the cost
   * of new slots (`cost` of {@link passphrase}). That goes on beside everything else, for as long as the passphrase takes to be stretched
   * once more; this waits for its end. What could not be done is tried again at the next opening.
   *
   * @returns whether the slot was changed.
   * @throws what kept it from being done: `vault/aborted`, `vault/locked`, what the store or a `kdf` throws
   */
  async finishRetuning(): Promise<boolean> {
    this.#open();
    return (await this.#retuned) !== undefined;
  }

  /** Requests that wait for somebody or for time. The view side is enough. */
  pending(): Promise<readonly PendingRequest[]> {
    return listPending(this.#open());
  }

  /**
   * Reads a policy document as this custody would, and checks it.
   *
   * @throws `policy/invalid` with every problem and its place.
   */
  checkPolicy(policy: unknown): { readonly id: string; readonly document: JsonObject } {
    const { id, document } = this.#readPolicy(policyText(policy));
    return { id, document };
  }

  /** What an approver signs to answer a pending request, wherever their key is. */
  async approvalStatement(id: string, given: { readonly answer?: "yes" | "no"; readonly lastsMs?: number } = {}) {
    return approvalStatement(this.#open(), id, given);
  }

  /**
   * All that an approver on another machine needs, to be handed over as JSON: see {@link ApprovalRequest}. They read it with
   * `checkApprovalRequest`, sign its statement with `approveOffline`, and their answer comes back by `submitApproval`.
   *
   * @throws `pending/no-such-request`, `approval/mismatch`
   */
  async approvalRequest(id: string, given: { readonly answer?: "yes" | "no"; readonly lastsMs?: number } = {}): Promise<ApprovalRequest> {
    return approvalRequest(this.#open(), id, given);
  }

  /**
   * Hands in an approval that was signed elsewhere.
   *
   * @param approval - `{ person, statement, publicKey, signature }`, or with `address` in place of the key.
   * @returns the sequence number of its entry.
   * @throws `approval/malformed`, `approval/bad-signature`, `approval/mismatch`, `approval/not-an-approver`, `pending/no-such-request`
   */
  async submitApproval(id: string, approval: unknown): Promise<number> {
    const desk = this.#open();
    const signed = readApproval(copyPlain(approval));
    return desk.vault.transact((tx) => answer(tx, desk, id, { by: "key", approval: signed }));
  }

  /**
   * Ends a waiting request that would replace or remove a way in, by whoever opens that: see {@link veto}. `pending()` tells which requests
   * and which way in.
   *
   * @returns the sequence number of the entry.
   */
  async veto(id: string, slot: Slot, options: KdfOptions = {}): Promise<number> {
    return veto(this.#open(), id, slot, options);
  }

  /** The log, entry by entry. @throws `log/damaged` */
  history(
    options: { readonly newestFirst?: boolean; readonly from?: number; readonly limit?: number } = {},
  ): AsyncGenerator<LoggedEntry, void, undefined> {
    return history(this.#open().vault, readOptions(options, "history"));
  }

  /** The head of the log as a signed note. Keep it elsewhere: with it, later logs can be held to this one. @throws `vault/view-only` */
  checkpoint(): Promise<string> {
    return checkpoint(this.#open().vault);
  }

  /** The key that checkpoints verify with, `name+hash+base64`. Write it down where the vault is not. @throws `vault/locked` */
  get logKey(): string {
    return logKey(this.#open().vault);
  }

  /**
   * The whole log as lines of JSON, without line ends, that `verifyLog` of `keyward/audit` checks offline. In clear: whoever has them
   * reads every request.
   *
   * @throws `log/damaged`, `vault/view-only`
   */
  exportLog(): AsyncGenerator<string, void, undefined> {
    return exportLines(this.#open().vault);
  }

  /** A file that proves one entry and shows no other. @throws `log/malformed` for an entry that there is not; `vault/view-only` */
  proveEntry(seq: number): Promise<string> {
    return entryProof(this.#open().vault, seq);
  }

  /**
   * A file that proves that the log of now continues that of a kept checkpoint.
   *
   * @throws `log/malformed`, `log/bad-signature` for a checkpoint that is none of this log; `log/bad-proof` for one that it does not
   *   continue; `vault/view-only`
   */
  proveConsistency(kept: string): Promise<string> {
    return consistencyProof(this.#open().vault, kept);
  }

  /** Receipts of the backups that were made of this vault, the oldest first. The view side is enough. */
  async backups(): Promise<readonly BackupReceipt[]> {
    return this.#open().vault.read(backupsOf);
  }

  /**
   * Verifies a backup as {@link verifyBackup} does, and compares it with this vault: whether it is of this one, how far behind its log is,
   * and which wallets it lacks. Opened to sign, the vault writes down that its backup was verified.
   *
   * @throws as {@link verifyBackup} does
   */
  verifyBackup(file: Chunks | Uint8Array, key: AgeWith, options: VerifyBackupOptions = {}): Promise<BackupReport> {
    return verifyAgainst(this.#open().vault, file, key, options);
  }

  /** What this platform can do, to be asked before anything is created. */
  support(): Promise<Support> {
    return support(this.#store);
  }

  /** A text without names, addresses, amounts or policy, for a user to paste into a report. */
  diagnose(): Promise<string> {
    return diagnose(this.state, this.#store, this.#desk);
  }

  toString(): string {
    return `Custody(${this.state})`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #lock(): void {
    this.#locked.abort(new CustodyError("vault/locked", "vault: it was locked meanwhile"));
    this.#locked = new AbortController();
    clearTimeout(this.#timer);
    if (this.#desk === undefined) return;
    const { vault } = this.#desk;
    this.#seen = { id: vault.id, epoch: vault.epoch };
    vault.lock();
    this.#desk = undefined;
    this.#watched.set("locked");
  }

  #joined(): Peer | undefined {
    this.#peer ??= this.#store.join?.((event) => this.#hear(event));
    return this.#peer;
  }

  /** Anybody of the same origin can say these things: the worst that comes of it is a lock, or one look into the store. */
  #hear(event: PeerEvent | "suspended"): void {
    switch (event) {
      case "locked":
        this.#lock();
        return;
      case "suspended":
        // No timer runs there that would lock it.
        if (Number.isFinite(this.#autoLockMs)) this.#lock();
        return;
      case "created":
        if (this.state === "absent") void this.#lookAgain();
    }
  }

  async #lookAgain(): Promise<void> {
    try {
      const header = await this.#store.get(HEADER_KEY);
      if (header !== undefined && this.state === "absent") this.#watched.set("locked");
    } catch {
      // Nobody asked. Whoever does next will meet what is wrong with the store.
    }
  }

  async #unlock(
    slot: Slot,
    { access, atLeast }: { readonly access: Access; readonly atLeast: string | undefined },
    following: KdfOptions,
  ): Promise<void> {
    const judge = this.#judge();
    await this.#enter(async (locked) => {
      try {
        const vault = this.#notOlder(
          await openVault({ store: this.#store, slot, access, index: judge, ...untilLocked(following, locked) }),
        );
        // INVARIANT: before anything is written or shown.
        if (atLeast !== undefined) await this.#holdTo(vault, atLeast);
        return vault;
      } catch (cause) {
        if (cause instanceof CustodyError && cause.code === "vault/cannot-open") await countFailure(this.#store);
        throw cause;
      }
    }, judge);
    const { vault } = this.#open();
    if (vault.access === "view") return;
    try {
      const failures = await readFailures(this.#store);
      await vault.transact((tx) => {
        prune(tx, judge);
        journal(tx, "opened", { slot: vault.openedBy, failures: failures.count });
      });
      await forgetFailures(this.#store, failures);
      // What cannot be done now is tried again at the next opening: nothing here waits for it.
      if (vault.rotating) vault.finishRotation().catch(() => undefined);
      this.#retuned = retune(this.#open());
      this.#retuned.catch(() => undefined);
    } catch (cause) {
      // An opening that is not in the log did not happen.
      this.#lock();
      throw cause;
    }
  }

  #notOlder(vault: Vault): Vault {
    const seen = this.#seen;
    if (seen?.id !== vault.id || vault.epoch >= seen.epoch) return vault;
    vault.lock();
    throw new CustodyError("vault/rolled-back", `root: expected an epoch from ${seen.epoch}, as when it was locked, got ${vault.epoch}`);
  }

  async #holdTo(vault: Vault, kept: string): Promise<void> {
    try {
      await holdTo(vault, kept);
    } catch (cause) {
      vault.lock();
      this.#lock();
      throw cause;
    }
  }

  async #enter(open: (locked: AbortSignal) => Promise<Vault>, judge: Judge): Promise<void> {
    const { signal: locked } = this.#locked;
    let before = await this.status();
    this.#watched.set("opening");
    this.#retuned = Promise.resolve(undefined);
    try {
      const vault = await open(locked);
      before = "locked";
      if (locked.aborted) {
        vault.lock();
        throw locked.reason;
      }
      this.#desk = {
        vault,
        judge,
        chains: this.#chains,
        publicKeys: new PublicKeys(),
        readPolicy: (text) => this.#readEdit(text, judge),
        leaseMs: this.#leaseMs,
        now: async () => Math.max(await this.#store.now(), await vault.read(({ time }) => time)),
        countFailure: () => countFailure(this.#store),
        locked,
      };
      this.#watched.set("open");
      this.#stayOpen();
    } catch (cause) {
      this.#watched.set(this.#desk === undefined ? stateAfter(cause, before) : "open");
      throw cause;
    }
  }

  #open(): Desk {
    if (this.#desk === undefined) throw new CustodyError("vault/locked", `vault: expected it to be open, it is ${this.state}`);
    this.#stayOpen();
    return this.#desk;
  }

  #stayOpen(): void {
    clearTimeout(this.#timer);
    if (!Number.isFinite(this.#autoLockMs)) return;
    this.#timer = setTimeout(() => this.#lock(), Math.min(this.#autoLockMs, LONGEST_TIMER_MS));
    // On Node a waiting lock must not keep the process alive.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #judge(): Judge {
    return new Judge((text) => this.#readPolicy(text));
  }

  /** An edit is read by its request, its judgement and its act: once is enough, for as long as the vault's accounts are the same. */
  #readEdit(text: string, judge: Judge): Policy {
    const accounts = judge.ownKeys.size;
    let last = this.#lastEdit;
    if (last?.text !== text || last.accounts !== accounts || last.judge !== judge) {
      last = { text, accounts, judge, policy: this.#readPolicy(text, judge.ownKeys) };
      this.#lastEdit = last;
    }
    return last.policy;
  }

  #readPolicy(text: string, ownKeys?: ReadonlySet<string>): Policy {
    return parsePolicy(text, { parseAddress: this.#chains.parseAddress, addressOfKey, ...(ownKeys !== undefined && { ownKeys }) });
  }
}
