import { canonical } from "../base/canonical.ts";
import { type Circumstances, type Effect, UNLIMITED } from "../intent/effect.ts";
import { FIELDS, type Field, isAct, KIND_FIELDS, OUTFLOW } from "../intent/fields.ts";
import type { Reason } from "../intent/intent.ts";
import type { Charge, Judgement, Need } from "../intent/verdict.ts";
import type { ArgumentTest, Condition, LimitRule, Policy, Rule } from "./core.ts";
import type { Counters } from "./counters.ts";
import type { Judged } from "./evaluate.ts";
import { reason, undecidable } from "./reasons.ts";

/**
 * What a policy says of an intent, told as plainly as possible: no index, no compilation, every field looked up when a
 * condition asks for it. It is the oracle that `evaluate.ts` is tested against, and judges every witness of the audit once
 * more, so it shares with the evaluator nothing but types and the texts of reasons.
 */
export function interpret(policy: Rules, intent: Judged, circumstances: Circumstances, counters: Counters): Judgement {
  try {
    return decide(policy, { effects: intent.effects, circumstances }, intent.refusals, counters);
  } catch (cause) {
    return undecidable(cause);
  }
}

/** All that it looks at of a policy. */
type Rules = Pick<Policy, "rules" | "modes">;

/** A request at a moment: all that a field can depend on. */
interface Case {
  readonly effects: readonly Effect[];
  readonly circumstances: Circumstances;
}

/** `undefined` is unknown. */
type Truth = boolean | undefined;

function decide(policy: Rules, request: Case, refusals: readonly Reason[], counters: Counters): Judgement {
  const { effects, circumstances } = request;
  const reasons: Reason[] = [...refusals];
  if (effects.length === 0) reasons.push(reason("policy/no-effects", {}));

  const matched: Rule[] = [];
  effects.forEach((effect, at) => {
    const rules = rulesFor(policy, circumstances.mode, effect);
    if (rules === undefined) {
      reasons.push(reason("policy/unknown-mode", { mode: circumstances.mode }, { effect: at }));
      return;
    }
    const matching = rules.filter((rule) => matches(rule, effect, request));
    matched.push(...matching);
    for (const rule of matching) {
      const certain = speaksOf(rule, effect, request) === true;
      if (rule.type === "forbid") reasons.push(reason("policy/forbidden", { kind: effect.kind, certain }, { rule: rule.id, effect: at }));
    }
    if (matching.some((rule) => rule.type === "allow")) return;
    const undecided = rules.filter((rule) => rule.type === "allow" && speaksOf(rule, effect, request) === undefined).map((rule) => rule.id);
    reasons.push(reason("policy/not-allowed", { kind: effect.kind, undecided }, { effect: at }));
  });

  const needs: Need[] = [];
  const hits: string[] = [];
  for (const rule of everyRule(policy)) {
    if (!matched.includes(rule)) continue;
    hits.push(rule.id);
    if (rule.type !== "require") continue;
    if (rule.approvals.length > 0) needs.push({ kind: "approvals", rule: rule.id, alternatives: rule.approvals });
    if (rule.delayMs > 0) needs.push({ kind: "delay", rule: rule.id, delayMs: rule.delayMs });
    if (rule.confirm) needs.push({ kind: "confirm", rule: rule.id });
  }

  const charges: Charge[] = [];
  for (const limit of everyRule(policy)) {
    if (limit.type !== "limit") continue;
    const drawn = chargesOf(limit, policy.rules.includes(limit), request);
    charges.push(...drawn);
    if (!matched.includes(limit)) continue;
    const excess = drawn.flatMap((charge) => excessOf(limit, charge, counters));
    if (limit.beyond.length === 0) reasons.push(...excess);
    else if (excess.length > 0) needs.push({ kind: "approvals", rule: limit.id, alternatives: limit.beyond });
  }
  return { reasons, needs: reasons.length === 0 ? needs : [], charges, hits };
}

function everyRule(policy: Rules): readonly Rule[] {
  return [...policy.rules, ...[...policy.modes.values()].flatMap((mode) => mode.rules)];
}

/** Acts are judged by the top-level rules in every mode. `undefined`: the mode is nowhere. */
function rulesFor(policy: Rules, mode: string, effect: Effect): readonly Rule[] | undefined {
  if (isAct(effect.kind) || mode === "normal") return policy.rules;
  const named = policy.modes.get(mode);
  if (named !== undefined) return named.rules;
  return mode === "frozen" ? [] : undefined;
}

/** Ignorance never widens: an allow must certainly speak of the effect, any other rule need only possibly do so. */
function matches(rule: Rule, effect: Effect, request: Case): boolean {
  const truth = speaksOf(rule, effect, request);
  return rule.type === "allow" ? truth === true : truth !== false;
}

function speaksOf(rule: Rule, effect: Effect, request: Case): Truth {
  return rule.kinds.includes(effect.kind) ? holds(rule.when, effect, request) : false;
}

function holds(condition: Condition, effect: Effect, request: Case): Truth {
  switch (condition.op) {
    case "always":
      return true;
    case "all": {
      const truths = condition.of.map((part) => holds(part, effect, request));
      return truths.includes(false) ? false : truths.includes(undefined) ? undefined : true;
    }
    case "any": {
      const truths = condition.of.map((part) => holds(part, effect, request));
      return truths.includes(true) ? true : truths.includes(undefined) ? undefined : false;
    }
    case "not": {
      const truth = holds(condition.of, effect, request);
      return truth === undefined ? undefined : !truth;
    }
    case "argument": {
      const args = known("args", effect, request);
      if (args === null || typeof args !== "object" || !Object.hasOwn(args, condition.name)) return undefined;
      return passes(condition.test, Object.entries(args).find(([name]) => name === condition.name)?.[1]);
    }
    case "in":
    case "within":
    case "is":
      return passes(condition, known(condition.field, effect, request));
  }
}

function passes(test: ArgumentTest, value: unknown): Truth {
  if (test.op === "in" && typeof value === "string") return test.values.has(value);
  if (test.op === "within" && typeof value === "bigint") return test.intervals.some(([low, high]) => low <= value && value <= high);
  if (test.op === "is" && typeof value === "boolean") return value === test.value;
  return undefined;
}

/** The qualified value of a field; `undefined` where it is unknown or the kind has no such field. */
function known(field: Field, effect: Effect, request: Case): unknown {
  if (!KIND_FIELDS[effect.kind].includes(field)) return undefined;
  const value = lookUp(field, effect, request);
  if (FIELDS[field].type === "integer") return typeof value !== "bigint" || value < 0n ? undefined : atMostTop(value);
  return value;
}

function lookUp(field: Field, effect: Effect, { effects, circumstances }: Case): unknown {
  const { chain, to } = effect;
  switch (field) {
    case "account":
    case "party":
    case "contract":
      return on(chain, ":", effect[field]);
    case "to":
      return isAct(effect.kind) ? to : on(chain, ":", to);
    case "asset":
      return on(chain, "/", effect.asset);
    case "total":
      return totalOf(effect, effects);
    case "ownRecipient":
      if (effect.ownRecipient !== undefined) return effect.ownRecipient;
      if (chain === undefined || to === undefined) return undefined;
      return circumstances.isOwn === undefined ? undefined : circumstances.isOwn(chain, to);
    case "recipientAge": {
      const added = chain === undefined || to === undefined ? undefined : circumstances.addedAt?.(chain, to);
      return added === undefined ? undefined : BigInt(Math.max(0, circumstances.now - added));
    }
    case "date":
      return BigInt(circumstances.now);
    case "hour":
      return undefined;
    case "requester":
    case "session":
    case "origin":
    case "mode":
      return circumstances[field];
    default:
      return effect[field];
  }
}

function on(chain: string | undefined, separator: string, name: string | undefined): string | undefined {
  return chain === undefined || name === undefined ? undefined : chain + separator + name;
}

/** The request's outflow in the effect's asset; unknown as soon as some outflow may be of that asset and has no amount, or may be of another. */
function totalOf(effect: Effect, effects: readonly Effect[]): bigint | undefined {
  if (effect.chain === undefined || effect.asset === undefined) return undefined;
  let total = 0n;
  for (const other of effects) {
    if (!(OUTFLOW as readonly string[]).includes(other.kind)) continue;
    if (other.chain !== undefined && other.chain !== effect.chain) continue;
    if (other.asset !== undefined && other.asset !== effect.asset) continue;
    if (other.chain === undefined || other.asset === undefined) return undefined;
    if (typeof other.amount !== "bigint" || other.amount < 0n) return undefined;
    total += other.amount;
  }
  return total;
}

function chargesOf(limit: LimitRule, topLevel: boolean, request: Case): readonly Charge[] {
  const matching = request.effects.filter((effect) => (topLevel || !isAct(effect.kind)) && matches(limit, effect, request));
  const buckets = [...new Set(matching.map((effect) => bucketOf(limit, effect, request)))].sort();
  return buckets.map((bucket) => {
    const inside = matching.filter((effect) => bucketOf(limit, effect, request) === bucket);
    const sum = (effects: readonly Effect[]) => atMostTop(effects.reduce((total, effect) => total + weightOf(limit, effect, request), 0n));
    const lasting = sum(inside.filter((effect) => effect.outlives === true));
    return { limit: limit.id, bucket, replaceable: sum(inside.filter((effect) => effect.outlives !== true)), lasting };
  });
}

function bucketOf(limit: LimitRule, effect: Effect, request: Case): string {
  if (limit.by.length === 0) return "";
  return canonical(Object.fromEntries(limit.by.map((field) => [field, (known(field, effect, request) as string | undefined) ?? null])));
}

/** What cannot be weighed, or could belong to any bucket, weighs as much as there is. */
function weightOf({ measure, by }: LimitRule, effect: Effect, request: Case): bigint {
  if (by.some((field) => known(field, effect, request) === undefined)) return UNLIMITED;
  if (measure.type === "count") return 1n;
  const amount = known("amount", effect, request);
  const asset = known("asset", effect, request);
  if (typeof amount !== "bigint" || amount === UNLIMITED) return UNLIMITED;
  if (measure.type === "amount") return asset === undefined || asset === measure.asset ? amount : UNLIMITED;
  const worth = typeof asset === "string" ? measure.worth.get(asset) : undefined;
  if (worth === undefined || worth.denominator <= 0n || worth.numerator < 0n || request.circumstances.now >= measure.until)
    return UNLIMITED;
  const product = amount * worth.numerator;
  return atMostTop(product / worth.denominator + (product % worth.denominator === 0n ? 0n : 1n));
}

function excessOf(limit: LimitRule, charge: Charge, counters: Counters): readonly Reason[] {
  const { used, after, freesAt } = counters.after(charge);
  if (typeof used !== "bigint" || typeof after !== "bigint") throw new TypeError("counters: expected used and after as integers");
  const asked = atMostTop(charge.replaceable + charge.lasting);
  if (after <= limit.max && asked <= limit.max) return [];
  const text = (amount: bigint) => (amount >= UNLIMITED ? "unlimited" : `${amount}`);
  const numbers = { used: text(used), asked: text(asked), max: text(limit.max) };
  const { name: unit, decimals } = limit.unit ?? {};
  const written = unit === undefined || decimals === undefined ? {} : { unit, decimals };
  const params = { limit: limit.id, bucket: charge.bucket, ...numbers, ...written, ...(freesAt !== undefined && { freesAt }) };
  return [reason("limit/exceeded", params, { rule: limit.id })];
}

function atMostTop(amount: bigint): bigint {
  return amount > UNLIMITED ? UNLIMITED : amount;
}
