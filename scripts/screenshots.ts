import { mkdir, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { serve } from "../examples/browser/serve.ts";
import { launchBrowser } from "../test/browser/site.ts";
import { createVault, derive, review } from "../test/examples-browser.steps.ts";

// Writes docs/images/browser-{light,dark}.png: the page of examples/browser after a payment, a denial and a look at the log.

const MOST_BYTES = 150_000;
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
    const path = `${folder}browser-${colorScheme}.png`;
    await page.screenshot({ path, fullPage: true });
    const { size } = await stat(path);
    console.log(`${path} ${size} bytes`);
    if (size > MOST_BYTES) throw new Error(`expected at most ${MOST_BYTES} bytes`);
    await context.close();
  }
} finally {
  await browser.close();
  server.close();
}
