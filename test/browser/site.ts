import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium } from "playwright";
import { CHROMIUM_ARGS, findChromium } from "./chromium.ts";

/** A page or script of a site, and what is said of it. */
export interface SiteFile {
  readonly body: string | Uint8Array;
  readonly type: string;
  readonly headers?: { readonly [name: string]: string };
}

export interface Site {
  /** `http://localhost:PORT`: a secure context, and a name that passkeys can be bound to. */
  readonly origin: string;
  readonly close: () => Promise<void>;
}

/** Serves `files` by path ("/", "/main.js") to this machine alone, each anew for every request. */
export async function serveSite(files: { readonly [path: string]: SiteFile }): Promise<Site> {
  const server = createServer((request, response) => {
    const file = files[new URL(request.url ?? "/", "http://localhost").pathname];
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": file.type, "cache-control": "no-store", ...file.headers }).end(file.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One script for a browser out of an entry and all that it imports, without any polyfill. */
export async function bundleForBrowser(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error(`${entry}: nothing came of it`);
  return script.text;
}

/** A page that runs one script, under a policy that lets it load nothing else and speak to nobody. */
export function page(script: string, body = ""): { readonly [path: string]: SiteFile } {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>test</title><body>${body}<script type="module" src="/main.js"></script>`;
  return {
    "/": { body: html, type: "text/html", headers: { "content-security-policy": "default-src 'none'; script-src 'self'" } },
    "/main.js": { body: script, type: "text/javascript" },
  };
}

/** A browser without a profile: its contexts are private windows. */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, env } = findChromium();
  return chromium.launch({ executablePath, env: { ...env }, args: [...CHROMIUM_ARGS] });
}

/** A browser whose profile lies in `folder`, so that a later one finds what this one kept. */
export async function launchProfile(folder: string): Promise<BrowserContext> {
  const { executablePath, env } = findChromium();
  return chromium.launchPersistentContext(folder, { executablePath, env: { ...env }, args: [...CHROMIUM_ARGS] });
}
