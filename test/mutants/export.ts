import type { Mutant } from "../mutants.ts";

const custody = (name: string) => ({ file: "custody/export.test.ts", name });
const wiped = (name: string) => ({ file: "custody/export-wiped.test.ts", name });
const wallets = (name: string) => ({ file: "custody/slip39-wallets.test.ts", name });
const cli = (name: string) => ({ file: "cli/export.test.ts", name });

/** Secrets that leave the vault, and shares that come in. */
export const EXPORT: readonly Mutant[] = [
  {
    name: "an export that waits for approvals leaves",
    file: "custody.ts",
    find: 'if (ruled.kind !== "logged") return ruled;',
    replace: 'if (ruled.kind === "denied") return ruled;',
    test: custody("nothing leaves while it waits"),
  },
  {
    name: "an export that is denied leaves",
    file: "custody.ts",
    find: 'if (ruled.kind !== "logged") return ruled;',
    replace: 'if (ruled.kind === "pending") return ruled;',
    test: custody("nothing leaves that no rule allows"),
  },
  {
    name: "a secret is made before its export is in the log",
    file: "custody.ts",
    find: "if (await couldPass(desk, ask)) await leaving.rehearse();",
    replace: "await leaving.release();",
    test: custody("is read only after the commit that logged its export"),
  },
  {
    name: "an export that cannot be made uses up its approvals",
    file: "custody.ts",
    find: "if (await couldPass(desk, ask)) await leaving.rehearse();",
    replace: "",
    test: custody("is asked for only where it can be made"),
  },
  {
    name: "an export that failed after it was logged stands there as one that left",
    file: "custody.ts",
    find: "await desk.vault.transact((tx) => recordFailure(tx, ruled.intent, { cause, why }));",
    replace: "void why;",
    test: custody("that cannot be read after its export was logged is an alarm"),
  },
  {
    name: "approvers see another threshold than the shares are made with",
    file: "custody/export.ts",
    find: "passphrase: protects, ...splitting })",
    replace: "passphrase: protects, ...splitting, groups: [{ threshold: 2, shares: 3 }] })",
    test: custody("nothing leaves for an approval of another wallet, path, threshold or passphrase"),
  },
  {
    name: "approvers do not see that shares lack a passphrase",
    file: "custody/export.ts",
    find: 'const protects = passphrase !== undefined && passphrase !== "";',
    replace: "const protects = true;",
    test: custody("what an export says is all that decides what leaves, to approvers and in the log"),
  },
  {
    name: "an approval of one wallet lets another one leave",
    file: "custody/export.ts",
    find: 'act: checked({ act: "export", what, wallet: wallet.id, name: wallet.name }),',
    replace: 'act: checked({ act: "export", what, wallet: "00".repeat(8), name: "Main" }),',
    test: custody("nothing leaves for an approval of another wallet, path, threshold or passphrase"),
  },
  {
    name: "approvers see another path than the child is made by",
    file: "custody/export-act.ts",
    find: "if (rest.path !== path) throw",
    replace: "if (rest.path === undefined) throw",
    test: custody("cannot be read otherwise: a path or a wallet beside what is made is refused"),
  },
  {
    name: "a mistyped passphrase of shares is passed over",
    file: "custody/export.ts",
    find: "if (Object.keys(rest).length > 0) throw",
    replace: "if (Object.keys(rest).length > 9) throw",
    test: custody("requests that are no such thing are refused at the door"),
  },
  {
    name: "shares are made without the passphrase that was asked for",
    file: "custody/export.ts",
    find: "...(passphrase !== undefined && { passphrase }),",
    replace: "",
    test: custody("shares give the entropy back, in the groups and with the passphrase asked for"),
  },
  {
    name: "an export is done by submit, with nobody to take it",
    file: "custody/session.ts",
    find: 'if (readAct(payload).act === "export") throw',
    replace: 'if (readAct(payload).act === "rotate") throw',
    test: custody("nothing leaves by submit or resume"),
  },
  {
    name: "a phrase that was ended is still in memory",
    file: "custody/released.ts",
    find: "    wipe(this.#bytes);\n",
    replace: "",
    test: wiped("once a phrase was ended"),
  },
  {
    name: "a phrase outlives the lock",
    file: "custody/released.ts",
    find: 'lease.locked.addEventListener("abort", this.#end);',
    replace: "",
    test: custody("a phrase that leaves is gone once the custody is locked, and does not come back with it"),
  },
  {
    name: "a phrase can be read once it was ended",
    file: "custody/released.ts",
    find: "    this.#bytes = undefined;\n",
    replace: "",
    test: custody("a phrase that leaves is gone once it is ended, also in the middle"),
  },
  {
    name: "shares that do not say what they hold are taken for entropy",
    file: "custody/wallets.ts",
    find: 'if (source.holds !== "seed" && source.holds !== "entropy")',
    replace: "if (source.holds === null)",
    test: wallets("is asked for what its shares hold, for the same shares are one wallet or another"),
  },
  {
    name: "entropy of shares stays in memory",
    file: "custody/wallets.ts",
    find: "    wipe(entropy, passphrase, seed);",
    replace: "    wipe(passphrase, seed);",
    test: wiped("of shares that were brought in as a wallet"),
  },
  {
    name: "a phrase is printed into a pipe",
    file: "cli/pages.ts",
    find: "if (!call.io.stdout.isTTY || !call.io.stderr.isTTY)",
    replace: 'if (call.flag("help"))',
    test: cli("refuses a pipe before anything is asked for, unless it is told to print"),
  },
  {
    name: "the last word stays on the screen",
    file: "cli/pages.ts",
    find: "  } finally {\n    await io.stderr.write(CLEAR);",
    replace: '  } finally {\n    await io.stderr.write("");',
    test: cli("is cleared where somebody stops in the middle"),
  },
];
