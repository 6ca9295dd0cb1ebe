import type { Mutant } from "../mutants.ts";

/** Lifetime limits over holds that are no longer kept; modes and pending requests over time. */
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
  {
    name: "an emergency that runs out undoes a freeze",
    file: "custody/refusals.ts",
    find: 'mode.then ?? "normal"',
    replace: '"normal"',
    test: { file: "custody/modes.test.ts", name: "comes back after an emergency that began from it has run out" },
  },
  {
    name: "one person's flood takes everybody's places",
    file: "custody/pending.ts",
    find: "submitters.includes(person)).length >= MOST_OF_ONE",
    replace: "submitters.includes(person)).length >= MOST_PENDING",
    test: { file: "custody/pending.test.ts", name: "one person's flood leaves the others their places" },
  },
];
