import type { Circumstances, EffectKind } from "../intent/effect.ts";
import { isAct } from "../intent/fields.ts";
import type { Intent, Reason } from "../intent/intent.ts";
import type { Charge, Judgement, Need } from "../intent/verdict.ts";
import { compileCondition, FALSE, type Test, TRUE } from "./condition.ts";
import type { LimitRule, Policy, RequireRule, Rule } from "./core.ts";
import { type Counters, exceeding } from "./counters.ts";
import { type Facts, factsOf } from "./facts.ts";
import { reason, undecidable } from "./reasons.ts";
import { chargesOf } from "./weigh.ts";

/** What of an intent is judged. */
export type Judged = Pick<Intent, "effects" | "refusals">;

/** A policy made ready to judge. Holds no state: the same arguments give the same answer. */
export interface Evaluator {
  readonly policy: Policy;
  /** Every limit rule of every mode, in the document's order: `id`, `by` and `windowMs` say which counters there are. */
  readonly limits: readonly LimitRule[];
  /**
   * Judges one intent at one moment. Never throws: what cannot be decided is denied with `policy/undecidable`. `charges` is
   * what every limit of every mode counts, since counters go on in every mode; only limits in force are held against their
   * maximum.
   */
  judge(intent: Judged, circumstances: Circumstances, counters: Counters): Judgement;
  /** What every limit of every mode makes of recorded facts: to rebuild counters under this policy. */
  weigh(facts: readonly Facts[]): readonly Charge[];
}

/** Compiles a policy's core into closures. `interpret.ts` says the same plainly and is the tests' oracle. */
export function compile(policy: Policy): Evaluator {
  return build(policy, (mode, normal, modes) => {
    if (mode === "normal") return normal;
    // `frozen` exists without being written, and then nothing is allowed in it.
    return modes.get(mode) ?? (mode === "frozen" ? NO_RULES : undefined);
  });
}

/**
 * The same for the policy of a session, which has no modes: its rules hold in every mode of the vault. Only for use below the
 * vault's own policy (`layers.ts`).
 */
export function compileSession(policy: Policy): Evaluator {
  return build(policy, (_mode, normal) => normal);
}

type InForce = (mode: string, normal: RuleSet, modes: ReadonlyMap<string, RuleSet>) => RuleSet | undefined;

function build(policy: Policy, inForce: InForce): Evaluator {
  const normal = compileRules(policy.rules, () => true, 0);
  const modes = new Map<string, RuleSet>();
  let position = policy.rules.length;
  for (const [name, { rules }] of policy.modes) {
    // Acts are judged by the top-level rules in every mode, so a mode's own rules never see one.
    modes.set(
      name,
      compileRules(rules, (kind) => !isAct(kind), position),
    );
    position += rules.length;
  }
  const limits = [normal, ...modes.values()].flatMap((set) => set.limits);

  function decide(intent: Judged, circumstances: Circumstances, counters: Counters): Judgement {
    const facts = factsOf(intent, circumstances);
    const signing = inForce(circumstances.mode, normal, modes);
    const hits = new Set<Compiled>();
    const reasons: Reason[] = [...intent.refusals];
    if (facts.length === 0) reasons.push(reason("policy/no-effects", {}));
    facts.forEach((effect, at) => {
      const set = isAct(effect.kind) ? normal : signing;
      if (set === undefined) reasons.push(reason("policy/unknown-mode", { mode: circumstances.mode }, { effect: at }));
      else judgeEffect(effect, at, set, hits, reasons);
    });

    const matched = [...hits].sort((a, b) => a.position - b.position);
    const needs: Need[] = matched.flatMap(({ rule }) => (rule.type === "require" ? needsOf(rule) : []));
    const charges: Charge[] = [];
    for (const limit of limits) {
      const drawn = drawnFrom(limit, facts);
      charges.push(...drawn);
      if (hits.has(limit)) holdAgainst(limit.rule, drawn, counters, needs, reasons);
    }
    return { reasons, needs: reasons.length > 0 ? [] : needs, charges, hits: matched.map(({ rule }) => rule.id) };
  }

  return {
    policy,
    limits: limits.map(({ rule }) => rule),
    judge(intent, circumstances, counters) {
      try {
        return decide(intent, circumstances, counters);
      } catch (cause) {
        return undecidable(cause);
      }
    },
    weigh: (facts) => limits.flatMap((limit) => drawnFrom(limit, facts)),
  };
}

/** Every effect needs an allow that certainly matches, and no forbid that possibly does. */
function judgeEffect(effect: Facts, at: number, set: RuleSet, hits: Set<Compiled>, reasons: Reason[]): void {
  const { kind } = effect;
  const undecided: string[] = [];
  let allowed = false;
  for (const compiled of set.byKind.get(kind) ?? []) {
    const truth = compiled.test(effect);
    if (truth === FALSE) continue;
    const { id, type } = compiled.rule;
    if (type === "allow" && truth !== TRUE) {
      undecided.push(id);
      continue;
    }
    if (type === "allow") allowed = true;
    if (type === "forbid") reasons.push(reason("policy/forbidden", { kind, certain: truth === TRUE }, { rule: id, effect: at }));
    hits.add(compiled);
  }
  if (!allowed) reasons.push(reason("policy/not-allowed", { kind, undecided }, { effect: at }));
}

function needsOf({ id: rule, approvals, delayMs, confirm }: RequireRule): readonly Need[] {
  const needs: Need[] = [];
  if (approvals.length > 0) needs.push({ kind: "approvals", rule, alternatives: approvals });
  if (delayMs > 0) needs.push({ kind: "delay", rule, delayMs });
  if (confirm) needs.push({ kind: "confirm", rule });
  return needs;
}

function drawnFrom(limit: Compiled<LimitRule>, facts: readonly Facts[]): readonly Charge[] {
  const matching = facts.filter((effect) => limit.kinds.has(effect.kind) && limit.test(effect) !== FALSE);
  return matching.length === 0 ? NO_CHARGES : chargesOf(limit.rule, matching);
}

function holdAgainst(limit: LimitRule, drawn: readonly Charge[], counters: Counters, needs: Need[], reasons: Reason[]): void {
  const excess = drawn.flatMap((charge) => exceeding(limit, charge, counters) ?? []);
  if (excess.length === 0) return;
  if (limit.beyond.length > 0) needs.push({ kind: "approvals", rule: limit.id, alternatives: limit.beyond });
  else reasons.push(...excess);
}

const NO_CHARGES: readonly Charge[] = [];

interface Compiled<R extends Rule = Rule> {
  readonly rule: R;
  readonly kinds: ReadonlySet<EffectKind>;
  /** Where the rule stands in the document, modes after the top level. */
  readonly position: number;
  readonly test: Test;
}

interface RuleSet {
  readonly byKind: ReadonlyMap<EffectKind, readonly Compiled[]>;
  readonly limits: readonly Compiled<LimitRule>[];
}

const NO_RULES: RuleSet = { byKind: new Map(), limits: [] };

function compileRules(rules: readonly Rule[], judges: (kind: EffectKind) => boolean, firstPosition: number): RuleSet {
  const byKind = new Map<EffectKind, Compiled[]>();
  const limits: Compiled<LimitRule>[] = [];
  const byKindOf = (kind: EffectKind) => {
    const known = byKind.get(kind) ?? [];
    byKind.set(kind, known);
    return known;
  };
  rules.forEach((rule, index) => {
    const common = { kinds: new Set(rule.kinds.filter(judges)), position: firstPosition + index, test: compileCondition(rule.when) };
    const compiled: Compiled = { ...common, rule };
    if (isLimit(compiled)) limits.push(compiled);
    for (const kind of compiled.kinds) byKindOf(kind).push(compiled);
  });
  return { byKind, limits };
}

function isLimit(compiled: Compiled): compiled is Compiled<LimitRule> {
  return compiled.rule.type === "limit";
}
