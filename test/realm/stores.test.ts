import { describe, expect, test } from "vitest";
import { CustodyError } from "../../src/index.ts";
import { indexedDbStore } from "../../src/stores/indexeddb/index.ts";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { HOSTILE } from "./hostile.ts";

const STORES = { indexedDbStore, lmdbStore } as const;

function codeOf(run: () => unknown): string {
  try {
    run();
    return "ok";
  } catch (cause) {
    if (cause instanceof CustodyError) return cause.code;
    throw cause;
  }
}

// Nothing is touched before the first call, so there is neither a browser nor a directory here.
describe.each(Object.entries(STORES))("%s", (_, make) => {
  test("takes no name or path but a text", () => {
    for (const [what, value] of HOSTILE) {
      const given = value();
      expect([what, codeOf(() => make(given as never))]).toEqual([what, typeof given === "string" ? "ok" : "request/malformed"]);
    }
  });

  test("takes no clock but a function, and no options that cannot be read", () => {
    for (const [what, value] of HOSTILE) {
      const given = value();
      const fits = given === undefined || typeof given === "function";
      expect([what, codeOf(() => make("name", { now: given } as never))]).toEqual([what, fits ? "ok" : "request/malformed"]);
      expect([what, codeOf(() => make("name", given as never))]).toEqual([what, expect.stringMatching(/^(?:ok|request\/malformed)$/)]);
    }
  });
});
