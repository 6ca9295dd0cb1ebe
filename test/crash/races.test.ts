import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import type { Store } from "../../src/index.ts";
import { attempt, type Ended } from "./operations.ts";
import { pointed, pointsOf, same } from "./points.ts";
import { ordersOf, raceScene, runRace } from "./raced.ts";
import { RACES } from "./races.ts";

describe("two processes at once come to what one after the other would:", () => {
  test.each(RACES)("$name", async (race) => {
    const { disk, given } = await raceScene(race);
    const [inOrder, turned] = await ordersOf(race);
    for (const flipped of [race, { ...race, one: race.two, two: race.one }]) {
      const orders = flipped === race ? [inOrder, turned] : [turned, inOrder].map((came) => ({ ...came, ends: [...came.ends].reverse() }));
      // The second one does all of its work at every point of the first.
      for (let n = 0, reached = true; reached; n++) {
        reached = false;
        const point = pointsOf(n + 1)[n];
        let meanwhile: (() => Promise<void>) | undefined;
        let arm = () => {};
        const came = await runRace(
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
          (store: Store) => {
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
