import { mkdir, readFile, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Page, PageScreenshotOptions } from "playwright";
import { serve } from "../examples/browser/serve.ts";
import { launchBrowser } from "../test/browser/site.ts";
import { createVault, derive, review } from "../test/examples-browser.steps.ts";

// Writes docs/images/browser-{light,dark}.png: the page of examples/browser after a payment, a denial and a look at the log; and
// docs/images/audit.png: the report docs/examples/hot-wallet-audit.html, its losses and their course.

const MOST_BYTES = 180_000;
const folder = fileURLToPath(new URL("../docs/images/", import.meta.url));
await mkdir(folder, { recursive: true });
const server = await serve(0);
const browser = await launchBrowser();
try {
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1080, height: 900 } });
    const page = await context.newPage();
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}`);
    await createVault(page);
    await derive(page);
    await review(page, { amount: "0.25" });
    await page.getByRole("button", { name: "Sign" }).click();
    await page.getByRole("heading", { name: "Signed" }).waitFor();
    await review(page, { amount: "5" });
    await page.getByRole("button", { name: "Ask all the same" }).click();
    await page.getByRole("heading", { name: "Denied" }).waitFor();
    await page.getByRole("button", { name: "Verify the log" }).click();
    await page.getByText("untampered").waitFor();
    await review(page, { amount: "5" });
    await shoot(page, `browser-${colorScheme}`, {});
    await context.close();
  }
  const page = await browser.newPage({ viewport: { width: 1080, height: 900 } });
  await page.setContent(await readFile(new URL("../docs/examples/hot-wallet-audit.html", import.meta.url), "utf8"));
  // The losses and their course: what people look for first, and small enough to keep.
  const from = await page.locator("#losses").boundingBox();
  const to = await page.locator("#losses figure").first().boundingBox();
  if (from === null || to === null) throw new Error("the report has no chart");
  await shoot(page, "audit", { clip: { x: 0, y: from.y - 16, width: 1080, height: to.y + to.height - from.y + 32 } });
} finally {
  await browser.close();
  server.close();
}

async function shoot(page: Page, name: string, options: PageScreenshotOptions): Promise<void> {
  const path = `${folder}${name}.png`;
  await page.screenshot({ path, fullPage: true, ...options });
  const { size } = await stat(path);
  console.log(`${path} ${size} bytes`);
  if (size > MOST_BYTES) throw new Error(`expected at most ${MOST_BYTES} bytes`);
}
