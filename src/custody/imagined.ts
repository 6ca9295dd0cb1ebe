import type { ApprovalStatement } from "../approvals/statement.ts";
import type { Time } from "../base/time.ts";
import { SEMANTICS } from "../intent/semantics.ts";
import type { Need } from "../intent/verdict.ts";
import type { Policy } from "../policy/core.ts";
import { isService } from "../policy/credentials.ts";
import { nameOf } from "./credentials.ts";
import { namedBy } from "./objections.ts";
import type { AnswerRecord, PendingRecord } from "./records.ts";
import { mayAnswer, standingOf } from "./standing.ts";
import { delaysOf, waitOf } from "./waiting.ts";

/** A request that waits in the mind only: the record that a custody would keep, with answers that nobody has signed. */
export type Waits = PendingRecord;

/** Who asks, who would say yes, what is needed now. */
export interface Imagined {
  readonly requester: string;
  readonly approvers: readonly string[];
  readonly needs: readonly Need[];
  readonly now: Time;
}

/** A request that begins to wait now, with the answers of everybody who may give one at once. */
export function waitsFor(policy: Policy, asked: Imagined): Waits {
  const { requester, needs, now } = asked;
  const expires = now + waitOf({ policy }, needs);
  const pending = { ...NOTHING, submitters: [requester], since: now, expires, policy: policy.id, book: policy.book.hash };
  return answered(policy, { ...pending, needs, named: namedBy([], needs), delays: delaysOf([], needs, now) }, asked);
}

/** Whether it has waited for longer than what is needed now lets anything wait. */
export function isOver(policy: Policy, { since, expires }: Waits, { needs, now }: Imagined): boolean {
  return Math.min(expires, since + waitOf({ policy }, needs)) <= now;
}

/** What the same request, judged again, still lacks once everybody has answered, and confirmed, who may. */
export function stillMissing(policy: Policy, waits: Waits, asked: Imagined): readonly Need[] {
  const { requester, needs, now } = asked;
  const expires = Math.min(waits.expires, waits.since + waitOf({ policy }, needs));
  const judged: Waits = { ...waits, expires, needs, named: namedBy(waits.named, needs), delays: delaysOf(waits.delays, needs, now) };
  // Presence is shown by a key, or by unlocking, of a person: a program has neither to show.
  const present = !isService(policy.people.get(requester) ?? []);
  const confirmed = present ? { confirmed: { person: requester, at: now, expires } } : {};
  return standingOf({ policy }, { ...answered(policy, judged, asked), ...confirmed }, now).missing;
}

function answered(policy: Policy, pending: Waits, { approvers, now }: Imagined): Waits {
  const fresh = [...new Set(approvers)].filter(
    (person) => !pending.answers.some((answer) => answer.person === person) && mayAnswer(pending, { person, answer: "yes" }, now),
  );
  return { ...pending, answers: [...pending.answers, ...fresh.flatMap((person) => yesOf(policy, pending, person, now))] };
}

/** The yes that this person would sign, with the first of their credentials. */
function yesOf(policy: Policy, pending: Waits, person: string, now: Time): readonly AnswerRecord[] {
  const [credential] = policy.people.get(person) ?? [];
  if (credential === undefined) return [];
  const { vault, semantics, book, submitters, nonce } = pending;
  const statement: ApprovalStatement = {
    ...{ vault, policy: pending.policy, semantics, book, submitters, nonce },
    subject: pending.subject.digest,
    answer: "yes",
    expiresMs: pending.expires,
    head: { size: 0, root: "" },
  };
  const proof = { key: nameOf(credential), signature: null, session: null };
  return [{ person, answer: "yes", at: now, expires: pending.expires, statement, ...proof, needs: pending.needs }];
}

const NOTHING = {
  id: "imagined",
  vault: "imagined",
  request: { chain: "", account: "", kind: "transaction", payload: null },
  intent: "",
  exact: "",
  subject: { kind: "effects", digest: "", feeCeiling: "0" },
  askedIn: { id: "", credential: "unlock" },
  askedWith: [],
  nonce: "",
  semantics: SEMANTICS,
  affected: [],
  answers: [],
  used: [],
} as const;
