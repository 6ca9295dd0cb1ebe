import type { Json } from "../base/canonical.ts";
import type { Time } from "../base/time.ts";
import type { Circumstances, Effect } from "../intent/effect.ts";
import { isAct } from "../intent/fields.ts";
import type { Judgement } from "../intent/verdict.ts";
import { writeAmount } from "./amounts.ts";
import { type Asked, laterTimes, otherPeople, otherRecipients, type Passing, smallerAmounts } from "./changes.ts";
import type { Counters } from "./counters.ts";
import type { Evaluator, Judged } from "./evaluate.ts";

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

/** How many changes of one sort are tried before giving up: an explanation is a service, not a search. */
const MOST_TRIES = 400;
const MOST_OFFERED = 5;

/**
 * The judgement, and what would have to be different for the request to pass: for a denied one a smaller amount, a later time,
 * another recipient or requester; for a pending one the approvals that it waits for, and no way around them. A changed request
 * may still be pending, which `params.verdict` says.
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

  const passes = (effects: readonly Effect[], when: Circumstances): Passing | undefined => {
    const changed = evaluator.judge({ effects, refusals: [] }, when, when.now === circumstances.now ? counters : countersAt(when.now));
    if (changed.reasons.length > 0) return undefined;
    return changed.needs.length > 0 ? "pending" : "allow";
  };
  const request: Asked = { evaluator, effects: intent.effects, circumstances, counters, judgement, passes };
  return {
    judgement,
    changes: [...smallerAmount(request), ...laterTime(request), ...recipients(request), ...requesters(request)],
    assumed,
  };
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

function smallerAmount(request: Asked): readonly Change[] {
  return request.effects.flatMap((effect, index) => {
    for (const amount of smallerAmounts(request, index).slice(0, MOST_TRIES)) {
      const verdict = request.passes(request.effects.with(index, { ...effect, amount }), request.circumstances);
      if (verdict === undefined) continue;
      const { chain, asset } = effect;
      const named = chain === undefined || asset === undefined ? undefined : request.evaluator.policy.book.asset(chain, asset);
      const text = `an amount of ${named === undefined ? amount : writeAmount(amount, named)} would pass`;
      return [change("amount", { effect: index, amount: amount.toString() }, verdict, text)];
    }
    return [];
  });
}

function laterTime(request: Asked): readonly Change[] {
  for (const now of laterTimes(request).slice(0, MOST_TRIES)) {
    const verdict = request.passes(request.effects, { ...request.circumstances, now });
    if (verdict === undefined) continue;
    return [change("time", { at: now }, verdict, `the same request would pass at ${new Date(now).toISOString()}`)];
  }
  return [];
}

function recipients(request: Asked): readonly Change[] {
  return request.effects.flatMap((effect, index) => {
    if (isAct(effect.kind)) return [];
    // Whether the old recipient was one of our own says nothing of another.
    const { ownRecipient: _old, ...other } = effect;
    const offered: { name: string; address: string; verdict: Passing }[] = [];
    for (const { name, address } of otherRecipients(request, effect).slice(0, MOST_TRIES)) {
      const verdict = request.passes(request.effects.with(index, { ...other, to: address }), request.circumstances);
      if (verdict !== undefined) offered.push({ name, address, verdict });
      if (offered.length === MOST_OFFERED) break;
    }
    if (offered.length === 0) return [];
    const to = offered.map(({ name, address }) => ({ name, address }));
    return [change("recipient", { effect: index, to }, worst(offered), `to ${offered.map(({ name }) => name).join(", ")} it would pass`)];
  });
}

function requesters(request: Asked): readonly Change[] {
  const offered: { person: string; verdict: Passing }[] = [];
  for (const { requester, session } of otherPeople(request).slice(0, MOST_TRIES)) {
    if (offered.some(({ person }) => person === requester)) continue;
    const verdict = request.passes(request.effects, { ...request.circumstances, requester, session });
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
