import { expect, test } from "vitest";
import { Clock } from "../../src/stores/commit.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { storeContract } from "../contracts/store.ts";

storeContract("the store in memory", async (now) => {
  const store = memoryStore(now && { now });
  return { store, cleanup: () => store.close() };
});

test("the time of a commit is believed five minutes ahead of the host's clock and no further", () => {
  const ahead = 5 * 60_000;
  expect(new Clock(() => 1_000_000).now(1_000_000 + ahead)).toBe(1_000_000 + ahead);
  expect(new Clock(() => 1_000_000).now(1_000_000 + ahead + 1)).toBe(1_000_000);
});
