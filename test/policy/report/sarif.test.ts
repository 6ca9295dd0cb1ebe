import { describe, expect, test } from "vitest";
import { placesIn, reportSarif } from "../../../src/policy/report/index.ts";
import type { Draft } from "../documents.ts";
import { audited, ETH, hotWallet } from "./fixture.ts";

const TEXT = JSON.stringify(hotWallet(), null, 2);
const SOURCE = { uri: "policies/hot%20wallet.json", at: placesIn(TEXT) };
const BUDGET = { text: "50 ETH/24h", what: { asset: ETH }, most: 50n * 10n ** 18n, horizonMs: 86_400_000 };
const ABOUT = {
  version: "1.2.3",
  budgets: [BUDGET],
  catalogue: [
    { id: "tier-split", severity: "error", about: "A tier that payments below it add up to.", advice: "Count the sum." },
    { id: "never-found", severity: "note", about: "Nothing.", advice: "" },
  ],
} as const;

function run(audit = audited()): Draft {
  return (reportSarif(audit, ABOUT, SOURCE) as Draft).runs[0];
}

/** What the schema of SARIF 2.1.0 asks of the members that we write. */
function check(log: Draft): void {
  expect(Object.keys(log).sort()).toEqual(["$schema", "runs", "version"]);
  expect(log.version).toBe("2.1.0");
  expect(log.$schema).toMatch(/sarif-2\.1\.0\.json$/);
  for (const { tool, invocations, artifacts, automationDetails, results } of log.runs) {
    const { name, rules } = tool.driver;
    expect(name).toBe("keyward");
    expect(new Set(rules.map(({ id }: Draft) => id)).size).toBe(rules.length);
    for (const { id, shortDescription, help, defaultConfiguration } of rules) {
      expect(id).toMatch(/./);
      expect(shortDescription.text).toMatch(/./);
      if (help !== undefined) expect(help.text).toMatch(/./);
      expect(["none", "note", "warning", "error"]).toContain(defaultConfiguration.level);
    }
    for (const { executionSuccessful } of invocations) expect(executionSuccessful).toBe(true);
    for (const { location, roles } of artifacts) {
      expect(location.uri).toMatch(/^[^\s\\]+$/);
      expect(roles).toEqual(["analysisTarget"]);
    }
    expect(automationDetails.id).toMatch(/^[^\s]+$/);
    for (const { ruleId, ruleIndex, level, message, locations, partialFingerprints } of results) {
      expect(rules[ruleIndex].id).toBe(ruleId);
      expect(["none", "note", "warning", "error"]).toContain(level);
      expect(message.text).toMatch(/./);
      expect(locations).toHaveLength(1);
      const { artifactLocation, region } = locations[0].physicalLocation;
      expect(artifacts[artifactLocation.index].location.uri).toBe(artifactLocation.uri);
      for (const place of [region.startLine, region.startColumn]) expect(Number.isInteger(place) && place >= 1).toBe(true);
      for (const value of Object.values(partialFingerprints)) expect(value).toMatch(/^[0-9a-f]{64}$/);
    }
  }
}

describe("the report as SARIF", () => {
  test("has what the schema asks for", () => {
    check(reportSarif(audited(), ABOUT, SOURCE));
    expect(() => check({ ...reportSarif(audited(), ABOUT, SOURCE), version: "2.0.0" })).toThrow();
  });

  test("has a rule for each id of the catalogue and for whatever was found", () => {
    const ids = run().tool.driver.rules.map(({ id }: Draft) => id);
    expect(ids).toEqual(expect.arrayContaining(["tier-split", "never-found", "requester-open", "channel", "budget", "inconclusive"]));
  });

  test("a result stands at the line of its rule, or at the top", () => {
    const lines = TEXT.split("\n");
    const results: Draft[] = run().results;
    const split = results.find(({ ruleId }) => ruleId === "tier-split");
    expect(lines[split?.locations[0].physicalLocation.region.startLine]).toContain('"id": "four-eyes"');
    const note = results.find(({ ruleId }) => ruleId === "no-note");
    expect(note?.locations[0].physicalLocation.region).toEqual({ startLine: 1, startColumn: 1 });
  });

  test("channels, broken budgets and what was not decided are results too", () => {
    const results: Draft[] = run().results;
    const texts = (id: string) => results.filter(({ ruleId }) => ruleId === id).map(({ message }) => message.text);
    expect(texts("channel")).toHaveLength(2);
    expect(texts("budget")).toContain("50 ETH/24h, role:ops + role:finance: no limit bounds it");
    expect(texts("inconclusive")).toEqual(["who it takes to export: 200000 regions were looked at"]);
  });

  test("levels follow severities, and the policy and options stand beside them", () => {
    const { results, invocations, properties } = run();
    const levels = new Map(results.map(({ ruleId, level }: Draft) => [ruleId, level]));
    expect([levels.get("tier-split"), levels.get("requester-open"), levels.get("no-note")]).toEqual(["error", "warning", "note"]);
    expect(properties.policy).toBe(audited().policy.id);
    expect(invocations[0].properties.options.horizons).toEqual(["24h", "7d", "8d"]);
  });

  test("a fingerprint stays while the rest of the policy changes, and differs between results", () => {
    const prints = (name: string): string[] =>
      run(audited(hotWallet(name))).results.map(({ partialFingerprints }: Draft) => partialFingerprints["keywardResult/v1"]);
    expect(prints("one")).toEqual(prints("another"));
    expect(new Set(prints("one")).size).toBe(prints("one").length);
  });

  test("no text becomes a link, a placeholder or a turn of writing in a viewer", () => {
    const [first, ...rest] = audited().findings;
    const text = "[click](https://evil.example) {0} \u202eabc";
    const { message } = run({ ...audited(), findings: [{ ...(first as never as object), text } as never, ...rest] }).results[0];
    expect(message.text).not.toMatch(/\]\(|\{0\}|\u202e/);
    expect(message.text).toContain("evil.example");
  });
});

describe("places of rules", () => {
  test("rules of modes are found too, whatever else is called so", () => {
    const at = placesIn('{"rules": [{"id": "a"}],\n"modes": {"m": {"rules": [\n{"id": "b"}]}}}');
    expect([at("a").line, at("b").line, at("c").line, at(undefined).line]).toEqual([1, 3, 1, 1]);
  });
});
