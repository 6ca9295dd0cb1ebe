import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import type { StoreMaker } from "./fresh-store.ts";

/** Opens, as often as it is called, the same store on disk, empty at first; in Node it is LMDB. For one test. */
export function lastingStore(): StoreMaker {
  const folder = mkdtempSync(join(tmpdir(), "keyward-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return (options) => lmdbStore(join(folder, "db"), options);
}

/** Each kind of store that Node has, empty. */
export const everyStore: readonly (readonly [kind: string, make: StoreMaker])[] = [
  ["memory", memoryStore],
  ["LMDB", (options) => lastingStore()(options)],
];
