import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { payments, request, transaction } from "../custody/fixture.ts";
import { dump, restore } from "../vault/setting.ts";
import { type Draft, Shell } from "./shell.ts";

const shell = new Shell();
let key: string;
let log: string;
let note: string;

beforeAll(async () => {
  await shell.vault(payments());
  const checkpoint = await shell.on(["log", "checkpoint", "--json"]);
  key = checkpoint.json.logKey;
  note = shell.file("note.txt", checkpoint.json.checkpoint);
  await shell.on(["sign"], { stdin: JSON.stringify(request(transaction({ value: 7n }))) });
  log = (await shell.on(["log", "export"])).out;
  shell.file("log.jsonl", log);
});
afterAll(() => shell.remove());

const verify = (more: readonly string[] = [], file = shell.path("log.jsonl")) => shell.run(["log", "verify", file, ...more, "--json"]);

describe("log verify FILE", () => {
  test("is offline, pinned to the key, and continues kept checkpoints", async () => {
    const { exit, json } = await verify(["--key", key, "--checkpoint", note]);
    expect(exit).toBe(0);
    expect(json).toMatchObject({ ok: true, pinned: true, continues: 1, problems: [], counts: { signed: 1, reserved: 1 } });
    expect(await verify()).toMatchObject({ exit: 0, json: { ok: true, pinned: false } });
    expect((await shell.run(["log", "verify", shell.path("log.jsonl")])).out).toContain("anyone could have made it");
    expect((await shell.run(["log", "verify", "-", "--key", key], { stdin: log })).out).toContain("verified");
  });

  test("every changed line is exit 4", async () => {
    const lines = log.trimEnd().split("\n");
    for (const at of lines.keys()) {
      const changed = lines.with(
        at,
        (lines[at] as string).replace(/[0-9](?=[^0-9]*$)/, (digit) => String((Number(digit) + 1) % 10)),
      );
      expect((await verify(["--key", key], shell.file("changed.jsonl", `${changed.join("\n")}\n`))).exit, `line ${at}`).toBe(4);
      const missing = lines.filter((_, index) => index !== at);
      expect((await verify(["--key", key], shell.file("missing.jsonl", `${missing.join("\n")}\n`))).exit, `without line ${at}`).toBe(4);
    }
  });

  test("another key, a forked checkpoint and an empty file are exit 4", async () => {
    const other = new Shell();
    await other.vault(payments());
    const foreign = (await other.on(["log", "checkpoint", "--json"])).json;
    other.remove();
    expect((await verify(["--key", foreign.logKey])).exit).toBe(4);
    expect((await verify(["--checkpoint", shell.file("foreign.txt", foreign.checkpoint)])).json.problems).toEqual([
      expect.objectContaining({ code: "log/bad-kept" }),
    ]);
    expect((await verify([], shell.file("empty.jsonl", ""))).exit).toBe(4);
    expect((await verify([], shell.file("binary.jsonl", Uint8Array.of(0xff, 0xfe, 0x0a)))).exit).toBe(4);
  });
});

describe("on the vault", () => {
  test("verify, show and prove agree with the export", async () => {
    const size = log.trimEnd().split("\n").length - 2;
    const report = await shell.on(["log", "verify", "--checkpoint", note, "--json"]);
    expect(report).toMatchObject({ exit: 0, json: { ok: true, pinned: true, continues: 1 } });
    expect(report.json.size).toBeGreaterThanOrEqual(size);
    const shown = await shell.on(["log", "show", "--newest", "--limit", "3", "--json"]);
    const seqs = shown.out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as Draft).seq as number);
    expect(seqs).toHaveLength(3);
    expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
    expect((await shell.on(["log", "show", "--limit", "40"])).out).toMatch(/signed +by owner|signed/);
  });

  test("a proof shows one entry to whoever has the key, and a changed one is exit 4", async () => {
    const proof = (await shell.on(["log", "prove", "1"])).out;
    const file = shell.file("proof.json", proof);
    expect(await verify(["--key", key], file)).toMatchObject({ exit: 0, json: { ok: true, entry: { seq: 1, kind: "policy" } } });
    expect((await verify([], file)).json.error.code).toBe("cli/usage");
    expect((await verify(["--key", key], shell.file("bad-proof.json", proof.replace('"seq":1', '"seq":2')))).exit).toBe(4);
    const continued = (await shell.on(["log", "prove", "--checkpoint", note])).out;
    const consistency = shell.file("consistency.json", continued);
    expect(await verify(["--key", key, "--checkpoint", note], consistency)).toMatchObject({ exit: 0, json: { ok: true } });
    expect((await shell.on(["log", "prove", "9999"])).err).toContain("expected 0–");
  });

  test("--at-least opens what continues the kept checkpoint, and is exit 4 for another history, exit 2 for an export", async () => {
    expect((await shell.on(["account", "list", "--at-least", note, "--json"])).exit).toBe(0);
    const other = new Shell();
    await other.vault(payments());
    const foreign = await other.on(["account", "list", "--at-least", note]);
    expect(foreign).toMatchObject({ exit: 4, out: "" });
    const store = lmdbStore(other.path("v"));
    const older = await dump(store);
    await store.close();
    await other.on(["account", "derive", "Later"]);
    const kept = other.file("kept.txt", (await other.on(["log", "checkpoint"])).out);
    expect((await other.on(["account", "list", "--at-least", kept])).exit).toBe(0);
    const again = lmdbStore(other.path("v"));
    await restore(again, older);
    await again.close();
    const rolledBack = await other.on(["account", "list", "--at-least", kept]);
    expect([rolledBack.exit, rolledBack.err]).toEqual([4, expect.stringContaining("vault/rolled-back")]);
    expect((await other.on(["account", "list", "--at-least", other.path("none")])).exit).toBe(2);
    expect((await verify(["--at-least", note])).exit).toBe(2);
    other.remove();
  });

  test("a vault that was changed on the disk does not open, exit 4", async () => {
    const store = lmdbStore(shell.path("v"));
    const keys: string[] = [];
    for await (const name of store.keys()) keys.push(name);
    let found = 0;
    for (const name of keys.filter((name) => name !== "header")) {
      const bytes = await store.get(name);
      if (bytes === undefined || bytes.length < 40) continue;
      const flipped = bytes.with(bytes.length - 1, (bytes.at(-1) as number) ^ 1);
      await store.commit([{ key: name, to: flipped }]);
      const { exit } = await shell.on(["log", "verify", "--json"]);
      await store.commit([{ key: name, to: bytes }]);
      if (exit === 4) found++;
      else expect(exit, name).toBe(0);
      if (found > 3) break;
    }
    await store.close();
    expect(found).toBeGreaterThan(3);
    expect((await shell.on(["log", "verify"])).exit).toBe(0);
    expect(readFileSync(shell.path("log.jsonl"), "utf8")).toBe(log);
  });
});
