import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { reading } from "../../src/cli/chains.ts";
import { examplesFor } from "../../src/cli/examples.ts";
import { witnessToJson } from "../../src/cli/witness.ts";
import { maximumLoss } from "../../src/policy/analyze/loss.ts";
import { Shell } from "./shell.ts";

const shell = new Shell();
afterAll(() => shell.remove());

/** Small, so that an audit of it takes a moment: ana pays acme, cyd edits. */
const key = (digit: string) => [{ kind: "secp256k1", publicKey: `02${digit.repeat(64)}` }];
const POLICY = {
  keyward: "policy/1",
  name: "pocket",
  assets: { ETH: { chain: "eip155:1", asset: "native", decimals: 18 } },
  book: { acme: { chain: "eip155:1", address: "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045" } },
  people: { ana: key("a"), cyd: key("c") },
  roles: { ops: ["ana"] },
  rules: [
    { id: "pay", allow: ["transfer"], when: { asset: "ETH", to: "acme", requester: "role:ops" } },
    { id: "fees", allow: ["fee"], when: { asset: "ETH", amount: { max: "0.01 ETH" }, requester: "role:ops" } },
    { id: "day", limit: ["outflow"], when: { asset: "ETH" }, max: "5 ETH", per: "24h" },
    { id: "edit", allow: ["policyEdit", "modeChange"], when: { requester: "cyd" } },
    { id: "edit-slow", require: ["policyEdit", "modeChange"], approvals: [{ of: "ana", atLeast: 1 }], delay: "48h" },
  ],
};
const file = shell.file("policy.json", POLICY);
const FROM = ["--from", "2026-12-01"];
const QUICK = [...FROM, "--stolen", "ana", "--mode", "normal", "--horizon", "24h"];
const audit = (argv: readonly string[], given = {}) => shell.run(["audit", file, ...argv], given);

describe("keyward audit", () => {
  test("says what can leave, as text and as JSON", async () => {
    const { exit, out } = await audit(QUICK);
    expect(out).toMatch(/^pocket {2}[0-9a-f]{64}\n/);
    expect(out).toMatch(/ana +5\n/);
    expect(exit).toBe(0);
    const { json } = await audit([...QUICK, "--json"]);
    expect(json.loss).toEqual([
      expect.objectContaining({ stolen: ["ana"], asset: "ETH", horizon: "24h", amount: `${5n * 10n ** 18n}`, status: "exact" }),
    ]);
    expect(json.policy).toMatch(/^[0-9a-f]{64}$/);
  });

  test("what it shows as a request passes as it stands", async () => {
    const { json } = await audit([...QUICK, "--json"]);
    const [step] = json.loss[0].sequence;
    expect(step.witness.request.payload).toBeDefined();
    const explained = await shell.run(["explain", "--policy", file, "--json"], { stdin: JSON.stringify(step.witness.request) });
    expect(explained).toMatchObject({ exit: 0 });
    expect(explained.json.verdict).toBe("allow");
  });

  test("a request is printed only under a policy that lets it pass", () => {
    const read = (rules: readonly object[]) => reading.policy(JSON.stringify({ ...POLICY, rules: [...POLICY.rules, ...rules] }));
    const [policy, other] = [read([]), read([{ id: "nothing", forbid: ["transfer"], when: { requester: "ana" } }])];
    const attack = { stolen: new Set(["ana"]), mode: "normal", horizonMs: 86_400_000, from: Date.UTC(2026, 11) };
    const { sequence } = maximumLoss(policy, attack, { asset: "eip155:1/native" }, { examples: examplesFor(policy) });
    const [step] = sequence.steps;
    if (step === undefined) throw new Error("expected a loss");
    expect(witnessToJson(policy, step.witness).request).toBeDefined();
    expect(witnessToJson(other, step.witness).request).toBeUndefined();
  });

  test("whoever is robbed is everybody who was named", async () => {
    const two = shell.file("two.json", { ...POLICY, roles: { ...POLICY.roles, both: ["cyd", "ana"] } });
    const stolen = async (names: string) => {
      const { json } = await shell.run(["audit", two, ...FROM, "--stolen", names, "--mode", "normal", "--horizon", "24h", "--json"]);
      return json.options.stolen;
    };
    expect(await stolen("role:both")).toEqual([{ name: "role:both", people: ["ana", "cyd"] }]);
    expect(await stolen("role:ops,cyd")).toEqual([{ name: "role:ops + cyd", people: ["ana", "cyd"] }]);
  });

  test("the same policy and options give the same bytes in every form", async () => {
    for (const form of ["--json", "--sarif", "--html"]) {
      const [first, second] = [await audit([...QUICK, form]), await audit([...QUICK, form], { now: 5 })];
      expect(first.out).toBe(second.out);
    }
  });

  test("--sarif points at the lines of the file, --html is one page", async () => {
    const { json: log } = await audit([...QUICK, "--sarif", "--budget", "4 ETH/24h"]);
    const { uri } = log.runs[0].artifacts[0].location;
    expect(uri).toBe(pathToFileURL(file).href);
    expect(log.runs[0].tool.driver.rules.length).toBeGreaterThan(20);
    expect(log.runs[0].results.map(({ ruleId }: { ruleId: string }) => ruleId)).toContain("budget");
    const html = await audit([...QUICK, "--html"]);
    expect(html.out).toMatch(/^<!doctype html>.*<title>Audit of pocket<\/title>.*<\/html>\n$/s);
    expect(html.out).toContain("the request as bytes");
  });

  test("the policy may come from standard input", async () => {
    const { exit, json } = await shell.run(["audit", "-", ...QUICK, "--json"], { stdin: JSON.stringify(POLICY) });
    expect([exit, json.name]).toEqual([0, "pocket"]);
    expect(await shell.run(["audit", "-", ...QUICK], { stdin: "" })).toMatchObject({ exit: 2, out: "" });
  });

  test("holdings, copies and slots are in the report", async () => {
    const holdings = shell.file("holdings.json", { ETH: "20" });
    const slots = shell.file("slots.json", [{ name: "laptop", opens: ["role:ops"], backup: true }]);
    const given = ["--holdings", holdings, "--slots", slots, "--copies", "2"];
    const { json } = await audit([...QUICK, ...given, "--json"]);
    expect(json.loss[0]).toMatchObject({ amount: `${5n * 10n ** 18n}`, amountOfCopies: `${10n * 10n ** 18n}`, share: "0.5000" });
    expect(json.unbounded).toContainEqual(expect.objectContaining({ kind: "slot", stolen: ["ana"] }));
    const { out } = await audit([...QUICK, ...given]);

    expect(out).toMatch(/ana +10\n/);
    expect((await audit([...QUICK, ...given, "--html"])).out).toContain("50% of holdings");
  });
});

describe("its exit code", () => {
  test.each([
    [["--budget", "5 ETH/24h"], 0],
    [["--budget", "4.999999999999999999 ETH/24h"], 1],
    [["--budget", "5 ETH/24h", "--budget", "9 ETH/48h"], 1],
    [["--budget", "5 ETH/24h", "--copies", "2"], 1],
    [["--budget", "10 ETH/24h", "--copies", "2"], 0],
    // Where one step may take next to no work, nothing is decided, and that is no pass.
    [["--work", "1"], 1],
    [["--work", "1", "--budget", "1000000 ETH/24h"], 1],
  ])("%j is %i", async (argv, exit) => {
    expect(await audit([...QUICK, ...argv])).toMatchObject({ exit });
  });

  test("a channel that is open within the time breaks a budget, and none without one", async () => {
    const slots = shell.file("open.json", [{ name: "laptop", opens: ["ana"] }]);
    expect((await audit([...QUICK, "--slots", slots])).exit).toBe(0);
    const { exit, out } = await audit([...QUICK, "--slots", slots, "--budget", "5 ETH/24h"]);
    expect(exit).toBe(1);
    expect(out).toContain("✗ 5 ETH/24h, ana: ana can open the vault through laptop");
  });

  test("the edit of the policy breaks the budgets of times that are longer than its delay", async () => {
    const both = [...FROM, "--stolen", "ana,cyd", "--mode", "normal"];
    expect((await audit([...both, "--horizon", "48h", "--budget", "10 ETH/48h"])).exit).toBe(0);
    expect((await audit([...both, "--horizon", "49h", "--budget", "15 ETH/49h"])).exit).toBe(1);
  });

  test("an error alone fails", async () => {
    const open = { ...POLICY, rules: POLICY.rules.filter(({ id }) => id !== "day") };
    const { exit, json } = await shell.run(["audit", shell.file("open-policy.json", open), ...QUICK, "--json"]);
    expect(json.findings.map(({ severity }: { severity: string }) => severity)).toContain("error");
    expect(json.loss[0].amount).toBe(null);
    expect(exit).toBe(1);
  });

  test("Ctrl-C ends it with 130", async () => {
    const stopping = new AbortController();
    stopping.abort();
    expect(await audit(QUICK, { signal: stopping.signal })).toMatchObject({ exit: 130, out: "" });
  });

  test("Ctrl-C in the middle ends it between two steps", async () => {
    const stopping = new AbortController();
    setImmediate(() => stopping.abort());
    expect(await audit(FROM, { signal: stopping.signal })).toMatchObject({ exit: 130, out: "" });
  });
});

describe("what was asked wrongly is exit 2 and says what was expected", () => {
  test.each([
    [["--budget", "50ETH/24h"], '--budget: expected an amount and a time such as "50 ETH/24h"'],
    [["--budget", "50 ETH"], '--budget: expected an amount and a time such as "50 ETH/24h"'],
    [["--budget", "50 ETH/24"], '--budget: expected an amount and a time such as "50 ETH/24h"'],
    [["--budget", "50 ETH/0h"], '--budget: expected an amount and a time such as "50 ETH/24h"'],
    [["--budget", "5 EHT/24h"], "--budget: expected an asset of the policy, got EHT"],
    [["--budget", "1e3 ETH/24h"], "--budget: expected a number of ETH with at most 18 decimals"],
    [["--budget", "0.0000000000000000001 ETH/24h"], "--budget: expected a number of ETH with at most 18 decimals"],
    [["--stolen", "role:obs"], "--stolen: expected people and roles of the policy, such as role:ops,ana"],
    [["--stolen", "ana", "--people", "2"], "expected --stolen or --people, got both"],
    [["--people", "0"], "--people: expected a number from 1"],
    [["--horizon", "1w"], "--horizon: expected a duration such as 15m, 24h or 7d"],
    [["--mode", "frozn"], "(did you mean frozen?)"],
    [["--from", "yesterday"], "--from: expected a moment such as 2026-12-24"],
    [["--holdings", "HOLDINGS"], 'expected an object such as {"ETH": "1000.5"}'],
    [["--slots", "SLOTS"], 'expected a list such as [{"name": "laptop"'],
    [["--slots", "BROKEN"], "json 1:2"],
    [["--json", "--sarif"], "expected one of --json, --sarif and --html, got --json and --sarif"],
    [["--sarif", "--html"], "expected one of --json, --sarif and --html, got --sarif and --html"],
  ])("%j", async (argv, says) => {
    const files: { readonly [name: string]: string } = {
      HOLDINGS: shell.file("h.json", { ETH: 5 }),
      SLOTS: shell.file("s.json", [{ name: "laptop", opens: ["ana"], spare: 1 }]),
      BROKEN: shell.file("b.json", "{"),
    };
    const { exit, out, err } = await audit(argv.map((word) => files[word] ?? word));
    expect(exit).toBe(2);
    expect(argv.includes("--json") ? out : err).toContain(argv.includes("--json") ? says.slice(0, 20) : says);
  });

  test("a policy that does not parse is told with the place of every problem", async () => {
    const bad = shell.file("bad.json", {
      ...POLICY,
      rules: [
        { id: "x", allow: ["transfr"] },
        { id: "y", allow: ["fee"], when: { to: "bob" } },
      ],
    });
    const text = await shell.run(["audit", bad]);
    expect(text).toMatchObject({ exit: 2, out: "", err: expect.stringContaining("policy check FILE") });
    const { exit, json } = await shell.run(["audit", bad, "--json"]);
    expect(exit).toBe(2);
    expect(json.error.problems.length).toBeGreaterThan(1);
  });
});

describe("its progress", () => {
  test("is painted where a person looks, wiped at the end, and nowhere else", async () => {
    let now = 0;
    const seen = await audit(QUICK, {
      tty: true,
      get now() {
        now += 1000;
        return now;
      },
    });
    expect(seen.err).toContain("losses: ana in normal");
    expect(seen.err.endsWith("\r\u001b[K")).toBe(true);
    expect((await audit(QUICK)).err).toBe("");
  });
});
