import { existsSync, readFileSync, statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { document } from "../custody/fixture.ts";
import { PHRASE, Shell } from "./shell.ts";

const WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const CLEAR = "\u001b[2J\u001b[3J\u001b[H";
const ALLOWED = document([{ id: "out", allow: ["export", "import"] }]);
const enters = (count: number): string[] => Array.from({ length: count }, () => "");

let shell: Shell;

async function vault(policy: unknown = ALLOWED, ...options: readonly string[]): Promise<void> {
  shell.file("phrase", `${PHRASE}\n`);
  shell.file("words", `${WORDS}\n`);
  const policyFile = shell.file("policy.json", policy);
  const { exit, err } = await shell.on(["init", "--policy", policyFile, "--mnemonic-file", shell.path("words"), ...options]);
  if (exit !== 0) throw new Error(err);
}

beforeEach(() => {
  shell = new Shell();
});
afterEach(() => shell.remove());

describe("keyward export phrase", () => {
  test("shows word after word, forth and back, and clears each", async () => {
    await vault();
    const ran = await shell.on(["export", "phrase"], { tty: true, typed: ["", "b", ...enters(12)] });
    expect([ran.exit, ran.out]).toEqual([0, expect.stringMatching(/exported.*log entry \d+/)]);
    const pages = ran.err.split(CLEAR).filter((page) => page.includes("Word "));
    const [first = "", second = "", again = ""] = pages;
    expect(pages.length).toBe(14);
    expect([first, second, again].map((page) => /Word \d+ of 12/.exec(page)?.[0])).toEqual([
      "Word 1 of 12",
      "Word 2 of 12",
      "Word 1 of 12",
    ]);
    expect([...pages.slice(2)].map((page) => page.trim().split(/\s+/).at(-1)).join(" ")).toBe(WORDS);
    // No page shows two words, the last one is cleared too, and nothing of it is in what a script keeps.
    for (const page of pages) expect(WORDS.split(" ").filter((word) => page.includes(`    ${word}\n`)).length).toBeGreaterThan(0);
    expect(ran.err.endsWith(CLEAR)).toBe(true);
    for (const word of WORDS.split(" ")) expect(ran.out).not.toContain(word);
  });

  test("is cleared where somebody stops in the middle", async () => {
    await vault();
    // The prompt that nobody answers throws, as Ctrl-C does.
    const ran = await shell.on(["export", "phrase"], { tty: true, typed: enters(3) });
    expect([ran.exit, ran.err.includes(`    year\n`)]).toEqual([5, true]);
    expect(ran.err.slice(ran.err.indexOf("    year\n"))).toContain(CLEAR);
  });

  test("refuses a pipe before anything is asked for, unless it is told to print", async () => {
    await vault();
    expect(await shell.on(["export", "phrase"])).toMatchObject({ exit: 2, out: "", err: expect.stringContaining("--plain") });
    expect((await shell.on(["export", "phrase", "--json"], { tty: true })).exit).toBe(2);
    const before = (await shell.on(["log", "show", "--json"])).out;
    expect(before).not.toContain('"act":"export"');
    const ran = await shell.on(["export", "phrase", "--plain"]);
    expect([ran.exit, ran.out]).toEqual([0, `${WORDS}\n`]);
    const { json } = await shell.on(["export", "phrase", "Main", "--plain", "--json"]);
    expect(json).toMatchObject({ kind: "exported", words: WORDS.split(" "), entry: expect.any(Number) });
    expect((await shell.on(["log", "show", "--json"])).out).toContain('"act":"export"');
  });

  test("shows the passphrase that belongs to it", async () => {
    shell.file("pass", "geheim\n");
    await vault(ALLOWED, "--mnemonic-passphrase-file", shell.path("pass"));
    const ran = await shell.on(["export", "phrase"], { tty: true, typed: enters(13) });
    expect([ran.exit, ran.err]).toEqual([0, expect.stringContaining("    geheim\n")]);
    expect((await shell.on(["export", "phrase", "--plain"])).out).toBe(`${WORDS}\ngeheim\n`);
  });

  test("says what stands in the way: no rule, a wallet without words, one that is not there", async () => {
    await vault(document([{ id: "in", allow: ["import"] }]));
    const denied = await shell.on(["export", "phrase"], { tty: true });
    expect([denied.exit, denied.out]).toEqual([1, expect.stringContaining("denied")]);
    expect((await shell.on(["export", "phrase", "Other"], { tty: true })).exit).toBe(2);
    const key = shell.file("key", "46".repeat(32));
    await shell.on(["import", "Key", "--private-key-file", key]);
    const none = await shell.on(["export", "phrase", "Key", "--plain", "--json"]);
    expect([none.exit, none.out]).toEqual([2, expect.stringContaining("vault/no-phrase")]);
    expect((await shell.on(["export", "phrase"], { tty: true })).err).toContain("Main, Key");
  });

  test("waits where it has to, and says that the same command collects it", async () => {
    await vault(
      document([
        { id: "out", allow: ["export"] },
        { id: "slow", require: ["export"], delay: "1h" },
      ]),
    );
    const ran = await shell.on(["export", "phrase"], { tty: true });
    expect([ran.exit, ran.out]).toEqual([3, expect.stringContaining("same command again")]);
    expect(ran.out).not.toContain("pending resume");
    const { json } = await shell.on(["pending", "list", "--json"]);
    const [{ id }] = json.pending;
    expect((await shell.on(["pending", "show", id])).out).toContain('"what": "phrase"');
    expect((await shell.on(["pending", "resume", id])).exit).toBe(2);
  });
});

describe("keyward export slip39", () => {
  test("writes shares to files of their own, which come back as the same wallet", async () => {
    await vault();
    const pass = shell.file("shares-pass", "of the shares\n");
    const directory = shell.path("shares");
    const argv = ["export", "slip39", "--group", "2-of-3", "--shares-passphrase-file", pass, "--out", directory];
    const { exit, json } = await shell.on([...argv, "--json"]);
    expect([exit, json.files.length, json.holds]).toEqual([0, 3, "entropy"]);
    for (const path of json.files) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readFileSync(path, "utf8").trim().split(" ").length).toBe(20);
    }
    // Nothing is written over, and nothing is asked for where it would be.
    expect((await shell.on(argv)).exit).toBe(2);
    const { json: wallets } = await shell.on(["wallet", "list", "--json"]);
    const from = json.files.slice(1).flatMap((path: string) => ["--slip39-share", path]);
    const back = ["import", "Again", ...from, "--slip39-passphrase-file", pass, "--slip39-holds"];
    const twin = await shell.on([...back, "entropy", "--json"]);
    expect([twin.exit, twin.out]).toEqual([2, expect.stringContaining("vault/already-there")]);
    expect((await shell.on([...back, "seed"])).exit).toBe(0);
    expect((await shell.on([...back.slice(0, -1)])).exit).toBe(2);
    expect(((await shell.on(["wallet", "list", "--json"])).json.wallets.length as number) - wallets.wallets.length).toBe(1);
  });

  test("shows each share alone on a terminal", async () => {
    await vault();
    const ran = await shell.on(["export", "slip39", "Main", "--group", "2-of-2"], { tty: true, typed: enters(2) });
    const pages = ran.err.split(CLEAR).filter((page) => page.includes("Share "));
    expect([ran.exit, pages.map((page) => /Share \d/.exec(page)?.[0])]).toEqual([0, ["Share 1", "Share 2"]]);
    expect(pages.every((page) => /^ +1 \S+ .*\n(.*\n){3}/m.test(page) && page.includes("20 "))).toBe(true);
  });

  test("refuses what is no group, a pipe, and both ways of printing", async () => {
    await vault();
    for (const argv of [["--group", "two"], ["--group", "1-of-3", "--plain"], [], ["--plain", "--out", shell.path("x")]])
      expect([argv, (await shell.on(["export", "slip39", ...argv])).exit]).toEqual([argv, 2]);
    expect(existsSync(shell.path("x"))).toBe(false);
  });
});

describe("keyward export child", () => {
  test("prints what others read, with the path that makes it again", async () => {
    await vault();
    const child = async (...options: string[]) => (await shell.on(["export", "child", "--plain", "--json", ...options])).json;
    expect(await child()).toMatchObject({
      path: "m/83696968'/39'/0'/12'/0'",
      child: "weird hair hip place rail airport twin immense stomach later push carpet",
    });
    expect((await child("--application", "hex", "--bytes", "16", "--index", "3")).child).toMatch(/^[0-9a-f]{32}$/);
    expect((await child("--application", "wif")).child).toMatch(/^[KL]\w{51}$/);
    expect((await child("--application", "xprv")).child).toMatch(/^xprv\w+$/);
    for (const options of [
      ["--application", "rsa"],
      ["--application", "toString"],
      ["--application", "wif", "--words", "12"],
      ["--words", "13"],
      ["--index", "x"],
    ])
      expect([options, (await shell.on(["export", "child", "--plain", ...options])).exit]).toEqual([options, 2]);
  });

  test("shows the words of one as those of a wallet", async () => {
    await vault();
    const ran = await shell.on(["export", "child"], { tty: true, typed: enters(12) });
    expect([ran.exit, ran.err.split(CLEAR).filter((page) => page.includes("Word ")).length]).toEqual([0, 12]);
  });
});
