import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plugin } from "vite";
import { bundleSlip39Worker } from "../../scripts/slip39-worker.ts";

const folder = fileURLToPath(new URL("../../node_modules/.cache/keyward/", import.meta.url));
const WRITTEN = "../recovery/slip39-worker.js";

/** The worker made of the sources as they are, in a file named by its content: other runs make theirs at the same time. */
export async function makeWorker(): Promise<string> {
  const code = await bundleSlip39Worker();
  const path = join(folder, `slip39-worker-${createHash("sha256").update(code).digest("hex").slice(0, 16)}.js`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, code);
  return path;
}

/** Beside the sources lies no worker that could run: there, the line that starts it is led to one made of them. */
export function slip39Worker(where: "node" | "browser"): Plugin {
  return {
    name: "slip39 worker",
    enforce: "pre",
    async transform(code, id) {
      if (!id.replace(/\?.*/, "").endsWith("/src/recovery/realm.ts")) return null;
      const path = await makeWorker();
      return code.replaceAll(WRITTEN, where === "node" ? pathToFileURL(path).href : `/@fs${path}`);
    },
  };
}
