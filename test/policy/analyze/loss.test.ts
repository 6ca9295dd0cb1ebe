import { describe, expect, test } from "vitest";
import { DAY_MS } from "../../../src/base/time.ts";
import type { Attack } from "../../../src/policy/analyze/attack.ts";
import { maximumLoss } from "../../../src/policy/analyze/loss.ts";
import { ETH, hotWallet, read, treasury, USDC_ASSET } from "./worked.ts";

const FROM = Date.UTC(2026, 0, 5);
const attack = (stolen: readonly string[], horizonMs: number, more: Partial<Attack> = {}): Attack => ({
  stolen: new Set(stolen),
  mode: "normal",
  horizonMs,
  from: FROM,
  ...more,
});
const eth = (amount: bigint) => amount * 10n ** 18n;
const usdc = (amount: bigint) => amount * 10n ** 6n;

describe("hot wallet", () => {
  test.each([
    [1, 50n],
    [7, 200n],
    [8, 250n],
  ])("loses to its operators in %d days", (days, lost) => {
    const t = performance.now();
    const loss = maximumLoss(read(hotWallet()), attack(["ana", "ben"], days * DAY_MS), ETH);
    console.log(performance.now() - t, loss.status, loss.amount, loss.shown, loss.why, loss.sequence.steps.length);
    if (days === 1) console.dir(loss, { depth: 6 });
    expect(loss).toMatchObject({ status: "exact", amount: eth(lost), shown: eth(lost) });
  });
});
describe("treasury", () => {
  test.each([
    [["ana", "ben"], 1, 0n],
    [["ana", "cyd"], 1, 500_000n],
    [["cyd", "dee"], 3, 1_500_000n],
    [["cyd", "dee", "fay"], 3, undefined],
  ] as const)("loses to %s in %d days", (stolen, days, lost) => {
    const loss = maximumLoss(read(treasury), attack(stolen, days * DAY_MS), USDC_ASSET);
    console.log(loss.status, loss.amount, loss.shown, loss.why, loss.sequence.steps.length, loss.channel?.text);
    expect(loss).toMatchObject({ status: "exact", amount: lost === undefined ? undefined : usdc(lost) });
  });
});
