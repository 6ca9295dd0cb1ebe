import type { Mutant } from "../mutants.ts";

/** Crashes, races, clocks and old copies. */
export const CRASH: readonly Mutant[] = [
  {
    name: "a request that was refused meanwhile is asked anew by whoever takes it up",
    file: "custody.ts",
    find: "      if (ask.resumed !== undefined) findPending(tx, ask.resumed);\n",
    replace: "",
    test: { file: "crash/races.test.ts", name: "a no and the approved request" },
  },
  {
    name: "an act that was taken back meanwhile is asked anew by whoever takes it up",
    file: "custody/session.ts",
    find: "{ wallet, resumed: id }",
    replace: "{ wallet }",
    test: { file: "crash/races.test.ts", name: "an approved import and its withdrawal" },
  },
  {
    name: "a reservation that is taken over is not written off",
    file: "custody/reserve.ts",
    find: 'if (before?.state === "reserved")\n    journal(',
    replace: "if (tx.epoch < 0)\n    journal(",
    test: { file: "crash/races.test.ts", name: "the same payment twice" },
  },
  {
    name: "a commit writes over whatever was put in the place of its root",
    file: "vault/replica.ts",
    find: "{ key: ROOT_KEY, from: this.#rootBytes ?? null, to: rootBytes }",
    replace: "{ key: ROOT_KEY, to: rootBytes }",
    test: { file: "crash/faults.test.ts", name: "sign in ether' is not written over, and nothing leaves" },
  },
  {
    name: "what a failed commit would have written stays in memory",
    file: "vault/writer.ts",
    find: "      mirror.undoTo(0);\n",
    replace: "",
    test: { file: "crash/faults.test.ts", name: "issue an address' leaves all of it or nothing, and the same custody goes on" },
  },
  {
    name: "what is on its way when the vault is locked goes on",
    file: "custody/keyward.ts",
    find: "    vault.lock();\n    this.#desk = undefined;",
    replace: "    this.#desk = undefined;",
    test: { file: "crash/faults.test.ts", name: "sign in ether' has all of it or nothing, and lets nothing leave" },
  },
  {
    name: "an opening that could not be written down is one",
    file: "custody/keyward.ts",
    find: "did not happen.\n      this.#lock();\n      throw cause;",
    replace: "did not happen.\n      throw cause;",
    test: { file: "crash/faults.test.ts", name: "unlock' leaves all of it or nothing, and the same custody goes on" },
  },
  {
    name: "failed openings are told anew at every opening",
    file: "custody/keyward.ts",
    find: "      await forgetFailures(this.#store, failures);\n",
    replace: "",
    test: { file: "crash/crash.test.ts", name: "unlock after failures' leaves all of it or nothing" },
  },
  {
    name: "a record that was put back to an older copy is believed",
    file: "vault/replica.ts",
    find: 'if (!sealed || entryValue(value.slice(0, 2), sealed) !== value) throw damaged("record");',
    replace: 'if (!sealed) throw damaged("record");',
    test: { file: "crash/copies.test.ts", name: "is refused, whichever they are" },
  },
  {
    name: "a signature leaves after its lease where the clock went on during its commit",
    file: "stores/commit.ts",
    find: "if (!(now <= notAfter)) {",
    replace: "if (now < 0) {",
    test: { file: "crash/clock.test.ts", name: "an hour ahead, at any point of it" },
  },
  {
    name: "a clock that is put back puts the vault's time back",
    file: "vault/writer.ts",
    find: "Math.max(this.#replica.root.time, await this.#store.now())",
    replace: "await this.#store.now()",
    test: { file: "crash/clock.test.ts", name: "brings back no approval and no request whose end was seen" },
  },
];
