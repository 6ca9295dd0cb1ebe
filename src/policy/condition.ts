import { unreachable } from "../base/errors.ts";
import type { ArgumentTest, Condition, Interval } from "./core.ts";
import type { Facts } from "./facts.ts";

/** Kleene's logic as numbers, so that "and" is the smaller, "or" the larger, and "not" keeps unknown unknown. */
export const FALSE = 0;
export const UNKNOWN = 1;
export const TRUE = 2;
export type Truth = typeof FALSE | typeof UNKNOWN | typeof TRUE;

export type Test = (facts: Facts) => Truth;

/** A condition as one closure. A value that has not the type its test needs is unknown, as is a field that the kind has not. */
export function compileCondition(condition: Condition): Test {
  switch (condition.op) {
    case "always":
      return () => TRUE;
    case "all":
      return all(condition.of.map(compileCondition));
    case "any":
      return any(condition.of.map(compileCondition));
    case "not": {
      const test = compileCondition(condition.of);
      return (facts) => negated(test(facts));
    }
    case "argument": {
      const { name } = condition;
      const test = compileTest(condition.test);
      return ({ args }) => (args !== undefined && Object.hasOwn(args, name) ? test(args[name]) : UNKNOWN);
    }
    case "in":
    case "within":
    case "is": {
      const { field } = condition;
      const test = compileTest(condition);
      return (facts) => test(facts[field]);
    }
    default:
      return unreachable("a condition of no known operator");
  }
}

type ValueTest = (value: unknown) => Truth;

function compileTest(test: ArgumentTest): ValueTest {
  switch (test.op) {
    case "in": {
      const { values } = test;
      return (value) => (typeof value === "string" ? truth(values.has(value)) : UNKNOWN);
    }
    case "within": {
      const { intervals } = test;
      return (value) => (typeof value === "bigint" ? truth(isWithin(value, intervals)) : UNKNOWN);
    }
    case "is": {
      const { value: wanted } = test;
      return (value) => (typeof value === "boolean" ? truth(value === wanted) : UNKNOWN);
    }
    default:
      return unreachable("a test of no known operator");
  }
}

function all(tests: readonly Test[]): Test {
  return (facts) => {
    let result: Truth = TRUE;
    for (const test of tests) {
      const next = test(facts);
      if (next === FALSE) return FALSE;
      if (next === UNKNOWN) result = UNKNOWN;
    }
    return result;
  };
}

function any(tests: readonly Test[]): Test {
  return (facts) => {
    let result: Truth = FALSE;
    for (const test of tests) {
      const next = test(facts);
      if (next === TRUE) return TRUE;
      if (next === UNKNOWN) result = UNKNOWN;
    }
    return result;
  };
}

function negated(value: Truth): Truth {
  return value === TRUE ? FALSE : value === FALSE ? TRUE : UNKNOWN;
}

function truth(value: boolean): Truth {
  return value ? TRUE : FALSE;
}

// Hours compile to hundreds of intervals; they are sorted and disjoint, so bisect for the last one that starts at or before.
function isWithin(value: bigint, intervals: readonly Interval[]): boolean {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const interval = intervals[middle];
    if (interval !== undefined && interval[0] <= value) low = middle + 1;
    else high = middle;
  }
  const last = intervals[low - 1];
  return last !== undefined && value <= last[1];
}
