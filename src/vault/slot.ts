import { secretCopy, toHex, wipe } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import * as x25519 from "../keys/x25519.ts";
import { openRoots } from "./boxes.ts";
import type { KdfOptions } from "./kdf.ts";
import type { Renewal } from "./renewal.ts";
import type { Roots } from "./roots.ts";
import type { Envelope, Random } from "./seal.ts";
import { cannotOpen, type SlotKeys, slotKeys } from "./slot-keys.ts";

export type Access = "view" | "sign";

export interface SlotContext extends KdfOptions {
  /** 32 hexadecimal digits. */
  readonly vaultId: string;
  /** 16 hexadecimal digits, unique within the vault. */
  readonly slotId: string;
  readonly random: Random;
  /** There while a vault is opened to sign: a slot whose parameters it would no longer choose offers to enrol anew, before it opens. */
  readonly offer?: ((renewal: Renewal) => void) | undefined;
}

/**
 * A way to open the vault: something that yields the same 32 secret bytes again. It knows nothing of the vault's keys.
 *
 * A slot promises: `enrol` chooses fresh parameters (a salt, a credential id) and returns them with the secret;
 * `open` gives that secret again from the same parameters, and for anything else throws or gives other bytes. The parameters
 * are public and come back from a file that may be hostile, so `open` checks their shape and bounds before it works.
 *
 * The vault promises: it authenticates the parameters, wipes every secret it is given, keeps none, and calls `open` once
 * for each slot of this kind in the header until one fits, or `openAny` once for all of them.
 */
export interface Slot {
  readonly kind: string;
  /** This alone is only good for viewing: no vault gives it its sign side. */
  readonly access?: "view";
  enrol(context: SlotContext): Promise<Enrolment>;
  /** @throws `vault/cannot-open`; `vault/kdf-out-of-bounds`; `vault/aborted`. Nothing else is told apart. */
  open(parameters: JsonObject, context: SlotContext): Promise<Uint8Array>;
  /**
   * For slots that ask somebody: opens one of several by one question, and says which. Without it `open` is called for each in turn.
   *
   * @throws as `open` does
   */
  openAny?(slots: readonly Pick<SlotRecord, "id" | "parameters">[], context: Omit<SlotContext, "slotId">): Promise<OpenedSlot>;
}

export interface OpenedSlot {
  /** Of the slot that opened. */
  readonly id: string;
  /** 32 bytes, the vault's from here on. */
  readonly secret: Uint8Array;
}

export interface Enrolment {
  readonly parameters: JsonObject;
  /** 32 bytes, the vault's from here on. */
  readonly secret: Uint8Array;
}

/** A slot as the header keeps it. `sign` is null where the slot opens view only. Keys, boxes and the sealed pin in hexadecimal. */
export interface SlotRecord {
  readonly id: string;
  readonly kind: string;
  readonly parameters: JsonObject;
  readonly publicKey: string;
  readonly view: string;
  readonly sign: string | null;
  /** The slot's pin, sealed for the sign side, which seals new roots to the slot while its holder is away. */
  readonly pin: string;
}

/** What is thrown where a slot that is only good for viewing would open the sign side. */
export function weakSlot(kind: string): CustodyError {
  return new CustodyError("vault/weak-slot", `slot: expected a way in that may sign, a ${kind} is good for viewing only`);
}

/** A slot that was enrolled, before any roots are sealed to it. `pin`: 32 bytes, a secret of whoever holds this. */
export interface Enrolled extends Pick<SlotRecord, "id" | "kind" | "parameters" | "publicKey"> {
  readonly pin: Uint8Array;
}

/**
 * Has a slot choose its parameters and its secret.
 *
 * @returns with a pin that the caller wipes.
 * @throws what the slot throws; `vault/cannot-open` for one that gives no secret worth the name
 */
export async function enrol(slot: Pick<Slot, "kind" | "enrol">, context: SlotContext): Promise<Enrolled> {
  const { parameters, secret } = await slot.enrol(context);
  let keys: SlotKeys | undefined;
  try {
    keys = slotKeys(secret, context.vaultId);
    const publicKey = toHex(x25519.publicKey(keys.privateKey));
    return { id: context.slotId, kind: slot.kind, parameters, publicKey, pin: secretCopy(keys.pin) };
  } finally {
    wipe(secret, keys?.privateKey, keys?.pin);
  }
}

/**
 * Opens the roots that a slot record holds for us: view, and sign if there is one and `access` asks for it.
 *
 * @returns roots that the caller wipes.
 * @throws `vault/cannot-open` for a wrong secret and a damaged record alike, so that nobody learns which.
 */
export async function openSlot(
  slot: Slot,
  context: SlotContext,
  held: { readonly record: SlotRecord; readonly envelope: Envelope; readonly access: Access },
): Promise<Roots> {
  const secret = await slot.open(held.record.parameters, context);
  let keys: SlotKeys | undefined;
  try {
    keys = slotKeys(secret, context.vaultId);
    if (toHex(x25519.publicKey(keys.privateKey)) !== held.record.publicKey) throw cannotOpen();
    return openRoots(keys, held);
  } catch (cause) {
    // Which part failed stays here: the one answer has no cause either.
    throw cause instanceof CustodyError ? cannotOpen() : cause;
  } finally {
    wipe(secret, keys?.privateKey, keys?.pin);
  }
}
