import type { Mutant } from "../mutants.ts";

const LEFT_OUT = { file: "policy/analyze/ground.test.ts", name: "rules that are left out before they are drawn" };

/** Where the audit is fast because it leaves something out. */
export const AUDIT_SPEED: readonly Mutant[] = [
  {
    name: "a rule that only possibly speaks of what is asked is left out",
    file: "policy/analyze/hull.ts",
    find: 'certain: type === "allow"',
    replace: "certain: true",
    test: LEFT_OUT,
  },
  {
    name: "a rule whose condition is no plain comparison is left out",
    file: "policy/analyze/hull.ts",
    find: "        return true;\n    }",
    replace: "        return false;\n    }",
    test: LEFT_OUT,
  },
  {
    name: "of several topics only the last one's rules are drawn",
    file: "policy/analyze/hull.ts",
    find: "unite(before, values)",
    replace: "values",
    test: LEFT_OUT,
  },
  {
    name: "a topic without a bound is bounded by the others",
    file: "policy/analyze/hull.ts",
    find: "before === undefined ? [] : [[dimension, unite(before, values)] as const]",
    replace: "[[dimension, before === undefined ? values : unite(before, values)] as const]",
    test: LEFT_OUT,
  },
  {
    name: "rules beside those that allow are left out",
    file: "policy/analyze/ground.ts",
    find: "? [] : said(near)",
    replace: '? [] : said(near.filter(({ type }) => type === "allow"))',
    test: LEFT_OUT,
  },
  {
    name: "whoever can only approve is left out of who is stolen",
    file: "policy/analyze/concerned.ts",
    find: "anybody || askers.has(person) || places.has(person)",
    replace: "anybody || askers.has(person)",
    test: { file: "policy/analyze/concerned.test.ts", name: "count those who can only approve" },
  },
  {
    name: "of approvers who can ask for the same only one is stolen",
    file: "policy/analyze/concerned.ts",
    find: "return approves.length > 0 || this.#apart ||",
    replace: "return this.#apart ||",
    test: { file: "policy/analyze/concerned.test.ts", name: "count each of those who can ask and approve alike" },
  },
];
