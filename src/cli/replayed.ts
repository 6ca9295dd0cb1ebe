import type { LogReport } from "../audit/verify.ts";
import type { Json, JsonObject } from "../base/canonical.ts";
import { formatTime } from "../base/time.ts";
import type { Past } from "../custody/past.ts";
import { effectToJson } from "../intent/intent.ts";
import { writeAmount } from "../policy/amounts.ts";
import { CHANGES, type Change, type Difference, type HistoryReport } from "../policy/analyze/history.ts";
import type { NearLimit, NearTier } from "../policy/analyze/nearness.ts";
import type { LimitRule, Policy } from "../policy/core.ts";
import { effectLines, needLines, needToJson, reasonLines, reasonToJson, timeText } from "./show.ts";
import { columns, plain, type Style } from "./style.ts";

/** What was gone through beside what it came to. */
export interface Read {
  /** Lines that could not be read: the first of them, and how many. */
  readonly errors: readonly { readonly line: number; readonly error: Json }[];
  readonly unreadable: number;
  readonly past: Pick<Past, "unread" | "readThen">;
  /** Id of the policy that is compared with, or `history`. */
  readonly against: string;
}

interface Over {
  readonly policy: Policy;
  readonly read: Read;
  readonly log: LogReport | undefined;
}

/** The documented object of `keyward replay`. */
export function historyToJson(report: HistoryReport, { policy, read, log }: Over): JsonObject {
  const { judged, verdicts, changes, differences, rules, nearLimits, nearTiers, unused } = report;
  return {
    policy: policy.id,
    against: read.against,
    ...(log !== undefined && { log: { verified: true, pinned: log.pinned, vault: log.vault ?? null, size: log.size, root: log.root } }),
    judged,
    unread: read.past.unread,
    readThen: read.past.readThen,
    verdicts: { ...verdicts },
    changes: { ...changes },
    differences: differences.map(differenceToJson),
    rules: rules.map(({ last, ...use }) => ({ ...use, last: last ?? null })),
    nearLimits: nearLimits.map((near) => ({ ...near, used: near.used.toString(), max: near.max.toString() })),
    nearTiers: nearTiers.map((near) => ({ ...near, tier: near.tier.toString(), amount: near.amount.toString() })),
    unused,
    unreadable: read.unreadable,
    errors: read.errors,
  };
}

function differenceToJson({ requester, at, effects, reasons, needs, ...rest }: Difference): JsonObject {
  return {
    ...rest,
    requester: requester ?? null,
    at: formatTime(at),
    effects: effects.map(effectToJson),
    reasons: reasons.map(reasonToJson),
    needs: needs.map(needToJson),
  };
}

const MOST_LINES = 20;
const SAYS: { readonly [C in Change]: string } = {
  "newly-allowed": "newly allowed",
  "newly-pending": "newly waiting",
  "newly-denied": "newly denied",
  "needs-differ": "waiting for something else",
};

export function historyLines(report: HistoryReport, { policy, read, log }: Over, style: Style): string[] {
  const { judged, verdicts, changes, differences } = report;
  const differs = CHANGES.filter((change) => changes[change] > 0);
  const found = differs.map((change) => `${changes[change]} ${SAYS[change]}`).join(", ");
  const than = read.against === "history" ? "than was" : `than by ${read.against.slice(0, 16)}`;
  return [
    ...(log === undefined ? [] : [logLine(log, style)]),
    `${judged} requests under ${plain(policy.name)}: ${verdicts.allow} allowed, ${verdicts.pending} waiting, ${verdicts.deny} denied`,
    found === "" ? style.good(`nothing is decided otherwise ${than}`) : style.wait(`decided otherwise ${than}: ${found}`),
    ...shown(differences, Math.max(0, Object.values(changes).reduce((a, b) => a + b) - MOST_LINES), (one) =>
      differenceLines(one, policy, style),
    ),
    ...section("rules, and how often each matched", useRows(report, style)),
    ...section(
      "limits that were nearly used up",
      report.nearLimits.map((near) => nearLimitRow(near, policy)),
    ),
    ...section(
      "amounts just below a tier",
      report.nearTiers.map((near) => nearTierRow(near, policy)),
    ),
    ...(report.unused.length === 0
      ? []
      : [
          style.wait(`allows that nothing was ever let through by: ${report.unused.map(plain).join(", ")}`),
          "  whoever never needs them loses nothing without them",
        ]),
    ...cautions(read, style),
  ];
}

function logLine({ pinned, size, vkey }: LogReport, style: Style): string {
  const whose = pinned ? "" : style.wait(` by its own key alone, ${plain(vkey ?? "")}: give the one that you kept with --key`);
  return `${style.good("verified")}  a log of ${size} entries${whose}`;
}

function shown<T>(all: readonly T[], more: number, lines: (one: T) => readonly string[]): string[] {
  const first = all.slice(0, MOST_LINES).flatMap(lines);
  return more > 0 ? [...first, `  … and ${more} more: --json has the first thousand`] : first;
}

function differenceLines({ place, from, to, requester, at, effects, reasons, needs }: Difference, policy: Policy, style: Style): string[] {
  const who = requester === undefined ? "" : `, asked by ${plain(requester)}`;
  return [
    `  ${style.bold(`#${place}`)}  ${from} → ${to === "deny" ? style.bad(to) : to}  ${style.dim(`${timeText(at)}${who}`)}`,
    ...[...effectLines(effects.map(effectToJson), policy, style), ...reasonLines(reasons, style), ...needLines(needs, style)].map(
      (line) => `    ${line.trimStart()}`,
    ),
  ];
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [`${title}:`, ...columns(rows)];
}

function useRows({ rules }: HistoryReport, style: Style): string[][] {
  return rules.map(({ rule, type, fired, passed, last }) => [
    plain(rule),
    type,
    `${fired}`,
    passed === fired ? "" : `${passed} let through`,
    last === undefined ? style.dim("never") : `last #${last}`,
  ]);
}

function nearLimitRow({ rule, bucket, used, max, place, times }: NearLimit, policy: Policy): string[] {
  const limit = ruleOf(policy, rule) as LimitRule | undefined;
  const unit = limit?.unit;
  const write = (amount: bigint) => (unit === undefined ? amount.toString() : writeAmount(amount, unit));
  return [plain(rule), `${write(used)} of ${write(max)}`, bucket === "" ? "" : plain(bucket), `at #${place}`, `so full ${times} times`];
}

function nearTierRow({ rule, type, field, tier, amount, place, times }: NearTier, policy: Policy): string[] {
  const says = type === "allow" ? "allows less than" : "begins at";
  const unit = unitOf(policy, rule);
  const write = (units: bigint) => (unit === undefined ? units.toString() : writeAmount(units, unit));
  return [plain(rule), `${says} ${write(tier)}`, `${field} ${write(amount)}`, `at #${place}`, `so near ${times} times`];
}

/** The asset that the rule pins, for its amounts. */
function unitOf(policy: Policy, rule: string): { readonly name: string; readonly decimals: number } | undefined {
  const when = ruleOf(policy, rule)?.when;
  const parts = when?.op === "all" ? when.of : when === undefined ? [] : [when];
  for (const part of parts) {
    const [asset, ...more] = part.op === "in" && part.field === "asset" ? part.values : [];
    if (asset === undefined || more.length > 0) continue;
    const slash = asset.indexOf("/");
    return policy.book.asset(asset.slice(0, slash), asset.slice(slash + 1));
  }
  return undefined;
}

function ruleOf({ rules, modes }: Policy, id: string) {
  return [rules, ...[...modes.values()].map((mode) => mode.rules)].flat().find((rule) => rule.id === id);
}

function cautions({ errors, unreadable, past: { unread, readThen } }: Read, style: Style): string[] {
  return [
    ...(unread > 0
      ? [style.dim(`${unread} entries about requests tell of no effects (erased, unreadable, or counted only): nothing is said of them`)]
      : []),
    ...(readThen > 0
      ? [style.dim(`${readThen} requests could not be read anew with this policy's names: they are judged as they were read then`)]
      : []),
    ...(unreadable > 0 ? [style.bad(`lines that could not be read: ${unreadable}`)] : []),
    ...errors.slice(0, MOST_LINES).map(({ line, error }) => `  ${style.bad("✗")} line ${line}: ${plain(errorText(error))}`),
  ];
}

function errorText(error: Json): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return `${message ?? ""} [${code ?? ""}]`;
}
