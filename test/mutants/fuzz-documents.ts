import type { Mutant } from "../mutants.ts";

/** Breaks that the fuzzer of documents must find in its first few hundred inputs: a fuzzer that finds nothing proves nothing. */
export const FUZZ_DOCUMENTS: readonly Mutant[] = [
  {
    name: "among random documents: a member that comes twice passes for one",
    file: "base/json.ts",
    find: "if (key in out) this.#fail(",
    replace: 'if (key in out && key === "") this.#fail(',
    test: { file: "fuzz/documents.test.ts", name: "second implementations say json" },
  },
  {
    name: "among random documents: a place on the first line of a text is one column off",
    file: "base/json.ts",
    find: "return { line, column: offset - start + 1, offset };",
    replace: "return { line, column: offset - start + (line === 1 ? 0 : 1), offset };",
    test: { file: "fuzz/documents.test.ts", name: "second implementations say json" },
  },
  {
    name: "among random documents: a forbid that cannot be decided is passed by",
    file: "policy/evaluate.ts",
    find: "if (truth === FALSE) continue;",
    replace: 'if (truth === FALSE || (compiled.rule.type === "forbid" && truth !== TRUE)) continue;',
    test: { file: "fuzz/documents.test.ts", name: "second implementations say policy" },
  },
  {
    name: "among random documents: a session's statement is an approval's",
    file: "approvals/session.ts",
    find: 'utf8("keyward/session/v1\\n")',
    replace: 'utf8("keyward/approval/v1\\n")',
    test: { file: "fuzz/documents.test.ts", name: "second implementations say signed statements" },
  },
  {
    name: "among random documents: a signature has a second form",
    file: "approvals/credential.ts",
    find: "lowS: true,",
    replace: "lowS: false,",
    test: { file: "fuzz/documents.test.ts", name: "second implementations say signed statements" },
  },
  {
    name: "among random documents: a log goes on after its checkpoint",
    file: "audit/verify.ts",
    find: "if (size !== this.#frontier.size || !equal(root, rootOf(this.#frontier))) {",
    replace: "if (size > this.#frontier.size) {",
    test: { file: "fuzz/documents.test.ts", name: "second implementations say exported log" },
  },
  {
    name: "among random documents: an entry is shown under a checkpoint that does not have it",
    file: "audit/evidence.ts",
    find: "if (!verifyInclusion(claim, readProof(json.proof)))",
    replace: "if (!verifyInclusion(claim, readProof(json.proof)) && entry.seq >= claim.size)",
    test: { file: "fuzz/documents.test.ts", name: "second implementations say log proof" },
  },
  {
    name: "among random documents: a record that was put back to yesterday's opens",
    file: "vault/replica.ts",
    find: 'if (!sealed || entryValue(value.slice(0, 2), sealed) !== value) throw damaged("record");',
    replace: 'if (!sealed) throw damaged("record");',
    test: { file: "fuzz/documents.test.ts", name: "second implementations say vault records" },
  },
  {
    name: "among random documents: a node of the tree has two forms",
    file: "vault/node.ts",
    find: "count === 0 && hash !== NOTHING",
    replace: "count < 0 && hash !== NOTHING",
    test: { file: "fuzz/documents.test.ts", name: "second implementations say vault parts" },
  },
  {
    name: "among random documents: a header decides how much memory is taken",
    file: "vault/kdf.ts",
    find: "value >= FLOOR[part] && value <= CEILING[part]",
    replace: "value >= FLOOR[part]",
    test: { file: "fuzz/documents.test.ts", name: "second implementations say vault parts" },
  },
  {
    name: "among random documents: a request for approval shows other effects than its bytes have",
    file: "custody/approval-request.ts",
    find: 'check(canonical(effects) === canonical(parts.effects ?? null), "the bytes would cause other effects than it says");',
    replace: "",
    test: { file: "fuzz/documents.test.ts", name: "second implementations say approval request" },
  },
  {
    name: "among random documents: an option that is given twice counts once",
    file: "cli/args.ts",
    find: "if (given.get(name)?.length === 2 && option.many !== true)",
    replace: "if (given.get(name)?.length === 3 && option.many !== true)",
    test: { file: "fuzz/documents.test.ts", name: "second implementations say command line" },
  },
];
