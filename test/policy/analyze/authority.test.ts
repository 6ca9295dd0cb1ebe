import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Effect, UNLIMITED } from "../../../src/intent/effect.ts";
import { isAct } from "../../../src/intent/fields.ts";
import { authorityOf } from "../../../src/policy/analyze/authorities.ts";
import { full, parse } from "../documents.ts";
import { can, FROM, type Passing, PEOPLE, passing, passingOf, SETS, smallPolicies } from "./small.ts";

/** Whether a row of the table speaks of an effect, by its text alone. */
function speaksOf(text: string, effect: Effect, all: readonly string[]): boolean {
  const [about = "", ...bounds] = text.split(", ");
  const [kind, ...rest] = about.split(" ");
  if (kind !== effect.kind) return false;
  const words = rest.join(" ");
  switch (effect.kind) {
    case "policyEdit":
      return words === `that ${effect.direction}`;
    case "modeChange":
      return words === `to ${effect.toMode}`;
    case "unknown":
      return words === `of ${effect.class}`;
    case "export":
      return words === "" || words === `of ${effect.what}` || (words === "of anything else" && !all.includes(`export of ${effect.what}`));
    case "transfer":
    case "allowance": {
      const asset = effect.asset === "native" ? "of A" : effect.asset === "erc20:0xaa" ? "of B" : "of any other asset";
      return words === asset && bounds.every((bound) => isWithin(bound, effect.amount as bigint));
    }
    default:
      return words === "";
  }
}

function isWithin(bound: string, amount: bigint): boolean {
  if (bound === "any amount") return true;
  if (bound === "without a bound") return amount >= UNLIMITED;
  const units = BigInt(/\d+/.exec(bound)?.[0] ?? "");
  if (bound.startsWith("up to")) return amount <= units;
  if (bound.startsWith("below")) return amount < units;
  if (bound.startsWith("more than")) return amount > units;
  return amount >= units;
}

describe("authority", () => {
  test("is the fewest people whom some request takes, tried one by one", () => {
    let told = 0;
    fc.assert(
      fc.property(smallPolicies, fc.constantFrom("normal", "emergency"), (policy, mode) => {
        const rows = authorityOf(policy, { from: FROM }).filter((row) => row.mode === mode);
        const requests = passing(policy, mode);
        const smallest = [...SETS].sort((a, b) => a.length - b.length);
        const all = rows.map(({ text }) => text);
        for (const { text, people, delayMs, confirm, witness, status } of rows) {
          expect(status).toBe("exact");
          const own = requests.filter(({ effect }) => speaksOf(text, effect, all));
          const least = smallest.find((set) => own.some((request) => can(request, set)));
          if (people === undefined) {
            expect(least, text).toBeUndefined();
            continue;
          }
          told++;
          expect(people.length, text).toBeLessThanOrEqual(least?.length ?? Number.POSITIVE_INFINITY);
          const request = passingOf(policy, witness) as Passing;
          expect(request, text).toBeDefined();
          expect(speaksOf(text, request.effect, all) && can(request, people)).toBe(true);
          expect([request.delayMs, request.confirm, new Set(people).size]).toEqual([delayMs, confirm, people.length]);
        }
        // What somebody can do stands in some row.
        const possible = rows.filter(({ people }) => people !== undefined).map(({ text }) => text);
        const judged = requests.filter(({ effect }) => mode === "normal" || !isAct(effect.kind));
        for (const request of judged.filter((one) => can(one, PEOPLE)))
          expect(
            possible.some((text) => speaksOf(text, request.effect, all)),
            JSON.stringify(request.effect, (_, value) => (typeof value === "bigint" ? `${value}` : value)),
          ).toBe(true);
      }),
      { numRuns: 60 },
    );
    expect(told).toBeGreaterThan(100);
  }, 120_000);

  test("is told by amounts as the policy writes them, bands that take the same being one", () => {
    const document = full();
    document.rules.push({
      id: "whale",
      require: ["transfer"],
      when: { asset: "USDC", amount: { min: "250000 USDC" } },
      approvals: [{ of: "cfo", atLeast: 1 }],
    });
    const rows = authorityOf(parse(document)).filter(({ text }) => text.startsWith("transfer"));
    expect(rows.map(({ text, people }) => `${text}: ${people?.join("+") ?? "nobody"}`)).toEqual([
      "transfer of ETH, any amount: nobody",
      "transfer of USDC, below 100000 USDC: ana",
      "transfer of USDC, from 100000 USDC, below 250000 USDC: ana+cyd+dee",
      "transfer of USDC, 250000 USDC and more: ana+fay+cyd+dee",
      "transfer of any other asset: nobody",
    ]);
  });

  test("that would take more work than was granted is not said to be nobody's", () => {
    for (const { status, people } of authorityOf(parse(full()), { work: 1 })) {
      if (people === undefined && status === "exact") continue;
      expect(status).toBe("inconclusive");
    }
    expect(authorityOf(parse(full()), { work: 1 }).filter(({ status }) => status === "inconclusive").length).toBeGreaterThan(4);
  });
});
