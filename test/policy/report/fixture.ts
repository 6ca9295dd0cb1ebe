import type { JsonObject } from "../../../src/base/canonical.ts";
import { DAY_MS, HOUR_MS } from "../../../src/base/time.ts";
import type { Effect } from "../../../src/intent/effect.ts";
import type { Audit } from "../../../src/policy/analyze/audit.ts";
import type { Loss } from "../../../src/policy/analyze/loss.ts";
import type { Sequence } from "../../../src/policy/analyze/sequence.ts";
import type { Witness } from "../../../src/policy/analyze/witness.ts";
import { parsePolicy } from "../../../src/policy/parse.ts";
import { parseAddress } from "../addresses.ts";
import { type Draft, person, USDC, VITALIK } from "../documents.ts";

export const ETH = "eip155:1/native";
export const USD = `eip155:1/erc20:${USDC}`;
export const FROM = Date.UTC(2026, 0, 5, 12);
const ETHER = 10n ** 18n;

/** A hot wallet whose four-eyes tier can be split under. */
export function hotWallet(name = "hot wallet"): Draft {
  return {
    keyward: "policy/1",
    name,
    assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 }, USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 } },
    book: {
      acme: { chain: "eip155:1", address: VITALIK },
      "old.acme": { chain: "eip155:1", address: "0x000000000022D473030F116dDEE9F6B43aC78BA3" },
    },
    lists: { payees: ["acme"], sanctioned: ["old.acme"] },
    people: { ana: person("a"), ben: person("b"), cyd: person("c"), dee: person("d"), eve: person("e") },
    roles: { ops: ["ana", "ben"], finance: ["cyd", "dee", "eve"] },
    modes: { emergency: { lasts: "6h", rules: [{ id: "fees-only", allow: ["fee"], when: { asset: "ETH" } }] } },
    rules: [
      { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "@payees", amount: { max: "40 ETH" }, requester: "role:ops" } },
      { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.05 ETH" } } },
      { id: "sanctions", forbid: ["transfer", "allowance"], when: { to: "@sanctioned" } },
      {
        id: "four-eyes",
        require: ["transfer"],
        when: { asset: "ETH", amount: { min: "10 ETH" } },
        approvals: [{ of: "finance", atLeast: 2 }],
      },
      { id: "day", limit: ["outflow"], when: { asset: "ETH" }, max: "50 ETH", per: "24h" },
      { id: "week", limit: ["outflow"], when: { asset: "ETH" }, max: "200 ETH", per: "7d" },
      { id: "stake", allow: ["delegation"], when: { requester: "role:finance" } },
      { id: "edit", allow: ["policyEdit"], when: { requester: "role:finance" } },
      { id: "edit-slow", require: ["policyEdit"], approvals: [{ of: "finance", atLeast: 1 }], delay: "24h" },
    ],
  };
}

const SETS = [
  { name: "ana", people: ["ana"] },
  { name: "cyd", people: ["cyd"] },
  { name: "role:ops", people: ["ana", "ben"] },
  { name: "role:finance", people: ["cyd", "dee", "eve"] },
  { name: "role:ops + role:finance", people: ["ana", "ben", "cyd", "dee", "eve"] },
];

const transfer = (amount: bigint): Effect => ({ kind: "transfer", at: [], chain: "eip155:1", asset: "native", to: VITALIK, amount });
const fee = (amount: bigint): Effect => ({ kind: "fee", at: [], chain: "eip155:1", asset: "native", amount });

export function witness(effects: readonly Effect[], requester = "ana"): Witness {
  return { effects, circumstances: { now: FROM, mode: "normal", requester } };
}

function split(days: number): Sequence {
  const each = witness([transfer(10n * ETHER - 1n), fee(1n)]);
  const steps = Array.from({ length: days }, (_, day) => [
    { askedMs: day * DAY_MS, signedMs: day * DAY_MS, witness: each, times: 5n, approvers: [] },
    {
      askedMs: day * DAY_MS + 1000,
      signedMs: day * DAY_MS + HOUR_MS,
      witness: witness([transfer(1234567890123456789n), fee(2n)], "ben"),
      times: 1n,
      approvers: ["cyd", "dee"],
    },
  ]);
  return { from: FROM, steps: steps.flat() };
}

function loss(stolen: readonly string[], days: number, amount: bigint | undefined, more: Partial<Loss> = {}): Loss {
  return {
    stolen,
    mode: "normal",
    horizonMs: days * DAY_MS,
    what: { asset: ETH },
    status: "exact",
    amount,
    shown: amount ?? 1000n * ETHER,
    fees: amount === 0n ? 0n : 6n,
    sequence: amount === 0n ? { from: FROM, steps: [] } : split(Math.max(1, days)),
    ...more,
  };
}

/** An audit of {@link hotWallet} written by hand, with something of everything that a report shows. */
export function audited(document: Draft = hotWallet()): Audit {
  const policy = parsePolicy(JSON.stringify(document), { parseAddress });
  const losses = SETS.flatMap(({ people }) =>
    (
      [
        [1, 50n],
        [7, 200n],
        [8, 250n],
      ] as const
    ).flatMap(([days, eth]): Loss[] => {
      const pays = people.includes("ana");
      const both = pays && people.includes("cyd");
      const usdc: Partial<Loss> = { what: { asset: USD } };
      return [
        both
          ? loss(people, days, undefined, {
              channel: {
                kind: "asset without a limit",
                stolen: people,
                mode: "normal",
                rule: "pay",
                text: "all ETH that there is can leave",
                witness: undefined,
                approvers: [],
                delayMs: 0,
              },
            })
          : loss(people, days, pays ? eth * ETHER : 0n),
        people.length === 1
          ? loss(people, days, 0n, usdc)
          : loss(people, days, pays ? 1_500_000_123456n : 0n, {
              ...usdc,
              ...(days === 8
                ? { status: "inconclusive", why: "200000 regions were looked at" }
                : days === 7
                  ? { status: "upper bound" }
                  : {}),
            }),
      ];
    }),
  );
  const [first] = losses;
  return {
    policy: { id: policy.id, name: policy.name, document: policy.document },
    options: { stolen: [], horizons: ["24h", "7d", "8d"], modes: ["normal"], from: "2026-01-05T12:00:00.000Z", work: 200000 },
    stolen: SETS,
    channels: [
      {
        kind: "control",
        stolen: ["cyd"],
        mode: "normal",
        rule: "stake",
        text: "cyd can delegate the account to any contract, whose code then acts as the account",
        witness: witness([{ kind: "delegation", at: [], chain: "eip155:1", to: VITALIK, replayable: false }], "cyd"),
        approvers: [],
        delayMs: 0,
      },
      {
        kind: "policy",
        stolen: ["cyd", "dee", "eve"],
        mode: "normal",
        rule: "edit",
        text: "finance can edit the policy so that everything can leave",
        witness: witness([{ kind: "policyEdit", at: [], part: "rules", direction: "loosens" }], "cyd"),
        approvers: ["dee"],
        delayMs: DAY_MS,
      },
    ],
    losses,
    authority: [
      {
        mode: "normal",
        text: "transfer of ETH, less than 10 ETH",
        people: ["ana"],
        delayMs: 0,
        confirm: false,
        witness: witness([transfer(1n)]),
        status: "exact",
      },
      {
        mode: "normal",
        text: "transfer of ETH, 10 ETH and more",
        people: ["ana", "cyd", "dee"],
        delayMs: 0,
        confirm: false,
        witness: witness([transfer(10n * ETHER)]),
        status: "exact",
      },
      {
        mode: "normal",
        text: "policyEdit that loosens",
        people: ["cyd", "dee"],
        delayMs: DAY_MS,
        confirm: true,
        witness: undefined,
        status: "exact",
      },
      { mode: "normal", text: "export", people: undefined, delayMs: 0, confirm: false, witness: undefined, status: "inconclusive" },
    ],
    lockOuts: [
      { mode: "normal", what: "paying", absent: ["ana", "ben"], status: "exact" },
      { mode: "normal", what: "leaving mode frozen", absent: [], status: "exact" },
    ],
    escalations: [
      {
        stolen: ["cyd", "dee"],
        acts: [
          {
            rule: "edit",
            text: "edit of the policy that allows everything, approved by dee",
            delayMs: DAY_MS,
            witness: witness([{ kind: "policyEdit", at: [], part: "rules", direction: "loosens" }], "cyd"),
            approvers: ["dee"],
          },
        ],
        afterMs: DAY_MS,
        text: "Everything that a policy could allow, after 24h.",
        objectors: ["eve"],
        everything: true,
      },
    ],
    dead: [{ rule: "sanctions", mode: "normal", why: "guard" }],
    findings: [
      {
        id: "tier-split",
        severity: "error",
        mode: "normal",
        rule: "four-eyes",
        text: "50 ETH leave in 24h without the approval that four-eyes asks for from 10 ETH on: payments below it add up.",
        sequence: split(1),
        ...(first && {
          suggestion: {
            text: "Ask by the sum of a day: a limit of 10 ETH within 24h, beyond which 2 of finance approve.",
            document: document as JsonObject,
            effect: [{ before: first, after: { ...first, amount: 10n * ETHER, shown: 10n * ETHER } }],
          },
        }),
      },
      {
        id: "requester-open",
        severity: "warning",
        mode: "normal",
        rule: "fees",
        text: "anybody may ask for fees",
        witness: witness([fee(5n * 10n ** 16n)]),
      },
      { id: "no-note", severity: "note", mode: "emergency", rule: undefined, text: "something worth knowing" },
    ],
    inconclusive: ["who it takes to export: 200000 regions were looked at"],
  };
}
