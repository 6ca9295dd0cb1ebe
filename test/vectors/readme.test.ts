import { expect, test } from "vitest";
import page from "../../docs/vectors.md?raw";
import readme from "../../README.md?raw";

test("what the README says of the vectors is what docs/vectors.md found", () => {
  const [, sets] = /^(\d+) published sets are run/m.exec(page) ?? [];
  expect(readme).toContain(`${sets} sets, no row wrong, accepted though invalid, or crashed`);
  const [, , , , , wrong, accepted, crashed] =
    /^\| \*\*all\*\* \|(.*)$/m
      .exec(page)?.[0]
      .split("|")
      .map((cell) => cell.trim())
      .slice(1) ?? [];
  expect([wrong, accepted, crashed]).toEqual(["0", "0", "0"]);
});
