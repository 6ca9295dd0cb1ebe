import { existsSync, readFileSync } from "node:fs";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as f from "../custody/fixture.ts";
import { mayRestore } from "../custody/restoring.ts";
import { Shell } from "./shell.ts";

const shell = new Shell();
/** Ana approves; the key is made by keygen. */
const policy = (publicKey: string) =>
  f.payments([...mayRestore, f.ethLimit("10 ETH", "24h"), { id: "two", require: ["restore"], approvals: [{ of: "ana", atLeast: 1 }] }], {
    people: [{ name: "ana", publicKey, credential: undefined as never }],
  });
const backup = shell.path("vault.age");
let identity: string;
let next: string;
let kept: string;
let newest: string;

beforeAll(async () => {
  const { json } = await shell.run(["keygen", shell.path("ana.json"), "--json"]);
  await shell.vault(policy(json.publicKey));
  const secret = await generateX25519Identity();
  identity = shell.file("identity.txt", `# made for a test\n${secret}\n`);
  next = shell.file("new-phrase", "another way into it\n");
  kept = shell.file("kept.txt", (await shell.on(["log", "checkpoint"])).out);
  const made = await shell.on(["backup", backup, "--to", await identityToRecipient(secret)]);
  if (made.exit !== 0) throw new Error(made.err + made.out);
  newest = shell.file("newest.txt", (await shell.on(["log", "checkpoint"])).out);
});
afterAll(() => shell.remove());

function restore(directory: string, more: readonly string[] = []) {
  const secrets = ["--identity-file", identity, "--new-passphrase-file", next];
  return shell.run(["restore", backup, "--vault", shell.path(directory), ...secrets, ...more]);
}

/** A command on the restored vault. */
const on = (directory: string, argv: readonly string[], given: { readonly stdin?: string } = {}) =>
  shell.run([...argv, "--vault", shell.path(directory), "--passphrase-file", next], given);

describe("keyward restore", () => {
  test("rebuilds the vault where there is none; it signs once that was allowed, under full limits", async () => {
    const made = await restore("back", ["--json", "--at-least", kept]);
    expect([made.exit, made.err]).toEqual([0, ""]);
    expect(made.json).toMatchObject({ directory: shell.path("back"), entries: expect.any(Number), shares: [] });
    expect((await on("back", ["account", "list", "--json"])).exit).toBe(0);
    const payment = JSON.stringify(f.request(f.transaction({ value: 7n })));
    expect(await on("back", ["sign", "--json"], { stdin: payment })).toMatchObject({
      exit: 1,
      json: { kind: "denied", reasons: [{ code: "vault/restored" }] },
    });
    const asked = await on("back", ["restore", "allow", "--json"]);
    expect(asked).toMatchObject({ exit: 3, json: { kind: "pending" } });
    expect((await on("back", ["approve", asked.json.id, "--yes", "--person", "ana", "--key-file", shell.path("ana.json")])).exit).toBe(0);
    expect((await on("back", ["pending", "resume", asked.json.id])).exit).toBe(0);
    const full = await on("back", ["sign", "--json"], { stdin: payment });
    expect(full).toMatchObject({ exit: 1, json: { reasons: [{ code: "limit/exceeded" }] } });
    expect((await on("back", ["restore", "allow", "--json"])).json.reasons).toMatchObject([{ code: "vault/not-restored" }]);
    const shown = await on("back", ["log", "show", "--limit", "100"]);
    expect(shown.out).toContain("restored");
    expect((await on("back", ["log", "verify"])).exit).toBe(0);
  });

  test("is refused where a vault is, for a wrong key, an older backup or a damaged file, and leaves nothing", async () => {
    expect((await restore("v")).exit).toBe(2);
    const wrong = shell.file("wrong.txt", await generateX25519Identity());
    const key = ["--new-passphrase-file", next, "--identity-file"];
    const refused = async (argv: readonly string[]) => {
      const { exit, out } = await shell.run(["restore", ...argv, "--vault", shell.path("none")]);
      expect(out).toBe("");
      expect((await shell.run(["account", "list", "--vault", shell.path("none"), "--passphrase-file", next])).exit).toBe(2);
      return exit;
    };
    expect(await refused([backup, ...key, wrong])).toBe(2);
    expect(await refused([backup, ...key, identity, "--at-least", newest])).toBe(4);
    const bytes = readFileSync(backup);
    const damaged = shell.file("damaged.age", bytes.subarray(0, -1));
    expect(await refused([damaged, ...key, identity])).toBe(4);
    expect(await refused([shell.path("missing.age"), ...key, identity])).toBe(2);
    expect(existsSync(backup)).toBe(true);
  });

  test("asks for both passphrases, and wipes them", async () => {
    const file = shell.path("by-phrase.age");
    const phrase = shell.file("backup-phrase", "a passphrase for a backup\n");
    expect((await shell.on(["backup", file, "--backup-passphrase-file", phrase])).exit).toBe(0);
    const made = await shell.run(["restore", file, "--vault", shell.path("asked")], {
      typed: ["a passphrase for a backup", "another way into it", "another way into it"],
      tty: true,
    });
    expect([made.exit, made.out]).toEqual([0, expect.stringContaining("signs nothing until that is allowed")]);
    expect(shell.handedOut.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  });
});
