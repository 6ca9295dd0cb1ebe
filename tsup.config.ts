import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { defineConfig } from "tsup";
import { bundleSlip39Worker } from "./scripts/slip39-worker.ts";

// A folder of src with an index.ts is public: src/policy/index.ts becomes keyward/policy, dist/policy/index.js.
const indexes = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path === "index.ts" || path.endsWith("/index.ts"));

const subpaths = Object.fromEntries(indexes.map((path) => [path.slice(0, -".ts".length), `src/${path}`]));

export default defineConfig({
  entry: { ...subpaths, cli: "src/cli/main.ts" },
  format: "esm",
  target: "es2022",
  platform: "neutral",
  // What two subpaths share lies in one chunk, so that CustodyError is the same class everywhere.
  splitting: true,
  // In a folder of their own, so that `../recovery/slip39-worker.js` is the same file for whatever part the line ends up in.
  esbuildOptions: (options) => {
    options.chunkNames = "shared/[name]-[hash]";
  },
  async onSuccess() {
    mkdirSync("dist/recovery", { recursive: true });
    writeFileSync("dist/recovery/slip39-worker.js", await bundleSlip39Worker());
  },
  skipNodeModulesBundle: true,
  removeNodeProtocol: false,
  // tsup 8 sets baseUrl, which TypeScript 6 calls deprecated.
  dts: { entry: subpaths, compilerOptions: { ignoreDeprecations: "6.0" } },
});
