import type { Time } from "../../base/time.ts";
import type { Effect } from "../../intent/effect.ts";
import type { Field } from "../../intent/fields.ts";
import type { LimitRule, Policy, RequireRule } from "../core.ts";
import { DIRECTIONS } from "../references.ts";
import { type Actors, actorsOf, membersOf, standsAt } from "./actors.ts";
import { suffices } from "./quorum.ts";
import { speaksOf } from "./speaks.ts";
import { judged, type Witness } from "./witness.ts";

/** A request of somebody that comes under these rules when it is signed, and waits so long before that. */
export interface Waiting {
  readonly asks: readonly (RequireRule | LimitRule)[];
  readonly asker: string;
  readonly until: Time;
  readonly delayMs: number;
}

/**
 * Whom the rules of a request name for all of the time that it waits, in whatever way it is asked: who else is named only sometimes
 * can be kept from saying no. A request is judged when it is asked and when it is signed, and whoever a rule names at one of these
 * or in between can end it from then on.
 */
export function namedThroughout(actors: Actors, { asks, asker, until, delayMs }: Waiting): readonly string[] {
  if (delayMs === 0) return [];
  const named = asks.filter((rule) => isNamedFor(rule, { ms: delayMs, sessions: actors.sessions(asker) })).flatMap(membersOf);
  const there = named.filter((member) => standsAt(member, until - delayMs) && standsAt(member, until - 1));
  return [...new Set(there.map(({ person }) => person))].filter((person) => person !== asker && actors.answers(person)).sort();
}

/**
 * Whether a rule under which something is signed has named its people for at least so long, however it was asked.
 *
 * A delay runs only from when it was asked for itself, so its own rule named its people no later. Another rule may not have held when
 * the request was asked, and what it asks of approvers may be there before: a yes to a request is one to all that it comes to need,
 * and rules that the asker puts into the scope of their own session can ask for it.
 *
 * @param wait.sessions - kinds of credential with which whoever asks can begin sessions.
 */
export function isNamedFor(rule: RequireRule | LimitRule, wait: { readonly ms: number; readonly sessions: readonly string[] }): boolean {
  return (rule.type === "require" && rule.delayMs >= wait.ms) || !isPassing(rule, wait.sessions);
}

/** What may be otherwise when a request is signed than it was when it was asked: its moment, its fee, and what the vault knows. */
const PASSING: readonly Field[] = ["date", "recipientAge", "ownRecipient", "origin", "mode", "feeRate", "gas", "total"];

/** Whether a request may come under the rule, or leave it, while it waits. */
function isPassing(rule: RequireRule | LimitRule, sessions: readonly string[]): boolean {
  const weighs = rule.type === "limit" || speaksOf(rule.when, "amount");
  const ends = rule.type === "limit" && rule.measure.type === "value";
  const turns = sessions.length > 1 && speaksOf(rule.when, "session");
  return ends || turns || (weighs && rule.kinds.includes("fee")) || PASSING.some((field) => speaksOf(rule.when, field));
}

/** A request as it is shown, and who asks for it and answers it. */
export interface Shown {
  readonly witness: Witness;
  readonly people: ReadonlySet<string>;
}

/**
 * Who of those that are named can say no: none of the people themselves, and nobody whom these can keep from it. An edit of the
 * policy is ended by nobody who loses a credential by it or leaves a role: whoever can change people, or roles, in the same edit has
 * their no not to wait for, however long that takes.
 *
 * Whoever holds a way in can end what would take that away (`custody/veto.ts`). No policy says who that is, and it may be the thieves: they
 * are none of these.
 */
export function objectorsAmong(policy: Policy, named: readonly string[], request: Shown): readonly string[] {
  const others = named.filter((person) => !request.people.has(person));
  if (others.length === 0 || request.witness.effects.every(({ kind }) => kind !== "policyEdit")) return others;
  if (alsoEdits(policy, "people", request)) return [];
  if (!alsoEdits(policy, "roles", request)) return others;
  const inRoles = new Set([...policy.roles.values()].flatMap((members) => members.map(({ person }) => person)));
  return others.filter((person) => !inRoles.has(person));
}

/** Whether the people get the same edit through if it also changes this part. */
function alsoEdits(policy: Policy, part: "people" | "roles", { witness: { effects, circumstances }, people }: Shown): boolean {
  const { requester = "", now } = circumstances;
  const actors = actorsOf(policy);
  const approvers = actors.approvers(people, requester, now);
  return DIRECTIONS.some((direction) =>
    actors.sessions(requester).some((session) => {
      const more: Effect = { kind: "policyEdit", at: [], part, direction };
      const { reasons, needs } = judged(policy, { effects: [...effects, more], circumstances: { ...circumstances, session } });
      const asked = needs.flatMap((need) => (need.kind === "approvals" ? [need.alternatives] : []));
      const present = actors.answers(requester) || needs.every(({ kind }) => kind !== "confirm");
      return reasons.length === 0 && present && suffices(asked, approvers);
    }),
  );
}
