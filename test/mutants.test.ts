import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";

// The breaks themselves take an hour: `npm run mutants`. One that has lost its place breaks nothing, and is found here.
test("each named break still has its one place in the sources, and the file of its test exists", () => {
  const lost = MUTANTS.filter(({ file, find, replace, test: { file: shown } }) => {
    const source = readFileSync(new URL(`../src/${file}`, import.meta.url), "utf8");
    return source.split(find).length !== 2 || find === replace || !existsSync(new URL(shown, import.meta.url));
  });
  expect(lost.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
});
