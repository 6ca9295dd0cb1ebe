import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../../src/base/canonical.ts";
import { ruleSentence, rulesOf } from "../../../src/policy/report/index.ts";
import { type Draft, full, parse } from "../documents.ts";

function said(rule: Draft, change: (document: Draft) => void = () => undefined): string {
  const document = full();
  change(document);
  document.rules.push({ id: "it", ...rule });
  const found = rulesOf(parse(document).document).find(({ id }) => id === "it");
  return found === undefined ? "" : ruleSentence(found);
}

describe("a rule in words", () => {
  test.each([
    [{ allow: ["transfer"] }, "Allows transfers."],
    [
      { allow: ["transfer"], when: { asset: ["ETH", "USDC"], to: ["@payees", "acme"], requester: "role:ops" } },
      "Allows transfers if the asset is one of (ETH, USDC), the recipient is one of (one of the list payees (acme, op), acme) and somebody in ops (ana, ben) asks.",
    ],
    [
      { forbid: ["transfer", "allowance"], when: { to: "@nobody" } },
      "Forbids transfers and allowances if the recipient or spender is one of the list nobody (nobody yet). No allow changes that.",
    ],
    [
      {
        require: ["transfer"],
        when: { asset: "USDC", total: { min: "100000.5 USDC" } },
        approvals: [{ of: "finance", atLeast: 2 }],
        confirm: true,
      },
      "Asks for the approval of 2 of finance (cyd, dee, eve) and the requester's own confirmation before transfers if the asset is USDC and the request's total in the asset is 100,000.5 USDC or more. A request waits for at most 72 hours.",
    ],
    [{ require: ["export"], delay: "1h", expires: "1d" }, "Asks for a delay of 1 hour before exports. A request waits for at most 1 day."],
    [
      { limit: ["outflow"], when: { asset: "USDC" }, max: "1234567 USDC", per: "7d", by: ["requester", "to"].slice(0, 1) },
      "Lets through at most 1,234,567 USDC of all that leaves (transfers, allowances, signed allowances, orders, swaps and fees) within any 7 days, counted apart for each requester if the asset is USDC. What would go beyond is denied.",
    ],
    [
      {
        limit: ["transfer"],
        max: 3,
        ever: true,
        beyond: {
          approvals: {
            any: [
              [
                { of: "finance", atLeast: 2 },
                { of: "cfo", atLeast: 1 },
              ],
              [{ of: "owner", atLeast: 1 }],
            ],
          },
        },
      },
      "Lets through at most 3 transfers over the whole life of the vault. What goes beyond needs the approval of either 2 of finance (cyd, dee, eve) and 1 of cfo (fay, gus from 2026-12-20 and before 2027-01-05), or owner.",
    ],
    [
      {
        allow: ["transfer"],
        when: { not: { any: [{ asset: "ETH", amount: { min: "1 ETH", max: "2 ETH" } }, { hour: "desk" }] }, date: { from: "2026-01-01" } },
      },
      "Allows transfers if not ((either (the asset is ETH and the amount is from 1 ETH to 2 ETH) or it is within the hours desk (Mon-Fri 09:00-17:00 in Europe/Zurich; closed on 2026-12-25; not from 2027-12-31 on))) and the moment is from 2026-01-01.",
    ],
    [
      {
        allow: ["call"],
        when: { contract: "pool", function: "deposit", args: { amount: { max: "10000000" }, to: ["@payees"], wrap: true } },
      },
      "Allows calls if the contract is pool, the function is deposit, the argument amount is at most 10,000,000, the argument to is one of the list payees (acme, op) and the argument wrap is true.",
    ],
    [
      { forbid: ["transfer"], when: { recipientAge: { max: "24h" }, ownRecipient: false } },
      "Forbids transfers if the recipient's time in the book is at most 24 hours and the recipient is no account of this vault. No allow changes that.",
    ],
    [
      { allow: ["signedAllowance"], when: { asset: "USDC", amount: "unlimited", expiry: { max: "1798761600" }, replayable: true } },
      "Allows signed allowances if the asset is USDC, the amount is exactly unlimited, its expiry is at most 2027-01-01 00:00:00Z and the signature can be used again, elsewhere or later.",
    ],
    [{ allow: ["grant"], when: { to: "role:ops" } }, "Allows grants of sessions if it is granted to somebody in ops (ana, ben)."],
  ])("%#", (rule, words) => {
    expect(said(rule)).toBe(words);
  });

  test("free text of a policy stands in quotes and cannot pass for words of ours", () => {
    expect(said({ allow: ["statement"], when: { domain: "x, and ana asks" } })).toBe(
      'Allows statements if the domain is "x, and ana asks".',
    );
  });

  test("long lists are counted", () => {
    const many = Array.from({ length: 30 }, (_, at) => `p${at}`);
    const words = said({ forbid: ["transfer"], when: { to: "@many" } }, (document) => {
      for (const name of many) document.book[name] = { chain: `eip155:${many.indexOf(name) + 2}`, address: document.book.acme.address };
      document.lists.many = many;
    });
    expect(words).toContain("p19 and 10 others)");
  });

  test("services in a role are said not to count as approvers", () => {
    const words = said({ require: ["transfer"], approvals: [{ of: "mixed", atLeast: 1 }] }, (document) => {
      document.people.bot = [{ kind: "service", publicKey: `03${"7".repeat(64)}` }];
      document.roles.mixed = ["bot", "ana", "ben"];
    });
    expect(words).toContain("1 of mixed (bot, ana, ben), where services do not count");
  });

  test("every rule of every mode is said, in the document's order", () => {
    const document = full();
    const ids = (rules: readonly { readonly id: string }[]) => rules.map(({ id }) => id);
    expect(ids(rulesOf(parse(document).document))).toEqual([...ids(document.rules), ...ids(document.modes.emergency.rules)]);
  });

  test("rules that differ anywhere read differently", () => {
    const document = parse(full()).document;
    const more: readonly JsonObject[] = [
      {
        id: "a",
        limit: ["outflow", "call"],
        when: { any: [{ all: [{ asset: "ETH" }, { chain: "eip155:1" }] }, { not: { to: ["@payees", "acme"] } }] },
        max: "5",
        per: "7d",
        by: ["to", "account"],
        beyond: { approvals: [{ of: "ops", atLeast: 1 }] },
      },
      {
        id: "b",
        require: ["transfer", "fee"],
        when: {
          amount: { min: "1 ETH", max: "2 ETH" },
          date: { from: "2026-01-01", until: "2027-01-01" },
          hour: ["desk", "night"],
          origin: "https://a.b",
          session: "unlock",
          mode: "normal",
        },
        approvals: { any: [[{ of: "ops", atLeast: 1 }], [{ of: "cfo", atLeast: 2 }]] },
        delay: "1h",
        expires: "3d",
        confirm: true,
      },
      {
        id: "c",
        forbid: ["typedData", "call"],
        when: {
          domain: "d",
          primaryType: "p",
          replayable: true,
          contract: "pool",
          selector: "0x01020304",
          function: "f",
          args: { n: { min: 1, max: "2" }, flag: true, text: ["x", "y"] },
          class: "U1",
          part: "rules",
          direction: "loosens",
          what: "w",
          toMode: "frozen",
          ownRecipient: true,
          recipientAge: { min: "1d", max: "2d" },
          feeRate: { max: 5 },
          gas: 7,
          sighash: "ALL",
          change: "none",
          inputs: 1,
          outputs: { min: 2 },
          tokenId: "9",
          expiry: { min: "2026-01-01", max: "1798761600" },
          party: "acme",
          account: "acme",
        },
      },
    ];
    for (const rule of [...(document.rules as readonly JsonObject[]), ...more]) {
      const words = (one: JsonObject) =>
        rulesOf({ ...document, rules: [one] })
          .filter(({ mode }) => mode === "normal")
          .map(ruleSentence);
      const before = words(rule);
      expect(before).toHaveLength(1);
      for (const changed of changes(rule)) expect(words(changed), JSON.stringify(changed)).not.toEqual(before);
    }
  });
});

/** The same with one leaf changed, for every leaf but the id. */
function changes(value: JsonObject): readonly JsonObject[] {
  return Object.entries(value).flatMap(([name, part]) =>
    name === "id" ? [] : variants(part ?? null).map((changed) => ({ ...value, [name]: changed })),
  );
}

function variants(value: Json): readonly Json[] {
  if (typeof value === "boolean") return [!value];
  if (typeof value === "number") return [value + 1];
  if (typeof value === "string")
    return [KINDS_OTHER[value] ?? (value.startsWith("@") || value.startsWith("role:") ? `${value}x` : value.replace(/^(\d*)/, "$19"))];
  if (Array.isArray(value)) return value.flatMap((item: Json, at) => variants(item).map((changed) => value.with(at, changed)));
  return changes(value as JsonObject);
}

/** Kinds are words of ours, not of the document. */
const KINDS_OTHER: { readonly [kind: string]: string } = {
  transfer: "swap",
  outflow: "deploy",
  fee: "order",
  call: "statement",
  typedData: "erase",
  policyEdit: "modeChange",
};
