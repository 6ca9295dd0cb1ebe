import type { Page } from "playwright";

/** What somebody does on the page of examples/browser, found as a screen reader would find it. */
export const PASSPHRASE = "correct horse battery staple";

export async function createVault(page: Page): Promise<void> {
  await page.getByLabel("New passphrase").fill(PASSPHRASE);
  await page.getByLabel("The same passphrase again").fill(PASSPHRASE);
  await page.getByRole("button", { name: "Create vault" }).click();
  await isOpen(page);
}

export async function unlock(page: Page, phrase = PASSPHRASE): Promise<void> {
  await page.getByLabel("Passphrase", { exact: true }).fill(phrase);
  await page.getByRole("button", { name: "Unlock" }).click();
}

export function isOpen(page: Page): Promise<void> {
  return page.getByRole("heading", { name: "Pay" }).waitFor();
}

export async function derive(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Derive an account" }).click();
  await page.getByText("Main, on Ethereum").waitFor();
}

/** Asks for another way in, with the passphrase once more. */
export async function addWay(page: Page, name: "Add a passkey" | "Let this browser look", phrase = PASSPHRASE): Promise<void> {
  await page.getByLabel("Your passphrase once more").fill(phrase);
  await page.getByRole("button", { name }).click();
}

/** Fills in the form up to what the page says the bytes would do. */
export async function review(page: Page, { amount, address }: { readonly amount: string; readonly address?: string }): Promise<void> {
  await page.getByLabel("Amount in ETH").fill(amount);
  await page.getByLabel("To", { exact: true }).selectOption(address === undefined ? "alice, in the policy" : "another address");
  if (address !== undefined) await page.getByLabel("Address", { exact: true }).fill(address);
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("region", { name: "What these bytes would do" }).waitFor();
}
