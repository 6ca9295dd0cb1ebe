import { fromHex, secretCopy, toHex, wipe } from "../base/bytes.ts";
import { CustodyError } from "../base/errors.ts";
import * as ed25519 from "../keys/ed25519.ts";
import { type Envelope, open, type Random, type SuiteName, seal } from "./seal.ts";
import { type Access, cannotOpen, type Roots, wipeRoots } from "./slot.ts";
import { type NameKind, opaqueName, type SignPurpose, subkey, type ViewPurpose } from "./subkeys.ts";

interface Keys {
  readonly naming: Uint8Array;
  readonly view: ReadonlyMap<ViewPurpose, Uint8Array>;
  /** Absent where only view was opened. */
  readonly sign: ReadonlyMap<SignPurpose, Uint8Array> | undefined;
}

const VIEW_PURPOSES: readonly ViewPurpose[] = ["root", "record", "node", "blob"];
const SIGN_PURPOSES: readonly SignPurpose[] = ["secret", "state signature", "checkpoint signature"];

/**
 * The keys of one open vault, one for each purpose. They never leave: operations come in. After `wipe` every operation
 * throws `vault/locked`, so that nothing is ever sealed under a key of zeros.
 */
export class Keyring {
  readonly vaultId: string;
  readonly keyEpoch: number;
  readonly access: Access;
  readonly checkpointPublicKey: Uint8Array;
  readonly #statePublicKey: Uint8Array;
  readonly #envelope: Envelope;
  #keys: Keys | undefined;

  /**
   * @param roots - wiped here, once the keys are derived.
   * @throws `vault/cannot-open` if the sign root is not the one whose public halves the slot sealed beside the view root.
   */
  constructor(roots: Roots, vault: { readonly id: string; readonly suite: SuiteName; readonly keyEpoch: number }) {
    const vaultId = fromHex(vault.id);
    const { sign } = roots;
    this.vaultId = vault.id;
    this.keyEpoch = vault.keyEpoch;
    this.access = sign ? "sign" : "view";
    this.#envelope = { suite: vault.suite, vaultId, keyEpoch: vault.keyEpoch };
    this.#keys = {
      naming: secretCopy(roots.naming),
      view: new Map(VIEW_PURPOSES.map((purpose) => [purpose, subkey(roots.view, vaultId, purpose)])),
      sign: sign && new Map(SIGN_PURPOSES.map((purpose) => [purpose, subkey(sign, vaultId, purpose)])),
    };
    this.#statePublicKey = roots.statePublicKey.slice();
    this.checkpointPublicKey = roots.checkpointPublicKey.slice();
    wipeRoots(roots);
    if (sign) this.#checkPublicKeys();
  }

  /** @throws `vault/view-only` for "secret" where only view was opened; `vault/locked` */
  seal(purpose: ViewPurpose | "secret", name: string, plaintext: Uint8Array, random: Random): Uint8Array {
    return seal(this.#envelope, this.#key(purpose), name, plaintext, random);
  }

  /** @returns a buffer that the caller wipes with `wipeOpened` if it is secret. @throws `vault/damaged` and as `seal` does */
  open(purpose: ViewPurpose | "secret", name: string, sealed: Uint8Array): Uint8Array {
    return open(this.#envelope, this.#key(purpose), name, sealed);
  }

  /** Where a thing lies in the store. */
  name(kind: NameKind, name: string): string {
    return opaqueName(this.#open().naming, kind, name);
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

  get wiped(): boolean {
    return this.#keys === undefined;
  }

  wipe(): void {
    if (!this.#keys) return;
    wipe(this.#keys.naming, ...this.#keys.view.values(), ...(this.#keys.sign?.values() ?? []));
    this.#keys = undefined;
  }

  #key(purpose: ViewPurpose | SignPurpose): Uint8Array {
    const { view, sign } = this.#open();
    const key =
      (view as ReadonlyMap<string, Uint8Array>).get(purpose) ?? (sign as ReadonlyMap<string, Uint8Array> | undefined)?.get(purpose);
    if (!key) throw new CustodyError("vault/view-only", "this vault was opened to view, not to sign");
    return key;
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

/** Fresh roots for a new vault, with the public halves that follow from the sign root. The caller wipes them. */
export function newRoots(vaultId: Uint8Array, random: Random): Required<Roots> {
  const sign = random(32);
  const state = subkey(sign, vaultId, "state signature");
  const checkpoint = subkey(sign, vaultId, "checkpoint signature");
  const publicKeys = { statePublicKey: ed25519.publicKey(state), checkpointPublicKey: ed25519.publicKey(checkpoint) };
  wipe(state, checkpoint);
  return { view: random(32), naming: random(32), sign, ...publicKeys };
}

export function locked(): CustodyError {
  return new CustodyError("vault/locked", "the vault is locked");
}
