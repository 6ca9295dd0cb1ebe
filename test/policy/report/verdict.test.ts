import { describe, expect, test } from "vitest";
import type { Audit } from "../../../src/policy/analyze/audit.ts";
import type { Loss } from "../../../src/policy/analyze/loss.ts";
import { type LossBudget, verdictOf } from "../../../src/policy/report/index.ts";
import { audited, ETH, witness } from "./fixture.ts";

const DAY = 86_400_000;
const ETHER = 10n ** 18n;
const budget = (eth: bigint, days = 1): LossBudget => ({
  text: `${eth} ETH/${days}d`,
  what: { asset: ETH },
  most: eth * ETHER,
  horizonMs: days * DAY,
});

/** Without channels, errors and what was not decided; ana alone is stolen. */
function calm(change: Partial<Loss> = {}, more: Partial<Audit> = {}): Audit {
  const audit = audited();
  const losses = audit.losses.filter(({ stolen }) => stolen.join() === "ana").map((loss) => ({ ...loss, ...change }));
  return { ...audit, stolen: [{ name: "ana", people: ["ana"] }], losses, channels: [], findings: [], inconclusive: [], ...more };
}
const why = (audit: Audit, ...budgets: LossBudget[]) => verdictOf(audit, budgets).breaches.map((breach) => breach.why);

describe("the verdict", () => {
  test("passes where nothing is wrong, and a budget is met to the last unit", () => {
    expect(verdictOf(calm()).passed).toBe(true);
    expect(verdictOf(calm(), [budget(50n), budget(200n, 7)]).passed).toBe(true);
    expect(why(calm(), { ...budget(50n), most: 50n * ETHER - 1n })).toEqual(["more"]);
  });

  test("an upper bound below the budget is enough", () => {
    expect(why(calm({ status: "upper bound" }), budget(50n))).toEqual([]);
  });

  test("no bound, no decision and no answer at all are never within a budget", () => {
    expect(why(calm({ amount: undefined }), budget(50n))).toEqual(["unbounded"]);
    expect(why(calm({ status: "inconclusive" }), budget(50n))).toEqual(["inconclusive"]);
    expect(why(calm({ status: "inconclusive", amount: undefined }), budget(50n))).toEqual(["inconclusive"]);
    expect(why(calm(), budget(50n, 3))).toEqual(["inconclusive"]);
  });

  test("a channel that opens within the time breaks a budget, for every set that holds its people", () => {
    const [control, edit] = audited().channels;
    const { stolen, losses } = audited();
    const open = (delayMs: number) => ({ ...audited(), channels: [{ ...(control as never as object), delayMs } as never] });
    expect(
      verdictOf(open(DAY - 1), [budget(999n)])
        .breaches.filter((breach) => breach.why === "channel")
        .map((breach) => breach.stolen),
    ).toEqual(["cyd", "role:finance"]);
    expect(verdictOf(open(DAY), [budget(999n)]).breaches.filter((breach) => breach.why === "channel")).toEqual([]);
    expect(edit?.delayMs).toBe(DAY);
    expect(stolen.length).toBeGreaterThan(0);
    expect(losses.length).toBeGreaterThan(0);
  });

  test("a way out of a mode in which nothing leaves is judged by the mode that it leads into", () => {
    const { losses } = calm();
    const frozen = (amount: bigint) => losses.map((loss) => ({ ...loss, mode: "frozen", amount }));
    const [control] = audited().channels;
    const leave = (toMode: string) =>
      ({
        ...(control as never as object),
        kind: "policy",
        mode: "frozen",
        stolen: ["ana"],
        witness: witness([{ kind: "modeChange", at: [], toMode }]),
      }) as never;
    const both = (amount: bigint, toMode: string) => calm({}, { losses: [...losses, ...frozen(amount)], channels: [leave(toMode)] });
    expect(why(both(0n, "normal"), budget(50n))).toEqual([]);
    expect(why(both(0n, "normal"), budget(49n))).toEqual(["more"]);
    // What leaves before adds to what leaves after, and of a mode that was not looked at nothing is known.
    expect(why(both(1n, "normal"), budget(50n))).toEqual(["channel"]);
    expect(why(both(0n, "emergency"), budget(50n))).toEqual(["channel"]);
  });

  test("fees without a limit are in the loss of their asset already", () => {
    const [control] = audited().channels;
    const channel = { ...(control as never as object), kind: "fees without a limit", stolen: ["ana"] } as never;
    expect(why(calm({}, { channels: [channel] }), budget(50n))).toEqual([]);
  });

  test("an error and what was not decided do not pass, warnings and notes do", () => {
    const [error, warning, note] = audited().findings;
    const finding = (one: typeof error) => calm({}, { findings: one === undefined ? [] : [one] });
    expect(verdictOf(finding(error)).passed).toBe(false);
    expect(verdictOf(finding(warning)).passed).toBe(true);
    expect(verdictOf(finding(note)).passed).toBe(true);
    expect(verdictOf(calm({}, { inconclusive: ["something"] })).passed).toBe(false);
  });
});
