import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const page = readFileSync(new URL("../SECURITY.md", import.meta.url), "utf8");
const rows = [...page.matchAll(/^\| (.+?) \| `(test\/[^`]+)`(?: "(.+)")? \|$/gm)].map(([, promise = "", file = "", name]) => ({
  promise,
  file,
  name,
}));

describe("SECURITY.md", () => {
  test("promises something in every row of its table", () => {
    expect(rows.length).toBeGreaterThanOrEqual(25);
    expect(page.match(/^\| .+ \| `test\//gm)).toHaveLength(rows.length);
  });

  test.each(rows)("$promise", ({ file, name }) => {
    const url = new URL(`../${file}`, import.meta.url);
    expect(existsSync(url), `${file}: expected the test that shows it`).toBe(true);
    if (name === undefined) return;
    expect(readFileSync(url, "utf8"), `${file}: expected a test or suite “${name}”`).toContain(name);
  });

  test.each(["compliant", "certified", "unhackable"])("never says %s", (word) => {
    for (const file of ["README.md", "SECURITY.md", "CHANGELOG.md"]) {
      expect(readFileSync(new URL(`../${file}`, import.meta.url), "utf8").toLowerCase()).not.toContain(word);
    }
  });
});
