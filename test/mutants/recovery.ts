import type { Mutant } from "../mutants.ts";

const share = (name: string) => ({ file: "recovery/share.test.ts", name });
const realm = (name: string) => ({ file: "recovery/realm.test.ts", name });
const slip39 = (name: string) => ({ file: "recovery/slip39.test.ts", name });
const bip85 = (name: string) => ({ file: "keys/bip85.test.ts", name });
const age = (name: string) => ({ file: "backup/age.test.ts", name });

/** Shares in words, child seeds, and backups in the age format. */
export const RECOVERY: readonly Mutant[] = [
  {
    name: "a share with a wrong word is given to the library",
    file: "recovery/share.ts",
    find: "  return sum === 1;",
    replace: "  return sum !== 0;",
    test: share("with any one word wrong is refused: 128 bits"),
  },
  {
    name: "padding of a share is not looked at",
    file: "recovery/share.ts",
    find: "if (bits(10 * HEAD_WORDS, padding) !== 0) throw",
    replace: "if (bits(10 * HEAD_WORDS, padding) < 0) throw",
    test: share("is refused by us for what it is"),
  },
  {
    name: "any list of words is taken from the worker",
    file: "recovery/share.ts",
    find: '.join("")))) === LIST)',
    replace: '.join("")))) !== "")',
    test: share("and no other list is taken"),
  },
  {
    name: "one share counts twice",
    file: "recovery/choose.ts",
    find: "if (before !== undefined) throw",
    replace: "if (before === -1) throw",
    test: share("that are the same one are told by their places"),
  },
  {
    name: "shares of two splittings go together",
    file: "recovery/choose.ts",
    find: "if (other !== undefined) throw",
    replace: "if (other === undefined && at < 0) throw",
    test: share("of another identifier are mixed"),
  },
  {
    name: "shares beyond the threshold are not looked at",
    file: "recovery/choose.ts",
    find: "Array.from({ length: rounds }, (_, round)",
    replace: "Array.from({ length: 1 }, (_, round)",
    test: slip39("takes more shares than it needs only if every one of them agrees"),
  },
  {
    name: "a passphrase of any characters is taken",
    file: "recovery/slip39.ts",
    find: "/^[\\x20-\\x7e]*$/.test(passphrase)",
    replace: "/^[^]*$/.test(passphrase)",
    test: slip39("takes nothing but printable ASCII for a passphrase, either way"),
  },
  {
    name: "shares are handed out that do not give the secret back",
    file: "recovery/slip39.ts",
    find: "if (!same) throw failed();",
    replace: "if (same === undefined) throw failed();",
    test: realm("whose shares do not give the secret back has them thrown away"),
  },
  {
    name: "a worker outlives its use",
    file: "recovery/realm.ts",
    find: "    await worker.terminate();",
    replace: "    await undefined;",
    test: realm("is ended after each use, good or bad"),
  },
  {
    name: "a worker that never answers is waited for",
    file: "recovery/realm.ts",
    find: 'end(new CustodyError("recovery/timed-out"',
    replace: 'void (new CustodyError("recovery/timed-out"',
    test: realm("that never answers is ended when its time is up"),
  },
  {
    name: "the library changes the prototypes of everybody",
    file: "recovery/realm.ts",
    find: "  const worker = start(options.worker ?? ownWorker);",
    replace:
      '  Object.defineProperty(Array.prototype, "toHexString", { value: () => "", configurable: true });\n  const worker = start(options.worker ?? ownWorker);',
    test: realm("leaves every built-in of ours as it was"),
  },
  {
    name: "the library gets the same randomness each time",
    file: "recovery/slip39-crypto.ts",
    find: 'export { randomBytes } from "../keys/random.ts";',
    replace: "export const randomBytes = (length: number) => new Uint8Array(length);",
    test: slip39("leaves the secret to its owner, and makes other shares each time"),
  },
  {
    name: "a child seed stays in memory",
    file: "keys/bip85.ts",
    find: "      return await use(bytes);\n    } finally {\n      wipe(bytes);",
    replace: "      return await use(bytes);\n    } finally {\n      wipe();",
    test: bip85("is lent: overwritten when its use is over"),
  },
  {
    name: "a child is the key at its path",
    file: "keys/bip85.ts",
    find: 'hmac(sha512, utf8("bip-entropy-from-k"), key)',
    replace: "secretCopy(key, key)",
    test: bip85("is neither the key at its path nor a part of it"),
  },
  {
    name: "a passphrase's work has no ceiling",
    file: "backup/age-passphrase.ts",
    find: "  if (workFactor > CEILING) {",
    replace: "  if (workFactor > 2 ** 53) {",
    test: age("that asks for 2²¹ of scrypt is refused before any work"),
  },
  {
    name: "a passphrase's file may have further keys",
    file: "backup/age-passphrase.ts",
    find: "if (stanzas.length !== 1) throw",
    replace: "if (stanzas.length < 1) throw",
    test: age("for a passphrase and a further key is refused, whole as it is"),
  },
  {
    name: "a header is read without end",
    file: "backup/head.ts",
    find: "if (this.length > MOST_HEAD) throw",
    replace: "if (this.length < 0) throw",
    test: age("is refused in bounded work: a body without end"),
  },
  {
    name: "a wrong passphrase looks like damage",
    file: "backup/age.ts",
    find: "cause.message === NO_KEY_FITS",
    replace: "cause.message === undefined",
    test: age("is for each of its recipients, and for nobody else"),
  },
  {
    name: "the end of a file that is cut off is swallowed",
    file: "backup/chunks.ts",
    find: "    throw fault(cause);",
    replace: "    void fault(cause);",
    test: age("is refused wherever it is cut off"),
  },
  {
    name: "an aborted backup goes on",
    file: "backup/chunks.ts",
    find: "if (signal.aborted) stop();",
    replace: "if (signal.aborted) void stop;",
    test: age("is ended by its signal"),
  },
];
