import type { Mutant } from "../mutants.ts";

const kept = (name: string) => ({ file: "custody/kept.test.ts", name });
const restore = (name: string) => ({ file: "custody/restore.test.ts", name });
const restored = (name: string) => ({ file: "custody/restored.test.ts", name });

export const RESTORE: readonly Mutant[] = [
  {
    name: "a vault that was restored signs",
    file: "custody/decide.ts",
    find: 'const stops = restored === undefined ? !is("policyEdit") && other : !is("restore") && restored;',
    replace: 'const stops = restored === undefined && !is("policyEdit") && other;',
    test: restored("shows everything, signs nothing and does no act but restore, with its reason"),
  },
  {
    name: "a window starts empty after a restore",
    file: "custody/restored.ts",
    find: "return restored.allowed + limit.windowMs;",
    replace: "return undefined;",
    test: restored("are full from the moment that it was allowed, whatever is known to be spent, until their window has passed"),
  },
  {
    name: "a window after a restore begins when the backup was made",
    file: "custody/restored.ts",
    find: "return restored.allowed + limit.windowMs;",
    replace: "return restored.made + limit.windowMs;",
    test: restored("are full from the moment that it was allowed, whatever is known to be spent, until their window has passed"),
  },
  {
    name: "a full limit holds only what is known to be spent",
    file: "limits/ledger.ts",
    find: "const elsewhere = time < fullUntil ? room(max, carried + used) : 0n;",
    replace: "const elsewhere = 0n;",
    test: {
      file: "limits/ledger.test.ts",
      name: "that somebody else may have spent are full until the moment that is said, and free by themselves then",
    },
  },
  {
    name: "a lifetime limit is free after a restore",
    file: "custody/restored.ts",
    find: "restored.full.includes(limit.id) ? Number.POSITIVE_INFINITY : undefined",
    replace: "undefined",
    test: restored("of a lifetime stay full until an edit writes them anew, which is an edit that loosens"),
  },
  {
    name: "any edit frees the lifetime limits that a restore has filled",
    file: "custody/restored.ts",
    find: "return full.filter((id) => after.has(id) && after.get(id) === before.get(id));",
    replace: "return full.filter((id) => after.get(id) === before.get(id) && false);",
    test: restored("of a lifetime stay full until an edit writes them anew, which is an edit that loosens"),
  },
  {
    name: "an edit that frees a full limit passes for one that tightens",
    file: "custody/acts.ts",
    find: "return told || stillFull(full, from, to).length === full.length ? [] :",
    replace: "return told || full.length >= 0 ? [] :",
    test: restored("of a lifetime stay full until an edit writes them anew, which is an edit that loosens"),
  },
  {
    name: "what waited before a restore waits after it, with its answers",
    file: "custody/restore.ts",
    find: "  endWhatWaits(tx, judge);\n",
    replace: "",
    test: restored("has nothing that waited, nobody's session and no answer of before"),
  },
  {
    name: "a session of before goes on in a restored vault",
    file: "custody/restore.ts",
    find: "    tx.delete(name);\n    journal",
    replace: "    journal",
    test: restore("ends every session of before, also one that a key began"),
  },
  {
    name: "old slots open the restored vault",
    file: "vault/roster.ts",
    find: 'slots: [keyring.admit(slot, "sign", random)] }, keyring }, random);',
    replace: 'slots: [...header.slots, keyring.admit(slot, "sign", random)] }, keyring }, random);',
    test: restore("opens by the slot that was given alone: none of before opens it, and no copy of it"),
  },
  {
    name: "a restored vault keeps the keys of its backup",
    file: "vault/roster.ts",
    find: 'return rotated({ header: { ...header, slots: [keyring.admit(slot, "sign", random)] }, keyring }, random);',
    replace: 'return { header: { ...header, slots: [keyring.admit(slot, "sign", random)] }, keyring };',
    test: restore("holds nothing that the keys of the backup open"),
  },
  {
    name: "a backup is restored over what somebody made there meanwhile",
    file: "vault/workbench.ts",
    find: "({ key, from: null, to })",
    replace: "({ key, to })",
    test: restore("meets a vault that somebody makes in the same store meanwhile"),
  },
  {
    name: "a restore takes an older backup than was asked for",
    file: "custody/restore.ts",
    find: "if (atLeast !== undefined) await holdTo(vault, atLeast);",
    replace: "",
    test: restore("with a wrong key, a damaged or cut file, an older one, or a slot that may only view leaves nothing"),
  },
  {
    name: "atLeast believes a fork",
    file: "custody/kept.ts",
    find: "if (!verifyConsistency({ from: size, to: head.size, fromRoot: root, toRoot: rootOf(head) }, proof))",
    replace: "if (proof === undefined)",
    test: kept("shows another history, shorter, as long or longer than the one that it was taken of"),
  },
  {
    name: "atLeast takes a store from before the checkpoint",
    file: "custody/kept.ts",
    find: "if (head.size < size) throw",
    replace: "if (head.size < size) return; else if (false) throw",
    test: kept("shows a store that was put back to before it, and nothing stays open"),
  },
  {
    name: "a vault that does not continue the kept checkpoint stays open",
    file: "custody/keyward.ts",
    find: "      vault.lock();\n      this.#lock();\n      throw cause;",
    replace: "      throw cause;",
    test: kept("locks a vault that is open already: what was asked for does not hold"),
  },
  {
    name: "a checkpoint is not asked for where the same slot is opening already",
    file: "custody/keyward.ts",
    find: " && other.atLeast === atLeast) return done;",
    replace: ") return done;",
    test: kept("is heard also where the same slot is opening already without it"),
  },
  {
    name: "a log of a vault that signed before its restore was allowed verifies",
    file: "audit/meaning.ts",
    find: 'if (kind === "restored") this.#rebuilt = entry.event === "rebuilt";',
    replace: "",
    test: { file: "audit/log.test.ts", name: "signed, reserved or done after a restore that was not allowed yet is found" },
  },
];
