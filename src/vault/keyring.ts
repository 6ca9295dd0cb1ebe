import { fromHex, toHex, wipe } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import * as ed25519 from "../keys/ed25519.ts";
import { sealRoots } from "./boxes.ts";
import { copyRoots, type EarlierRoots, MOST_EARLIER, newRoots, type Roots, wipeRoots } from "./roots.ts";
import { type Envelope, keyEpochOf, open, type Random, type SuiteName, seal, wipeOpened } from "./seal.ts";
import type { Access, Enrolled, SlotRecord } from "./slot.ts";
import { cannotOpen } from "./slot-keys.ts";
import { type NameKind, opaqueName, type SignPurpose, subkey, type ViewPurpose } from "./subkeys.ts";

/** The keys of one key epoch. */
interface Generation {
  readonly envelope: Envelope;
  readonly view: ReadonlyMap<ViewPurpose, Uint8Array>;
  /** Absent where only view was opened. */
  readonly sign: ReadonlyMap<SignPurpose, Uint8Array> | undefined;
}

interface Keys {
  readonly roots: Roots;
  readonly now: Generation;
  /** Of earlier key epochs, for what a rotation has not sealed anew yet. */
  readonly earlier: readonly Generation[];
}

const VIEW_PURPOSES: readonly ViewPurpose[] = ["root", "record", "node", "blob"];
const SIGN_PURPOSES: readonly SignPurpose[] = ["secret", "state signature", "checkpoint signature"];
/** What of an earlier key epoch is only ever opened. Its root and its signatures are over. */
const EARLIER_VIEW: readonly ViewPurpose[] = ["record", "node", "blob"];
const EARLIER_SIGN: readonly SignPurpose[] = ["secret"];

/**
 * The keys of one open vault, one for each purpose. They never leave: operations come in. After `wipe` every operation
 * throws `vault/locked`, so that nothing is ever sealed under a key of zeros.
 */
export class Keyring {
  readonly vaultId: string;
  readonly suite: SuiteName;
  readonly keyEpoch: number;
  readonly access: Access;
  readonly checkpointPublicKey: Uint8Array;
  readonly #statePublicKey: Uint8Array;
  #keys: Keys | undefined;

  /**
   * @param roots - the keyring's own from here on, to be wiped with it.
   * @throws `vault/cannot-open` if the sign root is not the one whose public halves the slot sealed beside the view root.
   */
  constructor(roots: Roots, vault: { readonly id: string; readonly suite: SuiteName; readonly keyEpoch: number }) {
    this.vaultId = vault.id;
    this.suite = vault.suite;
    this.keyEpoch = vault.keyEpoch;
    this.access = roots.sign ? "sign" : "view";
    const generation = (of: EarlierRoots, age: number): Generation => {
      const vaultId = fromHex(vault.id);
      const { view, sign } = of;
      const [forView, forSign] = age === 0 ? [VIEW_PURPOSES, SIGN_PURPOSES] : [EARLIER_VIEW, EARLIER_SIGN];
      return {
        envelope: { suite: vault.suite, vaultId, keyEpoch: vault.keyEpoch - age },
        view: new Map(forView.map((purpose) => [purpose, subkey(view, vaultId, purpose)])),
        sign: sign && new Map(forSign.map((purpose) => [purpose, subkey(sign, vaultId, purpose)])),
      };
    };
    const earlier = roots.earlier.map((each, at) => generation(each, at + 1));
    this.#keys = { roots, now: generation(roots, 0), earlier };
    this.#statePublicKey = roots.statePublicKey.slice();
    this.checkpointPublicKey = roots.checkpointPublicKey.slice();
    if (roots.sign) this.#checkPublicKeys();
  }

  /** @throws `vault/view-only` for "secret" where only view was opened; `vault/locked` */
  seal(purpose: ViewPurpose | "secret", name: string, plaintext: Uint8Array, random: Random): Uint8Array {
    const { now } = this.#open();
    return seal(now.envelope, keyOf(now, purpose), name, plaintext, random);
  }

  /** @returns a buffer that the caller wipes with `wipeOpened` if it is secret. @throws `vault/damaged` and as `seal` does */
  open(purpose: ViewPurpose | "secret", name: string, sealed: Uint8Array): Uint8Array {
    const { now, earlier } = this.#open();
    const epoch = keyEpochOf(sealed);
    // INVARIANT: a root opens only under the newest keys; everything else that opens is held to a digest that the root signs.
    const generation = (purpose !== "root" && earlier.find(({ envelope }) => envelope.keyEpoch === epoch)) || now;
    return open(generation.envelope, keyOf(generation, purpose), name, sealed);
  }

  /** Whether these bytes wait to be sealed under the newest keys. */
  isEarlier(sealed: Uint8Array): boolean {
    const epoch = keyEpochOf(sealed);
    return this.#open().earlier.some(({ envelope }) => envelope.keyEpoch === epoch);
  }

  /** Of what it opens. */
  get keyEpochs(): ReadonlySet<number> {
    const { now, earlier } = this.#open();
    return new Set([now, ...earlier].map(({ envelope }) => envelope.keyEpoch));
  }

  /** How many rotations have not sealed everything anew yet. */
  get unfinished(): number {
    return this.#keys?.earlier.length ?? 0;
  }

  /** Where a thing lies in the store. */
  name(kind: NameKind, name: string): string {
    return opaqueName(this.#open().roots.naming, kind, name);
  }

  signState(message: Uint8Array): Uint8Array {
    return ed25519.sign(this.#key("state signature"), message);
  }

  verifyState(message: Uint8Array, signature: Uint8Array): boolean {
    return ed25519.verify({ publicKey: this.#statePublicKey, message, signature });
  }

  signCheckpoint(message: Uint8Array): Uint8Array {
    return ed25519.sign(this.#key("checkpoint signature"), message);
  }

  /**
   * A slot's record, with the roots sealed to it.
   *
   * @throws `vault/view-only` where only view was opened
   */
  admit(slot: Enrolled, access: Access, random: Random): SlotRecord {
    const { roots, now } = this.#open();
    const { id, kind, parameters, publicKey } = slot;
    const pin = toHex(seal(now.envelope, keyOf(now, "secret"), pinName(slot), slot.pin, random));
    return { id, kind, parameters, publicKey, ...sealRoots(slot, { envelope: now.envelope, roots, access }, random), pin };
  }

  /** The same slot with the roots of another keyring sealed to it. @throws `vault/damaged`; `vault/view-only` */
  readmit(record: SlotRecord, next: Keyring, random: Random): SlotRecord {
    const pin = this.open("secret", pinName(record), fromHex(record.pin, "vault/damaged"));
    try {
      return next.admit({ ...record, pin }, record.sign === null ? "view" : "sign", random);
    } finally {
      wipeOpened(pin);
    }
  }

  /**
   * Fresh keys for the same vault, which open what these have sealed and are opened by none of these.
   *
   * @throws `vault/unfinished-rotation` where more than a few are under way
   */
  next(random: Random): Keyring {
    const { roots } = this.#open();
    if (roots.earlier.length >= MOST_EARLIER)
      throw new CustodyError("vault/unfinished-rotation", `rotation: expected at most ${MOST_EARLIER} under way, finish them first`);
    const fresh = newRoots(fromHex(this.vaultId), random, { naming: roots.naming, earlier: [roots, ...roots.earlier] });
    return new Keyring(fresh, { id: this.vaultId, suite: this.suite, keyEpoch: this.keyEpoch + 1 });
  }

  /** The same keys without the earlier ones. */
  settled(): Keyring {
    return new Keyring(copyRoots(this.#open().roots, []), { id: this.vaultId, suite: this.suite, keyEpoch: this.keyEpoch });
  }

  get wiped(): boolean {
    return this.#keys === undefined;
  }

  wipe(): void {
    if (!this.#keys) return;
    const { roots, now, earlier } = this.#keys;
    wipeRoots(roots);
    for (const { view, sign } of [now, ...earlier]) wipe(...view.values(), ...(sign?.values() ?? []));
    this.#keys = undefined;
  }

  #key(purpose: ViewPurpose | SignPurpose): Uint8Array {
    return keyOf(this.#open().now, purpose);
  }

  #open(): Keys {
    if (!this.#keys) throw locked();
    return this.#keys;
  }

  #checkPublicKeys(): void {
    const state = ed25519.publicKey(this.#key("state signature"));
    const checkpoint = ed25519.publicKey(this.#key("checkpoint signature"));
    if (toHex(state) === toHex(this.#statePublicKey) && toHex(checkpoint) === toHex(this.checkpointPublicKey)) return;
    this.wipe();
    throw cannotOpen();
  }
}

function keyOf({ view, sign }: Generation, purpose: ViewPurpose | SignPurpose): Uint8Array {
  const key = (view as ReadonlyMap<string, Uint8Array>).get(purpose) ?? (sign as ReadonlyMap<string, Uint8Array> | undefined)?.get(purpose);
  if (!key) throw viewOnly();
  return key;
}

/** A pin belongs to one slot with one key. */
function pinName({ id, publicKey }: Pick<SlotRecord, "id" | "publicKey">): string {
  return canonical(["slot pin", id, publicKey]);
}

export function viewOnly(): CustodyError {
  return new CustodyError("vault/view-only", "this vault was opened to view, not to sign");
}

export function locked(): CustodyError {
  return new CustodyError("vault/locked", "the vault is locked");
}
