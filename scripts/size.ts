import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

// Prints what each subpath costs a browser app, packages included, minified and gzipped, what a wallet in a page costs as a
// whole, and how much npm unpacks; fails above size-budget.json, and where that has no line or one too many.

const project = fileURLToPath(new URL("../", import.meta.url));
const manifest = readJson<{ readonly exports: { readonly [subpath: string]: { readonly default: string } } }>("package.json");
const budget = readJson<{ readonly [part: string]: number }>("scripts/size-budget.json");

const WALLET = [".", "./audit", "./chains/evm", "./stores/indexeddb"];

const parts: { readonly [part: string]: number } = {
  ...Object.fromEntries(
    await Promise.all(Object.keys(manifest.exports).map(async (subpath) => [subpath, await gzippedBytes([subpath])] as const)),
  ),
  "a wallet in a page": await gzippedBytes(WALLET),
  "unpacked by npm": unpackedBytes(),
};

for (const [part, bytes] of Object.entries(parts)) {
  const most = budget[part];
  const verdict = most === undefined ? "has no budget" : bytes > most ? `above its budget of ${most}` : `of ${most}`;
  if (most === undefined || bytes > most) process.exitCode = 1;
  console.log(`${part.padEnd(24)} ${String(bytes).padStart(7)} bytes ${verdict}`);
}
for (const part of Object.keys(budget).filter((name) => parts[name] === undefined)) {
  process.exitCode = 1;
  console.log(`${part.padEnd(24)} has a budget and is not there`);
}

/** Everything of these subpaths together, shared parts once. */
async function gzippedBytes(subpaths: readonly string[]): Promise<number> {
  // Modules of Node and prebuilt binaries stay outside: what a browser cannot load it does not pay for. What is imported on
  // demand (word lists other than English) is a chunk of its own and is not counted either.
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: subpaths.map((path) => `export * from "${manifest.exports[path]?.default}";`).join("\n"),
      resolveDir: project,
      sourcefile: "entry.js",
    },
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    external: ["node:*", "lmdb", "@napi-rs/keyring"],
    outdir: "out",
    absWorkingDir: project,
    write: false,
    metafile: true,
    logLevel: "error",
  });
  const bytes = new Map(outputFiles.map(({ path, contents }) => [path.slice(project.length), gzipSync(contents, { level: 9 }).length]));
  const needed = new Set<string>();
  const need = (path: string): void => {
    if (needed.has(path)) return;
    needed.add(path);
    for (const { path: next, kind } of metafile.outputs[path]?.imports ?? [])
      if (kind === "import-statement" && bytes.has(next)) need(next);
  };
  const [first] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "entry.js") ?? [];
  if (first === undefined) throw new Error(`${subpaths.join(", ")}: nothing came of it`);
  need(first);
  return [...needed].reduce((sum, path) => sum + (bytes.get(path) ?? 0), 0);
}

function unpackedBytes(): number {
  const said = execFileSync("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], {
    cwd: project,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = JSON.parse(said) as readonly { readonly unpackedSize: number }[];
  if (packed === undefined) throw new Error("npm packed nothing");
  return packed.unpackedSize;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(project + path, "utf8")) as T;
}
