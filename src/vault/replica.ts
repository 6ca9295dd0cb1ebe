import { sha256 } from "@noble/hashes/sha2.js";
import { equal, toHex } from "../base/bytes.ts";
import { canonical, type Json } from "../base/canonical.ts";
import { CustodyError, unreachable } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { Change, Store } from "../stores/store.ts";
import { decodeHeader, encodeHeader, HEADER_KEY, type Header, headerDigest } from "./header.ts";
import { locked } from "./keyring.ts";
import { decodeRecord, encodeRecord, type Index, Mirror } from "./mirror.ts";
import { encodeNode, type Node } from "./node.ts";
import { damaged } from "./parse.ts";
import { openRoot, ROOT_KEY, type Root, sealRoot } from "./root.ts";
import type { Roster } from "./roster.ts";
import { keyEpochOf, type Random, wipeOpened } from "./seal.ts";
import { diff, emptyTree, lookup, type NodeChanges, update } from "./tree.ts";
import type { Staged } from "./tx.ts";

/** What an entry of the tree says about a record, before its digest: whether view or sign opens it. */
const RECORD = "00";
const SECRET = "01";

/** How often a snapshot is tried again because another process commits under our hands. */
const SYNC_ATTEMPTS = 50;

/** Records are read in portions, so that a store is not asked for everything at once. */
const PORTION = 512;

/** A commit that is ready to be written, and what is true once it is. */
export interface Prepared {
  readonly changes: readonly Change[];
  readonly root: Root;
  readonly rootBytes: Uint8Array;
  readonly nodes: NodeChanges;
  readonly names: ReadonlyMap<string, string | undefined>;
  readonly roster: Roster;
}

/** What a vault consists of, as of one root. */
export interface Inventory {
  readonly root: Uint8Array;
  /** SHA-256 of the header. */
  readonly header: string;
  readonly nodes: ReadonlyMap<string, Node>;
  /** What the tree says of records and secrets: kind and digest. */
  readonly entries: ReadonlyMap<string, string>;
}

/**
 * The vault's records in memory, as of one root. It follows the store's root, believes nothing that the root does not
 * authenticate, and prepares the next one.
 */
export class Replica {
  readonly mirror: Mirror;
  readonly #store: Store;
  readonly #nodes = new Map<string, Node>();
  /** Names by store key: the difference of two trees knows only keys. */
  readonly #names = new Map<string, string>();
  #roster: Roster;
  #root: Root;
  #rootBytes: Uint8Array | undefined;

  constructor(held: Roster & { readonly store: Store; readonly index: Index | undefined }) {
    this.#store = held.store;
    this.mirror = new Mirror(held.index);
    this.#roster = { header: held.header, keyring: held.keyring };
    this.#root = {
      epoch: 0,
      header: headerDigest(encodeHeader(held.header)),
      tree: emptyTree(),
      time: Number.MIN_SAFE_INTEGER,
      state: null,
    };
  }

  get root(): Root {
    return this.#root;
  }

  /** Who can open, as of the root, and the keys that are open here. */
  get roster(): Roster {
    return this.#roster;
  }

  /**
   * Brings everything to the store's root. All or nothing: if it throws, what was true before is still here.
   *
   * @throws `vault/rolled-back` if the root is not a successor of ours; `vault/absent` if the store has been emptied;
   * `vault/rotated` if its keys are others by now;
   * `vault/damaged` if something is not what the root authenticates; `vault/busy` if it moves faster than it can be read.
   */
  async sync(): Promise<void> {
    for (let attempt = 0; attempt < SYNC_ATTEMPTS; attempt++) {
      const bytes = await this.#rootRecord();
      if (this.#rootBytes && equal(bytes, this.#rootBytes)) return;
      const root = await this.#rootIn(bytes);
      // INVARIANT: the epoch only grows while a vault is open, so an older copy of the whole store is noticed.
      if (root.epoch <= this.#root.epoch || root.time < this.#root.time) {
        throw new CustodyError("vault/rolled-back", `root: expected an epoch after ${this.#root.epoch}, got ${root.epoch}`);
      }
      try {
        await this.#follow(root);
        this.#rootBytes = bytes;
        return;
      } catch (error) {
        // Several reads are no snapshot: another process may have committed between them.
        if (equal(bytes, await this.#rootRecord())) throw error;
      }
    }
    throw busy();
  }

  /**
   * Opens the secret that the root authenticates under `name`.
   *
   * @returns the secret, `undefined` if there is none; the caller wipes it with `wipeOpened`.
   * @throws `vault/damaged`; `vault/view-only`; and as {@link sync} does, which it calls when the record is newer.
   */
  async openSecret(name: string): Promise<Uint8Array | undefined> {
    const { keyring } = this.#roster;
    const key = keyring.name("secret", name);
    for (let attempt = 0; attempt < SYNC_ATTEMPTS; attempt++) {
      const at = this.#root;
      const value = lookup(at.tree, key, this.#readNode);
      if (value === undefined) return undefined;
      const sealed = await this.#store.get(key);
      if (sealed && entryValue(SECRET, sealed) === value) return keyring.open("secret", key, sealed);
      await this.sync();
      if (this.#root === at) throw damaged("secret");
    }
    throw busy();
  }

  /** Whether `staged` and the mirror's steps leave anything to commit. */
  changed(staged: Staged): boolean {
    if (staged.resealed.size > 0 || staged.secrets.size > 0 || staged.blobs.size > 0 || staged.roster !== this.#roster) return true;
    return canonical(staged.state) !== canonical(this.#root.state) || this.mirror.changes().size > 0;
  }

  /** Seals what changed and the root over it. Writes nothing and changes nothing here. */
  prepare(staged: Staged, time: Time, random: Random): Prepared {
    const { roster } = staged;
    const { keyring } = roster;
    const changes: Change[] = [];
    const entries = new Map<string, string | null>();
    const names = new Map<string, string | undefined>();
    const write = (key: string, kind: string, sealed: Uint8Array | null): void => {
      entries.set(key, sealed && entryValue(kind, sealed));
      changes.push({ key, to: sealed });
    };
    for (const [name, value] of this.mirror.changes()) {
      const key = keyring.name("record", name);
      names.set(key, value === undefined ? undefined : name);
      write(key, RECORD, value === undefined ? null : keyring.seal("record", key, encodeRecord(name, value), random));
    }
    for (const [key, sealed] of staged.resealed) write(key, RECORD, sealed);
    for (const [key, sealed] of staged.secrets) write(key, SECRET, sealed);
    for (const [key, sealed] of staged.blobs) changes.push({ key, to: sealed });
    const { root: tree, nodes } = update(this.#root.tree, entries, this.#readNode);
    for (const [position, node] of nodes) {
      const key = keyring.name("node", position);
      changes.push({ key, to: node && keyring.seal("node", key, encodeNode(node), random) });
    }
    let header = this.#root.header;
    if (this.#rootBytes === undefined || roster.header !== this.#roster.header) {
      const bytes = encodeHeader(roster.header);
      // Read as it will be read, so that no vault is written whose header would be refused.
      decodeHeader(bytes);
      changes.push({ key: HEADER_KEY, to: bytes });
      header = headerDigest(bytes);
    }
    const root: Root = { epoch: this.#root.epoch + 1, header, tree, time, state: staged.state };
    const rootBytes = sealRoot(root, keyring, random);
    // Everything else is written unconditionally: whoever replaces the root knows what it stood for.
    changes.unshift({ key: ROOT_KEY, from: this.#rootBytes ?? null, to: rootBytes });
    return { changes, root, rootBytes, nodes, names, roster };
  }

  /**
   * Stages what of these store keys lies under earlier keys, sealed under the newest. Nodes come by themselves: what is sealed anew
   * has another digest.
   *
   * @throws `vault/damaged` for what is not as the root authenticates it. What is in no tree and does not open is nobody's.
   */
  async stageEarlier(keys: readonly string[], staged: Staged, random: Random): Promise<number> {
    const { keyring } = this.#roster;
    const nodes = new Set([...this.#nodes.keys()].map((position) => keyring.name("node", position)));
    let count = 0;
    for (const key of keys) {
      const sealed = await this.#store.get(key);
      if (sealed === undefined || nodes.has(key) || !keyring.isEarlier(sealed)) continue;
      const value = lookup(this.#root.tree, key, this.#readNode);
      if (value !== undefined && entryValue(value.slice(0, 2), sealed) !== value) throw damaged("record");
      const purpose = value === undefined ? "blob" : value.startsWith(SECRET) ? "secret" : "record";
      const into = { blob: staged.blobs, secret: staged.secrets, record: staged.resealed }[purpose];
      let plain: Uint8Array | undefined;
      try {
        plain = keyring.open(purpose, key, sealed);
        into.set(key, keyring.seal(purpose, key, plain, random));
        count++;
      } catch (cause) {
        if (value !== undefined || !(cause instanceof CustodyError) || cause.code !== "vault/damaged") throw cause;
      } finally {
        wipeOpened(plain);
      }
    }
    return count;
  }

  /** All that the root authenticates: nodes and entries of the tree by their store keys. */
  inventory(): Inventory {
    const { keyring } = this.#roster;
    const nodes = new Map<string, Node>();
    const entries = new Map<string, string>();
    for (const [position, node] of this.#nodes) {
      nodes.set(keyring.name("node", position), node);
      if (node.kind === "leaf") for (const { name, value } of node.entries) entries.set(name, value);
    }
    const root = this.#rootBytes ?? unreachable("a vault that is open without a root");
    return { root, header: this.#root.header, nodes, entries };
  }

  /**
   * Opens every secret that the root authenticates, and lets go of it. Records were opened when this came to be.
   *
   * @throws `vault/damaged`; `vault/view-only`
   */
  async checkSecrets(): Promise<void> {
    for (const [key, value] of this.inventory().entries) {
      if (!value.startsWith(SECRET)) continue;
      const sealed = await this.#store.get(key);
      if (!sealed || entryValue(SECRET, sealed) !== value) throw damaged("secret");
      wipeOpened(this.#roster.keyring.open("secret", key, sealed));
    }
  }

  /** Makes a prepared commit, which the store has taken, the state that is here. The mirror already has its records. */
  accept(prepared: Prepared): void {
    this.#take(prepared.root, prepared.nodes);
    for (const [key, name] of prepared.names) this.#rename(key, name);
    this.#rootBytes = prepared.rootBytes;
    const before = this.#roster.keyring;
    this.#roster = prepared.roster;
    if (before !== this.#roster.keyring) before.wipe();
    this.mirror.settle();
  }

  /** Forgets everything that was readable. */
  clear(): void {
    this.mirror.clear();
    this.#nodes.clear();
    this.#names.clear();
    this.#root = { ...this.#root, state: null };
  }

  async #follow(root: Root): Promise<void> {
    const header = await this.#headerOf(root);
    const difference = await diff(
      { root: this.#root.tree, readNode: this.#readNode },
      { root: root.tree, fetchNode: (position) => this.#fetchNode(position) },
    );
    const records = await this.#fetchRecords([...difference.entries]);
    // Locked meanwhile: nothing readable comes back into memory.
    if (this.#roster.keyring.wiped) throw locked();
    // From here on nothing waits or fails.
    this.#roster = { ...this.#roster, header };
    this.#take(root, difference.nodes);
    for (const [key, value] of difference.entries) {
      const [name, json] = records.get(key) ?? [this.#names.get(key), undefined];
      if (name !== undefined) this.mirror.set(name, json);
      this.#rename(key, value?.startsWith(RECORD) ? name : undefined);
    }
    this.mirror.settle();
  }

  async #rootIn(bytes: Uint8Array): Promise<Root> {
    try {
      return openRoot(bytes, this.#roster.keyring);
    } catch (cause) {
      const header = await this.#store.get(HEADER_KEY);
      // Nobody vouches for either number, but neither lets anything in.
      const { keyEpoch } = header === undefined ? this.#roster.keyring : decodeHeader(header);
      if (keyEpoch <= this.#roster.keyring.keyEpoch || keyEpochOf(bytes) !== keyEpoch) throw cause;
      throw new CustodyError("vault/rotated", "root: the keys of this vault were changed elsewhere, lock it and unlock it again");
    }
  }

  /** The header that a root names: ours, or the one that replaced it meanwhile. */
  async #headerOf(root: Root): Promise<Header> {
    if (root.header === this.#root.header) return this.#roster.header;
    const bytes = await this.#store.get(HEADER_KEY);
    if (!bytes || headerDigest(bytes) !== root.header) throw damaged("header");
    return decodeHeader(bytes);
  }

  async #fetchNode(position: string): Promise<Uint8Array> {
    const { keyring } = this.#roster;
    const key = keyring.name("node", position);
    const sealed = await this.#store.get(key);
    if (!sealed) throw damaged("tree");
    return keyring.open("node", key, sealed);
  }

  /** Reads what the tree names, checks every digest, and opens all but secrets and what is gone. */
  async #fetchRecords(entries: readonly (readonly [string, string | undefined])[]): Promise<Map<string, [string, Json]>> {
    const records = new Map<string, [string, Json]>();
    const fetch = async ([key, value]: readonly [string, string | undefined]): Promise<void> => {
      if (value === undefined) return;
      const sealed = await this.#store.get(key);
      if (!sealed || entryValue(value.slice(0, 2), sealed) !== value) throw damaged("record");
      if (value.startsWith(RECORD)) records.set(key, decodeRecord(this.#roster.keyring.open("record", key, sealed)));
    };
    for (let start = 0; start < entries.length; start += PORTION) await Promise.all(entries.slice(start, start + PORTION).map(fetch));
    return records;
  }

  async #rootRecord(): Promise<Uint8Array> {
    const bytes = await this.#store.get(ROOT_KEY);
    if (bytes) return bytes;
    if (await this.#store.get(HEADER_KEY)) throw damaged("root");
    throw new CustodyError("vault/absent", "the vault is gone from this store");
  }

  #take(root: Root, nodes: NodeChanges): void {
    this.#root = root;
    for (const [position, node] of nodes) {
      if (node) this.#nodes.set(position, node);
      else this.#nodes.delete(position);
    }
  }

  #rename(key: string, name: string | undefined): void {
    if (name === undefined) this.#names.delete(key);
    else this.#names.set(key, name);
  }

  readonly #readNode = (position: string): Node => this.#nodes.get(position) ?? unreachable("a node that the tree names is not here");
}

/** kind(1) || SHA-256 of the sealed record(32), in hexadecimal. */
export function entryValue(kind: string, sealed: Uint8Array): string {
  return kind + toHex(sha256(sealed));
}

export function busy(): CustodyError {
  return new CustodyError("vault/busy", "other processes commit faster than this one can follow");
}
