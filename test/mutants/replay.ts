import type { Mutant } from "../mutants.ts";

const rehearsal = (name: string) => ({ file: "custody/rehearsal.test.ts", name });
const history = (name: string) => ({ file: "policy/analyze/history.test.ts", name });
const replay = (name: string) => ({ file: "cli/replay.test.ts", name });
const cases = (name: string) => ({ file: "cli/policy-test.test.ts", name });

/** Sequences that are rehearsed, histories that are replayed, cases that are tried: what makes their answers true. */
export const REPLAY: readonly Mutant[] = [
  {
    name: "repeats of a loss do not draw on the limits",
    file: "custody/rehearsal.ts",
    find: "replaceable: times * charge.replaceable",
    replace: "replaceable: charge.replaceable",
    test: rehearsal("finds the repeat at which a limit is full"),
  },
  {
    name: "a loss is shown whose requests would have been denied when they were asked",
    file: "custody/rehearsal.ts",
    find: "if (judgement.reasons.length > 0) {",
    replace: "if (judgement.reasons.length > 1e9) {",
    test: rehearsal("what is denied when it is asked does not wait"),
  },
  {
    name: "a program shows its presence in a rehearsal",
    file: "custody/imagined.ts",
    find: "const present = !isService(policy.people.get(requester) ?? []);",
    replace: "const present = policy.people.has(requester) || isService([]);",
    test: rehearsal("a program confirms nothing"),
  },
  {
    name: "any mode holds that a step asks for",
    file: "custody/rehearsal.ts",
    find: "if (mode !== holds) return",
    replace: "if (mode === undefined) return",
    test: rehearsal("a mode holds until a change of it is signed"),
  },
  {
    name: "what a policy denies fills its limits all the same",
    file: "policy/analyze/history.ts",
    find: 'if (verdict === "deny" || charges.length === 0) return;',
    replace: "if (charges.length === 0) return;",
    test: history("is decided as the plain interpreter decides it"),
  },
  {
    name: "an allow that let nothing through counts as used",
    file: "policy/analyze/history.ts",
    find: 'type === "allow" && passed === 0',
    replace: 'type === "allow" && fired === 0',
    test: history("an allow that matched only what was denied otherwise is unused"),
  },
  {
    name: "what has left its window goes on to count in a history",
    file: "policy/analyze/tally.ts",
    find: "next.at <= this.#from(now); next",
    replace: "next.at < this.#from(now); next",
    test: { file: "policy/analyze/tally.test.ts", name: "are those of the ledger" },
  },
  {
    name: "a log that does not verify is replayed",
    file: "cli/commands/replay.ts",
    find: "    if (log !== undefined && !log.ok) return refused(log);\n",
    replace: "",
    test: replay("that was changed is refused"),
  },
  {
    name: "what a person's no or the chain refused is newly allowed",
    file: "custody/past.ts",
    find: "return !BY_POLICY.has(code);",
    replace: 'return BY_POLICY.size === 0 || code === "";',
    test: replay("what the chain refused and what somebody refused stays so"),
  },
  {
    name: "whoever asks approves in a case",
    file: "cli/cases.ts",
    find: "missing(need, approvers, requester === undefined ? [] : [requester], now)",
    replace: "missing(need, approvers, [], now)",
    test: cases("let people answer"),
  },
];
