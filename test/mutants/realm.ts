import type { Mutant } from "../mutants.ts";

const pollution = (name: string) => ({ file: "realm/pollution.test.ts", name });
const foreign = (name: string) => ({ file: "realm/foreign.test.ts", name });
const changed = (name: string) => ({ file: "realm/changed.test.ts", name: `changes nothing of ${name}` });
const reentry = (name: string) => ({ file: "realm/reentry.test.ts", name });
const ends = (what: string) => ({
  file: "realm/arguments.test.ts",
  name: `${what} ends with a result or an error of ours, whatever it is given`,
});

/** What an app's realm and its code can do to us. */
export const REALM: readonly Mutant[] = [
  {
    name: "what everything inherits passes",
    file: "base/realm.ts",
    find: "for (const name in prototype) throw",
    replace: "for (const name of [] as string[]) throw",
    test: pollution("counts nowhere"),
  },
  {
    name: "what is inherited between the call and the decision counts",
    file: "vault/tx.ts",
    find: "    checkRealm();\n",
    replace: "",
    test: pollution("is noticed where it appears between the call and the decision"),
  },
  {
    name: "what everything inherits passes if its name is a symbol",
    file: "base/realm.ts",
    find: "if (isEnumerable.call(prototype, symbol)) throw",
    replace: "if (false) throw",
    test: pollution("is noticed where its name is a symbol"),
  },
  {
    name: "only Object.prototype is looked at",
    file: "base/realm.ts",
    find: "[Object, Array, String,",
    replace: "[Object, String,",
    test: pollution("is noticed on every prototype"),
  },
  {
    name: "an option may be inherited",
    file: "base/own.ts",
    find: "Object.create(null)",
    replace: "{}",
    test: pollution("is no option"),
  },
  {
    name: "a watcher may be anything",
    file: "custody/keyward.ts",
    find: 'if (typeof watch !== "function")',
    replace: "if (false)",
    test: foreign("a watcher that is none is refused"),
  },
  {
    name: "a slot's secret may be anything",
    file: "custody/foreign.ts",
    find: "return isBytes(value) && value.length === SECRET_BYTES;",
    replace: "return value !== undefined;",
    test: foreign("a slot may give anything"),
  },
  {
    name: "an account may be named by anything",
    file: "custody/desk.ts",
    find: '  if (typeof account !== "string") return [];\n',
    replace: "",
    test: ends("Custody.watched"),
  },
  {
    name: "an imitation of bytes is asked what it is",
    file: "base/bytes.ts",
    find: "ArrayBuffer.isView(value) && ",
    replace: "",
    test: ends(". keyCredential"),
  },
  {
    name: "the statement of an approval is read again for every use",
    file: "custody/session.ts",
    find: 'readStatement(copyPlain(statement, "approval"))',
    replace: "statement",
    test: foreign("what is approved is the statement as it was"),
  },
  {
    name: "a slot is waited for whatever its signal says",
    file: "custody/foreign.ts",
    find: "await Promise.race([running, stopped])",
    replace: "await running",
    test: foreign("a slot that never answers"),
  },
  {
    name: "a secret that comes too late stays in memory",
    file: "custody/foreign.ts",
    find: "if (isBytes(secret)) wipe(secret);",
    replace: "",
    test: foreign("a slot that never answers"),
  },
  {
    name: "a time that is no number means never",
    file: "custody/options.ts",
    find: 'if (typeof autoLockMs !== "number" || !(autoLockMs > 0))',
    replace: "if (false)",
    test: foreign("a time that is no number"),
  },
  {
    name: "a template takes tables that are none",
    file: "policy/templates.ts",
    find: "if (copy[name] === undefined) throw new",
    replace: "if (false) throw new",
    test: ends(". teamTreasury"),
  },
  {
    name: "a lock ends no wait for the app's code",
    file: "custody/keyward.ts",
    find: 'this.#locked.abort(new CustodyError("vault/locked", "vault: it was locked meanwhile"));\n    this.#locked = new AbortController();',
    replace: "",
    test: reentry("is waited for until the custody is locked: a slot"),
  },
  {
    name: "a credential is waited for though the custody is locked",
    file: "custody/foreign.ts",
    find: "return waitFor(ask, { signal: locked }, () => undefined);",
    replace: "return ask();",
    test: reentry("is waited for until the custody is locked: a credential"),
  },
  {
    name: "what was locked before the wait is waited for",
    file: "custody/foreign.ts",
    find: "  throwIfAborted(signal);\n",
    replace: "",
    test: reentry("is not waited for at all"),
  },
  {
    name: "a watcher hears last what was true before",
    file: "custody/events.ts",
    find: "if (state !== this.#state) return;",
    replace: "",
    test: reentry("a watcher that locks a vault as it opens"),
  },
  {
    name: "a source of randomness that fills only a part passes",
    file: "keys/random.ts",
    find: "run === RUN_BYTES",
    replace: "run === a.length",
    test: { file: "keys/random.test.ts", name: "a generator that fills only" },
  },
  {
    name: "a credential is read again after the wait of a session's beginning",
    file: "custody/session.ts",
    find: "readSigner(options.credential)",
    replace: "options.credential",
    test: changed("what Custody.session does"),
  },
  {
    name: "a credential is read again after the wait of a confirmation",
    file: "custody/confirm.ts",
    find: "readSigner(options.credential)",
    replace: "options.credential",
    test: changed("a confirmation by credential"),
  },
  {
    name: "the new bytes of a request that is taken up are read after a wait",
    file: "custody/session.ts",
    find: "() => copyPlain(again.request)",
    replace: "() => again.request",
    test: changed("what Session.resume does"),
  },
  {
    name: "a clock that throws throws what it likes",
    file: "stores/commit.ts",
    find: 'throw failed("the clock failed", cause);',
    replace: "throw cause;",
    test: { file: "realm/globals.test.ts", name: "signs nothing where it gives an error" },
  },
  {
    name: "every random draw is written down",
    file: "keys/random.ts",
    find: "    return secretCopy(first.subarray(0, length));",
    replace: "    JSON.stringify(first);\n    return secretCopy(first.subarray(0, length));",
    test: { file: "realm/globals.test.ts", name: "sees these secrets and no others" },
  },
];
