import { describe, expect, test } from "vitest";
import type { Audit } from "../../../src/policy/analyze/audit.ts";
import { audit } from "../../../src/policy/analyze/report.ts";
import { verdictOf } from "../../../src/policy/report/verdict.ts";
import { readRealistic } from "./realistic.ts";

const FROM = Date.UTC(2026, 10, 22);
const WORK = 20_000;

/** What a whole report of a policy takes, in seconds of processor time, beside what it says. */
async function audited(document: object, options: object = {}): Promise<{ readonly report: Audit; readonly seconds: number }> {
  const policy = readRealistic({ ...document });
  const before = process.cpuUsage();
  const report = await audit(policy, { from: FROM, work: WORK, ...options });
  const { user, system } = process.cpuUsage(before);
  return { report, seconds: (user + system) / 1e6 };
}

const address = (number: number) => `0x${String(number).padStart(40, "0")}`;
const numbers = (length: number) => [...Array(length).keys()];

function people(many: number) {
  return Object.fromEntries(numbers(many).map((one) => [`p${one}`, [{ kind: "eip712", address: address(9000 + one) }]]));
}

function documentOf({ assets = 1, persons = 4, ...parts }: { assets?: number; persons?: number; [part: string]: unknown }) {
  return {
    keyward: "policy/1",
    name: "hostile",
    assets: Object.fromEntries(
      numbers(assets).map((one) => [
        `T${one}`,
        { chain: "eip155:1", asset: one === 0 ? "native" : `erc20:${address(100 + one)}`, decimals: 6 },
      ]),
    ),
    people: people(persons),
    ...parts,
  };
}

const FEES = { id: "fees", allow: ["fee"], when: { asset: "T0", amount: { max: "1 T0" } } };
const EDIT = { id: "edit", allow: ["policyEdit"] };

/** Each speaks of a list of its own that shares names with every other, of amounts that overlap and of some people. */
function wideRules(many: number) {
  const book = Object.fromEntries(numbers(2 * many).map((one) => [`b${one}`, { chain: "eip155:1", address: address(5000 + one) }]));
  const lists = Object.fromEntries(
    numbers(many).map((one) => [`l${one}`, numbers(many).map((step) => `b${(one * 7 + step) % (2 * many)}`)]),
  );
  const rules = numbers(many).map((one) => ({
    id: `wide-${one}`,
    ...(one % 4 === 0
      ? { forbid: ["transfer"] }
      : one % 4 === 1
        ? { require: ["transfer"], approvals: [{ of: "all", atLeast: 1 + (one % 3) }] }
        : { allow: ["transfer"] }),
    when: {
      asset: "T0",
      to: `@l${one}`,
      amount: { min: `${1 + one} T0`, max: `${1000 + 3 * one} T0` },
      requester: [`p${one % 4}`, `p${(one * 3) % 4}`],
    },
  }));
  return documentOf({ book, lists, roles: { all: ["p0", "p1", "p2", "p3"] }, rules: [FEES, EDIT, ...rules] });
}

/** All of many people are one quorum, and of two halves that overlap another. */
function oneQuorum(persons: number) {
  const everybody = numbers(persons).map((one) => `p${one}`);
  const [some, others] = [everybody.slice(0, (2 * persons) / 3), everybody.slice(persons / 3)];
  return documentOf({
    persons,
    roles: { everybody, some, others },
    rules: [
      FEES,
      EDIT,
      { id: "pay", allow: ["transfer"], when: { asset: "T0" } },
      { id: "many", require: ["transfer"], approvals: [{ of: "everybody", atLeast: Math.floor(persons / 2) }] },
      {
        id: "both",
        require: ["policyEdit"],
        approvals: [
          { of: "some", atLeast: persons / 3 },
          { of: "others", atLeast: persons / 3 },
        ],
      },
      { id: "daily", limit: ["outflow"], when: { asset: "T0" }, max: "10 T0", per: "24h" },
    ],
  });
}

function manyRoles(many: number) {
  const persons = 24;
  const roles = Object.fromEntries(
    numbers(many).map((one) => [
      `r${one}`,
      numbers(persons)
        .filter((person) => (person + one * 3) % 5 < 2)
        .map((person) => `p${person}`),
    ]),
  );
  const rules = numbers(many).flatMap((one) => [
    {
      id: `pay-${one}`,
      allow: ["transfer"],
      when: { asset: `T${one % 4}`, amount: { max: `${one + 1} T${one % 4}` }, requester: `role:r${one}` },
    },
    {
      id: `ask-${one}`,
      require: ["transfer"],
      when: { asset: `T${one % 4}`, amount: { min: `${one + 1} T${one % 4}` } },
      approvals: [{ of: `r${one}`, atLeast: 2 }],
    },
  ]);
  return documentOf({
    assets: 4,
    persons,
    roles,
    rules: [FEES, EDIT, ...rules, { id: "daily", limit: ["outflow"], when: { asset: "T1" }, max: "10 T1", per: "24h" }],
  });
}

function manyLimits(assets: number, each: number) {
  const rules = numbers(assets).flatMap((asset) => [
    { id: `pay-${asset}`, allow: ["transfer"], when: { asset: `T${asset}`, to: "@those" } },
    ...numbers(each).map((one) => ({
      id: `most-${asset}-${one}`,
      limit: ["transfer"],
      when: { asset: `T${asset}`, amount: { min: `${1 + one} T${asset}` } },
      max: `${100 + 7 * one} T${asset}`,
      per: `${one + 1}h`,
      ...(one % 3 === 0 && { by: ["to"] }),
    })),
  ]);
  const book = Object.fromEntries(numbers(8).map((one) => [`b${one}`, { chain: "eip155:1", address: address(5000 + one) }]));
  return documentOf({ assets, book, lists: { those: numbers(8).map((one) => `b${one}`) }, rules: [FEES, EDIT, ...rules] });
}

describe("the whole report of a hostile policy ends in bounded work and says what it could not decide:", () => {
  test.each<[string, object, object]>([
    ["wide rules with lists that overlap", wideRules(12), { stolen: [{ name: "p0", people: ["p0"] }] }],
    ["people who are all one quorum", oneQuorum(18), { stolen: [{ name: "p0", people: ["p0"] }] }],
    [
      "many roles",
      manyRoles(12),
      {
        stolen: [
          { name: "p0", people: ["p0"] },
          { name: "role:r0", people: ["p0", "p2", "p5"] },
        ],
      },
    ],
    ["assets with many limits each", manyLimits(2, 6), { stolen: [{ name: "p0", people: ["p0"] }] }],
  ])("%s", async (_what, document, options) => {
    const { report, seconds } = await audited(document, options);
    expect(seconds).toBeLessThan(10);
    expect(report.losses.length).toBeGreaterThan(0);
    const open = [...report.losses, ...report.authority, ...report.lockOuts].filter(({ status }) => status === "inconclusive");
    expect(report.inconclusive.length > 0 || open.length === 0).toBe(true);
  });
});

describe("a report of far too much", () => {
  const crowd = () => {
    const each = numbers(200).map((role) => [`r${role}`, numbers(5).map((one) => `p${(role * 7 + one * 13) % 300}`)]);
    const modes = numbers(50).map((mode) => [`m${mode}`, { rules: [FEES].map((rule) => ({ ...rule, id: `fees-${mode}` })) }]);
    return { ...manyLimits(60, 40), people: people(300), roles: Object.fromEntries(each), modes: Object.fromEntries(modes) };
  };

  test("takes a bounded number of steps, names what it leaves out, and does not pass", async () => {
    const steps: number[] = [];
    const policy = readRealistic(crowd());
    const controller = new AbortController();
    const progress = (_: number, total: number) => {
      steps.push(total);
      controller.abort(new Error("counted"));
    };
    await expect(audit(policy, { from: FROM, signal: controller.signal, progress })).rejects.toThrow("counted");
    // Three hundred sets in 52 modes of sixty assets would be more than a million.
    expect(steps[0]).toBeLessThan(25_000);

    const found = await audit(readRealistic({ ...crowd(), modes: {}, roles: {}, rules: [FEES, EDIT] }), {
      from: FROM,
      stolen: numbers(30_000).map((one) => ({ name: `set ${one}`, people: ["p0"] })),
      horizonsMs: [3_600_000],
      modes: ["normal"],
      work: 1,
    });
    expect(found.stolen.length).toBeLessThan(400);
    expect(found.inconclusive).toContainEqual(expect.stringMatching(/^stolen sets: only the first \d+ of 30000 were looked at/));
    expect(verdictOf(found).passed).toBe(false);
  }, 60_000);
});
