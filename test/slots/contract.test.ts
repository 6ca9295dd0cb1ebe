import { allOf } from "../../src/slots/all-of.ts";
import { shares } from "../../src/slots/shares.ts";
import { passphrase } from "../../src/vault/passphrase.ts";
import type { Slot } from "../../src/vault/slot.ts";
import { type SlotHarness, slotContract } from "../contracts/slot.ts";
import { keyOf, rawSlot } from "../vault/setting.ts";
import { cheap, newShares } from "./setting.ts";

let count = 0;
const unique = (what: string) => `${what} number ${++count}`;

slotContract("a raw key", () => rawHarness(), { heedless: true });

slotContract(
  "a passphrase",
  () => {
    const text = unique("a passphrase");
    const cost = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 };
    return { slot: passphrase(text, { cost }), again: () => passphrase(text), wrong: () => passphrase(`${text}!`) };
  },
  { slow: true },
);

for (const [threshold, of] of [
  [2, 2],
  [2, 3],
  [5, 5],
  [16, 16],
] as const)
  slotContract(`${threshold} of ${of} shares`, () => sharesHarness(threshold, of));

slotContract("a passphrase and shares", () => {
  const [a, b] = [phraseHarness(), sharesHarness(2, 3)];
  return { ...together(a, b), wrong: async () => allOf([await a.again(), await b.wrong()]) };
});

slotContract("two people with a passphrase each", () => {
  const [a, b] = [phraseHarness(), phraseHarness()];
  // Given in the other order than they were enrolled in.
  return { ...together(a, b), again: () => allOf([b.again(), a.again()]), wrong: () => allOf([a.again(), b.wrong()]) };
});

slotContract("two sets of shares and two passphrases", () => {
  const [a, b, c, d] = [sharesHarness(2, 3), sharesHarness(3, 4), phraseHarness(), phraseHarness()];
  return { ...together(a, b, c, d), again: () => allOf([b.again(), a.again(), d.again(), c.again()]) };
});

slotContract("two that are good for viewing only", () => {
  const [a, b] = [phraseHarness(), phraseHarness()];
  const viewing = (slot: Slot): Slot => ({ ...slot, access: "view" });
  return { slot: allOf([viewing(a.slot), viewing(b.slot)]), again: () => allOf([viewing(a.again()), viewing(b.again())]) };
});

interface Simple extends SlotHarness {
  readonly again: () => Slot;
  readonly wrong: () => Slot;
}

function together(...parts: readonly Simple[]): SlotHarness {
  return { slot: allOf(parts.map(({ slot }) => slot)), again: () => allOf(parts.map(({ again }) => again())) };
}

function rawHarness(): Simple {
  const key = keyOf(++count);
  return { slot: rawSlot(key), again: () => rawSlot(key), wrong: () => rawSlot(keyOf(255)) };
}

function phraseHarness(): Simple {
  const text = unique("a phrase");
  return { slot: cheap(text), again: () => cheap(text), wrong: () => cheap(`${text}!`) };
}

function sharesHarness(threshold: number, of: number): Simple {
  const { slot, given } = newShares(threshold, of);
  const other = newShares(threshold, of);
  const texts = () => given.slice(-threshold).map(({ text }) => text);
  // Shares of a set that no vault has: handed out for nothing.
  const foreign = () => other.given.map(({ text }) => text);
  return { slot, again: () => shares({ collected: texts() }), wrong: () => shares({ collected: foreign() }) };
}
