import type { JsonObject } from "../base/canonical.ts";
import { effectToJson } from "../intent/intent.ts";
import type { Beside } from "../policy/analyze/beside.ts";
import { type Diff, type Difference, type DiffOptions, diffPolicies } from "../policy/analyze/diff.ts";
import { everyRule } from "../policy/analyze/dimensions.ts";
import { judged } from "../policy/analyze/witness.ts";
import { witnessToJson } from "../policy/analyze/witness-json.ts";
import type { LimitRule, Policy } from "../policy/core.ts";
import { classifyEdit, type EditedPart } from "../policy/edit.ts";
import { examplesFor } from "./examples.ts";
import { decimal, durationText, effectLines, needText, timeText } from "./show.ts";
import { plain, type Style } from "./style.ts";

type Direction = "none" | EditedPart["direction"];

/** What an edit of a policy changes, proven: as `keyward diff --json` prints it, and for people. */
export interface Compared {
  readonly direction: Direction;
  readonly json: JsonObject;
  readonly lines: (style: Style) => readonly string[];
}

export function compare(from: Policy, to: Policy, options: Pick<DiffOptions, "signal"> = {}): Compared {
  const found = diffPolicies(from, to, { ...options, examples: examplesFor(to) });
  const parts = classifyEdit(from, to);
  const direction = directionOf(found, parts);
  const regions = [...found.differences].sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change));
  const told = regions.map((difference) => ({ difference, ...tell(difference, from, to) }));
  return {
    direction,
    json: {
      equivalent: direction === "none",
      direction,
      status: found.kind,
      ...(found.kind === "inconclusive" && { why: found.why }),
      policies: { from: from.id, to: to.id },
      parts: parts.map(({ part, direction }) => ({ part, direction })),
      beside: found.beside.map(({ what, names }) => ({ what, names })),
      regions: told.map(({ difference, was, is }) => regionToJson(difference, was, is)),
    },
    lines: (style) => [
      headline(direction, found, style),
      ...parts.map(({ part, direction }) => `  ${part} ${direction}`),
      ...found.beside.map((one) => `  ${style.wait("!")} ${plain(besideText(one))}`),
      ...told.flatMap(({ difference, was, is }) => ["", ...regionLines(difference, { was, is, names: to, style })]),
    ],
  };
}

const ORDER: readonly Difference["change"][] = ["newlyAllowed", "weaker", "newlyDenied", "stronger"];
const CHANGES: { readonly [C in Difference["change"]]: string } = {
  newlyAllowed: "newly-allowed",
  weaker: "weaker",
  newlyDenied: "newly-denied",
  stronger: "stronger",
};

function directionOf({ kind, differences, beside }: Diff, parts: readonly EditedPart[]): Direction {
  if (kind === "exact" && differences.length === 0 && beside.length === 0) return "none";
  const widens = differences.some(({ change }) => change === "newlyAllowed" || change === "weaker");
  const are = (direction: EditedPart["direction"]) => parts.some((part) => part.direction === direction);
  if (kind === "inconclusive" || widens || are("loosens")) return "loosens";
  return are("governs") ? "governs" : "tightens";
}

const MEANS: { readonly [D in Exclude<Direction, "none">]: string } = {
  loosens: "something is newly allowed, asks for less, or is read otherwise",
  governs: "who may ask, approve or edit changes, or what they have to meet for it",
  tightens: "proven: nothing is newly allowed, and nothing asks for less",
};

function headline(direction: Direction, found: Diff, style: Style): string {
  if (direction === "none") return style.good("equivalent: both decide every request alike");
  const said = direction === "loosens" ? style.bad(direction) : direction === "governs" ? style.wait(direction) : style.good(direction);
  return found.kind === "exact"
    ? `${said}  ${style.dim(MEANS[direction])}`
    : `${said}  ${style.wait(`inconclusive: ${plain(found.why)}; there may be more than what follows`)}`;
}

function besideText({ what, names }: Beside): string {
  const which = names.length === 0 ? "" : ` (${names.join(", ")})`;
  switch (what) {
    case "people":
      return `people differ, or what they sign with${which}`;
    case "book":
      return `the book has entries that are new or mean another address${which}`;
    case "decoding":
      return `requests are read by other tables${which}`;
    case "modes":
      return `modes are new, gone, or last another time${which}`;
    case "semantics":
      return "the policies are accepted under different semantics";
    case "immutable":
      return "one of them can never change";
  }
}

/** What each policy makes of the witness: the decision, what it asks, and the limits that differ; and what else, if that is not all. */
function tell({ witness, before, after }: Difference, from: Policy, to: Policy): { readonly was: string; readonly is: string } {
  const [was, is] = [decisionText(from, witness, before), decisionText(to, witness, after)];
  if (was !== is) return { was, is };
  const [since, now] = [expiryText(from, before), expiryText(to, after)];
  return { was: `${was}${since}, by ${before.join(", ") || "other rules"}`, is: `${is}${now}, by ${after.join(", ") || "other rules"}` };
}

function decisionText(policy: Policy, witness: Difference["witness"], ids: readonly string[]): string {
  const { reasons, needs } = judged(policy, witness);
  const { requester } = witness.circumstances;
  if (requester !== undefined && !policy.people.has(requester)) return `denied: ${requester} is nobody`;
  if (reasons.length > 0) return `denied: ${reasons.map(({ text }) => text).join("; ")}`;
  const limits = everyRule(policy).flatMap((rule) => (rule.type === "limit" && ids.includes(rule.id) ? [limitText(rule)] : []));
  const all = [...new Set([...needs.map(needText), ...limits])];
  return all.length === 0 ? "allowed" : `allowed with ${all.join(", ")}`;
}

function expiryText(policy: Policy, ids: readonly string[]): string {
  const waits = everyRule(policy).flatMap((rule) => (rule.type === "require" && ids.includes(rule.id) ? [rule.expiresMs] : []));
  return waits.length === 0 ? "" : `, within ${durationText(Math.min(...waits))}`;
}

function limitText({ max, unit, windowMs, by, beyond }: LimitRule): string {
  const amount = unit === undefined ? `${max}` : `${decimal(max, unit.decimals)} ${unit.name}`;
  const split = by.length === 0 ? "" : ` by ${by.join(" and ")}`;
  const over = beyond.length === 0 ? "" : " (more with approvals)";
  return `at most ${amount}${split} ${windowMs === "ever" ? "ever" : `in ${durationText(windowMs)}`}${over}`;
}

function regionToJson({ change, mode, witness, shown, before, after }: Difference, from: string, to: string): JsonObject {
  return {
    change: CHANGES[change],
    mode,
    from,
    to,
    rules: { from: before, to: after },
    shown,
    witness: witnessToJson(witness),
  };
}

interface Words {
  readonly was: string;
  readonly is: string;
  readonly names: Policy;
  readonly style: Style;
}

function regionLines({ change, mode, witness, shown, before, after }: Difference, { was, is, names, style }: Words): readonly string[] {
  const paint = change === "newlyAllowed" || change === "weaker" ? style.bad : style.good;
  const rules = [...new Set([...before, ...after])].join(", ");
  const { requester, now } = witness.circumstances;
  const asked = `asked by ${requester ?? "somebody"}, ${timeText(now)}${mode === "normal" ? "" : `, in mode ${mode}`}`;
  return [
    `${paint(CHANGES[change].replace("-", " "))}${rules === "" ? "" : style.dim(plain(`  [${rules}]`))}`,
    ...effectLines(witness.effects.map(effectToJson) as readonly JsonObject[], names, style),
    style.dim(plain(`  ${asked}${shown ? "" : "; such a request could not be made up, but is not ruled out"}`)),
    plain(`  before  ${was}`),
    plain(`  after   ${is}`),
  ];
}
