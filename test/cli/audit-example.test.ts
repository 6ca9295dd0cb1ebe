import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { Shell } from "./shell.ts";

const shell = new Shell();
afterAll(() => shell.remove());

const ASKED = [
  "--from",
  "2026-12-01",
  "--horizon",
  "24h",
  "--horizon",
  "7d",
  "--horizon",
  "8d",
  "--horizon",
  "30d",
  "--budget",
  "50 ETH/24h",
];

// After a change run it with -u, and then `npm run screenshots`.
test("docs/examples/hot-wallet-audit.html is what the command prints of the worked policy", async () => {
  const path = fileURLToPath(new URL("../../examples/policies/hot-wallet.json", import.meta.url));
  const { exit, out } = await shell.run(["audit", path, ...ASKED, "--html"]);
  expect(exit).toBe(0);
  await expect(out.replaceAll("0.0.0-test", "0.1.0")).toMatchFileSnapshot("../../docs/examples/hot-wallet-audit.html");
});
