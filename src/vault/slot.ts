import { concat, equal, fromHex, secretCopy, toHex, utf8, wipe } from "../base/bytes.ts";
import { canonical, type JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import * as x25519 from "../keys/x25519.ts";
import type { KdfOptions } from "./kdf.ts";
import { type Envelope, open, type Random, seal, wipeOpened } from "./seal.ts";
import { derive } from "./subkeys.ts";

export type Access = "view" | "sign";

export interface SlotContext extends KdfOptions {
  /** 32 hexadecimal digits. */
  readonly vaultId: string;
  /** 16 hexadecimal digits, unique within the vault. */
  readonly slotId: string;
  readonly random: Random;
}

/**
 * A way to open the vault: something that yields the same 32 secret bytes again. It knows nothing of the vault's keys.
 *
 * A slot promises: `enrol` chooses fresh parameters (a salt, a credential id) and returns them with the secret;
 * `open` gives that secret again from the same parameters, and for anything else throws or gives other bytes. The parameters
 * are public and come back from a file that may be hostile, so `open` checks their shape and bounds before it works.
 *
 * The vault promises: it authenticates the parameters, wipes every secret it is given, keeps none, and calls `open` once
 * for each slot of this kind in the header until one fits.
 */
export interface Slot {
  readonly kind: string;
  /** This alone is only good for viewing: no vault gives it its sign side. */
  readonly access?: "view";
  enrol(context: SlotContext): Promise<Enrolment>;
  /** @throws `vault/cannot-open`; `vault/kdf-out-of-bounds`; `vault/aborted`. Nothing else is told apart. */
  open(parameters: JsonObject, context: SlotContext): Promise<Uint8Array>;
}

export interface Enrolment {
  readonly parameters: JsonObject;
  /** 32 bytes, the vault's from here on. */
  readonly secret: Uint8Array;
}

/** A slot as the header keeps it. `sign` is null where the slot opens view only. Keys and boxes in hexadecimal. */
export interface SlotRecord {
  readonly id: string;
  readonly kind: string;
  readonly parameters: JsonObject;
  readonly publicKey: string;
  readonly view: string;
  readonly sign: string | null;
}

/** What the slots seal. Each 32 bytes. */
export interface Roots {
  readonly view: Uint8Array;
  /** Names in the store. Survives rotation. */
  readonly naming: Uint8Array;
  /** Ed25519 key that the state root is signed with. */
  readonly statePublicKey: Uint8Array;
  /** Ed25519 key that checkpoints are signed with. */
  readonly checkpointPublicKey: Uint8Array;
  readonly sign?: Uint8Array;
}

/** Overwrites the secret roots. */
export function wipeRoots(roots: Roots): void {
  wipe(roots.view, roots.naming, roots.sign);
}

/**
 * Enrols `slot` and seals the roots to it. With `access` "view" the sign root is left out.
 *
 * @returns the record, and the slot's pin (32 bytes): the caller keeps it on the sign side, where new roots are sealed to the
 *   slot while its holder is away, and wipes it.
 */
export async function enrolSlot(
  slot: Slot,
  context: SlotContext,
  grant: { envelope: Envelope; roots: Roots; access: Access },
): Promise<{ readonly record: SlotRecord; readonly pin: Uint8Array }> {
  const { parameters, secret } = await slot.enrol(context);
  let keys: SlotKeys | undefined;
  try {
    keys = slotKeys(secret, grant.envelope);
    const fixed = { id: context.slotId, kind: slot.kind, parameters, publicKey: toHex(x25519.publicKey(keys.privateKey)) };
    return { record: { ...fixed, ...sealRoots(fixed, { ...grant, pin: keys.pin }, context.random) }, pin: secretCopy(keys.pin) };
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
  const { record, envelope } = held;
  const secret = await slot.open(record.parameters, context);
  const ours: Uint8Array[] = [];
  const own = (bytes: Uint8Array): Uint8Array => {
    ours.push(bytes);
    return bytes;
  };
  try {
    const keys = slotKeys(secret, envelope);
    own(keys.privateKey);
    own(keys.pin);
    if (toHex(x25519.publicKey(keys.privateKey)) !== record.publicKey) throw cannotOpen();
    const view = own(openBox({ envelope, keys, record, part: "view" }));
    const wanted = held.access === "sign" && record.sign !== null;
    const sign = wanted ? own(openBox({ envelope, keys, record, part: "sign" })) : undefined;
    if (view.length !== 128 || (sign && sign.length !== 32)) throw cannotOpen();
    return {
      view: secretCopy(view.subarray(0, 32)),
      naming: secretCopy(view.subarray(32, 64)),
      statePublicKey: view.slice(64, 96),
      checkpointPublicKey: view.slice(96, 128),
      ...(sign && { sign: secretCopy(sign) }),
    };
  } catch (cause) {
    // Which part failed stays here: the one answer has no cause either.
    throw cause instanceof CustodyError ? cannotOpen() : cause;
  } finally {
    wipe(secret);
    for (const bytes of ours) wipeOpened(bytes);
  }
}

/** The one answer to a wrong passphrase, a wrong key and a damaged slot. */
export function cannotOpen(): CustodyError {
  return new CustodyError("vault/cannot-open", "wrong passphrase or key, or a damaged slot");
}

type Fixed = Pick<SlotRecord, "id" | "kind" | "parameters" | "publicKey">;

function sealRoots(
  fixed: Fixed,
  grant: { envelope: Envelope; roots: Roots; access: Access; pin: Uint8Array },
  random: Random,
): Pick<SlotRecord, "view" | "sign"> {
  const { envelope, roots, pin } = grant;
  // view(32) || naming(32) || statePublicKey(32) || checkpointPublicKey(32)
  const view = secretCopy(roots.view, roots.naming, roots.statePublicKey, roots.checkpointPublicKey);
  try {
    return {
      view: sealBox({ envelope, pin, fixed, part: "view", content: view }, random),
      sign: grant.access === "sign" && roots.sign ? sealBox({ envelope, pin, fixed, part: "sign", content: roots.sign }, random) : null,
    };
  } finally {
    wipe(view);
  }
}

/**
 * Seals to the slot's public half, so that new roots can be sealed later while its holder is away. The public half is there for
 * everyone to see; the pin is not, so that nobody else can seal roots of their own to it.
 */
function sealBox(box: { envelope: Envelope; pin: Uint8Array; fixed: Fixed; part: Access; content: Uint8Array }, random: Random): string {
  const ephemeral = random(32);
  const sender = x25519.publicKey(ephemeral);
  const recipient = fromHex(box.fixed.publicKey);
  const { vaultId } = box.envelope;
  const key = boxKey({ privateKey: ephemeral, publicKey: recipient, pin: box.pin }, { sender, recipient, vaultId });
  try {
    // ephemeral public key(32) || sealed(n)
    return toHex(concat(sender, seal(box.envelope, key, boxName(box.fixed, box.part), box.content, random)));
  } finally {
    wipe(ephemeral, key);
  }
}

function openBox(box: { envelope: Envelope; keys: SlotKeys; record: SlotRecord; part: Access }): Uint8Array {
  const bytes = fromHex(box.record[box.part] ?? "", "vault/cannot-open");
  const sender = bytes.slice(0, 32);
  const recipient = fromHex(box.record.publicKey, "vault/cannot-open");
  const key = boxKey({ ...box.keys, publicKey: sender }, { sender, recipient, vaultId: box.envelope.vaultId });
  try {
    return open(box.envelope, key, boxName(box.record, box.part), bytes.subarray(32));
  } finally {
    wipe(key);
  }
}

function boxKey(
  keys: { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array; readonly pin: Uint8Array },
  parties: { readonly sender: Uint8Array; readonly recipient: Uint8Array; readonly vaultId: Uint8Array },
): Uint8Array {
  const shared = x25519.sharedSecret(keys);
  const secret = secretCopy(shared, keys.pin);
  try {
    return derive(secret, parties.vaultId, concat(utf8("keyward/v1/box"), parties.sender, parties.recipient));
  } finally {
    wipe(shared, secret);
  }
}

/** Authenticates the slot's own parameters with its boxes; the rest of the header is the root's to authenticate. */
function boxName(slot: Fixed, part: Access): string {
  return canonical(["slot", slot.id, slot.kind, slot.parameters, slot.publicKey, part]);
}

interface SlotKeys {
  /** X25519. */
  readonly privateKey: Uint8Array;
  /** 32 bytes that only the holder and the vault's sign side know. */
  readonly pin: Uint8Array;
}

/** A slot that gives no secret worth the name does not open. */
function slotKeys(secret: Uint8Array, envelope: Envelope): SlotKeys {
  if (secret.length !== 32 || equal(secret, new Uint8Array(32))) throw cannotOpen();
  const keyFor = (purpose: string) => derive(secret, envelope.vaultId, `keyward/v1/${purpose}`);
  return { privateKey: keyFor("slot"), pin: keyFor("slot pin") };
}
