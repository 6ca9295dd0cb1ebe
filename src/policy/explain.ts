import type { Json } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import type { Circumstances, Effect } from "../intent/effect.ts";
import type { Judgement } from "../intent/verdict.ts";
import { writeAmount } from "./amounts.ts";
import { type Candidates, candidatesOf, comparisonsOf } from "./changes.ts";
import type { Policy } from "./core.ts";
import type { Counters } from "./counters.ts";
import type { Evaluator, Judged } from "./evaluate.ts";
import { Tries } from "./tries.ts";

/** One change to the request or its moment after which it would not be denied: data, and a text that follows from it. */
export interface Change {
  readonly change: "amount" | "time" | "approvals" | "recipient" | "requester";
  readonly params: { readonly [name: string]: Json };
  readonly text: string;
}

/** A judgement and what would change it. */
export interface Explanation {
  readonly judgement: Judgement;
  /** The nearest of each sort. Each was judged again with that change alone, so no change is offered that would not do. */
  readonly changes: readonly Change[];
  /** What the caller had to assume, such as `counters-empty` or `recipient-age-unknown`: passed through. */
  readonly assumed: readonly string[];
}

/**
 * How many effects are judged again for one explanation, over all changes that are tried: an explanation is a service, not a
 * search. A try judges every effect of the request by every rule, so a long request or a long policy has few tries.
 */
export const MOST_JUDGED = 16_384;
/** A policy that compares more often judges fewer effects in proportion. */
const FEW_COMPARISONS = 50;
const MOST_OFFERED = 5;

/**
 * The judgement, and what would have to be different for the request to pass: for a denied one a smaller amount, a later time,
 * another recipient or requester; for a pending one the approvals that it waits for, and no way around them. A changed request
 * may still be pending, which `params.verdict` says.
 *
 * At most {@link MOST_JUDGED} effects are judged for that, in equal shares for the four sorts and the nearest candidates first.
 * What was not tried is not offered, so no change is no proof that none would do.
 *
 * @param countersAt - the counters as they would answer at that moment, if nothing else is signed meanwhile.
 */
export function explain(
  evaluator: Pick<Evaluator, "policy" | "limits" | "judge">,
  intent: Judged,
  circumstances: Circumstances,
  countersAt: (now: Time) => Counters,
  assumed: readonly string[] = [],
): Explanation {
  const counters = countersAt(circumstances.now);
  const judgement = evaluator.judge(intent, circumstances, counters);
  if (judgement.reasons.length === 0) return { judgement, changes: approvals(judgement), assumed };
  // Neither what the chain refuses nor what could not be judged can be mended by a change that we could offer.
  const hopeless = judgement.reasons.some(({ code }) => code === "policy/undecidable") || intent.refusals.length > 0;
  if (hopeless) return { judgement, changes: [], assumed };

  const { effects } = intent;
  const passes: Search["passes"] = (proposed, when) => {
    const changed = evaluator.judge(
      { effects: proposed, refusals: [] },
      when,
      when.now === circumstances.now ? counters : countersAt(when.now),
    );
    if (changed.reasons.length > 0) return undefined;
    return changed.needs.length > 0 ? "pending" : "allow";
  };
  const candidates = candidatesOf({ evaluator, effects, circumstances, counters, judgement });
  const search: Search = { evaluator, effects, circumstances, candidates, passes };
  const tries = new Tries(mostTries(effects, evaluator.policy));
  const changes = tries.shared([smallerAmounts, laterTime, recipients, requesters], (sort, share) => sort(search, share));
  return { judgement, changes, assumed };
}

/** What a request comes to that is not denied. */
type Passing = "allow" | "pending";

interface Search {
  readonly evaluator: Pick<Evaluator, "policy">;
  readonly effects: readonly Effect[];
  readonly circumstances: Circumstances;
  readonly candidates: Candidates;
  /** Judges again; `undefined` is denied. */
  readonly passes: (effects: readonly Effect[], when: Circumstances) => Passing | undefined;
}

function mostTries({ length }: readonly Effect[], policy: Policy): number {
  return MOST_JUDGED / (Math.max(length, 1) * Math.max(comparisonsOf(policy) / FEW_COMPARISONS, 1));
}

function approvals({ needs }: Judgement): readonly Change[] {
  return needs.flatMap((need) => {
    if (need.kind !== "approvals") return [];
    const alternatives = need.alternatives.map((clauses) => clauses.map(({ of, atLeast }) => ({ of, atLeast })));
    const said = alternatives.map((clauses) => clauses.map(({ of, atLeast }) => `${atLeast} of ${of}`).join(" and "));
    return [
      {
        change: "approvals",
        params: { rule: need.rule, alternatives, verdict: "allow" },
        text: `${need.rule} waits for the approval of ${said.join(", or ")}`,
      },
    ];
  });
}

function smallerAmounts({ evaluator: { policy }, effects, circumstances, candidates, passes }: Search, tries: Tries): readonly Change[] {
  return tries.shared(candidates.withAmount, ({ index, effect }, share) => {
    for (const amount of share.of(candidates.amounts({ index, effect }))) {
      const verdict = passes(effects.with(index, { ...effect, amount }), circumstances);
      if (verdict === undefined) continue;
      const { chain, asset } = effect;
      const named = chain === undefined || asset === undefined ? undefined : policy.book.asset(chain, asset);
      const text = `an amount of ${named === undefined ? amount : writeAmount(amount, named)} would pass`;
      return [change("amount", { effect: index, amount: amount.toString() }, verdict, text)];
    }
    return [];
  });
}

function laterTime({ effects, circumstances, candidates, passes }: Search, tries: Tries): readonly Change[] {
  for (const now of tries.of(candidates.times())) {
    const verdict = passes(effects, { ...circumstances, now });
    if (verdict === undefined) continue;
    return [change("time", { at: now }, verdict, `the same request would pass at ${new Date(now).toISOString()}`)];
  }
  return [];
}

function recipients({ effects, circumstances, candidates, passes }: Search, tries: Tries): readonly Change[] {
  return tries.shared(candidates.withRecipient, ({ index, effect }, share) => {
    // Whether the old recipient was one of our own says nothing of another.
    const { ownRecipient: _old, ...other } = effect;
    const offered: { name: string; address: string; verdict: Passing }[] = [];
    for (const { name, address } of share.of(candidates.recipients({ index, effect }))) {
      const verdict = passes(effects.with(index, { ...other, to: address }), circumstances);
      if (verdict !== undefined) offered.push({ name, address, verdict });
      if (offered.length === MOST_OFFERED) break;
    }
    if (offered.length === 0) return [];
    const to = offered.map(({ name, address }) => ({ name, address }));
    return [change("recipient", { effect: index, to }, worst(offered), `to ${offered.map(({ name }) => name).join(", ")} it would pass`)];
  });
}

function requesters({ effects, circumstances, candidates, passes }: Search, tries: Tries): readonly Change[] {
  const offered: { person: string; verdict: Passing }[] = [];
  for (const { requester, session } of tries.of(candidates.people())) {
    if (offered.some(({ person }) => person === requester)) continue;
    const verdict = passes(effects, { ...circumstances, requester, session });
    if (verdict !== undefined) offered.push({ person: requester, verdict });
    if (offered.length === MOST_OFFERED) break;
  }
  if (offered.length === 0) return [];
  const people = offered.map(({ person }) => person);
  return [change("requester", { people }, worst(offered), `asked by ${people.join(", ")} it would pass`)];
}

function worst(offered: readonly { readonly verdict: Passing }[]): Passing {
  return offered.some(({ verdict }) => verdict === "pending") ? "pending" : "allow";
}

function change(sort: Change["change"], params: Change["params"], verdict: Passing, text: string): Change {
  return { change: sort, params: { ...params, verdict }, text: verdict === "allow" ? text : `${text}, once its needs are met` };
}
