import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { transform } from "esbuild";
import { unpackTar } from "../browser/chromium.ts";

export const project = fileURLToPath(new URL("../../", import.meta.url));
const modules = join(project, "node_modules");

/** Somebody else's project: what npm would put there for `npm install keyward`, and nothing more. */
export interface Consumer {
  readonly folder: string;
  /** Files of the tarball by path, with their bytes. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly write: (path: string, text: string) => Promise<string>;
  /** Runs a file with the Node of this test. */
  readonly run: (file: string) => Promise<{ readonly out: string; readonly err: string }>;
  readonly remove: () => Promise<void>;
}

/**
 * Packs the project and unpacks it where no other package can be resolved than those that it declares, and theirs.
 *
 * @throws if `dist` is absent or older than `src`: it is never built here, where another test may read it.
 */
export async function makeConsumer(): Promise<Consumer> {
  checkBuilt();
  const folder = await mkdtemp(join(tmpdir(), "keyward-consumer-"));
  const installed = join(folder, "node_modules");
  await mkdir(installed);
  await promisify(execFile)("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: project });
  const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  unpackTar(gunzipSync(readFileSync(join(folder, tarball))), folder);
  await rename(join(folder, "package"), join(installed, "keyward"));
  for (const name of closure(join(installed, "keyward/package.json")))
    await cp(join(modules, name), join(installed, name), { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }');
  const write = async (path: string, text: string) => {
    await writeFile(join(folder, path), text);
    return join(folder, path);
  };
  return {
    folder,
    files: new Map(filesBelow(join(installed, "keyward"))),
    write,
    run: async (file) => {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
      return { out: stdout.trim(), err: stderr };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A module of `test/package/app` as the JavaScript that an app ships. */
export async function asJavaScript(name: string): Promise<string> {
  const { code } = await transform(appSource(name), { loader: "ts", target: "es2022" });
  return code;
}

export function appSource(name: string): string {
  return readFileSync(join(project, "test/package/app", name), "utf8");
}

/** The packages that a manifest declares and those that they need, as far as this platform has them. */
function closure(manifest: string, found = new Set<string>()): ReadonlySet<string> {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(manifest, "utf8")) as {
    readonly [part in "dependencies" | "optionalDependencies"]?: { readonly [name: string]: string };
  };
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const of = join(modules, name, "package.json");
    if (found.has(name) || !existsSync(of)) continue;
    found.add(name);
    closure(of, found);
  }
  return found;
}

function checkBuilt(): void {
  const built = join(project, "dist/index.js");
  if (!existsSync(built)) throw new Error("there is no dist: run `npm run build`");
  const since = statSync(built).mtimeMs;
  const newer = [...paths(join(project, "src"))].filter((path) => path.endsWith(".ts") && statSync(path).mtimeMs > since);
  if (newer.length > 0)
    throw new Error(`dist is older than ${newer.map((path) => relative(project, path)).join(", ")}: run \`npm run build\``);
}

function filesBelow(root: string): readonly (readonly [path: string, bytes: Buffer])[] {
  return paths(root).map((path) => [relative(root, path).replaceAll("\\", "/"), readFileSync(path)]);
}

function paths(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}
