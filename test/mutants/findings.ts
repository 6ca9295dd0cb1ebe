import type { Mutant } from "../mutants.ts";

export const FINDINGS: readonly Mutant[] = [
  {
    name: "a suggestion that allows more passes for narrower",
    file: "policy/analyze/findings/change.ts",
    find: "added.every(({ forbid, limit }) => forbid !== undefined || limit !== undefined)",
    replace: "added.every(({ forbid, limit, allow }) => forbid !== undefined || limit !== undefined || allow !== undefined)",
    test: { file: "policy/analyze/findings-change.test.ts", name: "with an allow more is compared region by region" },
  },
  {
    name: "a suggestion that takes a limit away passes for narrower",
    file: "policy/analyze/findings/change.ts",
    find: "[...byId.values()].every(({ allow }) => allow !== undefined)",
    replace: "byId.size >= 0",
    test: { file: "policy/analyze/findings-change.test.ts", name: "with a limit less is compared region by region" },
  },
  {
    name: "a tier that smaller requests avoid is found only where nothing else bounds them",
    file: "policy/analyze/findings/tiers.ts",
    find: "if (!unbounded && loss.shown <= least) return [];",
    replace: "if (!unbounded) return [];",
    test: { file: "policy/analyze/findings.test.ts", name: "finds tier-split, and not in its near twin" },
  },
  {
    name: "a question of a finding that could not be decided passes for a no",
    file: "policy/analyze/findings/evidence.ts",
    find: 'if (found.kind === "inconclusive") this.undecided(what, found.why);',
    replace: "",
    test: { file: "policy/analyze/findings.test.ts", name: "says what could not be decided, and does not pass it over" },
  },
  {
    name: "an audit shows as exact what the evaluator refuses",
    file: "policy/analyze/report.ts",
    find: "if (passed === true) return loss;",
    replace: "if (passed !== undefined) return loss;",
    test: { file: "policy/analyze/audit.test.ts", name: "shows nothing that the evaluator refuses, and calls that inconclusive" },
  },
  {
    name: "a loss that was not decided is not told",
    file: "policy/analyze/report.ts",
    find: 'if (loss.status === "inconclusive")\n',
    replace: "if (loss.shown < 0n)\n",
    test: { file: "policy/analyze/audit.test.ts", name: "shows nothing that the evaluator refuses, and calls that inconclusive" },
  },
  {
    name: "allowances without a bound are not looked for",
    file: "policy/analyze/findings/evidence.ts",
    find: "AT_TOP = [[UNLIMITED, UNLIMITED]]",
    replace: "AT_TOP = [[UNLIMITED - 1n, UNLIMITED - 1n]]",
    test: { file: "policy/analyze/findings.test.ts", name: "suggests for unlimited-allowance only what loosens nothing and mends it" },
  },
  {
    name: "a rule passes for dead that alone names somebody who could object",
    file: "policy/analyze/stricter.ts",
    find: "mayObject(other, asked, approvers) && answersOnly",
    replace: "answersOnly",
    test: { file: "policy/analyze/dead.test.ts", name: "are none that alone ask somebody who could object" },
  },
  {
    name: "a delay counts as watched though those who get through it edit the others away",
    file: "policy/analyze/findings/delays.ts",
    find: "const found = rule.approvals.length === 0 ? unasked(evidence, rule) : outvoted(evidence, rule);",
    replace: "const found = rule.approvals.length === 0 ? unasked(evidence, rule) : undefined;",
    test: { file: "policy/analyze/findings.test.ts", name: "where those who get a request through can edit people" },
  },
  {
    name: "only an edit of people takes from others their say, and none of roles",
    file: "policy/analyze/findings/delays.ts",
    find: 'const PARTS = ["people", "roles"] as const;',
    replace: 'const PARTS = ["people"] as const;',
    test: { file: "policy/analyze/findings.test.ts", name: "where somebody whom a rule names by name keeps their say" },
  },
];
