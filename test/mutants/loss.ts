import type { Mutant } from "../mutants.ts";

const LOSS = "policy/analyze/loss.test.ts";
const COVERING = "policy/analyze/loss-covering.test.ts";
const WAYS = "policy/analyze/loss-ways.test.ts";
const REHEARSAL = "policy/analyze/loss-rehearsal.test.ts";

export const MAXIMUM_LOSS: readonly Mutant[] = [
  {
    name: "what left a whole window ago still counts against the bound",
    file: "policy/analyze/covering.ts",
    find: "?? Number.POSITIVE_INFINITY) <= moment - windowMs",
    replace: "?? Number.POSITIVE_INFINITY) < moment - windowMs",
    test: { file: COVERING, name: "is the cheapest cover of the time by windows" },
  },
  {
    name: "a counter bounds what cells beside it take",
    file: "policy/analyze/covering.ts",
    find: "isBounded ? first : at + 1",
    replace: "first",
    test: { file: COVERING, name: "is no less than what a programme finds, where caps bound one cell of two" },
  },
  {
    name: "a rehearsal leaves out rules about any of its assets",
    file: "policy/analyze/near.ts",
    find: "asset !== undefined && !when.values.has(asset)",
    replace: "asset === undefined || when.values.has(asset)",
    test: { file: REHEARSAL, name: "is judged as by the whole policy" },
  },
  {
    name: "counters of several recipients bound like one",
    file: "policy/analyze/draws.ts",
    find: "undefined : capacity * many",
    replace: "undefined : capacity",
    test: { file: LOSS, name: "counts each person apart where a limit does, and all of its recipients" },
  },
  {
    name: "people who ask share one counter of their own",
    file: "policy/analyze/draws.ts",
    find: "key.push(`${field} ${buckets.requester}`)",
    replace: "key.push(field)",
    test: { file: LOSS, name: "counts each person apart where a limit does, and all of its recipients" },
  },
  {
    name: "whoever asks counts as approver",
    file: "policy/analyze/thieves.ts",
    find: "this.#actors.approvers(this.people, requester, moment)",
    replace: "this.#actors.approvers(this.people, undefined, moment)",
    test: { file: LOSS, name: "loses to" },
  },
  {
    name: "what has to wait is taken at once",
    file: "policy/analyze/loss.ts",
    find: "within(open, [from + delayMs, from + horizonMs])",
    replace: "within(open, [from, from + horizonMs])",
    test: { file: LOSS, name: "or before a delay is over" },
  },
  {
    name: "nobody notices what waits just as long as it takes",
    file: "policy/analyze/thieves.ts",
    find: "detectionMs <= delayMs",
    replace: "detectionMs < delayMs",
    test: { file: LOSS, name: "waits longer than it takes to notice" },
  },
  {
    name: "the excess of a limit counts as answered whoever would have to",
    file: "policy/analyze/thieves.ts",
    find: "limit.beyond.length > 0 && suffices([limit.beyond], approvers)",
    replace: "limit.beyond.length > 0",
    test: { file: LOSS, name: "takes what the excess of a limit needs" },
  },
  {
    name: "what is sold for something that an own account gets has not left",
    file: "policy/analyze/cells.ts",
    find: 'const kinds = intersect(this.#values("kind", region), SOLD);',
    replace: "const kinds = NOTHING;",
    test: { file: WAYS, name: "what is sold" },
  },
  {
    name: "what is sold passes for what was paid in the same way",
    file: "policy/analyze/cells.ts",
    find: "const sold = kinds === undefined || ",
    replace: "const sold = kinds !== undefined || ",
    test: { file: WAYS, name: "what is sold" },
  },
  {
    name: "what leaves on one chain passes for what leaves on another",
    file: "policy/analyze/cells.ts",
    find: 'this.#telling = ["chain", ',
    replace: "this.#telling = [",
    test: { file: WAYS, name: "every chain" },
  },
  {
    name: "whoever is named when a rule comes late ends what waits",
    file: "policy/analyze/thieves.ts",
    find: "this.#objects(rule) && isNamedFor(rule, wait)",
    replace: "this.#objects(rule)",
    test: { file: LOSS, name: "begins while it waits" },
  },
  {
    name: "whoever is named for an excess when it is too late ends what waits",
    file: "policy/analyze/thieves.ts",
    find: "limit.beyond.length > 0 && suffices([limit.beyond], approvers)",
    replace: "limit.beyond.length > 0 && suffices([limit.beyond], approvers) && !(noticed && this.#objects(limit))",
    test: { file: LOSS, name: "waited together" },
  },
  {
    name: "a number is called exact though nothing shows it",
    file: "policy/analyze/loss.ts",
    find: "if (taken.shown === amount)",
    replace: "if (taken.shown <= amount)",
    test: { file: "policy/analyze/loss-schedules.test.ts", name: "is an upper bound where only what is rounded up stands in the way" },
  },
  {
    name: "repetitions of a request are judged as one",
    file: "policy/analyze/rehearse.ts",
    find: "asked * (times - 1n)",
    replace: "asked * 0n",
    test: { file: REHEARSAL, name: "is refused with one unit more, once more" },
  },
  {
    name: "a rehearsed delay need not be over",
    file: "policy/analyze/rehearse.ts",
    find: "signedMs - askedMs >= need.delayMs",
    replace: "signedMs - askedMs >= 0",
    test: { file: REHEARSAL, name: "waits where an approval is missing or a delay is not over" },
  },
];
