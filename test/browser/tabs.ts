import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright";
import { bundleForBrowser, page, type Site, serveSite } from "./site.ts";

/** A site whose pages have the package, the custody of the tests and a few hands more: see `tab.ts`. */
export async function tabSite(): Promise<Site> {
  return serveSite(page(await bundleForBrowser(fileURLToPath(new URL("./tab.ts", import.meta.url)))));
}

/** A page of the site that is ready. */
export async function openTab(context: BrowserContext, site: Site): Promise<Page> {
  const opened = await context.newPage();
  await opened.goto(site.origin);
  return opened;
}
