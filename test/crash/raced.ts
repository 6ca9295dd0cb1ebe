import type { Store } from "../../src/index.ts";
import { attempt, begin, type Ended, type World } from "./operations.ts";
import type { Race } from "./races.ts";
import { stateOf } from "./state.ts";
import { type Clock, type Disk, diskOf, enter, newVault, START, storeOf } from "./vault.ts";

/** What came of a race, whatever way it went. */
export interface Came {
  readonly ends: readonly string[];
  readonly shown: object;
  readonly used: object;
  readonly log: readonly string[];
}

export async function raceScene({ given, as }: Race): Promise<{ disk: Disk; given: string }> {
  const store = await storeOf(await newVault(), { now: START });
  const { custody, me } = await enter(store, as);
  const told = given === undefined ? "" : await given({ custody, me, clock: { now: START } });
  custody.lock();
  return { disk: await diskOf(store), given: told };
}

/** What took effect: a reservation that came to nothing, and the words of whoever came too late, are of no account. */
export async function cameOf(store: Store, ends: readonly [Ended, Ended]): Promise<Came> {
  const { shown, used, log } = await stateOf(
    await diskOf(store),
    START,
    ends.flatMap(({ left }) => left ?? []),
  );
  const took = log.filter((entry) => !/^(reserved|lapsed|denied|pending)/.test(entry)).sort();
  return { ends: ends.map(({ how }) => (["done", "signed", "pending"].includes(how) ? how : "nothing")), shown, used, log: took };
}

export async function runRace(
  race: Race,
  disk: Disk,
  how: (one: World, two: World) => Promise<readonly [Ended, Ended]>,
  wrap = (store: Store) => store,
): Promise<Came> {
  const clock: Clock = { now: START };
  const store = await storeOf(disk, clock);
  const one = await begin(race.one, wrap(store), clock);
  const two = await begin(race.two, store, clock);
  const ends = await how(one, two);
  for (const { custody } of [one, two]) custody.lock();
  return cameOf(store, ends);
}

/** What comes of it when one waits for the other: the first before the second, and the other way round. */
export async function ordersOf(race: Race): Promise<readonly [Came, Came]> {
  const { disk, given } = await raceScene(race);
  const inOrder = await runRace(race, disk, async (one, two) => {
    const first = await attempt(race.one, one, given);
    return [first, await attempt(race.two, two, given)];
  });
  const turned = await runRace(race, disk, async (one, two) => {
    const first = await attempt(race.two, two, given);
    return [await attempt(race.one, one, given), first];
  });
  return [inOrder, turned];
}
