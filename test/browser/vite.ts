import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

/** In a browser the file `x.browser.ts` of `test/here` stands in for the `x.ts` beside it. */
export function browserTwins(): Plugin {
  return {
    name: "browser twins",
    enforce: "pre",
    resolveId(asked, importer) {
      if (!/^\.{1,2}\/(.+\/)?here\/[^/]+(?<!\.browser)\.ts$/.test(asked)) return null;
      return this.resolve(asked.replace(/\.ts$/, ".browser.ts"), importer, { skipSelf: true });
    },
  };
}

/** Hands out the files of `../shared` below `/@shared/`; `/@shared/` itself is there if the folder is. */
export function serveShared(): Plugin {
  const shared = fileURLToPath(new URL("../../../shared/", import.meta.url));
  return {
    name: "serve ../shared",
    configureServer(server) {
      server.middlewares.use("/@shared/", (request, response) => {
        const path = join(shared, decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname));
        if (!path.startsWith(shared) || !existsSync(path)) response.writeHead(404).end();
        else
          response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(statSync(path).isFile() ? readFileSync(path) : "");
      });
    },
  };
}
