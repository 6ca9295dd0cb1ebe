/** A vault that several people can open, and none of them is locked out: `npx tsx examples/ways-in.ts` */
import { strict as assert } from "node:assert";
import { CustodyError, keyward, passphrase, type Slot } from "keyward";
import { evm } from "keyward/chains/evm";
import { allOf, type RecoveryShare, rehearseShares, shares } from "keyward/slots";
import { memoryStore } from "keyward/stores/memory";

// 1. Who opens the vault is under the policy too. Here its owner may change it at once; the templates let it wait for a day.
const policy = {
  keyward: "policy/1",
  name: "ways in",
  immutable: true,
  people: { owner: [{ kind: "unlock" }] },
  rules: [{ id: "ways", allow: ["slotChange", "rotate"] }],
};
const store = memoryStore();
const custody = keyward({ store, chains: [evm] });
await custody.create({ slot: passphrase("correct horse battery staple"), policy });
const owner = await custody.session({ person: "owner" });

const add = async (name: string, slot: Slot) => {
  const outcome = await owner.submit({ act: "slotChange", what: "add-sign", name, slot });
  assert(outcome.kind === "done");
};
const tries = async (slot: Slot): Promise<string> => {
  const elsewhere = keyward({ store, chains: [evm] });
  try {
    await elsewhere.unlock(slot);
    elsewhere.lock();
    return "opens";
  } catch (cause) {
    if (cause instanceof CustodyError) return cause.code;
    throw cause;
  }
};

// 2. Any two of three shares open it. Each goes to one holder, on paper: an app shows it once and keeps nothing.
const paper: RecoveryShare[] = [];
const give = (made: readonly RecoveryShare[]) => void paper.push(...made);
await add("recovery", shares({ threshold: 2, holders: ["Ana", "Ben", "safe at the bank"], give }));
for (const { number, of, holder, text } of paper) console.log(`share     ${number} of ${of}, ${holder}: ${text.slice(0, 14)}…`);
const [ana = "", ben = "", bank = ""] = paper.map(({ card }) => card);

// 3. A rehearsal, once a year: are the shares at hand good? It opens nothing, and needs nobody's passphrase.
const alone = await rehearseShares([ana], await custody.publicHeader());
console.log(`rehearsal Ana alone: ${alone.shares[0]?.problem === undefined ? "good" : "bad"}, ${alone.missing} more needed`);
const both = await rehearseShares([ana, bank], await custody.publicHeader());
console.log(`rehearsal Ana and the bank: ${both.enough ? "they would open the vault" : "not enough"}`);
const damaged = await rehearseShares([ben.replace(/.$/, (last) => (last === "q" ? "p" : "q"))], await custody.publicHeader());
console.log(`rehearsal a slip of the pen: ${damaged.shares[0]?.problem?.code}`);
assert(both.enough && !alone.enough);

// 4. Two people who only open it together, and Cleo's laptop.
const together = (first: string, second: string) => allOf([passphrase(first), passphrase(second)]);
await add("two people", together("Dora's own passphrase", "Emil's own passphrase"));
await add("laptop", passphrase("on Cleo's laptop"));

// 5. The laptop is stolen: its way in goes, and with it the keys that it held. Nobody else is asked for anything.
const laptop = (await custody.slots()).find(({ name }) => name === "laptop");
const removed = await owner.submit({ act: "slotChange", what: "remove", of: laptop?.id ?? "" });
assert(removed.kind === "done");
await custody.finishRotation({ onProgress: (done, total) => done === total && console.log(`sealed    ${total} records under new keys`) });
console.log(`laptop    ${await tries(passphrase("on Cleo's laptop"))}`);

// 6. New keys whenever you like. Ben and the bank were away all the time.
const rotated = await owner.submit({ act: "rotate" });
assert(rotated.kind === "done");
await custody.finishRotation();
console.log(`absent    Ben and the bank: ${await tries(shares({ collected: [ben, bank] }))}`);
console.log(`absent    Dora and Emil: ${await tries(together("Emil's own passphrase", "Dora's own passphrase"))}`);
console.log(`alone     Dora: ${await tries(passphrase("Dora's own passphrase"))}`);

for await (const { kind, effects } of custody.history()) {
  const [effect] = (effects ?? []) as unknown as readonly { readonly kind: string; readonly what?: string }[];
  if (kind === "acted") console.log(`log       ${effect?.kind}${effect?.what === undefined ? "" : ` ${effect.what}`}`);
}
custody.lock();
