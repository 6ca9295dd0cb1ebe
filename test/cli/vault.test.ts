import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ACCOUNT, ETHER, ethLimit, MALLORY, payments, request, transaction } from "../custody/fixture.ts";
import { type Draft, Shell } from "./shell.ts";

const shell = new Shell();
const policy = payments(
  [ethLimit("1 ETH"), { id: "edit", allow: ["policyEdit", "modeChange", "import"] }, { id: "slow", require: ["policyEdit"], delay: "1h" }],
  {
    more: { immutable: false },
  },
);
beforeAll(() => shell.vault(policy));
afterAll(() => shell.remove());

const asked = (fields: Parameters<typeof transaction>[0], more: object = {}) =>
  JSON.stringify({ ...request(transaction(fields)), ...more });
const sign = (stdin: string, more: readonly string[] = ["--json"]) => shell.on(["sign", ...more], { stdin });

describe("sign", () => {
  test("prints the documented object, and the same request again spends nothing more", async () => {
    const first = await sign(asked({ value: ETHER / 2n }));
    expect(first.exit).toBe(0);
    expect(first.json).toEqual({
      kind: "signed",
      bytes: expect.stringMatching(/^0x02/),
      hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      entry: expect.any(Number),
    });
    expect((await sign(asked({ value: ETHER / 2n }))).json).toEqual(first.json);
    expect((await sign(asked({ nonce: 1, value: ETHER / 2n }))).exit).toBe(0);
  });

  test("beyond the limit it is denied with exit 1, and the text says what would pass", async () => {
    const over = asked({ nonce: 2, value: 1n });
    const { exit, json } = await sign(over);
    expect(exit).toBe(1);
    expect(json).toEqual({
      kind: "denied",
      verdict: "deny",
      reasons: [expect.objectContaining({ code: "limit/exceeded", rule: "eth-limit", effect: null })],
      needs: [],
      entry: expect.any(Number),
    });
    const text = await sign(over, []);
    expect(text.exit).toBe(1);
    expect(text.out).toMatch(/what would pass:\n {2}→ the same request would pass at /);
    const unknown = await sign(asked({ nonce: 2, to: MALLORY }), []);
    expect(unknown.out).toContain("→ to friend, other it would pass");
  });

  test("the account may be named; requester and now are refused, also by decode and explain", async () => {
    const named = asked({ nonce: 3 }, { account: "Main" });
    expect((await sign(named)).exit).toBe(0);
    for (const more of [{ requester: "owner" }, { now: "2026-11-22" }]) {
      const stdin = asked({ nonce: 4 }, more);
      for (const command of ["sign", "decode", "explain"]) {
        const { exit, json } = await shell.on([command, "--json"], { stdin });
        expect({ command, exit, error: json.error }).toEqual({
          command,
          exit: 2,
          error: { code: "request/malformed", message: expect.stringContaining("cannot be chosen inside a vault") },
        });
      }
    }
    expect((await shell.on(["decode", "--json"], { stdin: named })).json.intent.account).toBe(ACCOUNT);
  });

  test("explain on the vault judges with its counters and assumes nothing", async () => {
    const { exit, json } = await shell.on(["explain", "--json"], { stdin: asked({ nonce: 9, value: 1n }) });
    expect(exit).toBe(1);
    expect(json).toMatchObject({ verdict: "deny", assumed: [], reasons: [{ code: "limit/exceeded" }] });
    const lines = await shell.on(["explain", "--lines"], { stdin: `${asked({ nonce: 9 })}\n{\n` });
    expect(
      lines.out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).verdict),
    ).toEqual(["allow", undefined]);
  });

  test("a person who is none of the policy is exit 2", async () => {
    const { exit, json } = await sign(asked({}), ["--json", "--person", "ghost"]);
    expect({ exit, code: json.error.code }).toEqual({ exit: 2, code: "session/no-such-person" });
  });
});

describe("accounts and wallets", () => {
  test("are listed, derived and printed", async () => {
    expect((await shell.on(["address", "Main"])).out).toBe(`${ACCOUNT}\n`);
    expect((await shell.on(["address", "--json"])).json).toEqual({ name: "Main", chain: "eip155:1", address: ACCOUNT });
    expect((await shell.on(["address", "Other"])).err).toContain("there are: Main");
    expect((await shell.on(["wallet", "list", "--json"])).json.wallets).toEqual([
      { id: expect.any(String), name: "Main", kind: "privateKey" },
    ]);
    const phrase = shell.file("words", `${"abandon ".repeat(11)}about\n`);
    expect(await shell.on(["import", "Words", "--mnemonic-file", phrase, "--json"])).toMatchObject({ exit: 0, json: { kind: "done" } });
    const { json } = await shell.on(["account", "derive", "Second", "--wallet", "Words", "--index", "3", "--json"]);
    expect(json).toMatchObject({ name: "Second", path: "m/44'/60'/0'/0/3", address: expect.stringMatching(/^0x/) });
    expect((await shell.on(["account", "list", "--json"])).json.accounts.map((account: Draft) => account.name)).toEqual(["Main", "Second"]);
    expect((await shell.on(["import", "Again", "--mnemonic-file", phrase, "--json"])).json.error.code).toBe("vault/already-there");
    expect((await shell.on(["import", "None"])).err).toContain("expected --mnemonic-file");
  });

  test("a phrase in a file that others may open is refused", async () => {
    const loose = shell.file("loose-words", "abandon\n", 0o644);
    expect((await shell.on(["import", "Loose", "--mnemonic-file", loose])).err).toContain("chmod 600");
  });
});

describe("acts", () => {
  test("a policy edit waits, is shown with what it changes, and is withdrawn", async () => {
    const next = shell.file("next.json", { ...policy, rules: policy.rules.filter((rule) => (rule as { id?: string }).id !== "eth-limit") });
    const { exit, json } = await shell.on(["policy", "set", next, "--json"]);
    expect(exit).toBe(3);
    expect(json).toMatchObject({
      kind: "pending",
      verdict: "pending",
      reasons: [],
      needs: [{ kind: "delay", rule: "slow", delayMs: 3_600_000 }],
    });
    expect(json.edit).toMatchObject({ direction: "loosens", status: "exact", parts: [{ part: "rules", direction: "loosens" }] });
    expect(json.edit.regions[0]).toMatchObject({
      change: "newly-allowed",
      rules: { from: ["eth-limit"] },
      witness: { effects: [{ asset: "native" }] },
    });
    const shown = await shell.on(["pending", "show", json.id]);
    expect(shown.out).toContain("- rules eth-limit");
    expect(shown.out).toContain("newly allowed  [eth-limit]");
    expect(shown.out).toContain("a delay of 1h");
    expect((await shell.on(["pending", "list", "--json"])).json.pending).toEqual([
      expect.objectContaining({ id: json.id, submitters: ["owner"] }),
    ]);
    expect((await shell.on(["pending", "resume", json.id])).exit).toBe(3);
    expect((await shell.on(["pending", "withdraw", json.id])).exit).toBe(0);
    expect((await shell.on(["pending", "list"])).out).toBe("nothing waits\n");
    expect((await shell.on(["pending", "show", json.id, "--json"])).json.error.code).toBe("pending/no-such-request");
  });

  test("what an edit is proven to change is shown before it is asked for, and a no asks for nothing", async () => {
    const next = shell.file("next-yes.json", { ...policy, name: "another name" });
    const entries = async () => (await shell.on(["log", "show", "--json"])).out.match(/policyEdit/g)?.length ?? 0;
    const before = await entries();
    const no = await shell.on(["policy", "set", next], { tty: true, says: false });
    expect(no).toMatchObject({ exit: 2, out: "", err: expect.stringContaining("nothing was asked for") });
    expect(no.err.indexOf("equivalent: both decide every request alike")).toBeGreaterThan(-1);
    expect(await entries()).toBe(before);
    for (const given of [
      [[], { tty: true, says: true }],
      [["--yes"], { tty: true, says: false }],
      [[], {}],
    ] as const) {
      const { exit, out, err } = await shell.on(["policy", "set", next, ...given[0]], given[1]);
      expect([exit, err]).toEqual([3, expect.stringContaining("equivalent")]);
      const id = /[0-9a-f-]{16,}/.exec(out.replaceAll("\u001b", " "))?.[0] ?? "";
      expect((await shell.on(["pending", "withdraw", id])).exit).toBe(0);
    }
    expect((await shell.on(["policy", "set", next, "--json"])).err).toBe("");
  });

  test("an edit that is no policy names its problems and asks nobody", async () => {
    const broken = shell.file("broken.json", { ...policy, rules: [{ id: "x", alow: [] }] });
    expect((await shell.on(["policy", "set", broken, "--json"])).json.error).toMatchObject({
      code: "policy/invalid",
      problems: expect.any(Array),
    });
  });

  test("a frozen vault signs nothing until it is normal again", async () => {
    expect(await shell.on(["mode", "--json"])).toMatchObject({ json: { mode: "normal", until: null } });
    expect((await shell.on(["mode", "frozen", "--json"])).json).toMatchObject({ kind: "done", result: { mode: "frozen" } });
    expect((await sign(asked({ nonce: 20 }))).exit).toBe(1);
    const thaw = JSON.stringify({
      chain: `keyward:${(await shell.on(["log", "verify", "--json"])).json.vault}`,
      kind: "act",
      payload: { act: "modeChange", mode: "normal" },
    });
    expect((await sign(thaw)).json).toMatchObject({ kind: "done" });
    expect((await sign(asked({ nonce: 20 }))).exit).toBe(0);
    for (const payload of [null, "modeChange", { act: "export" }, { act: "modeChange" }]) {
      const { exit, json } = await sign(JSON.stringify({ ...JSON.parse(thaw), payload }));
      expect([exit, json.error.code]).toEqual([2, expect.stringMatching(/^request\/(malformed|unsupported)$/)]);
    }
    expect((await sign(thaw.replace(/keyward:../, "keyward:zz"))).json.error.code).toBe("request/malformed");
  });

  test("the policy that is shown is one that can be set again", async () => {
    const shown = await shell.on(["policy", "show"]);
    expect(JSON.parse(shown.out)).toEqual(JSON.parse(JSON.stringify(policy)));
    expect((await shell.on(["policy", "show", "--json"])).json).toMatchObject({ version: 1, mode: "normal" });
  });

  test("a second init in the same place is refused and changes nothing", async () => {
    const again = ["init", "--policy", shell.path("policy.json")];
    expect(await shell.on([...again, "--json"])).toMatchObject({ exit: 2, json: { error: { code: "vault/exists" } } });
    expect((await shell.on(["address", "Main"])).out).toBe(`${ACCOUNT}\n`);
  });
});

test("every session that a command began is ended when it is done, also when it failed", async () => {
  expect((await sign(asked({}), ["--json", "--person", "owner"])).exit).toBe(0);
  expect((await sign(JSON.stringify({ ...request("0x"), account: "Main" }))).json.error.code).toBe("chain/malformed");
  const { out } = await shell.on(["log", "show", "--json"]);
  const events = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Draft);
  const count = (event: string) => events.filter((entry) => entry.kind === "session" && entry.event === event).length;
  expect(count("began")).toBeGreaterThan(10);
  expect(count("ended")).toBe(count("began"));
});

test("nothing that a log or a request holds can paint the terminal", async () => {
  const { effectLines } = await import("../../src/cli/show.ts");
  const { styleFor } = await import("../../src/cli/style.ts");
  const style = styleFor({ stdout: { isTTY: false, write: async () => undefined }, env: {} });
  const evil = "\u001b[2J\u202efriend\u0007\n";
  const effect = { kind: "call", at: [], chain: "eip155:1", contract: evil, function: evil, args: { memo: evil }, why: evil };
  const [line = ""] = effectLines([effect], undefined, style);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through.
  expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
  expect(line).toContain("\\u{1b}[2J\\u{202e}friend");
});
