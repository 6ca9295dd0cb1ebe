import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "@noble/hashes/sha2.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evm } from "../../src/chains/evm/index.ts";
import { CustodyError, keyward } from "../../src/index.ts";
import { loadKeychain } from "../../src/slots/keychain/package.ts";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { ethLimit, payments } from "../custody/fixture.ts";
import { rawSlot } from "../vault/setting.ts";
import { type Draft, type Given, PHRASE, type Ran, Shell } from "./shell.ts";

const ways = { id: "ways", allow: ["slotChange", "rotate"], when: { requester: "owner" } };
const policyWith = (...rules: readonly object[]) => payments([ethLimit("1 ETH"), ...rules]);

/** A vault of its own, opened by its passphrase unless the call says otherwise. */
async function vaultWith(...rules: readonly object[]) {
  const shell = new Shell();
  await shell.vault(policyWith(...rules));
  const by = (argv: readonly string[], given: Given = {}) => shell.run([...argv, "--vault", shell.path("v")], given);
  const list = async (): Promise<readonly string[]> =>
    (await shell.on(["slot", "list", "--json"])).json.slots.map(({ name, access }: Draft) => `${name} ${access}`);
  return { shell, by, list };
}

/** Shares 2 of 3 in files. */
async function withShares(given: Awaited<ReturnType<typeof vaultWith>>, name = "recovery"): Promise<readonly string[]> {
  const { shell } = given;
  const { exit, json, err } = await shell.on(["slot", "add", name, ...SHARES, "--shares-to", shell.path(name), "--json"]);
  if (exit !== 0) throw new Error(err);
  return json.files;
}

const SHARES = ["--kind", "shares", "--threshold", "2", "--holder", "Ana", "--holder", "Ben", "--holder", "the bank"];
const code = (ran: Ran): unknown => [ran.exit, ran.json.error?.code];
const fromFiles = (files: readonly string[]) => files.flatMap((file) => ["--share", file]);

describe("ways into a vault", () => {
  let made: Awaited<ReturnType<typeof vaultWith>>;
  beforeAll(async () => {
    made = await vaultWith(ways);
  });
  afterAll(() => made.shell.remove());

  test("are listed with their names; one is added, opens, is renamed, replaced and removed", async () => {
    const { shell, by, list } = made;
    const second = shell.file("second", "another phrase\n");
    const added = await shell.on(["slot", "add", "laptop", "--new-passphrase-file", second, "--json"]);
    expect(added).toMatchObject({ exit: 0, json: { kind: "done", result: { slot: expect.stringMatching(/^[0-9a-f]{16}$/) } } });
    expect(await list()).toEqual(["raw sign", "laptop sign"]);
    expect((await by(["address", "Main", "--passphrase-file", second])).exit).toBe(0);
    expect((await shell.on(["slot", "rename", "laptop", "desk"])).out).toContain("done");
    const third = shell.file("third", "a third phrase\n");
    expect((await shell.on(["slot", "replace", "desk", "--new-passphrase-file", third, "--json"])).exit).toBe(0);
    expect((await by(["address", "Main", "--passphrase-file", second, "--json"])).json.error.code).toBe("vault/cannot-open");
    expect((await by(["address", "Main", "--passphrase-file", third])).exit).toBe(0);
    expect((await shell.on(["slot", "remove", "desk"])).exit).toBe(0);
    expect((await by(["address", "Main", "--passphrase-file", third, "--json"])).json.error.code).toBe("vault/cannot-open");
    expect((await shell.on(["slot", "list", "--json"])).json).toEqual({
      slots: [{ id: expect.stringMatching(/^[0-9a-f]{16}$/), name: "raw", kind: "raw", access: "sign" }],
      rotating: false,
    });
  });

  test("one is replaced and the keys changed in one", async () => {
    const { shell, by } = made;
    const [former, next] = [shell.file("former", "a former phrase\n"), shell.file("next", "the next phrase\n")];
    expect((await shell.on(["slot", "add", "changed", "--new-passphrase-file", former])).exit).toBe(0);
    const replaced = await shell.on(["slot", "replace", "changed", "--rotate", "--new-passphrase-file", next, "--json"]);
    expect(replaced).toMatchObject({ exit: 0, json: { kind: "done", result: { keyEpoch: expect.any(Number) } } });
    expect((await shell.on(["slot", "list", "--json"])).json.rotating).toBe(false);
    expect((await by(["address", "Main", "--passphrase-file", next])).exit).toBe(0);
    expect((await by(["address", "Main", "--passphrase-file", former, "--json"])).json.error.code).toBe("vault/cannot-open");
    expect((await shell.on(["slot", "remove", "changed"])).exit).toBe(0);
  });

  test("a new passphrase is typed twice, and everything typed is wiped", async () => {
    const { shell } = made;
    const typed = ["my new phrase", "my new phrase"];
    expect((await shell.on(["slot", "add", "typed"], { typed })).exit).toBe(0);
    expect((await shell.on(["slot", "add", "other"], { typed: ["my new phrase", "my new phrasf"] })).err).toContain("the same one twice");
    expect(shell.handedOut.length).toBe(4);
    for (const bytes of shell.handedOut) expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect((await shell.on(["slot", "remove", "typed"])).exit).toBe(0);
  });

  test("one that opens for viewing shows everything and signs nothing", async () => {
    const { shell, by } = made;
    const auditor = shell.file("auditor", "the auditor's phrase\n");
    await shell.on(["slot", "add", "auditor", "--view", "--new-passphrase-file", auditor]);
    expect((await by(["address", "Main", "--passphrase-file", auditor])).exit).toBe(0);
    expect(code(await by(["mode", "frozen", "--passphrase-file", auditor, "--json"]))).toEqual([2, "vault/view-only"]);
    expect((await shell.on(["slot", "remove", "auditor"])).exit).toBe(0);
  });

  test("the last one that signs stays, and a name that is not there is answered with those that are", async () => {
    const { shell } = made;
    expect(code(await shell.on(["slot", "remove", "raw", "--json"]))).toEqual([2, "vault/last-slot"]);
    const { exit, err } = await shell.on(["slot", "remove", "phone"]);
    expect([exit, err]).toEqual([2, expect.stringMatching(/there are raw \([0-9a-f]{16}\)/)]);
  });

  test("on a terminal a removal asks first", async () => {
    const { shell, list } = made;
    const second = shell.file("spare", "a spare phrase\n");
    await shell.on(["slot", "add", "spare", "--new-passphrase-file", second]);
    expect((await shell.on(["slot", "remove", "spare"], { tty: true, says: false })).exit).toBe(2);
    expect(await list()).toContain("spare sign");
    expect((await shell.on(["slot", "remove", "spare"], { tty: true, says: true })).exit).toBe(0);
    expect(await list()).toEqual(["raw sign"]);
  });

  test.each([
    [["slot", "add", "x", "--kind", "passkey"], "works in browsers only"],
    [["slot", "add", "x", "--kind", "device-key"], "works in browsers only"],
    [["slot", "add", "x", "--kind", "pin"], "expected passphrase, keychain, shares"],
    [["slot", "add", "x", "--kind", "keychain+keychain"], "keychain and shares once"],
    [["slot", "add", "x", "--kind", "passphrase+passphrase+passphrase+passphrase+passphrase"], "at most 4 parts"],
    [["slot", "add", "x", "--kind", "shares"], "expected --threshold T and --holder NAME"],
    [["slot", "add", "x", "--threshold", "2"], "with --kind shares only"],
    [["slot", "add", "x", ...SHARES], "no terminal to show them on"],
    [["slot", "list", "--share", "x"], "expected --slot to say whether both are needed"],
    [["slot", "list", "--slot", "keychain", "--share", "x"], "--share: expected shares in --slot"],
    [["slot", "list", "--slot", "keychain"], "expected 0 for this way in, got 1"],
  ])("%j is exit 2 and says so", async (argv, says) => {
    expect(await made.shell.on(argv)).toMatchObject({ exit: 2, err: expect.stringContaining(says) });
  });
});

describe("recovery shares", () => {
  let made: Awaited<ReturnType<typeof vaultWith>>;
  let files: readonly string[];
  beforeAll(async () => {
    made = await vaultWith(ways);
    files = await withShares(made);
  });
  afterAll(() => made.shell.remove());

  test("are each in a file of its own that nobody else may open, with its label, and none is written over another", async () => {
    const { shell, list } = made;
    expect(files).toHaveLength(3);
    expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
    expect(statSync(shell.path("recovery")).mode & 0o777).toBe(0o700);
    expect(files.map((file) => readFileSync(file, "utf8").split("\n")[0])).toEqual([
      "Keyward recovery share 1 of 3: Ana",
      "Keyward recovery share 2 of 3: Ben",
      "Keyward recovery share 3 of 3: the bank",
    ]);
    const again = await shell.on(["slot", "add", "more", ...SHARES, "--shares-to", shell.path("recovery")]);
    expect([again.exit, again.err]).toEqual([2, expect.stringContaining("nothing is overwritten")]);
    expect(await list()).toEqual(["raw sign", "recovery sign"]);
  });

  test("open the vault, as many as are needed, from files and typed", async () => {
    const { by } = made;
    expect((await by(["address", "Main", ...fromFiles(files.slice(1))])).exit).toBe(0);
    expect(code(await by(["address", "Main", "--json", ...fromFiles(files.slice(1, 2))]))).toEqual([2, "slot/too-few-shares"]);
    const typed = files.slice(0, 2).map((file) => readFileSync(file, "utf8").split("\n")[2] ?? "");
    expect((await by(["address", "Main", "--slot", "shares"], { typed: [...typed, ""] })).exit).toBe(0);
  });

  test("are rehearsed without opening anything: enough, too few, and one that is bad by its number", async () => {
    const { shell, by } = made;
    const failures = readFileSync(files[0] ?? "", "utf8");
    const enough = await by(["slot", "rehearse", "--json", ...fromFiles(files.slice(1))]);
    expect(enough).toMatchObject({ exit: 0, json: { slot: { kind: "shares" }, threshold: 2, missing: 0, enough: true } });
    expect(enough.json.shares).toEqual([
      { number: 2, problem: null },
      { number: 3, problem: null },
    ]);
    const alone = await by(["slot", "rehearse", ...fromFiles(files.slice(0, 1))]);
    expect([alone.exit, alone.out]).toEqual([2, expect.stringMatching(/✓ share 1 is good\nnot enough {2}1 more of the 2/)]);
    const slip = shell.file(
      "slip",
      failures.replace(/[a-z0-9]\n$/, (last) => (last[0] === "q" ? "p\n" : "q\n")),
    );
    const bad = await by(["slot", "rehearse", "--json", ...fromFiles([...files.slice(1), slip])]);
    expect([bad.exit, bad.json.enough, bad.json.shares[2].problem.code]).toEqual([2, true, "slot/share-damaged"]);
    const open = shell.file("loose", failures, 0o644);
    expect((await by(["slot", "rehearse", "--share", open])).err).toContain("chmod 600");
    expect(code(await shell.run(["slot", "rehearse", "--json", "--vault", shell.path("nowhere")]))).toEqual([2, "vault/absent"]);
  });

  test("on a terminal are shown one at a time, each once, and one that was not written down adds nothing", async () => {
    const { shell, list } = made;
    const refused = await shell.on(["slot", "add", "shown", ...SHARES], { tty: true, says: false });
    expect([refused.exit, refused.err]).toEqual([2, expect.stringContaining("nothing was added")]);
    expect(refused.err).not.toContain("Ben");
    expect(await list()).not.toContain("shown sign");
    const { exit, err, out } = await shell.on(["slot", "add", "shown", ...SHARES], { tty: true, says: true });
    expect(exit).toBe(0);
    // Each between two clearings of the screen, the last one included; nothing of them on standard output.
    const screens = err.split("\u001b[2J\u001b[3J\u001b[H").slice(1);
    expect(screens.map((screen) => screen.match(/share (\d) of 3: (.*)/)?.slice(1))).toEqual([
      ["1", "Ana"],
      ["2", "Ben"],
      ["3", "the bank"],
      undefined,
    ]);
    const [, first = "nothing"] = screens[0]?.match(/open vault .*\n(.{40})/) ?? [];
    expect(first).toMatch(/^[a-z0-9 ]{40}$/);
    expect(out).not.toContain(first.slice(0, 20));
    expect((await shell.on(["slot", "remove", "shown", "--yes"])).exit).toBe(0);
  });
});

describe("a keychain and combinations", () => {
  let made: Awaited<ReturnType<typeof vaultWith>>;
  beforeAll(async () => {
    made = await vaultWith(ways);
  });
  afterAll(() => made.shell.remove());

  test("the keychain opens without anything typed, and its entry goes with the slot", async () => {
    const { shell, by } = made;
    expect((await shell.on(["slot", "add", "service", "--kind", "keychain"])).exit).toBe(0);
    expect((await by(["address", "Main", "--slot", "keychain"])).exit).toBe(0);
    expect(shell.entries.entries.size).toBe(1);
    expect((await shell.on(["slot", "remove", "service"])).exit).toBe(0);
    expect(shell.entries.entries.size).toBe(0);
  });

  test("without its package it says what to install, and a removal says what is left", async () => {
    const { shell, by } = made;
    expect((await shell.on(["slot", "add", "service", "--kind", "keychain"])).exit).toBe(0);
    shell.keychain = () =>
      Promise.reject(new CustodyError("slot/keychain-package", "keychain: it is not installed; npm install @napi-rs/keyring@2"));
    try {
      const { exit, err } = await by(["address", "Main", "--slot", "keychain"]);
      expect([exit, err]).toEqual([2, expect.stringContaining("npm install @napi-rs/keyring@2")]);
      const removed = await shell.on(["slot", "remove", "service", "--json"]);
      expect(removed).toMatchObject({
        exit: 0,
        json: { kind: "done", left: expect.stringContaining("its entry in the keychain is left") },
      });
    } finally {
      shell.keychain = () => Promise.resolve(shell.entries);
    }
    await expect(loadKeychain()).resolves.toBeDefined();
  });

  test("two passphrases, and a passphrase with shares, open only together", async () => {
    const { shell, by } = made;
    const [one, two] = [shell.file("one", "the first person\n"), shell.file("two", "the second person\n")];
    const both = ["--new-passphrase-file", one, "--new-passphrase-file", two];
    expect((await shell.on(["slot", "add", "two people", "--kind", "passphrase+passphrase", ...both])).exit).toBe(0);
    const opened = (...argv: readonly string[]) => by(["address", "Main", "--json", ...argv]);
    const together = ["--slot", "passphrase+passphrase"];
    expect((await opened(...together, "--passphrase-file", two, "--passphrase-file", one)).exit).toBe(0);
    expect(code(await opened(...together, "--passphrase-file", one, "--passphrase-file", one))).toEqual([2, "vault/cannot-open"]);
    expect(code(await opened("--passphrase-file", one))).toEqual([2, "vault/cannot-open"]);
    expect(
      (await opened(...together, "--passphrase-file", one, "--passphrase-file", two, "--passphrase-file", two)).json.error.message,
    ).toContain("expected 2");

    const kind = ["--kind", "passphrase+shares", "--threshold", "2", "--holder", "a", "--holder", "b", "--shares-to", shell.path("part")];
    const { json } = await shell.on(["slot", "add", "all", ...kind, "--new-passphrase-file", one, "--json"]);
    const way = ["--slot", "passphrase+shares", "--passphrase-file", one];
    expect((await opened(...way, ...fromFiles(json.files))).exit).toBe(0);
    expect(code(await opened(...way, ...fromFiles(json.files.slice(1))))).toEqual([2, "slot/too-few-shares"]);
    const rehearsed = await by(["slot", "rehearse", ...fromFiles(json.files)]);
    expect([rehearsed.exit, rehearsed.out]).toEqual([0, expect.stringContaining("with the other parts of all-of:raw+shares")]);
  });
});

describe("what the policy says", () => {
  test("what it denies hands out no share and makes no entry, and what has to wait says so", async () => {
    const waits = { id: "slow", require: ["slotChange"], when: { what: "add-sign" }, delay: "1h" };
    const denied = await vaultWith();
    const pending = await vaultWith(ways, waits);
    try {
      const directory = (shell: Shell) => shell.path("shares");
      const no = await denied.shell.on(["slot", "add", "x", ...SHARES, "--shares-to", directory(denied.shell), "--json"]);
      expect(no).toMatchObject({ exit: 1, json: { kind: "denied", reasons: [{ code: "policy/not-allowed" }] } });
      expect(existsSync(directory(denied.shell))).toBe(false);
      expect((await denied.shell.on(["slot", "add", "x", "--kind", "keychain"])).exit).toBe(1);
      expect(denied.shell.entries.entries.size).toBe(0);
      const phrase = denied.shell.file("new", "a new phrase\n");
      // Nothing is left by a passphrase, so that one is asked for, and its refusal is in the log.
      expect(await denied.shell.on(["slot", "add", "x", "--new-passphrase-file", phrase, "--json"])).toMatchObject({
        exit: 1,
        json: { entry: expect.any(Number) },
      });

      const later = await pending.shell.on(["slot", "add", "x", ...SHARES, "--shares-to", directory(pending.shell)]);
      expect([later.exit, later.out]).toEqual([3, expect.stringContaining("these shares open nothing until it is done")]);
      const files = [1, 2].map((number) => join(directory(pending.shell), `share-${number}-of-3.txt`));
      expect((await pending.by(["address", "Main", "--json", ...fromFiles(files)])).json.error.code).toMatch(
        /^(vault\/cannot-open|vault\/no-such-slot)$/,
      );
      expect(await pending.list()).toEqual(["raw sign"]);
    } finally {
      denied.shell.remove();
      pending.shell.remove();
    }
  });
});

describe("rotate", () => {
  test("gives the log another key, keeps every way in, and --finish goes on with what was stopped", async () => {
    const made = await vaultWith(ways);
    const { shell, by } = made;
    try {
      const files = await withShares(made);
      const { exit, json } = await shell.on(["rotate", "--json"]);
      expect([exit, json]).toEqual([0, { kind: "done", entry: expect.any(Number), result: { keyEpoch: 2 }, logKey: expect.any(String) }]);
      expect((await shell.on(["log", "checkpoint", "--json"])).json.logKey ?? json.logKey).toBe(json.logKey);
      expect((await by(["address", "Main", ...fromFiles(files.slice(0, 2))])).exit).toBe(0);
      expect((await shell.on(["rotate", "--finish", "--json"])).json).toEqual({ kind: "finished", resumed: false });
      expect((await shell.on(["slot", "list", "--json"])).json.rotating).toBe(false);
      expect((await shell.on(["rotate"])).out).toContain("The log is signed by another key from here on");
    } finally {
      shell.remove();
    }
  });

  test("that was stopped is shown, and --finish goes on where it was", async () => {
    const { shell } = await vaultWith(ways);
    const store = lmdbStore(shell.path("v"));
    const custody = keyward({ store, chains: [evm] });
    try {
      await custody.unlock(rawSlot(sha256(new TextEncoder().encode(PHRASE))));
      await (await custody.session({ person: "owner" })).submit({ act: "rotate" });
      custody.lock();
      await store.close();
      expect((await shell.on(["slot", "list", "--json"])).json.rotating).toBe(true);
      expect((await shell.on(["slot", "list"])).out).toContain("keyward rotate --finish");
      const finished = await shell.on(["rotate", "--finish"]);
      expect([finished.exit, finished.out]).toEqual([0, expect.stringContaining("everything lies under the new keys")]);
      expect((await shell.on(["slot", "list", "--json"])).json.rotating).toBe(false);
    } finally {
      shell.remove();
    }
  });

  test("is refused by a policy that does not know it", async () => {
    const { shell } = await vaultWith();
    try {
      expect(await shell.on(["rotate", "--json"])).toMatchObject({ exit: 1, json: { kind: "denied", verdict: "deny" } });
    } finally {
      shell.remove();
    }
  });
});

describe("a way in that would be taken away after a delay", () => {
  test("is shown with the request, and kept by whoever opens it, once more", async () => {
    const slow = { id: "slow", require: ["slotChange"], when: { what: "remove" }, delay: "24h" };
    const { shell, by, list } = await vaultWith(ways, slow);
    try {
      const second = shell.file("second", "another phrase\n");
      expect((await shell.on(["slot", "add", "laptop", "--new-passphrase-file", second])).exit).toBe(0);
      const asked = await shell.on(["slot", "remove", "laptop", "--json"]);
      expect(asked.exit).toBe(3);
      const { id } = asked.json;
      expect((await shell.on(["pending", "list", "--json"])).json.pending).toMatchObject([{ id, veto: { name: "laptop" } }]);
      expect((await shell.on(["pending", "show", id])).out).toContain(`whoever opens laptop can keep it: keyward pending veto ${id}`);
      // Whoever opens the vault by another way in keeps nothing.
      expect((await shell.on(["pending", "veto", id, "--json"])).json.error.code).toBe("vault/cannot-open");
      const fd = await by(["pending", "veto", id, "--json", "--passphrase-fd", "0"], { stdin: "another phrase" });
      expect(code(fd)).toEqual([2, "cli/usage"]);
      const kept = await by(["pending", "veto", id, "--passphrase-file", second]);
      expect([kept.exit, kept.out.includes("is over")]).toEqual([0, true]);
      expect((await shell.on(["pending", "list", "--json"])).json.pending).toEqual([]);
      expect(await list()).toEqual(["raw sign", "laptop sign"]);
    } finally {
      shell.remove();
    }
  });
});
