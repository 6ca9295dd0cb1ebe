import type { Intent } from "../intent/intent.ts";
import type { Policy } from "../policy/core.ts";
import { emptyCounters } from "../policy/counters.ts";
import { compile } from "../policy/evaluate.ts";

/**
 * Whether the policy could let this person ask for it at all, whatever an approver cannot know: counters, ages, hours, the mode.
 * What is denied to everybody is not about them; the vault denies it.
 */
export function couldAsk(policy: Policy, intent: Intent, person: string): boolean {
  if (!policy.people.has(person)) return false;
  const evaluator = compile(policy);
  const modes = ["normal", ...policy.modes.keys()];
  const isOpen = (who: { readonly requester?: string }) =>
    modes.some((mode) =>
      evaluator.judge(intent, { now: 0, mode, ...who }, emptyCounters).reasons.every(({ code, params }) => !isCertain(code, params)),
    );
  return isOpen({ requester: person }) || !isOpen({});
}

/** A denial that nothing unknown could turn around. */
function isCertain(code: string, { undecided, certain }: { readonly [name: string]: unknown }): boolean {
  if (code === "policy/not-allowed") return Array.isArray(undecided) && undecided.length === 0;
  return code === "policy/forbidden" && certain === true;
}
