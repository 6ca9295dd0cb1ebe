export type { About, Looked } from "./about.ts";
export type { Said } from "./conditions.ts";
export { reportHtml } from "./html.ts";
export { placesIn } from "./places.ts";
export { type RuleText, ruleSentence, rulesOf } from "./rules.ts";
export { reportSarif, type Source } from "./sarif.ts";
export { type Paint, reportText } from "./text.ts";
export { type Breach, type LossBudget, type Verdict, verdictOf } from "./verdict.ts";
