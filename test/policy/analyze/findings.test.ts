import { describe, expect, test } from "vitest";
import { DAY_MS } from "../../../src/base/time.ts";
import { CATALOGUE, type FindingContext, findingsOf } from "../../../src/policy/analyze/catalogue.ts";
import { diffPolicies } from "../../../src/policy/analyze/diff.ts";
import type { Finding } from "../../../src/policy/analyze/finding.ts";
import { maximumLoss } from "../../../src/policy/analyze/loss.ts";
import { rehearse } from "../../../src/policy/analyze/rehearse.ts";
import { judged } from "../../../src/policy/analyze/witness.ts";
import { type Draft, PERMIT2, parse, person, USDC, VITALIK } from "../documents.ts";

const FROM = Date.UTC(2026, 10, 23, 12);

/** A policy in which nothing is found. */
function sound(): Draft {
  return {
    keyward: "policy/1",
    name: "sound",
    assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 }, USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 } },
    contracts: { pool: { chain: "eip155:1", address: PERMIT2, kind: "pool", functions: ["deposit(uint256 amount)"] } },
    book: { acme: { chain: "eip155:1", address: VITALIK } },
    lists: { payees: ["acme"] },
    people: {
      ana: person("a"),
      ben: person("b"),
      cyd: person("c"),
      dee: person("d"),
      eve: person("e"),
      fay: person("f"),
      uma: person("4"),
      val: person("5"),
    },
    roles: { ops: ["ana", "ben"], finance: ["cyd", "dee", "eve", "fay"], board: ["uma", "val"] },
    rules: [
      { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "@payees", requester: "role:ops", amount: { max: "5 ETH" } } },
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" }, requester: "role:ops" } },
      { id: "settled", forbid: ["transfer"], when: { recipientAge: { max: "24h" } } },
      { id: "day", limit: ["outflow"], when: { asset: "ETH" }, max: "10 ETH", per: "24h" },
      { id: "edit", allow: ["policyEdit", "modeChange"], when: { requester: "role:finance" } },
      { id: "edit-slow", require: ["policyEdit"], approvals: [{ of: "finance", atLeast: 2 }], delay: "24h" },
      { id: "who", require: ["policyEdit"], when: { part: ["people", "roles"] }, approvals: [{ of: "board", atLeast: 1 }] },
      { id: "unfreeze", require: ["modeChange"], when: { not: { toMode: "frozen" } }, approvals: [{ of: "finance", atLeast: 2 }] },
    ],
  };
}

type Change = (document: Draft) => void;
const add =
  (...rules: readonly object[]): Change =>
  (document) =>
    document.rules.push(...rules);
const set =
  (id: string, change: (rule: Draft) => void): Change =>
  (document) =>
    change(document.rules.find((rule: Draft) => rule.id === id));
const all =
  (...changes: readonly Change[]): Change =>
  (document) => {
    for (const change of changes) change(document);
  };
const two = [{ of: "finance", atLeast: 2 }];
const tier = (more: object = {}) =>
  add({ id: "tier", require: ["transfer"], when: { asset: "ETH", amount: { min: "4 ETH" } }, approvals: two, ...more });
const permit = {
  id: "permit",
  allow: ["signedAllowance"],
  when: { asset: "ETH", to: "acme", amount: { max: "1 ETH" }, requester: "role:ops" },
};
const role =
  (name: string, people: readonly string[]): Change =>
  (document) => {
    document.roles[name] = people;
  };

/** By id, a change that makes the finding, and one as near to it as can be that does not. */
const CASES: readonly (readonly [id: string, has: Change, twin: Change])[] = [
  [
    "blind-signature",
    add({ id: "x", allow: ["unknown"], when: { requester: "ana", chain: "eip155:1" } }),
    add({ id: "x", forbid: ["unknown"] }),
  ],
  [
    "foreign-control",
    add({ id: "x", allow: ["delegation"], when: { to: "acme", requester: "ana" } }),
    add({ id: "x", forbid: ["delegation"] }),
  ],
  [
    "operator-allowance",
    add({ id: "x", allow: ["operatorAllowance"], when: { to: "acme", requester: "ana" } }),
    add({ id: "x", allow: ["operatorAllowance"], when: { to: "acme", requester: "ana" } }, { id: "y", forbid: ["operatorAllowance"] }),
  ],
  [
    "unlimited-allowance",
    all(
      set("day", (rule) => Object.assign(rule, { limit: ["transfer", "fee"] })),
      add({ id: "x", allow: ["allowance"], when: { asset: "ETH", to: "acme", requester: "ana" } }),
    ),
    add({ id: "x", allow: ["allowance"], when: { asset: "ETH", to: "acme", requester: "ana" } }),
  ],
  ["standing-allowance", add(permit), add({ ...permit, when: { ...permit.when, expiry: { max: "2027-01-01" } } })],
  [
    "arbitrary-call",
    add({ id: "x", allow: ["call"], when: { contract: "pool", requester: "ana" } }),
    add({ id: "x", allow: ["call"], when: { contract: "pool", function: "deposit", requester: "ana" } }),
  ],
  [
    "asset-without-limit",
    set("day", (rule) => Object.assign(rule, { when: { asset: "ETH", requester: "ana" } })),
    set("day", (rule) => Object.assign(rule, { when: { asset: "ETH", requester: ["ana", "ben"] } })),
  ],
  [
    "fees-without-limit",
    set("day", (rule) => Object.assign(rule, { limit: ["transfer"] })),
    set("day", (rule) => Object.assign(rule, { limit: ["transfer", "fee"] })),
  ],
  [
    "limit-multiplied",
    all(
      set("pay", (rule) => delete rule.when.to),
      set("settled", (rule) => Object.assign(rule, { when: { recipientAge: { max: "1h" } } })),
      set("day", (rule) => Object.assign(rule, { limit: ["transfer"], by: "to" })),
    ),
    set("day", (rule) => Object.assign(rule, { limit: ["transfer"], by: "to" })),
  ],
  [
    "cap-lifted",
    set("day", (rule) => Object.assign(rule, { beyond: { approvals: two } })),
    all(
      set("day", (rule) => Object.assign(rule, { beyond: { approvals: two } })),
      add({ id: "most", limit: ["outflow"], when: { asset: "ETH" }, max: "20 ETH", per: "24h" }),
    ),
  ],
  [
    "tier-split",
    tier(),
    all(tier(), add({ id: "sum", limit: ["outflow"], when: { asset: "ETH" }, max: "4 ETH", per: "24h", beyond: { approvals: two } })),
  ],
  [
    "fee-above-tier",
    all(
      tier(),
      set("fees", (rule) => Object.assign(rule.when, { amount: { max: "4 ETH" } })),
    ),
    all(
      tier(),
      set("fees", (rule) => Object.assign(rule.when, { amount: { max: "3.9 ETH" } })),
    ),
  ],
  [
    "fees-drain",
    add({ id: "together", require: ["transfer"], approvals: two }),
    add(
      { id: "together", require: ["transfer"], approvals: two },
      { id: "fee-day", limit: ["fee"], when: { asset: "ETH" }, max: "1 ETH", per: "24h" },
    ),
  ],
  [
    "limit-never-binds",
    add({ id: "week", limit: ["outflow"], when: { asset: "ETH" }, max: "70 ETH", per: "7d" }),
    add({ id: "week", limit: ["outflow"], when: { asset: "ETH" }, max: "69 ETH", per: "7d" }),
  ],
  [
    "any-recipient",
    all(set("pay", (rule) => delete rule.when.to)),
    set("pay", (rule) => Object.assign(rule.when, { to: ["@payees", "pool"] })),
  ],
  [
    "new-recipient-at-once",
    (document) => void document.rules.splice(2, 1),
    set("settled", (rule) => Object.assign(rule, { when: { recipientAge: { max: "0m" } } })),
  ],
  [
    "requester-not-pinned",
    set("pay", (rule) => delete rule.when.requester),
    set("pay", (rule) => Object.assign(rule.when, { requester: ["ana", "ben"] })),
  ],
  [
    "one-person-quorum",
    all(
      role("chair", ["cyd", "dee"]),
      add(
        { id: "a", require: ["transfer"], approvals: [{ of: "finance", atLeast: 1 }] },
        { id: "b", require: ["transfer"], approvals: [{ of: "chair", atLeast: 1 }, ...[]] },
      ),
      role("finance", ["cyd", "eve", "fay"]),
    ),
    all(
      role("chair", ["cyd", "dee"]),
      add({
        id: "b",
        require: ["transfer"],
        approvals: [
          { of: "chair", atLeast: 1 },
          { of: "finance", atLeast: 1 },
        ],
      }),
      role("finance", ["cyd", "eve", "fay"]),
    ),
  ],
  [
    "service-pays",
    all(
      (document) => Object.assign(document.people, { bot: [{ kind: "service", publicKey: `02${"9".repeat(64)}` }] }),
      set("pay", (rule) => Object.assign(rule.when, { requester: "bot" })),
    ),
    all(
      (document) => Object.assign(document.people, { bot: [{ kind: "service", publicKey: `02${"9".repeat(64)}` }] }),
      set("pay", (rule) => Object.assign(rule.when, { requester: ["role:ops"] })),
    ),
  ],
  [
    "chain-not-pinned",
    add({ id: "x", allow: ["statement"], when: { requester: "ana" } }),
    add({ id: "x", allow: ["statement"], when: { requester: "ana", chain: "eip155:1" } }),
  ],
  ["replayable", add(permit), add({ ...permit, when: { ...permit.when, replayable: false } })],
  [
    "key-alone",
    add({ id: "x", allow: ["export"], when: { requester: "ana" } }),
    add({ id: "x", allow: ["export"], when: { requester: "ana" } }, { id: "y", require: ["export"], approvals: two }),
  ],
  [
    "edit-alone",
    set("edit-slow", (rule) => delete rule.approvals),
    set("edit-slow", (rule) => Object.assign(rule, { approvals: [{ of: "finance", atLeast: 1 }] })),
  ],
  ["edit-at-once", set("edit-slow", (rule) => delete rule.delay), set("edit-slow", (rule) => Object.assign(rule, { delay: "1m" }))],
  [
    "delay-unwatched",
    add({ id: "wait", require: ["transfer"], delay: "1h" }),
    add({ id: "wait", require: ["transfer"], delay: "1h", approvals: [{ of: "finance", atLeast: 1 }] }),
  ],
  [
    "mode-without-exit",
    (document) => Object.assign(document, { rules: [...document.rules, { id: "stay", forbid: ["modeChange"], when: { mode: "frozen" } }] }),
    (document) =>
      Object.assign(document, {
        rules: [...document.rules, { id: "stay", forbid: ["modeChange"], when: { mode: "frozen", requester: "cyd" } }],
      }),
  ],
  ["one-person-missing", role("finance", ["cyd", "dee", "eve"]), role("ops", ["ana", "ben", "fay"])],
  ["ends-soon", ends("2026-12-20"), ends("2026-12-24")],
  [
    "look-alike-entries",
    (document) => Object.assign(document.book, { other: { chain: "eip155:1", address: "0xd8DA000000000000000000000000000000006045" } }),
    (document) => Object.assign(document.book, { other: { chain: "eip155:1", address: "0x68E527780872cda0216Ba0d8fBD58b67a5D5e351" } }),
  ],
  [
    "dead-rule",
    add({ id: "again", allow: ["transfer"], when: { asset: "ETH", to: "acme", requester: "ana", amount: { max: "1 ETH" } } }),
    add({ id: "again", allow: ["transfer"], when: { asset: "ETH", to: "acme", requester: "ana", amount: { max: "6 ETH" } } }),
  ],
  [
    "mixed-kinds",
    set("pay", (rule) => Object.assign(rule, { allow: ["transfer", "statement"], when: { requester: "role:ops", chain: "eip155:1" } })),
    set("pay", (rule) => Object.assign(rule, { allow: ["transfer", "fee"], when: { requester: "role:ops", chain: "eip155:1" } })),
  ],
  [
    "negated-unknown",
    add({ id: "x", forbid: ["transfer"], when: { not: { to: "@payees" } } }),
    add({ id: "x", forbid: ["transfer"], when: { not: { requester: "role:ops" } } }),
  ],
  [
    "lone-member",
    all(
      role("chair", ["cyd"]),
      set("edit", (rule) => Object.assign(rule.when, { requester: ["role:finance", "role:chair"] })),
    ),
    all(
      role("chair", ["cyd", "dee"]),
      set("edit", (rule) => Object.assign(rule.when, { requester: ["role:finance", "role:chair"] })),
    ),
  ],
  [
    "idle-person",
    (document) => Object.assign(document.people, { gus: person("1") }),
    all((document) => Object.assign(document.people, { gus: person("1") }), role("ops", ["ana", "ben", "gus"])),
  ],
];

function ends(until: string): Change {
  return all(
    (document) => {
      document.values = { USD: { decimals: 2, ceiling: { ETH: "8000.00" }, until } };
    },
    add({ id: "in-usd", limit: ["outflow"], max: "50000.00 USD", per: "24h" }),
  );
}

function found(change: Change, context: Partial<FindingContext> = {}): readonly Finding[] {
  const document = sound();
  change(document);
  return findingsOf(parse(document), { from: FROM, ...context });
}

describe("the catalogue of findings", () => {
  test("finds nothing in a sound policy", () => {
    expect(found(() => undefined).map(({ id, text }) => `${id}: ${text}`)).toEqual([]);
  });

  describe("a delay is watched by nobody", () => {
    const unwatched = (...changes: readonly Change[]) =>
      found(all(...changes))
        .filter(({ id, rule }) => id === "delay-unwatched" && rule === "slow")
        .map(({ text }) => text);
    // Ana asks, and two of finance approve: dee and eve could object.
    const slow = add({ id: "slow", require: ["transfer"], delay: "24h", approvals: [{ of: "finance", atLeast: 2 }] });
    const openEdits = (more: object = {}) =>
      all(
        set("edit", (rule) => delete rule.when),
        set("who", (rule) => Object.assign(rule, { approvals: [{ of: "finance", atLeast: 2 }] })),
        set("edit-slow", (rule) => Object.assign(rule, more)),
      );

    test("where those who get a request through can edit people no later than it is over", () => {
      expect(unwatched(slow)).toEqual([]);
      const text =
        "slow delays by 24h, but ana, cyd and dee, who get it through, can edit people meanwhile, and so keep eve and fay from objecting";
      expect(unwatched(slow, openEdits())).toEqual([text]);
      expect(unwatched(slow, openEdits({ delay: "1h" }))).toEqual([text]);
      expect(unwatched(slow, openEdits({ delay: "25h", expires: "7d" }))).toEqual([]);
      expect(unwatched(slow, openEdits(), add({ id: "keys", forbid: ["policyEdit"], when: { part: "people" } }))).toEqual([
        text.replace("edit people", "edit roles"),
      ]);
      expect(unwatched(slow, openEdits(), add({ id: "keys", forbid: ["policyEdit"], when: { part: ["people", "roles"] } }))).toEqual([]);
      expect(
        unwatched(slow, openEdits(), add({ id: "more", require: ["policyEdit"], approvals: [{ of: "finance", atLeast: 3 }] })),
      ).toEqual([]);
    });

    test("whichever of them it is that edits, and not where nobody is left who could object", () => {
      // Ben edits people with cyd and dee; the transfer is one that ben asks for as well.
      const clerk = all(
        openEdits(),
        set("edit", (rule) => Object.assign(rule, { when: { requester: "ben" } })),
      );
      expect(unwatched(slow, clerk)).toEqual([expect.stringContaining("but ben, cyd and dee, who get it through, can edit people")]);
      expect(unwatched(slow, clerk, role("finance", ["cyd", "dee"]))).toEqual([]);
      const machine = (document: Draft) => Object.assign(document.people, { eve: [{ kind: "service", publicKey: `02${"9".repeat(64)}` }] });
      expect(unwatched(slow, clerk, role("finance", ["cyd", "dee", "eve"]), machine)).toEqual([]);
    });

    test("where somebody whom a rule names by name keeps their say when roles are edited", () => {
      const named = add({ id: "slow", require: ["transfer"], delay: "24h", approvals: { any: [two, [{ of: "eve", atLeast: 1 }]] } });
      const keys = add({ id: "keys", forbid: ["policyEdit"], when: { part: "people" } });
      const byTwo = add({ id: "tier", require: ["transfer"], approvals: two });
      expect(unwatched(named, byTwo, openEdits(), keys)).toEqual([]);
      expect(unwatched(slow, byTwo, openEdits(), keys)).toEqual([expect.stringContaining("can edit roles meanwhile")]);
    });
  });

  test("has a case for every finding", () => {
    expect(CASES.map(([id]) => id).sort()).toEqual(CATALOGUE.map(({ id }) => id).sort());
  });

  test.each(CASES)("finds %s, and not in its near twin", (id, has, twin) => {
    const those = found(has).filter((finding) => finding.id === id);
    expect(those.length).toBeGreaterThan(0);
    expect(found(twin).filter((finding) => finding.id === id)).toEqual([]);
  });

  test.each(CASES)("shows %s by requests that the interpreter lets pass", (id, has) => {
    const document = sound();
    has(document);
    const policy = parse(document);
    for (const { witness, sequence } of findingsOf(policy, { from: FROM }).filter((finding) => finding.id === id)) {
      if (witness !== undefined) expect(judged(policy, witness).reasons).toEqual([]);
      if (sequence !== undefined) expect(rehearse(policy, sequence).steps.every(({ kind }) => kind === "passed")).toBe(true);
    }
  });

  test("suggests a change wherever one can be known", () => {
    const mended = CASES.filter(([id, has]) => found(has).some((finding) => finding.id === id && finding.suggestion !== undefined));
    expect(mended.map(([id]) => id)).toEqual([
      "unlimited-allowance",
      "standing-allowance",
      "asset-without-limit",
      "fees-without-limit",
      "limit-multiplied",
      "cap-lifted",
      "tier-split",
      "fee-above-tier",
      "fees-drain",
      "new-recipient-at-once",
      "requester-not-pinned",
      "one-person-quorum",
      "chain-not-pinned",
      "replayable",
      "key-alone",
      "edit-alone",
      "edit-at-once",
      "delay-unwatched",
      "dead-rule",
      "mixed-kinds",
    ]);
  });

  test("shows what a suggestion does to the losses of the report, and computes no more of them than it may", () => {
    const [, has] = CASES.find(([id]) => id === "tier-split") ?? [];
    const document = sound();
    has?.(document);
    const policy = parse(document);
    const attack = { stolen: new Set(["ana"]), mode: "normal", horizonMs: DAY_MS, from: FROM };
    const losses = [maximumLoss(policy, attack, { asset: "eip155:1/native" })];
    const effects = (recomputed: number) =>
      findingsOf(policy, { from: FROM, losses, recomputed }).flatMap(({ id, suggestion }) =>
        id === "tier-split" ? (suggestion?.effect ?? []) : [],
      );
    expect(effects(10)).toMatchObject([{ before: { amount: 10n ** 19n }, after: { amount: 4n * 10n ** 18n, status: "exact" } }]);
    expect(effects(0)).toEqual([]);
  });

  test("shows what a suggestion does to a loss as that was asked, with the time after which somebody objects", () => {
    const document = sound();
    all(tier(), role("ops", ["ana", "ben", "dee"]))(document);
    document.rules.push(
      { id: "slow", require: ["transfer"], approvals: [{ of: "ops", atLeast: 1 }], delay: "24h", expires: "7d" },
      { id: "fee-day", limit: ["fee"], when: { asset: "ETH" }, max: "1 ETH", per: "24h" },
    );
    const policy = parse(document);
    const attack = { stolen: new Set(["ana", "ben"]), mode: "normal", horizonMs: 3 * DAY_MS, from: FROM, detectionMs: 1 };
    const losses = [maximumLoss(policy, attack, { asset: "eip155:1/native" })];
    const more = (detection: { readonly detectionMs?: number }) =>
      findingsOf(policy, { from: FROM, losses, ...detection })
        .flatMap(({ suggestion }) => suggestion?.effect ?? [])
        .filter(({ before, after }) => (after.amount ?? 0n) > (before.amount ?? 0n));
    expect(losses).toMatchObject([{ amount: 3n * 10n ** 18n }]);
    expect(more({})).not.toEqual([]);
    expect(more({ detectionMs: 1 })).toEqual([]);
  });

  test("says what could not be decided, and does not pass it over", () => {
    const [, has] = CASES.find(([id]) => id === "arbitrary-call") ?? [];
    const document = sound();
    has?.(document);
    const undecided: string[] = [];
    const those = findingsOf(parse(document), { from: FROM, work: 0, inconclusive: (what) => undecided.push(what) });
    expect(those.filter(({ id }) => id === "arbitrary-call")).toEqual([]);
    expect(undecided).toContain("what x allows: the work that was granted is used up");
  });

  test.each(CASES)("suggests for %s only what loosens nothing and mends it", (id, has) => {
    const document = sound();
    has(document);
    const before = parse(document);
    for (const { rule, suggestion } of findingsOf(before, { from: FROM }).filter((finding) => finding.id === id)) {
      if (suggestion === undefined) continue;
      const after = parse(suggestion.document);
      const diff = diffPolicies(before, after);
      expect(diff.kind).toBe("exact");
      expect(diff.differences.filter(({ change }) => change === "newlyAllowed" || change === "weaker")).toEqual([]);
      expect(findingsOf(after, { from: FROM }).filter((finding) => finding.id === id && finding.rule === rule)).toEqual([]);
    }
  });
});
