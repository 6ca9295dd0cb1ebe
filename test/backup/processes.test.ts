import { expect, test } from "vitest";
import { lmdbStore } from "../../src/stores/lmdb/index.ts";
import * as f from "../custody/fixture.ts";
import { child, withVault } from "../custody/processes.ts";
import * as b from "./setting.ts";

test("a backup that is taken while another process signs is whole, and of one moment", { timeout: 60_000 }, async () => {
  await withVault(b.policy(), async (path) => {
    const signing = child("stream", path);
    await signing.printed(5);
    const store = lmdbStore(path);
    const { custody, me } = await f.reopen(store);
    const { file } = await b.take(me);
    const { behind } = await custody.verifyBackup(file, b.key);
    expect(behind.vault).toBeGreaterThan(0);
    signing.process.kill("SIGKILL");
    await signing.ended;
    custody.lock();
    await store.close();
  });
});
