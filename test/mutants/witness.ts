import type { Mutant } from "../mutants.ts";

const compose = (name: string) => ({ file: "cli/compose.test.ts", name });

/** What an audit shows as real bytes is what it says: one of the ways in which an example could mislead. */
export const WITNESS: readonly Mutant[] = [
  {
    name: "bytes are shown that do something else than the witness",
    file: "cli/compose.ts",
    find: "    return stated[name] === done[name];",
    replace: "    return true;",
    test: compose("never have others than were asked for, whatever is asked for: there are none then"),
  },
  {
    name: "bytes are shown that call with other arguments than the witness",
    file: "cli/compose.ts",
    find: "Object.hasOwn(done, name) && done[name] === value);",
    replace: "Object.hasOwn(done, name) || done[name] === value);",
    test: compose("are none where what is asked for is written otherwise than a decoder writes it"),
  },
  {
    name: "bytes are shown that the policy denies for their fee",
    file: "cli/compose.ts",
    find: "    if (judgement.reasons.length > 0 || ",
    replace: "    if (",
    test: compose("is there only if the policy lets its other effects pass as well"),
  },
  {
    name: "bytes are shown as if nobody had to answer for their fee",
    file: "cli/compose.ts",
    find: "!judgement.needs.every((need) => asked.has(textOf(need)))",
    replace: "asked.size < 0",
    test: compose("is not there where it would need more than the witness says"),
  },
  {
    name: "a request is shown that explain does not let pass as it stands",
    file: "cli/witness.ts",
    find: `verdictOf(judgement, () => false).verdict !== "deny";`,
    replace: `verdictOf(judgement, () => false).verdict !== "";`,
    test: { file: "cli/witness.test.ts", name: "become bytes, which the interpreter, the evaluator and explain let pass" },
  },
];
