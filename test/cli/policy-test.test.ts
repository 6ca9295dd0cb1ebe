import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ana, ben, cyd, ETHER, ethLimit, FRIEND, MALLORY, payments, person, request, transaction } from "../custody/fixture.ts";
import { type Draft, Shell } from "./shell.ts";

const shell = new Shell();
afterAll(() => shell.remove());

const rules = [
  ethLimit("5 ETH"),
  {
    id: "four-eyes",
    require: ["transfer"],
    when: { asset: "ETH", total: { min: "2 ETH" } },
    approvals: [{ of: "finance", atLeast: 2 }],
    delay: "24h",
  },
  { id: "young", forbid: ["transfer"], when: { asset: "USDC", recipientAge: { max: "1d" } } },
  { id: "there", require: ["transfer"], when: { asset: "USDC" }, confirm: true },
];
const bot = person("bot");
beforeAll(() => {
  const document = payments(rules, { people: [ana, ben, cyd], more: { roles: { finance: ["ana", "ben", "cyd", "bot"] } } });
  const people = { ...(document.people as object), bot: [{ kind: "service", publicKey: bot.publicKey }] };
  shell.file("policy.json", { ...document, people });
});

const pay = (amount: string, more: object = {}) => ({ effects: [{ kind: "transfer", asset: "ETH", to: "friend", amount }], ...more });
const tried = async (cases: readonly object[], more: object = {}) =>
  shell.run([
    "policy",
    "test",
    shell.path("policy.json"),
    shell.file("cases.json", { keyward: "policy-cases/1", now: "2026-01-05T12:00:00Z", requester: "ana", ...more, cases }),
    "--json",
  ]);
const passes = async (cases: readonly object[], more: object = {}) => {
  const { exit, json } = await tried(
    cases.map((each, at) => ({ name: `${at}`, ...each })),
    more,
  );
  return { exit, failed: json.cases?.filter(({ pass }: Draft) => !pass).map(({ name, got }: Draft) => [name, got]) ?? json };
};

describe("cases of a policy", () => {
  test("ask by effects or by bytes, and expect a verdict, reasons and needs", async () => {
    const cases = [
      pay("1 ETH", { expect: "allow" }),
      {
        effects: [{ kind: "transfer", chain: "eip155:1", asset: "native", to: MALLORY, amount: "5" }],
        expect: { verdict: "deny", reasons: ["policy/not-allowed"] },
      },
      {
        request: request(transaction({ value: 3n * ETHER })),
        expect: { verdict: "pending", needs: ["four-eyes", { kind: "delay", delay: "24h" }] },
      },
      { ...request(transaction({ value: ETHER })), expect: "allow" },
      { effects: [{ kind: "transfer", asset: "ETH", to: `eip155:1:${FRIEND}`, amount: "1 ETH" }], expect: "allow" },
      { effects: [{ kind: "transfer", asset: "ETH", to: FRIEND.toLowerCase(), amount: "1 ETH" }], expect: "allow" },
      pay("6 ETH", { expect: { verdict: "deny", reasons: [{ code: "limit/exceeded", rule: "eth-limit" }] } }),
      pay("1 ETH", { mode: "frozen", expect: { verdict: "deny", reasons: ["policy/not-allowed"] } }),
    ];
    expect(await passes(cases)).toEqual({ exit: 0, failed: [] });
  });

  test("count what was signed before, for its window", async () => {
    const spent = (ago: string, times = 4) => ({ after: [pay("1 ETH", { ago, times })] });
    const full = { verdict: "deny", reasons: ["limit/exceeded"] };
    const cases = [
      pay("1 ETH", { ...spent("1h"), expect: "allow" }),
      pay("1.1 ETH", { ...spent("1h"), expect: full }),
      pay("1.1 ETH", { ...spent("24h"), expect: "allow" }),
      pay("1.1 ETH", { after: [pay("4 ETH", { now: "2026-01-04T12:00:01Z" })], expect: full }),
    ];
    expect(await passes(cases)).toEqual({ exit: 0, failed: [] });
  });

  test("let people answer, time pass and the requester confirm", async () => {
    const waited = { waited: "24h" };
    const cases = [
      pay("3 ETH", { approvedBy: ["ben", "cyd"], ...waited, expect: "allow" }),
      pay("3 ETH", { approvedBy: ["ben", "cyd"], waited: "23h", expect: { verdict: "pending", needs: [{ kind: "delay" }] } }),
      pay("3 ETH", {
        approvedBy: ["ben", "ana"],
        ...waited,
        expect: { verdict: "pending", needs: [{ kind: "approvals", rule: "four-eyes" }] },
      }),
      pay("3 ETH", { approvedBy: ["ben", "bot"], ...waited, expect: { verdict: "pending", needs: ["four-eyes"] } }),
    ];
    const usdc = { effects: [{ kind: "transfer", asset: "USDC", to: "friend", amount: "1 USDC" }], listed: { friend: "2026-01-01" } };
    const confirming = [
      { ...usdc, confirmed: true, expect: "allow" },
      { ...usdc, expect: { verdict: "pending", needs: [{ kind: "confirm", rule: "there" }] } },
      { ...usdc, requester: "bot", confirmed: true, expect: "pending" },
      {
        ...usdc,
        listed: { friend: "2026-01-05" },
        confirmed: true,
        expect: { verdict: "deny", reasons: [{ code: "policy/forbidden", rule: "young" }] },
      },
      { ...usdc, listed: {}, confirmed: true, expect: "deny" },
    ];
    expect(await passes([...cases, ...confirming])).toEqual({ exit: 0, failed: [] });
  });

  test("that are not as expected say what was expected, what came and why", async () => {
    const cases = [
      { name: "small", ...pay("1 ETH", { expect: "allow" }) },
      { name: "large", ...pay("6 ETH", { expect: "allow" }) },
      { name: "other reason", ...pay("6 ETH", { expect: { verdict: "deny", reasons: ["policy/forbidden"] } }) },
      { name: "one reason more", ...pay("6 ETH", { expect: { verdict: "deny", reasons: ["limit/exceeded", "limit/exceeded"] } }) },
      { name: "no needs", ...pay("3 ETH", { expect: { verdict: "pending", needs: [] } }) },
    ];
    const { exit, json } = await tried(cases);
    expect(exit).toBe(1);
    expect(json).toMatchObject({ passed: 1, failed: 4 });
    expect(json.cases[1]).toMatchObject({
      pass: false,
      expected: { verdict: "allow" },
      got: { verdict: "deny", reasons: [{ code: "limit/exceeded", rule: "eth-limit" }] },
    });
    const { out } = await shell.run(["policy", "test", shell.path("policy.json"), shell.path("cases.json")]);
    expect(out).toContain("✓ small");
    expect(out).toContain("✗ large");
    expect(out).toContain("expected  allow");
    expect(out).toContain("got       deny");
    expect(out).toContain("eth-limit is at most 5 ETH: 0 ETH is used and 6 ETH is asked");
    expect(out).toContain("an amount of 5 ETH would pass");
    expect(out).toContain("4 of 5 cases are not as expected");
  });

  test.each([
    [{ effects: [], request: {} }, "expected one of request and effects"],
    [{}, "expected one of request and effects"],
    [pay("1 ETH", { requester: "nobody" }), "the policy has no person called nobody"],
    [pay("1.1234567890123456789 ETH"), "at most 18 decimals"],
    [pay("1 EUR"), "with an asset of the policy"],
    [pay("1 ETH", { mode: "frozne", expect: "deny" }), "expected one of"],
    [pay("1 ETH", { waitd: "1h" }), "expected only the members"],
    [pay("1 ETH", { waited: "1 hour" }), "expected a duration"],
    [pay("1 ETH", { expect: "perhaps" }), "expected one of allow, pending, deny"],
    [pay("1 ETH", { after: [pay("1 ETH", { now: "2027-01-01" })] }), "not after the case's own"],
    [pay("1 ETH", { approvedBy: ["nobody"] }), "approvedBy"],
    [{ effects: [{ kind: "transfer", asset: "ETH", chain: "eip155:10" }] }, "of another chain"],
    [{ effects: [{ kind: "transfer", asset: "ETH", to: FRIEND.replace("d", "D") }] }, "address"],
    [{ effects: [{ kind: "transfer", total: "5" }] }, "expected only the members"],
    [{ effects: [{ kind: "toString" }] }, "expected a known kind"],
    [{ effects: [{ kind: "transfer", asset: "constructor", contract: "__proto__", amount: "-1" }] }, "expected an integer"],
    [{ request: request("0xzz") }, "cases[0]"],
  ])("that cannot be read are exit 2, and say where: %j", async (each, says) => {
    const { exit, json } = await tried([{ name: "bad", expect: "allow", ...each }]);
    expect(exit).toBe(2);
    expect(json.error.message).toContain(says);
    expect(json.error.message).toContain('cases[0] "bad"');
  });

  test("the example of the docs is as it says", async () => {
    const docs = readFileSync(new URL("../../docs/policy.md", import.meta.url), "utf8");
    const [policy, cases] = [...docs.matchAll(/```jsonc?\n([\s\S]*?)```/g)]
      .map(([, text]) => text as string)
      .filter((text) => text.includes("pocket money") || text.includes("policy-cases/1"));
    const files = [shell.file("docs.json", policy), shell.file("docs-cases.json", cases)];
    expect(await shell.run(["policy", "test", ...files, "--json"])).toMatchObject({ exit: 0, json: { failed: 0 } });
  });
});
