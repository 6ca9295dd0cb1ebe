import { decide as decideApprovals } from "../approvals/decide.ts";
import { isEligible, isMember } from "../approvals/quorum.ts";
import type { Approval } from "../approvals/statement.ts";
import type { Time } from "../base/time.ts";
import type { Need } from "../intent/verdict.ts";
import { isService } from "../policy/credentials.ts";
import { hasCredential } from "./credentials.ts";
import type { Judge } from "./judge.ts";
import { approvalsOf } from "./objections.ts";
import type { AnswerRecord, PendingRecord } from "./records.ts";
import { overAt } from "./waiting.ts";

/** Where a pending request stands: what is missing, which answers count, who has ended it. */
export function standingOf(
  judge: Pick<Judge, "policy">,
  pending: PendingRecord,
  now: Time,
): { readonly missing: readonly Need[]; readonly approvals: readonly AnswerRecord[]; readonly refusedBy?: string } {
  const needs = approvalsOf(pending.needs);
  const answers = pending.answers.filter((answer) => stillTheirs(judge, answer));
  const given = new Map(answers.map((answer) => [approvalOf(answer), answer]));
  const decision = decideApprovals(
    {
      vault: pending.vault,
      policy: pending.policy,
      semantics: pending.semantics,
      book: pending.book,
      subject: pending.subject.digest,
      submitters: pending.submitters,
      isService: (person) => isService(judge.policy.people.get(person) ?? []),
      needs,
      named: pending.named,
      earlierNeeds: (yes) => approvalsOf(given.get(yes)?.needs ?? []),
    },
    [...given.keys()].filter(({ person, statement }) => statement.answer === "yes" || !pending.affected.includes(person)),
    now,
  );
  if (decision.state === "refused") return { missing: [], approvals: [], refusedBy: decision.by };
  const used =
    decision.state === "met" ? answers.filter((answer) => decision.approvals.some(({ person }) => person === answer.person)) : [];
  const last = Math.max(pending.since, ...used.map((answer) => answer.at));
  const lacking = new Set(decision.state === "waiting" ? decision.missing.map(({ rule }) => rule) : []);
  const isMet = (need: Need): boolean => {
    switch (need.kind) {
      case "approvals":
        return !lacking.has(need.rule);
      case "delay":
        return decision.state === "met" && now >= overAt(pending.delays, need, last);
      case "confirm":
        return pending.confirmed !== undefined && now < pending.confirmed.expires;
    }
  };
  const missing = pending.needs.filter((need) => !isMet(need));
  return { missing, approvals: used };
}

/** When the last delay of a request has run, if nothing else is missing; otherwise nothing. */
export function readyAt(judge: Judge, pending: PendingRecord, now: Time): Time | undefined {
  const { missing, approvals } = standingOf(judge, pending, now);
  if (missing.some((need) => need.kind !== "delay")) return undefined;
  const last = Math.max(pending.since, ...approvals.map((answer) => answer.at));
  return Math.max(now, ...missing.map((need) => (need.kind === "delay" ? overAt(pending.delays, need, last) : now)));
}

/** Whether this answer of this person could count now: a yes where they are asked, a no also where they ever were. */
export function mayAnswer(pending: PendingRecord, { person, answer }: Pick<AnswerRecord, "person" | "answer">, now: Time): boolean {
  if (pending.submitters.includes(person)) return false;
  if (answer === "no" && isMember({ members: pending.named }, person, now)) return true;
  return approvalsOf(pending.needs).some((need) => isEligible(need, person, now));
}

/** A yes counts only while its key is still one of the person's; a session's answer while the person is still one who unlocks. */
function stillTheirs(judge: Pick<Judge, "policy">, answer: AnswerRecord): boolean {
  return hasCredential(judge.policy, answer.person, answer.key);
}

function approvalOf(answer: AnswerRecord): Approval {
  return { person: answer.person, statement: answer.statement };
}
