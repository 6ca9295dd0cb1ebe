import type { Condition } from "../core.ts";

/** Whether a condition looks at a field somewhere. */
export function speaksOf(condition: Condition, field: string): boolean {
  switch (condition.op) {
    case "all":
    case "any":
      return condition.of.some((part) => speaksOf(part, field));
    case "not":
      return speaksOf(condition.of, field);
    case "in":
    case "within":
    case "is":
      return condition.field === field;
    default:
      return false;
  }
}
