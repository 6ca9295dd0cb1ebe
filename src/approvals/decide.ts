import type { Time } from "../base/time.ts";
import type { Member } from "../intent/verdict.ts";
import { implies } from "./implied.ts";
import { type ApprovalsNeed, isEligible, isMember, missing, type Shortfall } from "./quorum.ts";
import type { Approval } from "./statement.ts";

/** What is being decided, as it stands now. */
export interface Pending {
  readonly vault: string;
  /** Id of the policy in force, whose needs these are. */
  readonly policy: string;
  readonly semantics: number;
  readonly book: string;
  /** Digest of what is approved. */
  readonly subject: string;
  /** Every person who submitted the request. */
  readonly submitters: readonly string[];
  /** Whether this person is a machine (`service`), which never counts. */
  readonly isService: (person: string) => boolean;
  /** Delays and confirmations are not decided here. */
  readonly needs: readonly ApprovalsNeed[];
  /** Whom these needs name, or the request ever waited for: each of them can end it. */
  readonly named: readonly Member[];
  /** The needs of the moment in which this yes was given, if they are still known. */
  readonly earlierNeeds: (yes: Approval) => readonly ApprovalsNeed[] | undefined;
}

export type Decision =
  /** `approvals`: the ones that were needed, for the hold to consume. */
  | { readonly state: "met"; readonly approvals: readonly Approval[] }
  /** What is lacking, per need and alternative. */
  | {
      readonly state: "waiting";
      readonly missing: readonly { readonly rule: string; readonly alternatives: readonly (readonly Shortfall[])[] }[];
    }
  /** Somebody who could have approved said no: the request has ended. */
  | { readonly state: "refused"; readonly by: string };

/**
 * Whether the answers given so far meet every need.
 *
 * A yes counts if it is over exactly this: vault, subject, submitters, book and semantics; not expired; not by a submitter
 * or a service; and under the policy in force, or an earlier one with a need that implies the present one (`implied.ts`). Over several
 * needs the same yes counts again. One explicit no over this vault and subject, by anybody who can fill a clause or could have
 * filled an earlier one, and did not submit, ends the request, whatever policy it was given under: a no needs less than a yes.
 *
 * @param given - proven approvals that no other hold has used; the caller keeps that, by `approvalId`.
 */
export function decide(pending: Pending, given: readonly Approval[], now: Time): Decision {
  const answers = given.filter(({ person }) => !pending.isService(person));
  const refusal = answers.find((answer) => isRefusal(pending, answer, now));
  if (refusal !== undefined) return { state: "refused", by: refusal.person };

  const used = new Set<Approval>();
  const lacking: { rule: string; alternatives: readonly (readonly Shortfall[])[] }[] = [];
  for (const need of pending.needs) {
    const counting = answers.filter((answer) => isYes(pending, answer, now) && isUnder(pending, answer, need));
    const quorum = missing(
      need,
      counting.map(({ person }) => person),
      pending.submitters,
      now,
    );
    if (quorum.kind === "short") lacking.push({ rule: need.rule, alternatives: quorum.alternatives });
    else for (const person of quorum.people) use(used, counting, person);
  }
  return lacking.length > 0 ? { state: "waiting", missing: lacking } : { state: "met", approvals: [...used] };
}

// Of several approvals by one person, one that another need consumes anyway goes first.
function use(used: Set<Approval>, counting: readonly Approval[], person: string): void {
  const theirs = counting.filter((answer) => answer.person === person);
  const approval = theirs.find((answer) => used.has(answer)) ?? theirs[0];
  if (approval === undefined) throw new Error("unreachable: a quorum of people who did not answer");
  used.add(approval);
}

function isRefusal(pending: Pending, { person, statement }: Approval, now: Time): boolean {
  if (statement.answer !== "no" || statement.vault !== pending.vault || statement.subject !== pending.subject) return false;
  if (statement.expiresMs <= now || pending.submitters.includes(person)) return false;
  return pending.needs.some((need) => isEligible(need, person, now)) || isMember({ members: pending.named }, person, now);
}

function isYes(pending: Pending, { statement }: Approval, now: Time): boolean {
  return (
    statement.answer === "yes" &&
    statement.vault === pending.vault &&
    statement.subject === pending.subject &&
    statement.semantics === pending.semantics &&
    statement.book === pending.book &&
    now < statement.expiresMs &&
    samePeople(statement.submitters, pending.submitters)
  );
}

function isUnder(pending: Pending, yes: Approval, need: ApprovalsNeed): boolean {
  if (yes.statement.policy === pending.policy) return true;
  return pending.earlierNeeds(yes)?.some((old) => implies(old, need)) ?? false;
}

function samePeople(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((person) => b.includes(person));
}
