import { CustodyError } from "../base/errors.ts";
import { type Header, MOST_SLOTS } from "./header.ts";
import type { Keyring } from "./keyring.ts";
import type { Random } from "./seal.ts";
import type { Access, Enrolled, SlotRecord } from "./slot.ts";

// Changes of who can open a vault, each from one header to the next.

/** A slot without its keys. */
export interface SlotInfo {
  readonly id: string;
  readonly kind: string;
  readonly access: Access;
}

/** A header, and the keyring that its slots hold the roots of. */
export interface Roster {
  readonly header: Header;
  readonly keyring: Keyring;
}

export function slotsOf(header: Header): readonly SlotInfo[] {
  return header.slots.map(({ id, kind, sign }) => ({ id, kind, access: sign === null ? "view" : "sign" }));
}

/** @throws `vault/too-many-slots`; `vault/already-there` for a slot with the same secret */
export function withSlot({ header, keyring }: Roster, slot: Enrolled, access: Access, random: Random): Roster {
  if (header.slots.length >= MOST_SLOTS)
    throw new CustodyError("vault/too-many-slots", `slots: expected at most ${MOST_SLOTS}, remove one first`);
  if (header.slots.some(({ id, publicKey }) => id === slot.id || publicKey === slot.publicKey))
    throw new CustodyError("vault/already-there", "slot: the vault has this one already");
  return { header: { ...header, slots: [...header.slots, keyring.admit(slot, access, random)] }, keyring };
}

/** Another way in the place of one, with what that opened. Whoever kept an older copy still opens that copy, and so these keys. */
export function withAnother({ header, keyring }: Roster, id: string, slot: Enrolled, random: Random): Roster {
  const before = slotOf(header, id);
  const after = keyring.admit(slot, before.sign === null ? "view" : "sign", random);
  return { header: { ...header, slots: header.slots.map((each) => (each === before ? after : each)) }, keyring };
}

/**
 * Without one slot, and with other keys: what it opened opens nothing that is sealed from now on.
 *
 * @throws `vault/no-such-slot`; `vault/last-slot` for the last one that opens the sign side
 */
export function withoutSlot({ header, keyring }: Roster, id: string, random: Random): Roster {
  const gone = slotOf(header, id);
  const slots = header.slots.filter((slot) => slot !== gone);
  // INVARIANT: somebody can still sign, and so let others in.
  if (!slots.some(({ sign }) => sign !== null))
    throw new CustodyError("vault/last-slot", "slot: the last one that signs cannot be removed");
  return rotated({ header: { ...header, slots }, keyring }, random);
}

/** With this slot in the place of all, and with other keys: what any of those opened opens nothing that is sealed from now on. */
export function withOnly({ header, keyring }: Roster, slot: Enrolled, random: Random): Roster {
  return rotated({ header: { ...header, slots: [keyring.admit(slot, "sign", random)] }, keyring }, random);
}

/** Other keys, sealed to every slot whether its holder is there or not. @throws `vault/unfinished-rotation` */
export function rotated({ header, keyring }: Roster, random: Random): Roster {
  return sealedFor({ header, keyring }, keyring.next(random), random);
}

/** Nothing is sealed under earlier keys any more, and no slot holds them. */
export function settled({ header, keyring }: Roster, random: Random): Roster {
  return sealedFor({ header, keyring }, keyring.settled(), random);
}

function sealedFor({ header, keyring }: Roster, next: Keyring, random: Random): Roster {
  try {
    const slots = header.slots.map((slot) => keyring.readmit(slot, next, random));
    return { header: { ...header, keyEpoch: next.keyEpoch, slots }, keyring: next };
  } catch (cause) {
    next.wipe();
    throw cause;
  }
}

function slotOf(header: Header, id: string): SlotRecord {
  const slot = header.slots.find((each) => each.id === id);
  if (slot === undefined) throw new CustodyError("vault/no-such-slot", "slot: the vault has none with this id");
  return slot;
}
