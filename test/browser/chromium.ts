import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";

/** A Chromium to launch. `env` is the whole environment of the browser process. */
export interface Chromium {
  readonly executablePath: string;
  readonly env: { readonly [name: string]: string };
}

/**
 * What every launch uses. The tests load local files only, so the browser needs no sandbox and no background traffic. It reaches its own
 * machine by the name of `localhost` and nothing else: every other name, and every address, is found nowhere (test/browser/egress.test.ts).
 */
export const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
  "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
] as const;

const project = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Finds a real Chromium: `CHROME_PATH`, else the one that npm installed, else one of the system.
 *
 * @throws if `CHROME_PATH` names a file that is not there, or no browser is found. Browser tests are never skipped.
 */
export function findChromium(): Chromium {
  const env = Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const chosen = process.env.CHROME_PATH;
  if (chosen !== undefined && chosen !== "") {
    if (!executable(chosen)) throw new Error(`CHROME_PATH names ${chosen}, which is not an executable file`);
    return { executablePath: chosen, env };
  }
  const bundled = unpackBundled();
  if (bundled !== undefined) {
    const libraries = [join(bundled, "lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
    return { executablePath: join(bundled, "chromium"), env: { ...env, LD_LIBRARY_PATH: libraries } };
  }
  const system = systemCandidates().find(executable);
  if (system !== undefined) return { executablePath: system, env };
  throw new Error(
    "no Chromium for the browser tests. Either set CHROME_PATH to one, or install the devDependencies on x64 Linux " +
      "(they bring one, @sparticuz/chromium), or install chromium or google-chrome with the system's package manager",
  );
}

/** The directory of the unpacked browser; undefined where the package is absent or made for another platform. */
function unpackBundled(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const source = packageRoot("@sparticuz/chromium");
  if (source === undefined) return undefined;
  const { version } = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as { version: string };
  const parent = join(project, "node_modules/.cache/chromium");
  const ready = join(parent, version);
  if (existsSync(ready)) return ready;

  // Unpacked beside its place and moved there whole, so that a second process never starts a half-written file.
  mkdirSync(parent, { recursive: true });
  const draft = mkdtempSync(join(parent, "unpacking-"));
  try {
    writeFileSync(join(draft, "chromium"), brotliDecompressSync(readFileSync(join(source, "bin/chromium.br"))));
    chmodSync(join(draft, "chromium"), 0o755);
    unpackTar(brotliDecompressSync(readFileSync(join(source, "bin/al2023.tar.br"))), draft);
    renameSync(draft, ready);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(ready)) throw error; // Otherwise another process was faster, and its copy is the same.
  }
  return ready;
}

/** Where a package lies: the directory above its entry that holds `package.json` and `bin/chromium.br`. */
function packageRoot(name: string): string | undefined {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    return undefined; // Not installed.
  }
  for (let at = dirname(entry); at !== dirname(at); at = dirname(at)) if (existsSync(join(at, "bin/chromium.br"))) return at;
  return undefined;
}

/** The regular files of a ustar archive. A header: name(100) … size(12, octal, at 124) … type(1, at 156) … prefix(155, at 345). */
export function unpackTar(archive: Buffer, into: string): void {
  const text = (start: number, length: number) => archive.toString("latin1", start, start + length).replace(/\0.*$/s, "");
  for (let header = 0; header + 512 <= archive.length; ) {
    const name = join(text(header + 345, 155), text(header, 100));
    const size = Number.parseInt(text(header + 124, 12), 8) || 0;
    const type = text(header + 156, 1);
    if (type === "0" || type === "") {
      if (text(header, 100) === "") return; // Two empty blocks end the archive.
      const target = join(into, name);
      if (!target.startsWith(into)) throw new Error(`archive: ${name} would lie outside`);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, archive.subarray(header + 512, header + 512 + size));
    }
    header += 512 + Math.ceil(size / 512) * 512;
  }
}

function systemCandidates(): string[] {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const inPath = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return [...inPath, "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
