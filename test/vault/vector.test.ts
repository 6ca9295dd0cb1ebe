import { describe, expect, test } from "vitest";
import { fromHex, toHex, utf8 } from "../../src/base/bytes.ts";
import { verify } from "../../src/keys/ed25519.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { openVault } from "../../src/vault/open.ts";
import { passphrase } from "../../src/vault/passphrase.ts";
import type { Slot } from "../../src/vault/slot.ts";
import { rawSlot, restore } from "./setting.ts";
import written from "./vector.json" with { type: "json" };
import { CHECKPOINT, type Vector, writeVector } from "./vector.ts";

/** Written by us, so it proves only that the format stands still; FORMAT.md and this file are what others can check against. */
const vector: Vector = written;
const { subtle } = crypto;

describe("the format on disk", () => {
  test("written with the vector's randomness it is the vector, byte for byte", { timeout: 20_000 }, async () => {
    expect(await writeVector()).toEqual(vector);
  });

  test("subkeys, names and the checkpoint's signature are what the host's own cryptography makes of them", async () => {
    const draw = (name: string) => Uint8Array.from(fromHex(vector.draws[name] ?? ""));
    for (const [purpose, key] of Object.entries(vector.subkeys)) {
      const root = ["root", "record", "node", "blob"].includes(purpose) ? draw("view") : draw("sign");
      const info = Uint8Array.from(utf8(`keyward/v1/${purpose}`));
      const made = await subtle.deriveBits(
        { name: "HKDF", hash: "SHA-256", salt: draw("vaultId"), info },
        await subtle.importKey("raw", root, "HKDF", false, ["deriveBits"]),
        256,
      );
      expect(toHex(new Uint8Array(made))).toBe(key);
    }
    const naming = await subtle.importKey("raw", draw("naming"), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    for (const [name, key] of Object.entries(vector.names))
      expect(toHex(new Uint8Array(await subtle.sign("HMAC", naming, Uint8Array.from(utf8(name)))))).toBe(key);
    const store = memoryStore();
    await restore(store, new Map(Object.entries(vector.store).map(([key, hex]) => [key, fromHex(hex)])));
    const { checkpointPublicKey } = await openVault({ store, slot: rawSlot(fromHex(vector.viewSlotKey)) });
    const publicKey = await subtle.importKey("raw", Uint8Array.from(checkpointPublicKey), "Ed25519", false, ["verify"]);
    expect(
      await subtle.verify("Ed25519", publicKey, Uint8Array.from(fromHex(vector.checkpointSignature)), Uint8Array.from(CHECKPOINT)),
    ).toBe(true);
  });

  test("the vector opens by each of its slots and holds what it says", { timeout: 20_000 }, async () => {
    const store = memoryStore();
    await restore(store, new Map(Object.entries(vector.store).map(([key, hex]) => [key, fromHex(hex)])));
    const slots: [Slot, string][] = [
      [rawSlot(fromHex(vector.slotKey)), "sign"],
      [passphrase(vector.passphrase), "sign"],
      [rawSlot(fromHex(vector.viewSlotKey)), "view"],
    ];
    for (const [slot, access] of slots) {
      const vault = await openVault({ store, slot });
      expect([vault.access, vault.id]).toEqual([access, vector.draws.vaultId]);
      expect(
        await vault.read((view) => [view.state, view.time, view.epoch, view.get("account/1"), [...view.list("hold/")].length]),
      ).toEqual([{ mode: "normal" }, vector.time, 2, { name: "Main" }, 40]);
      expect(await vault.readBlob("entry/0")).toEqual(utf8("first entry"));
      const signature = fromHex(vector.checkpointSignature);
      expect(verify({ publicKey: vault.checkpointPublicKey, message: CHECKPOINT, signature })).toBe(true);
      if (access === "sign") expect(await vault.withSecret("seed/1", async (secret) => secret.slice())).toEqual(utf8("sixteen bytes of"));
    }
  });
});
