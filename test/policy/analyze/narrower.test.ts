import fc, { type Arbitrary } from "fast-check";
import { describe, expect, test } from "vitest";
import type { Circumstances, Effect } from "../../../src/intent/effect.ts";
import type { Judgement, Member } from "../../../src/intent/verdict.ts";
import { diffPolicies, isProvenNarrower } from "../../../src/policy/analyze/diff.ts";
import { everyRule, Space } from "../../../src/policy/analyze/dimensions.ts";
import { suffices } from "../../../src/policy/analyze/quorum.ts";
import type { LimitRule, Mode, Policy, RequireRule, Rule } from "../../../src/policy/core.ts";
import { type Counters, emptyCounters } from "../../../src/policy/counters.ts";
import { factsOf } from "../../../src/policy/facts.ts";
import { interpret } from "../../../src/policy/interpret.ts";
import { alternatives, circumstances, effects, kinds, PEOPLE, policies, rules } from "../generate.ts";
import { isInside, typed } from "./typed.ts";

/** Something that was signed, and when. */
interface Signed {
  readonly effect: Effect;
  readonly moment: Circumstances;
  readonly agoMs: number;
}

const HOUR = 3_600_000;
const SETS = Array.from({ length: 1 << PEOPLE.length }, (_, set) => PEOPLE.filter((_, index) => (set & (1 << index)) !== 0));

/** Sums as plainly as possible: what each limit made of everything that its window still holds. */
function countersAfter(policy: Policy, history: readonly Signed[]): Counters {
  const limits = new Map(everyRule(policy).flatMap((rule) => (rule.type === "limit" ? [[rule.id, rule] as const] : [])));
  return {
    after(charge) {
      const windowMs = limits.get(charge.limit)?.windowMs ?? "ever";
      let used = 0n;
      for (const { effect, moment, agoMs } of history) {
        if (windowMs !== "ever" && agoMs >= windowMs) continue;
        const { charges } = interpret(policy, { effects: [effect], refusals: [] }, moment, emptyCounters);
        for (const { limit, bucket, replaceable, lasting } of charges)
          if (limit === charge.limit && bucket === charge.bucket) used += replaceable + lasting;
      }
      return { used, after: used + charge.replaceable + charge.lasting };
    },
  };
}

/** All that stands between a request and its signature. */
function standing(policy: Policy, { reasons, needs }: Judgement, { requester, now }: Circumstances) {
  const stands = ({ from = 0, until = Number.POSITIVE_INFINITY }: Member) => from <= now && now < until;
  const asked = needs.flatMap((need) => (need.kind === "approvals" ? [need.alternatives] : []));
  const members = asked.flat(2).flatMap((clause) => clause.members);
  const delayMs = Math.max(0, ...needs.flatMap((need) => (need.kind === "delay" ? [need.delayMs] : [])));
  const expiries = new Map(everyRule(policy).flatMap((rule) => (rule.type === "require" ? [[rule.id, rule.expiresMs] as const] : [])));
  return {
    able: SETS.map(
      (people) => reasons.length === 0 && suffices(asked, { people: new Set(people.filter((one) => one !== requester)), stands }),
    ),
    objecting: new Set(members.filter(stands).map(({ person }) => person)),
    delayMs,
    confirm: needs.some(({ kind }) => kind === "confirm"),
    // As `custody/waiting.ts` has it: the shortest that lets every delay run.
    expiresMs: Math.min(...needs.map(({ rule }) => expiries.get(rule) ?? 72 * HOUR).filter((wait) => wait > delayMs)),
  };
}

type Standing = ReturnType<typeof standing>;

function isAtMost(is: Standing, was: Standing, requester: string | undefined): boolean {
  const passes = is.able.some(Boolean);
  if (!passes) return true;
  return (
    is.able.every((able, index) => !able || was.able[index]) &&
    [...was.objecting].every((person) => person === requester || is.objecting.has(person)) &&
    is.delayMs >= was.delayMs &&
    (is.confirm || !was.confirm) &&
    is.expiresMs <= was.expiresMs
  );
}

/** Changes of one rule, most of them of one thing alone. */
const changes: Arbitrary<(rule: Rule, other: Rule) => Rule> = fc.oneof(
  fc.constantFrom("max", "windowMs", "by", "beyond", "measure").map((key) => (rule: Rule, other: Rule): Rule => {
    if (rule.type !== "limit" || other.type !== "limit") return rule;
    return { ...rule, [key]: (other as LimitRule)[key as keyof LimitRule] };
  }),
  fc.constantFrom("approvals", "delayMs", "confirm").map((key) => (rule: Rule, other: Rule): Rule => {
    if (rule.type !== "require" || other.type !== "require") return rule;
    return { ...rule, [key]: (other as RequireRule)[key as keyof RequireRule] };
  }),
  fc.constantFrom(HOUR, 24 * HOUR, 100 * HOUR).map(
    (expiresMs) =>
      (rule: Rule): Rule =>
        rule.type === "require" ? { ...rule, expiresMs, delayMs: Math.min(rule.delayMs, expiresMs / 2) } : rule,
  ),
  fc.constantFrom(HOUR / 2, 2 * HOUR, 50 * HOUR).map(
    (delayMs) =>
      (rule: Rule): Rule =>
        rule.type === "require" ? { ...rule, delayMs, expiresMs: Math.max(rule.expiresMs, 2 * delayMs) } : rule,
  ),
  fc.constantFrom(1n, -1n).map(
    (by) =>
      (rule: Rule): Rule =>
        rule.type === "limit" ? { ...rule, max: rule.max + by < 0n ? 0n : rule.max + by } : rule,
  ),
  alternatives.map(
    (approvals) =>
      (rule: Rule): Rule =>
        rule.type === "require" ? { ...rule, approvals } : rule,
  ),
  fc.constantFrom("all", "any").map(
    (op) =>
      (rule: Rule, other: Rule): Rule => ({ ...rule, when: { op, of: [rule.when, other.when] } }),
  ),
  fc.constant((rule: Rule): Rule => ({ ...rule, when: { op: "not", of: rule.when } })),
  fc.constant((rule: Rule, other: Rule): Rule => ({ ...rule, kinds: [...new Set([...rule.kinds, ...other.kinds])] })),
  fc.constant((rule: Rule): Rule => ({ ...rule, kinds: rule.kinds.slice(1) })),
  fc.constant((rule: Rule): Rule => ({ ...rule, id: `renamed-${rule.id}` })),
  fc.constant((_rule: Rule, other: Rule): Rule => other),
);

interface Edit {
  readonly at: number;
  readonly change: (rule: Rule, other: Rule) => Rule;
  readonly other: readonly Rule[];
  readonly how: "change" | "add" | "drop";
  readonly mode: boolean;
}

const edits: Arbitrary<Edit> = fc.record({
  at: fc.nat(6),
  change: changes,
  other: rules("x", 1),
  how: fc.constantFrom("change", "change", "change", "add", "drop"),
  mode: fc.nat(4).map((n) => n === 0),
});

function edited(policy: Policy, edit: Edit): Policy {
  const apply = (list: readonly Rule[]): readonly Rule[] => {
    const [drawn = list[0]] = edit.other;
    if (drawn === undefined) return list;
    const other = { ...drawn, id: "other" };
    if (edit.how === "add") return [...list, other];
    const at = edit.at % Math.max(1, list.length);
    if (edit.how === "drop") return list.filter((_, index) => index !== at);
    return list.map((rule, index) => (index === at ? edit.change(rule, other) : rule));
  };
  if (!edit.mode) return typed({ ...policy, rules: apply(policy.rules) });
  const change = (mode: Mode): Mode => ({ ...mode, rules: apply(mode.rules) });
  return typed({ ...policy, modes: new Map([...policy.modes].map(([name, mode]) => [name, change(mode)])) });
}

const signed: Arbitrary<Signed> = fc.record({
  effect: effects,
  moment: circumstances,
  agoMs: fc.constantFrom(0, HOUR, 2 * HOUR, 48 * HOUR),
});
const requests = fc.record({
  effects: fc.array(effects, { minLength: 1, maxLength: 2 }),
  moment: circumstances,
  history: fc.array(signed, { maxLength: 3 }),
});

/** Where little is allowed, little can differ. */
const open: Arbitrary<Policy> = fc.tuple(policies, fc.uniqueArray(kinds, { minLength: 3, maxLength: 12 })).map(([policy, all]) => {
  const allow = (id: string): Rule => ({ id, type: "allow", kinds: all, when: { op: "always" } });
  const modes = [...policy.modes].map(([name, mode]): [string, Mode] => [name, { ...mode, rules: [...mode.rules, allow(`open-${name}`)] }]);
  return { ...policy, rules: [...policy.rules, allow("open")], modes: new Map(modes) };
});

describe("a policy that is said to be narrower", () => {
  test("lets nothing through that the other stopped, whatever was signed before", () => {
    const count = { narrower: 0, wider: 0, same: 0, passed: 0 };
    fc.assert(
      fc.property(open, edits, fc.array(requests, { minLength: 40, maxLength: 40 }), (drawn, edit, tries) => {
        const [before, after] = [typed(drawn), edited(drawn, edit)];
        const narrower = isProvenNarrower(before, after);
        const diff = diffPolicies(before, after);
        expect(diff.kind).toBe("exact");
        // The proof and the differences say the same.
        expect(narrower).toBe(!diff.differences.some(({ change }) => change === "newlyAllowed" || change === "weaker"));
        const same = diff.differences.length === 0;
        count[same ? "same" : narrower ? "narrower" : "wider"]++;
        if (!narrower) return;
        const space = new Space([before, after]);
        for (const { effects: list, moment, history } of tries) {
          const when = { ...moment, requester: moment.requester ?? "ana" };
          const intent = { effects: list, refusals: [] };
          if (!factsOf(intent, when).every((facts) => isInside(space, facts))) continue;
          const [was, is] = [before, after].map((policy) =>
            standing(policy, interpret(policy, intent, when, countersAfter(policy, history)), when),
          ) as [Standing, Standing];
          if (is.able.some(Boolean)) count.passed++;
          expect(isAtMost(is, was, when.requester)).toBe(true);
          if (same) expect(isAtMost(was, is, when.requester)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
    expect(Math.min(count.narrower, count.wider, count.same)).toBeGreaterThan(25);
    expect(count.passed).toBeGreaterThan(100);
  });

  test("is one that asks for more without a delay, or asks it of more kinds, whatever stands beside it", () => {
    let asking = 0;
    fc.assert(
      fc.property(open, rules("x", 3), kinds, (drawn, others, kind) => {
        const rule = others.find((one) => one.type === "require");
        if (rule === undefined) return;
        asking++;
        const before = typed({ ...drawn, rules: [...drawn.rules, { ...rule, delayMs: 0 }] });
        const wider = { ...rule, delayMs: 0, kinds: [...new Set([...rule.kinds, kind])] };
        expect(isProvenNarrower(typed(drawn), before)).toBe(true);
        expect(isProvenNarrower(before, typed({ ...drawn, rules: [...drawn.rules, wider] }))).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(asking).toBeGreaterThan(50);
  });
});
