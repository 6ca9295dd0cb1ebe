import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "../../../src/base/time.ts";
import type { Attack } from "../../../src/policy/analyze/attack.ts";
import { type Loss, maximumLoss } from "../../../src/policy/analyze/loss.ts";
import type { Policy } from "../../../src/policy/core.ts";
import { parsePolicy } from "../../../src/policy/parse.ts";
import { parseAddress } from "../addresses.ts";
import { openZ3, type Z3 } from "./z3.ts";
import { canTake, mostTaken, robbery } from "./z3-loss.ts";
import { ASSET, robberies } from "./z3-robberies.ts";

let z3: Z3;
beforeAll(async () => {
  z3 = await openZ3();
});
afterAll(() => z3.close());

const TIMEOUT = 300_000;
const FROM = Date.UTC(2026, 10, 23, 12);
const WHAT = {
  ETH: { asset: "eip155:1/native" },
  USDC: { asset: "eip155:1/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48" },
  "USDC on Base": { asset: "eip155:8453/erc20:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913" },
  BTC: { asset: "bip122:000000000019d6689c085ae165831e93/native" },
  USD: { unit: "USD" },
} as const;

/** What is lost can be lost with so many effects; in a mode, where it is named. */
const WORKED: readonly (readonly [policy: string, stolen: string, hours: number, what: keyof typeof WHAT, many: number])[] = [
  ["hot-wallet", "ana ben", 24, "ETH", 6],
  ["hot-wallet", "ana cyd dee", 24, "ETH", 2],
  ["hot-wallet", "ana cyd dee", 7 * 24, "ETH", 5],
  ["hot-wallet", "cyd dee eve", 30 * 24, "ETH", 4],
  ["hot-wallet-edited", "ana ben", 24, "ETH", 6],
  ["team-treasury", "ana ben cyd", 24, "USDC", 6],
  ["team-treasury", "ana cyd dee", 3 * 24, "USDC", 3],
  ["team-treasury", "ana ben", 30 * 24, "USDC", 4],
  ["spending-agent", "agent", 1, "USDC on Base", 4],
  ["spending-agent", "agent", 24, "USDC on Base", 4],
  ["btc-sweep", "cyd dee eve", 24, "BTC", 2],
  ["btc-sweep", "cyd dee eve", 2 * 24, "BTC", 3],
  ["btc-sweep", "ana ben", 30 * 24, "BTC", 3],
  ["exchange-hot-wallet", "withdrawals", 1, "USDC", 4],
  ["exchange-hot-wallet degraded", "withdrawals ana dee", 1, "USD", 1],
  ["cold-wallet-fund", "ana ben cyd", 24, "USDC", 3],
  ["cold-wallet-fund", "ana ben cyd", 7 * 24, "USDC", 3],
];

function read(name: string): Policy {
  return parsePolicy(readFileSync(new URL(`../../../examples/policies/${name}.json`, import.meta.url)), { parseAddress });
}

const show = (value: unknown) =>
  JSON.stringify(
    value,
    (_, one) => (typeof one === "bigint" ? `${one}n` : one instanceof Set ? [...one] : one instanceof Map ? [...one] : one),
    1,
  );

/** How many effects a loss is shown with. */
function effectsOf({ sequence }: Loss): bigint {
  return sequence.steps.reduce((many, { times, witness }) => many + times * BigInt(witness.effects.length), 0n);
}

/** A loss that some effects take is no greater; where ours needs no more of them, z3 takes as much. */
async function compare(policy: Policy, attack: Attack, what: Loss["what"], many: number): Promise<{ loss: Loss; taken: boolean }> {
  const loss = maximumLoss(policy, attack, what);
  if (loss.status === "inconclusive") return { loss, taken: false };
  const plan = robbery(policy, attack, what, many);
  const about = () => show({ rules: policy.rules, attack, loss });
  if (loss.amount !== undefined && (await canTake(z3, plan, loss.amount + 1n))) throw new Error(`less than can be taken: ${about()}`);
  if (effectsOf(loss) > many) return { loss, taken: false };
  if (!(await canTake(z3, plan, loss.shown))) throw new Error(`more than can be taken: ${about()}`);
  return { loss, taken: true };
}

describe("the maximum loss, and what z3 takes with so many effects", () => {
  test(
    "of random policies is the same where those are enough, and never less",
    async () => {
      const count = { equal: 0, nothing: 0, upper: 0, endless: 0, inconclusive: 0, longer: 0 };
      const numRuns = 40;
      await fc.assert(
        fc.asyncProperty(robberies, async ({ policy, attack }) => {
          const { loss, taken } = await compare(policy, attack, { asset: ASSET }, 3);
          if (loss.status === "inconclusive") count.inconclusive++;
          else if (loss.amount === undefined) count.endless++;
          else if (!taken) count.longer++;
          else if (loss.status === "upper bound") count.upper++;
          else count[loss.amount === 0n ? "nothing" : "equal"]++;
        }),
        { numRuns, endOnFailure: true },
      );
      expect(count.equal).toBeGreaterThan(numRuns / 4);
      expect(count.inconclusive).toBeLessThan(numRuns / 10);
    },
    TIMEOUT,
  );

  test.each(WORKED)(
    "of %s, %s stolen, in %i hours, of %s is the same with %i",
    async (names, stolen, hours, of, many) => {
      const [name = "", mode = "normal"] = names.split(" ");
      const policy = read(name);
      const attack = { stolen: new Set(stolen.split(" ")), mode, horizonMs: hours * HOUR_MS, from: FROM };
      const loss = maximumLoss(policy, attack, WHAT[of]);
      if (loss.status !== "exact" || loss.amount === undefined) throw new Error(`expected an exact number, got ${show(loss)}`);
      const plan = robbery(policy, attack, WHAT[of], many);
      expect([await canTake(z3, plan, loss.amount), await canTake(z3, plan, loss.amount + 1n)]).toEqual([true, false]);
    },
    TIMEOUT,
  );

  test(
    "is the number that z3 comes to by itself",
    async () => {
      const attack = { stolen: new Set(["ana", "cyd", "dee"]), mode: "normal", horizonMs: DAY_MS, from: FROM };
      expect(await mostTaken(z3, robbery(read("hot-wallet"), attack, WHAT.ETH, 3))).toBe(50n * 10n ** 18n);
      // Beyond the first tier one of two has to ask, so that nobody of finance but the other is there to approve.
      const two = { ...attack, stolen: new Set(["cyd", "dee"]) };
      expect(await mostTaken(z3, robbery(read("team-treasury"), two, WHAT.USDC, 2))).toBe(2n * (100_000_000000n - 1n));
    },
    TIMEOUT,
  );
});
