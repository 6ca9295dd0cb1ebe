import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { CHROMIUM_ARGS, type Chromium, findChromium } from "./test/browser/chromium.ts";

// Node tests run without any browser. Where there is none, the browser project's setup says so and fails the run.
const chromium = ((): Chromium | undefined => {
  try {
    return findChromium();
  } catch {
    return undefined;
  }
})();

// Property tests and key derivation run for seconds where the cores are shared.
const testTimeout = 30_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          environment: "node",
          testTimeout,
          globalSetup: ["test/notice.ts"],
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.{browser,system}.test.ts"],
        },
      },
      {
        // What needs more than npm brings (strace, a network namespace …) or takes long; `npm run test:system`.
        test: { name: "system", environment: "node", testTimeout, include: ["test/**/*.system.test.ts"] },
      },
      {
        // Found before the first test, so that no reload in the middle of a run discovers them.
        optimizeDeps: {
          include: [
            "@noble/ciphers/aes.js",
            "@noble/ciphers/chacha.js",
            "@noble/curves/ed25519.js",
            "@noble/curves/secp256k1.js",
            "@noble/hashes/argon2.js",
            "@noble/hashes/hkdf.js",
            "@noble/hashes/hmac.js",
            "@noble/hashes/pbkdf2.js",
            "@noble/hashes/sha2.js",
            "@noble/hashes/sha3.js",
            "@noble/secp256k1",
            "@scure/base",
            "@scure/bip32",
            "@scure/bip39",
            "@scure/bip39/wordlists/english.js",
            "fast-check",
            "idb-keyval",
            "micro-eth-signer",
          ],
        },
        test: {
          name: "browser",
          testTimeout,
          include: ["test/**/*.browser.test.ts"],
          globalSetup: ["test/browser/setup.ts"],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: "chromium" }],
            provider: playwright({
              launchOptions: { args: [...CHROMIUM_ARGS], ...(chromium && { executablePath: chromium.executablePath, env: chromium.env }) },
            }),
          },
        },
      },
    ],
  },
});
