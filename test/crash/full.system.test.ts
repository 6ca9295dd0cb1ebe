import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import { restore } from "../vault/setting.ts";
import { attempt, begin, OPERATIONS } from "./operations.ts";
import { expectDoneOnce, expectedStates, sceneOf, unharmedOf } from "./scene.ts";
import { stateOf } from "./state.ts";
import { diskOf } from "./vault.ts";

const SIZE_BYTES = 2_000_000;
let disk: string;

beforeAll(() => {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    throw new Error("expected to be root on Linux: this test mounts a small disk in memory (tmpfs) and fills it");
  disk = mkdtempSync(join(tmpdir(), "keyward-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE_BYTES}`, "tmpfs", disk]);
});
afterAll(() => {
  if (disk === undefined) return;
  execFileSync("umount", [disk]);
  rmSync(disk, { recursive: true });
});

/** Takes all the room that there is. */
function fill(): string {
  const ballast = join(disk, "ballast");
  for (let bytes = SIZE_BYTES; bytes >= 1; bytes >>= 1) {
    try {
      writeFileSync(ballast, new Uint8Array(bytes), { flag: "a" });
    } catch (cause) {
      expect(cause).toMatchObject({ code: "ENOSPC" });
    }
  }
  return ballast;
}

describe("a disk that is full when somebody asks to", () => {
  test.each(OPERATIONS)("$name leaves all of it or nothing, and the same custody does it once there is room", async (operation) => {
    const scene = await sceneOf(operation);
    const { ended } = await unharmedOf(operation);
    const states = await expectedStates(operation);
    const clock = { now: scene.now };
    const path = join(disk, "vault");
    const inner = lmdbStore(path, { now: () => clock.now });
    try {
      if (scene.disk.size > 0) await restore(inner, scene.disk);
      else await inner.get("vault");
      const world = await begin(operation, inner, clock);
      const ballast = fill();
      const { how, left } = await attempt(operation, world, scene.given);
      // What fits in pages that were free already goes through.
      const fits = how === ended.how;
      if (!fits) expect([how, left]).toEqual(["store/failed", undefined]);
      rmSync(ballast);
      const found = await stateOf(await diskOf(inner), clock.now, left === undefined ? [] : [left]);
      const commits = fits ? states.length - 1 : 0;
      const possible = fits ? states.slice(-1) : states.slice(0, -1);
      expect(possible).toContainEqual(found);
      const reached = fits ? commits : possible.findIndex((state) => expect.objectContaining({ ...state }).asymmetricMatch(found));
      await expectDoneOnce(operation, reached, { inner, world, given: scene.given, clock });
      world.custody.lock();
    } finally {
      await inner.close();
      rmSync(path, { recursive: true, force: true });
    }
  });
});
