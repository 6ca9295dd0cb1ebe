import { describe, expect, test } from "vitest";
import { CustodyError, ERROR_CODES, type ErrorCode } from "../../src/base/errors.ts";
import { EXIT, exitOf } from "../../src/cli/exit.ts";
import { errorToJson, report } from "../../src/cli/report.ts";
import { Heard } from "./shell.ts";

/** Written by hand from the contract, family by family, so that a change of the table is seen. */
const FAILED: readonly ErrorCode[] = [
  "keys/no-randomness",
  "keys/bad-signature",
  "vault/locked",
  "vault/busy",
  "vault/reservation-lost",
  "vault/reservation-taken",
  "vault/unfinished-rotation",
  "vault/rotated",
  "slot/no-keychain",
  "slot/keychain-locked",
  "recovery/failed",
  "recovery/no-realm",
  "recovery/timed-out",
  "cli/failed",
];
const UNVERIFIED = [
  "vault/damaged",
  "vault/rolled-back",
  "vault/kdf-out-of-bounds",
  "vault/account-mismatch",
  "vault/no-such-secret",
  "backup/damaged",
  "backup/foreign",
  "backup/kdf-out-of-bounds",
];

describe("exit codes", () => {
  test.each(ERROR_CODES)("%s has the exit that the contract says", (code) => {
    const family = code.split("/")[0];
    const expected = ["vault/aborted", "recovery/aborted", "backup/aborted"].includes(code)
      ? 130
      : FAILED.includes(code) || family === "store" || family === "realm"
        ? 5
        : UNVERIFIED.includes(code) || family === "log"
          ? 4
          : 2;
    expect(exitOf(code)).toBe(expected);
  });

  test("no error looks like an allowed, a denied or a pending request", () => {
    for (const code of ERROR_CODES) expect([EXIT.done, EXIT.denied, EXIT.pending]).not.toContain(exitOf(code));
  });
});

describe("reports", () => {
  const io = (env = {}) => {
    const said = { out: new Heard(false), err: new Heard(false) };
    return { said, io: { stdout: said.out, stderr: said.err, env } as never };
  };

  test("what nobody expected is said without its text, which may hold anything, and without a stack", async () => {
    const { said, io: world } = io();
    expect(await report(new Error("the phrase is abandon abandon"), "json", world)).toBe(5);
    expect(JSON.parse(said.out.text)).toEqual({ error: { code: "cli/failed", message: expect.stringContaining("KEYWARD_DEBUG") } });
    expect(said.err.text).toBe("");
    const text = io();
    expect(await report(new Error("the phrase is abandon abandon"), "text", text.io)).toBe(5);
    expect(text.said.err.text).not.toMatch(/abandon|at .*\.ts/);
  });

  test("a stack comes with KEYWARD_DEBUG=1 alone", async () => {
    const { said, io: world } = io({ KEYWARD_DEBUG: "1" });
    await report(new CustodyError("request/malformed", "request: no"), "json", world);
    expect(said.err.text).toContain("CustodyError");
    expect(JSON.parse(said.out.text)).toEqual(errorToJson(new CustodyError("request/malformed", "request: no")));
  });
});
