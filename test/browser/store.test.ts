import type { Browser, BrowserContext, CDPSession, Page } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, type Site } from "./site.ts";
import { openTab, tabSite } from "./tabs.ts";

// Each test has a private window of its own, whose storage nobody else sees.
let browser: Browser;
let site: Site;
let context: BrowserContext;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchBrowser(), tabSite()]);
});
afterEach(() => context.close());
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function open(): Promise<Page> {
  context = await browser.newContext();
  return openTab(context, site);
}

const devtools = (page: Page): Promise<CDPSession> => context.newCDPSession(page);

describe("a database that somebody else holds", () => {
  test("while it is being deleted is waited for so long and no longer, and nothing is made of what was given up", async () => {
    const page = await open();
    const seen = await page.evaluate(async () => {
      const holder = await tab.foreignDatabase("held", 1, (database) => database.createObjectStore("records"));
      const deletion = tab.deleteDatabase("held");
      const store = tab.indexedDbStore("held", { patienceMs: 150 });
      const put = () => store.commit([{ key: "a", from: null, to: tab.bytes(1) }]);
      const codes = [await tab.codeOf(store.get("a")), await tab.codeOf(put())];
      holder.close();
      await deletion;
      await tab.sleep(50);
      const left = await tab.databases();
      codes.push(await tab.codeOf(put()), await tab.codeOf(store.close()));
      // The store itself let go, and so did what it gave up.
      await tab.deleteDatabase("held");
      return { codes, left };
    });
    expect(seen).toEqual({ codes: ["store/blocked", "store/blocked", "nothing was thrown", "nothing was thrown"], left: [] });
  });

  test("and comes free too late for somebody is let go by them", async () => {
    const page = await open();
    const seen = await page.evaluate(async () => {
      const holder = await tab.foreignDatabase("late", 1, (database) => database.createObjectStore("records"));
      const deletion = tab.deleteDatabase("late");
      const patient = tab.indexedDbStore("late");
      const waiting = patient.commit([{ key: "a", to: tab.bytes(1) }]);
      const code = await tab.codeOf(tab.indexedDbStore("late", { patienceMs: 100 }).get("a"));
      holder.close();
      await Promise.all([deletion, waiting]);
      await tab.sleep(50);
      await patient.close();
      // Whoever still had it open would hold this up.
      const deleted = tab.deleteDatabase("late").then(() => "deleted");
      return [code, await Promise.race([deleted, tab.sleep(2000)])];
    });
    expect(seen).toEqual(["store/blocked", "deleted"]);
  });

  test("locked in a transaction that never ends is waited for so long and no longer, and nothing is written late", async () => {
    const page = await open();
    const codes = await page.evaluate(async () => {
      const store = tab.indexedDbStore("held", { patienceMs: 150 });
      await store.commit([{ key: "a", to: tab.bytes(1) }]);
      const holder = await tab.foreignDatabase("held", 1, () => undefined);
      const held = holder.transaction("records", "readwrite");
      let holding = true;
      const again = () => {
        if (holding) held.objectStore("records").get("a").onsuccess = again;
      };
      again();
      const codes = [await tab.codeOf(store.commit([{ key: "a", to: tab.bytes(2) }])), await tab.codeOf(store.get("a"))];
      holding = false;
      await tab.sleep(50);
      return [...codes, (await store.get("a"))?.[0], await tab.codeOf(store.commit([{ key: "a", from: tab.bytes(1), to: tab.bytes(3) }]))];
    });
    expect(codes).toEqual(["store/blocked", "store/blocked", 1, "nothing was thrown"]);
  });

  test("is let go at once when another tab makes a newer version of it, which is then refused and not touched", async () => {
    const page = await open();
    const other = await openTab(context, site);
    await page.evaluate(async () => {
      Object.assign(globalThis, { store: tab.indexedDbStore("newer") });
      await (globalThis as unknown as Held).store.commit([{ key: "a", to: tab.bytes(1) }]);
    });
    await other.evaluate(async () => (await tab.foreignDatabase("newer", 2, (database) => database.createObjectStore("new"))).close());
    const codes = await page.evaluate(async () => {
      const { store } = globalThis as unknown as Held;
      return [await tab.codeOf(store.get("a")), await tab.codeOf(store.commit([{ key: "a", to: tab.bytes(2) }]))];
    });
    expect(codes).toEqual(["store/foreign", "store/foreign"]);
  });
});

interface Held {
  readonly store: ReturnType<typeof tab.indexedDbStore>;
}

test("a database of a newer version, or of another shape, is refused by a code of its own and stays as it is", async () => {
  const page = await open();
  const codes = await page.evaluate(async () => {
    const found: Record<string, string[]> = {};
    const tried = async (name: string) => {
      const store = tab.indexedDbStore(name);
      found[name] = [
        await tab.codeOf(store.get("a")),
        await tab.codeOf(store.commit([{ key: "a", from: null, to: tab.bytes(1) }])),
        await tab.codeOf(store.now()),
        await tab.codeOf(tab.keysOf(store)),
      ];
      await store.close();
    };
    const shapes: { [name: string]: [number, (database: IDBDatabase) => void] } = {
      newer: [2, (database) => database.createObjectStore("records")],
      other: [1, (database) => database.createObjectStore("keyval")],
      empty: [1, () => undefined],
      "with a key path": [1, (database) => database.createObjectStore("records", { keyPath: "id" })],
      "with a generator": [1, (database) => database.createObjectStore("records", { autoIncrement: true })],
    };
    for (const [name, [version, make]] of Object.entries(shapes)) {
      (await tab.foreignDatabase(name, version, make)).close();
      await tried(name);
    }
    return found;
  });
  expect(Object.keys(codes)).toHaveLength(5);
  for (const [name, each] of Object.entries(codes)) expect([name, ...each]).toEqual([name, ...Array(4).fill("store/foreign")]);
});

test("what is no record of ours under a key of ours is refused, whoever wrote it there", async () => {
  const page = await open();
  const codes = await page.evaluate(async () => {
    const store = tab.indexedDbStore("mixed");
    await store.commit([{ key: "a", to: tab.bytes(1) }]);
    const raw = await tab.foreignDatabase("mixed", 1, () => undefined);
    const put = (key: IDBValidKey, value: unknown) =>
      new Promise<void>((resolve) => {
        const writing = raw.transaction("records", "readwrite");
        writing.objectStore("records").put(value, key);
        writing.oncomplete = () => resolve();
      });
    const codes: string[] = [];
    for (const value of ["text", { length: 1, 0: 1 }, [1], tab.bytes(1).buffer, new DataView(tab.bytes(1).buffer), null, 1n]) {
      await put("a", value);
      codes.push(await tab.codeOf(store.get("a")), await tab.codeOf(store.commit([{ key: "a", from: tab.bytes(1), to: tab.bytes(2) }])));
    }
    await put("a", tab.bytes(1));
    await put("@time", "9999");
    codes.push(await tab.codeOf(store.now()), await tab.codeOf(store.commit([{ key: "a", to: tab.bytes(2) }])));
    await put("@time", 5);
    await put(7, tab.bytes(1));
    codes.push(await tab.codeOf(tab.keysOf(store)));
    return [codes, (await store.get("a"))?.[0]];
  });
  expect(codes).toEqual([Array(17).fill("store/foreign"), 1]);
});

describe("where there is no room left", () => {
  // Chromium remembers for half a minute how much room there was, so a small quota is set before anything is written; and it does not
  // count what is so large that it lies in files of its own.
  const quota = async (page: Page, quotaSize?: number) =>
    (await devtools(page)).send("Storage.overrideQuotaForOrigin", {
      origin: site.origin,
      ...(quotaSize !== undefined && { quotaSize }),
    });

  test("a commit is refused by a code of its own, nothing of it is written, and it works again once there is room", async () => {
    const page = await open();
    await quota(page, 200_000);
    const attempt = () =>
      page.evaluate(async () => {
        const store = tab.indexedDbStore("full");
        const large = Array.from({ length: 8 }, (_, n) => ({ key: `large/${n}`, to: new Uint8Array(60_000).fill(n) }));
        const code = await tab.codeOf(store.commit([{ key: "a", to: tab.bytes(1) }, ...large]));
        const keys = (await tab.keysOf(store)).length;
        await store.close();
        return [code, keys];
      });
    expect(await attempt()).toEqual(["store/full", 0]);
    expect(await attempt()).toEqual(["store/full", 0]);
    await quota(page);
    expect(await attempt()).toEqual(["nothing was thrown", 9]);
  });

  test("nothing is signed, the limit does not move, and the vault goes on as before once there is room", async () => {
    const page = await open();
    await quota(page, 800_000);
    await page.evaluate(async () => {
      const { custody, me } = await tab.openCustody({
        store: tab.indexedDbStore("vault"),
        policy: tab.payments([tab.ethLimit("2 ETH")]),
      });
      await me.sign(tab.pay(0, "1"));
      // Something else of this site takes all that is left.
      const other = tab.indexedDbStore("other");
      for (let [size, n] = [1 << 15, 0]; size >= 16; n++) {
        const code = await tab.codeOf(other.commit([{ key: `${n}`, to: new Uint8Array(size) }]));
        if (code === "store/full") size >>= 1;
      }
      Object.assign(globalThis, { custody, me, other });
    });
    const full = await page.evaluate(async () => {
      const { me, custody } = globalThis as unknown as Opened;
      const ends = await tab.ends([1, 2, 3].map((nonce) => me.sign(tab.pay(nonce, "1"))));
      return [...ends, (await custody.accounts()).length];
    });
    expect(full).toEqual(["store/full", "store/full", "store/full", 1]);
    await quota(page);
    const after = await page.evaluate(async () => {
      const { me, custody } = globalThis as unknown as Opened;
      const ends = [await tab.ends([me.sign(tab.pay(4, "1"))]), await tab.ends([me.sign(tab.pay(5, "1"))])];
      return [...ends, tab.kindsOf(await tab.checkedLog(custody))];
    });
    expect(after).toEqual([["signed"], ["denied"], "created policy account session account reserved signed reserved signed denied"]);
  });
});

interface Opened {
  readonly custody: Awaited<ReturnType<typeof tab.openCustody>>["custody"];
  readonly me: Awaited<ReturnType<typeof tab.openCustody>>["me"];
}

test("a transaction that the browser undoes is a failure of the store, with nothing written, and the next one passes", async () => {
  const page = await open();
  const seen = await page.evaluate(async () => {
    const store = tab.indexedDbStore("undone");
    await store.commit([{ key: "a", to: tab.bytes(1) }]);
    const codes: string[] = [];
    const { put } = IDBObjectStore.prototype;
    for (const after of [1, 2, 3]) {
      let puts = 0;
      IDBObjectStore.prototype.put = function (...given) {
        const asked = put.apply(this, given);
        if (++puts === after) this.transaction.abort();
        return asked;
      };
      const changes = [
        { key: "a", to: tab.bytes(2) },
        { key: "b", to: tab.bytes(2) },
      ];
      codes.push(await tab.codeOf(store.commit(changes)));
      IDBObjectStore.prototype.put = put;
    }
    const keys = await tab.keysOf(store);
    return [codes, keys, (await store.get("a"))?.[0], await tab.codeOf(store.commit([{ key: "a", from: tab.bytes(1), to: null }]))];
  });
  expect(seen).toEqual([Array(3).fill("store/failed"), ["a"], 1, "nothing was thrown"]);
});

describe("an open vault whose store is emptied under its feet", { timeout: 30_000 }, () => {
  const emptied: { readonly [how: string]: (page: Page, other: Page) => Promise<unknown> } = {
    "by another tab that deletes the database": (_, other) => other.evaluate(() => tab.deleteDatabase("vault")),
    "by the user who clears the site's data": async (page) =>
      (await devtools(page)).send("Storage.clearDataForOrigin", { origin: site.origin, storageTypes: "indexeddb" }),
  };

  // Chromium forgets to answer what is asked in the very moment: those calls end too, by patience at the latest.
  const refused = /^(vault\/absent|store\/failed|store\/blocked)$/;

  test.each(Object.keys(emptied))("%s notices, signs nothing more, and begins no new one", async (how) => {
    const page = await open();
    const other = await openTab(context, site);
    for (let round = 0; round < 4; round++) {
      await page.evaluate(async () => {
        const store = tab.indexedDbStore("vault", { patienceMs: 500 });
        const { custody, me } = await tab.openCustody({ store });
        Object.assign(globalThis, { custody, me });
      });
      const asked = page.evaluate(async () => {
        const { me } = globalThis as unknown as Opened;
        return tab.ends(Array.from({ length: 6 }, (_, nonce) => me.sign(tab.pay(nonce, "1"))));
      });
      await new Promise((resolve) => setTimeout(resolve, 5 * round));
      await emptied[how]?.(page, other);
      for (const end of await asked) if (end !== "signed") expect(end).toMatch(refused);
      const end = () => page.evaluate(() => tab.codeOf((globalThis as unknown as Opened).me.sign(tab.pay(9, "1"))));
      expect(await end()).toMatch(refused);
      if (await absentIn(3000, end)) await closedVault(page);
      else await absentAfterReload(page);
    }
  });

  /** Now and then Chromium keeps a database that it took away blocked for the page that had it open. Nothing is signed then either. */
  async function absentIn(ms: number, end: () => Promise<string>): Promise<boolean> {
    for (const until = Date.now() + ms; Date.now() < until; ) {
      const code = await end();
      if (code === "vault/absent") return true;
      expect(code).toMatch(refused);
    }
    return false;
  }

  async function absentAfterReload(page: Page): Promise<void> {
    await page.reload();
    await expect.poll(() => page.evaluate(() => tab.keysOf(tab.indexedDbStore("vault"))), { timeout: 25_000 }).toEqual([]);
  }

  /** Asks an open vault that is gone for everything, then locks it. */
  async function closedVault(page: Page): Promise<void> {
    const after = await page.evaluate(async () => {
      const { custody, me } = globalThis as unknown as Opened;
      const codes = [
        await tab.codeOf(me.sign(tab.pay(9, "1"))),
        await tab.codeOf(custody.accounts()),
        await tab.codeOf(custody.checkpoint()),
        await tab.codeOf(me.accounts.derive({ chain: tab.CHAIN, name: "Second" })),
      ];
      const left = await tab.keysOf(tab.indexedDbStore("vault"));
      custody.lock();
      codes.push(await tab.codeOf(custody.unlock(tab.slot)), custody.state);
      return { codes, left, afterwards: await tab.keysOf(tab.indexedDbStore("vault")) };
    });
    const gone = ["vault/absent", "vault/absent", "vault/absent", "vault/absent", "vault/absent", "absent"];
    expect(after).toEqual({ codes: gone, left: [], afterwards: [] });
  }

  test("and filled again, with an older copy or with another vault, refuses that too", async () => {
    const page = await open();
    const codes = await page.evaluate(async () => {
      const store = tab.indexedDbStore("vault");
      const { custody, me } = await tab.openCustody({ store });
      const older = await tab.dump(store);
      await me.sign(tab.pay(0, "1"));
      await tab.deleteDatabase("vault");
      const second = tab.indexedDbStore("vault");
      await tab.restore(second, older);
      const codes = [await tab.codeOf(me.sign(tab.pay(1, "1"))), await tab.codeOf(custody.accounts())];
      await tab.deleteDatabase("vault");
      await tab.openCustody({ store: second });
      codes.push(await tab.codeOf(me.sign(tab.pay(1, "1"))), await tab.codeOf(custody.accounts()));
      return codes;
    });
    expect(codes).toEqual(["vault/rolled-back", "vault/rolled-back", "vault/damaged", "vault/damaged"]);
  });
});

test("a page that is closed in mid-commit leaves each commit wholly there or wholly absent, and every acknowledged one there", async () => {
  const first = await open();
  for (let round = 0; round < 4; round++) {
    const writer = await openTab(context, site);
    let acknowledged = 0;
    await writer.exposeFunction("acknowledge", (generation: number) => {
      acknowledged = generation;
    });
    await writer.evaluate(() => {
      const store = tab.indexedDbStore("closing");
      const write = async () => {
        const { acknowledge } = globalThis as unknown as { acknowledge(generation: number): void };
        for (let generation = (await store.get("k/0"))?.[0] ?? 0; ; ) {
          generation++;
          await store.commit(Array.from({ length: 40 }, (_, n) => ({ key: `k/${n}`, to: new Uint8Array(5000).fill(generation) })));
          acknowledge(generation);
        }
      };
      void write();
    });
    await expect.poll(() => acknowledged, { interval: 2, timeout: 25_000 }).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 7 * round));
    await writer.close();
    const found = await first.evaluate(async () => {
      const store = tab.indexedDbStore("closing");
      const generations = new Set<number | undefined>();
      for (let n = 0; n < 40; n++) generations.add((await store.get(`k/${n}`))?.[0]);
      await store.close();
      return [...generations];
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toBeGreaterThanOrEqual(acknowledged);
  }
});
