import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser, type Site } from "./site.ts";
import { openTab, tabSite } from "./tabs.ts";

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

async function tabs(count: number): Promise<Page[]> {
  context = await browser.newContext();
  return Promise.all(Array.from({ length: count }, () => openTab(context, site)));
}

/** What a tab keeps from one call to the next. */
interface Kept {
  readonly custody: ReturnType<typeof tab.keyward>;
  readonly store: ReturnType<typeof tab.indexedDbStore>;
  readonly states: string[];
}

/** A custody over the store that all tabs share, as an app has it; it writes down every state it comes to. */
const begin = (page: Page, autoLockMs = 600_000) =>
  page.evaluate(
    async ({ autoLockMs }) => {
      const store = tab.indexedDbStore("vault");
      const custody = tab.keyward({ store, chains: [tab.evm], autoLockMs });
      const states = [await custody.status()];
      custody.subscribe((state) => states.push(state));
      Object.assign(globalThis, { custody, store, states });
    },
    { autoLockMs },
  );
const create = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as Kept).custody.create({ slot: tab.slot, policy: tab.payments() }));
const unlock = (page: Page) => page.evaluate(() => (globalThis as unknown as Kept).custody.unlock(tab.slot));
const lock = (page: Page) => page.evaluate(() => (globalThis as unknown as Kept).custody.lock());
const state = (page: Page) => page.evaluate(() => (globalThis as unknown as Kept).custody.state);
const settled = (page: Page) => expect.poll(() => state(page), { timeout: 20_000, interval: 10 });

test("four tabs that ask thirty-two times at once sign exactly what the limit allows, and the log has exactly that", async () => {
  const pages = await tabs(4);
  const [first] = pages as [Page];
  await first.evaluate(async () => {
    const limits = [tab.ethLimit("100 ETH"), { id: "count", limit: ["transfer"], max: 25, per: "1h" }];
    const { custody } = await tab.openCustody({ store: tab.indexedDbStore("vault"), policy: tab.payments(limits) });
    custody.lock();
  });
  const each = await Promise.all(
    pages.map((page, n) =>
      page.evaluate(async (n) => {
        const { me } = await tab.reopen(tab.indexedDbStore("vault"));
        const outcomes = await Promise.all(Array.from({ length: 8 }, (_, k) => me.sign(tab.pay(100 * n + k, "10"))));
        return outcomes.map(tab.shown);
      }, n),
    ),
  );
  const shown = each.flat() as { kind: string; hash?: string }[];
  const signed = shown.filter(({ kind }) => kind === "signed");
  expect(signed).toHaveLength(10);
  expect(shown.filter(({ kind }) => kind === "denied")).toHaveLength(22);
  const logged = await first.evaluate(async () => {
    const { custody, me } = await tab.reopen(tab.indexedDbStore("vault"));
    const entries = await tab.checkedLog(custody);
    const hashes = entries.filter(({ kind }) => kind === "signed").map(({ result }) => (result as { hash: string }).hash);
    return { hashes, more: await tab.ends([me.sign(tab.pay(999, "1"))]) };
  });
  expect(logged.hashes.sort()).toEqual(signed.map(({ hash }) => hash).sort());
  expect(logged.more).toEqual(["denied"]);
});

describe("of tabs that share a store", () => {
  test("one that makes a vault turns absent into locked in the others", async () => {
    const [first, second] = (await tabs(2)) as [Page, Page];
    await Promise.all([begin(first), begin(second)]);
    expect([await state(first), await state(second)]).toEqual(["absent", "absent"]);
    await create(first);
    await settled(second).toBe("locked");
    await unlock(second);
    expect([await state(first), await state(second)]).toEqual(["open", "open"]);
  });

  test("one that is locked by hand locks all others at once, also when it is locked already or closes its store right after", async () => {
    const [first, second, third] = (await tabs(3)) as [Page, Page, Page];
    await begin(first);
    await create(first);
    await Promise.all([begin(second), begin(third)]);
    await Promise.all([unlock(second), unlock(third)]);
    await lock(first);
    await settled(second).toBe("locked");
    await settled(third).toBe("locked");

    await unlock(second);
    await lock(first);
    await settled(second).toBe("locked");

    await Promise.all([unlock(first), unlock(second)]);
    await first.evaluate(async () => {
      const { custody, store } = globalThis as unknown as Kept;
      custody.lock();
      await store.close();
      // Nobody listens any more, and nothing is thrown for it.
      custody.lock();
    });
    await settled(second).toBe("locked");
  });

  test("one that locks for idleness, unlocks or is closed leaves the others open", async () => {
    const [first, second, third] = (await tabs(3)) as [Page, Page, Page];
    await begin(first);
    await create(first);
    await begin(second, 400);
    await unlock(second);
    await settled(second).toBe("locked");
    await begin(third);
    await unlock(third);
    await third.evaluate(() => (globalThis as unknown as Kept).custody.unlock(tab.slot, { access: "view" }));
    await third.close();
    await unlock(second);
    await first.evaluate(() => tab.sleep(50));
    expect(await first.evaluate(() => (globalThis as unknown as Kept).states)).toEqual(["absent", "opening", "open"]);
  });

  test("one that says anything else is not heard, and one that lies can lock and no more", async () => {
    const [first, second] = (await tabs(2)) as [Page, Page];
    await begin(first);
    await second.evaluate(() => {
      Object.assign(globalThis, { channel: new BroadcastChannel("keyward/vault") });
    });
    const say = (what: unknown) =>
      second.evaluate((what) => (globalThis as unknown as { channel: BroadcastChannel }).channel.postMessage(what), what);
    // A vault that is not there is not believed in.
    await say("created");
    await first.evaluate(() => tab.sleep(30));
    expect(await state(first)).toBe("absent");
    await create(first);
    for (const what of ["suspended", "open", "unlock", ["locked"], { event: "locked" }, 1, null, "created", "absent"]) await say(what);
    await first.evaluate(() => tab.sleep(30));
    expect(await state(first)).toBe("open");
    await say("locked");
    await settled(first).toBe("locked");
    await unlock(first);
    expect(await first.evaluate(async () => (await (globalThis as unknown as Kept).custody.wallets()).length)).toBe(1);
  });

  test("one that is frozen or left is locked, unless it locks never, and the others stay open", async () => {
    const [first, second, third] = (await tabs(3)) as [Page, Page, Page];
    await begin(first);
    await create(first);
    await begin(second);
    await begin(third, Number.POSITIVE_INFINITY);
    await Promise.all([unlock(second), unlock(third)]);
    // Chromium freezes only what nobody sees, and without a screen everything is seen: said as it says it.
    for (const page of [second, third]) await page.evaluate(() => document.dispatchEvent(new Event("freeze")));
    expect([await state(first), await state(second), await state(third)]).toEqual(["open", "locked", "open"]);

    await unlock(second);
    await second.evaluate(() => {
      const { custody } = globalThis as unknown as Kept;
      custody.subscribe((state) => sessionStorage.setItem("state", state));
    });
    await second.goto(`${site.origin}/main.js`);
    expect([await state(first), await second.evaluate(() => sessionStorage.getItem("state"))]).toEqual(["open", "locked"]);
  });

  test("two custodies in one page hear of each other, each over a store of its own", async () => {
    const [page] = (await tabs(1)) as [Page];
    const states = await page.evaluate(async () => {
      const { custody } = await tab.openCustody({ store: tab.indexedDbStore("vault") });
      const second = await tab.reopen(tab.indexedDbStore("vault"));
      const another = await tab.openCustody({ store: tab.indexedDbStore("another vault") });
      custody.lock();
      await tab.sleep(50);
      return [custody.state, second.custody.state, another.custody.state];
    });
    expect(states).toEqual(["locked", "locked", "open"]);
  });
});

test("in a private window it all works, and support() says what the browser says of it", async () => {
  const [page] = (await tabs(1)) as [Page];
  const seen = await page.evaluate(async () => {
    const store = tab.indexedDbStore("vault");
    const { custody, me } = await tab.openCustody({ store });
    const ends = await tab.ends([me.sign(tab.pay(0, "1"))]);
    return { ends, support: await custody.support(), text: await custody.diagnose(), asked: await store.persist() };
  });
  expect(seen.ends).toEqual(["signed"]);
  expect(seen.support).toEqual({
    randomness: true,
    webCrypto: true,
    secureContext: true,
    store: true,
    persisted: false,
    freeBytes: expect.any(Number),
    sharedLocks: true,
    passkeyPrf: expect.any(Boolean),
  });
  expect(seen.support.freeBytes).toBeGreaterThan(1_000_000);
  expect(seen.asked).toBeTypeOf("boolean");
  expect(seen.text).toMatch(/^keyward: open\nrandomness yes, WebCrypto yes, secure context yes, passkeys with PRF (yes|no)\n/);
  expect(seen.text).toMatch(/\nstore answers yes, persisted no, room \d+ MB, locks shared yes\n/);
});
