import { readdir, readFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import type { Browser } from "playwright";
import ts from "typescript";
import { type Hex, keccak256, parseEther, parseGwei, serializeTransaction, type TransactionSerializableEIP1559 } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import webpack from "webpack";
import { launchBrowser, serveSite } from "./browser/site.ts";
import type { Payments } from "./package/app/first.ts";
import { appSource, asJavaScript, type Consumer, makeConsumer, project } from "./package/consumer.ts";

// What npm packs, as somebody else gets it: in a project where nothing can be resolved but what the package declares.

const alice = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const transaction = (ether: string, nonce: number) =>
  ({
    type: "eip1559",
    chainId: 1,
    to: alice,
    value: parseEther(ether),
    nonce,
    gas: 21_000n,
    maxFeePerGas: parseGwei("20"),
    maxPriorityFeePerGas: parseGwei("1"),
  }) as const satisfies TransactionSerializableEIP1559;
const payments: Payments = { small: serializeTransaction(transaction("0.25", 0)), large: serializeTransaction(transaction("5", 1)) };

let consumer: Consumer;
let browser: Browser;
/** What the app says wherever it runs: the signature is the one that viem makes with the same key. */
let says = "";
beforeAll(async () => {
  const signed = await privateKeyToAccount(`0x${"07".repeat(32)}`).signTransaction(transaction("0.25", 0));
  says = `signed ${keccak256(signed as Hex)}, denied limit/exceeded, vault/locked, log holds`;
  consumer = await makeConsumer();
  await consumer.write("first.js", await asJavaScript("first.ts"));
  browser = await launchBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await consumer?.remove();
});

describe("the tarball", () => {
  test("holds code, types and five pages, and every target of its manifest", () => {
    const paths = [...consumer.files.keys()].sort();
    const other = paths.filter((path) => !/^dist\/[\w/-]+\.(js|d\.ts)$/.test(path));
    expect(other).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "package.json"]);
    const manifest = JSON.parse(text("package.json")) as {
      readonly exports: { readonly [subpath: string]: { readonly types: string; readonly default: string } };
      readonly bin: { readonly [name: string]: string };
    };
    const targets = [
      ...Object.values(manifest.exports).flatMap(({ types, default: code }) => [types, code]),
      ...Object.values(manifest.bin),
    ];
    expect(targets.filter((target) => !consumer.files.has(target.replace(/^\.\//, "")))).toEqual([]);
  });

  test("names no folder of the machine that made it, and leads to no source or map", () => {
    const ours = [project, tmpdir(), homedir()].map((folder) => folder.replace(/\/?$/, "/"));
    const isAt = (body: string, folder: string) => [...`"'\`( `].some((before) => body.includes(before + folder));
    for (const [path, bytes] of consumer.files) {
      const body = bytes.toString("latin1");
      expect(
        ours.filter((folder) => isAt(body, folder)),
        path,
      ).toEqual([]);
      expect(/sourceMappingURL|sourcesContent|\.map"/.exec(body)?.[0], path).toBeUndefined();
      if (path.startsWith("dist/")) expect(/\bfrom "[^"]*(?:\/src\/|\/test\/|\.ts")/.exec(body)?.[0], path).toBeUndefined();
    }
  });

  function text(path: string): string {
    return consumer.files.get(path)?.toString("utf8") ?? "";
  }
});

describe("in Node", { timeout: 90_000 }, () => {
  test("an ESM script signs once and is denied once, on every store that Node has", async () => {
    const file = await consumer.write(
      "app.js",
      `import { lmdbStore } from "keyward/stores/lmdb";
       import { memoryStore } from "keyward/stores/memory";
       import { first } from "./first.js";
       const lmdb = lmdbStore("./vault");
       for (const store of [memoryStore(), lmdb]) console.log(await first(store, ${JSON.stringify(payments)}));
       await lmdb.close();`,
    );
    expect(await consumer.run(file)).toEqual({ out: `${says}\n${says}`, err: "" });
  });

  test("splits and combines a secret by the worker that lies in the package, and leaves the prototypes alone", async () => {
    const file = await consumer.write("shares.js", SHARES("console.log"));
    expect(await consumer.run(file)).toEqual({ out: "ok", err: "" });
    const worker = consumer.files.get("dist/recovery/slip39-worker.js")?.toString("utf8");
    for (const licence of ["Pal Dorogi", "Paul Miller"]) expect(worker).toContain(licence);
  });

  test("a CommonJS script requires it, and gets the very classes that import gives", async () => {
    const subpaths = Object.keys((JSON.parse(consumer.files.get("package.json")!.toString()) as { exports: object }).exports);
    const file = await consumer.write(
      "app.cjs",
      `const { CustodyError } = require("keyward");
       const { memoryStore } = require("keyward/stores/memory");
       (async () => {
         for (const path of ${JSON.stringify(subpaths)}) {
           const name = path.replace(".", "keyward");
           const [required, imported] = [require(name), await import(name)];
           const different = Object.keys(imported).filter((key) => required[key] !== imported[key]);
           if (different.length > 0) console.log(name, different);
         }
         try { await memoryStore().get("NO KEY"); } catch (cause) { console.log(cause instanceof CustodyError, cause.code); }
         const { first } = await import("./first.js");
         console.log(await first(memoryStore(), ${JSON.stringify(payments)}));
       })();`,
    );
    expect(await consumer.run(file)).toEqual({ out: `true store/bad-key\n${says}`, err: "" });
  });
});

test("its types pass strict TypeScript, those of the libraries included, from ESM and CommonJS", { timeout: 90_000 }, async () => {
  const files = [
    await consumer.write("first.mts", appSource("first.ts")),
    await consumer.write(
      "first.cts",
      `import keyward = require("keyward");\nexport const made: keyward.Custody | undefined = undefined;\n`,
    ),
    await consumer.write(
      "all.mts",
      Object.keys((JSON.parse(consumer.files.get("package.json")!.toString()) as { exports: object }).exports)
        .map((path, at) => `export * as m${at} from "${path.replace(".", "keyward")}";`)
        .join("\n"),
    ),
  ];
  const program = ts.createProgram(files, {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    types: [],
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
  });
  const said = ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
  expect(said).toEqual([]);
});

/** A script that says `ok` where shares of SLIP-39 come back and nothing of the page was changed. */
const SHARES = (say: string) => `import { combineSlip39, splitSlip39 } from "keyward/recovery";
  const secret = new Uint8Array(16).fill(7);
  const [shares] = await splitSlip39(secret, { groups: [{ threshold: 2, shares: 3 }], iterationExponent: 0 });
  const back = await combineSlip39(shares.slice(1));
  const seen = [];
  for (const key in []) seen.push(key);
  ${say}(seen.length === 0 && back.join() === secret.join() ? "ok" : "failed");
`;

describe("in a browser, bundled without configuration or polyfills", { timeout: 180_000 }, () => {
  const HTML = "<!doctype html><meta charset='utf-8'><title>waits</title>";
  beforeAll(async () => {
    const [imported = "", ...body] = SHARES("say").split("\n");
    await consumer.write("shares-page.js", `${imported}\nexport async function shares(say) {\n${body.join("\n")}}\n`);
    await consumer.write(
      "main.js",
      `import { indexedDbStore } from "keyward/stores/indexeddb";
       import { first } from "./first.js";
       import { shares } from "./shares-page.js";
       first(indexedDbStore("consumer"), ${JSON.stringify(payments)}).then(
         async (said) => { await shares((ok) => { document.title = said + " " + ok; }); },
       ).catch((cause) => { document.title = "failed: " + cause; });`,
    );
  });

  test("Vite", async () => {
    await consumer.write("index.html", `${HTML}<script type="module" src="/main.js"></script>`);
    await vite({ root: consumer.folder, configFile: false, logLevel: "error", build: { outDir: "vite" } });
    await signsAndIsDenied(await readSite(join(consumer.folder, "vite")));
  });

  test("webpack", async () => {
    const output = { path: join(consumer.folder, "webpack") };
    const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
      webpack({ mode: "production", context: consumer.folder, entry: "./main.js", output }, (error, made) =>
        error ? reject(error) : resolve(made),
      );
    });
    expect(stats?.toJson({ all: false, errors: true }).errors).toEqual([]);
    // It warns of size and of nothing else.
    const warnings = stats?.toJson({ all: false, warnings: true }).warnings?.map(({ message }) => message) ?? [];
    expect(warnings.filter((warning) => !/size limit|performance recommendations/.test(warning))).toEqual([]);
    await signsAndIsDenied({ "/index.html": `${HTML}<script defer src="/main.js"></script>`, ...(await readSite(output.path)) });
  });

  async function signsAndIsDenied(files: { readonly [path: string]: string }): Promise<void> {
    const scripts = Object.entries(files).filter(([path]) => path.endsWith(".js"));
    expect(scripts.length).toBeGreaterThan(0);
    for (const [path, script] of scripts) expect(NODE_ONLY.exec(script)?.[0], path).toBeUndefined();

    const site = await serveSite(
      Object.fromEntries(
        Object.entries(files).map(([path, body]) => [
          path === "/index.html" ? "/" : path,
          { body, type: path.endsWith(".js") ? "text/javascript" : "text/html", headers: { "content-security-policy": CSP } },
        ]),
      ),
    );
    const tab = await browser.newPage();
    const faults: string[] = [];
    tab.on("console", (message) => faults.push(message.text()));
    tab.on("pageerror", (error) => faults.push(String(error)));
    try {
      await tab.goto(site.origin);
      await expect.poll(() => tab.title(), { timeout: 30_000 }).not.toBe("waits");
      expect(await tab.title()).toBe(`${says} ok`);
      expect(faults).toEqual([]);
    } finally {
      await tab.close();
      await site.close();
    }
  }
});

const CSP = "default-src 'none'; script-src 'self'";

/** What a bundle for browsers has only if something of Node was put into it, or is missing from it. */
const NODE_ONLY =
  /\bBuffer\b|\bprocess\.(?:env|browser|version|versions|nextTick|platform|argv)\b|["'`]node:|\brequire\(["'`]|__vite-browser-external/;

async function readSite(folder: string): Promise<{ readonly [path: string]: string }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.map(async (path) => [path.slice(folder.length).replaceAll("\\", "/"), await readFile(path, "utf8")] as const)),
  );
}

describe("who imports one part gets that part", () => {
  const PARTS: { readonly [subpath: string]: readonly string[] } = {
    "keyward/policy": ["@noble/hashes"],
    "keyward/audit": ["@noble/curves", "@noble/hashes", "@scure/base"],
    "keyward/stores/memory": [],
    "keyward/stores/indexeddb": ["idb-keyval"],
  };

  test.each(Object.entries(PARTS))("%s brings no package but %j", async (subpath, packages) => {
    expect(await packagesOf(`export * from "${subpath}";`)).toEqual(packages);
  });

  test("a policy is judged without any code of vaults, stores or chains", async () => {
    const { metafile } = await esbuild({
      ...BUNDLE,
      stdin: { contents: `export * from "./src/policy/index.ts";`, resolveDir: project },
      absWorkingDir: project,
    });
    const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
    const folders = inputs.flatMap(([path, { bytesInOutput }]) =>
      path.startsWith("src/") && bytesInOutput > 0 ? [path.split("/")[1]] : [],
    );
    expect([...new Set(folders)].sort()).toEqual(["base", "intent", "policy"]);
  });

  const BUNDLE = {
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    logLevel: "error",
  } as const;

  async function packagesOf(contents: string): Promise<readonly string[]> {
    const { metafile } = await esbuild({ ...BUNDLE, stdin: { contents, resolveDir: consumer.folder }, absWorkingDir: consumer.folder });
    const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
    const names = inputs.flatMap(([path, { bytesInOutput }]) => {
      const [, name = ""] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(path) ?? [];
      return name === "keyward" || bytesInOutput === 0 ? [] : [name];
    });
    return [...new Set(names)].sort();
  }
});
