export type { Policy } from "./core.ts";
export { compile, type Evaluator } from "./evaluate.ts";
export { type Change, type Explanation, explain } from "./explain.ts";
export { type ParseOptions, parsePolicy } from "./parse.ts";
