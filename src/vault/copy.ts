import { equal } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { Store } from "../stores/store.ts";
import { HEADER_KEY, headerDigest } from "./header.ts";
import { throwIfAborted } from "./kdf.ts";
import type { Node } from "./node.ts";
import { damaged } from "./parse.ts";
import { entryValue, type Inventory } from "./replica.ts";
import { ROOT_KEY } from "./root.ts";
import { keyEpochOf } from "./seal.ts";
import type { SlotRecord } from "./slot.ts";
import type { View } from "./tx.ts";

/** A whole vault as of one root, and the way into it. */
export interface Copy {
  readonly epoch: number;
  /** The way in, which the vault itself has not. */
  readonly way: SlotRecord;
  /** Sealed records by store key, ascending: header, root, tree, records, secrets, and the blobs that were named. */
  readonly records: ReadonlyMap<string, Uint8Array>;
}

/**
 * Blobs that belong to a vault, by name. The vault cannot list them: they are in no tree. Each with a text that is another one when the
 * blob is written anew.
 */
export type BlobsOf = (view: View) => Iterable<readonly [name: string, version: string]>;

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** 0…1 */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** What is to be copied: by store key, and what must be known of the bytes there. */
export interface Wanted extends Inventory {
  /** Versions by store key. */
  readonly blobs: ReadonlyMap<string, string>;
  /** Whose keys the way in gives. */
  readonly keyEpochs: ReadonlySet<number>;
}

/** Records are read in portions, so that a store is not asked for everything at once. */
const PORTION = 256;

/**
 * Copies a store while it goes on changing. What was read once and is still what the root of now names is not read again, so each
 * attempt is shorter than the one before.
 */
export class Gathering {
  readonly #store: Store;
  readonly #options: CopyOptions;
  readonly #have = new Map<string, { readonly bytes: Uint8Array; readonly is: Node | string }>();

  constructor(store: Store, options: CopyOptions) {
    this.#store = store;
    this.#options = options;
  }

  /**
   * Reads what is missing.
   *
   * @returns the records, if the root that was there before it all is still there: then all of them are of one moment.
   * @throws `vault/damaged` for what is not as a root that stands still has it
   */
  async follow(wanted: Wanted): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    const expected = new Map<string, Node | string>([...wanted.nodes, ...wanted.entries, ...wanted.blobs]);
    for (const [key, { bytes, is }] of this.#have)
      if (expected.get(key) !== is || !wanted.keyEpochs.has(keyEpochOf(bytes))) this.#have.delete(key);
    const missing = [...expected.keys()].filter((key) => !this.#have.has(key));
    let fault: unknown;
    try {
      const header = await this.#store.get(HEADER_KEY);
      if (header === undefined || headerDigest(header) !== wanted.header) throw damaged("header");
      for (let start = 0; start < missing.length; start += PORTION) {
        throwIfAborted(this.#options.signal);
        this.#options.onProgress?.((this.#have.size + 1) / (expected.size + 1));
        await Promise.all(missing.slice(start, start + PORTION).map((key) => this.#take(key, expected.get(key) ?? "", wanted)));
      }
      const records = new Map([...this.#have].map(([key, { bytes }]) => [key, bytes] as const));
      records.set(HEADER_KEY, header).set(ROOT_KEY, wanted.root);
      if (await this.#stands(wanted)) return ascending(records);
    } catch (cause) {
      fault = cause;
    }
    throwIfAborted(this.#options.signal);
    // Something that is missing or another may be so because of a commit in between.
    if (fault !== undefined && (await this.#stands(wanted))) throw fault;
    return undefined;
  }

  async #take(key: string, is: Node | string, wanted: Wanted): Promise<void> {
    const bytes = await this.#store.get(key);
    const value = wanted.entries.get(key);
    if (bytes === undefined || (value !== undefined && entryValue(value.slice(0, 2), bytes) !== value)) throw damaged("record");
    this.#have.set(key, { bytes, is });
  }

  async #stands(wanted: Wanted): Promise<boolean> {
    const root = await this.#store.get(ROOT_KEY);
    return root !== undefined && equal(root, wanted.root);
  }
}

/** @throws `vault/damaged` for a record that is missing, or that belongs to nothing */
export async function checkKeys(store: Store, inventory: Inventory, blobs: Iterable<string>): Promise<void> {
  const expected = new Set([HEADER_KEY, ROOT_KEY, ...inventory.nodes.keys(), ...inventory.entries.keys(), ...blobs]);
  for await (const key of store.keys()) if (!expected.delete(key)) throw damaged("copy");
  if (expected.size > 0) throw damaged("copy");
}

function ascending(records: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  return new Map([...records].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The records of a copy as a store that nobody writes to. @param at - what its clock says */
export function copyStore(records: ReadonlyMap<string, Uint8Array>, at: Time): Store {
  return {
    get: async (key) => records.get(key),
    keys: async function* () {
      yield* records.keys();
    },
    commit: async () => {
      throw new CustodyError("store/failed", "copy: expected nobody to write to it");
    },
    now: async () => at,
    close: async () => undefined,
  };
}
