import type { Mutant } from "../mutants.ts";

/** Lifetime limits over holds that are no longer kept. */
export const LIFETIME: readonly Mutant[] = [
  {
    name: "a lifetime limit forgets what is no longer kept",
    file: "custody/lifetime.ts",
    find: "totals.set(key, (totals.get(key) ?? 0n) + replaceable + lasting);",
    replace: "totals.set(key, 0n);",
    test: { file: "custody/lifetime.test.ts", name: "are forgotten at an opening, and a lifetime limit still counts them" },
  },
  {
    name: "an edit refreshes a lifetime limit",
    file: "custody/lifetime.ts",
    find: "carry(tx, lifetime.totals);",
    replace: "",
    test: { file: "custody/lifetime.test.ts", name: "count under a policy that comes later, whatever its limits are called and cover" },
  },
  {
    name: "holds are forgotten before they have left every window",
    file: "custody/lifetime.ts",
    find: "35 * DAY_MS",
    replace: "30 * DAY_MS",
    test: { file: "custody/lifetime.test.ts", name: "are forgotten at an opening" },
  },
];
