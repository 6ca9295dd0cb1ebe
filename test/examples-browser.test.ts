import { existsSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { HEADERS, serve } from "../examples/browser/serve.ts";
import { authenticators } from "./browser/authenticator.ts";
import { launchBrowser } from "./browser/site.ts";
import { addWay, createVault, derive, isOpen, PASSPHRASE, review, unlock } from "./examples-browser.steps.ts";

let server: Server;
let browser: Browser;
let origin = "";
beforeAll(async () => {
  server = await serve(0);
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  browser = await launchBrowser();
}, 60_000);
afterAll(async () => {
  await browser.close();
  server.close();
});

/** What no page may do: fail unseen, break its own CSP, or ask anybody but its server. */
const faults: string[] = [];
const contexts: BrowserContext[] = [];
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
  expect(faults.splice(0)).toEqual([]);
});

/** A private window, with nothing stored yet. */
async function window(options: { readonly width?: number } = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: options.width ?? 1080, height: 900 } });
  contexts.push(context);
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      console.error(`CSP: ${violatedDirective} ${blockedURI}`);
    });
  });
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
  });
  context.on("weberror", (error) => faults.push(String(error.error())));
  context.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) faults.push(`asked ${request.url()}`);
  });
  return context;
}

async function tab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(origin);
  return page;
}

async function sign(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign", exact: true }).click();
  await page.getByRole("heading", { name: "Signed" }).waitFor();
}

describe("the page of examples/browser", { timeout: 60_000 }, () => {
  test("shows what it would sign, signs it, is denied more, and its log verifies", async () => {
    const page = await tab(await window());
    await createVault(page);
    await derive(page);

    await review(page, { amount: "0.25" });
    const shown = page.getByRole("region", { name: "What these bytes would do" });
    expect(await shown.innerText()).toMatch(/0\.25 ETH to alice\s+0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045/);
    expect(await shown.innerText()).toMatch(/Fee, at most\s+0\.00042 ETH/);
    expect(await shown.innerText()).toContain("The policy allows this");
    await sign(page);
    const outcome = page.getByRole("region", { name: "Signed" });
    expect(await outcome.innerText()).toMatch(/Transaction\s+0x[0-9a-f]{64}\s/);
    expect(await outcome.getByRole("textbox", { name: "Signed transaction" }).innerText()).toMatch(/^0x02f8[0-9a-f]+$/);
    expect(await page.getByText("0.25042 of 1 ETH used in the last 24 hours").isVisible()).toBe(true);

    await review(page, { amount: "5" });
    expect(await shown.innerText()).toMatch(/would deny this\s+limit\/exceeded\s+daily-eth is at most 1 ETH/);
    expect(await shown.innerText()).toContain("An amount of 0.74916 ETH would pass.");
    await page.getByRole("button", { name: "Ask all the same" }).click();
    await page.getByRole("heading", { name: "Denied" }).waitFor();
    expect(await page.getByRole("region", { name: "Denied" }).innerText()).toContain("limit/exceeded");

    await review(page, { amount: "0.1", address: "0x000000000000000000000000000000000000bEEF" });
    expect(await shown.innerText()).toMatch(/would deny this\s+policy\/not-allowed\s+no rule allows this transfer/);
    await page.getByLabel("Amount in ETH").fill("0.2");
    expect(await shown.isVisible(), "what is shown is what would be signed").toBe(false);

    const entries = await page.getByRole("region", { name: "History" }).getByRole("listitem").allInnerTexts();
    expect(entries[0]).toMatch(/^Denied: 5 ETH to alice/);
    expect(entries[1]).toMatch(/^Signed: 0\.25 ETH to alice/);
    expect(entries.at(-1)).toMatch(/^The vault was made/);
    await page.getByRole("button", { name: "Verify the log" }).click();
    await page.getByText(`${entries.length} entries, untampered: 1 signed, 1 denied.`).waitFor();
  });

  test("opens with its passphrase alone, also after a reload, and says what to do after a wrong one", async () => {
    const page = await tab(await window());
    await createVault(page);
    await derive(page);
    const address = await page.getByText(/^0x[0-9a-fA-F]{40}$/).innerText();
    await page.reload();
    expect(await page.getByRole("heading", { name: "Unlock the vault" }).isVisible()).toBe(true);
    await unlock(page, `${PASSPHRASE}!`);
    await page
      .getByRole("alert")
      .getByText(/does not open this vault.*try again.*vault\/cannot-open/)
      .waitFor();
    expect(await page.getByLabel("Passphrase", { exact: true }).inputValue()).toBe("");
    await unlock(page);
    await isOpen(page);
    expect(await page.getByRole("alert").isVisible()).toBe(false);
    await page.getByText(address).waitFor();
    await page.getByText("Unlocked; wrong passphrases before: 1").waitFor();
    await review(page, { amount: "0.01" });
    await sign(page);
    await page.getByRole("button", { name: "Lock" }).click();
    expect(await page.getByText(address).count(), "what was shown goes with the keys").toBe(0);
  });

  test("is used with the keyboard alone, and stops when it is told to", async () => {
    const page = await tab(await window());
    const type = async (...keys: readonly string[]) => {
      for (const key of keys) await (key.length > 1 && /^[A-Z]\w+$/.test(key) ? page.keyboard.press(key) : page.keyboard.type(key));
    };
    await page.getByRole("heading", { name: "Create a vault" }).waitFor();
    // Stretching may be over before somebody outside the page can press anything: this presses as soon as there is the button.
    await page.getByRole("button", { name: "Stop", includeHidden: true }).evaluate((button: HTMLElement) => {
      const press = new MutationObserver(() => {
        press.disconnect();
        button.click();
      });
      press.observe(button.closest("#opening") as HTMLElement, { attributeFilter: ["hidden"] });
    });
    await type(PASSPHRASE, "Tab", PASSPHRASE, "Enter");
    await page.getByRole("alert").getByText("Stopped. Nothing was written.").waitFor();
    await page.getByLabel("New passphrase").focus();
    await type(PASSPHRASE, "Tab", PASSPHRASE, "Tab", "Enter");
    await isOpen(page);
    await page.waitForFunction(() => document.activeElement?.id === "pay-title");
    await type("Tab", "Enter");
    await page.getByText("Main, on Ethereum").waitFor();
    await page.waitForFunction(() => document.activeElement?.id === "amount");
    await type("Enter");
    await page.getByRole("heading", { name: "What these bytes would do" }).waitFor();
    await type("Tab", "Enter");
    await page.getByRole("heading", { name: "Signed" }).waitFor();
  });

  test("locks in every tab when it is locked in one", async () => {
    const context = await window();
    const first = await tab(context);
    await createVault(first);
    await derive(first);
    const second = await tab(context);
    await unlock(second);
    await isOpen(second);
    await first.getByRole("button", { name: "Lock" }).click();
    await second.getByRole("heading", { name: "Unlock the vault" }).waitFor();
    expect(await second.getByText(/0x[0-9a-fA-F]{40}/).count()).toBe(0);
  });

  test("adds a passkey and a key of the browser, each with the passphrase once more, and opens with either", async () => {
    const context = await window();
    const page = await tab(context);
    const authenticator = await (await authenticators(context, page))();
    await createVault(page);
    await derive(page);
    const ways = page.getByRole("region", { name: "Ways in" });
    await addWay(page, "Add a passkey");
    await ways.getByText("Passkey 1 opens the vault from now on, to look and to sign.").waitFor();
    expect(await ways.getByRole("listitem").allInnerTexts()).toEqual([
      expect.stringMatching(/^Passphrase\s+to look and to sign$/),
      expect.stringMatching(/^Passkey 1\s+to look and to sign$/),
    ]);
    expect(await authenticator.credentials()).toBe(1);

    await page.reload();
    await page.getByRole("button", { name: "Unlock with a passkey" }).click();
    await isOpen(page);
    await review(page, { amount: "0.01" });
    await sign(page);

    await addWay(page, "Let this browser look");
    await ways.getByText("This browser 1 opens the vault from now on, to look at.").waitFor();
    const address = await page
      .getByRole("region", { name: "Account" })
      .getByText(/^0x[0-9a-fA-F]{40}$/)
      .innerText();
    await page.reload();
    await page.getByRole("heading", { name: "Open to look at" }).waitFor();
    await page.getByText(address).waitFor();
    await page.getByText("Signed: 0.01 ETH to alice").waitFor();
    expect(await page.getByRole("heading", { name: "Pay" }).isVisible()).toBe(false);
    expect(await page.getByRole("button", { name: "Add a passkey" }).isVisible()).toBe(false);
    await page.getByRole("button", { name: "Unlock to pay" }).click();
    await page.getByRole("button", { name: "Unlock with a passkey" }).click();
    await isOpen(page);
    expect(await page.getByRole("heading", { name: "Open to look at" }).isVisible()).toBe(false);
    await page.getByRole("button", { name: "Verify the log" }).click();
    await page.getByText(/untampered: 1 signed/).waitFor();
  });

  test("adds nothing under a wrong passphrase, by a passkey without a secret, or by one that was cancelled", async () => {
    const context = await window();
    const page = await tab(context);
    const plug = await authenticators(context, page);
    await createVault(page);
    const ways = page.getByRole("region", { name: "Ways in" }).getByRole("listitem");
    const alert = page.getByRole("alert");
    const useless = await plug({ hasPrf: false });
    await addWay(page, "Add a passkey");
    await alert.getByText(/gives no secret \(WebAuthn PRF\).*was not added.*slot\/no-prf/).waitFor();
    await useless.remove();
    const stranger = await plug({ isUserVerified: false });
    await addWay(page, "Add a passkey");
    await alert.getByText(/cancelled, took too long.*slot\/not-allowed/).waitFor();
    await stranger.remove();
    await plug();
    await addWay(page, "Add a passkey", `${PASSPHRASE}!`);
    await alert.getByText(/does not open this vault.*vault\/cannot-open/).waitFor();
    expect(await ways.count()).toBe(1);
    await addWay(page, "Add a passkey");
    await page.getByText("Passkey 1 opens the vault from now on").waitFor();
    expect(await ways.count()).toBe(2);
  });

  test("says clearly where a browser has no passkeys that give a secret, and offers none", async () => {
    const context = await window();
    await context.addInitScript(() => {
      const value = async () => ({ "extension:prf": false });
      if ("PublicKeyCredential" in globalThis) Object.defineProperty(PublicKeyCredential, "getClientCapabilities", { value });
    });
    const page = await tab(context);
    await createVault(page);
    expect(await page.getByRole("button", { name: "Add a passkey" }).isVisible()).toBe(false);
    expect(await page.getByText(/Passkeys cannot open a vault in this browser.*the passphrase works everywhere/).isVisible()).toBe(true);
    await addWay(page, "Let this browser look");
    await page.getByText("This browser 1 opens the vault from now on").waitFor();
  });

  test("fits a narrow screen, and every field and button has a name", async () => {
    const page = await tab(await window({ width: 320 }));
    await createVault(page);
    await derive(page);
    await review(page, { amount: "5" });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    const unnamed = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLInputElement>("input, select, progress, button")]
        .filter((field) => (field.labels?.[0]?.textContent ?? field.textContent ?? "").trim() === "" && field.labels?.length !== 1)
        .map(({ id }) => id),
    );
    expect(unnamed).toEqual([]);
  });

  test("runs under a policy that names no foreign source and no inline code", () => {
    const policy = HEADERS["content-security-policy"];
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/unsafe|http|data:|blob:|\*|connect-src/);
  });
});

test("its pictures are there, and small", () => {
  const images = fileURLToPath(new URL("../docs/images/", import.meta.url));
  for (const name of ["browser-light.png", "browser-dark.png"]) expect(existsSync(images + name), "npm run screenshots").toBe(true);
});
