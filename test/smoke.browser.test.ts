import { expect, test } from "vitest";
import { fromHex, toHex } from "../src/base/bytes.ts";
import { CustodyError } from "../src/base/errors.ts";

test("the sources load and run in a browser", () => {
  expect(globalThis.document).toBeDefined();
  expect(toHex(fromHex("0x00ff"))).toBe("00ff");
  expect(() => fromHex("0")).toThrow(CustodyError);
});

test("the browser has secure randomness and the subtle interface", async () => {
  expect(globalThis.isSecureContext).toBe(true);
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  expect(key.type).toBe("secret");
});

test("an IndexedDB transaction is strictly durable when asked", async () => {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open("smoke");
    opening.onupgradeneeded = () => opening.result.createObjectStore("records");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const transaction = database.transaction("records", "readwrite", { durability: "strict" });
  expect(transaction.durability).toBe("strict");
  transaction.objectStore("records").put(new Uint8Array([1, 2, 3]), "bytes");
  await new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
  database.close();
});
