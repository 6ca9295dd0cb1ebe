import type { Time } from "../base/time.ts";
import type { Clause, Need } from "../intent/verdict.ts";
import { seat } from "./matching.ts";

export type ApprovalsNeed = Extract<Need, { readonly kind: "approvals" }>;

/** What one clause still lacks when as many seats as possible are filled. */
export interface Shortfall {
  /** The clause as the policy says it. */
  readonly of: string;
  readonly missing: number;
  /** Who could still fill it now, sorted. */
  readonly candidates: readonly string[];
}

export type Quorum =
  /** `people`: who fills the clauses of the first alternative that is met. Nobody else was needed. */
  | { readonly kind: "met"; readonly people: readonly string[] }
  /** Per alternative, in the policy's order, what it lacks. */
  | { readonly kind: "short"; readonly alternatives: readonly (readonly Shortfall[])[] };

/**
 * Whether these people meet a need, and otherwise what each alternative lacks. People are counted, not keys: a name twice is
 * one person. Each fills at most one clause of the need (an exact matching, so the order of clauses and people is
 * irrelevant). Submitters never count. A member with dates counts from `from` until before `until`.
 *
 * A need without alternatives can never be met; an alternative without clauses always is.
 */
export function missing(need: ApprovalsNeed, approvers: readonly string[], submitters: readonly string[], now: Time): Quorum {
  const people = [...new Set(approvers)].filter((person) => !submitters.includes(person));
  const alternatives: Shortfall[][] = [];
  for (const clauses of need.alternatives) {
    const seated = seat(
      people,
      clauses.map((clause) => ({ capacity: clause.atLeast, admits: (person) => isMember(clause, person, now) })),
    );
    const short = clauses.flatMap((clause, at) => {
      const lacking = clause.atLeast - (seated[at]?.length ?? 0);
      return lacking > 0 ? [{ of: clause.of, missing: lacking, candidates: candidates(clause, [...people, ...submitters], now) }] : [];
    });
    if (short.length === 0) return { kind: "met", people: seated.flat() };
    alternatives.push(short);
  }
  return { kind: "short", alternatives };
}

/** Whether this person may fill some clause of the need now. */
export function isEligible(need: ApprovalsNeed, person: string, now: Time): boolean {
  return need.alternatives.some((clauses) => clauses.some((clause) => isMember(clause, person, now)));
}

export function isMember(clause: Pick<Clause, "members">, person: string, now: Time): boolean {
  return clause.members.some((member) => member.person === person && (member.from ?? now) <= now && now < (member.until ?? Infinity));
}

function candidates(clause: Clause, except: readonly string[], now: Time): readonly string[] {
  const people = new Set(clause.members.map(({ person }) => person));
  return [...people].filter((person) => !except.includes(person) && isMember(clause, person, now)).sort();
}
