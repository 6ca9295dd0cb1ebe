import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { concat } from "../../src/base/bytes.ts";
import { verifyBackup } from "../../src/index.ts";
import * as f from "../custody/fixture.ts";
import { readReference } from "./reference.ts";
import * as b from "./setting.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "keyward-backup-"));
const at = (name: string) => join(folder, name);
const PASSPHRASE = "correct horse battery";

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The tool asks for a passphrase at a terminal and nowhere else: `script` gives it one. */
async function atTerminal(command: string, answer: string): Promise<void> {
  const child = spawn("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], { cwd: folder });
  let said = "";
  let asked = 0;
  child.stdout.on("data", (text: Buffer) => {
    said += text.toString();
    for (; said.split(/passphrase[^:]*: ?/i).length - 1 > asked; asked++) child.stdin.write(`${answer}\n`);
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${command}: exit ${code}: ${said}`);
}

// A machine without it fails here: `apt-get install age` (.ci/run does).
describe("a backup and the standard tool, age", () => {
  let me: f.Opened["me"];
  let accountId: string;
  beforeAll(async () => {
    writeFileSync(at("key.txt"), `${b.identity}\n`);
    const opened = await f.openCustody({ policy: b.policy() });
    me = opened.me;
    accountId = opened.account.id;
  });

  test("the tool opens it for a recipient, and what is inside can be read by the format alone", async () => {
    writeFileSync(at("backup.age"), (await b.take(me)).file);
    await run("age", ["-d", "-i", at("key.txt"), "-o", at("lines"), at("backup.age")]);
    expect(readReference(readFileSync(at("lines"))).records.get(`account/${accountId}`)).toMatchObject({ address: f.ACCOUNT });
  });

  test.each([
    ["binary", []],
    ["armored", ["-a"]],
  ])("what the tool encrypted anew verifies: %s", async (name, options) => {
    const { file, receipt } = await b.take(me);
    writeFileSync(at("backup.age"), file);
    await run("age", ["-d", "-i", at("key.txt"), "-o", at("lines"), at("backup.age")]);
    await run("age", [...options, "-r", b.recipient, "-o", at(name), at("lines")]);
    const report = await verifyBackup(readFileSync(at(name)), b.key);
    expect(report).toMatchObject({ at: receipt.at, epoch: receipt.epoch, entries: receipt.entries });
    expect(report.sha256).not.toBe(receipt.sha256);
  });

  test("the tool opens one for a passphrase, and one that it encrypted anew verifies", { timeout: 120_000 }, async () => {
    const parts: Uint8Array[] = [];
    const to = { passphrase: PASSPHRASE };
    await me.export({ what: "backup", name: "paper", to, write: (chunk) => void parts.push(chunk) });
    writeFileSync(at("phrase.age"), concat(...parts));
    await atTerminal("age -d -o phrase phrase.age", PASSPHRASE);
    expect(readReference(readFileSync(at("phrase"))).records.size).toBeGreaterThan(2);
    await atTerminal("age -p -o anew.age phrase", PASSPHRASE);
    expect((await verifyBackup(readFileSync(at("anew.age")), to)).accounts).toBe(1);
  });
});
