import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadedBy } from "./imports.ts";
import { LEFT_TO_NODE, NEEDS_NODE, PACKAGES } from "./portable.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".test.ts") && !path.endsWith(".system.test.ts"));
const read = await loadedBy(
  root,
  files.map((file) => `test/${file}`),
);
const loaded = new Map(files.map((file) => [file, read.get(`test/${file}`)]));

const under = (list: { readonly [path: string]: string }, file: string) =>
  Object.keys(list).find((path) => (path.endsWith("/") ? file.startsWith(path) : file === path));
const inChromium = files.filter((file) => !under(NEEDS_NODE, file) && !under(LEFT_TO_NODE, file));

describe("a test file runs in Chromium too", () => {
  test("unless it needs Node: what the list names does, and nothing else", () => {
    const portable = files.filter((file) => under(NEEDS_NODE, file) && !under(LEFT_TO_NODE, file) && loaded.get(file)?.node.length === 0);
    expect(portable).toEqual([]);
    const chained = inChromium.flatMap((file) => loaded.get(file)?.node.map((use) => [file, use]) ?? []);
    expect(chained).toEqual([]);
  });

  test("and neither list names what is not there", () => {
    for (const path of Object.keys({ ...NEEDS_NODE, ...LEFT_TO_NODE }))
      expect(
        files.filter((file) => under({ [path]: "" }, file)),
        path,
      ).not.toEqual([]);
  });

  test("with everything that custody, vault, keys, limits, policy, approvals, audit and the chains promise", () => {
    const folders = new Set(inChromium.map((file) => file.split("/")[0]));
    const wanted = ["approvals", "audit", "base", "chains", "custody", "keys", "limits", "policy", "stores", "vault", "vectors"];
    expect(wanted.filter((folder) => !folders.has(folder))).toEqual([]);
  });

  test("with every package ready that it loads, so that no reload falls into a run", () => {
    const wanted = new Set(inChromium.flatMap((file) => [...(loaded.get(file)?.packages ?? [])]));
    // The test runner's own, and what is loaded on demand and never in a page.
    for (const other of ["vitest", "vitest/browser", "@napi-rs/keyring"]) wanted.delete(other);
    expect([...PACKAGES].sort()).toEqual([...wanted].sort());
  });
});
