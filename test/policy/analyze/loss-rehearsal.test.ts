import { describe, expect, test } from "vitest";
import { DAY_MS } from "../../../src/base/time.ts";
import { maximumLoss, reachableOf } from "../../../src/policy/analyze/loss.ts";
import { rehearse } from "../../../src/policy/analyze/rehearse.ts";
import type { Sequence, Step } from "../../../src/policy/analyze/sequence.ts";
import { emptyCounters } from "../../../src/policy/counters.ts";
import { interpret } from "../../../src/policy/interpret.ts";
import { realisticPolicy } from "./realistic.ts";
import { ETH, hotWallet, read, treasury, USDC_ASSET } from "./worked.ts";

const FROM = Date.UTC(2026, 0, 5);

/** The sequence with one step otherwise. */
function changed({ from, steps }: Sequence, at: number, change: (step: Step) => Partial<Step>): Sequence {
  return { from, steps: steps.map((step, index) => (index === at ? { ...step, ...change(step) } : step)) };
}

function greater({ witness }: Step): Partial<Step> {
  return { witness: { ...witness, effects: witness.effects.map((effect) => ({ ...effect, amount: (effect.amount ?? 0n) + 1n })) } };
}

describe("a sequence that takes all there is", () => {
  const wallet = read(
    hotWallet({ rules: [{ id: "slow", require: ["transfer", "fee"], approvals: [{ of: "ops", atLeast: 1 }], delay: "1h" }] }),
  );
  const attack = { stolen: new Set(["ana", "ben"]), mode: "normal", horizonMs: 8 * DAY_MS + 3_600_000, from: FROM };
  const { sequence } = maximumLoss(wallet, attack, ETH);
  const last = sequence.steps.length - 1;
  const kindAfter = (change: (step: Step) => Partial<Step>, at = last) =>
    rehearse(wallet, changed(sequence, at, change)).steps.map(({ kind }) => kind)[last];

  test("passes as it is, and says what it took", () => {
    const { steps, taken } = rehearse(wallet, sequence);
    expect(steps.every(({ kind }) => kind === "passed")).toBe(true);
    expect(taken.get(ETH.asset)?.amount).toBe(250n * 10n ** 18n);
  });

  test("is refused with one unit more, once more, or a millisecond earlier", () => {
    expect(kindAfter(greater)).toBe("denied");
    expect(kindAfter(({ times }) => ({ times: times + 1n }))).toBe("denied");
    expect(kindAfter(({ signedMs, askedMs }) => ({ signedMs: signedMs - 1, askedMs: askedMs - 1 }))).toBe("denied");
    expect(kindAfter(() => ({ times: 0n }))).toBe("denied");
  });

  test("waits where an approval is missing or a delay is not over", () => {
    expect(kindAfter(() => ({ approvers: [] }))).toBe("pending");
    expect(kindAfter(({ witness }) => ({ approvers: [witness.circumstances.requester ?? ""] }))).toBe("pending");
    expect(kindAfter(({ askedMs }) => ({ askedMs: askedMs + 1 }))).toBe("pending");
  });

  test("needs more approval for what is beyond a limit", () => {
    const policy = read(treasury);
    const stolen = new Set(["ana", "cyd", "dee"]);
    const { sequence: payments } = maximumLoss(policy, { ...attack, stolen, horizonMs: DAY_MS }, USDC_ASSET);
    const at = payments.steps.length - 1;
    expect(rehearse(policy, payments).steps[at]?.kind).toBe("passed");
    expect(rehearse(policy, changed(payments, at, greater)).steps[at]?.kind).toBe("pending");
  });
});

describe("a step among many rules", () => {
  const policy = realisticPolicy(60);
  const people = [...policy.people.keys()];
  const assets = reachableOf(policy).flatMap((what) => ("asset" in what ? [what.asset] : []));
  const addresses = [...policy.addresses.values()].slice(0, 20);

  test.each(["transfer", "fee", "allowance", "call"] as const)("of a %s is judged as by the whole policy", (kind) => {
    for (const qualified of [...assets, undefined]) {
      for (const [index, { chain, address }] of addresses.entries()) {
        const [where = chain, asset] = qualified?.split("/") ?? [];
        const effect = { kind, at: [], chain: where, to: address, amount: BigInt(10 ** index), ...(asset !== undefined && { asset }) };
        const circumstances = { now: FROM, mode: "normal", requester: people[index % people.length] ?? "" };
        const witness = { effects: [effect], circumstances };
        const step: Step = { askedMs: 0, signedMs: 0, witness, times: 1n, approvers: [] };
        const { reasons, needs } = interpret(policy, { effects: [effect], refusals: [] }, circumstances, emptyCounters);
        const open = needs.filter((need) => need.kind !== "confirm");
        const whole =
          reasons.length > 0 ? { kind: "denied", reasons } : open.length > 0 ? { kind: "pending", needs: open } : { kind: "passed" };
        expect(rehearse(policy, { from: FROM, steps: [step] }).steps).toEqual([whole]);
      }
    }
  });
});
