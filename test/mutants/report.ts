import type { Mutant } from "../mutants.ts";

const html = (name: string) => ({ file: "policy/report/html.test.ts", name });
const verdict = (name: string) => ({ file: "policy/report/verdict.test.ts", name });

/** The report of an audit: what its reader could be made to see or to believe. */
export const REPORT: readonly Mutant[] = [
  {
    name: "a name in a policy becomes a part of the page",
    file: "policy/report/markup.ts",
    find: "replace(/[&<>\"']/g",
    replace: "replace(/[&\"']/g",
    test: html("a text of the policy stays text, wherever it stands"),
  },
  {
    name: "a text in a policy ends an attribute of the page",
    file: "policy/report/markup.ts",
    find: "replace(/[&<>\"']/g",
    replace: "replace(/[&<>]/g",
    test: html("a text of the policy stays text, wherever it stands"),
  },
  {
    name: "a text in a policy turns the direction of the page's writing",
    file: "policy/report/markup.ts",
    find: "return visible(text).replace(",
    replace: "return text.replace(",
    test: html("characters that turn the direction of writing are written out"),
  },
  {
    name: "the page may load what it likes",
    file: "policy/report/html.ts",
    find: "default-src 'none'; ",
    replace: "",
    test: html("asks for nothing from elsewhere and runs nothing"),
  },
  {
    name: "a loss that was not decided is within every budget",
    file: "policy/report/verdict.ts",
    find: 'if (loss === undefined || loss.status === "inconclusive" || loss.amount === undefined) return "inconclusive";',
    replace: 'if (loss === undefined || loss.status === "inconclusive" || loss.amount === undefined) return undefined;',
    test: verdict("no bound, no decision and no answer at all are never within a budget"),
  },
  {
    name: "a loss without a bound is within every budget",
    file: "policy/report/verdict.ts",
    find: 'if (loss !== undefined && isUnbounded(loss)) return "unbounded";',
    replace: "if (loss !== undefined && isUnbounded(loss)) return undefined;",
    test: verdict("no bound, no decision and no answer at all are never within a budget"),
  },
  {
    name: "what lets everything go leaves a budget as it is",
    file: "policy/report/verdict.ts",
    find: 'if (channel !== undefined) return "channel";',
    replace: "",
    test: verdict("a channel that opens within the time breaks a budget"),
  },
  {
    name: "an audit with something not decided passes",
    file: "policy/report/verdict.ts",
    find: " && audit.inconclusive.length === 0",
    replace: "",
    test: verdict("an error and what was not decided do not pass"),
  },
  {
    name: "a loss is rounded down",
    file: "policy/report/names.ts",
    find: "(amount + cut - 1n) / cut",
    replace: "amount / cut",
    test: { file: "policy/report/text.test.ts", name: "losses stand in a table for each asset" },
  },
  {
    name: "a rule is told without what it waits for",
    file: "policy/report/rules.ts",
    find: "...(delay === undefined ? [] : [`a delay of ${durationWords(delay)}`]),",
    replace: "",
    test: { file: "policy/report/rules.test.ts", name: "rules that differ anywhere read differently" },
  },
  {
    name: "a text in a policy is a link where results are shown",
    file: "policy/report/sarif.ts",
    find: '.replaceAll("](", "] (")',
    replace: "",
    test: { file: "policy/report/sarif.test.ts", name: "no text becomes a link" },
  },
  {
    name: "copies of a vault are left out of its losses",
    file: "policy/report/losses.ts",
    find: "if (copies === 1n) return audit;",
    replace: "if (copies >= 1n) return audit;",
    test: { file: "cli/audit.test.ts", name: '["--budget","5 ETH/24h","--copies","2"] is 1' },
  },
  {
    name: "an audit that finds errors ends as one that finds none",
    file: "cli/commands/audit.ts",
    find: "verdictOf(found, budgets).passed ? EXIT.done : EXIT.denied",
    replace: "verdictOf(found, budgets).passed ? EXIT.done : EXIT.done",
    test: { file: "cli/audit.test.ts", name: "an error alone fails" },
  },
];
