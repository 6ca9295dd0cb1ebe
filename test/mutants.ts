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

import { ACCOUNTS } from "./mutants/accounts.ts";
import { APPROVALS_LINE } from "./mutants/approvals-line.ts";
import { AUDIT } from "./mutants/audit.ts";
import { AUDIT_CLI } from "./mutants/audit-cli.ts";
import { AUDIT_PEOPLE } from "./mutants/audit-people.ts";
import { AUDIT_SPEED } from "./mutants/audit-speed.ts";
import { BACKUP } from "./mutants/backup.ts";
import { BITCOIN_ACCOUNTS } from "./mutants/bitcoin-accounts.ts";
import { BROWSER } from "./mutants/browser.ts";
import { CLI } from "./mutants/cli.ts";
import { CRASH } from "./mutants/crash.ts";
import { CREDENTIALS } from "./mutants/credentials.ts";
import { CUSTODY } from "./mutants/custody.ts";
import { DIFF } from "./mutants/diff.ts";
import { EVM } from "./mutants/evm.ts";
import { EXPORT } from "./mutants/export.ts";
import { FINDINGS } from "./mutants/findings.ts";
import { FUZZ } from "./mutants/fuzz.ts";
import { FUZZ_DOCUMENTS } from "./mutants/fuzz-documents.ts";
import { GOVERNANCE } from "./mutants/governance.ts";
import { KEYS_AND_APPROVALS } from "./mutants/keys.ts";
import { LIFETIME } from "./mutants/lifetime.ts";
import { LIMITS } from "./mutants/limits.ts";
import { LINE } from "./mutants/line.ts";
import { MAXIMUM_LOSS } from "./mutants/loss.ts";
import { MESSAGES } from "./mutants/messages.ts";
import { PASSKEY } from "./mutants/passkey.ts";
import { POLICY } from "./mutants/policy.ts";
import { PSBT } from "./mutants/psbt.ts";
import { PSBT_SIGN } from "./mutants/psbt-sign.ts";
import { QUESTIONS } from "./mutants/questions.ts";
import { REALM } from "./mutants/realm.ts";
import { RECOVERY } from "./mutants/recovery.ts";
import { REPLAY } from "./mutants/replay.ts";
import { REPORT } from "./mutants/report.ts";
import { RESET } from "./mutants/reset.ts";
import { RESTORE } from "./mutants/restore.ts";
import { ROTATION } from "./mutants/rotation.ts";
import { SECRETS } from "./mutants/secrets.ts";
import { SLOTS } from "./mutants/slots.ts";
import { TYPED_DATA } from "./mutants/typed-data.ts";
import { VAULT } from "./mutants/vault.ts";
import { VECTORS } from "./mutants/vectors.ts";
import { WITNESS } from "./mutants/witness.ts";

export const MUTANTS: readonly Mutant[] = [
  ...KEYS_AND_APPROVALS,
  ...POLICY,
  ...DIFF,
  ...EXPORT,
  ...QUESTIONS,
  ...AUDIT_SPEED,
  ...EVM,
  ...TYPED_DATA,
  ...SLOTS,
  ...BITCOIN_ACCOUNTS,
  ...MAXIMUM_LOSS,
  ...MESSAGES,
  ...LIMITS,
  ...LIFETIME,
  ...AUDIT,
  ...AUDIT_PEOPLE,
  ...AUDIT_CLI,
  ...CLI,
  ...VAULT,
  ...BACKUP,
  ...RESTORE,
  ...ROTATION,
  ...RESET,
  ...LINE,
  ...ACCOUNTS,
  ...CUSTODY,
  ...GOVERNANCE,
  ...PSBT,
  ...PSBT_SIGN,
  ...APPROVALS_LINE,
  ...CREDENTIALS,
  ...REALM,
  ...REPORT,
  ...REPLAY,
  ...SECRETS,
  ...CRASH,
  ...BROWSER,
  ...PASSKEY,
  ...FINDINGS,
  ...FUZZ,
  ...FUZZ_DOCUMENTS,
  ...RECOVERY,
  ...VECTORS,
  ...WITNESS,
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
    find: "agree(first, second) || ",
    replace: "",
    test: { file: "keys/random.test.ts", name: "a generator that repeats itself gives no key" },
  },
  {
    name: "a generator that answers with zeros gives keys",
    file: "keys/random.ts",
    find: "agree(first, second) || agree(first, blank) || agree(second, blank)",
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
];
