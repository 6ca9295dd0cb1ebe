import { fromHex, toHex } from "../../src/base/bytes.ts";
import {
  type ActOutcome,
  approveOffline,
  type Custody,
  CustodyError,
  type Session,
  type SignOutcome,
  type Store,
} from "../../src/index.ts";
import * as f from "../custody/fixture.ts";
import { backupBy, chunksOf } from "../custody/restoring.ts";
import { BITCOIN, type Clock, COIN, coins, custodyOn, enter, HOUR, payment, policy } from "./vault.ts";

/** A process at work: the vault open, and a session in it. */
export interface World {
  readonly custody: Custody;
  readonly me: Session;
  readonly clock: Clock;
}

/** How an operation ended: its kind or the code of its error, and in hexadecimal what it let leave. */
export interface Ended {
  readonly how: string;
  readonly left?: string;
}

/** What a vault spends and writes between two commits of one operation, where it has more than one. */
export interface Between {
  readonly log: readonly string[];
  readonly eth?: bigint;
  readonly btc?: bigint;
  /** Its pending request stands as used. */
  readonly used?: true;
}

/** Something that a person asks of a custody. */
export interface Operation {
  readonly name: string;
  /** Whose session asks; `owner` where it does not say. */
  readonly as?: f.Person;
  /** Nothing is open before: there is no vault, or a locked one. */
  readonly cold?: "no vault" | "locked";
  /** What has to be there first; in another place, where there is no vault. What it returns is told to `run`, perhaps in another process. */
  readonly given?: (world: World) => Promise<string>;
  readonly run: (world: World, given: string) => Promise<Ended>;
  /** Nothing of it is written down. */
  readonly writes?: "nothing";
  /** What is there after each commit but the last one. */
  readonly between?: readonly Between[];
  /** What fails after its first commit is written down as an alarm, where that can still be done. */
  readonly alarms?: true;
  /** How it ends when it is asked for again and was done before; `anew`: as the first time, and once more. By default it changes nothing. */
  readonly again?: string;
}

const eth = f.ETHER;

export function ended(outcome: SignOutcome | ActOutcome): Ended {
  return outcome.kind === "signed" ? { how: "signed", left: toHex(outcome.bytes) } : { how: outcome.kind };
}

async function done(run: Promise<unknown>): Promise<Ended> {
  await run;
  return { how: "done" };
}

function waits(outcome: SignOutcome | ActOutcome): string {
  if (outcome.kind !== "pending") throw new Error(`expected it to wait, got ${JSON.stringify(outcome)}`);
  return outcome.id;
}

const LARGE = payment(3n);
const ask = async ({ me }: World) => waits(await me.sign(LARGE));

async function signedBy(custody: Custody, id: string, who: f.Person, answer: "yes" | "no" = "yes") {
  return JSON.stringify({ id, approval: await approveOffline(await custody.approvalStatement(id, { answer }), who.name, who.credential) });
}

async function handIn(custody: Custody, given: string): Promise<void> {
  const { id, approval } = JSON.parse(given) as { id: string; approval: unknown };
  await custody.submitApproval(id, approval);
}

async function vote({ custody }: World, id: string, ...people: readonly f.Person[]): Promise<void> {
  for (const who of people) await handIn(custody, await signedBy(custody, id, who));
}

async function approved(world: World): Promise<string> {
  const id = await ask(world);
  await vote(world, id, f.ana, f.ben);
  return id;
}

const MNEMONIC = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const imported = { act: "import", name: "Savings", wallet: { from: "mnemonic", mnemonic: MNEMONIC } } as const;
const renamed = { act: "policyEdit", policy: { ...policy(), name: "renamed" } } as const;
const tightened = { act: "policyEdit", policy: policy([{ id: "never", forbid: ["transfer"], when: { asset: "USDC" } }]) } as const;

const reservedEth = (amount: bigint): Between => ({ log: ["reserved owner"], eth: amount });

/** One of each kind of thing that can be asked of a custody. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: "create with a generated wallet",
    cold: "no vault",
    run: ({ custody }) => done(custody.create({ slot: f.slot, policy: policy() })),
    again: "vault/exists",
  },
  {
    name: "create with an imported wallet",
    cold: "no vault",
    run: ({ custody }) => done(custody.create({ slot: f.slot, policy: policy(), wallet: { from: "privateKey", privateKey: f.KEY } })),
    again: "vault/exists",
  },
  {
    name: "back up",
    // Two commits: that it is asked for, before a byte leaves, and its receipt, after the last one.
    run: async ({ me }) => {
      await backupBy(me);
      return { how: "exported" };
    },
    between: [{ log: ["acted owner"] }],
    alarms: true,
    again: "anew",
  },
  {
    name: "restore",
    cold: "no vault",
    // Of another vault, which nothing here reaches.
    given: async ({ me }) => {
      await me.sign(payment(1n));
      const { file, key } = await backupBy(me);
      return JSON.stringify({ file: toHex(file), key });
    },
    run: ({ custody }, given) => {
      const { file, key } = JSON.parse(given) as { readonly file: string; readonly key: { readonly identities: readonly string[] } };
      return done(custody.restore(chunksOf(fromHex(file)), { key, slot: f.slot }));
    },
    again: "vault/exists",
  },
  { name: "unlock", cold: "locked", run: ({ custody }) => done(custody.unlock(f.slot)), again: "anew" },
  {
    name: "unlock after failures",
    cold: "locked",
    given: ({ custody }) => failures(custody),
    run: ({ custody }) => done(custody.unlock(f.slot)),
    between: [{ log: ["opened, 2 failures before"] }],
    again: "anew",
  },
  {
    name: "unlock when there are holds to forget",
    cold: "locked",
    given: async ({ me, clock }) => {
      await me.sign(payment(1n));
      clock.now += 36 * 24 * HOUR;
      return "";
    },
    run: ({ custody }) => done(custody.unlock(f.slot)),
    again: "anew",
  },
  { name: "a failing unlock", cold: "locked", run: ({ custody }) => done(custody.unlock(f.wrongSlot)), again: "anew" },
  { name: "begin a session by unlocking", run: ({ custody }) => done(custody.session({ person: "owner" })), again: "anew" },
  {
    name: "begin a session by key",
    run: ({ custody }) => done(custody.session({ person: "ana", credential: f.ana.credential })),
    again: "anew",
  },
  { name: "end a session", run: ({ me }) => done(me.end()), again: "anew" },
  { name: "derive an account", run: ({ me }) => done(me.accounts.derive({ chain: f.CHAIN, name: "More" })), again: "vault/already-there" },
  {
    name: "derive an account of Bitcoin",
    run: ({ me }) => done(me.accounts.derive({ chain: BITCOIN, name: "More", type: "tr" })),
    again: "vault/already-there",
  },
  { name: "issue an address", run: ({ me }) => done(me.accounts.receive("Coins")), again: "anew" },
  { name: "import a wallet", run: async ({ me }) => ended(await me.submit(imported)), again: "vault/already-there" },
  {
    name: "import a generated wallet",
    run: async ({ me }) => ended(await me.submit({ act: "import", name: "Fresh", wallet: { from: "generate" } })),
    again: "vault/already-there",
  },
  {
    name: "import a wallet that was approved",
    as: f.dee,
    given: async (world) => {
      const id = waits(await world.me.submit(imported));
      await vote(world, id, f.ana);
      return id;
    },
    run: async ({ me }, id) => ended(await me.resume(id, { wallet: imported.wallet })),
    again: "pending/no-such-request",
  },
  {
    name: "sign in ether",
    run: async ({ me }) => ended(await me.sign(payment(1n))),
    between: [reservedEth(eth)],
  },
  {
    name: "sign in bitcoin",
    given: async () => JSON.stringify(await coins(COIN / 10n)),
    run: async ({ me }, given) => ended(await me.sign(JSON.parse(given))),
    between: [{ log: ["reserved owner"], btc: COIN / 10n }],
  },
  { name: "ask for what is denied", run: async ({ me }) => ended(await me.sign(payment(11n))), again: "anew" },
  {
    name: "ask for what cannot be read",
    run: ({ me }) => done(me.sign({ ...payment(1n), payload: "0x02c0" })),
    again: "anew",
  },
  { name: "ask for what needs approvals", run: async ({ me }) => ended(await me.sign(LARGE)) },
  {
    name: "approve in a session",
    given: async ({ custody }) => waits(await (await custody.session({ person: "dee", credential: f.dee.credential })).sign(LARGE)),
    run: ({ me }, id) => done(me.approve(id)),
  },
  {
    name: "hand in an approval",
    given: async (world) => signedBy(world.custody, await ask(world), f.ana),
    run: ({ custody }, given) => done(handIn(custody, given)),
    again: "approval/mismatch",
  },
  {
    name: "hand in the approval that completes a quorum",
    given: async (world) => {
      const id = await ask(world);
      await vote(world, id, f.ana);
      return signedBy(world.custody, id, f.ben);
    },
    run: ({ custody }, given) => done(handIn(custody, given)),
    again: "approval/mismatch",
  },
  {
    name: "hand in a no",
    given: async (world) => {
      const id = await approved(world);
      return signedBy(world.custody, id, f.cyd, "no");
    },
    run: ({ custody }, given) => done(handIn(custody, given)),
    again: "pending/no-such-request",
  },
  { name: "withdraw", given: ask, run: ({ me }, id) => done(me.withdraw(id)), again: "pending/no-such-request" },
  {
    name: "resume what was approved",
    given: approved,
    run: async ({ me }, id) => ended(await me.resume(id)),
    between: [{ ...reservedEth(3n * eth), used: true }],
  },
  {
    name: "confirm by unlocking",
    given: async ({ me }) => waits(await me.sign(payment(1n, { to: f.OTHER }))),
    run: ({ me }, id) => done(me.confirm(id, { slot: f.slot })),
    again: "anew",
  },
  {
    name: "confirm with a wrong key",
    given: async ({ me }) => waits(await me.sign(payment(1n, { to: f.OTHER }))),
    run: ({ me }, id) => done(me.confirm(id, { slot: f.wrongSlot })),
    again: "anew",
  },
  { name: "edit the policy", run: async ({ me }) => ended(await me.submit(renamed)), again: "denied" },
  { name: "ask for an edit that takes time", as: f.dee, run: async ({ me }) => ended(await me.submit(tightened)) },
  {
    name: "have an edit take effect when its time has come",
    as: f.dee,
    given: async ({ me, clock }) => {
      const id = waits(await me.submit(tightened));
      clock.now += HOUR;
      return id;
    },
    run: async ({ me }, id) => ended(await me.resume(id)),
    again: "pending/no-such-request",
  },
  { name: "freeze", run: async ({ me }) => ended(await me.submit({ act: "modeChange", mode: "frozen" })), again: "denied" },
  {
    name: "leave a freeze",
    given: async ({ me }) => (await me.submit({ act: "modeChange", mode: "frozen" })).kind,
    run: async ({ me }) => ended(await me.submit({ act: "modeChange", mode: "normal" })),
    again: "denied",
  },
  { name: "a checkpoint", writes: "nothing", run: ({ custody }) => done(custody.checkpoint()) },
  {
    name: "an export of the log",
    writes: "nothing",
    run: ({ custody }) =>
      done(
        (async () => {
          for await (const line of custody.exportLog()) if (line === "") throw new Error("a line without anything");
        })(),
      ),
  },
];

async function failures(custody: Custody): Promise<string> {
  custody.lock();
  for (let n = 0; n < 2; n++) await custody.unlock(f.wrongSlot).catch(() => undefined);
  return "";
}

/** A process that is about to ask for it. */
export async function begin({ cold, as }: Operation, store: Store, clock: Clock): Promise<World> {
  if (cold === undefined) return { ...(await enter(store, as)), clock };
  return {
    custody: custodyOn(store),
    get me(): Session {
      throw new Error("nobody is there yet");
    },
    clock,
  };
}

/** Runs it to its end; anything but a CustodyError is thrown on. */
export async function attempt({ run }: Operation, world: World, given: string): Promise<Ended> {
  try {
    return await run(world, given);
  } catch (cause) {
    if (cause instanceof CustodyError) return { how: cause.code };
    throw cause;
  }
}
