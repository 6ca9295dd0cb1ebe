import type { Mutant } from "../mutants.ts";

const vault = (name: string) => ({ file: "vault/rotation.test.ts", name });
const slots = (name: string) => ({ file: "custody/slots.test.ts", name });

export const ROTATION: readonly Mutant[] = [
  {
    name: "a root of earlier keys opens",
    file: "vault/keyring.ts",
    find: '(purpose !== "root" && earlier.find(',
    replace: "(earlier.find(",
    test: vault("a root from before does not come back: its keys are over"),
  },
  {
    name: "removing a slot leaves the keys as they were",
    file: "vault/roster.ts",
    find: "  return rotated({ header: { ...header, slots }, keyring }, random);",
    replace: "  return { header: { ...header, slots }, keyring };",
    test: vault("a removed slot opens nothing of what is there from then on, and the copy that it kept as it was"),
  },
  {
    name: "the last slot that signs can be removed",
    file: "vault/roster.ts",
    find: "if (!slots.some(({ sign }) => sign !== null))",
    replace: "if (slots.length === 0)",
    test: vault("the last one that signs stays, and none is there twice or more than the header holds"),
  },
  {
    name: "a view slot signs after a rotation",
    file: "vault/keyring.ts",
    find: 'record.sign === null ? "view" : "sign", random);',
    replace: '"sign", random);',
    test: vault("every slot opens afterwards, whether its holder was there or not"),
  },
  {
    name: "slots keep earlier keys for good",
    file: "vault/keyring.ts",
    find: "copyRoots(this.#open().roots, [])",
    replace: "copyRoots(this.#open().roots)",
    test: vault("nothing lies under earlier keys when it is finished, and no slot holds them"),
  },
  {
    name: "earlier keys are let go of before all is sealed anew",
    file: "vault/vault.ts",
    find: "while (found && this.rotating) {",
    replace: "while (!found && this.rotating) {",
    test: vault("nothing lies under earlier keys when it is finished, and no slot holds them"),
  },
  {
    name: "a rotation takes an older record for the one that the root names",
    file: "vault/replica.ts",
    find: "if (value !== undefined && entryValue(value.slice(0, 2), sealed) !== value) throw",
    replace: "if (false) throw",
    test: vault("a record that was put back to an older one is not sealed anew"),
  },
  {
    name: "keys that did not come to be stay in memory",
    file: "vault/writer.ts",
    find: "for (const keyring of made) if (keyring !== this.#replica.roster.keyring) keyring.wipe();",
    replace: "",
    test: vault("keys that did not come to be are wiped, and those that are over"),
  },
  {
    name: "keys that are over stay in memory",
    file: "vault/replica.ts",
    find: "if (before !== this.#roster.keyring) before.wipe();",
    replace: "",
    test: vault("keys that did not come to be are wiped, and those that are over"),
  },
  {
    name: "a device that anybody can copy opens the sign side",
    file: "custody/session.ts",
    find: 'if (slot.access === "view" && act.what === "add-sign") throw',
    replace: "if (false) throw",
    test: slots("that make no sense are refused with their reason, and the last one that signs stays"),
  },
  {
    name: "a log key vouches for itself",
    file: "audit/handover.ts",
    find: "openNote(note, [key]).text !== handoverText(before, next)",
    replace: "openText(note) !== handoverText(before, next)",
    test: slots("leaves whoever kept an earlier log key or checkpoint able to follow, and nobody able to slip in a key of their own"),
  },
];
