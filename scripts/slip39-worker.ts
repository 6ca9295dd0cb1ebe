import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// The worker of keyward/recovery as one file: the package slip39 with everything that it needs inside, for Node and browsers alike.
// The build puts it beside the package's other files; the tests make it of the sources.

const project = fileURLToPath(new URL("../", import.meta.url));

/** Packages whose code ends up inside, and whose licences do therefore. */
const INSIDE = ["slip39", "@noble/hashes"];

export async function bundleSlip39Worker(): Promise<string> {
  const licences = INSIDE.map((name) => `${name}\n\n${readFileSync(`${project}node_modules/${name}/LICENSE`, "utf8").trim()}`);
  const { outputFiles, metafile } = await build({
    entryPoints: [`${project}src/recovery/slip39-worker.ts`],
    absWorkingDir: project,
    // Where packages are linked, they are named by their place here.
    preserveSymlinks: true,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    // Node's `crypto` and `Buffer` are what the library asks for and no browser has.
    alias: { crypto: `${project}src/recovery/slip39-crypto.ts` },
    define: { "Buffer.from": "Uint8Array.from" },
    legalComments: "none",
    banner: { js: `/*!\n${licences.join("\n\n---\n\n")}\n*/` },
    logLevel: "error",
  });
  const strangers = Object.keys(metafile.inputs).filter(
    (path) => !path.startsWith("src/") && !INSIDE.some((name) => path.startsWith(`node_modules/${name}/`)),
  );
  const [file] = outputFiles;
  if (file === undefined || strangers.length > 0) throw new Error(`the worker has parts without a licence: ${strangers.join(", ")}`);
  return file.text;
}
