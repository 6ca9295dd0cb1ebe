/** Bundles the page with esbuild and serves it to this machine alone: `npm run demo:browser`, `npm run demo:browser -- --port N`. */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

/** The page loads its own four files and nothing else, and can be neither framed nor made to run text as code. */
export const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
} as const;

/** Every file of the page by its path, with its content type. */
export async function pageFiles(): Promise<{ readonly [path: string]: { readonly body: string; readonly type: string } }> {
  const read = (name: string) => readFile(new URL(name, import.meta.url), "utf8");
  const { outputFiles } = await build({
    entryPoints: [new URL("main.ts", import.meta.url).pathname],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "error",
  });
  return {
    "/": { body: await read("index.html"), type: "text/html; charset=utf-8" },
    "/style.css": { body: await read("style.css"), type: "text/css" },
    "/icon.svg": { body: await read("icon.svg"), type: "image/svg+xml" },
    "/main.js": { body: outputFiles[0]?.text ?? "", type: "text/javascript" },
  };
}

export async function serve(port: number): Promise<Server> {
  const files = await pageFiles();
  const server = createServer((request, response) => {
    const file = files[new URL(request.url ?? "/", "http://localhost").pathname];
    if (file === undefined) response.writeHead(404, HEADERS).end();
    else response.writeHead(200, { ...HEADERS, "content-type": file.type }).end(file.body);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "localhost", resolve));
  return server;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "4173" } } });
  const server = await serve(Number(values.port));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address to listen at");
  console.log(`http://localhost:${address.port}   (Ctrl+C ends it)`);
}
