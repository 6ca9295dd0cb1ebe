import { everyRule } from "../../../src/policy/analyze/dimensions.ts";
import type { Question } from "../../../src/policy/analyze/question.ts";
import type { Policy, Rule } from "../../../src/policy/core.ts";
import { and, Encoding, type Formula, not, or } from "./z3-encoding.ts";
import { argumentsOf, type Fate, Judging, rulesOf } from "./z3-judging.ts";

/** The question, as a formula that has a model exactly if the answer is yes. */
export function questionScript(policy: Policy, { kinds, when = { op: "always" }, mode = "normal", by, fewerThan }: Question): string {
  const people = [...policy.people.keys()];
  const encoding = new Encoding(policy.people, argumentsOf([when, ...everyRule(policy).map((rule) => rule.when)]));
  const judging = new Judging(encoding);
  const asking = people.filter((person) => by?.has(person) ?? true);
  const answering = encoding.someone(asking);
  encoding.assertSessions();
  encoding.assert(encoding.kindIsOne(kinds));
  encoding.assert(encoding.truthOf(when).certainly);
  encoding.assert(encoding.nameIs("mode", mode));
  encoding.assert(or(asking.map((person) => encoding.nameIs("requester", person))));
  if (fewerThan !== undefined) encoding.assert(`(< ${answering.count} ${fewerThan})`);
  const fates = (["acts", { mode }] as const).map((judged) => judging.fateOf(rulesOf(policy, judged)));
  encoding.assert(
    or(
      fates.map(({ allowed, confirm, answeredBy }) => and([allowed, not(and([confirm, encoding.machineAsks])), answeredBy(answering.has)])),
    ),
  );
  return encoding.script;
}

/**
 * A formula for each rule that has a model exactly where leaving it out changes what happens to some effect: what all of them have in
 * common, and what is said on top of it for one alone.
 */
export function mattersScripts(policy: Policy): { readonly common: string; readonly of: (rule: Rule) => string } {
  const encoding = new Encoding(policy.people, argumentsOf(everyRule(policy).map(({ when }) => when)));
  const judging = new Judging(encoding);
  const group = encoding.someone(policy.people.keys());
  // A rule that speaks of the mode is read as if it could be any.
  const all = judging.fateOf(policy.rules);
  // INVARIANT: nothing is named for one rule alone that another could come to use.
  for (const rule of policy.rules) rule.type === "limit" ? judging.exceeded(rule) : judging.matches(rule);
  const common = encoding.script;
  const of = (rule: Rule) => {
    const since = encoding.lines;
    const others = judging.fateOf(policy.rules.filter((other) => other !== rule));
    const asks = rule.type === "limit" ? judging.matches(rule) : asksOther(all, others, group.has);
    encoding.assert(or([differs(all.allowed, others.allowed), and([all.allowed, asks])]));
    return encoding.scriptSince(since);
  };
  return { common, of };
}

/**
 * Formulas that have a model exactly where some effect is newly allowed, newly denied, or allowed by both and asked otherwise. Both
 * policies have the same people.
 */
export function differenceScripts(before: Policy, after: Policy): { readonly [what in "wider" | "narrower" | "asks"]: string } {
  const encoding = new Encoding(before.people, argumentsOf([before, after].flatMap(everyRule).map(({ when }) => when)));
  const judging = new Judging(encoding);
  const group = encoding.someone(before.people.keys());
  const modes = ["acts", ...["normal", ...before.modes.keys()].map((mode) => ({ mode }))] as const;
  const cases = modes.map((judged) => {
    const [old, now] = [judging.fateOf(rulesOf(before, judged)), judging.fateOf(rulesOf(after, judged))];
    const inMode = judged === "acts" ? "true" : encoding.nameIs("mode", judged.mode);
    return {
      wider: and([inMode, now.allowed, not(old.allowed)]),
      narrower: and([inMode, old.allowed, not(now.allowed)]),
      asks: and([inMode, old.allowed, now.allowed, asksOther(old, now, group.has)]),
    };
  });
  const script = (what: "wider" | "narrower" | "asks") => `${encoding.script}\n(assert ${or(cases.map((one) => one[what]))})`;
  return { wider: script("wider"), narrower: script("narrower"), asks: script("asks") };
}

function differs(one: Formula, other: Formula): Formula {
  return not(`(= ${one} ${other})`);
}

/** Where the same people can bring it about under one alone, or one waits longer or wants somebody to be there. */
function asksOther(one: Fate, other: Fate, has: (person: string) => Formula): Formula {
  return or([differs(one.answeredBy(has), other.answeredBy(has)), differs(one.delay, other.delay), differs(one.confirm, other.confirm)]);
}
