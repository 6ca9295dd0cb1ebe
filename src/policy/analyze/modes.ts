import { EFFECT_KINDS } from "../../intent/effect.ts";
import { isAct } from "../../intent/fields.ts";
import type { Policy } from "../core.ts";
import { diffPolicies } from "./diff.ts";
import { Inconclusive } from "./inconclusive.ts";
import { rulesIn } from "./items.ts";
import { Remembered } from "./remembered.ts";
import { speaksOf } from "./speaks.ts";
import type { Topic } from "./walk.ts";
import { passages, type Ways, type WorkOptions, waysOf } from "./ways.ts";

/**
 * Whether people can sign something in one mode, where somebody may sign what nobody may in another, or more of it: false only where
 * either is proven not to be. Acts on the custody are left aside, which one set of rules judges in every mode.
 */
export function signsMore(
  policy: Policy,
  { from, to, people }: { readonly from: string; readonly to: string; readonly people: ReadonlySet<string> },
  options: WorkOptions = {},
): boolean {
  return isWider(policy, from, to, options) && canSign(policy, to, people, options);
}

const wider = new Remembered<boolean>();
const signing = new Remembered<Ways>();

function isWider(policy: Policy, from: string, to: string, options: WorkOptions): boolean {
  return wider.of(policy, JSON.stringify([from, to]), options, () => {
    const [before, after] = [signingOf(policy, from), signingOf(policy, to)];
    if (!after.rules.some(({ type }) => type === "allow")) return false;
    if ([before, after].some(({ rules }) => rules.some(({ when }) => speaksOf(when, "mode")))) return true;
    const diff = diffPolicies(before, after, options);
    return diff.kind !== "exact" || diff.differences.some(({ change }) => change === "newlyAllowed" || change === "weaker");
  });
}

function canSign(policy: Policy, mode: string, people: ReadonlySet<string>, options: WorkOptions): boolean {
  const anything: Topic = { kinds: EFFECT_KINDS, when: { op: "always" } };
  const { of, undecided } = signing.of(policy, mode, options, () => waysOf(policy, { topics: [anything], mode }, options));
  try {
    return undecided !== undefined || !passages(policy, of[0] ?? [], people).next().done;
  } catch (cause) {
    if (cause instanceof Inconclusive) return true;
    throw cause;
  }
}

/** A policy that judges in `normal` as this one does in a mode. */
function signingOf(policy: Policy, mode: string): Policy {
  const rules = rulesIn(policy, mode).flatMap((rule) => {
    const kinds = rule.kinds.filter((kind) => !isAct(kind));
    return kinds.length === 0 ? [] : [{ ...rule, kinds }];
  });
  return { ...policy, rules, modes: new Map() };
}
