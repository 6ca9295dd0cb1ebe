import { describe, expect, test } from "vitest";
import { classifyEdit } from "../../src/policy/edit.ts";
import { type Draft, full, parse, person, VITALIK } from "./documents.ts";

function edited(edit: (document: Draft) => void): string[] {
  const document = full();
  edit(document);
  const [from, to] = [parse(full()), parse(document)];
  const forth = classifyEdit(from, to).map(({ part, direction }) => `${part} ${direction}`);
  // What an edit touches is the same on the way back.
  expect(classifyEdit(to, from).map(({ part, direction }) => `${part} ${direction}`)).toEqual(forth);
  return forth;
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
      "of a list loosens",
      (d) => {
        d.lists.payees.pop();
      },
      ["list loosens"],
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
      "of a rule about payments loosens",
      (d) => {
        d.rules[1].when.amount.max = "0.04 ETH";
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
      "of the name loosens rules",
      (d) => {
        d.name = "x";
      },
      ["rules loosens"],
    ],
    [
      "of the order of rules loosens rules",
      (d) => {
        d.rules.reverse();
      },
      ["rules loosens"],
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
    expect(classifyEdit(parse(base), parse({ ...base, hours: {} }))).toEqual([{ part: "hours", direction: "loosens" }]);
  });

  test("never claims to tighten", () => {
    expect(
      edited((d) => {
        d.rules.push({ id: "x", forbid: ["transfer"] });
      }),
    ).toEqual(["rules loosens"]);
  });
});
