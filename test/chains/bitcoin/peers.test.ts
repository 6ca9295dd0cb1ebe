import { describe, expect, test } from "vitest";
import { TYPES } from "./made.ts";
import { compareWithPeers } from "./peers.ts";

// A thousand of the same are in peers.system.test.ts.
describe("our signatures make the very transactions that bitcoinjs-lib and @scure/btc-signer make", () => {
  test.each(TYPES)("25 random payments of %s", { timeout: 60_000 }, async (type) => {
    expect(await compareWithPeers(type, { from: 1, count: 25 })).toBe(25);
  });
});
