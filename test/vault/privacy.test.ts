import { base64 } from "@scure/base";
import { describe, expect, test } from "vitest";
import { equal, toHex, utf8 } from "../../src/base/bytes.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import { paddedLength } from "../../src/vault/pad.ts";
import { dump, keyOf, rawSlot } from "./setting.ts";

const slot = rawSlot(keyOf(0x5a));
const words = [
  "account/savings",
  "Savings",
  "0xd8da6bf26964af9d7eed9e03e53415d37aa96045",
  "frozen",
  "entry/0",
  "ten thousand",
  "abandon ability able",
  "wallet-seed",
];

async function written() {
  const store = memoryStore();
  const vault = await createVault({ store, slots: [slot], state: { mode: "frozen" } });
  await vault.transact((tx) => {
    tx.put("account/savings", { name: "Savings", address: "0xd8da6bf26964af9d7eed9e03e53415d37aa96045" });
    tx.blob("entry/0", utf8("ten thousand"));
    tx.putSecret("wallet-seed", utf8("abandon ability able"));
  });
  return { store, vault };
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** As it lies in memory that holds text in two bytes a letter, the low one first. */
function utf16(text: string): string {
  return latin1(Uint8Array.from([...text].flatMap((letter) => [letter.charCodeAt(0) & 0xff, letter.charCodeAt(0) >> 8])));
}

describe("somebody who has only the store", () => {
  test("finds no name and no word of any record, in any of the encodings that one would scan for", async () => {
    const { store } = await written();
    const all = [...(await dump(store))].map(([key, bytes]) => `${key}\n${latin1(bytes)}`).join("\n");
    const encoded = (word: string) => [word, toHex(utf8(word)), base64.encode(utf8(word)).slice(0, -4), utf16(word)];
    for (const word of [...words, latin1(keyOf(0x5a)), toHex(keyOf(0x5a))])
      for (const form of encoded(word)) expect(all.includes(form)).toBe(false);
    // The scan finds what is there.
    expect(all).toContain("xchacha20poly1305");
  });

  test("sees opaque names, and sizes of few classes only", async () => {
    const { store } = await written();
    const overhead = 6 + 24 + 16;
    for (const [key, bytes] of await dump(store)) {
      if (key !== "vault" && key !== "root") expect(key).toMatch(/^[0-9a-f]{64}$/);
      if (key !== "vault") expect(paddedLength(bytes.length - overhead - 1)).toBe(bytes.length - overhead);
    }
  });

  test("sees the same size for a short and a longer record", async () => {
    const sizes = [];
    for (const value of ["a", "b".repeat(200)]) {
      const store = memoryStore();
      await createVault({ store, slots: [slot], state: null, records: { r: value } });
      sizes.push([...(await dump(store)).values()].map(({ length }) => length).sort((a, b) => a - b));
    }
    expect(sizes[0]).toEqual(sizes[1]);
  });

  test("does not see that two vaults hold the same", async () => {
    const [one, two] = [await dump((await written()).store), await dump((await written()).store)];
    for (const [key, bytes] of one) {
      if (key !== "vault" && key !== "root") expect(two.has(key)).toBe(false);
      expect([...two.values()].some((other) => equal(bytes, other))).toBe(false);
    }
  });

  test("finds nothing in an error that names a record, a secret or a key", async () => {
    const { store, vault } = await written();
    const errors = [
      await vault.withSecret("wallet-seed-2", async () => 1).catch((error) => error),
      await openVault({ store, slot: rawSlot(keyOf(0x5b)) }).catch((error) => error),
    ];
    const other = await openVault({ store, slot });
    for (const key of (await dump(store)).keys()) if (key.length === 64) await store.commit([{ key, to: utf8("not a record") }]);
    errors.push(await openVault({ store, slot }).catch((error) => error));
    errors.push(await other.withSecret("wallet-seed", async () => 1).catch((error) => error));
    for (const error of errors) {
      const text = `${error.stack} ${JSON.stringify(error)} ${error.cause}`;
      for (const word of [...words, "5a5a5a5a", "5b5b5b5b"]) expect(text.includes(word)).toBe(false);
    }
  });
});
