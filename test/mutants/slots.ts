import type { Mutant } from "../mutants.ts";

const shares = (name: string) => ({ file: "slots/shares.test.ts", name });
const broken = (name: string) => ({ file: "slots/broken-split.test.ts", name });
const allOf = (name: string) => ({ file: "slots/all-of.test.ts", name });
const keychain = (name: string) => ({ file: "slots/keychain.test.ts", name });
const contract = (name: string) => ({ file: "slots/contract.test.ts", name });

/** Ways into the vault that work everywhere, and the keychain of Node. */
export const SLOTS: readonly Mutant[] = [
  {
    name: "one recovery share alone opens the vault",
    file: "slots/share-set.ts",
    find: "value >= 2 && value <= of",
    replace: "value >= 1 && value <= of",
    test: shares("is refused"),
  },
  {
    name: "a recovery share of an earlier set is put together with later ones",
    file: "slots/share-set.ts",
    find: "if (share.set !== wanted.set)",
    replace: "if (share.set === undefined)",
    test: shares("of another vault, slot or set is refused before anything is put together, and named"),
  },
  {
    name: "a recovery share that was altered gives a wrong secret without a word",
    file: "slots/share-set.ts",
    find: "equal(fromHex(digest), fromHex(digestOf(share, set)))",
    replace: "digest !== undefined",
    test: shares("that reads well and was altered is named, with as many as are needed and with more"),
  },
  {
    name: "one recovery share counts twice",
    file: "slots/share-set.ts",
    find: "seen.has(share.number)",
    replace: "seen.has(0)",
    test: shares("given twice is refused, on another card too"),
  },
  {
    name: "whoever makes a share with its point at zero chooses the secret",
    file: "slots/share-text.ts",
    find: " || bytes.at(-1) === 0",
    replace: "",
    test: shares("a point at zero, which would be whatever secret its maker likes, is no share"),
  },
  {
    name: "a slot counts before its recovery shares were handed out",
    file: "slots/shares.ts",
    find: "await give(",
    replace: "void give(",
    test: shares("is waited for; if that fails nothing is enrolled"),
  },
  {
    name: "the secret of recovery shares stays in memory",
    file: "slots/shares.ts",
    find: "wipe(secret, ...points);",
    replace: "",
    test: shares("leaves no secret behind in what it was drawn into"),
  },
  {
    name: "broken randomness hands the secret out as every share",
    file: "slots/shares.ts",
    find: "if (alike) throw",
    replace: "if (alike && threshold === 0) throw",
    test: broken("shares of a generator that answers with zeros, each of them the secret itself, are not handed out"),
  },
  {
    name: "recovery shares that never come together again are handed out",
    file: "slots/shares.ts",
    find: "if (!same) throw",
    replace: "if (!same && threshold === 0) throw",
    test: broken("shares that do not come together again are not handed out"),
  },
  {
    name: "a rehearsal says yes to shares whose secret opens nothing",
    file: "slots/rehearse-shares.ts",
    find: "return toHex(x25519.publicKey(privateKey)) === publicKey;",
    replace: "return publicKey !== undefined;",
    test: {
      file: "slots/rehearse-shares.test.ts",
      name: "says no where the secret does not lead to the slot's key, whatever the digests say",
    },
  },
  {
    name: "shares of another slot of the vault keep the right one from being tried",
    file: "vault/slot-keys.ts",
    find: '"slot/share-foreign", ',
    replace: "",
    test: contract("of two of its kind in one vault, each opens it"),
  },
  {
    name: "a keychain without an entry for one slot keeps the next from being tried",
    file: "vault/slot-keys.ts",
    find: ', "slot/no-entry"',
    replace: "",
    test: keychain("of two of its kind in one vault, each opens it"),
  },
  {
    name: "a way that joins one for viewing with one for signing loses what both together are good for, or gains",
    file: "slots/all-of.ts",
    find: "sorted.every(({ access })",
    replace: "sorted.some(({ access })",
    test: allOf("are good for viewing only if each of them is"),
  },
  {
    name: "two people are one slot twice",
    file: "slots/all-of.ts",
    find: " || new Set(given).size !== given.length",
    replace: "",
    test: allOf("of two to four, no slot twice, none inside another"),
  },
  {
    name: "a thief of the file sees whether one of several passphrases is right",
    file: "slots/all-of.ts",
    find: "const all = secretCopy(...secrets.flatMap((secret) => [u32(secret.length), secret]));",
    replace: "const all = secretCopy(...secrets.slice(0, 1));",
    test: allOf("nothing that is kept tells whether one of them is right"),
  },
  {
    name: "what was joined in one slot opens another",
    file: "slots/all-of.ts",
    find: "fromHex(slotId), utf8(kind)",
    replace: "utf8(kind)",
    test: allOf("the same parts in another slot, in another vault or in another order of kinds give another secret"),
  },
  {
    name: "two keychain entries of one slot are one",
    file: "slots/all-of.ts",
    find: "await part.enrol({ ...context, slotId: partId(context.slotId, at) })",
    replace: "await part.enrol(context)",
    test: allOf("each part has an id of its own, so two keychain entries or sets of shares are two"),
  },
  {
    name: "secrets of the parts stay in memory",
    file: "slots/all-of.ts",
    find: "    wipe(...this.#secrets.values());",
    replace: "",
    test: allOf("secrets of parts are wiped, however it ends"),
  },
  {
    name: "an entry of the keychain is written over",
    file: "slots/keychain/keychain.ts",
    find: "  await refuseIfThere(entry);",
    replace: "",
    test: keychain("is never written over"),
  },
  {
    name: "a vault's file says what is read from the keychain",
    file: "slots/keychain/keychain.ts",
    find: "if (Object.keys(parameters).length > 0) throw cannotOpen();",
    replace: "",
    test: keychain("whatever a vault's file says, no other is read"),
  },
  {
    name: "a secret that the keychain did not keep counts as kept",
    file: "slots/keychain/keychain.ts",
    find: "if (!same) throw",
    replace: "if (!same && !kept) throw",
    test: keychain("that takes a secret and does not keep it enrols nothing"),
  },
  {
    name: "without a keychain the secret goes to the kernel, which forgets it",
    file: "slots/keychain/package.ts",
    find: ', { linux: { store: "secret-service" } })',
    replace: ")",
    test: keychain("is told to use the Secret Service or nothing, whatever it is asked for"),
  },
  {
    name: "a package that cannot be told where secrets go is used",
    file: "slots/keychain/package.ts",
    find: "if (!knowsStores(AsyncEntry)) throw",
    replace: "if (!knowsStores(AsyncEntry) && AsyncEntry === undefined) throw",
    test: keychain("that does not know where it should put secrets is too old"),
  },
];
