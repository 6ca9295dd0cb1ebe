import type { Audit } from "../analyze/audit.ts";
import type { Channel } from "../analyze/channel.ts";
import type { Severity } from "../analyze/finding.ts";
import type { Loss } from "../analyze/loss.ts";
import { isNothing, isUnbounded, ofAllCopies, stolenName, whatKey } from "./losses.ts";
import { type Names, plural } from "./names.ts";

/** The most that any audited set may be able to take within a time. */
export interface LossBudget {
  /** As it was asked for: `50 ETH/24h`. */
  readonly text: string;
  readonly what: Loss["what"];
  /** Smallest units. */
  readonly most: bigint;
  /** One of the horizons of the audit. */
  readonly horizonMs: number;
}

/** A set and a mode for which a budget is not shown to hold. */
export interface Breach {
  readonly budget: LossBudget;
  readonly stolen: string;
  readonly mode: string;
  readonly why: /** More can leave. */
    | "more"
    /** There is no bound. */
    | "unbounded"
    /** A channel lets everything go within the time, whatever limits say. */
    | "channel"
    /** It was not decided, or not asked. */
    | "inconclusive";
  readonly loss: Loss | undefined;
  readonly channel: Channel | undefined;
}

export interface Verdict {
  /** No error, no breach, and nothing left undecided. */
  readonly passed: boolean;
  readonly count: { readonly [S in Severity]: number };
  readonly breaches: readonly Breach[];
}

/** What an audit comes to: the one thing that an exit code says. Budgets are of all live copies together. */
export function verdictOf(audit: Audit, budgets: readonly LossBudget[] = []): Verdict {
  const count = { error: 0, warning: 0, note: 0 };
  for (const { severity } of audit.findings) count[severity]++;
  const breaches = budgets.flatMap((budget) => breachesOf(ofAllCopies(audit), budget));
  return { passed: count.error === 0 && breaches.length === 0 && audit.inconclusive.length === 0, count, breaches };
}

/** What the verdict rests on, in a sentence or none. */
export function verdictText({ passed, breaches }: Verdict, budgets: readonly LossBudget[] = []): string {
  if (budgets.length === 0)
    return passed ? "No error was found, and everything was decided. No budget was given: what can leave stands below." : "";
  const broken = new Set(breaches.map(({ budget }) => budget.text)).size;
  const all = plural(budgets.length, "budget");
  return broken === 0 ? `${all}: no set exceeds any.` : `${broken} of ${all} not shown to hold.`;
}

/** Why a budget is not shown to hold, in a sentence. */
export function breachText({ budget, stolen, mode, why, loss, channel }: Breach, names: Names): string {
  const said = {
    more: `${names.amount(loss?.amount ?? 0n, budget.what)} can leave`,
    unbounded: "no limit bounds it",
    channel: `${channel?.text ?? ""} (${channel?.kind ?? ""})`,
    inconclusive: "not decided",
  }[why];
  return `${budget.text}, ${stolen}${mode === "normal" ? "" : ` in mode ${mode}`}: ${said}`;
}

function breachesOf(audit: Audit, budget: LossBudget): readonly Breach[] {
  const modes = [...new Set(audit.losses.map(({ mode }) => mode))];
  return modes.flatMap((mode) =>
    audit.stolen.flatMap(({ people }): readonly Breach[] => {
      const loss = audit.losses.find((row) => row.mode === mode && isAbout(row, budget) && sameSet(row.stolen, people));
      const channel = audit.channels.find(
        (row) =>
          row.mode === mode &&
          opens(row, budget) &&
          row.stolen.every((one) => people.includes(one)) &&
          !(loss !== undefined && isNothing(loss) && leadsInto(row, modes)),
      );
      const why = whyBroken(loss, channel, budget);
      return why === undefined ? [] : [{ budget, stolen: stolenName(people, audit.stolen), mode, why, loss, channel }];
    }),
  );
}

function whyBroken(loss: Loss | undefined, channel: Channel | undefined, budget: LossBudget): Breach["why"] | undefined {
  if (loss !== undefined && isUnbounded(loss)) return "unbounded";
  if (channel !== undefined) return "channel";
  if (loss === undefined || loss.status === "inconclusive" || loss.amount === undefined) return "inconclusive";
  return loss.amount > budget.most ? "more" : undefined;
}

function isAbout(loss: Loss, { what, horizonMs }: LossBudget): boolean {
  return whatKey(loss.what) === whatKey(what) && loss.horizonMs === horizonMs;
}

// Of these the loss of the asset itself speaks, asset by asset; the others let everything go.
const COUNTED: ReadonlySet<Channel["kind"]> = new Set(["asset without a limit", "fees without a limit", "unlimited allowance"]);

function opens({ kind, delayMs }: Channel, { horizonMs }: LossBudget): boolean {
  return !COUNTED.has(kind) && delayMs < horizonMs;
}

/** Where nothing leaves before the mode changes, all that leaves is a loss in a mode that the budget is held against as well. */
function leadsInto({ witness }: Channel, modes: readonly string[]): boolean {
  const effects = witness?.effects ?? [];
  return effects.length > 0 && effects.every(({ kind, toMode = "" }) => kind === "modeChange" && modes.includes(toMode));
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
