/**
 * One small break of one line, and the test that must notice. `npm run mutants` makes each break in a copy of the tree and
 * expects the test to fail: a security property whose test cannot fail is not tested. Prefer tests that run without ../shared.
 */
export interface Mutant {
  /** What becomes possible: "a flipped byte opens". */
  readonly name: string;
  /** Below `src`. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The test file below `test`, in the node project, and a part of the test's full name (suite and test). */
  readonly test: { readonly file: string; readonly name: string };
}

import { AUDIT } from "./mutants/audit.ts";
import { EVM } from "./mutants/evm.ts";
import { KEYS_AND_APPROVALS } from "./mutants/keys.ts";
import { LIMITS } from "./mutants/limits.ts";
import { POLICY } from "./mutants/policy.ts";

export const MUTANTS: readonly Mutant[] = [
  ...KEYS_AND_APPROVALS,
  ...POLICY,
  ...EVM,
  ...LIMITS,
  ...AUDIT,
  {
    name: "a private key stays in memory after its use",
    file: "keys/derive.ts",
    find: "  } finally {\n    wipe(privateKey);\n  }",
    replace: "  } finally {\n  }",
    test: { file: "keys/derive.test.ts", name: "a private key is lent for one use and overwritten afterwards" },
  },
  {
    name: "nodes on the way to a key stay in memory",
    file: "keys/derive.ts",
    find: "parent.wipePrivateData();",
    replace: "",
    test: { file: "keys/derive.test.ts", name: "every node on the way has its private key overwritten" },
  },
  {
    name: "an extended private key passes for a public one",
    file: "keys/derive.ts",
    find: "if (node.privateKey === null) return node;",
    replace: "return node;",
    test: { file: "keys/derive.test.ts", name: "an extended private key is refused where a public one is asked for" },
  },
  {
    name: "a generator that stands still gives keys",
    file: "keys/random.ts",
    find: " || equal(first, second)",
    replace: "",
    test: { file: "keys/random.test.ts", name: "a generator that repeats itself gives no key" },
  },
  {
    name: "a generator that answers with zeros gives keys",
    file: "keys/random.ts",
    find: "isZero(first) || isZero(second) || equal(first, second)",
    replace: "false",
    test: { file: "keys/random.test.ts", name: "a generator that answers with zeros gives no key" },
  },
  {
    name: "random bytes stay in memory",
    file: "keys/random.ts",
    find: "wipe(first, second);",
    replace: "wipe(second);",
    test: { file: "keys/random.test.ts", name: "both draws are overwritten after use" },
  },
  {
    name: "a node that its parent does not name is taken",
    file: "vault/tree.ts",
    find: "hashOf(bytes) === ref.hash ? decodeNode(bytes, position) : undefined",
    replace: "decodeNode(bytes, position)",
    test: { file: "vault/tree.test.ts", name: "a node with any byte flipped, cut or swapped for another is refused" },
  },
  {
    name: "a record opens under another name",
    file: "vault/seal.ts",
    find: "envelope.vaultId, utf8(name))",
    replace: "envelope.vaultId)",
    test: { file: "vault/seal.test.ts", name: "does not open under another name, vault, key epoch, key or suite" },
  },
  {
    name: "a record of one vault opens in another",
    file: "vault/seal.ts",
    find: "prefix(envelope), envelope.vaultId, utf8(name)",
    replace: "prefix(envelope), utf8(name)",
    test: { file: "vault/seal.test.ts", name: "does not open under another name, vault, key epoch, key or suite" },
  },
  {
    name: "the key epoch of a record is not authenticated",
    file: "vault/seal.ts",
    find: 'concat(utf8("keyward/seal"), prefix(envelope), ',
    replace: 'concat(utf8("keyward/seal"), ',
    test: { file: "vault/seal.test.ts", name: "a key epoch changed in the clear prefix does not open under that epoch either" },
  },
  {
    name: "whoever may view can write the root",
    file: "vault/root.ts",
    find: 'if (!signed) throw damaged("root");',
    replace: "",
    test: { file: "vault/tamper.test.ts", name: "a root that a holder of the view key sealed and signed with a key of its own is refused" },
  },
  {
    name: "a record put back to an older version is taken",
    file: "vault/replica.ts",
    find: "if (!sealed || entryValue(value.slice(0, 2), sealed) !== value) throw",
    replace: "if (!sealed) throw",
    test: { file: "vault/tamper.test.ts", name: "does not open with any one record put back to an older version" },
  },
  {
    name: "a secret put back to an older version is lent out",
    file: "vault/replica.ts",
    find: "if (sealed && entryValue(SECRET, sealed) === value)",
    replace: "if (sealed)",
    test: { file: "vault/tamper.test.ts", name: "a secret put back to its older version under a vault that is open is refused" },
  },
  {
    name: "an older copy of the store is taken by an open vault",
    file: "vault/replica.ts",
    find: "if (root.epoch <= this.#root.epoch || root.time < this.#root.time) {",
    replace: "if (root.epoch < 0) {",
    test: { file: "vault/tamper.test.ts", name: "the whole store put back to yesterday is vault/rolled-back" },
  },
  {
    name: "another history of the same length is taken",
    file: "vault/replica.ts",
    find: "root.epoch <= this.#root.epoch",
    replace: "root.epoch < this.#root.epoch",
    test: { file: "vault/tamper.test.ts", name: "another history of the same length is vault/rolled-back too" },
  },
  {
    name: "a slot can be dropped from the header",
    file: "vault/replica.ts",
    find: "if (root.header === this.#root.header) return",
    replace: "if (root.header) return",
    test: { file: "vault/tamper.test.ts", name: "does not open with a slot taken out of the header" },
  },
  {
    name: "the least epoch is ignored",
    file: "vault/open.ts",
    find: "replica.root.epoch < (options.minEpoch ?? 0)",
    replace: "replica.root.epoch < 0",
    test: { file: "vault/tamper.test.ts", name: "the whole store put back to yesterday is vault/rolled-back" },
  },
  {
    name: "a header may make the KDF weak",
    file: "vault/kdf.ts",
    find: "value >= FLOOR[part] && ",
    replace: "",
    test: { file: "vault/kdf.test.ts", name: "below the floor, above the ceiling, fractions and other types are refused" },
  },
  {
    name: "a header may make the KDF take the machine down",
    file: "vault/kdf.ts",
    find: " && value <= CEILING[part]",
    replace: "",
    test: { file: "vault/kdf.test.ts", name: "below the floor, above the ceiling, fractions and other types are refused" },
  },
  {
    name: "the KDF runs before its bounds are checked",
    file: "vault/passphrase.ts",
    find: "const cost = checkCost(parameters);",
    replace: "const cost = parameters as unknown as KdfCost;",
    test: { file: "vault/kdf.test.ts", name: "a header out of bounds is refused before any derivation" },
  },
  {
    name: "a short passphrase is taken",
    file: "vault/passphrase.ts",
    find: "if (characters >= SHORTEST) return;",
    replace: "if (characters >= 0) return;",
    test: { file: "vault/kdf.test.ts", name: "of fewer than eight characters is refused for a new slot" },
  },
  {
    name: "an abort is not seen while the KDF runs",
    file: "vault/kdf.ts",
    find: "onProgress: (done) => {\n      throwIfAborted(options.signal);",
    replace: "onProgress: (done) => {",
    test: { file: "vault/kdf.test.ts", name: "reports progress, lets other work run, and stops when it is aborted" },
  },
  {
    name: "our copy of the passphrase stays in memory",
    file: "vault/passphrase.ts",
    find: '        return await kdf(normal, fromHex(salt, "vault/cannot-open"), cost, context);\n      } finally {\n        wipe(normal);',
    replace: '        return await kdf(normal, fromHex(salt, "vault/cannot-open"), cost, context);\n      } finally {',
    test: { file: "vault/kdf.test.ts", name: "our copy of it is wiped, the caller's bytes are not touched" },
  },
  {
    name: "a job that throws leaves its changes",
    file: "vault/writer.ts",
    find: "      mirror.undoTo(mark);\n",
    replace: "",
    test: { file: "vault/writer.test.ts", name: "a job that throws is undone alone, with everything it left" },
  },
  {
    name: "a commit that failed stays in memory",
    file: "vault/writer.ts",
    find: "      mirror.undoTo(0);\n",
    replace: "",
    test: { file: "vault/writer.test.ts", name: "when a commit fails, everything is undone and the next one works" },
  },
  {
    name: "undo does not reach the index",
    file: "vault/mirror.ts",
    find: "this.#write(step.name, step.after, step.before);",
    replace: "this.#records.delete(step.name);",
    test: {
      file: "vault/writer.test.ts",
      name: "after any jobs, some of which throw or lose their commit, index and records equal a naive rebuild",
    },
  },
  {
    name: "two writers overwrite each other",
    file: "vault/replica.ts",
    find: "from: this.#rootBytes ?? null, ",
    replace: "",
    test: { file: "vault/writer.test.ts", name: "two handles on one store lose no update and both see them all" },
  },
  {
    name: "time runs back with the store's clock",
    file: "vault/writer.ts",
    find: "Math.max(this.#replica.root.time, await this.#store.now())",
    replace: "await this.#store.now()",
    test: { file: "vault/writer.test.ts", name: "time never runs back, even if the store's clock does" },
  },
  {
    name: "every job is a commit of its own",
    file: "vault/vault.ts",
    find: "const MOST_JOBS = 256;",
    replace: "const MOST_JOBS = 1;",
    test: { file: "vault/writer.test.ts", name: "thirty jobs at once are one commit, each seeing the one before" },
  },
  {
    name: "one late job fails its whole group",
    file: "vault/writer.ts",
    find: 'isCode(failure, "store/expired") && jobs.length > 1',
    replace: "false",
    test: { file: "vault/writer.test.ts", name: "of a group only the job that is too late fails with store/expired" },
  },
  {
    name: "a transaction can be used after its job",
    file: "vault/tx.ts",
    find: "if (this.#ended) throw",
    replace: "if (false) throw",
    test: { file: "vault/writer.test.ts", name: "a job that waits, and a view used after its callback, are refused" },
  },
  {
    name: "keys work on after lock",
    file: "vault/keyring.ts",
    find: "    this.#keys = undefined;\n",
    replace: "",
    test: { file: "vault/vault.test.ts", name: "everything after lock is vault/locked, locking twice is once, and waiting jobs fail" },
  },
  {
    name: "a secret stays in memory after its use",
    file: "vault/vault.ts",
    find: "      wipeOpened(secret);\n      this.#secrets.delete(secret);",
    replace: "      this.#secrets.delete(secret);",
    test: { file: "vault/vault.test.ts", name: "the secret lent out is wiped after use, after an error, and by lock" },
  },
  {
    name: "lock leaves a secret that is in use",
    file: "vault/vault.ts",
    find: "    for (const secret of this.#secrets) wipeOpened(secret);\n",
    replace: "",
    test: { file: "vault/vault.test.ts", name: "the secret lent out is wiped after use, after an error, and by lock" },
  },
  {
    name: "a slot's secret stays in memory",
    file: "vault/slot.ts",
    find: "    wipe(secret);\n    for",
    replace: "    for",
    test: { file: "vault/vault.test.ts", name: "a slot's secret is wiped by whoever is handed it, whether the vault opens or not" },
  },
  {
    name: "a view slot opens the sign side",
    file: "vault/slot.ts",
    find: 'grant.access === "sign" && roots.sign',
    replace: "roots.sign",
    test: { file: "vault/vault.test.ts", name: "every slot of several opens the same vault, and a view slot opens no more than view" },
  },
  {
    name: "a slot's parameters are not authenticated",
    file: "vault/slot.ts",
    find: "slot.kind, slot.parameters, slot.publicKey, part",
    replace: "slot.kind, slot.publicKey, part",
    test: { file: "vault/vault.test.ts", name: "a slot with other parameters does not open, even if its secret does not depend on them" },
  },
  {
    name: "sizes of records show",
    file: "vault/pad.ts",
    find: "const SMALLEST = 256;",
    replace: "const SMALLEST = 8;",
    test: { file: "vault/privacy.test.ts", name: "sees the same size for a short and a longer record" },
  },
  {
    name: "names of records can be guessed",
    file: "vault/subkeys.ts",
    find: "hmac(sha256, namingKey, utf8(",
    replace: "sha256(utf8(",
    test: { file: "vault/privacy.test.ts", name: "does not see that two vaults hold the same" },
  },
  {
    name: "printing a vault shows its insides",
    file: "vault/vault.ts",
    find: '[Symbol.for("nodejs.util.inspect.custom")]()',
    replace: '[Symbol.for("nodejs.util.inspect.other")]()',
    test: { file: "vault/vault.test.ts", name: "printing a vault shows whether it is open and nothing else" },
  },
  {
    name: "padding has many forms",
    file: "vault/pad.ts",
    find: " || paddedLength(end) !== padded.length",
    replace: "",
    test: { file: "vault/seal.test.ts", name: "padding refuses every other form" },
  },
  {
    name: "the tree keeps what was deleted",
    file: "vault/tree.ts",
    find: "if (value !== null) merged.push({ name, value });",
    replace: 'merged.push({ name, value: value ?? "00" });',
    test: {
      file: "vault/tree.test.ts",
      name: "after any sequence of inserts and deletes it equals the tree rebuilt from the set, nodes included",
    },
  },
  {
    name: "a fence set inside a job is forgotten",
    file: "vault/writer.ts",
    find: "earliest([job.notAfter, work.notAfter])",
    replace: "job.notAfter",
    test: { file: "vault/writer.test.ts", name: "a fence set inside a job holds its commit to that time, and the earliest one counts" },
  },
  {
    name: "a fence is over by the vault's time and still commits",
    file: "vault/writer.ts",
    find: "if (notAfter !== undefined && now > notAfter) throw",
    replace: "if (false) throw",
    test: { file: "vault/writer.test.ts", name: "a fence that is over by the vault's time holds even where the store's clock went back" },
  },
  {
    name: "a group's error counts although its commit was lost",
    file: "vault/writer.ts",
    find: "        await this.#store.commit(prepared.changes, latest(outcomes));",
    replace:
      '        for (const { job, ended } of outcomes) if ("error" in ended) job.reject(ended.error);\n        await this.#store.commit(prepared.changes, latest(outcomes));',
    test: { file: "vault/writer.test.ts", name: "a job's error counts only with the group" },
  },
  {
    name: "an unlocked mirror is filled again after lock",
    file: "vault/replica.ts",
    find: "    if (this.#keyring.wiped) throw locked();\n",
    replace: "",
    test: { file: "vault/vault.test.ts", name: "a lock at any await of a look that reads news brings nothing readable back" },
  },
  {
    name: "a header with more in it than was signed opens",
    file: "vault/header.ts",
    find: 'if (!equal(encodeHeader(header), bytes)) throw damaged("header");',
    replace: "",
    test: { file: "vault/tamper.test.ts", name: "does not open with a member added to the header or to a slot" },
  },
];
