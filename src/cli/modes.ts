import type { Policy } from "../policy/core.ts";
import { suggest } from "./args.ts";
import { usage } from "./exit.ts";

/** `normal` and `frozen` are always there. */
export function modesOf({ modes }: Policy): readonly string[] {
  return [...new Set(["normal", "frozen", ...modes.keys()])];
}

/** A mode that an option names. @throws `cli/usage` with the nearest mode that the policy knows */
export function modeNamed(mode: string, policy: Policy): string {
  const known = modesOf(policy);
  if (known.includes(mode)) return mode;
  throw usage(`--mode: expected one of ${known.join(", ")}, got ${JSON.stringify(mode)}${suggest(mode, known)}`);
}
