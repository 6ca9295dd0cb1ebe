import type { Mutant } from "../mutants.ts";

const attack = (name: string) => ({ file: "custody/attack.test.ts", name });

/** Holes that attackers found: each is opened again here. */
export const CUSTODY: readonly Mutant[] = [
  {
    name: "acts draw on no limit",
    file: "custody.ts",
    find: "  countAct(tx, desk, decision, entry);\n",
    replace: "",
    test: attack("a limit on acts counts what was done"),
  },
  {
    name: "what only words say is approved by its effects",
    file: "approvals/subject.ts",
    find: 'if (effect.kind !== "fee" && effect.why !== undefined) return false;',
    replace: "",
    test: { file: "approvals/subject.test.ts", name: "where an effect leaves something to words" },
  },
  {
    name: "an approved edit is done over any policy",
    file: "custody/acts.ts",
    find: "{ over: context.judge.policy.id, ...from }",
    replace: "{ ...from }",
    test: attack("an approval of a policy edit is of the difference"),
  },
  {
    name: "an edit is approved that would be another one by now",
    file: "custody/answers.ts",
    find: "if (!isAbout(pending, intent))",
    replace: "if (isAbout(pending, intent) && false)",
    test: attack("an approval of a policy edit is of the difference"),
  },
  {
    name: "a narrowed session approves",
    file: "custody/session.ts",
    find: "if (session.scope !== undefined)",
    replace: "if (session.scope === null)",
    test: attack("an approval is not given by a session that was narrowed"),
  },
  {
    name: "an id of a request is asked for its text each time",
    file: "custody/answers.ts",
    find: 'if (typeof id !== "string") throw',
    replace: 'if (typeof id === "undefined") throw',
    test: attack("an approval counts once, whatever the id of its request turns itself into"),
  },
  {
    name: "an edit that governs does not loosen",
    file: "policy/edit.ts",
    find: "rest: !governs || !same(others(from), others(to))",
    replace: "rest: !governs",
    test: attack("an edit that touches acts and payments at once both governs and loosens"),
  },
  {
    name: "an entry that acts name hides the others",
    file: "policy/edit.ts",
    find: "rest: absent || !changed.every(isNamed)",
    replace: "rest: absent || !changed.some(isNamed)",
    test: { file: "policy/edit.test.ts", name: "of a role that edits and one that only pays does both" },
  },
  {
    name: "an account's name is read again after its check",
    file: "custody/accounts.ts",
    find: 'const options = readOptions(given, "account");',
    replace: "const options = given;",
    test: attack("what is read twice an account's name cannot change between its check and its record"),
  },
  {
    name: "a wallet's source is read again after its secret",
    file: "custody/wallets.ts",
    find: 'const source = readOptions(given, "wallet");',
    replace: "const source = given;",
    test: attack("what is read twice a wallet that comes in cannot say another source at each reading"),
  },
  {
    name: "names of any length stand in the log",
    file: "custody/door.ts",
    find: " || value.length > MAX_NAME",
    replace: "",
    test: attack("a flood of requests with long names leaves no more than a line each"),
  },
  {
    name: "an answer that is neither yes nor no is taken",
    file: "custody/session.ts",
    find: 'if (answer !== "yes" && answer !== "no") throw',
    replace: 'if (answer !== "yes" && answer === "no") throw',
    test: attack("an approval is a yes or a no, and nothing in between"),
  },
  {
    name: "roles within roles have no bound",
    file: "policy/people.ts",
    find: "if (room < 0) item",
    replace: "if (room < -Infinity) item",
    test: { file: "policy/parse-hostile.test.ts", name: "a role of thousands who stand in" },
  },
  {
    name: "people who stand in cost a rule no more than others",
    file: "policy/requesters.ts",
    find: "if (!reading.budget.spend(spot, PER_DATE * dates)) return undefined;",
    replace: "",
    test: { file: "policy/parse-hostile.test.ts", name: "a role of thousands who stand in" },
  },
];
