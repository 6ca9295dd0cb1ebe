import { describe, expect, test } from "vitest";
import { classifyEdit } from "../../src/policy/edit.ts";
import type { ParseOptions } from "../../src/policy/parse.ts";
import { type Draft, full, key, parse, person, USDC, VITALIK } from "./documents.ts";

const SAFE = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

/** The team treasury with more of what an edit could turn. */
function treasury(): Draft {
  const document = full();
  document.book.blocked = { chain: "eip155:1", address: SAFE };
  document.book.other = { chain: "eip155:1", address: USDC };
  document.lists.payees.push("blocked");
  document.lists.blocked = ["blocked"];
  document.roles.traders = ["ana", "ben"];
  document.roles.desk = ["role:traders"];
  document.modes.emergency.rules.push({ id: "fees-few", limit: ["fee"], when: { asset: "ETH" }, max: "0.1 ETH", per: "24h" });
  document.rules.push(
    { id: "trade", allow: ["transfer"], when: { asset: "ETH", to: "acme", requester: "role:desk", hour: "desk" } },
    { id: "refund", allow: ["transfer"], when: { asset: "ETH", amount: { max: "1 ETH" }, requester: "role:finance" } },
    { id: "blocked", forbid: ["transfer"], when: { to: "@blocked" } },
    { id: "not-late", forbid: ["transfer"], when: { asset: "ETH", not: { to: "@payees" } } },
    { id: "trades", limit: ["transfer"], when: { asset: "ETH" }, max: "20 ETH", per: "24h" },
    { id: "usd", limit: ["outflow"], max: "600000.00 USD", per: "7d" },
    {
      id: "two-sides",
      require: ["transfer"],
      when: { asset: "ETH", amount: { min: "5 ETH" } },
      approvals: [
        { of: "ops", atLeast: 1 },
        { of: "finance", atLeast: 2 },
      ],
      confirm: true,
      expires: "48h",
    },
    { id: "modes", allow: ["modeChange"], when: { requester: "role:finance" } },
    { id: "unfreeze", require: ["modeChange"], when: { not: { toMode: "frozen" } }, approvals: [{ of: "finance", atLeast: 2 }] },
  );
  return document;
}

const rule = (document: Draft, id: string): Draft => {
  const found = [...document.rules, ...document.modes.emergency.rules].find((one: Draft) => one.id === id);
  if (found === undefined) throw new Error(`no rule ${id}`);
  return found;
};

function classified(edit: (document: Draft) => void, from: Draft = treasury(), options: Partial<ParseOptions> = {}): readonly string[] {
  const to = structuredClone(from);
  edit(to);
  return classifyEdit(parse(from, options), parse(to, options)).map(({ part, direction }) => `${part} ${direction}`);
}

type Row = [name: string, edit: (document: Draft) => void, expected: readonly string[]];

describe("what looks harmless and is not", () => {
  test.each<Row>([
    ["a list gains an entry", (d) => d.lists.payees.push("other"), ["list loosens"]],
    [
      "a list that only forbids loses its entry",
      (d) => {
        d.lists.blocked = [];
      },
      ["list loosens"],
    ],
    [
      "a list that a limit counts by loses an entry that is allowed no more",
      (d) => {
        rule(d, "trades").when.to = "@payees";
      },
      ["rules loosens"],
    ],
    ["a role that pays gains a member", (d) => d.roles.ops.push("fay"), ["roles loosens"]],
    ["a role inside a role that pays gains a member", (d) => d.roles.traders.push("fay"), ["roles loosens"]],
    [
      "a role that approves payments loses a member, and with them their no",
      (d) => {
        d.roles.ops = ["ana"];
        rule(d, "two-sides").approvals = [
          { of: "ana", atLeast: 1 },
          { of: "finance", atLeast: 2 },
        ];
      },
      ["roles loosens", "rules loosens"],
    ],
    [
      "a quorum lowered in one clause and raised in another",
      (d) => {
        rule(d, "two-sides").approvals = [{ of: "finance", atLeast: 3 }];
      },
      ["rules loosens"],
    ],
    [
      "a second way to approve beside the first",
      (d) => {
        const approvals = rule(d, "two-sides").approvals;
        rule(d, "two-sides").approvals = { any: [approvals, [{ of: "eve", atLeast: 1 }]] };
      },
      ["rules loosens"],
    ],
    [
      "a confirmation left out for one more approval",
      (d) => {
        delete rule(d, "two-sides").confirm;
        rule(d, "two-sides").approvals[1].atLeast = 3;
      },
      ["rules loosens"],
    ],
    [
      "consent that is kept for longer",
      (d) => {
        rule(d, "two-sides").expires = "7d";
      },
      ["rules loosens"],
    ],
    [
      "a delay that outlasts consent, which is then kept for as long as another rule says",
      (d) => d.rules.push({ id: "late", require: ["fee"], delay: "48h", expires: "365d" }),
      ["rules loosens"],
    ],
    [
      "a window shortened under a smaller maximum",
      (d) => {
        rule(d, "trades").per = "1h";
        rule(d, "trades").max = "15 ETH";
      },
      ["rules loosens"],
    ],
    [
      "a maximum raised over a longer window",
      (d) => {
        rule(d, "trades").per = "7d";
        rule(d, "trades").max = "21 ETH";
      },
      ["rules loosens"],
    ],
    [
      "a limit in two halves that cover it together",
      (d) => {
        const half = (id: string, to: object) => ({ ...rule(d, "trades"), id, when: { asset: "ETH", ...to } });
        d.rules.push(half("trades-a", { to: "acme" }), half("trades-b", { not: { to: "acme" } }));
        d.rules = d.rules.filter(({ id }: Draft) => id !== "trades");
      },
      ["rules loosens"],
    ],
    [
      "a limit by who asks",
      (d) => {
        rule(d, "trades").by = "requester";
      },
      ["rules loosens"],
    ],
    [
      "a limit that has a way beyond it",
      (d) => {
        rule(d, "trades").beyond = { approvals: [{ of: "finance", atLeast: 3 }] };
      },
      ["rules loosens"],
    ],
    [
      "a way beyond a limit for fewer",
      (d) => {
        rule(d, "daily").beyond = { approvals: [{ of: "finance", atLeast: 1 }] };
        rule(d, "daily").max = "400000 USDC";
      },
      ["rules loosens"],
    ],
    [
      "a limit that no longer counts one kind",
      (d) => {
        rule(d, "daily").limit = ["transfer", "fee", "allowance"];
      },
      ["rules loosens"],
    ],
    [
      "a limit moved into a mode",
      (d) => {
        d.modes.emergency.rules.push(rule(d, "trades"));
        d.rules = d.rules.filter(({ id }: Draft) => id !== "trades");
      },
      ["rules loosens", "modes loosens"],
    ],
    [
      "a ceiling of a unit of account lowered",
      (d) => {
        d.values.USD.ceiling.ETH = "7999.99";
      },
      ["values loosens"],
    ],
    [
      "prices that hold for longer",
      (d) => {
        d.values.USD.until = "2027-01-01";
      },
      ["values loosens"],
    ],
    [
      "a price for what none was known of",
      (d) => {
        d.assets.WETH = { chain: "eip155:1", asset: `erc20:${SAFE}`, decimals: 18 };
        d.values.USD.ceiling.WETH = "8000.00";
      },
      ["assets loosens", "values loosens"],
    ],
    [
      "hours a minute wider",
      (d) => {
        d.hours.desk.open = ["Mon-Fri 09:00-17:01"];
      },
      ["hours loosens"],
    ],
    [
      "hours moved to an earlier time zone",
      (d) => {
        d.hours.desk.zone = "Europe/London";
      },
      ["hours loosens"],
    ],
    [
      "a holiday taken out of the hours",
      (d) => {
        d.hours.desk.closed = [];
      },
      ["hours loosens"],
    ],
    [
      "a mode with a rule more",
      (d) => d.modes.emergency.rules.push({ id: "pay-too", allow: ["transfer"], when: { asset: "ETH", to: "acme" } }),
      ["modes loosens"],
    ],
    [
      "a mode that loses its limit",
      (d) => {
        d.modes.emergency.rules.pop();
      },
      ["modes loosens"],
    ],
    [
      "a mode that lasts longer",
      (d) => {
        d.modes.emergency.lasts = "12h";
      },
      ["modes loosens"],
    ],
    [
      "a freeze that ends by itself",
      (d) => {
        d.modes.frozen = { rules: [], lasts: "1m" };
      },
      ["modes loosens"],
    ],
    [
      "a mode in which nothing is needed",
      (d) => {
        d.modes.quick = { rules: [{ id: "quick", allow: ["statement"] }] };
      },
      ["modes loosens"],
    ],
    [
      "a forbid that asks for more than is known",
      (d) => {
        rule(d, "blocked").when.recipientAge = { max: "7d" };
      },
      ["rules loosens"],
    ],
    [
      "a not around a forbid",
      (d) => {
        rule(d, "not-late").when = { asset: "ETH", to: "@payees" };
      },
      ["rules loosens"],
    ],
    [
      "a forbid of fewer kinds",
      (d) => {
        rule(d, "usd").limit = ["transfer", "allowance", "signedAllowance", "order", "swap"];
      },
      ["rules loosens"],
    ],
    [
      "a require of one kind where it had two",
      (d) => {
        const wide = { ...rule(d, "four-eyes"), id: "four", require: ["order"] };
        rule(d, "four-eyes").require = ["order"];
        d.rules.push(wide);
      },
      ["rules loosens"],
    ],
    [
      "a tier that begins one unit later",
      (d) => {
        rule(d, "two-sides").when.amount = { min: "5.000000000000000001 ETH" };
      },
      ["rules loosens"],
    ],
    [
      "decimals of an asset",
      (d) => {
        d.assets.USDC.decimals = 8;
      },
      ["assets loosens"],
    ],
    [
      "another contract under the name of an asset",
      (d) => {
        d.assets.USDC.asset = `erc20:${SAFE}`;
      },
      ["assets loosens"],
    ],
    [
      "another address under the name of a contract",
      (d) => {
        d.contracts.pool.address = VITALIK;
      },
      ["contracts loosens"],
    ],
    [
      "another address under a name of the book",
      (d) => {
        d.book.acme.address = SAFE;
        d.book.blocked.address = VITALIK;
      },
      ["book loosens"],
    ],
    [
      "two names of the book swapped, both of which are paid",
      (d) => {
        [d.book.acme, d.book.op] = [d.book.op, d.book.acme];
      },
      ["book loosens"],
    ],
    [
      "a book entry laid in, to be old when it is needed",
      (d) => {
        d.book.later = { chain: "eip155:1", address: SAFE };
      },
      ["book loosens"],
    ],
    [
      "the same semantics, written down",
      (d) => {
        d.semantics = 1;
      },
      ["semantics loosens"],
    ],
    [
      "a narrower rule beside an unproven one",
      (d) => {
        rule(d, "fees").when.amount.max = "0.01 ETH";
        d.contracts.pool.kind = "other";
      },
      ["rules loosens", "contracts loosens"],
    ],
  ])("%s", (_, edit, expected) => {
    expect(classified(edit)).toEqual(expected);
  });
});

describe("what touches those who govern", () => {
  test.each<Row>([
    [
      "a key of a person swapped for another",
      (d) => {
        d.people.cyd = person("9");
      },
      ["people governs"],
    ],
    [
      "a key of a person swapped for another, beside a narrower rule",
      (d) => {
        d.people.ana = person("9");
        rule(d, "fees").when.amount.max = "0.01 ETH";
      },
      ["people governs", "rules loosens"],
    ],
    [
      "a key more beside it",
      (d) => {
        d.people.cyd.push({ kind: "secp256k1", publicKey: key("9") });
      },
      ["people governs"],
    ],
    [
      "keys of two people swapped",
      (d) => {
        [d.people.ana, d.people.cyd] = [d.people.cyd, d.people.ana];
      },
      ["people governs"],
    ],
    [
      "a person with another name, everywhere",
      (d) => {
        d.people.kim = d.people.ana;
        delete d.people.ana;
        d.roles.ops = ["kim", "ben"];
        d.roles.traders = ["kim", "ben"];
        d.roles.all = ["role:ops", "role:finance"];
      },
      // Who the newcomer is no comparison can tell.
      ["people governs", "roles loosens"],
    ],
    ["a role that edits gains a member", (d) => d.roles.finance.push("fay"), ["roles governs"]],
    [
      "a role that edits loses one",
      (d) => {
        d.roles.finance.pop();
      },
      ["roles governs"],
    ],
    [
      "an edit needs one more, which is narrower and governs all the same",
      (d) => {
        rule(d, "edit-slow").approvals[0].atLeast = 3;
      },
      ["rules governs"],
    ],
    [
      "only tightenings may skip the delay, and now nothing is one",
      (d) => {
        rule(d, "edit-slow").when = { direction: "loosens" };
      },
      ["rules governs"],
    ],
    [
      "a limit over acts and payments lets one more pass",
      (d) => d.rules.push({ id: "calm", limit: ["transfer", "policyEdit"], max: "3", per: "24h" }),
      ["rules governs", "rules tightens"],
    ],
    [
      "nobody can unfreeze any more",
      (d) => {
        rule(d, "modes").when.toMode = "frozen";
      },
      ["rules governs"],
    ],
    [
      "the policy becomes immutable, under the name of a payment rule",
      (d) => {
        d.immutable = true;
        d.rules = d.rules.filter(({ id }: Draft) => !id.startsWith("edit"));
        rule(d, "fees").when.amount.max = "0.01 ETH";
      },
      ["rules governs", "rules loosens"],
    ],
    [
      "a rule about acts under the guise of a narrower payment rule",
      (d) => {
        rule(d, "fees").when.amount.max = "0.01 ETH";
        rule(d, "edit-slow").delay = "1m";
      },
      ["rules governs", "rules loosens"],
    ],
  ])("%s", (_, edit, expected) => {
    expect(classified(edit)).toEqual(expected);
  });

  test("a list of the name of a role that edits does not pass for it", () => {
    const from = treasury();
    from.lists.finance = ["acme"];
    rule(from, "trade").when.to = "@finance";
    from.rules = from.rules.filter(({ id }: Draft) => id !== "not-late");
    expect(classified((d) => d.lists.finance.push("other"), from)).toEqual(["list loosens"]);
  });
});

describe("what is narrower, and said so", () => {
  test.each<Row>([
    [
      "a smaller maximum",
      (d) => {
        rule(d, "trades").max = "19 ETH";
      },
      ["rules tightens"],
    ],
    [
      "a longer window",
      (d) => {
        rule(d, "trades").per = "7d";
      },
      ["rules tightens"],
    ],
    [
      "a lifetime total in place of a window",
      (d) => {
        delete rule(d, "trades").per;
        rule(d, "trades").ever = true;
      },
      ["rules tightens"],
    ],
    [
      "a limit under another name",
      (d) => {
        rule(d, "trades").id = "eth";
      },
      ["rules tightens"],
    ],
    [
      "a limit that counts more",
      (d) => {
        rule(d, "trades").limit = ["transfer", "order"];
      },
      ["rules tightens"],
    ],
    ["one more forbid", (d) => d.rules.push({ id: "x", forbid: ["transfer"], when: { asset: "ETH" } }), ["rules tightens"]],
    [
      "an entry taken out of a list that only allows",
      (d) => {
        d.lists.payees = ["acme", "blocked"];
      },
      ["list tightens"],
    ],
    [
      "an entry taken out of the book, with what named it",
      (d) => {
        d.lists.payees = ["acme", "blocked"];
        delete d.book.op;
      },
      ["book tightens", "list tightens"],
    ],
    ["a list that forbids one more", (d) => d.lists.blocked.push("op"), ["list tightens"]],
    [
      "a quorum raised",
      (d) => {
        rule(d, "four-eyes").approvals[0].atLeast = 3;
      },
      ["rules tightens"],
    ],
    [
      "a delay added, and one made longer",
      (d) => {
        rule(d, "four-eyes").delay = "24h";
      },
      ["rules tightens"],
    ],
    [
      "no way beyond a limit any more",
      (d) => {
        delete rule(d, "daily").beyond;
      },
      ["rules tightens"],
    ],
    [
      "a role that only pays loses a member",
      (d) => {
        d.roles.traders = ["ana"];
      },
      ["roles tightens"],
    ],
    [
      "prices raised and ended sooner",
      (d) => {
        d.values.USD.ceiling.ETH = "9000.00";
        d.values.USD.until = "2026-12-01";
      },
      ["values tightens"],
    ],
    [
      "hours narrower",
      (d) => {
        d.hours.desk.open = ["Mon-Fri 10:00-16:00"];
      },
      ["hours tightens"],
    ],
    [
      "a mode that allows less",
      (d) => {
        d.modes.emergency.rules[0].when.amount = { max: "0.01 ETH" };
      },
      ["modes tightens"],
    ],
    [
      "who is in a role that no rule names",
      (d) => {
        d.roles.cfo = ["fay"];
      },
      ["roles tightens"],
    ],
    [
      "rules in another order, under another name",
      (d) => {
        d.rules.reverse();
        d.name = "x";
      },
      ["rules tightens"],
    ],
  ])("%s", (_, edit, expected) => {
    expect(classified(edit)).toEqual(expected);
  });

  test("a delay made longer", () => {
    const from = treasury();
    rule(from, "four-eyes").delay = "24h";
    expect(
      classified((d) => {
        rule(d, "four-eyes").delay = "47h";
      }, from),
    ).toEqual(["rules tightens"]);
    expect(
      classified((d) => {
        rule(d, "four-eyes").delay = "23h";
      }, from),
    ).toEqual(["rules loosens"]);
  });

  test("somebody who stands in for a time, and then for ever", () => {
    const from = treasury();
    rule(from, "four-eyes").approvals = [{ of: "cfo", atLeast: 1 }];
    expect(
      classified((d) => {
        d.roles.cfo = ["fay", "gus"];
      }, from),
    ).toEqual(["roles loosens"]);
    expect(
      classified((d) => {
        d.roles.cfo[1].until = "2027-01-06";
      }, from),
    ).toEqual(["roles loosens"]);
  });
});

test("consent that is kept for longer, beside a short one that a delay passes over", () => {
  const from = treasury();
  rule(from, "four-eyes").delay = "24h";
  const edit = (d: Draft) => {
    rule(d, "four-eyes").expires = "365d";
    d.rules.push({ id: "soon", require: ["transfer"], confirm: true, expires: "1m" });
  };
  expect(classified(edit, from)).toEqual(["rules loosens"]);
});

describe("what takes long to prove", () => {
  /** Clauses and alternatives as many as may be, over people as many as may be. */
  function crowd(): Draft {
    const from = treasury();
    const names = Array.from({ length: 300 }, (_, index) => `p${index}`);
    names.forEach((name, index) => {
      from.people[name] = [{ kind: "secp256k1", publicKey: `02${index.toString(16).padStart(64, "0")}` }];
    });
    for (let set = 0; set < 6; set++) from.roles[`big${set}`] = names.filter((_, index) => index % 7 !== set);
    const clauses = (seed: number) =>
      Array.from({ length: 6 }, (_, set) => ({ of: `big${set}`, atLeast: 1 + ((seed * 7 + set * 3) % 20) }));
    for (let at = 0; at < 4; at++) {
      const any = Array.from({ length: 16 }, (_, seed) => clauses(seed + at * 16));
      from.rules.push({ id: `crowd${at}`, require: ["transfer"], approvals: { any } });
    }
    return from;
  }

  test("a crowd that approves in many ways is given up, and loosens", () => {
    expect(
      classified((d) => {
        rule(d, "crowd3").approvals.any[3][2].atLeast++;
      }, crowd()),
    ).toEqual(["rules loosens"]);
  }, 30_000);

  test("thousands of rules that ask at once are looked at", () => {
    const from = treasury();
    for (let at = 0; at < 5000; at++)
      from.rules.push({ id: `r${at}`, require: ["transfer"], expires: `${60_000 + at}m`, approvals: [{ of: "finance", atLeast: 1 }] });
    const either = { any: [[{ of: "ana", atLeast: 1 }], [{ of: "fay", atLeast: 1 }]] };
    from.rules.push({ id: "either", require: ["transfer"], approvals: either });
    from.rules.push({ id: "fay", require: ["transfer"], approvals: [{ of: "fay", atLeast: 1 }] });
    expect(
      classified((d) => {
        d.rules.pop();
      }, from),
    ).toEqual(["rules loosens"]);
  }, 30_000);
});

test("a limit on all but one, and then on those who are there: whoever has gone may have spent of it", () => {
  const from = treasury();
  rule(from, "trades").when = { asset: "ETH", not: { requester: "owner" } };
  const everybody = Object.keys(from.people).filter((name) => name !== "owner");
  const edit = (d: Draft) => {
    rule(d, "trades").when = { asset: "ETH", requester: everybody };
  };
  expect(classified(edit, from)).toEqual(["rules loosens"]);
});

test("steps that narrow one after the other widen nothing together, and one that takes a step back loosens", () => {
  const steps: ((document: Draft) => void)[] = [
    (d) => {
      rule(d, "trades").max = "10 ETH";
    },
    (d) => d.rules.push({ ...rule(d, "trades"), id: "week", max: "15 ETH", per: "7d" }),
    (d) => {
      // Now it is the week that holds: 10 ETH a day are within it for one day alone.
      d.rules = d.rules.filter(({ id }: Draft) => id !== "trades");
    },
    (d) => {
      rule(d, "week").max = "10 ETH";
    },
  ];
  let from = treasury();
  const directions = steps.map((step) => {
    const found = classified(step, from);
    from = structuredClone(from);
    step(from);
    return found.join();
  });
  expect(directions).toEqual(["rules tightens", "rules tightens", "rules loosens", "rules tightens"]);
  expect(classified((d) => Object.assign(d, from))).toEqual(["rules tightens"]);
});
