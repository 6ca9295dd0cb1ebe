import { unreachable } from "../base/errors.ts";
import type { Time } from "../base/time.ts";
import type { Need } from "../intent/verdict.ts";
import { everyRule } from "../policy/analyze/dimensions.ts";
import type { Rule } from "../policy/core.ts";
import { DEFAULT_EXPIRES_MS } from "../policy/rules.ts";
import type { Judge } from "./judge.ts";
import type { DelayRecord } from "./records.ts";

type Delay = Extract<Need, { readonly kind: "delay" }>;

/** Delays that were ever asked for, each with the moment when it first was: nobody could object under it before. */
export function delaysOf(before: readonly DelayRecord[], needs: readonly Need[], now: Time): readonly DelayRecord[] {
  const fresh = needs.filter(isDelay).filter((need) => !before.some((delay) => isOf(delay, need)));
  return [...before, ...fresh.map(({ rule, delayMs }) => ({ rule, delayMs, since: now }))];
}

/** When a delay has run: it does from the last approval that was needed, but not from before it was asked for itself. */
export function overAt(delays: readonly DelayRecord[], need: Delay, last: Time): Time {
  const asked = delays.find((delay) => isOf(delay, need));
  if (asked === undefined) return unreachable("a delay that was never asked for");
  return Math.max(last, asked.since) + need.delayMs;
}

/**
 * As short as any of its rules says, but never so short that a delay of the policy among them could not run. Whoever asks chooses the
 * rules of their session: a delay of those makes no request wait longer.
 */
export function waitOf(judge: Pick<Judge, "policy">, needs: readonly Need[]): number {
  const waits = needs.map((need) => expiryOf(judge, need.rule));
  const delays = needs.filter(isDelay).filter(({ rule }) => ruleOf(judge, rule) !== undefined);
  const longestDelay = Math.max(0, ...delays.map(({ delayMs }) => delayMs));
  const enough = waits.filter((wait) => wait > longestDelay);
  return Math.min(...(enough.length > 0 ? enough : waits));
}

/** A session's rules stand under their own prefix and wait as long as any other. */
function expiryOf(judge: Pick<Judge, "policy">, id: string): number {
  const rule = ruleOf(judge, id);
  return rule?.type === "require" ? rule.expiresMs : DEFAULT_EXPIRES_MS;
}

function ruleOf({ policy }: Pick<Judge, "policy">, id: string): Rule | undefined {
  return everyRule(policy).find((candidate) => candidate.id === id);
}

function isOf(delay: DelayRecord, { rule, delayMs }: Delay): boolean {
  return delay.rule === rule && delay.delayMs === delayMs;
}

function isDelay(need: Need): need is Delay {
  return need.kind === "delay";
}
