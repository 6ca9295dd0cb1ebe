import type { Time } from "../../base/time.ts";
import type { Condition, Policy } from "../core.ts";
import { actorsOf } from "./actors.ts";
import { everyRule } from "./dimensions.ts";
import { judged, type Witness } from "./witness.ts";

/** More moments are not looked at. */
const MOST_MOMENTS = 40;

/**
 * Whether a request could be asked for early enough: it is judged when it is asked as well as when it is signed, and each of its delays
 * runs from when it was first asked for while nothing denied the request. Looked for are the latest such moment and those before it at
 * which something else may hold, in every kind of session of whoever asks.
 *
 * @param from - no moment before it can be chosen.
 */
export function isAskedInTime(policy: Policy, witness: Witness, from: Time = 0): boolean {
  const { circumstances } = witness;
  const { requester = "", now } = circumstances;
  const sessions = actorsOf(policy).sessions(requester);
  return judged(policy, witness).needs.every((need) => {
    if (need.kind !== "delay") return true;
    const latest = now - need.delayMs;
    return momentsUntil(policy, latest, from).some((moment) =>
      sessions.some((session) => {
        const asked = judged(policy, { ...witness, circumstances: { ...circumstances, now: moment, session } });
        const isSame = asked.needs.some(({ rule, ...other }) => rule === need.rule && "delayMs" in other && other.delayMs === need.delayMs);
        return asked.reasons.length === 0 && isSame;
      }),
    );
  });
}

/** The latest moment, and before it those at which dates begin, the last ones first. */
function momentsUntil(policy: Policy, latest: Time, from: Time): readonly Time[] {
  const known = begins.get(policy) ?? [...new Set(everyRule(policy).flatMap(({ when }) => beginsIn(when)))].sort((a, b) => b - a);
  begins.set(policy, known);
  const before = known.filter((moment) => moment < latest && moment > from).slice(0, MOST_MOMENTS);
  return [latest, ...before, from];
}

const begins = new WeakMap<Policy, readonly Time[]>();

/** Where intervals of dates begin, and where they are over. */
function beginsIn(when: Condition): readonly Time[] {
  switch (when.op) {
    case "all":
    case "any":
      return when.of.flatMap(beginsIn);
    case "not":
      return beginsIn(when.of);
    case "within":
      return when.field === "date" ? when.intervals.flatMap(([low, high]) => [Number(low), Number(high) + 1]) : [];
    default:
      return [];
  }
}
