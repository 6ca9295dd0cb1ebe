import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deviceKey } from "../../src/slots/index.ts";
import { bundleForBrowser, launchBrowser, launchProfile, page as pageOf, type Site, serveSite } from "./site.ts";
import type { Way } from "./ways.ts";

let browser: Browser;
let site: Site;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  const script = await bundleForBrowser(fileURLToPath(new URL("./ways.ts", import.meta.url)));
  [browser, site] = await Promise.all([launchBrowser(), serveSite(pageOf(script))]);
}, 30_000);
afterAll(() => Promise.all([browser.close(), site.close()]));
beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  await page.goto(site.origin);
});
afterEach(() => context.close());

const enrol = (slotId = "01".repeat(8)): Promise<Way> => page.evaluate((slotId) => ways.enrol(ways.deviceKey(), slotId), slotId);
const open = ({ id, parameters }: Omit<Way, "secret">, on: Page = page): Promise<string> =>
  on.evaluate((way) => ways.open(ways.deviceKey(), way), { id, parameters });

const REPLACED = ["nothing", "bytes", "a key of another cipher", "a key of another kind", "a key for nothing"] as const;

/** Puts something in the place of the key. */
const replaceKey = (what: (typeof REPLACED)[number]) =>
  page.evaluate(async (what) => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const asked = indexedDB.open("keyward-device-keys");
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
    const raw = new Uint8Array(32).fill(7);
    const make = {
      nothing: async () => undefined,
      bytes: async () => raw,
      "a key of another cipher": () => crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]),
      "a key of another kind": () => crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]),
      "a key for nothing": () => crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey"]),
    };
    const value = await make[what]();
    const transaction = database.transaction("records", "readwrite");
    const records = transaction.objectStore("records");
    const [place] = await new Promise<IDBValidKey[]>((resolve) => {
      const asked = records.getAllKeys();
      asked.onsuccess = () => resolve(asked.result);
    });
    if (value === undefined) records.delete(place ?? "");
    else records.put(value, place);
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    database.close();
  }, what);

describe("a device key", () => {
  test("opens the vault to view after a reload and after a restart of the browser, and never to sign", async () => {
    const profile = mkdtempSync(join(tmpdir(), "keyward-device-key-"));
    let context = await launchProfile(profile);
    const tab = async () => {
      const page = await context.newPage();
      await page.goto(site.origin);
      return page;
    };
    try {
      let page = await tab();
      await page.evaluate(async () => {
        const store = ways.indexedDbStore("vault");
        const vault = await ways.createVault({ store, slots: [ways.rawSlot()], viewSlots: [ways.deviceKey()], state: { of: "us" } });
        await vault.transact((tx) => tx.putSecret("wallet", new Uint8Array([1, 2, 3])));
        vault.lock();
      });
      const seen = () =>
        page.evaluate(async () => {
          const vault = await ways.openVault({ store: ways.indexedDbStore("vault"), slot: ways.deviceKey() });
          const state = await vault.read((view) => view.state);
          return [vault.access, state, await ways.codeOf(vault.withSecret("wallet", async (bytes) => bytes.slice()))];
        });
      await page.reload();
      expect(await seen()).toEqual(["view", { of: "us" }, "vault/view-only"]);
      await context.close();
      context = await launchProfile(profile);
      page = await tab();
      expect(await seen()).toEqual(["view", { of: "us" }, "vault/view-only"]);
    } finally {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });

  test("says that alone it is good for viewing only", () => {
    expect(deviceKey()).toMatchObject({ kind: "device-key", access: "view" });
  });

  test("gives the same secret each time, in each tab, and another for another slot, vault or salt", async () => {
    const way = await enrol();
    const second = await context.newPage();
    await second.goto(site.origin);
    expect([await open(way), await open(way, second)]).toEqual([way.secret, way.secret]);
    const salted = await open({ ...way, parameters: { salt: "77".repeat(32) } });
    expect(salted).toMatch(/^[0-9a-f]{64}$/);
    const other = await enrol("02".repeat(8));
    expect(new Set([way.secret, salted, other.secret]).size).toBe(3);
    expect(await open({ ...other, parameters: way.parameters })).not.toBe(way.secret);
    expect(await page.evaluate((way) => ways.open(ways.deviceKey(), way, { vaultId: "cd".repeat(16) }), way)).toBe("vault/cannot-open");
  });

  test("is kept on disk before the slot is there, and cannot be read by a script", async () => {
    const seen = await page.evaluate(async () => {
      const { transaction } = IDBDatabase.prototype;
      const durabilities: unknown[] = [];
      IDBDatabase.prototype.transaction = function (this: IDBDatabase, names, mode, options) {
        if (mode === "readwrite") durabilities.push(options?.durability);
        return transaction.call(this, names, mode, options);
      };
      await ways.enrol(ways.deviceKey());
      IDBDatabase.prototype.transaction = transaction;
      const database = await new Promise<IDBDatabase>((resolve) => {
        const asked = indexedDB.open("keyward-device-keys");
        asked.onsuccess = () => resolve(asked.result);
      });
      const [key] = await new Promise<CryptoKey[]>((resolve) => {
        const asked = database.transaction("records").objectStore("records").getAll();
        asked.onsuccess = () => resolve(asked.result);
      });
      database.close();
      const read = key && (await crypto.subtle.exportKey("raw", key).catch((error: Error) => error.name));
      return { durabilities, read, extractable: key?.extractable, usages: key?.usages };
    });
    expect(seen).toEqual({ durabilities: ["strict"], read: "InvalidAccessError", extractable: false, usages: ["deriveBits"] });
  });

  test("that was cleared opens nothing, and a new one takes another secret", async () => {
    const way = await enrol();
    await page.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const asked = indexedDB.deleteDatabase("keyward-device-keys");
          asked.onsuccess = () => resolve();
          asked.onblocked = () => reject(new Error("a slot did not let its database go"));
        }),
    );
    expect(await open(way)).toBe("vault/cannot-open");
    const message = await page.evaluate(
      (way) =>
        ways
          .deviceKey()
          .open(way.parameters, ways.context(way.id))
          .then(String, (error: Error) => error.message),
      way,
    );
    expect(message).toMatch(/no key for this vault; open it by another way and add a new device key/);
    expect((await enrol()).secret).not.toBe(way.secret);
    expect(await open(way)).not.toBe(way.secret);
  });

  test.each(REPLACED)("with %s in its place opens nothing", async (what) => {
    const way = await enrol();
    await replaceKey(what);
    expect(await open(way)).toBe("vault/cannot-open");
  });

  test("opens by no parameters but those of our form, and touches nothing for others", async () => {
    const way = await enrol();
    const salt = way.parameters.salt as string;
    const wrong: object[] = [undefined, null, 0, {}, [], "", salt.slice(2), salt.toUpperCase(), `${salt}00`, "a".repeat(100_000)].map(
      (salt) => ({ salt }),
    );
    wrong.push({}, { salt, more: 1 });
    const codes = await page.evaluate(
      async ([id, wrong]) => {
        indexedDB.open = () => {
          throw new Error("asked for");
        };
        return Promise.all(wrong.map((parameters) => ways.open(ways.deviceKey(), { id, parameters: parameters as Way["parameters"] })));
      },
      [way.id, wrong] as const,
    );
    expect(new Set(codes)).toEqual(new Set(["vault/cannot-open"]));
  });

  test("leaves the bytes that it was made of nowhere in the page's hands", async () => {
    const left = await page.evaluate(async () => {
      const drawn: Uint8Array[] = [];
      const at = ways.context("01".repeat(8));
      const random = (length: number) => {
        const bytes = at.random(length);
        drawn.push(bytes);
        return bytes;
      };
      const { parameters } = await ways.deviceKey().enrol({ ...at, random });
      return drawn.filter((bytes) => bytes.some((byte) => byte !== 0)).map((bytes) => ways.toHex(bytes) === parameters.salt);
    });
    // The salt, and nothing else.
    expect(left).toEqual([true]);
  });

  test("is neither made nor used once its signal says so", async () => {
    const way = await enrol();
    const codes = await page.evaluate(async (way) => {
      const { open } = indexedDB;
      const signal = AbortSignal.abort();
      let opened = 0;
      indexedDB.open = (...args) => {
        opened++;
        return open.apply(indexedDB, args);
      };
      const codes = [
        await ways.open(ways.deviceKey(), way, { signal }),
        await ways.codeOf(ways.deviceKey().enrol(ways.context(way.id, { signal }))),
      ];
      const control = new AbortController();
      const before = opened;
      const later = ways.open(ways.deviceKey(), way, { signal: control.signal });
      control.abort();
      return [...codes, before, await later];
    }, way);
    expect(codes).toEqual(["vault/aborted", "vault/aborted", 0, "vault/aborted"]);
  });

  test("keeps the keys of another name apart", async () => {
    const way = await enrol();
    expect(await page.evaluate((way) => ways.open(ways.deviceKey({ name: "others" }), way), way)).toBe("vault/cannot-open");
  });

  test("is refused where there is no such database, in Node too, when it is used and not when it is made", async () => {
    const codes = await page.evaluate(async () => {
      Object.defineProperty(globalThis, "indexedDB", { configurable: true, value: undefined });
      return ways.codeOf(ways.deviceKey().enrol(ways.context("01".repeat(8))));
    });
    expect(codes).toBe("slot/unavailable");
    const at = { vaultId: "ab".repeat(16), slotId: "01".repeat(8), random: (length: number) => new Uint8Array(length).fill(1) };
    await expect(deviceKey().enrol(at)).rejects.toMatchObject({ code: "slot/unavailable" });
    await expect(deviceKey().open({ salt: "ab".repeat(32) }, at)).rejects.toMatchObject({ code: "slot/unavailable" });
    for (const options of [null, 1, { name: 1 }])
      expect(() => deviceKey(options as never)).toThrow(expect.objectContaining({ code: "request/malformed" }));
  });

  test("says what is wrong with its database by the codes of the store", async () => {
    const code = await page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const asked = indexedDB.open("keyward-device-keys", 7);
        asked.onsuccess = () => resolve(asked.result);
      });
      database.close();
      return ways.codeOf(ways.deviceKey().enrol(ways.context("01".repeat(8))));
    });
    expect(code).toBe("store/foreign");
  });
});
