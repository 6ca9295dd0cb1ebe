import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

/** What a file loads, itself and by what it imports, when it runs in a browser. */
export interface Loaded {
  readonly packages: ReadonlySet<string>;
  /** What of it a browser does not have, each with the file that uses it. */
  readonly node: readonly string[];
}

/** Reads `files` and all that they import; paths are below `root`. Types are no loading; packages are not looked into. */
export async function loadedBy(root: string, files: readonly string[]): Promise<ReadonlyMap<string, Loaded>> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...files],
    bundle: true,
    write: false,
    metafile: true,
    outdir: "nowhere",
    format: "esm",
    packages: "external",
    plugins: [likeTheTestServer],
    logLevel: "silent",
  });
  return new Map(files.map((file) => [file, collect(root, file, metafile.inputs)]));
}

const USE_OF_NODE =
  /(?<![.\w"'`-])(?:process\.(?:argv|cpuUsage|cwd|emit|env|exec|exit|kill|listeners|memoryUsage|nextTick|on|pid|platform|std)\w*|Buffer\.\w+)/g;

function collect(root: string, entry: string, inputs: Metafile["inputs"]): Loaded {
  const packages = new Set<string>();
  const node: string[] = [];
  const seen = new Set<string>([entry]);
  // Grows while it is walked.
  for (const file of seen) {
    const code = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    for (const [use] of code.matchAll(USE_OF_NODE)) node.push(`${file}: ${use}`);
    for (const { path, external } of inputs[file]?.imports ?? []) {
      if (external !== true) seen.add(path);
      else if (path.startsWith("node:") || path === "lmdb") node.push(`${file}: ${path}`);
      else if (!path.includes("?")) packages.add(path);
    }
  }
  return { packages, node };
}

/** As `vite.ts` does it: the twins of `test/here`, and text that is asked for as text. */
const likeTheTestServer: Plugin = {
  name: "like the test server",
  setup(making) {
    making.onResolve({ filter: /\?raw$/ }, ({ path }) => ({ path, external: true }));
    making.onResolve({ filter: /\/here\/[^/]+\.ts$/ }, ({ path, resolveDir }) => {
      const twin = resolve(resolveDir, path.replace(/(?<!\.browser)\.ts$/, ".browser.ts"));
      return existsSync(twin) ? { path: twin } : null;
    });
  },
};
