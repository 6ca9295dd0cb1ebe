import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import { keyOf, rawSlot } from "./setting.ts";

const script = fileURLToPath(new URL("./increment-process.ts", import.meta.url));

test("three processes on one LMDB store lose no update, and the vault opens afterwards", { timeout: 90_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "keyward-processes-"));
  const path = join(folder, "db");
  try {
    const store = lmdbStore(path);
    const slot = rawSlot(keyOf(1));
    const vault = await createVault({ store, slots: [slot], state: null, records: { n: 0 } });
    const runs = [1, 2, 3].map(() => promisify(execFile)(process.execPath, ["--import", "tsx", script, path, "20"]));
    const counted = (await Promise.all(runs)).flatMap(({ stdout }) => JSON.parse(stdout) as number[]);
    expect([...counted].sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
    // The handle that was open all the time follows, and a fresh one agrees.
    const seen = await vault.read((view) => [view.get("n"), [...view.list("by/")].length]);
    expect(seen).toEqual([60, 60]);
    expect(await (await openVault({ store, slot })).read((view) => [view.get("n"), [...view.list("by/")].length])).toEqual(seen);
    await store.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
