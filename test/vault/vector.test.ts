import { createHmac, createPublicKey, hkdfSync, verify as nodeVerify } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { concat, fromHex, toHex, u32, utf8 } from "../../src/base/bytes.ts";
import { verify } from "../../src/keys/ed25519.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import { passphrase } from "../../src/vault/passphrase.ts";
import type { Slot } from "../../src/vault/slot.ts";
import { opaqueName, subkey } from "../../src/vault/subkeys.ts";
import { dump, keyOf, rawSlot, restore } from "./setting.ts";

/** Written by us, so it proves only that the format stands still; FORMAT.md and this file are what others can check against. */
const file = fileURLToPath(new URL("./vector.json", import.meta.url));

interface Vector {
  readonly about: string;
  readonly random: string;
  readonly slotKey: string;
  readonly viewSlotKey: string;
  readonly passphrase: string;
  readonly time: number;
  readonly draws: Readonly<Record<string, string>>;
  readonly subkeys: Readonly<Record<string, string>>;
  readonly names: Readonly<Record<string, string>>;
  readonly checkpointSignature: string;
  readonly store: Readonly<Record<string, string>>;
}

const PHRASE = "correct horse battery staple";
const TIME = 1_763_800_000_000;
const CHECKPOINT = utf8("a log head");

/** The n-th draw is SHA-256("keyward vector" || n(4)), repeated and cut to the length asked for. */
function counter(): { random: (length: number) => Uint8Array; draws: Uint8Array[] } {
  const draws: Uint8Array[] = [];
  const random = (length: number): Uint8Array => {
    const block = sha256(concat(utf8("keyward vector"), u32(draws.length)));
    const drawn = concat(...Array.from({ length: Math.ceil(length / 32) }, () => block)).slice(0, length);
    draws.push(drawn.slice());
    return drawn;
  };
  return { random, draws };
}

async function write(): Promise<Vector> {
  const { random, draws } = counter();
  const store = memoryStore({ now: () => TIME });
  const slots = [rawSlot(keyOf(1)), passphrase(PHRASE, { cost: { memoryKiB: 19_456, passes: 2, lanes: 1 } })];
  const vault = await createVault(
    { store, slots, viewSlots: [rawSlot(keyOf(2))], state: { mode: "normal" }, records: { "account/1": { name: "Main" } } },
    random,
  );
  const records = Array.from({ length: 40 }, (_, n) => `hold/${n}`);
  await vault.transact((tx) => {
    for (const name of records) tx.put(name, { amount: name.length });
    tx.putSecret("seed/1", utf8("sixteen bytes of"));
    tx.blob("entry/0", utf8("first entry"));
  });
  const [vaultId = keyOf(0), sign = keyOf(0), view = keyOf(0), naming = keyOf(0)] = draws;
  const hex = (entries: Iterable<readonly [string, Uint8Array]>) =>
    Object.fromEntries([...entries].map(([key, bytes]) => [key, toHex(bytes)]));
  return {
    about: "A vault with fixed randomness, as described in src/vault/FORMAT.md. All bytes in hexadecimal.",
    random: 'draw n = SHA-256("keyward vector" || n as 4 bytes big-endian), cut to the length drawn; the first four are named below',
    slotKey: toHex(keyOf(1)),
    viewSlotKey: toHex(keyOf(2)),
    passphrase: PHRASE,
    time: TIME,
    draws: hex(Object.entries({ vaultId, sign, view, naming })),
    subkeys: hex([
      ...(["root", "record", "node", "blob"] as const).map((purpose) => [purpose, subkey(view, vaultId, purpose)] as const),
      ...(["secret", "state signature", "checkpoint signature"] as const).map(
        (purpose) => [purpose, subkey(sign, vaultId, purpose)] as const,
      ),
    ]),
    names: {
      "record/account/1": opaqueName(naming, "record", "account/1"),
      "secret/seed/1": opaqueName(naming, "secret", "seed/1"),
      "blob/entry/0": opaqueName(naming, "blob", "entry/0"),
      "node/": opaqueName(naming, "node", ""),
    },
    checkpointSignature: toHex(vault.signCheckpoint(CHECKPOINT)),
    store: hex(await dump(store)),
  };
}

describe("the format on disk", () => {
  test("written with the vector's randomness it is the vector, byte for byte", { timeout: 20_000 }, async () => {
    const written = await write();
    // After a change of the format that FORMAT.md records: WRITE_VECTOR=1 npx vitest run test/vault/vector
    if (process.env.WRITE_VECTOR === "1") writeFileSync(file, `${JSON.stringify(written, null, 2)}\n`);
    expect(written).toEqual(JSON.parse(readFileSync(file, "utf8")));
  });

  test("subkeys, names and the checkpoint's signature are what node:crypto makes of them", async () => {
    const vector = JSON.parse(readFileSync(file, "utf8")) as Vector;
    const draw = (name: string) => fromHex(vector.draws[name] ?? "");
    for (const [purpose, key] of Object.entries(vector.subkeys)) {
      const root = ["root", "record", "node", "blob"].includes(purpose) ? draw("view") : draw("sign");
      expect(toHex(new Uint8Array(hkdfSync("sha256", root, draw("vaultId"), `keyward/v1/${purpose}`, 32)))).toBe(key);
    }
    for (const [name, key] of Object.entries(vector.names))
      expect(createHmac("sha256", draw("naming")).update(name).digest("hex")).toBe(key);
    const store = memoryStore();
    await restore(store, new Map(Object.entries(vector.store).map(([key, hex]) => [key, fromHex(hex)])));
    const { checkpointPublicKey } = await openVault({ store, slot: rawSlot(fromHex(vector.viewSlotKey)) });
    const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), checkpointPublicKey]);
    const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
    expect(nodeVerify(null, CHECKPOINT, publicKey, fromHex(vector.checkpointSignature))).toBe(true);
  });

  test("the vector opens by each of its slots and holds what it says", { timeout: 20_000 }, async () => {
    const vector = JSON.parse(readFileSync(file, "utf8")) as Vector;
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
