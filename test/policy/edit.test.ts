import { describe, expect, test } from "vitest";
import { classifyEdit, type EditedPart } from "../../src/policy/edit.ts";
import { type Draft, full, PERMIT2, parse, person, VITALIK } from "./documents.ts";

function edited(edit: (document: Draft) => void): string[] {
  const document = full();
  edit(document);
  const [from, to] = [parse(full()), parse(document)];
  const [forth, back] = [classifyEdit(from, to), classifyEdit(to, from)];
  // What an edit touches is the same on the way back, and what governs.
  const touched = (edit: readonly EditedPart[]) => edit.map(({ part, direction }) => [part, direction === "governs"]);
  expect(touched(back)).toEqual(touched(forth));
  return forth.map(({ part, direction }) => `${part} ${direction}`);
}

describe("an edit", () => {
  test.each<[string, (document: Draft) => void, string[]]>([
    ["of nothing touches nothing", () => {}, []],
    [
      "of the order of keys touches nothing",
      (d) => {
        d.assets = { USDC: d.assets.USDC, ETH: d.assets.ETH };
      },
      [],
    ],
    [
      "of the book loosens",
      (d) => {
        d.book.bob = { chain: "eip155:5", address: VITALIK };
      },
      ["book loosens"],
    ],
    [
      "that takes an entry out of a list that only allows tightens",
      (d) => {
        d.lists.payees.pop();
      },
      ["list tightens"],
    ],
    [
      "that puts one into it loosens",
      (d) => {
        d.lists.payees = ["acme", "op", "late"];
        d.book.late = { chain: "eip155:1", address: PERMIT2 };
      },
      ["book loosens", "list loosens"],
    ],
    [
      "of people governs",
      (d) => {
        d.people.hal = person("2");
      },
      ["people governs"],
    ],
    [
      "of a credential governs",
      (d) => {
        d.people.ana = person("2");
      },
      ["people governs"],
    ],
    [
      "of a role that edits governs",
      (d) => {
        d.roles.finance.push("fay");
      },
      ["roles governs"],
    ],
    [
      "of a role that only pays loosens",
      (d) => {
        d.roles.ops.push("fay");
      },
      ["roles loosens"],
    ],
    [
      "of a rule about payments to a smaller amount tightens",
      (d) => {
        d.rules[1].when.amount.max = "0.04 ETH";
      },
      ["rules tightens"],
    ],
    [
      "of a rule about payments to a greater amount loosens",
      (d) => {
        d.rules[1].when.amount.max = "0.06 ETH";
      },
      ["rules loosens"],
    ],
    [
      "of a rule about acts governs",
      (d) => {
        d.rules[5].delay = "23h";
      },
      ["rules governs"],
    ],
    [
      "that adds a rule about acts governs",
      (d) => {
        d.rules.push({ id: "x", forbid: ["export"] });
      },
      ["rules governs"],
    ],
    [
      "that allows acts beside payments governs and loosens",
      (d) => {
        d.rules[0] = { id: "pay", allow: ["transfer", "modeChange"] };
      },
      ["rules governs", "rules loosens"],
    ],
    [
      "of a rule about acts and one about payments does both",
      (d) => {
        d.rules[1].when.amount.max = "0.04 ETH";
        d.rules[5].delay = "23h";
      },
      ["rules governs", "rules loosens"],
    ],
    [
      "of a role that edits and one that only pays does both",
      (d) => {
        d.roles.finance.push("fay");
        d.roles.ops.push("fay");
      },
      ["roles governs", "roles loosens"],
    ],
    [
      "that takes away the last way to change governs",
      (d) => {
        d.immutable = true;
        d.rules.splice(4, 1);
      },
      ["rules governs"],
    ],
    [
      "of the name touches rules, and widens nothing",
      (d) => {
        d.name = "x";
      },
      ["rules tightens"],
    ],
    [
      "of the order of rules does so too",
      (d) => {
        d.rules.reverse();
      },
      ["rules tightens"],
    ],
    [
      "of assets, contracts, hours, values, modes, semantics loosens",
      (d) => {
        d.assets.BTC = { chain: "bip122:0", asset: "native", decimals: 8 };
        d.contracts.pool.kind = "other";
        d.hours.desk.closed = [];
        d.values.USD.until = "2027-01-01";
        d.modes.emergency.lasts = "5h";
        d.semantics = 1;
      },
      ["assets loosens", "contracts loosens", "hours loosens", "values loosens", "modes loosens", "semantics loosens"],
    ],
  ])("%s", (_, edit, expected) => {
    expect(edited(edit)).toEqual(expected);
  });

  test("of a role inside a role that edits governs, and so do hours that an act waits for", () => {
    const base = full();
    base.roles.finance = ["role:ops", "cyd"];
    base.rules[4].when.hour = "desk";
    const next = structuredClone(base);
    next.roles.ops.push("fay");
    next.hours.desk.closed = [];
    expect(classifyEdit(parse(base), parse(next))).toEqual([
      { part: "roles", direction: "governs" },
      { part: "hours", direction: "governs" },
    ]);
  });

  test("of a section that was empty and is written, or left out, is an edit all the same", () => {
    const base = full();
    delete base.hours;
    for (const rule of base.rules) delete rule.when?.hour;
    expect(classifyEdit(parse(base), parse({ ...base, hours: {} }))).toEqual([{ part: "hours", direction: "tightens" }]);
  });

  test("tightens as a whole or not at all", () => {
    const tighter = (d: Draft) => d.rules.push({ id: "x", forbid: ["transfer"] });
    expect(edited(tighter)).toEqual(["rules tightens"]);
    expect(
      edited((d) => {
        tighter(d);
        d.values.USD.until = "2027-01-01";
        d.rules.push({ id: "usd", limit: ["outflow"], max: "5.00 USD", per: "24h" });
      }),
    ).toEqual(["rules tightens", "values tightens"]);
    expect(
      edited((d) => {
        tighter(d);
        d.contracts.pool.kind = "other";
      }),
    ).toEqual(["rules loosens", "contracts loosens"]);
  });

  test("that cannot be decided within the work that is granted loosens", () => {
    const base = full();
    // Thousands of parts, before anything is compared.
    const pairs = [
      ["inputs", "outputs"],
      ["feeRate", "tokenId"],
      ["expiry", "sighash"],
    ];
    const either = ([one, other]: readonly string[]) => ({
      any: [...Array(20).keys()].map((n) => ({
        [String(one)]: { min: String(2 * n), max: String(2 * n) },
        [String(other)]: told(String(other), n),
      })),
    });
    const told = (field: string, n: number) => (field === "sighash" ? `S${n}` : { min: String(2 * n), max: String(2 * n) });
    base.rules.push({ id: "wide", allow: ["transfer"], when: { all: pairs.map(either) } });
    const next = structuredClone(base);
    next.rules.at(-1).when.asset = "ETH";
    expect(classifyEdit(parse(base), parse(next))).toEqual([{ part: "rules", direction: "loosens" }]);
  });
});
