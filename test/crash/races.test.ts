import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import type { Store } from "../../src/index.ts";
import { attempt, begin, type Ended, type World } from "./operations.ts";
import { pointed, pointsOf, same } from "./points.ts";
import { RACES, type Race } from "./races.ts";
import { stateOf } from "./state.ts";
import { type Clock, type Disk, diskOf, enter, newVault, START, storeOf } from "./vault.ts";

/** What came of a race, whatever way it went. */
interface Came {
  readonly ends: readonly string[];
  readonly shown: object;
  readonly used: object;
  readonly log: readonly string[];
}

async function sceneOf({ given, as }: Race): Promise<{ disk: Disk; given: string }> {
  const store = await storeOf(await newVault(), { now: START });
  const { custody, me } = await enter(store, as);
  const told = given === undefined ? "" : await given({ custody, me, clock: { now: START } });
  custody.lock();
  return { disk: await diskOf(store), given: told };
}

/** What took effect: a reservation that came to nothing, and the words of whoever came too late, are of no account. */
async function cameOf(store: Store, ends: readonly [Ended, Ended], signs: boolean): Promise<Came> {
  const left = signs ? ends.flatMap(({ left }) => left ?? []) : [];
  const { shown, used, log } = await stateOf(await diskOf(store), START, left);
  const took = log.filter((entry) => !/^(reserved|lapsed|denied|pending)/.test(entry)).sort();
  return { ends: ends.map(({ how }) => (["done", "signed", "pending"].includes(how) ? how : "nothing")), shown, used, log: took };
}

async function run(
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
  return cameOf(store, ends, !/address/.test(race.name));
}

describe("two processes at once come to what one after the other would:", () => {
  test.each(RACES)("$name", async (race) => {
    const { disk, given } = await sceneOf(race);
    const inOrder = await run(race, disk, async (one, two) => {
      const first = await attempt(race.one, one, given);
      return [first, await attempt(race.two, two, given)];
    });
    const turned = await run(race, disk, async (one, two) => {
      const first = await attempt(race.two, two, given);
      return [await attempt(race.one, one, given), first];
    });
    for (const flipped of [race, { ...race, one: race.two, two: race.one }]) {
      const orders = flipped === race ? [inOrder, turned] : [turned, inOrder].map((came) => ({ ...came, ends: [...came.ends].reverse() }));
      // The second one does all of its work at every point of the first.
      for (let n = 0, reached = true; reached; n++) {
        reached = false;
        const point = pointsOf(n + 1)[n];
        let meanwhile: (() => Promise<void>) | undefined;
        let arm = () => {};
        const came = await run(
          flipped,
          disk,
          async (one, two) => {
            let second: Ended | undefined;
            meanwhile = async () => {
              second = await attempt(flipped.two, two, given);
            };
            arm();
            const first = await attempt(flipped.one, one, given);
            return [first, second ?? { how: "not asked" }];
          },
          (store) => {
            const made = pointed(store, async (here) => {
              if (point === undefined || !same(here, point)) return;
              reached = true;
              await meanwhile?.();
            });
            arm = made.arm;
            return made.store;
          },
        );
        if (!reached) break;
        const fits = orders.some((order) => isDeepStrictEqual(order, came));
        if (!fits) expect([point, came]).toEqual([point, orders[0]]);
      }
    }
  });
});
