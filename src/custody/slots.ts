import { originOf } from "../audit/export.ts";
import { handoverText } from "../audit/handover.ts";
import { noteOf, parseVerifier, vkeyOf } from "../audit/note.ts";
import { utf8 } from "../base/bytes.ts";
import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { expectObject } from "../base/shape.ts";
import type { SlotInfo } from "../vault/roster.ts";
import type { Enrolled } from "../vault/slot.ts";
import type { Tx, View } from "../vault/tx.ts";
import { journal } from "./journal.ts";
import { isPlainName } from "./names.ts";
import { asJson, type PendingRecord } from "./records.ts";

/** A slot as an act names it, and as approvers see it: all of it is public, and it is the very one that will be let in. */
export type NamedSlot = Pick<Enrolled, "id" | "kind" | "parameters" | "publicKey">;

/** Acts on who can open the vault, and with which keys. `of` is a slot's id. */
export type SlotAct =
  | { readonly act: "slotChange"; readonly what: "add-sign" | "add-view"; readonly name: string; readonly slot: NamedSlot }
  | { readonly act: "slotChange"; readonly what: "replace"; readonly of: string; readonly slot: NamedSlot; readonly rotate?: true }
  | { readonly act: "slotChange"; readonly what: "rename"; readonly of: string; readonly name: string }
  | { readonly act: "slotChange"; readonly what: "remove"; readonly of: string }
  | { readonly act: "rotate" };

/** A slot of the vault, as people know it. */
export interface NamedSlotInfo extends SlotInfo {
  /** As somebody called it; its kind where nobody has. */
  readonly name: string;
}

interface NameRecord {
  readonly name: string;
}

/** @throws `request/malformed` */
export function readSlotAct(act: SlotAct["act"], payload: { readonly [member: string]: Json }): SlotAct {
  if (act === "rotate") {
    if (Object.keys(payload).length > 0) throw malformed("rotate: expected nothing beside it");
    return { act };
  }
  const { what, ...rest } = payload;
  const has = (...members: readonly string[]) => Object.keys(rest).sort().join(" ") === members.join(" ");
  const { name, of, slot, rotate } = rest;
  switch (what) {
    case "add-sign":
    case "add-view":
      if (!has("name", "slot") || !isPlainName(name)) throw malformed(`${what}: expected a name and a slot`);
      return { act, what, name, slot: readSlot(slot) };
    case "replace":
      if (!(has("of", "slot") || (has("of", "rotate", "slot") && rotate === true)) || !isSlotId(of))
        throw malformed("replace: expected the id of a slot, another slot, and perhaps rotate: true");
      return { act, what, of, slot: readSlot(slot), ...(rotate === true && { rotate }) };
    case "rename":
      if (!has("name", "of") || !isSlotId(of) || !isPlainName(name)) throw malformed("rename: expected the id of a slot, and a name");
      return { act, what, of, name };
    case "remove":
      if (!has("of") || !isSlotId(of)) throw malformed("remove: expected the id of a slot");
      return { act, what, of };
    default:
      throw malformed("expected what to be add-sign, add-view, replace, rename or remove");
  }
}

/** The slot that an act brings in, if it does. */
export function slotOf(act: { readonly act: string }): NamedSlot | undefined {
  return "slot" in act ? (act as { readonly slot: NamedSlot }).slot : undefined;
}

/**
 * Does what an allowed act asks for, in the commit that allowed it.
 *
 * @param pin - of the slot that comes in; stays the caller's.
 * @throws `vault/no-such-slot`, `vault/last-slot`, `vault/too-many-slots`, `vault/already-there`, `vault/unfinished-rotation`
 */
export function performSlotAct(tx: Tx, vault: string, act: SlotAct, pin: Uint8Array | undefined): JsonObject {
  if (act.act === "rotate") return changeKeys(tx, vault, () => tx.rotate());
  switch (act.what) {
    case "add-sign":
    case "add-view":
      checkName(tx, act.name);
      tx.addSlot(enrolled(act.slot, pin), act.what === "add-sign" ? "sign" : "view");
      nameSlot(tx, act.slot.id, act.name);
      return { slot: act.slot.id };
    case "replace": {
      const { name } = namedSlot(tx, act.of);
      tx.replaceSlot(act.of, enrolled(act.slot, pin));
      tx.delete(`slot/${act.of}`);
      nameSlot(tx, act.slot.id, name);
      return { slot: act.slot.id, ...(act.rotate && changeKeys(tx, vault, () => tx.rotate())) };
    }
    case "rename":
      namedSlot(tx, act.of);
      checkName(tx, act.name);
      nameSlot(tx, act.of, act.name);
      return { slot: act.of };
    case "remove": {
      const { of } = act;
      const result = changeKeys(tx, vault, () => tx.removeSlot(of));
      tx.delete(`slot/${of}`);
      return { slot: of, ...result };
    }
  }
}

/** Under which the pin of a slot is kept while the act that brings it in waits. */
export function enrolmentSecret(slot: string): string {
  return `enrolled/${slot}`;
}

/** What waited is over: a slot that did not come in is forgotten, and one that did keeps its pin elsewhere. */
export function forgetEnrolment(tx: Tx, { request }: Pick<PendingRecord, "request">): void {
  const slot = request.kind === "act" ? (request.payload as { readonly slot?: NamedSlot }).slot : undefined;
  if (slot !== undefined) tx.deleteSecret(enrolmentSecret(slot.id));
}

/** Slots with their names. */
export function namedSlots(view: Pick<View, "get">, slots: readonly SlotInfo[]): readonly NamedSlotInfo[] {
  return slots.map((slot) => ({ ...slot, name: (view.get(`slot/${slot.id}`) as unknown as NameRecord | undefined)?.name ?? slot.kind }));
}

export function nameSlot(tx: Tx, id: string, name: string): void {
  tx.put(`slot/${id}`, asJson({ name } satisfies NameRecord));
}

/** Checkpoints are signed by another key from here on: the one before says so, and the log tells of it. */
export function changeKeys(tx: Tx, vault: string, change: () => ReturnType<Tx["rotate"]>): JsonObject {
  const { keyEpoch, before, after, sign } = change();
  const [from, to] = [before, after].map((key) => vkeyOf(originOf(vault), key)) as [string, string];
  const text = handoverText(from, to);
  const handover = noteOf(text, parseVerifier(from), sign(utf8(text)));
  journal(tx, "rotated", { keys: { epoch: keyEpoch, logKey: to, handover } });
  // By name they stand in their order.
  tx.put(`log-key/${String(keyEpoch).padStart(10, "0")}`, { handover });
  return { keyEpoch };
}

function enrolled(slot: NamedSlot, pin: Uint8Array | undefined): Enrolled {
  if (pin === undefined) throw malformed("expected the slot itself beside the request, its enrolment was not kept");
  return { ...slot, pin };
}

function namedSlot(tx: Tx, id: string): NamedSlotInfo {
  const found = namedSlots(tx, tx.slots).find((slot) => slot.id === id);
  if (found === undefined) throw new CustodyError("vault/no-such-slot", "slot: the vault has none with this id");
  return found;
}

function checkName(tx: Tx, name: string): void {
  if (namedSlots(tx, tx.slots).some((slot) => slot.name === name))
    throw new CustodyError("vault/already-there", `slot: the vault has one called ${name} already`);
}

function readSlot(value: Json | undefined): NamedSlot {
  const { id, kind, parameters, publicKey } = expectObject(
    value,
    { required: ["id", "kind", "parameters", "publicKey"] },
    "slotChange: slot",
  );
  const isObject = typeof parameters === "object" && parameters !== null && !Array.isArray(parameters);
  if (!isSlotId(id) || typeof kind !== "string" || !isObject || typeof publicKey !== "string" || !/^[0-9a-f]{64}$/.test(publicKey))
    throw malformed("slot: expected id, kind, parameters and publicKey as enrolment made them");
  return { id, kind, parameters: parameters as JsonObject, publicKey };
}

function isSlotId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}

function malformed(problem: string): CustodyError {
  return new CustodyError("request/malformed", `slotChange: ${problem}`);
}
