import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

// Prints what each subpath costs a browser app, packages included, minified and gzipped; fails above size-budget.json.

const project = fileURLToPath(new URL("../", import.meta.url));
const manifest = readJson<{ readonly exports: { readonly [subpath: string]: { readonly default: string } } }>("package.json");
const budget = readJson<{ readonly [subpath: string]: number }>("scripts/size-budget.json");

for (const [subpath, target] of Object.entries(manifest.exports)) {
  const bytes = await gzippedBytes(target.default);
  const most = budget[subpath];
  const verdict = most === undefined ? "has no budget" : bytes > most ? `above its budget of ${most}` : `of ${most}`;
  if (most === undefined || bytes > most) process.exitCode = 1;
  console.log(`${subpath.padEnd(24)} ${String(bytes).padStart(7)} bytes ${verdict}`);
}

async function gzippedBytes(entry: string): Promise<number> {
  // Modules of Node and prebuilt binaries stay outside: what a browser cannot load it does not pay for. What is imported on
  // demand (word lists other than English) is a chunk of its own and is not counted either.
  const { outputFiles, metafile } = await build({
    entryPoints: [project + entry],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    external: ["node:*", "lmdb"],
    outdir: "out",
    absWorkingDir: project,
    write: false,
    metafile: true,
    logLevel: "error",
  });
  const bytes = new Map(outputFiles.map(({ path, contents }) => [path.slice(project.length), gzipSync(contents, { level: 9 }).length]));
  const first = Object.keys(metafile.outputs).find((path) => metafile.outputs[path]?.entryPoint !== undefined && path.endsWith("index.js"));
  const needed = new Set<string>();
  const need = (path: string): void => {
    if (needed.has(path)) return;
    needed.add(path);
    for (const { path: next, kind } of metafile.outputs[path]?.imports ?? [])
      if (kind === "import-statement" && bytes.has(next)) need(next);
  };
  need(first ?? "");
  return [...needed].reduce((sum, path) => sum + (bytes.get(path) ?? 0), 0);
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(project + path, "utf8")) as T;
}
