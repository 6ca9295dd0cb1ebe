import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../../base/bytes.ts";
import { canonicalBytes, type Json, type JsonObject } from "../../base/canonical.ts";
import type { Position } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import type { Audit } from "../analyze/audit.ts";
import type { Severity } from "../analyze/finding.ts";
import type { About } from "./about.ts";
import { CAVEATS } from "./caveats.ts";
import { byText, channelGroups, escalationGroups, lockOutGroups } from "./groups.ts";
import { durationText, Names } from "./names.ts";
import { breachText, verdictOf } from "./verdict.ts";

/** Where the policy lies, for whoever shows results beside its text. */
export interface Source {
  /** As a relative or absolute URI; already escaped. */
  readonly uri: string;
  /** Where a rule begins, and the document itself where no rule is named. */
  readonly at: (rule: string | undefined) => Position;
}

/** What is said beside the catalogue's findings. */
const OWN = [
  {
    id: "channel",
    severity: "error",
    about: "Something that no limit bounds.",
    advice: "Forbid it, or ask for people and time before it.",
  },
  { id: "budget", severity: "error", about: "A budget that is not shown to hold.", advice: "Tighten limits, or ask for more people." },
  {
    id: "escalation",
    severity: "note",
    about: "Stolen people who get further by acts on the custody first.",
    advice: "Ask for people who are not stolen, and for time.",
  },
  {
    id: "lock-out",
    severity: "note",
    about: "People without whom something cannot be done any more.",
    advice: "Name more people, or another way.",
  },
  {
    id: "inconclusive",
    severity: "warning",
    about: "What was not decided, and is not to be taken for safe.",
    advice: "Grant more work, or ask for less at once.",
  },
] as const satisfies NonNullable<About["catalogue"]>;

/**
 * The report as SARIF 2.1.0, one run with one rule for each kind of finding. Texts from the policy stand in messages, where they can be
 * neither links nor placeholders.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function reportSarif(audit: Audit, about: About, source: Source): JsonObject {
  const results = resultsOf(audit, about);
  const rules = rulesOf(audit, about);
  const places = rules.map(({ id }) => id);
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "keyward", version: about.version, rules: rules.map(descriptor) } },
        invocations: [{ executionSuccessful: true, properties: { options: audit.options, caveats: [...CAVEATS] } }],
        columnKind: "utf16CodeUnits",
        artifacts: [{ location: { uri: source.uri }, roles: ["analysisTarget"] }],
        automationDetails: { id: `keyward/audit/${audit.policy.id}` },
        properties: { policy: audit.policy.id },
        results: results.map((result) => resultToJson(result, places.indexOf(result.id), audit.policy.id, source)),
      },
    ],
  };
}

interface Result {
  readonly id: string;
  readonly severity: Severity;
  readonly mode: string | undefined;
  readonly rule: string | undefined;
  readonly text: string;
  /** What else tells it apart from others of the same kind. */
  readonly about: JsonObject;
}

function resultsOf(audit: Audit, { budgets = [] }: About): readonly Result[] {
  const names = new Names(audit.policy.document);
  return [
    ...audit.findings.map(({ id, severity, mode, rule, text, suggestion }) => {
      const advice = suggestion === undefined ? "" : ` Suggested: ${suggestion.text}`;
      return { id, severity, mode, rule, text: `${text}${advice}`, about: {} };
    }),
    ...channelGroups(audit).map(({ first: { kind, rule, text }, by, larger, modes }): Result => {
      const said = `${kind}: ${text} (${byText({ by, larger })})`;
      return { id: "channel", severity: "error", mode: undefined, rule, text: said, about: { kind, stolen: [...by], modes: [...modes] } };
    }),
    ...verdictOf(audit, budgets).breaches.map(
      (breach): Result => ({
        id: "budget",
        severity: "error",
        mode: breach.mode,
        rule: breach.loss?.channel?.rule ?? breach.channel?.rule,
        text: breachText(breach, names),
        about: { budget: breach.budget.text, stolen: breach.stolen, why: breach.why },
      }),
    ),
    ...escalationGroups(audit).map(({ first: { acts, afterMs, text }, by, larger }): Result => {
      const said = `${byText({ by, larger })}, after ${durationText(afterMs)}: ${text}`;
      return { id: "escalation", severity: "note", mode: undefined, rule: acts[0]?.rule, text: said, about: { stolen: [...by] } };
    }),
    ...lockOutGroups(audit).map(({ first: { mode, what }, without }): Result => {
      const said = without === "" ? `${what} is blocked as it is` : `${what} is blocked without ${without}`;
      return { id: "lock-out", severity: "note", mode, rule: undefined, text: said, about: { what } };
    }),
    ...audit.inconclusive.map(
      (text): Result => ({ id: "inconclusive", severity: "warning", mode: undefined, rule: undefined, text, about: { text } }),
    ),
  ];
}

/** The catalogue, what is said beside it, and whatever else was found: each result needs its rule. */
function rulesOf({ findings }: Audit, { catalogue = [] }: About): NonNullable<About["catalogue"]> {
  const rules = new Map([...catalogue, ...OWN].map((row) => [row.id, row]));
  for (const { id, severity } of findings) if (!rules.has(id)) rules.set(id, { id, severity, about: id, advice: "" });
  return [...rules.values()];
}

function descriptor({ id, severity, about, advice }: NonNullable<About["catalogue"]>[number]): JsonObject {
  return {
    id,
    shortDescription: { text: message(about) },
    ...(advice !== "" && { help: { text: message(advice) } }),
    defaultConfiguration: { level: severity },
  };
}

function resultToJson({ id, severity, mode, rule, text, about }: Result, index: number, policy: string, { uri, at }: Source): JsonObject {
  const { line, column } = at(rule);
  const key: Json = { id, mode: mode ?? null, rule: rule ?? null, text, ...about };
  return {
    ruleId: id,
    ruleIndex: index,
    level: severity,
    message: { text: message(text) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri, index: 0 }, region: { startLine: line, startColumn: column } },
        ...(rule !== undefined && { logicalLocations: [{ name: rule, fullyQualifiedName: `rules/${rule}`, kind: "member" }] }),
      },
    ],
    // The same result of the same rule is known again when the rest of the policy changes; the policy itself is beside it.
    partialFingerprints: { "keywardResult/v1": toHex(sha256(canonicalBytes(key))), "keywardPolicy/v1": policy },
    properties: { ...(mode !== undefined && { mode }), ...about },
  };
}

/** Plain text of a message: nothing in it is a link (`[text](target)`) or a placeholder (`{0}`). */
function message(text: string): string {
  return visible(text)
    .replaceAll("](", "] (")
    .replace(/\{(?=\d+\})/g, "{ ");
}
