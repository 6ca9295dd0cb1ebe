import type { Json } from "../base/canonical.ts";
import { checkRealm } from "../base/realm.ts";
import type { Time } from "../base/time.ts";
import type { Header } from "./header.ts";
import type { Keyring } from "./keyring.ts";
import { frozen, type Mirror } from "./mirror.ts";
import { type Roster, rotated, type SlotInfo, settled, slotsOf, withAnother, withOnly, withoutSlot, withSlot } from "./roster.ts";
import type { Random } from "./seal.ts";
import type { Access, Enrolled } from "./slot.ts";

/** What the vault holds, at one moment. Only good inside the callback that it was given to. Values are frozen. */
export interface View {
  /** The small record of the layer above that lies in the root itself. */
  readonly state: Json;
  /** When the last commit was made. */
  readonly time: Time;
  /** How many commits there were. */
  readonly epoch: number;
  get(name: string): Json | undefined;
  /** All records whose names begin with `prefix`, ascending by name; changes made meanwhile do not show. */
  list(prefix: string): Iterable<[name: string, value: Json]>;
}

/** What a job of `transact` may do. Everything is seen at once by this job and the next, and by others when committed. */
export interface Tx extends View {
  /** The time of the commit to be. Never before that of an earlier commit, whatever the platform's clock does. */
  readonly now: Time;
  /** Refuses the commit (`store/expired`) if the store's clock is past `time` by then. The earliest one counts. */
  fence(time: Time): void;
  put(name: string, value: Json): void;
  delete(name: string): void;
  setState(state: Json): void;
  /** A record outside the tree and the mirror, sealed: for logs, which authenticate what they append. Read by `readBlob`. */
  blob(name: string, bytes: Uint8Array): void;
  /** Removes a blob for good: a log that erases an entry keeps its commitment and forgets its body. */
  deleteBlob(name: string): void;
  /** Sealed at once under a key of the sign side. `bytes` stay the caller's, who wipes them. */
  putSecret(name: string, bytes: Uint8Array): void;
  deleteSecret(name: string): void;
  /** Who can open, changes of this job included. */
  readonly slots: readonly SlotInfo[];
  /** What of that lies in clear. */
  readonly header: Header;
  /**
   * Lets another slot in. What it opens is sealed to it at once; its pin stays the caller's, who wipes it.
   *
   * @throws `vault/too-many-slots`; `vault/already-there` for a slot with the same secret
   */
  addSlot(slot: Enrolled, access: Access): void;
  /** Puts another way in the place of one: it opens the same. @throws `vault/no-such-slot` */
  replaceSlot(id: string, slot: Enrolled): void;
  /** Removes a slot, and changes the keys, so that what it opened opens nothing new. @throws `vault/no-such-slot`, `vault/last-slot` */
  removeSlot(id: string): Handover;
  /** Puts one slot, which opens view and sign, in the place of all, and changes the keys. @throws `vault/unfinished-rotation` */
  replaceAllSlots(slot: Enrolled): Handover;
  /** Changes the keys. What lies in the store is sealed anew afterwards, by `Vault.finishRotation`. @throws `vault/unfinished-rotation` */
  rotate(): Handover;
}

/** The key that checkpoints are signed with passes on; Ed25519, 32 bytes each. */
export interface Handover {
  readonly keyEpoch: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** By the key before. */
  sign(message: Uint8Array): Uint8Array;
}

/** What a job wants written besides records: by store key, `null` to remove. */
export interface Staged {
  /** Records with the values that they have, sealed anew. */
  readonly resealed: Map<string, Uint8Array>;
  readonly secrets: Map<string, Uint8Array | null>;
  readonly blobs: Map<string, Uint8Array | null>;
  state: Json;
  roster: Roster;
}

/** What a commit begins with where nothing was changed yet. */
export function unchanged(state: Json, roster: Roster): Staged {
  return { resealed: new Map(), secrets: new Map(), blobs: new Map(), state, roster };
}

export class Look implements View {
  readonly time: Time;
  readonly epoch: number;
  readonly #mirror: Mirror;
  readonly #staged: { readonly state: Json };
  #ended = false;

  /** @throws `realm/polluted`: what is decided over these records is decided in the same breath. */
  constructor(at: { readonly time: Time; readonly epoch: number }, mirror: Mirror, staged: { readonly state: Json }) {
    checkRealm();
    this.time = at.time;
    this.epoch = at.epoch;
    this.#mirror = mirror;
    this.#staged = staged;
  }

  get state(): Json {
    this.live();
    return this.#staged.state;
  }

  get(name: string): Json | undefined {
    this.live();
    return this.#mirror.get(name);
  }

  list(prefix: string): Iterable<[name: string, value: Json]> {
    this.live();
    return this.#mirror.list(prefix);
  }

  /** From here on it answers nothing: what it would show belongs to somebody else's job. */
  end(): void {
    this.#ended = true;
  }

  protected live(): void {
    if (this.#ended) throw new Error("unreachable: a view or transaction used after its callback returned");
  }
}

/** What a job works with. `made` hears of every keyring that comes to be: whoever commits wipes those that do not stay. */
export interface Held {
  readonly mirror: Mirror;
  readonly random: Random;
  readonly made: (keyring: Keyring) => void;
}

export class Work extends Look implements Tx {
  readonly now: Time;
  readonly staged: Staged;
  #notAfter: Time | undefined;
  readonly #mirror: Mirror;
  readonly #random: Random;
  readonly #made: (keyring: Keyring) => void;

  /** @param before - what the jobs before this one left of state and slots. */
  constructor(
    at: { readonly time: Time; readonly epoch: number; readonly now: Time },
    held: Held,
    before: Pick<Staged, "state" | "roster">,
  ) {
    const staged = unchanged(before.state, before.roster);
    super(at, held.mirror, staged);
    this.now = at.now;
    this.staged = staged;
    this.#mirror = held.mirror;
    this.#random = held.random;
    this.#made = held.made;
  }

  /** The earliest fence, if there is one. */
  get notAfter(): Time | undefined {
    return this.#notAfter;
  }

  fence(time: Time): void {
    this.live();
    this.#notAfter = Math.min(time, this.#notAfter ?? time);
  }

  put(name: string, value: Json): void {
    this.live();
    this.#mirror.set(name, frozen(value));
  }

  delete(name: string): void {
    this.live();
    this.#mirror.set(name, undefined);
  }

  setState(state: Json): void {
    this.live();
    this.staged.state = frozen(state);
  }

  blob(name: string, bytes: Uint8Array): void {
    this.live();
    const key = this.#keyring.name("blob", name);
    this.staged.blobs.set(key, this.#keyring.seal("blob", key, bytes, this.#random));
  }

  deleteBlob(name: string): void {
    this.live();
    this.staged.blobs.set(this.#keyring.name("blob", name), null);
  }

  putSecret(name: string, bytes: Uint8Array): void {
    this.live();
    const key = this.#keyring.name("secret", name);
    this.staged.secrets.set(key, this.#keyring.seal("secret", key, bytes, this.#random));
  }

  deleteSecret(name: string): void {
    this.live();
    this.staged.secrets.set(this.#keyring.name("secret", name), null);
  }

  get slots(): readonly SlotInfo[] {
    this.live();
    return slotsOf(this.staged.roster.header);
  }

  get header(): Header {
    this.live();
    return this.staged.roster.header;
  }

  addSlot(slot: Enrolled, access: Access): void {
    this.#change((roster) => withSlot(roster, slot, access, this.#random));
  }

  replaceSlot(id: string, slot: Enrolled): void {
    this.#change((roster) => withAnother(roster, id, slot, this.#random));
  }

  removeSlot(id: string): Handover {
    return this.#changeKeys((roster) => withoutSlot(roster, id, this.#random));
  }

  replaceAllSlots(slot: Enrolled): Handover {
    return this.#changeKeys((roster) => withOnly(roster, slot, this.#random));
  }

  rotate(): Handover {
    return this.#changeKeys((roster) => rotated(roster, this.#random));
  }

  /** Lets go of the earlier keys: nothing may lie under them any more. */
  settle(): void {
    this.#change((roster) => settled(roster, this.#random));
  }

  #changeKeys(change: (roster: Roster) => Roster): Handover {
    const before = this.#keyring;
    this.#change(change);
    const { keyEpoch, checkpointPublicKey: after } = this.#keyring;
    return { keyEpoch, before: before.checkpointPublicKey, after, sign: (message) => before.signCheckpoint(message) };
  }

  #change(change: (roster: Roster) => Roster): void {
    this.live();
    const before = this.staged.roster;
    this.staged.roster = change(before);
    if (this.staged.roster.keyring !== before.keyring) this.#made(this.staged.roster.keyring);
  }

  get #keyring(): Keyring {
    return this.staged.roster.keyring;
  }
}
