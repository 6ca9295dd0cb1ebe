import { afterEach, describe, expect, test, vi } from "vitest";
import type * as Base from "../../src/base/realm.ts";
import type * as Scenario from "./scenario.ts";

// Our own modules are loaded anew into a realm that was written to before. The members stay away from the test runner.

const undo: (() => void)[] = [];

function assign(table: object, member: string | symbol, value: unknown): void {
  Reflect.set(table, member, value);
  undo.push(() => Reflect.deleteProperty(table, member));
}

afterEach(() => {
  for (const back of undo.splice(0)) back();
  vi.resetModules();
});

async function freshly(): Promise<{ scenario: typeof Scenario; base: typeof Base }> {
  vi.resetModules();
  return { scenario: await import("./scenario.ts"), base: await import("../../src/base/realm.ts") };
}

describe("a realm that was written to before our first import", () => {
  test.each(["amount", "scope", "signal"])("has nothing created, opened or signed: %s on Object.prototype", async (member) => {
    assign(Object.prototype, member, 1);
    const { scenario, base } = await freshly();
    const ends = await scenario.live();
    expect(ends.find(([step]) => step === "keyward")?.[1]).toBe("realm/polluted");
    expect(ends.filter(([, end]) => end.startsWith("signed"))).toEqual([]);
    expect(base.checkRealm).toThrow("realm: expected nothing");
  });
});

describe("a symbol that every object inherits", () => {
  const MADE_UP = Symbol("made up");
  test.each<[string, symbol, unknown]>([
    ["Symbol.toPrimitive", Symbol.toPrimitive, () => "1"],
    ["Symbol.toStringTag", Symbol.toStringTag, "Thing"],
    ["Symbol.asyncIterator", Symbol.asyncIterator, async function* () {}],
    ["one of the app's own", MADE_UP, true],
  ])("is read as a member by nobody: %s", async (_, symbol, value) => {
    const { live } = await import("./scenario.ts");
    const before = await live();
    assign(Object.prototype, symbol, value);
    const ends = await live();
    for (const back of undo.splice(0)) back();
    const signed = (all: Scenario.Ends) => all.filter(([, end]) => end.startsWith("signed")).map(([step]) => step);
    // It may stop what would have gone on; it lets nothing through.
    expect(signed(before)).toEqual(expect.arrayContaining(signed(ends)));
    expect(signed(ends)).not.toContain("sign to a stranger");
  });
});

describe("an accessor that every object inherits", () => {
  test("is noticed where it can be enumerated, and is never asked", async () => {
    const { live } = await import("./scenario.ts");
    let asked = 0;
    const get = () => {
      asked++;
      return "0";
    };
    Object.defineProperty(Object.prototype, "amount", { get, enumerable: true, configurable: true });
    undo.push(() => Reflect.deleteProperty(Object.prototype, "amount"));
    const ends = await live();
    for (const back of undo.splice(0)) back();
    expect(ends.find(([step]) => step === "keyward")?.[1]).toBe("realm/polluted");
    expect(asked).toBe(0);
  });
});
