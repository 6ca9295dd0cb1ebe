import { expect, test } from "vitest";
import { DAY_MS } from "../../../src/base/time.ts";
import { maximumLoss } from "../../../src/policy/analyze/loss.ts";
import type { Condition, Measure, Rule } from "../../../src/policy/core.ts";
import { policyOf } from "../generate.ts";
import { ASSET, CHAIN, FROM } from "./loss.oracle.ts";
import { read, treasury, USDC_ASSET } from "./worked.ts";

const inField = (field: "chain" | "asset", name: string): Condition => ({ op: "in", field, values: new Set([name]) });
const small: Condition = { op: "within", field: "amount", intervals: [[0n, 10n]] };
const all = (...of: readonly Condition[]): Condition => ({ op: "all", of });

test("what is sold for something that an own account gets has left", () => {
  const { rules, ...rest } = treasury;
  const sell = { id: "sell", allow: ["swap", "order"], when: { asset: "USDC", ownRecipient: true, requester: "role:ops" } };
  const keep = { id: "keep", allow: ["transfer"], when: { asset: "USDC", ownRecipient: true, requester: "role:ops" } };
  const others = (rules as { id: string }[]).filter(({ id }) => ["fees", "daily", "daily-fees", "edit"].includes(id));
  const attack = { stolen: new Set(["ana"]), mode: "normal", horizonMs: DAY_MS, from: FROM };
  const lossOf = (more: readonly object[]) => maximumLoss(read({ ...rest, rules: [...others, ...more] } as never), attack, USDC_ASSET);
  expect(lossOf([keep])).toMatchObject({ status: "exact", amount: 0n });
  const sold = lossOf([keep, sell]);
  expect(sold).toMatchObject({ status: "exact", amount: 500_000n * 10n ** 6n });
  expect(sold.sequence.steps.every(({ witness }) => ["swap", "order"].includes(witness.effects[0]?.kind ?? ""))).toBe(true);
});

test("a unit of account counts every chain on which something leaves in the same way", () => {
  const other = { chain: "eip155:10", asset: "eip155:10/native" };
  const worth = new Map([
    [ASSET, { numerator: 1n, denominator: 1n }],
    [other.asset, { numerator: 1000n, denominator: 1n }],
  ]);
  const value: Measure = { type: "value", unit: "USD", until: 2 ** 50, worth };
  const limit = { type: "limit", windowMs: "ever", by: [], beyond: [], when: { op: "always" } } as const;
  const rules: readonly Rule[] = [
    { id: "here", type: "allow", kinds: ["transfer"], when: all(inField("chain", CHAIN), small) },
    { id: "there", type: "allow", kinds: ["allowance"], when: all(inField("chain", other.chain), small) },
    { ...limit, id: "three", kinds: ["transfer", "allowance"], measure: { type: "count" }, max: 3n },
    { ...limit, id: "swaps", kinds: ["swap"], measure: value, max: 1n },
  ];
  const attack = { stolen: new Set(["ana"]), mode: "normal", horizonMs: DAY_MS, from: FROM };
  expect(maximumLoss(policyOf(rules), attack, { unit: "USD" })).toMatchObject({ status: "exact", amount: 30_000n });
});
