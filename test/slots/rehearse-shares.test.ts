import { describe, expect, test } from "vitest";
import { allOf } from "../../src/slots/all-of.ts";
import { type RehearsedVault, rehearseShares } from "../../src/slots/rehearse-shares.ts";
import { readShare, writeShare } from "../../src/slots/share-text.ts";
import { shares } from "../../src/slots/shares.ts";
import { memoryStore } from "../../src/stores/memory/memory.ts";
import { decodeHeader, HEADER_KEY } from "../../src/vault/header.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import type { Slot } from "../../src/vault/slot.ts";
import { keyOf, rawSlot } from "../vault/setting.ts";
import { cheap, newShares } from "./setting.ts";

/** A vault that these slots and a raw key open, and what lies in clear of it. */
async function vaultOf(...slots: readonly Slot[]) {
  const store = memoryStore();
  const vault = await createVault({ store, slots: [rawSlot(keyOf(1)), ...slots], state: 1 });
  vault.lock();
  const bytes = await store.get(HEADER_KEY);
  if (!bytes) throw new Error("no header");
  return { store, header: decodeHeader(bytes) as RehearsedVault };
}

const texts = (given: readonly { readonly text: string }[]) => given.map(({ text }) => text);

describe("a rehearsal", () => {
  test("says of each share whether it is fine, how many are missing, and whether they would open the vault", async () => {
    const { slot, given } = newShares(3, 5);
    const { store, header } = await vaultOf(slot);
    const slotId = header.slots[1]?.id;
    const all = texts(given);
    expect(await rehearseShares(all.slice(3, 4), header)).toEqual({
      slotId,
      shares: [{ number: 4 }],
      threshold: 3,
      missing: 2,
      enough: false,
    });
    expect(await rehearseShares([], header)).toEqual({ slotId, shares: [], threshold: 3, missing: 3, enough: false });
    expect(await rehearseShares(all.slice(1, 4), header)).toEqual({
      slotId,
      shares: [{ number: 2 }, { number: 3 }, { number: 4 }],
      threshold: 3,
      missing: 0,
      enough: true,
    });
    expect((await rehearseShares(all, header)).enough).toBe(true);
    await openVault({ store, slot: shares({ collected: all.slice(1, 4) }) });
  });

  test("names what is wrong with each and goes on with the others", async () => {
    const [{ slot, given }, other] = [newShares(2, 4), newShares(2, 4)];
    const { header } = await vaultOf(slot);
    await vaultOf(other.slot);
    const [one = "", two = "", three = ""] = texts(given);
    const forged = writeShare({ ...readShare(two, "share"), point: readShare(three, "share").point });
    const report = await rehearseShares(["nothing", one, one, forged, ...texts(other.given).slice(0, 1), three], header);
    expect(report.shares.map(({ number, problem }) => [number, problem?.code])).toEqual([
      [undefined, "slot/share-damaged"],
      [1, undefined],
      [1, "slot/share-twice"],
      [2, "slot/share-altered"],
      [1, "slot/share-foreign"],
      [3, undefined],
    ]);
    expect(report).toMatchObject({ missing: 0, enough: true });
  });

  test("finds the slot that the shares are of, among several and inside of others", async () => {
    const [first, second, part] = [newShares(2, 2), newShares(2, 3), newShares(2, 2)];
    const { header } = await vaultOf(first.slot, second.slot, allOf([cheap("a phrase beside"), part.slot]));
    for (const [at, { given }] of [first, second, part].entries()) {
      const report = await rehearseShares(texts(given).slice(0, 2), header);
      expect(report).toMatchObject({ slotId: header.slots[at + 1]?.id, missing: 0, enough: true });
    }
  });

  test("says no where the secret does not lead to the slot's key, whatever the digests say", async () => {
    const { slot, given } = newShares(2, 2);
    const { header } = await vaultOf(slot);
    const slots = header.slots.map((record) => ({ ...record, publicKey: "11".repeat(32) }));
    expect(await rehearseShares(texts(given), { ...header, slots })).toMatchObject({ missing: 0, enough: false });
  });

  test("needs no key and decrypts nothing: a header without its boxes will do", async () => {
    const { slot, given } = newShares(2, 2);
    const { header } = await vaultOf(slot);
    const slots = header.slots.map(({ id, kind, parameters, publicKey }) => ({ id, kind, parameters, publicKey }));
    expect((await rehearseShares(texts(given), { id: header.id, slots })).enough).toBe(true);
  });

  test("of a vault without such a slot, or of what is no header, is refused", async () => {
    const { header } = await vaultOf(cheap("only a phrase"));
    await expect(rehearseShares([], header)).rejects.toMatchObject({ code: "vault/no-such-slot" });
    const forged = { ...header, slots: [{ ...header.slots[0], kind: "shares", parameters: { threshold: 1, shares: [] } }] };
    await expect(rehearseShares([], forged as never)).rejects.toMatchObject({ code: "vault/no-such-slot" });
    for (const wrong of [null, {}, { id: header.id }, { id: "00", slots: [] }, { id: header.id, slots: [{}] }]) {
      await expect(rehearseShares([], wrong as never)).rejects.toMatchObject({ code: "request/malformed" });
    }
  });
});
