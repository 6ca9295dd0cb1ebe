import type { Mutant } from "../mutants.ts";

/** The log: what makes an export prove something. */
export const AUDIT: readonly Mutant[] = [
  {
    name: "a signature without a reservation passes",
    file: "audit/meaning.ts",
    find: '(kind === "signed" || kind === "lapsed") && !this.#close(entry)',
    replace: 'kind === "lapsed" && !this.#close(entry)',
    test: { file: "audit/log.test.ts", name: "signed under a reservation of another hold or intent is found" },
  },
  {
    name: "two signatures under one reservation pass",
    file: "audit/meaning.ts",
    find: "open.intent === intent && this.#open.delete(reservation)",
    replace: "open.intent === intent",
    test: { file: "audit/log.test.ts", name: "signed twice under one reservation is found" },
  },
  {
    name: "time that runs back passes",
    file: "audit/meaning.ts",
    find: "this.#last !== undefined && time < this.#last",
    replace: "this.#last !== undefined && time < 0",
    test: { file: "audit/log.test.ts", name: "time that runs back is found unless a clock entry says so" },
  },
  {
    name: "a forged inclusion proof verifies",
    file: "audit/proof.ts",
    find: "return last === 0 && equal(hash, root);",
    replace: "return last === 0;",
    test: { file: "audit/tree.test.ts", name: "every inclusion proof up to 64" },
  },
  {
    name: "a forked log has a consistency proof",
    file: "audit/proof.ts",
    find: "return last === 0 && equal(oldHash, fromRoot) && equal(newHash, toRoot);",
    replace: "return last === 0 && equal(newHash, toRoot);",
    test: { file: "audit/tree.test.ts", name: "a log that was forked has no proof that continues the old one" },
  },
  {
    name: "an entry can be guessed from its leaf",
    file: "audit/entry.ts",
    find: "sha256(concat(COMMITMENT, salt, body))",
    replace: "sha256(concat(COMMITMENT, body))",
    test: { file: "audit/log.test.ts", name: "a leaf says nothing about a body that can be guessed" },
  },
  {
    name: "one signature fits every text under a key of small order",
    file: "audit/note.ts",
    find: "zip215: false",
    replace: "zip215: true",
    test: { file: "audit/note.test.ts", name: "a key of small order" },
  },
  {
    name: "whatever was reserved in an erased entry may be signed again and again",
    file: "audit/meaning.ts",
    find: "return this.#unchecked.size < this.#unchecked.add(reservation).size;",
    replace: "return this.#unchecked.add(reservation).size > 0;",
    test: { file: "audit/log.test.ts", name: "signed twice under one reservation is found, though it was erased" },
  },
];
