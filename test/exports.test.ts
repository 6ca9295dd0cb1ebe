import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const project = fileURLToPath(new URL("../", import.meta.url));
const manifest = JSON.parse(readFileSync(`${project}package.json`, "utf8")) as {
  readonly exports: { readonly [subpath: string]: { readonly types: string; readonly default: string } };
  readonly bin: { readonly [name: string]: string };
};

/** Folders of src with an index.ts, as subpaths: `.`, `./policy`. */
const folders = readdirSync(`${project}src`, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path === "index.ts" || path.endsWith("/index.ts"))
  .map((path) => `./${path}`.replace(/\/index\.ts$/, ""))
  .sort();

const program = ts.createProgram(
  folders.map((subpath) => `${project}src/${subpath}/index.ts`),
  {
    ...ts.getParsedCommandLineOfConfigFile(`${project}tsconfig.json`, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} })?.options,
    types: [],
  },
);

/** The names that a module exports, each with what it is: a value, a type, or both (a class). */
function publicNames(subpath: string): { readonly name: string; readonly isValue: boolean; readonly line: string }[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFiles().find(({ fileName }) => fileName.endsWith(`/src/${subpath}/index.ts`.replace("/./", "/")));
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`no module at ${subpath}`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => {
      const { flags } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const isValue = (flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly(symbol);
      return { name: symbol.name, isValue, line: `${isValue ? "value" : "type "} ${symbol.name}` };
    })
    .sort((a, b) => (a.line < b.line ? -1 : 1));
}

function isTypeOnly(symbol: ts.Symbol): boolean {
  return symbol.declarations?.some((at) => ts.isExportSpecifier(at) && (at.isTypeOnly || at.parent.parent.isTypeOnly)) ?? false;
}

test("the public names are the reviewed ones in test/exports/names.txt", async () => {
  const text = folders.map((subpath) => [subpath, ...publicNames(subpath).map(({ line }) => `  ${line}`)].join("\n")).join("\n\n");
  await expect(`${text}\n`).toMatchFileSnapshot("exports/names.txt");
});

test("every public folder is a subpath of the package, and nothing else is", () => {
  expect(Object.keys(manifest.exports).sort()).toEqual(folders);
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    const built = `./dist/${subpath.slice(1)}/index`.replace("//", "/");
    expect(target, subpath).toEqual({ types: `${built}.d.ts`, default: `${built}.js` });
    expect(Object.keys(target), "a resolver takes the first that fits").toEqual(["types", "default"]);
  }
});

describe("the built package", () => {
  test("is there", () => {
    const files = [...Object.values(manifest.exports).flatMap(({ types, default: code }) => [types, code]), ...Object.values(manifest.bin)];
    expect(
      files.filter((path) => !existsSync(project + path)),
      "run `npm run build`",
    ).toEqual([]);
  });

  test.each(Object.keys(manifest.exports))("has the names of its source at %s", async (subpath) => {
    const built = (await import(project + manifest.exports[subpath]!.default)) as object;
    const expected = publicNames(subpath).flatMap(({ name, isValue }) => (isValue ? [name] : []));
    expect(Object.keys(built).sort(), "older than src? run `npm run build`").toEqual(expected.sort());
  });

  test("has one CustodyError, whichever subpath it comes from", async () => {
    const modules = (await Promise.all(Object.values(manifest.exports).map(({ default: path }) => import(project + path)))) as object[];
    const classes = modules.flatMap((module) => ("CustodyError" in module ? [module.CustodyError] : []));
    expect(new Set(classes).size).toBe(1);
  });
});
