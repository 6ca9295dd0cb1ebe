import { expect } from "vitest";
import type { Store } from "../../src/index.ts";
import { attempt, type Between, begin, type Ended, type Operation, type World } from "./operations.ts";
import { type Pointed, pointed } from "./points.ts";
import { type State, stateOf } from "./state.ts";
import { type Clock, type Disk, diskOf, enter, newVault, START, storeOf } from "./vault.ts";

/** What lies there before an operation is asked for, and when that is. */
export interface Scene {
  readonly disk: Disk;
  readonly now: number;
  readonly given: string;
}

/** What becomes of an operation that nothing disturbs. */
export interface Unharmed {
  readonly ended: Ended;
  /** After each number of commits, from none to all. */
  readonly states: readonly State[];
  readonly disks: readonly Disk[];
}

const scenes = new Map<Operation, Promise<Scene>>();

export function sceneOf(operation: Operation): Promise<Scene> {
  const known = scenes.get(operation) ?? makeScene(operation);
  scenes.set(operation, known);
  return known;
}

async function makeScene({ cold, as, given }: Operation): Promise<Scene> {
  const nothing: Disk = new Map();
  const disk = await newVault();
  if (given === undefined) return { disk: cold === "no vault" ? nothing : disk, now: START, given: "" };
  const clock = { now: START };
  const store = await storeOf(disk, clock);
  const { custody, me } = await enter(store, as);
  const told = await given({ custody, me, clock });
  custody.lock();
  return { disk: cold === "no vault" ? nothing : await diskOf(store), now: clock.now, given: told };
}

/** An operation that is about to be asked for. */
export interface Staged {
  /** The disk, whatever becomes of the process. */
  readonly inner: Store;
  readonly pointed: Pointed;
  readonly world: World;
  readonly given: string;
  readonly clock: Clock;
}

/** The operation as one process does it on a disk of its own, told at each of its points. */
export async function stage(
  operation: Operation,
  point: (inner: Store) => Pointed = (inner) => pointed(inner, () => undefined),
): Promise<Staged> {
  const { disk, now, given } = await sceneOf(operation);
  const clock = { now };
  const inner = await storeOf(disk, clock);
  const made = point(inner);
  const world = await begin(operation, made.store, clock);
  made.arm();
  return { inner, pointed: made, world, given, clock };
}

const unharmed = new Map<Operation, Promise<Unharmed>>();

export function unharmedOf(operation: Operation): Promise<Unharmed> {
  const known = unharmed.get(operation) ?? runUnharmed(operation);
  unharmed.set(operation, known);
  return known;
}

async function runUnharmed(operation: Operation): Promise<Unharmed> {
  const disks: Disk[] = [];
  const { inner, world, given, clock } = await stage(operation, (store) =>
    pointed(store, async ({ side }) => {
      if (side === "before") disks.push(await diskOf(store));
    }),
  );
  const ended = await attempt(operation, world, given);
  disks.push(await diskOf(inner));
  world.custody.lock();
  const states: State[] = [];
  for (const disk of disks) states.push(await stateOf(disk, clock.now));
  return { ended, states, disks };
}

/** What an operation may leave after each of its commits: nothing of it, all of it, or between them what it says that there is. */
export async function expectedStates(operation: Operation): Promise<readonly State[]> {
  const { states } = await unharmedOf(operation);
  const { between = [] } = operation;
  const [before] = states as readonly [State];
  return [before, ...between.map((step) => withStep(before, step)), ...states.slice(-1)].slice(0, states.length);
}

function withStep(before: State, { log, eth = 0n, btc = 0n, used }: Between): State {
  const shown = before.shown as { readonly pending: readonly object[] };
  return {
    shown: used === undefined ? shown : { ...shown, pending: shown.pending.map((pending) => ({ ...pending, used })) },
    log: [...before.log, ...log],
    used: { eth: before.used.eth + eth, btc: before.used.btc + btc },
  };
}

/** How an operation ends that was done before, if that is not as the first time. */
export function endsAgain({ again = "the same" }: Operation, how: string): string {
  return again === "the same" || again === "anew" ? how : again;
}

/** The operation is asked for once more after `commits` of it were made, by `world` or by the next process: it is done then, once. */
export async function expectDoneOnce(operation: Operation, commits: number, asked: Omit<Staged, "pointed">): Promise<State> {
  const { ended, states } = await unharmedOf(operation);
  const { world, inner, given, clock } = asked;
  const whole = commits === states.length - 1;
  const again = await attempt(operation, world, given);
  expect(again.how).toBe(whole ? endsAgain(operation, ended.how) : ended.how);
  expect(again.left === undefined).toBe(ended.left === undefined);
  const after = await stateOf(await diskOf(inner), clock.now, again.left === undefined ? [] : [again.left]);
  if (!whole || operation.again !== "anew") expect({ ...after, log: [] }).toEqual({ ...(states.at(-1) as State), log: [] });
  return after;
}
