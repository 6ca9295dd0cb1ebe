import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "../../../src/base/time.ts";
import { maximumLoss, reachableOf } from "../../../src/policy/analyze/loss.ts";
import { rehearse } from "../../../src/policy/analyze/rehearse.ts";
import { stolenSets } from "../../../src/policy/analyze/stolen.ts";
import { realisticPolicy } from "./realistic.ts";
import { ETH, hotWallet, read, treasury, USDC_ASSET } from "./worked.ts";

const FROM = Date.UTC(2026, 10, 22);

describe("losses of people with the same powers", () => {
  test("are those that each set has where nobody else was asked about, in whatever order they are asked", () => {
    const together = realisticPolicy(20, { seed: 11 });
    const sets = stolenSets(together);
    const whats = reachableOf(together).slice(0, 12);
    for (const { people } of [...sets.slice(9), ...sets.slice(0, 9)]) {
      const alone = realisticPolicy(20, { seed: 11 });
      for (const what of whats) {
        const attack = { stolen: new Set(people), mode: "normal", horizonMs: DAY_MS, from: FROM };
        const loss = maximumLoss(together, attack, what);
        expect(loss).toEqual(maximumLoss(alone, attack, what));
        expect(loss.stolen).toEqual(people);
        expect(rehearse(together, loss.sequence).steps.every(({ kind }) => kind === "passed")).toBe(true);
      }
    }
  });

  test("are asked anew of a policy that was changed, and with less work", () => {
    const policy = read(hotWallet());
    const attack = { stolen: new Set(["ana"]), mode: "normal", horizonMs: DAY_MS, from: FROM };
    expect(maximumLoss(policy, attack, ETH)).toMatchObject({ status: "exact", amount: 50n * 10n ** 18n });
    expect(maximumLoss(policy, attack, ETH, { work: 2 })).toMatchObject({ status: "inconclusive" });
    const unlimited = { ...policy, rules: policy.rules.filter(({ type }) => type !== "limit") };
    expect(maximumLoss(unlimited, attack, ETH)).toMatchObject({ status: "exact", amount: undefined });
    expect(maximumLoss(policy, { ...attack, stolen: new Set(["ben"]) }, ETH).sequence.steps[0]?.witness.circumstances.requester).toBe(
      "ben",
    );
  });
});

describe("losses with stolen approvers", () => {
  const policy = (requester: readonly string[]) =>
    read({
      ...treasury,
      immutable: true,
      rules: [
        { id: "pay", allow: ["transfer"], when: { asset: "USDC", requester } },
        { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
        { id: "two", require: ["transfer"], approvals: [{ of: "finance", atLeast: 2 }] },
        { id: "daily", limit: ["outflow"], when: { asset: "USDC" }, max: "500 USDC", per: "24h" },
      ],
    });
  const amount = (requester: readonly string[], stolen: readonly string[]) =>
    maximumLoss(policy(requester), { stolen: new Set(stolen), mode: "normal", horizonMs: DAY_MS, from: FROM }, USDC_ASSET).amount;

  test("count those who can only approve", () => {
    expect(amount(["role:ops"], ["ana", "cyd", "dee"])).toBe(500n * 10n ** 6n);
    expect(amount(["role:ops"], ["ana", "cyd"])).toBe(0n);
    expect(amount(["role:ops"], ["cyd", "dee", "eve"])).toBe(0n);
  });

  test("count each of those who can ask and approve alike", () => {
    const all = ["role:ops", "role:finance"];
    expect(amount(all, ["cyd", "dee", "eve"])).toBe(500n * 10n ** 6n);
    expect(amount(all, ["cyd", "dee"])).toBe(0n);
    expect(amount(all, ["ana", "cyd", "dee"])).toBe(500n * 10n ** 6n);
  });
});

test("in a mode that ends by itself no more is lost than while it lasts", () => {
  const { rules } = hotWallet() as unknown as { readonly rules: readonly object[] };
  const signing = rules.filter((rule) => !("allow" in rule && JSON.stringify(rule.allow).includes("policyEdit")));
  const of = (mode: string) => signing.map((rule) => ({ ...rule, id: `${mode}-${(rule as { readonly id: string }).id}` }));
  const policy = read({ ...hotWallet(), modes: { brief: { lasts: "6h", rules: of("brief") }, long: { rules: of("long") } } } as never);
  const loss = (mode: string, horizonMs: number) => maximumLoss(policy, { stolen: new Set(["ana"]), mode, horizonMs, from: FROM }, ETH);
  const day = 50n * 10n ** 18n;
  expect(loss("brief", 3 * DAY_MS)).toMatchObject({ horizonMs: 3 * DAY_MS, status: "exact", amount: day });
  expect(loss("long", 3 * DAY_MS)).toMatchObject({ status: "exact", amount: 3n * day });
  expect(loss("brief", 3 * DAY_MS).sequence.steps.every(({ signedMs }) => signedMs < 6 * HOUR_MS)).toBe(true);
});
