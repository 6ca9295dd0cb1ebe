import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DAY_MS } from "../../../src/base/time.ts";
import { rehearseInCustody } from "../../../src/custody/rehearsal.ts";
import { CATALOGUE, findingsOf } from "../../../src/policy/analyze/catalogue.ts";
import { diffPolicies } from "../../../src/policy/analyze/diff.ts";
import { maximumLoss } from "../../../src/policy/analyze/loss.ts";
import { rehearse } from "../../../src/policy/analyze/rehearse.ts";
import type { Policy } from "../../../src/policy/core.ts";
import { parsePolicy } from "../../../src/policy/parse.ts";
import { parseAddress } from "../addresses.ts";

const FOLDER = new URL("../../../examples/policies/", import.meta.url);
const FROM = Date.UTC(2026, 10, 23, 12);
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -".json".length))
  .sort();

function read(name: string): Policy {
  return parsePolicy(readFileSync(new URL(`${name}.json`, FOLDER)), { parseAddress });
}

const ETH = "eip155:1/native";
const USDC = "eip155:1/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const BASE_USDC = "eip155:8453/erc20:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913";
const BTC = "bip122:000000000019d6689c085ae165831e93/native";
const ether = (amount: number) => BigInt(amount) * 10n ** 18n;

/** What leaves at most: nothing where there is no bound. */
const LOSSES: readonly (readonly [policy: string, stolen: string, days: number, what: string, amount: bigint | undefined])[] = [
  ["hot-wallet", "ana ben", 1, ETH, ether(50)],
  ["hot-wallet", "ana ben", 7, ETH, ether(200)],
  ["hot-wallet", "ana ben", 8, ETH, ether(250)],
  ["hot-wallet", "ana", 1, ETH, ether(50)],
  ["hot-wallet", "cyd dee eve", 30, ETH, 0n],
  ["hot-wallet-edited", "ana ben", 1, ETH, ether(50)],
  ["team-treasury", "ana ben", 30, USDC, 0n],
  ["team-treasury", "cyd", 30, USDC, 0n],
  ["team-treasury", "ana ben cyd", 1, USDC, 500_000_000000n],
  ["team-treasury", "cyd dee", 3, USDC, 1_500_000_000000n],
  ["team-treasury", "ana ben cyd fay", 1, USDC, undefined],
  ["spending-agent", "agent", 1, BASE_USDC, 2_000_000000n],
  ["btc-sweep", "cyd dee eve", 1, BTC, 2_00000000n],
  ["btc-sweep", "ana ben", 30, BTC, 0n],
  ["exchange-hot-wallet", "withdrawals", 1, USDC, 500_000_000000n],
  ["exchange-hot-wallet", "withdrawals ana dee", 7, USDC, 2_500_000_000000n],
  ["cold-wallet-fund", "ana ben", 30, USDC, 0n],
  ["cold-wallet-fund", "ana ben cyd", 1, USDC, 0n],
  ["cold-wallet-fund", "ana ben cyd", 7, USDC, 10_000_000_000000n],
];

/** Every finding: its id, the mode where that is not `normal`, and the rule. */
const FINDINGS: { readonly [policy: string]: readonly string[] } = {
  "btc-sweep": ["one-person-missing", "new-recipient-at-once sweep"],
  "cold-wallet-fund": [
    "asset-without-limit emergency evacuate",
    "tier-split large",
    "delay-unwatched custody-slow",
    "new-recipient-at-once emergency evacuate",
    "negated-unknown settled-recipients",
  ],
  "exchange-hot-wallet": [
    "fees-drain degraded degraded-fees",
    "any-recipient withdraw",
    "any-recipient degraded degraded-withdraw",
    "delay-unwatched custody-slow",
    "one-person-missing",
    "service-pays withdraw",
    "service-pays withdraw",
    "service-pays withdraw",
    "service-pays degraded degraded-fees",
  ],
  "hot-wallet-edited": ["tier-split four-eyes", "any-recipient pay", "one-person-missing", "new-recipient-at-once pay"],
  "hot-wallet": ["tier-split four-eyes", "one-person-missing", "new-recipient-at-once pay", "dead-rule sanctions"],
  "spending-agent": [
    "standing-allowance allowance",
    "replayable allowance",
    "service-pays allowance",
    "service-pays fees",
    "edit-alone edit",
    "delay-unwatched edit-slow",
    "one-person-missing",
  ],
  "team-treasury": [
    "cap-lifted escalate",
    "tier-split t2",
    "requester-not-pinned send",
    "one-person-missing",
    "negated-unknown cooling-off",
    "lone-member",
  ],
};

describe("the worked policies", () => {
  test("are all looked at", () => {
    expect(Object.keys(FINDINGS).sort()).toEqual(NAMES);
    expect([...new Set(LOSSES.map(([name]) => name))].sort()).toEqual(NAMES);
  });

  test.each(LOSSES)("%s, %s stolen: in %i days of %s at most %s", (name, stolen, days, asset, amount) => {
    const policy = read(name);
    const attack = { stolen: new Set(stolen.split(" ")), mode: "normal", horizonMs: days * DAY_MS, from: FROM };
    const loss = maximumLoss(policy, attack, { asset });
    expect(loss).toMatchObject({ status: "exact", amount });
    if (amount !== undefined) expect(rehearse(policy, loss.sequence).taken.get(asset)?.amount ?? 0n).toBe(amount);
    // Recipients have to be in the book for long enough when it is asked, not only when it is signed.
    expect(rehearseInCustody(policy, loss.sequence).complete).toBe(true);
  });

  test("what opens by the hour may be denied when it is asked for, and then a custody says that it was that", () => {
    const policy = read("cold-wallet-fund");
    // It is Saturday: what is signed on Monday would have to be asked for now.
    const attack = { stolen: new Set(["ana", "ben", "cyd"]), mode: "normal", horizonMs: 7 * DAY_MS, from: Date.UTC(2026, 10, 21, 12) };
    const { sequence } = maximumLoss(policy, attack, { asset: USDC });
    expect(rehearseInCustody(policy, sequence)).toMatchObject({ complete: false, unasked: true });
    const [step] = sequence.steps.map((one) => ({ ...one, approvers: [] }));
    if (step === undefined) throw new Error("expected a step");
    // Opened, it is not answered: nothing that it was denied for when it was asked.
    const monday = { from: Date.UTC(2026, 10, 23, 12), steps: [step] };
    expect(rehearseInCustody(policy, monday)).toMatchObject({ complete: false, unasked: false });
  });

  test.each(NAMES)("%s has its findings", (name) => {
    const undecided: string[] = [];
    const found = findingsOf(read(name), { from: FROM, inconclusive: (what) => undecided.push(what) });
    expect(found.map(({ id, mode, rule }) => [id, mode === "normal" ? "" : mode, rule ?? ""].filter(Boolean).join(" "))).toEqual(
      FINDINGS[name],
    );
    expect(undecided).toEqual([]);
  });

  test("in another mode than normal a loss is shown in that mode", () => {
    const policy = read("cold-wallet-fund");
    const attack = { stolen: new Set(["ana"]), mode: "emergency", horizonMs: DAY_MS, from: FROM };
    const loss = maximumLoss(policy, attack, { asset: ETH });
    expect(loss).toMatchObject({ status: "exact", amount: ether(1) });
    expect(loss.sequence.steps.map(({ witness }) => witness.circumstances.mode)).toEqual(["emergency"]);
  });

  test("splitting under the four-eyes tier of the hot wallet takes the whole day in six requests", () => {
    const split = findingsOf(read("hot-wallet"), { from: FROM }).find(({ id }) => id === "tier-split");
    expect(split).toMatchObject({ rule: "four-eyes", text: expect.stringContaining("50 ETH within 24h, in 6 requests") });
    for (const { witness, approvers } of split?.sequence?.steps ?? []) {
      expect(approvers).toEqual([]);
      expect(witness.effects.every(({ amount }) => (amount ?? 0n) < ether(10))).toBe(true);
    }
  });

  test("the edit of the hot wallet lets exactly 10 ETH pass unseen, and any address be paid", () => {
    const { kind, differences } = diffPolicies(read("hot-wallet"), read("hot-wallet-edited"));
    expect(kind).toBe("exact");
    const weaker = differences.filter(({ change }) => change === "weaker");
    expect(weaker.map(({ witness }) => witness.effects[0]?.amount)).toContain(ether(10));
    const allowed = differences.filter(({ change }) => change === "newlyAllowed").map(({ witness }) => witness.effects[0]);
    expect(allowed.some((effect) => (effect?.amount ?? 0n) < ether(1) && effect?.kind === "transfer")).toBe(true);
  });

  test("are explained in the guide, and the catalogue stands there as it is in the code", async () => {
    const guide = new URL("../../../docs/audit.md", import.meta.url);
    const text = readFileSync(guide, "utf8");
    const [before, after] = around(text);
    await expect(`${before}\n${table()}\n${after}`).toMatchFileSnapshot("../../../docs/audit.md");
    for (const name of NAMES) expect(text).toContain(`${name}.json`);
  });
});

function table(): string {
  const rows = CATALOGUE.map(({ id, severity, about, advice }) => `| \`${id}\` | ${severity} | ${about} | ${advice} |`);
  return ["| id | at worst | what is found | what helps |", "|---|---|---|---|", ...rows].join("\n");
}

/** What stands before and after the table. */
function around(text: string): readonly [string, string] {
  return [
    text.slice(0, text.indexOf("-->\n", text.indexOf("<!-- findings")) + "-->\n".length),
    text.slice(text.indexOf("<!-- /findings -->")),
  ];
}
