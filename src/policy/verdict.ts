import type { Judgement, Need, Verdict } from "../intent/verdict.ts";

/** What a judgement comes to, once somebody has looked which needs are met. */
export function verdictOf({ reasons, needs }: Judgement, isMet: (need: Need) => boolean): Verdict {
  if (reasons.length > 0) return { verdict: "deny", reasons };
  const missing = needs.filter((need) => !isMet(need));
  return missing.length > 0 ? { verdict: "pending", needs: missing } : { verdict: "allow" };
}
