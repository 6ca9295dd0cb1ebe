import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { CHROMIUM_ARGS, type Chromium, findChromium } from "./test/browser/chromium.ts";
import { NOT_IN_BROWSERS, PACKAGES } from "./test/browser/portable.ts";
import { browserTwins, serveShared } from "./test/browser/vite.ts";
import { slip39Worker } from "./test/recovery/plugin.ts";

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
const hookTimeout = 60_000;

const provide = { seed: Number(process.env.SEED ?? 1) };

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [slip39Worker("node")],
        test: {
          name: "node",
          provide,
          environment: "node",
          testTimeout,
          hookTimeout,
          // One less than there are cores otherwise, so one of two.
          maxWorkers: "100%",
          globalSetup: ["test/notice.ts"],
          setupFiles: ["test/seed.setup.ts", "test/egress.setup.ts"],
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.{browser,system}.test.ts"],
        },
      },
      {
        // What needs more than npm brings (strace, a network namespace …) or takes long; `npm run test:system`.
        test: {
          name: "system",
          provide,
          environment: "node",
          testTimeout,
          hookTimeout,
          setupFiles: ["test/seed.setup.ts"],
          include: ["test/**/*.system.test.ts"],
        },
      },
      {
        plugins: [browserTwins(), serveShared(), slip39Worker("browser")],
        // Lets pages have memory that threads share, as one that attacks us may.
        server: { headers: { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" } },
        // Found before the first test, so that no reload in the middle of a run discovers them. A native package is for Node alone.
        optimizeDeps: { exclude: ["@napi-rs/keyring"], include: [...PACKAGES] },
        test: {
          name: "browser",
          provide,
          testTimeout,
          hookTimeout,
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.system.test.ts", ...NOT_IN_BROWSERS],
          globalSetup: ["test/browser/setup.ts"],
          setupFiles: ["test/seed.setup.ts", "test/browser/trap.setup.ts"],
          maxWorkers: 2,
          // After the project of Node: both together would be more than two cores can do in time.
          sequence: { groupOrder: 1 },
          isolate: false,
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
