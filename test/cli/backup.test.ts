import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeWhole } from "../../src/cli/whole-file.ts";
import { verifyBackup } from "../../src/index.ts";
import * as b from "../backup/setting.ts";
import { ethLimit, payments } from "../custody/fixture.ts";
import { type Ran, Shell } from "./shell.ts";

const care = { id: "care", allow: ["export", "restore"], when: { requester: "owner" } };
const code = (ran: Ran): unknown => [ran.exit, ran.json.error?.code];
const PHRASE = "correct horse battery";

let shell: Shell;
let identity: string;
beforeAll(async () => {
  shell = new Shell();
  await shell.vault(payments([ethLimit("1 ETH"), care]));
  identity = shell.file("identity", `# created: 2026-11-22\n# public key: ${b.recipient}\n${b.identity}\n`);
});
afterAll(() => shell.remove());

const take = (name: string, more: readonly string[] = ["--to", b.recipient]) => shell.on(["backup", shell.path(name), ...more, "--json"]);
const beside = () => readdirSync(shell.directory).filter((name) => name.endsWith(".part"));

describe("keyward backup", () => {
  test("says that there is none, writes one that only its owner may open, lists it, and verifies it against the vault", async () => {
    expect((await shell.on(["backup", "list"])).out).toContain("there is no backup of this vault");
    expect((await shell.on(["backup", "list", "--json"])).json).toEqual({ backups: [] });
    const { exit, json } = await take("first.age");
    expect([exit, json]).toMatchObject([0, { kind: "exported", what: "backup", name: "first.age", to: 1, verified: null }]);
    expect(statSync(shell.path("first.age")).mode & 0o777).toBe(0o600);
    expect(beside()).toEqual([]);
    expect((await shell.on(["backup", "list"])).out).toMatch(/first\.age .* for 1 recipient .*never verified/);
    const verified = await shell.on(["backup", "verify", shell.path("first.age"), "--identity-file", identity, "--json"]);
    expect([verified.exit, verified.json]).toMatchObject([
      0,
      { whole: true, sha256: json.sha256, accounts: 1, wallets: [{ name: "Main" }], lacks: [], receipt: { id: json.id } },
    ]);
    expect(verified.json.behind.vault).toBeGreaterThan(0);
    expect((await shell.on(["backup", "list"])).out).toMatch(/verified 20/);
    expect((await verifyBackup(readFileSync(shell.path("first.age")), b.key)).sha256).toBe(json.sha256);
  });

  test("verifies without any vault, and says how old it is", async () => {
    await take("alone.age");
    const argv = ["backup", "verify", shell.path("alone.age"), "--identity-file", identity];
    const { exit, out } = await shell.run(argv, { now: Date.now() + 3 * 86_400_000 });
    expect([exit, out]).toEqual([0, expect.stringMatching(/^whole {2}of .*, 3 days ago/)]);
    expect((await shell.run([...argv, "--json"])).json).toMatchObject({ behind: {}, lacks: null, receipt: null });
    const checkpoint = shell.file("checkpoint", (await shell.on(["log", "checkpoint"])).out);
    expect((await shell.run([...argv, "--checkpoint", checkpoint])).out).toContain("behind the checkpoint");
  });

  test("asks for a passphrase twice, which is wiped, and opens with it", { timeout: 60_000 }, async () => {
    const before = shell.handedOut.length;
    const file = shell.path("typed.age");
    expect((await shell.on(["backup", file], { typed: [PHRASE, PHRASE] })).out).toContain("for a passphrase");
    expect((await shell.on(["backup", shell.path("other.age")], { typed: [PHRASE, `${PHRASE}!`] })).err).toContain("the same one twice");
    expect((await shell.run(["backup", "verify", file], { typed: [PHRASE] })).exit).toBe(0);
    const given = shell.file("given", `${PHRASE}!\n`);
    expect(code(await shell.run(["backup", "verify", file, "--backup-passphrase-file", given, "--json"]))).toEqual([
      2,
      "backup/cannot-open",
    ]);
    for (const bytes of shell.handedOut.slice(before)) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  test("refuses a file that is cut off, changed, or of another vault, with 4", async () => {
    await take("whole.age");
    const whole = readFileSync(shell.path("whole.age"));
    const at = whole.length - 100;
    for (const [name, bytes] of Object.entries({
      cut: whole.subarray(0, at),
      changed: Buffer.from(whole.with(at, (whole[at] ?? 0) ^ 1)),
    })) {
      const argv = ["backup", "verify", shell.file(name, bytes), "--identity-file", identity, "--json"];
      expect([name, code(await shell.run(argv))]).toEqual([name, [4, "backup/damaged"]]);
    }
    const other = new Shell();
    await other.vault(payments([care]));
    const argv = ["backup", "verify", shell.path("whole.age"), "--identity-file", identity, "--json"];
    expect(code(await other.on(argv))).toEqual([4, "backup/foreign"]);
    other.remove();
  });

  test("never writes over a file, and leaves none behind where it fails", async () => {
    const there = shell.file("there", "mine");
    expect(code(await take("there"))).toEqual([2, "cli/usage"]);
    expect(readFileSync(there, "utf8")).toBe("mine");
    expect(code(await take("x.age", ["--to", `age1${"q".repeat(58)}`]))).toEqual([2, "backup/bad-key"]);
    expect(code(await take("nowhere/x.age"))).toEqual([2, "cli/usage"]);
    const stop = new AbortController();
    stop.abort();
    expect((await shell.on(["backup", shell.path("x.age"), "--to", b.recipient], { signal: stop.signal })).exit).toBe(130);
    expect([existsSync(shell.path("x.age")), beside()]).toEqual([false, []]);
  });

  test("is denied or waits as any act, and leaves no file", async () => {
    const other = new Shell();
    await other.vault(payments([{ ...care, allow: ["export"] }]));
    const denied = await other.on(["backup", other.path("x.age"), "--to", b.recipient, "--json"]);
    expect([denied.exit, denied.json.reasons[0].code, existsSync(other.path("x.age"))]).toEqual([1, "backup/no-restore", false]);
    other.remove();
    const slow = new Shell();
    await slow.vault(payments([care, { id: "slow", require: ["export"], delay: "1h" }]));
    const waits = await slow.on(["backup", slow.path("x.age"), "--to", b.recipient]);
    expect([waits.exit, waits.out, existsSync(slow.path("x.age"))]).toEqual([
      3,
      expect.stringContaining("the same command once more"),
      false,
    ]);
    slow.remove();
  });

  test.each([
    [["--to", "age1x"], "request/malformed"],
    [["--to", b.recipient, "--backup-passphrase-file", "x"], "cli/usage"],
    [["--to", b.recipient, "--name", "0123456789abcdef0123"], "request/malformed"],
  ])("refuses %s", async (more, expected) => {
    expect(code(await take("refused.age", more))).toEqual([2, expected]);
    expect(existsSync(shell.path("refused.age"))).toBe(false);
  });
});

describe("a file that is written whole or not at all", () => {
  test("has its name only when it is complete, and nothing stays where that fails", async () => {
    const path = shell.path("whole-file");
    await writeWhole(path, async (file) => {
      await file.write(new Uint8Array([1, 2]));
      expect([existsSync(path), beside().length]).toEqual([false, 1]);
      await file.write(new Uint8Array([3]));
      await file.complete();
      expect([existsSync(path), beside().length]).toEqual([true, 0]);
    });
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    const failing = writeWhole(shell.path("failing"), async (file) => {
      await file.write(new Uint8Array(9));
      throw new Error("in the middle");
    });
    await expect(failing).rejects.toThrow("in the middle");
    const unfinished = shell.path("unfinished");
    await writeWhole(unfinished, (file) => file.write(new Uint8Array(9)));
    expect([existsSync(shell.path("failing")), existsSync(unfinished), beside()]).toEqual([false, false, []]);
  });

  test("goes over nothing that came meanwhile", async () => {
    const path = shell.path("raced");
    const racing = writeWhole(path, async (file) => {
      await file.write(new Uint8Array(9));
      writeFileSync(path, "theirs");
      await file.complete();
    });
    await expect(racing).rejects.toMatchObject({ code: "cli/usage" });
    expect([readFileSync(path, "utf8"), beside()]).toEqual(["theirs", []]);
  });
});
