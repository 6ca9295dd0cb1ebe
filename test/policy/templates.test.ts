import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/base/canonical.ts";
import { canonical } from "../../src/base/canonical.ts";
import { FIELDS } from "../../src/intent/fields.ts";
import { policySchema } from "../../src/policy/schema.ts";
import { coldStorage, denyAll, personalWallet, spendingAgent, teamTreasury } from "../../src/policy/templates.ts";
import { shared, sharedFile, vectorSuite } from "../shared.ts";
import { type Draft, full, key, parse, problemsOf, USDC, VITALIK, withRule } from "./documents.ts";
import { misfits } from "./schema-check.ts";

const spending = {
  assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 }, USDC: { chain: "eip155:1", asset: `erc20:${USDC}`, decimals: 6 } },
  payees: { acme: { chain: "eip155:1", address: VITALIK } },
  daily: { ETH: "0.5", USDC: "1000" },
  fee: { ETH: "0.01" },
};
const keys = { ana: key("a"), ben: key("b"), cyd: key("c") };

const templates: [string, JsonObject][] = [
  ["denyAll", denyAll()],
  ["personalWallet", personalWallet(spending)],
  ["personalWallet without payees", personalWallet({ ...spending, payees: {}, name: "mine", delay: "2d" })],
  ["spendingAgent", spendingAgent({ ...spending, agentKey: key("e"), each: { USDC: "25" } })],
  ["teamTreasury", teamTreasury({ ...spending, operators: { dee: key("d") }, approvers: keys, large: { USDC: "100" } })],
  ["coldStorage", coldStorage({ ...spending, keyholders: keys, quorum: 2 })],
];

describe.each(templates)("%s", (_, document) => {
  test("parses, and the schema accepts it", () => {
    const policy = parse(document);
    expect(policy.rules).toHaveLength((document.rules as unknown[]).length);
    expect(misfits(policySchema(), document)).toEqual([]);
    expect(canonical(document)).not.toContain("undefined");
  });
});

test("a template that could not work is refused by the parser, with the reason", () => {
  expect(problemsOf(coldStorage({ ...spending, keyholders: keys, quorum: 3 }))[0]).toMatchObject({ code: "policy/unreachable-quorum" });
  expect(problemsOf(personalWallet({ ...spending, fee: {} }))[0]).toMatchObject({ code: "policy/pays-without-fee" });
  expect(problemsOf(personalWallet({ ...spending, daily: { DAI: "5" } }))[0]).toMatchObject({ code: "policy/unknown-name" });
});

test("a personal wallet can freeze at once and unfreeze only after the delay", () => {
  const rules = parse(personalWallet(spending)).rules.filter(({ kinds }) => kinds.includes("modeChange"));
  expect(rules).toMatchObject([
    { type: "allow" },
    { type: "require", delayMs: 86_400_000, when: { op: "not", of: { field: "toMode", values: new Set(["frozen"]) } } },
  ]);
});

describe("the schema", () => {
  const schema = policySchema();
  const check = (edit: (document: Draft) => void) => {
    const document = full();
    edit(document);
    return misfits(schema, document);
  };

  test("accepts what the parser accepts", () => {
    expect(check(() => {})).toEqual([]);
    const conditions: [string[], object][] = [
      [
        ["transfer"],
        {
          any: [{ to: "acme" }, { all: [{ to: ["acme", "@payees"] }] }],
          not: { date: { from: "2026-01-01" } },
          hour: "desk",
          recipientAge: { min: "24h" },
          tokenId: "5",
          expiry: { max: "unlimited" },
        },
      ],
      [["call"], { contract: "pool", function: "deposit", args: { amount: { max: "1000" }, to: ["acme"], wrap: true } }],
      [["unknown"], { class: ["U1", "U2"], origin: "https://app.example" }],
    ];
    for (const [forbid, when] of conditions) {
      const document = withRule({ forbid, when: when as JsonObject });
      parse(document);
      expect(misfits(schema, document)).toEqual([]);
    }
    for (const rule of [
      { limit: ["fee"], max: 3, ever: true, by: "account" },
      { limit: ["outflow"], max: "10.00 USD", per: "7d" },
      { require: ["fee"], confirm: true, approvals: { any: [[{ of: "ana", atLeast: 1 }]] } },
    ]) {
      const document = withRule(rule);
      parse(document);
      expect(misfits(schema, document)).toEqual([]);
    }
  });

  test.each<[string, (document: Draft) => void]>([
    [
      "an unknown key",
      (d) => {
        d.extra = 1;
      },
    ],
    [
      "no rules",
      (d) => {
        delete d.rules;
      },
    ],
    [
      "another format",
      (d) => {
        d.keyward = "policy/2";
      },
    ],
    [
      "a rule of two types",
      (d) => {
        d.rules[0].forbid = ["fee"];
      },
    ],
    [
      "an unknown kind",
      (d) => {
        d.rules[0].allow = ["transfers"];
      },
    ],
    [
      "an unknown field",
      (d) => {
        d.rules[0].when.recipient = "acme";
      },
    ],
    [
      "an amount as a number",
      (d) => {
        d.rules[1].when.amount.max = 5;
      },
    ],
    [
      "an amount without its asset",
      (d) => {
        d.rules[1].when.amount.max = "5";
      },
    ],
    [
      "a limit without a window",
      (d) => {
        delete d.rules[3].per;
      },
    ],
    [
      "a limit with two windows",
      (d) => {
        d.rules[3].ever = true;
      },
    ],
    [
      "a passkey",
      (d) => {
        d.people.ana = [{ kind: "webauthn" }];
      },
    ],
    [
      "a short key",
      (d) => {
        d.people.ana[0].publicKey = "02";
      },
    ],
    [
      "an unknown direction",
      (d) => {
        d.rules[5].when.not.direction = "widens";
      },
    ],
    [
      "too many decimals of an asset",
      (d) => {
        d.assets.ETH.decimals = 99;
      },
    ],
  ])("refuses %s, as the parser does", (_, edit) => {
    expect(check(edit)).not.toEqual([]);
    const document = full();
    edit(document);
    expect(problemsOf(document).length).toBeGreaterThan(0);
  });

  test("speaks of every field", () => {
    const when = (schema.$defs as { when: { properties: JsonObject } }).when;
    expect(Object.keys(when.properties).sort()).toEqual([...Object.keys(FIELDS), "all", "any", "not"].sort());
  });
});

describe.skipIf(!shared)(vectorSuite("the schema and the policy of the hostile cases"), () => {
  test("P0 fits", () => {
    expect(misfits(policySchema(), sharedFile("cases/p0.json"))).toEqual([]);
  });
});
