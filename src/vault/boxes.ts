import { concat, fromHex, secretCopy, toHex, utf8, wipe } from "../base/bytes.ts";
import { canonical } from "../base/canonical.ts";
import * as x25519 from "../keys/x25519.ts";
import { MOST_EARLIER, type Roots } from "./roots.ts";
import { type Envelope, open, type Random, seal, wipeOpened } from "./seal.ts";
import type { Access, Enrolled, SlotRecord } from "./slot.ts";
import { cannotOpen, type SlotKeys } from "./slot-keys.ts";
import { derive } from "./subkeys.ts";

// What a slot's record holds for its holder: the roots, sealed to the public half of the slot's key.

/**
 * Seals to the slot's public half, so that new roots can be sealed later while its holder is away. The public half is there for
 * everyone to see; the pin is not, so that nobody else can seal roots of their own to it.
 */
export function sealRoots(
  slot: Enrolled,
  grant: { readonly envelope: Envelope; readonly roots: Roots; readonly access: Access },
  random: Random,
): Pick<SlotRecord, "view" | "sign"> {
  const { envelope, roots, access } = grant;
  const { earlier } = roots;
  // view(32) || naming(32) || statePublicKey(32) || checkpointPublicKey(32) || earlier view(32)*
  const view = secretCopy(roots.view, roots.naming, roots.statePublicKey, roots.checkpointPublicKey, ...earlier.map((each) => each.view));
  // sign(32) || earlier sign(32)*
  const sign = access === "sign" && roots.sign ? secretCopy(roots.sign, ...earlier.flatMap((each) => each.sign ?? [])) : undefined;
  const box = (part: Access, content: Uint8Array) => sealBox({ envelope, slot, part, content }, random);
  try {
    return { view: box("view", view), sign: sign ? box("sign", sign) : null };
  } finally {
    wipe(view, sign);
  }
}

/**
 * Opens the roots that a slot's record holds: view, and sign if there is one and `access` asks for it.
 *
 * @returns roots that the caller wipes.
 * @throws `vault/cannot-open`, `vault/damaged`: the caller tells nobody which.
 */
export function openRoots(
  keys: SlotKeys,
  held: { readonly record: SlotRecord; readonly envelope: Envelope; readonly access: Access },
): Roots {
  const { record, envelope } = held;
  const wanted = held.access === "sign" && record.sign !== null;
  let view: Uint8Array | undefined;
  let sign: Uint8Array | undefined;
  try {
    view = openBox({ envelope, keys, record, part: "view" });
    sign = wanted ? openBox({ envelope, keys, record, part: "sign" }) : undefined;
    const [first, naming, statePublicKey, checkpointPublicKey, ...views] = inRoots(view);
    const [ofSign, ...signs] = sign ? inRoots(sign) : [];
    if (!first || !naming || !statePublicKey || !checkpointPublicKey || views.length > MOST_EARLIER) throw cannotOpen();
    if (sign && (!ofSign || signs.length !== views.length)) throw cannotOpen();
    const earlier = views.map((each, at) => {
      const its = signs[at];
      return { view: secretCopy(each), ...(its && { sign: secretCopy(its) }) };
    });
    return {
      view: secretCopy(first),
      naming: secretCopy(naming),
      statePublicKey: statePublicKey.slice(),
      checkpointPublicKey: checkpointPublicKey.slice(),
      ...(ofSign && { sign: secretCopy(ofSign) }),
      earlier,
    };
  } finally {
    wipeOpened(view);
    wipeOpened(sign);
  }
}

/** Views of 32 bytes each. */
function inRoots(content: Uint8Array): Uint8Array[] {
  if (content.length === 0 || content.length % 32 !== 0) throw cannotOpen();
  return Array.from({ length: content.length / 32 }, (_, at) => content.subarray(32 * at, 32 * at + 32));
}

function sealBox(box: { envelope: Envelope; slot: Enrolled; part: Access; content: Uint8Array }, random: Random): string {
  const ephemeral = random(32);
  const sender = x25519.publicKey(ephemeral);
  const recipient = fromHex(box.slot.publicKey);
  const { vaultId } = box.envelope;
  const key = boxKey({ privateKey: ephemeral, publicKey: recipient, pin: box.slot.pin }, { sender, recipient, vaultId });
  try {
    // ephemeral public key(32) || sealed(n)
    return toHex(concat(sender, seal(box.envelope, key, boxName(box.slot, box.part), box.content, random)));
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
function boxName(slot: Pick<SlotRecord, "id" | "kind" | "parameters" | "publicKey">, part: Access): string {
  return canonical(["slot", slot.id, slot.kind, slot.parameters, slot.publicKey, part]);
}
