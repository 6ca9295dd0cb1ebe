import type { Mutant } from "../mutants.ts";

/** Stores and limits: what keeps commits whole and counters true. */
export const LIMITS: readonly Mutant[] = [
  {
    name: "a commit past its fence is written",
    file: "stores/commit.ts",
    find: "if (!(now <= notAfter))",
    replace: "if (now < 0)",
    test: { file: "stores/memory.test.ts", name: "a commit past its fence is refused" },
  },
  {
    name: "a record that somebody else changed is overwritten",
    file: "stores/commit.ts",
    find: "stands !== undefined && equal(from, stands)",
    replace: "stands !== undefined",
    test: { file: "stores/memory.test.ts", name: "a conflict on the last of many changes" },
  },
  {
    name: "the store's clock runs back with the host's",
    file: "stores/commit.ts",
    find: "this.#last, committed",
    replace: "committed",
    test: { file: "stores/memory.test.ts", name: "time never runs back" },
  },
  {
    name: "a signer whose reservation was taken over still spends it (the fence)",
    file: "limits/hold.ts",
    find: "if (hold.fence !== fence)",
    replace: "if (hold.fence === '')",
    test: { file: "limits/hold.test.ts", name: "is spent by its fence" },
  },
  {
    name: "a reservation is spent after its lease",
    file: "limits/hold.ts",
    find: 'if (!(hold.leaseUntil > at)) return { kind: "refused", why: "late" };',
    replace: "",
    test: { file: "limits/hold.test.ts", name: "is spent by its fence" },
  },
  {
    name: "a reservation lapses while its signer is still at work",
    file: "limits/hold.ts",
    find: 'if (hold.leaseUntil > now) return { kind: "refused", why: "leased" };',
    replace: "",
    test: { file: "limits/hold.test.ts", name: "lapses only when its lease is over" },
  },
  {
    name: "what was signed is reserved again",
    file: "limits/hold.ts",
    find: 'if (hold.state === "spent") return { kind: "refused", why: "spent" };',
    replace: "",
    test: { file: "limits/hold.test.ts", name: "once spent stays as it is" },
  },
  {
    name: "a reservation leaves the window before its signer is done",
    file: "limits/ledger.ts",
    find: 'at: hold.state === "spent" ? hold.at : undefined,',
    replace: "at: hold.at,",
    test: { file: "limits/interleaving.test.ts", name: "a lease that outlasts the window" },
  },
  {
    name: "the limit holds only a moment less than its window",
    file: "limits/counter.ts",
    find: "at > from",
    replace: "at >= from + 1000",
    test: { file: "limits/ledger.test.ts", name: "agree with a naive model" },
  },
  {
    name: "a replacement counts at the smaller amount",
    file: "limits/counter.ts",
    find: "(replaceable > most ? replaceable : most), 0n)",
    replace: "(replaceable < most ? replaceable : most), 0n)",
    test: { file: "limits/ledger.test.ts", name: "agree with a naive model" },
  },
];
