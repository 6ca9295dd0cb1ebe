import { describe, expect, test } from "vitest";
import { reportHtml, reportText } from "../../../src/policy/report/index.ts";
import { audited, hotWallet } from "./fixture.ts";

const same = (text: string) => text;
const PLAIN = { bold: same, dim: same, good: same, bad: same, wait: same };
const ABOUT = { version: "1.2.3" };

describe("the report as text", () => {
  test("says what is wrong first, and fits the width", () => {
    for (const width of [80, 100]) {
      const lines = reportText(audited(), ABOUT, PLAIN, width).split("\n");
      expect(lines[0]).toContain("hot wallet");
      expect(lines[1]).toBe("not passed  1 error, 1 warning, 1 note, 2 without a bound, 1 not decided");
      // What has no place to break, such as an address, may stand alone on a line.
      for (const line of lines) expect(line.length <= width || !line.trim().includes(" ") || line === lines[0], line).toBe(true);
    }
  });

  test("losses stand in a table for each asset", () => {
    const text = reportText(audited(), ABOUT, PLAIN);
    expect(text).toMatch(/ETH +24h +7d +8d\n/);
    expect(text).toMatch(/role:ops +50 +200 +250\n/);
    expect(text).toMatch(/role:ops \+ role:finance +no bound +no bound +no bound\n/);
    expect(text).toMatch(/role:ops +≈ 1,500,001 +≤ 1,500,001 +not decided\n/);
    expect(text).toContain("nothing leaves by cyd");
  });

  test("losses in a mode that ends by itself say so, and no other", () => {
    const audit = audited();
    const losses = audit.losses.flatMap((loss) => [loss, { ...loss, mode: "emergency" }]);
    const headings = reportText({ ...audit, losses }, ABOUT, PLAIN).match(/the most that can leave in mode .*/g);
    expect(headings?.map((line) => line.trim())).toEqual([
      "the most that can leave in mode normal",
      "the most that can leave in mode emergency, while it lasts (6h)",
    ]);
    expect(reportHtml({ ...audit, losses }, ABOUT)).toContain("Mode emergency, while it lasts (6h)");
  });

  test("nothing of a policy paints the terminal", () => {
    const audit = audited(hotWallet());
    const text = reportText(
      { ...audit, policy: { ...audit.policy, name: "x\u001b[2Jy\u202e" }, inconclusive: ["a\rb\u001b[31m"] },
      ABOUT,
      PLAIN,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(text).toContain("x\\u{1b}[2Jy\\u{202e}");
  });
});
