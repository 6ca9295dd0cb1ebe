import { expect, test } from "vitest";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { createVault, openVault } from "../../src/vault/open.ts";
import { keyOf, rawSlot } from "./setting.ts";

const slot = rawSlot(keyOf(1));

test("ten thousand records open in a few seconds of work", async () => {
  const store = memoryStore();
  const records = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, n) => [`hold/${n}`, { asset: "eip155:1/slip44:60", amount: `${n}` }]),
  );
  await createVault({ store, slots: [slot], state: null, records });
  const start = process.cpuUsage();
  const vault = await openVault({ store, slot });
  const { user, system } = process.cpuUsage(start);
  expect(await vault.read((view) => [...view.list("hold/")].length)).toBe(10_000);
  // About 0.9 s here. By processor time, so that a busy machine does not fail it.
  expect((user + system) / 1e6).toBeLessThan(5);
}, 60_000);
