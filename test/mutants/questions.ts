import type { Mutant } from "../mutants.ts";

const near = (name: string) => ({ file: "policy/analyze/nearby.test.ts", name });
const REGIONS = { file: "policy/analyze/regions.test.ts", name: "lead every effect to exactly the rules that speak of it" };

/** What a question or a search for dead rules leaves out because it has no say: what it must not leave out. */
export const QUESTIONS: readonly Mutant[] = [
  {
    name: "rules that list no names are not looked at",
    file: "policy/analyze/nearby.ts",
    find: "  const parts = [others];",
    replace: "  const parts = [others].slice(1);",
    test: near("is exactly what meets it, each once"),
  },
  {
    name: "rules about what is unknown are not looked at",
    file: "policy/analyze/nearby.ts",
    find: "    if (unknown) add(byName.get(UNKNOWN));",
    replace: "",
    test: near("is exactly what meets it, each once"),
  },
  {
    name: "work beside the diagram is free",
    file: "policy/analyze/nearby.ts",
    find: "    this.#budget?.spend(Math.floor(this.#all.length / LOOKS_A_STEP));\n    return",
    replace: "    return",
    test: near("is found without a look at each, and what is looked at is paid for"),
  },
  {
    name: "a question about a field is asked of kinds that have not the field",
    file: "policy/analyze/walk.ts",
    find: "kinds.filter((kind) => has(kind, box))",
    replace: "kinds",
    test: { file: "policy/analyze/question.test.ts", name: "of a field that a kind has not is answered with no for that kind" },
  },
  {
    name: "a list with names of several chains is one of the first chain",
    file: "policy/analyze/boxes.ts",
    find: "[...values].every((name) => name.startsWith(chain)",
    replace: "[...values].some((name) => name.startsWith(chain)",
    test: REGIONS,
  },
  {
    name: "what denies a part of an allow denies all of it",
    file: "policy/analyze/boxes.ts",
    find: "  return whole.every(([dimension, values]) => {",
    replace: "  return whole.some(([dimension, values]) => {",
    test: { file: "policy/analyze/dead.test.ts", name: "say whether others allow it too, or forbid it" },
  },
  {
    name: "rules that could not be looked at are said to be none",
    file: "policy/analyze/dead.ts",
    find: '    return { kind: "inconclusive", undecided',
    replace: '    return { kind: "exact", dead: [] }; return { kind: "inconclusive", undecided',
    test: { file: "policy/analyze/dead.test.ts", name: "are undecided where the work does not reach, however little it is" },
  },
];
