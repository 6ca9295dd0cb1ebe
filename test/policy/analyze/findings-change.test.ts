import { describe, expect, test } from "vitest";
import { canonical } from "../../../src/base/canonical.ts";
import { diffPolicies } from "../../../src/policy/analyze/diff.ts";
import {
  onlyNarrows,
  redrafted,
  reparsed,
  whenWithout,
  withChanged,
  withRule,
  writtenRule,
} from "../../../src/policy/analyze/findings/change.ts";
import type { Policy } from "../../../src/policy/core.ts";
import { type Draft, full, parse } from "../documents.ts";

const more = (rule: object, mode = "normal") => withRule(full(), mode, { id: "more", ...rule });

const SLOW = { id: "slow", require: ["transfer"], delay: "24h", expires: "30d" };
const asksOfMore = (id: string, document: Draft = full()) =>
  withChanged(document, id, (rule) => ({ ...rule, require: [...(rule.require as readonly string[]), "fee"] }));

describe("a suggested document", () => {
  test.each<[string, Draft]>([
    ["a forbid more", more({ forbid: ["transfer"], when: { to: "@payees" } })],
    ["a limit more", more({ limit: ["outflow"], when: { asset: "ETH" }, max: "1 ETH", per: "24h" })],
    ["a limit more in a mode", more({ limit: ["outflow"], when: { asset: "ETH" }, max: "1 ETH", per: "24h" }, "emergency")],
    ["an allow less", withChanged(full(), "pay", () => [])],
    ["a require more that waits for nothing", more({ require: ["transfer"], approvals: [{ of: "finance", atLeast: 1 }], expires: "1h" })],
    ["a require of more kinds", asksOfMore("four-eyes")],
  ])("with %s only narrows, and the comparison of both says so too", (_what, after) => {
    expect(onlyNarrows(full(), after)).toBe(true);
    const diff = diffPolicies(parse(full()), parse(after));
    expect(diff.kind).toBe("exact");
    expect(diff.differences.filter(({ change }) => change === "newlyAllowed" || change === "weaker")).toEqual([]);
  });

  test.each<[string, Draft, Draft?]>([
    ["an allow more", more({ allow: ["statement"] })],
    ["an allow more in a mode", more({ allow: ["transfer"] }, "emergency")],
    ["a require more, which can make a request wait longer", more({ require: ["transfer"], delay: "24h", expires: "30d" })],
    ["a require of more kinds, which then wait longer", asksOfMore("slow", more(SLOW)), more(SLOW)],
    ["a require less", withChanged(full(), "four-eyes", () => [])],
    ["a limit less", withChanged(full(), "daily", () => [])],
    ["a limit that is higher", withChanged(full(), "daily", (rule) => ({ ...rule, max: "500001 USDC" }))],
    ["an allow of more", withChanged(full(), "pay", (rule) => ({ ...rule, when: { asset: "USDC" } }))],
    ["a list of more", { ...full(), lists: { ...full().lists, nobody: ["acme"] } }],
    ["a role of more", { ...full(), roles: { ...full().roles, ops: ["ana", "ben", "cyd"] } }],
    ["a mode less", { ...full(), modes: {} }],
  ])("with %s is compared region by region", (_what, after, before = full()) => {
    expect(onlyNarrows(before, after)).toBe(false);
  });

  test("gives a new rule an id that is free, in any mode", () => {
    const once = more({ forbid: ["transfer"] });
    const twice = withRule(once, "emergency", { id: "more", forbid: ["transfer"] });
    expect(writtenRule(twice, "more-2")).toEqual({ id: "more-2", forbid: ["transfer"] });
    expect(
      reparsed(twice)
        ?.modes.get("emergency")
        ?.rules.map(({ id }) => id),
    ).toEqual(["fees-only", "more-2"]);
  });

  test("is read from its parts as the parser reads it from its text, in any order and twice, and is none where that refuses it", () => {
    const before = JSON.parse(canonical(full())) as Draft;
    const told = (policy: Policy | undefined) => policy && { ...policy, book: policy.book.hash };
    const drafts: readonly Draft[] = [
      before,
      withRule(before, "normal", { id: "more", forbid: ["transfer"], when: { to: "@payees" } }),
      withRule(before, "emergency", { id: "more", forbid: ["transfer"] }),
      withRule(before, "normal", { id: "more", forbid: ["transfer"], when: { to: "@no-such-list" } }),
      withRule(withRule(before, "normal", { id: "a", forbid: ["call"] }), "normal", { id: "b", forbid: ["call"] }),
      withChanged(before, "pay", () => []),
      withChanged(before, "daily", (rule) => ({ ...rule, max: "500001 USDC" })),
      { ...before, modes: {} },
      { ...before, rules: [] },
      { ...before, rules: [...before.rules, before.rules[0]] },
    ];
    expect(new Set(drafts.map((draft) => reparsed(draft) === undefined)).size).toBe(2);
    for (const draft of [...drafts, ...drafts.toReversed()]) expect(told(redrafted(before, draft))).toEqual(told(reparsed(draft)));
  });

  test("that is no policy is none", () => {
    expect(reparsed(more({ forbid: ["transfer"], when: { to: "@no-such-list" } }))).toBeUndefined();
    expect(reparsed(full())?.id).toBe(parse(full()).id);
  });

  test("leaves a field out only where the rule has it plainly", () => {
    const when = { asset: "USDC", amount: { min: "1 USDC" } };
    expect(whenWithout({ when }, ["amount", "total"])).toEqual({ asset: "USDC" });
    expect(whenWithout({}, ["amount"])).toEqual({});
    expect(whenWithout({ when: { ...when, not: { amount: { max: "2 USDC" } } } }, ["amount"])).toBeUndefined();
  });
});
