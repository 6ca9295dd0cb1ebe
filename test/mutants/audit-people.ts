import type { Mutant } from "../mutants.ts";

/** What an audit says of people: who can do what together, without whom nothing goes, and what they reach. */
export const AUDIT_PEOPLE: readonly Mutant[] = [
  {
    name: "a machine approves what stolen people ask for",
    file: "policy/analyze/actors.ts",
    find: "filter((person) => person !== asker && this.answers(person))),",
    replace: "filter((person) => person !== asker)),",
    test: { file: "policy/analyze/channels.test.ts", name: "are not opened by a machine's approval, though a clause names it" },
  },
  {
    name: "a machine confirms its own request",
    file: "policy/analyze/walk.ts",
    find: "(person) => !confirm || this.#actors.answers(person)",
    replace: "() => confirm || !confirm",
    test: { file: "policy/analyze/channels.test.ts", name: "are not opened by a machine that would have to approve or confirm" },
  },
  {
    name: "a delay stops a channel that nobody can object to",
    file: "policy/analyze/channels.ts",
    find: "delayMs >= detectionMs && objectors.length > 0",
    replace: "delayMs >= detectionMs",
    test: { file: "policy/analyze/channels.test.ts", name: "are stopped only by somebody whom their approvals name" },
  },
  {
    name: "a way that asks for less, but lets others ask, hides one",
    file: "policy/analyze/ways.ts",
    find: "        askers.every((person) => way.askers.includes(person)),",
    replace: "        askers.length > 0,",
    test: { file: "policy/analyze/channels.test.ts", name: "are exactly those that some request opens" },
  },
  {
    name: "the first team that is found is the fewest people",
    file: "policy/analyze/ways.ts",
    find: "if (found === undefined || (fewer(passage, found) || cheaper(passage, found)) < 0) found = passage;",
    replace: "found ??= passage;",
    test: { file: "policy/analyze/authority.test.ts", name: "is the fewest people whom some request takes" },
  },
  {
    name: "a lock-out looks for one absence of a team only",
    file: "policy/analyze/lockouts.ts",
    find: "for (const person of team) take([...absent, person]);",
    replace: "take([...absent, team[0] as string]);",
    test: { file: "policy/analyze/lockout.test.ts", name: "are the smallest sets of people without whom no request passes" },
  },
  {
    name: "whoever replaces everybody's keys goes on alone",
    file: "policy/analyze/escalations.ts",
    find: "people: this.#everybody }",
    replace: "people: next.people }",
    test: { file: "policy/analyze/escalation.test.ts", name: "reach everything exactly as soon as acts do" },
  },
  {
    name: "whoever is named when a rule comes late could have objected all the time",
    file: "policy/analyze/objectors.ts",
    find: "|| !isPassing(rule, wait.sessions)",
    replace: "|| wait.sessions.length > 0",
    test: { file: "policy/analyze/objectors.test.ts", name: "is nobody whom a rule names that looks at" },
  },
  {
    name: "an edit that takes somebody's key waits for their no",
    file: "policy/analyze/objectors.ts",
    find: 'if (alsoEdits(policy, "people", request)) return [];',
    replace: "",
    test: { file: "policy/analyze/objectors.test.ts", name: "may also take their key or their place in a role" },
  },
  {
    name: "a request is shown that is denied when it would have to be asked for",
    file: "policy/analyze/early.ts",
    find: "return asked.reasons.length === 0 && isSame;",
    replace: "return asked.reasons.length === 0 || !isSame;",
    test: { file: "policy/analyze/question.test.ts", name: "is answered with a request that could be asked for before its delay" },
  },
  {
    name: "a mode is left for itself",
    file: "policy/analyze/walk.ts",
    find: "names: { not: true, values: new Set([mode]) } }]];",
    replace: "names: { not: true, values: new Set() } }]];",
    test: { file: "policy/analyze/question.test.ts", name: "of a change to the mode that holds already" },
  },
];
