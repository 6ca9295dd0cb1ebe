import type { Mutant } from "../mutants.ts";

const of = (row: string) => ({ file: "secrets.test.ts", name: `of ${row}, wherever one is given by mistake` });
const printed = { file: "secrets.test.ts", name: "a custody, its sessions, slots, stores, credentials and vaults, open and locked" };

/** What an error, a log line or a printed object could give away. */
export const SECRETS: readonly Mutant[] = [
  {
    name: "who has no such name is named, though it may be a passphrase",
    file: "custody/session.ts",
    find: '"session: the policy knows nobody of this name"',
    replace: "`session: the policy knows nobody called ${person}`",
    test: of("Custody.session"),
  },
  {
    name: "an id that is none comes along as the cause",
    file: "custody/answers.ts",
    find: "if (record === undefined || record.expires <= view.now) throw noSuchRequest();",
    replace: "if (record === undefined || record.expires <= view.now) throw Object.assign(noSuchRequest(), { cause: id });",
    test: of("Session.approve"),
  },
  {
    name: "an unknown member of a request is repeated",
    file: "custody/door.ts",
    find: '"expected only the members chain, account, kind, payload, got another"',
    replace: "`unknown member ${key}`",
    test: of("Session.sign"),
  },
  {
    name: "what is no chain is repeated",
    file: "custody/desk.ts",
    find: "(${known}), got another`",
    replace: "(${known}), got ${chain}`",
    test: of("Custody.decode"),
  },
  {
    name: "a text that is too long for a name is repeated from a policy",
    file: "policy/problems.ts",
    find: "const LONGEST_QUOTED = 30;",
    replace: "const LONGEST_QUOTED = 300;",
    test: of("Custody.checkPolicy"),
  },
  {
    name: "the words of a phrase that is none are repeated",
    file: "keys/mnemonic.ts",
    find: "throw nothingFits(words.length, readings);",
    replace: "throw bad(`no such words: ${words.at(-2)}`);",
    test: of("Custody.create"),
  },
  {
    name: "what cannot be read as options comes along as the cause",
    file: "base/plain.ts",
    find: 'throw new CustodyError("request/malformed", `${what}: expected an object`);',
    replace: 'throw new CustodyError("request/malformed", `${what}: expected an object`, { cause: options });',
    test: of("Custody.create"),
  },
  {
    name: "a slot of a passphrase has the passphrase on it",
    file: "vault/passphrase.ts",
    find: '    kind: "passphrase",\n',
    replace: '    kind: "passphrase",\n    ...{ phrase },\n',
    test: printed,
  },
  {
    name: "a credential has its private key on it",
    file: "custody/credentials.ts",
    find: "    publicKey: compressed(publicKey),\n    sign: async",
    replace: "    publicKey: compressed(publicKey),\n    ...{ privateKey },\n    sign: async",
    test: printed,
  },
];
