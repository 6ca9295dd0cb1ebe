import { chmodSync, closeSync, existsSync, openSync, readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDigits, withKeyFile } from "../../src/cli/keyfile.ts";
import { TypedLine } from "../../src/cli/terminal.ts";
import { payments } from "../custody/fixture.ts";
import { PHRASE, Shell } from "./shell.ts";

const shell = new Shell();
const vault = () => ["--vault", shell.path("v")];
beforeAll(() => shell.vault(payments()));
afterAll(() => shell.remove());

describe("passphrases", () => {
  test("a file that others may open is refused with what to do, whatever the loose bit is", async () => {
    const path = shell.file("loose", `${PHRASE}\n`);
    for (const mode of [0o640, 0o604, 0o660, 0o620]) {
      chmodSync(path, mode);
      const { exit, err } = await shell.run(["account", "list", ...vault(), "--passphrase-file", path]);
      expect(exit).toBe(2);
      expect(err).toContain(`chmod 600 ${path}`);
    }
    chmodSync(path, 0o600);
    expect((await shell.run(["account", "list", ...vault(), "--passphrase-file", path])).exit).toBe(0);
  });

  test("an open descriptor gives it too; a closed one is an error", async () => {
    const fd = openSync(shell.path("phrase"), "r");
    expect((await shell.run(["account", "list", ...vault(), "--passphrase-fd", String(fd)])).exit).toBe(0);
    closeSync(fd);
    expect((await shell.run(["account", "list", ...vault(), "--passphrase-fd", "987"])).exit).toBe(2);
    expect((await shell.run(["account", "list", ...vault(), "--passphrase-fd", "-1"])).exit).toBe(2);
    expect((await shell.run(["account", "list", ...vault(), "--passphrase-fd", "3", "--passphrase-file", "x"])).err).toContain(
      "expected 1 for this way in, got 2",
    );
  });

  test("two lines, or none, are no passphrase", async () => {
    for (const text of ["", "\n", "a\nb\n"]) {
      const path = shell.file("odd", text);
      expect((await shell.run(["account", "list", ...vault(), "--passphrase-file", path])).err).toContain("one line that is not empty");
    }
  });

  test("a wrong one is exit 2, and nothing of it is said again", async () => {
    const { exit, err, out } = await shell.run(["account", "list", ...vault(), "--json"], { typed: ["open sesame please"] });
    expect(exit).toBe(2);
    expect(JSON.parse(out).error.code).toBe("vault/cannot-open");
    expect(out + err).not.toContain("sesame");
  });

  test("what was typed is wiped when the vault is open, and when it is not", async () => {
    shell.handedOut.length = 0;
    expect((await shell.run(["account", "list", ...vault()], { typed: [PHRASE] })).exit).toBe(0);
    expect((await shell.run(["account", "list", ...vault()], { typed: ["wrong one"] })).exit).toBe(2);
    const fresh = ["init", "--policy", shell.path("policy.json"), "--vault", shell.path("fresh"), "--no-wallet"];
    expect((await shell.run(fresh, { typed: [PHRASE, `${PHRASE}!`] })).err).toContain("the same one twice");
    expect(existsSync(shell.path("fresh"))).toBe(false);
    expect((await shell.run(fresh, { typed: [PHRASE, PHRASE] })).exit).toBe(0);
    expect(shell.handedOut).toHaveLength(6);
    for (const bytes of shell.handedOut) expect([...bytes].every((byte) => byte === 0)).toBe(true);
  });

  test("a vault that is not there is said before anything is asked or made", async () => {
    const { exit, json } = await shell.run(["account", "list", "--vault", shell.path("nowhere"), "--json"]);
    expect({ exit, code: json.error.code }).toEqual({ exit: 2, code: "vault/absent" });
    expect(existsSync(shell.path("nowhere"))).toBe(false);
  });

  test("KEYWARD_VAULT names the vault where --vault does not", async () => {
    const argv = ["account", "list", "--json", "--passphrase-file", shell.path("phrase")];
    expect((await shell.run(argv, { env: { KEYWARD_VAULT: shell.path("v") } })).json.accounts).toHaveLength(1);
  });
});

describe("key files", () => {
  test("keygen writes a new file that only its owner may open, and prints the public key", async () => {
    const path = shell.path("ana.json");
    const { exit, json, out } = await shell.run(["keygen", path, "--json"]);
    expect(exit).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const written = JSON.parse(readFileSync(path, "utf8"));
    expect(written).toEqual({ kind: "secp256k1", publicKey: json.publicKey, privateKey: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(out).not.toContain(written.privateKey);
    expect((await shell.run(["keygen", path])).err).toContain("nothing is overwritten");
    await withKeyFile(path, async ({ publicKey }) => expect(publicKey).toBe(json.publicKey));
  });

  test("one that is loose, changed or something else is refused, and its text is not repeated", async () => {
    const path = shell.path("ana.json");
    const good = readFileSync(path, "utf8");
    const { privateKey } = JSON.parse(good);
    const other = `02${"1".repeat(64)}`;
    const variants = [
      good.replace(privateKey, "0".repeat(64)),
      good.replace(privateKey, "f".repeat(64)),
      good.replace(privateKey, privateKey.slice(2)),
      good.replace(/"publicKey":"[0-9a-f]+"/, `"publicKey":"${other}"`),
      good.replace("secp256k1", "ed25519"),
      good.replace("}", ',"more":1}'),
      "{}",
      "",
      "not json",
    ];
    for (const text of variants) {
      const file = shell.file("bad.json", text);
      const { exit, out } = await shell.on(["sign", "--person", "owner", "--key-file", file, "--json"], {
        stdin: '{"chain":"","account":"","kind":"act","payload":{}}',
      });
      expect(exit).toBe(2);
      expect(JSON.parse(out).error.code).toBe("keys/bad-key");
      expect(out).not.toContain(privateKey.slice(4, 40));
    }
    chmodSync(path, 0o644);
    await expect(withKeyFile(path, async () => 0)).rejects.toThrow("chmod 600");
  });

  test("the private key that is lent is wiped afterwards", async () => {
    chmodSync(shell.path("ana.json"), 0o600);
    const credential = await withKeyFile(shell.path("ana.json"), async (lent) => lent);
    await expect(credential.sign(new Uint8Array(32).fill(1))).rejects.toThrow();
  });

  test("digits are read only as digits", () => {
    expect(readDigits(new TextEncoder().encode("0aF9"))).toEqual(Uint8Array.of(0x0a, 0xf9));
    for (const text of ["0g", "\u00100", " 1", "A@"]) expect(readDigits(new TextEncoder().encode(text))).toBeUndefined();
  });
});

describe("a typed line", () => {
  const typed = (...keys: (string | number)[]) => {
    const line = new TypedLine();
    const bytes = keys.flatMap((key) => (typeof key === "number" ? [key] : [...new TextEncoder().encode(key)]));
    return { state: line.type(Uint8Array.from(bytes)), text: new TextDecoder().decode(line.take()) };
  };

  test("ends with Enter, and takes back whole characters", () => {
    expect(typed("abc\r")).toEqual({ state: "done", text: "abc" });
    expect(typed("aé", 0x7f, "b\n")).toEqual({ state: "done", text: "ab" });
    expect(typed(0x7f, 0x7f, "x\r")).toEqual({ state: "done", text: "x" });
    expect(typed("secret", 0x15, "other\r")).toEqual({ state: "done", text: "other" });
    expect(typed("half")).toEqual({ state: "more", text: "half" });
  });

  test("takes no arrow and no function key for characters", () => {
    const line = new TypedLine();
    for (const keys of ["a", "\u001b[A", "\u001bOP", "\u001b[1;5C", "\u001b", "b"])
      expect(line.type(new TextEncoder().encode(keys))).toBe("more");
    expect(new TextDecoder().decode(line.take())).toBe("ab");
  });

  test("stops at Ctrl-C, and at Ctrl-D where nothing is typed yet", () => {
    expect(typed("abc", 0x03).state).toBe("stop");
    expect(typed(0x04).state).toBe("stop");
    expect(typed("a", 0x04, "b\r")).toEqual({ state: "done", text: "ab" });
  });

  test("is bounded and wiped", () => {
    const line = new TypedLine();
    // What is cut short would be another passphrase.
    expect(line.type(new Uint8Array(4096).fill(0x61))).toBe("more");
    expect(line.type(Uint8Array.of(0x61))).toBe("too long");
    expect(line.take()).toHaveLength(4096);
    line.wipe();
    expect(line.take()).toHaveLength(0);
  });
});
