import { expect, test } from "vitest";
import { TYPES } from "./made.ts";
import { compareWithPeers } from "./peers.ts";

// About half a minute of one core, which is why only a hundred of them run with the other tests.
test.each(TYPES)("250 random payments of %s are bitcoinjs-lib's byte for byte", { timeout: 180_000 }, async (type) => {
  expect(await compareWithPeers(type, { from: 1_000, count: 250 })).toBe(250);
});
