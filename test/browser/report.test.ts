import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reportHtml } from "../../src/policy/report/index.ts";
import { audited, hotWallet } from "../policy/report/fixture.ts";
import { launchBrowser, type Site, serveSite } from "./site.ts";

const HOSTILE = "</title></style><script>document.title='owned'</script><img src=/x>";
const html = reportHtml(audited(hotWallet(HOSTILE)), { version: "1.2.3", request: () => ({ hex: "0x00" }) });
// Served without any header of its own: what protects the page stands in the page.
const FILES = { "/": { body: html, type: "text/html" }, "/favicon.ico": { body: "", type: "image/x-icon" } };

let site: Site;
let browser: Awaited<ReturnType<typeof launchBrowser>>;
beforeAll(async () => {
  site = await serveSite(FILES);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

async function opened(colorScheme: "light" | "dark" = "light", width = 1100): Promise<{ page: Page; said: string[]; asked: string[] }> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  const said: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(site.origin);
  return { page, said, asked };
}

describe("the report in a browser", () => {
  test.each(["light", "dark"] as const)("opens in %s without a complaint, and asks for nothing", async (scheme) => {
    const { page, said, asked } = await opened(scheme);
    expect(said).toEqual([]);
    expect(asked.filter((path) => path !== "/favicon.ico")).toEqual(["/"]);
    expect(await page.title()).toBe(`Audit of ${HOSTILE}`);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(HOSTILE);
    expect(await page.locator("script, img, link, iframe").count()).toBe(0);
    await page.context().close();
  });

  test("its own policy lets no script run and nothing load, even what stands in the page", async () => {
    const body = html.replace("</main>", "<script>document.title='owned'</script><p style='color:red' id=p>x</p><img src=/image></main>");
    const asked: string[] = [];
    const image = () => {
      asked.push("/image");
      return { body: "", type: "image/png" };
    };
    const open = await serveSite({
      "/": { body, type: "text/html" },
      get "/image"() {
        return image();
      },
    });
    const page = await browser.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    await page.goto(open.origin);
    expect(await page.title()).not.toBe("owned");
    expect(said.filter((text) => /violates the following Content Security Policy/.test(text)).length).toBeGreaterThanOrEqual(3);
    expect(asked).toEqual([]);
    await page.close();
    await open.close();
  });

  test("an amount leads to the requests that take it, and opens them", async () => {
    const { page } = await opened();
    const steps = page.locator("[id='loss-0-0-0']");
    expect(await steps.isVisible()).toBe(false);
    await page.locator("a[href='#loss-0-0-0']").click();
    await steps.waitFor({ state: "visible" });
    expect(await steps.textContent()).toContain("5 times");
    await page.context().close();
  });

  test("headings go down one step at a time, and every table says what its heads are of", async () => {
    const { page } = await opened();
    const levels = await page.locator("h1,h2,h3,h4").evaluateAll((all) => all.map((one) => Number(one.tagName.slice(1))));
    expect(levels[0]).toBe(1);
    for (const [at, level] of levels.entries()) if (at > 0) expect(level - (levels[at - 1] ?? 0)).toBeLessThanOrEqual(1);
    expect(await page.locator("th:not([scope])").count()).toBe(0);
    expect(await page.locator("table:not(:has(caption))").count()).toBe(0);
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    await page.context().close();
  });

  test.each(["light", "dark"] as const)("text stands out from its ground in %s", async (scheme) => {
    const { page } = await opened(scheme);
    const worst = await page.evaluate(LEAST_CONTRAST);
    expect(worst.ratio, worst.text).toBeGreaterThanOrEqual(4.5);
    await page.context().close();
  });

  test("on a telephone nothing but a table scrolls sideways; on paper no table does", async () => {
    const { page } = await opened("light", 380);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(380);
    await page.setViewportSize({ width: 720, height: 1000 });
    await page.emulateMedia({ media: "print" });
    const cut = await page.locator(".scroll").evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length);
    expect(cut).toBe(0);
    expect(await page.locator("nav").isVisible()).toBe(false);
    await page.context().close();
  });
});

/** The least contrast between a text and the first ground behind it, after WCAG 2. Runs in the page. */
const LEAST_CONTRAST = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
  const light = (color) => [...rgb(color)].slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (at) => { for (; at; at = at.parentElement) { const color = getComputedStyle(at).backgroundColor; if (rgb(color)[3] > 0) return color; } return "white"; };
  let worst = { ratio: 21, text: "" };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === "" || !at.checkVisibility()) continue;
    const style = getComputedStyle(at);
    const [a, b] = [light(at instanceof SVGElement ? style.fill : style.color), light(ground(at))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: at.tagName + "." + at.className + ": " + walker.currentNode.data.trim() };
  }
  return worst;
})()` as unknown as () => { ratio: number; text: string };
