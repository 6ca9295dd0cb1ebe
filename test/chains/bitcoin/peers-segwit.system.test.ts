import { expect, test } from "vitest";
import { compareWithPeers } from "./peers.ts";

test.each(["wpkh", "tr"] as const)("250 random payments of %s are bitcoinjs-lib's byte for byte", { timeout: 180_000 }, async (type) => {
  expect(await compareWithPeers(type, { from: 1_000, count: 250 })).toBe(250);
});
