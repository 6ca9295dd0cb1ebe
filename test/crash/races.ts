import { approveOffline } from "../../src/index.ts";
import * as f from "../custody/fixture.ts";
import { type Ended, ended, type Operation, type World } from "./operations.ts";
import { payment, policy } from "./vault.ts";

/** Two operations that two processes ask for at once, after what both find there. */
export interface Race {
  readonly name: string;
  /** Who is there before; the owner where it does not say. */
  readonly as?: f.Person;
  readonly given?: (world: World) => Promise<string>;
  readonly one: Operation;
  readonly two: Operation;
}

async function waitingFor(world: World, ...approvers: readonly f.Person[]): Promise<string> {
  const outcome = await world.me.sign(payment(3n));
  if (outcome.kind !== "pending") throw new Error(`expected it to wait, got ${outcome.kind}`);
  for (const who of approvers) await answerBy(world, outcome.id, who, "yes");
  return outcome.id;
}

async function answerBy({ custody }: World, id: string, who: f.Person, answer: "yes" | "no"): Promise<void> {
  const statement = await custody.approvalStatement(id, { answer });
  await custody.submitApproval(id, await approveOffline(statement, who.name, who.credential));
}

async function done(run: Promise<unknown>): Promise<Ended> {
  await run;
  return { how: "done" };
}

const signing = (ether: bigint, nonce = 0): Operation => ({
  name: `race: sign ${ether} with nonce ${nonce}`,
  run: async ({ me }) => ended(await me.sign(payment(ether, { nonce }))),
});
const answering = (who: f.Person, answer: "yes" | "no"): Operation => ({
  name: `race: ${who.name} says ${answer}`,
  run: (world, id) => done(answerBy(world, id, who, answer)),
});
/** Signed before, as from another machine. */
const handingIn: Operation = {
  name: "race: hand in",
  run: ({ custody }, given) => {
    const { id, approval } = JSON.parse(given) as { id: string; approval: unknown };
    return done(custody.submitApproval(id, approval));
  },
};
const resuming: Operation = { name: "race: resume", run: async ({ me }, id) => ended(await me.resume(id)) };
const withdrawing: Operation = { name: "race: withdraw", run: ({ me }, id) => done(me.withdraw(id)) };
const freezing: Operation = {
  name: "race: freeze",
  run: async ({ me }) => ended(await me.submit({ act: "modeChange", mode: "frozen" })),
};
const editing = (name: string, rules: readonly object[] = []): Operation => ({
  name: `race: edit to ${name}`,
  run: async ({ me }) => ended(await me.submit({ act: "policyEdit", policy: { ...policy(rules), name } })),
});
const deriving = (name: string): Operation => ({
  name: `race: derive ${name}`,
  run: ({ me }) => done(me.accounts.derive({ chain: f.CHAIN, name, index: 5 })),
});
const issuing: Operation = { name: "race: issue", run: ({ me }) => done(me.accounts.receive("Coins")) };
const importing = (name: string): Operation => ({
  name: `race: import ${name}`,
  run: async ({ me }) => ended(await me.submit({ act: "import", name, wallet: KEYED })),
});

const KEYED = { from: "privateKey", privateKey: f.KEY } as const;
const never = { id: "never", forbid: ["transfer"], when: { asset: "ETH" } };

export const RACES: readonly Race[] = [
  { name: "an edit that forbids it, and a signature", one: editing("forbidding", [never]), two: signing(1n) },
  { name: "a freeze and a signature", one: freezing, two: signing(1n) },
  { name: "two payments that fit one at a time", one: signing(1n), two: signing(1n, 1), given: fill },
  { name: "the same payment twice", one: signing(1n), two: { ...signing(1n), name: "race: the same once more" } },
  { name: "a replacement and what it replaces", one: signing(1n), two: { ...signing(0n), name: "race: replace" } },
  {
    name: "two approvals that complete a quorum",
    given: (world) => waitingFor(world),
    one: answering(f.ana, "yes"),
    two: answering(f.ben, "yes"),
  },
  { name: "the last approval and the request", given: (world) => waitingFor(world, f.ana), one: answering(f.ben, "yes"), two: resuming },
  { name: "an approval and its withdrawal", given: (world) => waitingFor(world, f.ana), one: answering(f.ben, "yes"), two: withdrawing },
  { name: "a no and the approved request", given: (world) => waitingFor(world, f.ana, f.ben), one: answering(f.cyd, "no"), two: resuming },
  { name: "a withdrawal and the approved request", given: (world) => waitingFor(world, f.ana, f.ben), one: withdrawing, two: resuming },
  {
    name: "an approved request twice",
    given: (world) => waitingFor(world, f.ana, f.ben),
    one: resuming,
    two: { ...resuming, name: "race: resume too" },
  },
  { name: "a freeze and an approved request", given: (world) => waitingFor(world, f.ana, f.ben), one: freezing, two: resuming },
  {
    name: "an edit and an approval under the policy before",
    given: async (world) => {
      const id = await waitingFor(world, f.ana);
      const statement = await world.custody.approvalStatement(id);
      return JSON.stringify({ id, approval: await approveOffline(statement, "ben", f.ben.credential) });
    },
    one: editing("another"),
    two: handingIn,
  },
  { name: "an edit and an approved request", given: (world) => waitingFor(world, f.ana, f.ben), one: editing("another"), two: resuming },
  {
    name: "an approved import and its withdrawal",
    as: f.dee,
    given: async (world) => {
      const outcome = await world.me.submit({ act: "import", name: "Savings", wallet: KEYED });
      if (outcome.kind !== "pending") throw new Error(`expected it to wait, got ${outcome.kind}`);
      await answerBy(world, outcome.id, f.ana, "yes");
      return outcome.id;
    },
    one: { ...withdrawing, name: "race: withdraw an import", as: f.dee },
    two: { name: "race: resume an import", as: f.dee, run: async ({ me }, id) => ended(await me.resume(id, { wallet: KEYED })) },
  },
  { name: "two edits", one: editing("one"), two: editing("two") },
  { name: "two accounts at the same place", one: deriving("one"), two: deriving("two") },
  { name: "two fresh addresses", one: issuing, two: { ...issuing, name: "race: issue too" } },
  { name: "one wallet under two names", one: importing("one"), two: importing("two") },
];

/** Leaves room for 1.5 ETH. */
async function fill({ me, custody }: World): Promise<string> {
  for (let nonce = 10; nonce < 18; nonce++) await me.sign(payment(1n, { nonce }));
  await me.sign({ ...payment(1n), payload: f.transaction({ nonce: 18, value: f.ETHER / 2n }) });
  return custody.id;
}
