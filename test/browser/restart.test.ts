import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { IN_CLEAR, traces } from "../custody/told.ts";
import { launchProfile, type Site } from "./site.ts";
import { openTab, tabSite } from "./tabs.ts";

let site: Site;
let profile: string;

beforeAll(async () => {
  site = await tabSite();
});
afterAll(() => site.close());
beforeEach(() => {
  profile = mkdtempSync(join(tmpdir(), "keyward-profile-"));
});
afterEach(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));

/** Kills the browser process, and waits until nothing of it is left. */
async function kill(context: BrowserContext): Promise<void> {
  const session = await context.browser()?.newBrowserCDPSession();
  const { processInfo } = (await session?.send("SystemInfo.getProcessInfo")) ?? { processInfo: [] };
  const pid = processInfo.find(({ type }) => type === "browser")?.id;
  if (pid === undefined) throw new Error("expected the browser to tell its process");
  const gone = new Promise<void>((resolve) => context.once("close", () => resolve()));
  process.kill(pid, "SIGKILL");
  await gone;
}

test("limits and log are there after a reload and after a restart of the browser", async () => {
  let context = await launchProfile(profile);
  let page = await openTab(context, site);
  const first = await page.evaluate(async () => {
    const { me } = await tab.openCustody({ store: tab.indexedDbStore("vault"), policy: tab.payments([tab.ethLimit("10 ETH")]) });
    return tab.ends([me.sign(tab.pay(0, "6"))]);
  });
  expect(first).toEqual(["signed"]);
  const goOn = () =>
    page.evaluate(async () => {
      const { custody, me } = await tab.reopen(tab.indexedDbStore("vault"));
      const ends = await tab.ends([me.sign(tab.pay(1, "6"))]);
      return [...ends, tab.kindsOf(await tab.checkedLog(custody))];
    });
  const before = "created policy account session account reserved signed";
  await page.reload();
  expect(await goOn()).toEqual(["denied", `${before} opened session denied`]);
  await context.close();
  context = await launchProfile(profile);
  page = await openTab(context, site);
  expect(await goOn()).toEqual(["denied", `${before} opened session denied opened session denied`]);
  await context.close();
});

test("a browser that is killed at any moment of signing has shown nothing that is not in the log, and the limit still counts", async () => {
  let nonce = 0;
  let taken = 0;
  const shown: string[] = [];
  const left = async (context: BrowserContext) => {
    const page = await openTab(context, site);
    return page.evaluate(async () => {
      const store = tab.indexedDbStore("vault");
      const policy = tab.payments([tab.ethLimit("1000 ETH")]);
      const isThere = (await tab.keysOf(store)).length > 0;
      const { custody } = isThere ? await tab.reopen(store) : await tab.openCustody({ store, policy });
      const entries = await tab.checkedLog(custody);
      Object.assign(globalThis, { custody });
      const reserved = entries.filter(({ kind }) => kind === "reserved");
      const counted = reserved.flatMap((entry) => entry.counters as readonly { limit: string; after: string }[]).at(-1)?.after ?? "0";
      const signed = entries.filter(({ kind }) => kind === "signed").map(({ result }) => (result as { hash: string }).hash);
      return { isThere, signed, reserved: reserved.length, counted };
    });
  };
  // A browser that is killed while it writes may throw the whole database away: as if the user had cleared it, and never a part of it.
  const heed = (isThere: boolean) => {
    if (isThere) return;
    taken++;
    shown.length = 0;
  };
  for (let round = 0; round < 4; round++) {
    const context = await launchProfile(profile);
    const { isThere, signed, reserved, counted } = await left(context);
    heed(isThere);
    expect(signed).toEqual(expect.arrayContaining(shown));
    // One to a reservation; what was reserved and never signed has counted too, until it lapses.
    expect(reserved - signed.length).toBeLessThanOrEqual(4 * round);
    expect(BigInt(counted)).toBeGreaterThanOrEqual(BigInt(signed.length) * 10n ** 18n);
    const [page] = context.pages().slice(-1);
    let heard = 0;
    await page?.exposeFunction("show", (hash: string) => {
      shown.push(hash);
      heard++;
    });
    void page
      ?.evaluate(async (nonce) => {
        const { custody, show } = globalThis as unknown as { custody: ReturnType<typeof tab.keyward>; show(hash: string): void };
        const me = await custody.session({ person: "owner" });
        const line = async (nonce: number) => {
          for (let n = nonce; ; n += 4) {
            const outcome = await me.sign(tab.pay(n, "1"));
            if (outcome.kind === "signed") show(outcome.hash);
          }
        };
        await Promise.all([0, 1, 2, 3].map((n) => line(nonce + n)));
      }, nonce)
      .catch(() => undefined);
    nonce += 10_000;
    await expect.poll(() => heard, { interval: 2, timeout: 25_000 }).toBeGreaterThan(2);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
    await kill(context);
  }
  const context = await launchProfile(profile);
  const { isThere, signed } = await left(context);
  heed(isThere);
  expect(signed).toEqual(expect.arrayContaining(shown));
  // The first round begins with nothing.
  expect(taken).toBeLessThanOrEqual(2);
  expect(new Set(signed).size).toBe(signed.length);
  await context.close();
});

describe("what lies in the profile of the browser", () => {
  test("shows no address, name, amount, rule, word or key, in any encoding that one would look for", async () => {
    const context = await launchProfile(profile);
    const page = await openTab(context, site);
    const names = await page.evaluate(async () => {
      const store = tab.indexedDbStore("vault");
      const { custody, names } = await tab.tellEverything(store);
      custody.lock();
      await store.close();
      return names;
    });
    await context.close();
    const files = readdirSync(profile, { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [{ name: join(entry.parentPath, entry.name), bytes: readFileSync(join(entry.parentPath, entry.name)) }] : [],
    );
    const found = (needle: Uint8Array) => files.flatMap(({ name, bytes }) => (bytes.includes(Buffer.from(needle)) ? [name] : []));
    for (const { what, bytes } of traces(names)) expect([what, found(bytes)]).toEqual([what, []]);
    for (const bytes of IN_CLEAR) expect(found(bytes)).not.toEqual([]);
  });
});
