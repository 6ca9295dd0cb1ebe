import type { Mutant } from "../mutants.ts";

const retune = (name: string) => ({ file: "custody/retune.test.ts", name });
const reset = (name: string) => ({ file: "custody/reset.test.ts", name });

/** Passphrases that are raised to today's cost or changed, and ways in that their holders keep. */
export const RESET: readonly Mutant[] = [
  {
    name: "a passphrase that costs much is made cheaper",
    file: "vault/kdf.ts",
    find: "isWithin(part, value) ? Math.max(cost[part], value) : cost[part]",
    replace: "isWithin(part, value) ? value : cost[part]",
    test: retune("any cost is raised to no less than it was and what is wanted, or left alone"),
  },
  {
    name: "bytes that the app has wiped meanwhile become the passphrase",
    file: "vault/passphrase.ts",
    find: "renewal(secretCopy(normal), ",
    replace: "renewal(normal, ",
    test: retune("keeps a copy of the passphrase no longer than it takes, and of the very one that opened the vault"),
  },
  {
    name: "a slot that did not open is enrolled in the place of the one that did",
    file: "vault/slots.ts",
    find: "    offers.drop();\n",
    replace: "",
    test: retune("a wrong passphrase keeps nothing, nor does another slot of the kind that did not open"),
  },
  {
    name: "the copy of a passphrase stays in memory when its slot was raised",
    file: "vault/vault.ts",
    find: "      renewal.end();\n",
    replace: "",
    test: retune("keeps a copy of the passphrase no longer than it takes, and of the very one that opened the vault"),
  },
  {
    name: "the copy of a passphrase outlives a lock",
    file: "vault/vault.ts",
    find: "    this.#renewable?.renewal.end();\n",
    replace: "",
    test: retune("an opening that comes to nothing, or is for viewing, keeps nothing of what was offered"),
  },
  {
    name: "an opening for viewing keeps a copy of the passphrase",
    file: "vault/open.ts",
    find: '...(access === "sign" && { renews: true })',
    replace: "renews: true",
    test: retune("an opening that comes to nothing, or is for viewing, keeps nothing of what was offered"),
  },
  {
    name: "a vault that does not open leaves a copy of the passphrase",
    file: "vault/open.ts",
    find: "    renewal?.end();\n",
    replace: "",
    test: retune("an opening that comes to nothing, or is for viewing, keeps nothing of what was offered"),
  },
  {
    name: "parts that opened nothing leave their passphrases in memory",
    file: "slots/all-of.ts",
    find: "    for (const renewal of this.#renewals.values()) renewal.end();\n",
    replace: "",
    test: retune("parts that open nothing together keep nothing of what they offered, and those that do keep it until it is done"),
  },
  {
    name: "a slot that was raised further meanwhile is put back to less",
    file: "custody/retune.ts",
    find: "id === from.id && publicKey === from.publicKey",
    replace: "id === from.id && publicKey !== undefined",
    test: retune("one that was replaced while its passphrase was stretched stays replaced, and one that was raised further stays so"),
  },
  {
    name: "a slot is enrolled anew, and the log does not tell",
    file: "custody/retune.ts",
    find: 'return journal(tx, "retuned", { slot: to.id, parameters: { from: from.parameters, to: to.parameters } });',
    replace: "return 0;",
    test: retune("is enrolled anew beside the opening: same id, name and passphrase, with an entry that says from what to what"),
  },
  {
    name: "whoever may replace a slot may change the keys",
    file: "custody/acts.ts",
    find: '...("rotate" in act ? ([{ kind: "rotate" }] as const) : [])',
    replace: "",
    test: reset("rotates only where a rule lets rotate, and with nothing but true"),
  },
  {
    name: "a passphrase that was changed with its keys leaves them as they were",
    file: "custody/slots.ts",
    find: "...(act.rotate && changeKeys(tx, vault, () => tx.rotate()))",
    replace: "",
    test: reset("with rotate: true opens nothing that is written from then on, and everybody else still gets in"),
  },
  {
    name: "any way in keeps any other",
    file: "custody/veto.ts",
    find: ', access: "view", only: slot });',
    replace: ', access: "view" });',
    test: reset("is not kept by another way in, nor by a wrong one, which counts as an opening that failed"),
  },
  {
    name: "a thief keeps the way in that people take away at once",
    file: "custody/veto.ts",
    find: "isTakenAway && delays.length > 0",
    replace: "isTakenAway",
    test: reset("cannot be kept where several people take it away without a delay: a stolen one goes"),
  },
  {
    name: "whoever opens a way in ends what only renames it",
    file: "custody/veto.ts",
    find: 'act === "slotChange" && (what === "replace" || what === "remove")',
    replace: 'act === "slotChange" && of !== undefined',
    test: reset("is the only thing that its holder can keep: no other request, whatever it waits for"),
  },
  {
    name: "whoever held a way in that is gone still ends requests",
    file: "custody/veto.ts",
    find: " || !tx.slots.some((each) => each.id === slot)",
    replace: "",
    test: reset("stays gone where another request has replaced it while its holder was opening it"),
  },
  {
    name: "passphrases can be tried where a way in is kept, and nobody is told",
    file: "custody/veto.ts",
    find: ' === "vault/cannot-open") await desk.countFailure();',
    replace: ' === "vault/cannot-open") await desk.now();',
    test: reset("is not kept by another way in, nor by a wrong one, which counts as an opening that failed"),
  },
];
