import type { Mutant } from "../mutants.ts";

const SNEAKY = "policy/sneaky-edits.test.ts";

export const DIFF: readonly Mutant[] = [
  {
    name: "entries of lists are not compared",
    file: "policy/analyze/said.ts",
    find: "JSON.stringify([...member].sort())",
    replace: "String(member.size > 0)",
    test: { file: SNEAKY, name: "a list gains an entry" },
  },
  {
    name: "a shorter window passes for the stricter one",
    file: "policy/analyze/counting.ts",
    find: "windowOf(limit) >= windowOf(old)",
    replace: "windowOf(limit) <= windowOf(old)",
    test: { file: SNEAKY, name: "a window shortened under a smaller maximum" },
  },
  {
    name: "a limit that is split passes for one that is not",
    file: "policy/analyze/counting.ts",
    find: "limit.by.every((field) => old.by.includes(field))",
    replace: "old.by.every((field) => limit.by.includes(field))",
    test: { file: SNEAKY, name: "a limit by who asks" },
  },
  {
    name: "two limits that share the effects of one make up for it",
    file: "policy/analyze/counting.ts",
    find: "return expansion === undefined ? true :",
    replace: "return expansion === undefined ? false :",
    test: { file: SNEAKY, name: "a limit in two halves that cover it together" },
  },
  {
    name: "a shorter delay passes for the stricter one",
    file: "policy/analyze/stricter.ts",
    find: "delayOf(rules) >= delayOf(others) &&",
    replace: "delayOf(rules) <= delayOf(others) &&",
    test: { file: SNEAKY, name: "a delay made longer" },
  },
  {
    name: "what could not be decided tightens",
    file: "policy/analyze/diff.ts",
    find: "    if (cause instanceof Inconclusive) return false;",
    replace: "    if (cause instanceof Inconclusive) return true;",
    test: { file: "policy/edit.test.ts", name: "that cannot be decided within the work that is granted loosens" },
  },
  {
    name: "credentials are not compared",
    file: "policy/analyze/beside.ts",
    find: "credentials.map(json).sort()",
    replace: "credentials.length > 0",
    test: { file: SNEAKY, name: "a key of a person swapped for another, beside a narrower rule" },
  },
  {
    name: "a book entry may come to mean another address",
    file: "policy/analyze/beside.ts",
    find: "old !== undefined && old.chain === entry.chain && old.address === entry.address",
    replace: "old !== undefined",
    test: { file: SNEAKY, name: "two names of the book swapped, both of which are paid" },
  },
  {
    name: "whoever could say no is not asked after",
    file: "policy/analyze/stricter.ts",
    find: "mayObject(other, asked, approvers) && answersOnly",
    replace: "answersOnly",
    test: { file: SNEAKY, name: "a role that approves payments loses a member, and with them their no" },
  },
  {
    name: "somebody who stands in for a time passes for one who always does",
    file: "policy/analyze/stricter.ts",
    find: "stands: (member) => standsAt(member, moment)",
    replace: "stands: (_member) => moment >= 0",
    test: { file: SNEAKY, name: "somebody who stands in for a time, and then for ever" },
  },
  {
    name: "consent that is kept for longer is no loosening",
    file: "policy/analyze/stricter.ts",
    find: "expiryOf(rules) <= expiryOf(others) &&",
    replace: "",
    test: { file: SNEAKY, name: "consent that is kept for longer" },
  },
  {
    name: "what was spent by somebody who is gone is not counted",
    file: "policy/analyze/counting.ts",
    find: "new Space(policies, [], domainInRecords)",
    replace: "new Space(policies)",
    test: { file: SNEAKY, name: "a limit on all but one, and then on those who are there" },
  },
  {
    name: "the rules of a mode are not compared",
    file: "policy/analyze/diff.ts",
    find: '["normal", "frozen", ...before.modes.keys(), ...after.modes.keys()]',
    replace: '["normal", "frozen"]',
    test: { file: SNEAKY, name: "a mode with a rule more" },
  },
];
