import type { Mutant } from "../mutants.ts";

const audit = (name: string) => ({ file: "cli/audit.test.ts", name });
const diff = (name: string) => ({ file: "cli/diff.test.ts", name });
const replay = (name: string) => ({ file: "cli/replay.test.ts", name });
const cases = (name: string) => ({ file: "cli/policy-test.test.ts", name });

/** What the commands of the audit say to whoever reads only their exit code, or only what they print. */
export const AUDIT_CLI: readonly Mutant[] = [
  {
    name: "audit exits with 0 though a budget is broken",
    file: "cli/commands/audit.ts",
    find: "verdictOf(found, budgets).passed",
    replace: "verdictOf(found).passed",
    test: audit('["--budget","4.999999999999999999 ETH/24h"] is 1'),
  },
  {
    name: "audit looks at one copy of the vault, however many there are",
    file: "cli/audit-options.ts",
    find: '{ copies: count("copies", copies) }',
    replace: '{ copies: Math.min(1, count("copies", copies)) }',
    test: audit('["--budget","5 ETH/24h","--copies","2"] is 1'),
  },
  {
    name: "audit grants all work, whatever was granted",
    file: "cli/audit-options.ts",
    find: "...(work !== undefined && { work: count",
    replace: "...(work === undefined && { work: count",
    test: audit('["--work","1"] is 1'),
  },
  {
    name: "audit steals from the first of a role alone",
    file: "cli/audit-options.ts",
    find: "return members.map(({ person }) => person);",
    replace: "return members.slice(0, 1).map(({ person }) => person);",
    test: audit("whoever is robbed is everybody who was named"),
  },
  {
    name: "audit does not look at a way into the vault that was told of",
    file: "cli/audit-options.ts",
    find: "...(slots !== undefined && {",
    replace: "...(slots === undefined && {",
    test: audit("a channel that is open within the time breaks a budget"),
  },
  {
    name: "diff exits with 0 on what governs",
    file: "cli/commands/diff.ts",
    find: 'direction === "none" || direction === "tightens"',
    replace: 'direction !== "loosens"',
    test: diff("exits with 0 only where nothing is wider"),
  },
  {
    name: "diff takes what it could not decide for no loosening",
    file: "cli/compared.ts",
    find: 'if (kind === "inconclusive" || widens || are("loosens")) return "loosens";',
    replace: 'if (kind === "inconclusive") return "tightens";\n  if (widens || are("loosens")) return "loosens";',
    test: diff("counts what it could not decide as a loosening"),
  },
  {
    name: "policies are equivalent that differ beside their rules",
    file: "cli/compared.ts",
    find: "differences.length === 0 && beside.length === 0",
    replace: "differences.length === 0 && beside.length >= 0",
    test: diff("exits with 0 only where nothing is wider"),
  },
  {
    name: "diff calls the decision before the one after",
    file: "cli/compared.ts",
    find: "[decisionText(from, witness, before), decisionText(to, witness, after)]",
    replace: "[decisionText(to, witness, before), decisionText(from, witness, after)]",
    test: diff("finds both gaps of the edited hot wallet"),
  },
  {
    name: "replay exits with 0 though something is decided otherwise",
    file: "cli/commands/replay.ts",
    find: "differs ? EXIT.denied : EXIT.done",
    replace: "differs ? EXIT.done : EXIT.done",
    test: replay("are compared with what is told of them"),
  },
  {
    name: "replay exits as if every line had been read",
    file: "cli/commands/replay.ts",
    find: "exit: read.unreadable > 0 ? EXIT.wrong : differs",
    replace: "exit: differs",
    test: replay("a line that cannot be read is told with its number"),
  },
  {
    name: "a failed case exits with 0",
    file: "cli/commands/policy-test.ts",
    find: "failed === 0 ? EXIT.done : EXIT.denied",
    replace: "failed >= 0 ? EXIT.done : EXIT.denied",
    test: cases("that are not as expected"),
  },
  {
    name: "a case passes whatever was decided",
    file: "cli/cases.ts",
    find: "  if (verdict !== got.verdict) return false;\n",
    replace: '  if (verdict === "") return false;\n',
    test: cases("that are not as expected"),
  },
  {
    name: "a case passes with needs that it did not expect",
    file: "cli/cases.ts",
    find: "  return left.length === 0;",
    replace: "  return left.length >= 0;",
    test: cases("that are not as expected"),
  },
  {
    name: "a case in a mode that there is not is denied, as it expects",
    file: "cli/cases.ts",
    find: "if (!modesOf(this.#policy).includes(circumstances.mode))",
    replace: 'if (circumstances.mode === "")',
    test: cases("that cannot be read are exit 2"),
  },
  {
    name: "a delay counts as waited for that is not over",
    file: "cli/cases.ts",
    find: "return waitedMs >= need.delayMs;",
    replace: "return waitedMs > 0 || need.delayMs === 0;",
    test: cases("let people answer"),
  },
  {
    name: "what waits for people exits as if it was allowed",
    file: "cli/verdict.ts",
    find: "pending: EXIT.pending,",
    replace: "pending: EXIT.done,",
    test: { file: "cli/offline.test.ts", name: "what is pending is exit 3" },
  },
  {
    name: "explain does not say that it assumed empty counters",
    file: "cli/judging.ts",
    find: '    "counters-empty",\n',
    replace: "",
    test: { file: "cli/offline.test.ts", name: "says what it assumed, and only that" },
  },
];
