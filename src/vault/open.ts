import { toHex, wipe } from "../base/bytes.ts";
import type { Json } from "../base/canonical.ts";
import { CustodyError, unreachable } from "../base/errors.ts";
import { randomBytes } from "../keys/random.ts";
import type { Store } from "../stores/store.ts";
import { decodeHeader, HEADER_KEY, type Header } from "./header.ts";
import { type KdfOptions, throwIfAborted } from "./kdf.ts";
import { Keyring } from "./keyring.ts";
import { frozen, type Index } from "./mirror.ts";
import { damaged } from "./parse.ts";
import { Replica } from "./replica.ts";
import { ROOT_KEY } from "./root.ts";
import { newRoots } from "./roots.ts";
import { type Roster, withSlot } from "./roster.ts";
import type { Random, SuiteName } from "./seal.ts";
import { type Access, enrol, type Slot, weakSlot } from "./slot.ts";
import { openSlots } from "./slots.ts";
import { type Tx, unchanged, Work } from "./tx.ts";
import { Vault } from "./vault.ts";

export interface CreateVault extends KdfOptions {
  readonly store: Store;
  /** Slots that open view and sign; at least one. */
  readonly slots: readonly Slot[];
  /** Slots that open view only. */
  readonly viewSlots?: readonly Slot[];
  readonly state: Json;
  /** Records to begin with. */
  readonly records?: Readonly<Record<string, Json>>;
  /** A first job, in the very commit that makes the vault. */
  readonly begin?: (tx: Tx, vaultId: string) => void;
  readonly index?: Index;
  readonly suite?: SuiteName;
}

/**
 * Writes a new vault in one commit and opens it.
 *
 * @param random - for the test vector of the format only.
 * @throws `vault/exists` if the store has one, or somebody else was first; `vault/aborted`; what the slots throw
 */
export async function createVault(options: CreateVault, random: Random = randomBytes): Promise<Vault> {
  const { store, index, suite = "xchacha20poly1305" } = options;
  if (options.slots.length === 0) throw new Error("unreachable: a vault that nobody can open");
  if ((await store.get(HEADER_KEY)) || (await store.get(ROOT_KEY))) throw exists();
  const roster = await firstRoster(options, suite, random);
  const { keyring } = roster;
  const replica = new Replica({ store, ...roster, index });
  try {
    for (const [name, value] of Object.entries(options.records ?? {})) replica.mirror.set(name, frozen(value));
    const now = await store.now();
    const held = { mirror: replica.mirror, random, made: () => unreachable("keys that change before there is a vault") };
    const work = new Work({ time: now, epoch: 0, now }, held, unchanged(frozen(options.state), roster));
    options.begin?.(work, keyring.vaultId);
    work.end();
    const prepared = replica.prepare(work.staged, now, random);
    throwIfAborted(options.signal);
    await store.commit(prepared.changes.map((change) => (change.key === HEADER_KEY ? { ...change, from: null } : change)));
    replica.accept(prepared);
    return new Vault({ store, replica, random, openedBy: roster.header.slots[0]?.id ?? "" });
  } catch (error) {
    keyring.wipe();
    replica.clear();
    throw error instanceof CustodyError && error.code === "store/conflict" ? exists() : error;
  }
}

export interface OpenVault extends KdfOptions {
  readonly store: Store;
  readonly slot: Slot;
  /** "view" leaves the sign side closed even if the slot could open it. */
  readonly access?: Access;
  readonly index?: Index;
  /** The least epoch the root must have, for apps that keep it elsewhere: an older copy of the store is refused. */
  readonly minEpoch?: number;
}

/**
 * Opens a vault: slot, roots, root, and every record against it.
 *
 * @throws `vault/absent`; `vault/cannot-open`; `vault/kdf-out-of-bounds`; `vault/damaged`; `vault/rolled-back`; `vault/aborted`
 */
export async function openVault(options: OpenVault, random: Random = randomBytes): Promise<Vault> {
  const { store, index } = options;
  const header = await readHeader(store);
  const access = options.access ?? "sign";
  const opened = await openSlots(options.slot, header, { ...options, access, ...(access === "sign" && { renews: true }) }, random);
  const { record, renewal } = opened;
  let keyring: Keyring | undefined;
  let replica: Replica | undefined;
  try {
    keyring = new Keyring(opened.roots, header);
    replica = new Replica({ store, keyring, header, index });
    throwIfAborted(options.signal);
    await replica.sync();
    if (replica.root.epoch < (options.minEpoch ?? 0)) {
      throw new CustodyError("vault/rolled-back", `root: expected an epoch from ${options.minEpoch}, got ${replica.root.epoch}`);
    }
    return new Vault({ store, replica, random, openedBy: record.id, ...(renewal && { renewable: { record, renewal } }) });
  } catch (error) {
    renewal?.end();
    keyring?.wipe();
    replica?.clear();
    throw error;
  }
}

async function firstRoster(options: CreateVault, suite: SuiteName, random: Random): Promise<Roster> {
  const vaultId = random(16);
  const id = toHex(vaultId);
  const keyring = new Keyring(newRoots(vaultId, random), { id, suite, keyEpoch: 1 });
  let roster: Roster = { header: { id, suite, keyEpoch: 1, slots: [] }, keyring };
  const wanted = [
    ...options.slots.map((slot) => ({ slot, access: "sign" as const })),
    ...(options.viewSlots ?? []).map((slot) => ({ slot, access: "view" as const })),
  ];
  try {
    for (const { slot, access } of wanted) {
      throwIfAborted(options.signal);
      if (access === "sign" && slot.access === "view") throw weakSlot(slot.kind);
      const context = { vaultId: id, slotId: toHex(random(8)), random, signal: options.signal, onProgress: options.onProgress };
      const enrolled = await enrol(slot, context);
      try {
        roster = withSlot(roster, enrolled, access, random);
      } finally {
        wipe(enrolled.pin);
      }
    }
    return roster;
  } catch (cause) {
    keyring.wipe();
    throw cause;
  }
}

/**
 * What lies in clear of the vault of a store, before any root has confirmed it.
 *
 * @throws `vault/absent`; `vault/damaged`
 */
export async function readHeader(store: Store): Promise<Header> {
  // Header and root come in one commit: the root that is there first has its header.
  const root = await store.get(ROOT_KEY);
  const bytes = await store.get(HEADER_KEY);
  if (bytes && (root ?? (await store.get(ROOT_KEY)))) return decodeHeader(bytes);
  if (bytes || root) throw damaged("vault");
  throw new CustodyError("vault/absent", "there is no vault in this store");
}

function exists(): CustodyError {
  return new CustodyError("vault/exists", "this store has a vault already");
}
