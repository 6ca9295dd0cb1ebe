import { describe, expect, test } from "vitest";
import type { Audit } from "../../../src/policy/analyze/audit.ts";
import { reportHtml } from "../../../src/policy/report/index.ts";
import { audited, ETH, hotWallet, witness } from "./fixture.ts";

const ABOUT = { version: "1.2.3" };
const HOSTILE = `</style><script>alert(1)</script><img src=x onerror='x'>&"`;
const BIDI = "a\u202eb";

/** An audit in which every text that can come from elsewhere is hostile. */
function hostile(text: string): Audit {
  const audit = audited(hotWallet("hot"));
  const bad = witness(
    [{ kind: "statement", at: [], domain: text, why: text, account: text, contract: text, args: { [text]: text } }],
    text,
  );
  const odd = <T extends object>(row: T): T => ({ ...row, text, mode: text, rule: text, stolen: [text], what: text, witness: bad });
  const losses = audit.losses.map((loss) => ({
    ...loss,
    mode: text,
    stolen: [text],
    why: text,
    channel: odd(audit.channels[0] as object) as never,
  }));
  return {
    ...audit,
    policy: {
      id: text,
      name: text,
      document: {
        ...audit.policy.document,
        name: text,
        rules: [{ id: text, allow: [text], when: { [text]: text, to: text, domain: [text, text] } }],
        modes: { [text]: { rules: [{ id: text, limit: ["fee"], max: text, per: text, by: text }] } },
      },
    },
    options: { [text]: text, from: "2026-01-01" },
    stolen: [{ name: text, people: [text] }],
    losses,
    channels: audit.channels.map(odd),
    authority: audit.authority.map((row) => ({ ...odd(row), people: [text] })),
    lockOuts: audit.lockOuts.map((row) => ({ ...odd(row), absent: [text] })),
    escalations: audit.escalations.map((row) => ({
      ...odd(row),
      objectors: [text],
      acts: [{ rule: text, text, delayMs: 1, witness: bad, approvers: [text] }],
    })),
    dead: audit.dead.map(odd),
    findings: audit.findings.map((row) => ({
      ...odd(row),
      id: text,
      suggestion: {
        text,
        document: { [text]: text, rules: [{ id: text }] },
        effect: [{ before: losses[0] as never, after: losses[0] as never }],
      },
    })),
    inconclusive: [text],
  };
}

describe("the report as HTML", () => {
  test("is the same bytes for the same audit", () => {
    expect(reportHtml(audited(), ABOUT)).toBe(reportHtml(audited(), ABOUT));
  });

  test("says everything that there is to say", () => {
    const html = reportHtml(audited(), { ...ABOUT, request: () => ({ hex: "0x0badc0de" }) });
    for (const text of [
      "hot wallet",
      "keyward 1.2.3",
      audited().policy.id,
      "2026-01-05 12:00:00Z",
      "tier-split",
      "cyd can delegate the account",
      "250 ETH (ana, 8d)",
      "∞ no bound",
      "1,500,000.123456 USDC",
      "upper bound",
      "Nothing leaves by:",
      "9.999999999999999999 ETH to acme (0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045)",
      "5 times",
      "0x0badc0de",
      "anybody: it is blocked as it is",
      "a guard",
      "Allows transfers if all of:",
      "A signed transaction can be held back and sent later",
      "who it takes to export",
    ])
      expect(html.replaceAll("&#39;", "'"), text).toContain(text);
  });

  test("a text of the policy stays text, wherever it stands", () => {
    const calm = reportHtml(hostile("x"), { ...ABOUT, request: () => ({ x: "x" }) });
    const html = reportHtml(hostile(HOSTILE), { ...ABOUT, request: () => ({ [HOSTILE]: HOSTILE }) });
    expect(html).not.toContain("<script");
    expect(html).not.toContain("<img");
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    // Not a tag or an attribute more than where every text is "x".
    const tags = (text: string) =>
      text
        .replace(/>[^<]*</g, "><")
        .replace(/"[^"]*"/g, '""')
        .match(/<[^>]*>/g);
    expect(tags(html)).toEqual(tags(calm));
  });

  test("characters that turn the direction of writing are written out", () => {
    const html = reportHtml(hostile(BIDI), ABOUT);
    expect(html).not.toContain("\u202e");
    expect(html).toContain("a\\u{202e}b");
  });

  test("asks for nothing from elsewhere and runs nothing", () => {
    const html = reportHtml(audited(), ABOUT);
    expect(html).toMatch(
      /content-security-policy" content="default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'"/,
    );
    expect(html).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\sstyle=|\son\w+=|@import|url\(/);
    for (const [, href] of html.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^#/);
  });

  test("every link leads to something", () => {
    const html = reportHtml(audited(), ABOUT);
    const ids = new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
    const links = [...html.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((id) => !ids.has(id))).toEqual([]);
    expect(ids.size).toBe([...html.matchAll(/ id="/g)].length);
  });

  test("losses are shown as a share of what is held, where that is known", () => {
    const audit = audited();
    const html = reportHtml({ ...audit, options: { ...audit.options, holdings: { [ETH]: `${1000n * 10n ** 18n}` } } }, ABOUT);
    expect(html).toContain("25% of holdings");
    expect(reportHtml(audit, ABOUT)).not.toContain("of holdings");
  });

  test("an audit that found nothing says so", () => {
    const html = reportHtml(
      { ...audited(), channels: [], losses: [], authority: [], lockOuts: [], escalations: [], dead: [], findings: [], inconclusive: [] },
      ABOUT,
    );
    expect(html).toContain("✓ Passed");
    expect(html).not.toContain("Not decided");
  });
});
