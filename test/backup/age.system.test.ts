import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decryptAge, encryptAge } from "../../src/backup/age.ts";
import { equal } from "../../src/base/bytes.ts";
import { pieces, whole } from "./files.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "keyward-age-"));
const at = (name: string) => join(folder, name);
const content = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
const PASSPHRASE = "correct horse battery";

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The tool asks for a passphrase at a terminal and nowhere else: `script` gives it one. */
async function atTerminal(command: string, answers: readonly string[]): Promise<void> {
  const child = spawn("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], { cwd: folder });
  let said = "";
  let asked = 0;
  child.stdout.on("data", (text: Buffer) => {
    said += text.toString();
    // Answered when it is asked: what is typed before a prompt is thrown away.
    while (asked < answers.length && said.split(/passphrase[^:]*: ?/i).length - 1 > asked) child.stdin.write(`${answers[asked++]}\n`);
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${command}: exit ${code}: ${said}`);
}

// A machine without it fails here: `apt-get install age` (.ci/run does).
describe("the standard tool, age", () => {
  let identity: string;
  let recipient: string;
  beforeAll(async () => {
    await run("age-keygen", ["-o", at("key.txt")]);
    const text = readFileSync(at("key.txt"), "utf8");
    identity = /^AGE-SECRET-KEY-1\w+$/m.exec(text)?.[0] ?? "";
    recipient = /public key: (age1\w+)/.exec(text)?.[1] ?? "";
    writeFileSync(at("content"), content);
  });

  test("opens what we write for a recipient", async () => {
    writeFileSync(at("ours.age"), await whole(await encryptAge(pieces(content, 3000), { recipients: [recipient] })));
    await run("age", ["-d", "-i", at("key.txt"), "-o", at("ours"), at("ours.age")]);
    expect(equal(readFileSync(at("ours")), content)).toBe(true);
  });

  test.each([
    ["plain", []],
    ["armored", ["-a"]],
  ])("writes what we open, for a recipient: %s", async (name, options) => {
    await run("age", [...options, "-r", recipient, "-o", at(`${name}.age`), at("content")]);
    const file = readFileSync(at(`${name}.age`));
    expect(equal(await whole(await decryptAge(pieces(file, 777), { identities: [identity] })), content)).toBe(true);
  });

  test("opens what we write for a passphrase", { timeout: 120_000 }, async () => {
    writeFileSync(at("phrase.age"), await whole(await encryptAge(pieces(content), { passphrase: PASSPHRASE })));
    await atTerminal("age -d -o phrase phrase.age", [PASSPHRASE]);
    expect(equal(readFileSync(at("phrase")), content)).toBe(true);
    await expect(atTerminal("age -d -o wrong phrase.age", ["another one"])).rejects.toThrow(/incorrect passphrase/);
  });

  test("writes what we open, for a passphrase", { timeout: 120_000 }, async () => {
    await atTerminal("age -p -o theirs.age content", [PASSPHRASE, PASSPHRASE]);
    const file = readFileSync(at("theirs.age"));
    expect(equal(await whole(await decryptAge(pieces(file, 777), { passphrase: PASSPHRASE })), content)).toBe(true);
  });

  test("refuses what we refuse: a file that is cut off or changed", async () => {
    const file = await whole(await encryptAge(pieces(content), { recipients: [recipient] }));
    for (const broken of [file.slice(0, -1), file.with(file.length - 20, (file.at(-20) ?? 0) ^ 1)]) {
      writeFileSync(at("broken.age"), broken);
      await expect(run("age", ["-d", "-i", at("key.txt"), "-o", at("broken"), at("broken.age")])).rejects.toThrow(/age: error/);
      await expect(decryptAge(pieces(broken), { identities: [identity] }).then(whole)).rejects.toMatchObject({ code: "backup/damaged" });
    }
  });
});
