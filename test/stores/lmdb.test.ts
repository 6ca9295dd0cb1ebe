import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import type { Store } from "../../src/stores/store.ts";
import { storeContract } from "../contracts/store.ts";

const child = fileURLToPath(new URL("child.ts", import.meta.url));
const folders: string[] = [];

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "keyward-lmdb-"));
  folders.push(path);
  return path;
}
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true });
});

storeContract("the store in LMDB", async (now) => {
  const path = join(folder(), "vault.db");
  const opened: Store[] = [];
  const open = (clock?: () => number) => {
    const store = lmdbStore(path, clock && { now: clock });
    opened.push(store);
    return store;
  };
  return {
    store: open(now),
    reopen: async (clock) => open(clock),
    cleanup: async () => {
      for (const store of opened) await store.close();
    },
  };
});

describe("the LMDB directory", () => {
  test("is not touched until it is used, and is then open to its owner alone", async () => {
    const path = join(folder(), "deep", "vault");
    const store = lmdbStore(path);
    expect(existsSync(path)).toBe(false);
    await store.commit([{ key: "a", to: new Uint8Array([1]) }]);
    const mode = (file: string) => statSync(file).mode & 0o777;
    expect([mode(path), mode(join(path, "data.mdb")), mode(join(path, "lock.mdb"))]).toEqual([0o700, 0o600, 0o600]);
    await store.close();
  });

  test("whose files are replaced or deleted under a store that is open is a failed store, once, and then what lies there", async () => {
    const takings: ((path: string, old: string) => void)[] = [
      (path, old) => renameSync(join(old, "data.mdb"), join(path, "data.mdb")),
      (path, old) => {
        renameSync(path, `${path}-gone`);
        renameSync(old, path);
      },
      (path) => rmSync(join(path, "data.mdb")),
      (path) => rmSync(path, { recursive: true }),
    ];
    for (const take of takings) {
      const path = join(folder(), "vault");
      const store = lmdbStore(path);
      await store.commit([{ key: "a", to: Uint8Array.of(1) }]);
      cpSync(path, `${path}-old`, { recursive: true });
      await store.commit([{ key: "a", to: Uint8Array.of(2) }]);
      take(path, `${path}-old`);
      // Nothing is read from, or said to be written to, a file that nobody else has.
      await expect(store.commit([{ key: "b", to: Uint8Array.of(3) }])).rejects.toEqual(expect.objectContaining({ code: "store/failed" }));
      const fresh = lmdbStore(path);
      for (const key of ["a", "b"]) expect(await store.get(key)).toEqual(await fresh.get(key));
      expect(await store.get("a")).not.toEqual(Uint8Array.of(2));
      await store.close();
      await fresh.close();
    }
  });

  test("whose lock is deleted keeps its writers apart all the same", async () => {
    const path = join(folder(), "vault");
    const store = lmdbStore(path);
    await store.commit([{ key: "a", to: Uint8Array.of(1) }]);
    rmSync(join(path, "lock.mdb"));
    await expect(store.commit([{ key: "a", to: Uint8Array.of(2) }])).rejects.toEqual(expect.objectContaining({ code: "store/failed" }));
    await store.commit([{ key: "a", from: Uint8Array.of(1), to: Uint8Array.of(3) }]);
    expect(existsSync(join(path, "lock.mdb"))).toBe(true);
    await store.close();
  });

  test("that cannot be made is a failed store, which works once it can be", async () => {
    const place = folder();
    writeFileSync(join(place, "file"), "");
    const failed = expect.objectContaining({ code: "store/failed" });
    const store = lmdbStore(join(place, "file", "vault"));
    await expect(store.get("a")).rejects.toEqual(failed);
    await expect(store.commit([{ key: "a", to: new Uint8Array([1]) }])).rejects.toEqual(failed);
    rmSync(join(place, "file"));
    mkdirSync(join(place, "file"));
    await store.commit([{ key: "a", to: new Uint8Array([1]) }]);
    expect(await store.get("a")).toEqual(new Uint8Array([1]));
    await store.close();
  });

  test("without the optional package says how to install it", async () => {
    vi.resetModules();
    vi.doMock("lmdb", () => {
      throw Object.assign(new Error("Cannot find package 'lmdb'"), { code: "ERR_MODULE_NOT_FOUND" });
    });
    const fresh = await import("../../src/stores/lmdb/index.ts");
    const path = join(folder(), "vault");
    const store = fresh.lmdbStore(path);
    await expect(store.get("a")).rejects.toMatchObject({
      code: "store/failed",
      message: expect.stringContaining("npm install lmdb@3.5.6"),
    });
    expect(existsSync(path)).toBe(false);
    await store.close();
    vi.doUnmock("lmdb");
    vi.resetModules();
  });
});

function start(task: string, path: string, count: number, shell?: string): ChildProcess {
  const command = [process.execPath, "--import", "tsx", child, task, path, String(count)];
  if (shell === undefined) return spawn(command[0] as string, command.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  return spawn("sh", ["-c", `${shell}; exec "$@"`, "sh", ...command], { stdio: ["ignore", "pipe", "inherit"] });
}

async function output(process: ChildProcess): Promise<string> {
  let text = "";
  process.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  await once(process, "close");
  return text;
}

describe("several processes on one LMDB store", () => {
  test("lose no increment by compare-and-set", async () => {
    const path = join(folder(), "vault");
    const racers = Array.from({ length: 4 }, () => start("race", path, 50));
    await Promise.all(racers.map(output));
    expect(racers.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    const store = lmdbStore(path);
    expect(await store.get("counter")).toEqual(new Uint8Array([0, 0, 0, 200]));
    await store.close();
  }, 60_000);

  test("killed at any moment leave each commit wholly there or wholly absent, and every acknowledged one there", async () => {
    const rounds = async () => {
      const path = join(folder(), "vault");
      let next = 0;
      for (let round = 0; round < 5; round++) {
        const delay = Math.random() * 40;
        const writer = start("write", path, next);
        const said = output(writer);
        await Promise.race([once(writer.stdout as NodeJS.ReadableStream, "data"), said]);
        await wait(delay);
        writer.kill("SIGKILL");
        const acknowledged = (await said).split("\n").slice(0, -1).map(Number);
        expect(acknowledged.length, `a writer killed ${delay} ms after its first commit`).toBeGreaterThan(0);

        const store = lmdbStore(path);
        const records = new Map<number, number>();
        for await (const key of store.keys()) {
          if (key === "root") continue;
          const serial = Number(key.split("/")[0]);
          records.set(serial, (records.get(serial) ?? 0) + 1);
          const whole = Buffer.alloc(5000, serial % 251);
          if (!whole.equals((await store.get(key)) ?? new Uint8Array())) expect.fail(`${key} is not what was written`);
        }
        const last = Number(new TextDecoder().decode(await store.get("root")));
        expect([...records.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: last + 1 }, (_, serial) => serial));
        expect([...records.values()].every((count) => count === 3)).toBe(true);
        expect(last).toBeGreaterThanOrEqual(acknowledged.at(-1) as number);
        await store.close();
        next = last + 1;
      }
    };
    await Promise.all([rounds(), rounds(), rounds(), rounds()]);
  }, 120_000);

  // The shell's limit on the size of files stands in for a full disk: both refuse a write in the middle of a commit.
  test.skipIf(process.platform === "win32")(
    "a disk without room refuses the whole commit, and smaller ones still pass",
    async () => {
      const text = await output(start("fill", join(folder(), "vault"), 0, "ulimit -f 2000"));
      const { code, serial, there, small } = JSON.parse(text);
      expect(code).toBe("store/failed");
      expect(serial).toBeGreaterThan(0);
      expect(there).toEqual(Array.from({ length: serial }, (_, index) => ["a", "b", "c", "d"].map((name) => `${index}/${name}`)).flat());
      expect(small).toBe("written");
    },
    60_000,
  );
});
